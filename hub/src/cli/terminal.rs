//! `vigie-hub terminal`: time clocks, who may deliver, and who is enrolled.

mod text;

use std::process::ExitCode;

use anyhow::Context as _;
use clap::{Args, Subcommand};
use reqwest::Method;
use serde_json::{Value, json};

use super::VerbError;
use super::client::{Hub, segment};
use super::command::{self, EXIT_NOT_DONE, Given};
use super::output::Output;

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
    /// Say in which time zone a terminal stands: its local times are read by it from then on.
    #[command(after_help = "Examples:
  vigie-hub terminal zone ZXTEST000417 Indian/Reunion --wait
  vigie-hub terminal zone ZXTEST000417                 as its box's own settings say again

Its box refuses if `terminals.terminal.SERIAL.zone` is set there: what its owner wrote holds above commands.")]
    Zone {
        /// Its serial number.
        serial: String,
        /// The IANA zone, such as Europe/Paris; the box's own if not given.
        zone: Option<String>,
        /// Wait until its box has done it.
        #[arg(long)]
        wait: bool,
    },
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
    /// Set what the numbers of a terminal mean: firmwares contradict each other.
    #[command(after_help = "Examples:
  vigie-hub terminal set ZXTEST000417 --profile evo
  vigie-hub terminal set ZXTEST000417 --inout 5=in --inout 6=out --mode 1=card
  vigie-hub terminal set ZXTEST000417 --week-begins sunday

Punches are read anew by it, past ones too; `vigie-hub terminal show` says what holds.")]
    Set(SetArgs),
    /// Bring the schedule that holds for a terminal to it, if it knows what a schedule is; few do.
    #[command(after_help = "Example:
  vigie-hub terminal schedule ZXTEST000417 --wait

Its box refuses unless `terminals.terminal.SERIAL.schedules` is true there. Days are judged by the hub's schedule in any
case.")]
    Schedule {
        /// Its serial number.
        serial: String,
        /// Another schedule than the one that holds.
        #[arg(long)]
        schedule: Option<String>,
        /// Wait until its box has done it.
        #[arg(long)]
        wait: bool,
    },
}

/// What a terminal's numbers mean.
#[derive(Debug, Args)]
pub struct SetArgs {
    /// Its serial number.
    serial: String,
    /// The family whose tables hold; what was set of single numbers before is forgotten.
    #[arg(long, value_parser = ["common", "classic", "classic_v1", "evo", "topdata", "aiface"])]
    profile: Option<String>,
    /// A number for in or out, and what it means: `in`, `out`, `not_passed` or `unsaid`.
    #[arg(long, value_name = "NUMBER=WAY")]
    inout: Vec<String>,
    /// A number for how people are recognised, and what it means: `finger`, `vein`, `palm`, `face`, `card`, `password` or
    /// `qr_code`.
    #[arg(long, value_name = "NUMBER=MEANS")]
    mode: Vec<String>,
    /// The day that its weekly tables begin with.
    #[arg(long, value_parser = ["monday", "sunday"])]
    week_begins: Option<String>,
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
            output.answer(&terminals, text::list)?;
        }
        TerminalVerb::Show { serial } => {
            let mut terminal = hub.get(&path(serial, "")).await?;
            let profile = hub.get(&path(serial, "/profile")).await?;
            if let Some(fields) = terminal.as_object_mut() {
                fields.insert("profile".to_owned(), profile);
            }
            output.answer(&terminal, text::show)?;
        }
        TerminalVerb::Set(args) => {
            let set = set(hub, args).await?;
            output.answer(&set, text::profile)?;
        }
        TerminalVerb::Schedule { serial, schedule, wait } => {
            let wish = json!({ "schedule": schedule });
            return bring(hub, (serial, &wish), *wait, output).await;
        }
        TerminalVerb::Zone { serial, zone, wait } => {
            let order = json!({ "type": "set_terminal_zone", "data": { "zone": zone } });
            return Given::on_terminal(hub, serial, &order).await?.shown(hub, *wait, output).await;
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
            let users = hub.pages(&path(serial, "/users"), "", ENROLLED_MAX).await?;
            output.answer(&users, text::people)?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn path(serial: &str, rest: &str) -> String {
    format!("/api/v1/terminals/{}{rest}", segment(serial))
}

/// Changes what is said of the terminal, and leaves the rest.
async fn set(hub: &Hub, args: &SetArgs) -> Result<Value, VerbError> {
    let path = path(&args.serial, "/profile");
    let before = if args.profile.is_some() { Value::Null } else { hub.get(&path).await? };
    let table = |name: &str, option: &str, said: &[String]| {
        let mut numbers = before.get(name).and_then(Value::as_object).cloned().unwrap_or_default();
        for one in said {
            let (number, meaning) =
                one.split_once('=').with_context(|| format!("`{option} {one}`: write NUMBER=MEANING"))?;
            numbers.insert(number.to_owned(), meaning.into());
        }
        anyhow::Ok(numbers)
    };
    let said = |name: &str, given: Option<&String>| {
        given.map(|word| word.as_str().into()).or_else(|| before.get(name).cloned())
    };
    let profile = json!({
        "family": said("family", args.profile.as_ref()).unwrap_or_else(|| "common".into()),
        "inout": table("inout", "--inout", &args.inout)?,
        "mode": table("mode", "--mode", &args.mode)?,
        "week_begins": said("week_begins", args.week_begins.as_ref()).unwrap_or_else(|| "monday".into()),
    });
    Ok(hub.change(Method::PUT, &path, &profile).await?)
}

/// Brings a schedule to a terminal: several commands, each of which can end otherwise.
async fn bring(
    hub: &Hub,
    (serial, wish): (&str, &Value),
    is_awaited: bool,
    output: &mut Output<'_>,
) -> Result<ExitCode, VerbError> {
    let given = hub.change(Method::POST, &path(serial, "/schedule"), wish).await?;
    let mut ended = Vec::new();
    for command in given.get("items").and_then(Value::as_array).into_iter().flatten() {
        let command = Given(command.clone());
        ended.push(if is_awaited { command.ended(hub, output).await? } else { command.0 });
    }
    let is_well = !is_awaited || ended.iter().all(command::is_done);
    output.answer(&json!({ "items": ended }), command::list)?;
    Ok(if is_well { ExitCode::SUCCESS } else { ExitCode::from(EXIT_NOT_DONE) })
}

async fn decide(
    hub: &Hub,
    args: &DecideArgs,
    is_admitted: bool,
    output: &mut Output<'_>,
) -> Result<ExitCode, VerbError> {
    let order = json!({ "type": "admit_terminal", "data": { "is_admitted": is_admitted } });
    Given::on_terminal(hub, &args.serial, &order).await?.shown(hub, args.wait, output).await
}
