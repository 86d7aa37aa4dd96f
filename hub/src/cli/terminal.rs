//! `vigie-hub terminal`: time clocks, who may deliver, and who is enrolled.

use std::process::ExitCode;

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::VerbError;
use super::client::{Hub, segment};
use super::command::{self, EXIT_NOT_DONE, Given};
use super::output::{Output, name, word};

/// Credentials that are shown at most.
const ENROLLED_MAX: usize = 50_000;

/// What to do with terminals.
#[derive(Debug, Subcommand)]
pub enum TerminalVerb {
    /// List the terminals of all sites, pending ones included.
    #[command(after_help = "Examples:\n  vigie-hub terminal list\n  vigie-hub terminal list --standing pending")]
    List {
        /// Only of this site.
        #[arg(long)]
        site: Option<String>,
        /// Only `admitted`, `pending` or `refused` ones.
        #[arg(long)]
        standing: Option<String>,
    },
    /// Show one terminal: clock, memories, when they will be full.
    #[command(after_help = "Example:\n  vigie-hub terminal show ZXTEST000417")]
    Show {
        /// Its serial number.
        serial: String,
    },
    /// Let a terminal deliver.
    #[command(after_help = "Example:\n  vigie-hub terminal admit ZXTEST000417 --wait")]
    Admit(DecideArgs),
    /// Let a terminal deliver no more; its log stays in it.
    #[command(after_help = "Example:\n  vigie-hub terminal refuse ZXTEST000417")]
    Refuse(DecideArgs),
    /// List who is enrolled on a terminal.
    #[command(after_help = "Examples:
  vigie-hub terminal users ZXTEST000417
  vigie-hub terminal users ZXTEST000417 --refresh     ask the terminal anew, then list")]
    Users {
        /// Its serial number.
        serial: String,
        /// Ask the terminal first, and wait for its answer.
        #[arg(long)]
        refresh: bool,
    },
}

/// Which terminal.
#[derive(Debug, Args)]
pub struct DecideArgs {
    /// Its serial number.
    serial: String,
    /// Wait until its box has done it.
    #[arg(long)]
    wait: bool,
}

pub(super) async fn act(hub: &Hub, verb: &TerminalVerb, output: &mut Output<'_>) -> Result<ExitCode, VerbError> {
    match verb {
        TerminalVerb::List { site, standing } => {
            let asked = [("site", site), ("standing", standing)];
            let asked = asked.iter().filter_map(|(key, value)| Some(format!("{key}={}", segment(value.as_ref()?))));
            let query = asked.collect::<Vec<_>>().join("&");
            let terminals = hub.get(&format!("/api/v1/terminals?{query}")).await?;
            output.answer(&terminals, list)?;
        }
        TerminalVerb::Show { serial } => {
            let terminal = hub.get(&format!("/api/v1/terminals/{}", segment(serial))).await?;
            output.answer(&terminal, show)?;
        }
        TerminalVerb::Admit(args) => return decide(hub, args, true, output).await,
        TerminalVerb::Refuse(args) => return decide(hub, args, false, output).await,
        TerminalVerb::Users { serial, refresh } => {
            if *refresh {
                let ended = Given::on_terminal(hub, serial, &json!({ "type": "get_terminal_users" })).await?;
                let ended = ended.ended(hub, output).await?;
                if !command::is_done(&ended) {
                    output.answer(&ended, command::show)?;
                    return Ok(ExitCode::from(EXIT_NOT_DONE));
                }
            }
            let path = format!("/api/v1/terminals/{}/users", segment(serial));
            let users = hub.pages(&path, "", ENROLLED_MAX).await?;
            output.answer(&users, people)?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

async fn decide(
    hub: &Hub,
    args: &DecideArgs,
    is_admitted: bool,
    output: &mut Output<'_>,
) -> Result<ExitCode, VerbError> {
    let order = json!({ "type": "admit_terminal", "data": { "is_admitted": is_admitted } });
    let given = Given::on_terminal(hub, &args.serial, &order).await?;
    let ended = if args.wait { given.ended(hub, output).await? } else { given.0 };
    output.answer(&ended, command::show)?;
    Ok(if !args.wait || command::is_done(&ended) { ExitCode::SUCCESS } else { ExitCode::from(EXIT_NOT_DONE) })
}

fn list(output: &Output<'_>, terminals: &Value) -> String {
    let none = "No terminal yet. Point one to its site's box, port 7788, once `terminals.enabled` is set there.";
    output.table(
        &["TERMINAL", "SITE", "STANDING", "CONNECTED", "HEARD", "UNSENT", "LOG FULL"],
        terminals,
        none,
        |one| {
            let connected = if one["is_connected"] == true { "yes" } else { "no" };
            vec![
                name(&one["serial"]),
                name(&one["site"]),
                word(&one["standing"]),
                connected.to_owned(),
                output.age(&one["heard"]),
                word(&one["unsent"]),
                full(one, "log"),
            ]
        },
    )
}

/// The day on which a memory will be full.
fn full(terminal: &Value, what: &str) -> String {
    let memories = terminal["memories"].as_array().map(Vec::as_slice).unwrap_or_default();
    let memory = memories.iter().find(|memory| memory["what"] == what);
    memory.map_or("–".to_owned(), |memory| day(&memory["full"]))
}

fn day(moment: &Value) -> String {
    moment.as_str().and_then(|text| text.split('T').next()).unwrap_or("–").to_owned()
}

fn show(output: &Output<'_>, one: &Value) -> String {
    let ahead = one["clock_ahead_ms"].as_i64().map_or("not measured".to_owned(), |ahead_ms| {
        let seconds = ahead_ms.unsigned_abs() / 1000;
        format!("{seconds} s {}", if ahead_ms < 0 { "behind" } else { "ahead" })
    });
    let mut lines = vec![
        format!("Terminal   {} at site {}, {}", name(&one["serial"]), name(&one["site"]), word(&one["standing"])),
        format!("Heard      {}, connected: {}", output.age(&one["heard"]), one["is_connected"] == true),
        format!("Make       {} {}", word(&one["model"]), word(&one["firmware"])),
        format!("Clock      {ahead}, times in {}", name(&one["zone"])),
        format!("Unsent     {}", word(&one["unsent"])),
    ];
    let memories = one["memories"].as_array().map(Vec::as_slice).unwrap_or_default();
    lines.extend(memories.iter().map(|memory| {
        let (what, used, capacity) = (name(&memory["what"]), word(&memory["used"]), word(&memory["capacity"]));
        let end = memory["full"].as_str().map(|_| format!(", full on {}", day(&memory["full"]))).unwrap_or_default();
        format!("Memory     {what}: {used} of {capacity}{end}")
    }));
    lines.join("\n")
}

fn people(output: &Output<'_>, users: &Value) -> String {
    let none = "Nobody is known on it. `--refresh` asks the terminal.";
    output.table(&["NUMBER", "NAME", "ADMIN", "CREDENTIALS", "TOLD"], users, none, |one| {
        let slots = one["slots"].as_array().map(Vec::as_slice).unwrap_or_default();
        let slots: Vec<String> = slots.iter().map(Value::to_string).collect();
        vec![word(&one["number"]), name(&one["name"]), word(&one["admin"]), slots.join(" "), output.age(&one["told"])]
    })
}
