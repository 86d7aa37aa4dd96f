//! `vigie-hub command`: what boxes are asked to do.

use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context as _;
use clap::{Args, Subcommand};
use reqwest::Method;
use serde_json::{Value, json};

use super::VerbError;
use super::client::{Hub, segment};
use super::output::{Output, name, word};

/// Between two looks at a command that is waited for.
const LOOK: Duration = Duration::from_millis(500);

/// The command ended in another way than by success.
pub(super) const EXIT_NOT_DONE: u8 = 5;

/// Largest file of parameters, bytes.
const FILE_BYTES_MAX: u64 = 1 << 20;

/// What to do with commands.
#[derive(Debug, Subcommand)]
pub enum CommandVerb {
    /// Ask a site's box to do something. It is stored first and sent as soon as the box hears.
    #[command(after_help = "Examples:
  vigie-hub command send rennes01 get_system_info --wait
  vigie-hub command send rennes01 reboot --wait --expires 10m
  vigie-hub command send rennes01 restart_service --with '{\"service\":\"neopro-app\"}'
  vigie-hub command send rennes01 update_config --file configuration.json --dry-run

Types: get_system_info, reboot, restart_service, get_logs, deploy_video, delete_video, update_software,
update_config; for time clocks get_terminal_info, get_terminal_users, set_terminal_users, delete_terminal_users,
get_terminal_log, set_terminal_time, set_terminal_zone, reboot_terminal, open_door, set_terminal_schedule, admit_terminal,
erase_terminal; for Macs and PCs show_message.

With --wait, exit code 0 means that it was done, 5 that it ended otherwise: failed, refused, rolled back, unknown
or cancelled.")]
    Send(SendArgs),
    /// List a site's commands, newest first.
    #[command(after_help = "Example:\n  vigie-hub command list rennes01")]
    List {
        /// The site.
        site: String,
        /// How many.
        #[arg(long, default_value_t = 20)]
        limit: u16,
    },
    /// Show one command with its answer.
    #[command(after_help = "Example:\n  vigie-hub command show rennes01 00112233445566778899aabbccddeeff")]
    Show(Named),
    /// Take a command back that was not sent yet.
    #[command(after_help = "Example:\n  vigie-hub command cancel rennes01 00112233445566778899aabbccddeeff")]
    Cancel(Named),
    /// Give a command once more.
    #[command(after_help = "Example:\n  vigie-hub command retry rennes01 00112233445566778899aabbccddeeff")]
    Retry(Named),
}

/// Which command.
#[derive(Debug, Args)]
pub struct Named {
    /// The site.
    site: String,
    /// The command's id.
    id: String,
}

/// What to ask.
#[derive(Debug, Args)]
pub struct SendArgs {
    /// The site.
    site: String,
    /// What to do, as in `reboot`.
    #[arg(value_name = "TYPE")]
    kind: String,
    /// The parameters, JSON.
    #[arg(long = "with", value_name = "JSON", conflicts_with = "file")]
    parameters: Option<String>,
    /// A file with the parameters, JSON; `-` is the standard input.
    #[arg(long, value_name = "FILE")]
    file: Option<PathBuf>,
    /// The id to give it: sending twice under one id gives one command.
    #[arg(long)]
    id: Option<String>,
    /// Only say what would happen.
    #[arg(long)]
    dry_run: bool,
    /// How long it may wait for the box, with its unit.
    #[arg(long, default_value = "1h")]
    expires: String,
    /// Wait until it has ended.
    #[arg(long)]
    wait: bool,
}

pub(super) async fn act(hub: &Hub, verb: &CommandVerb, output: &mut Output<'_>) -> Result<ExitCode, VerbError> {
    match verb {
        CommandVerb::Send(args) => return send(hub, args, output).await,
        CommandVerb::List { site, limit } => {
            let commands = hub.get(&format!("{}?limit={limit}", path(site))).await?;
            output.answer(&commands, list)?;
        }
        CommandVerb::Show(named) => {
            let command = hub.get(&named.path()).await?;
            output.answer(&command, show)?;
        }
        CommandVerb::Cancel(named) => {
            let command = hub.change(Method::POST, &format!("{}/cancel", named.path()), &json!({})).await?;
            output.answer(&command, show)?;
        }
        CommandVerb::Retry(named) => {
            let command = hub.change(Method::POST, &format!("{}/retry", named.path()), &json!({})).await?;
            output.answer(&command, show)?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

impl Named {
    fn path(&self) -> String {
        format!("{}/{}", path(&self.site), segment(&self.id))
    }
}

fn path(site: &str) -> String {
    format!("/api/v1/sites/{}/commands", segment(site))
}

async fn send(hub: &Hub, args: &SendArgs, output: &mut Output<'_>) -> Result<ExitCode, VerbError> {
    let body = json!({
        "id": args.id,
        "type": args.kind,
        "data": parameters(args)?,
        "dry_run": args.dry_run,
        "expires": args.expires,
    });
    Given::give(hub, &args.site, &body).await?.shown(hub, args.wait, output).await
}

/// A command as the hub answered it.
pub(super) struct Given(pub(super) Value);

impl Given {
    /// Gives a site's box a command.
    pub(super) async fn give(hub: &Hub, site: &str, body: &Value) -> Result<Self, VerbError> {
        Ok(Self(hub.change(Method::POST, &path(site), body).await?))
    }

    /// Gives the box of a terminal a command.
    pub(super) async fn on_terminal(hub: &Hub, serial: &str, body: &Value) -> Result<Self, VerbError> {
        let path = format!("/api/v1/terminals/{}/commands", segment(serial));
        Ok(Self(hub.change(Method::POST, &path, body).await?))
    }

    /// Waits until it has ended, and tells meanwhile what the box is doing.
    pub(super) async fn ended(self, hub: &Hub, output: &mut Output<'_>) -> Result<Value, VerbError> {
        let Self(mut command) = self;
        let path = path_of(&command);
        let mut told = String::new();
        while is_awaited(&command) {
            tell_stage(&command, &mut told, output);
            tokio::time::sleep(LOOK).await;
            command = hub.get(&path).await?;
        }
        Ok(command)
    }

    /// Shows it, at its end if that is waited for; then the exit code says whether it was done.
    pub(super) async fn shown(
        self,
        hub: &Hub,
        is_awaited: bool,
        output: &mut Output<'_>,
    ) -> Result<ExitCode, VerbError> {
        let command = if is_awaited { self.ended(hub, output).await? } else { self.0 };
        output.answer(&command, show)?;
        let is_well = !is_awaited || is_done(&command);
        Ok(if is_well { ExitCode::SUCCESS } else { ExitCode::from(EXIT_NOT_DONE) })
    }
}

fn path_of(command: &Value) -> String {
    format!("{}/{}", path(&name(&command["site"])), segment(&name(&command["id"])))
}

/// A box that was silent may still tell; that is not waited for.
fn is_awaited(command: &Value) -> bool {
    command["is_over"] == false && command["state"] != "unknown"
}

pub(super) fn is_done(command: &Value) -> bool {
    command["state"] == "succeeded"
}

/// Says on the second stream what the box is doing, once per stage.
fn tell_stage(command: &Value, told: &mut String, output: &mut Output<'_>) {
    let stage = match command.pointer("/progress/stage") {
        Some(Value::String(stage)) => stage.clone(),
        _ => word(&command["state"]),
    };
    if stage != *told {
        output.error(&stage);
        *told = stage;
    }
}

fn parameters(args: &SendArgs) -> anyhow::Result<Value> {
    let text = match (&args.parameters, &args.file) {
        (Some(text), _) => text.clone(),
        (None, Some(file)) => read(file)?,
        (None, None) => return Ok(Value::Null),
    };
    serde_json::from_str(&text).context("read the parameters as JSON")
}

fn read(file: &Path) -> anyhow::Result<String> {
    let mut text = String::new();
    if file == Path::new("-") {
        std::io::stdin().take(FILE_BYTES_MAX).read_to_string(&mut text).context("read the standard input")?;
    } else {
        let opened = std::fs::File::open(file).with_context(|| format!("open {}", file.display()))?;
        opened.take(FILE_BYTES_MAX).read_to_string(&mut text).with_context(|| format!("read {}", file.display()))?;
    }
    Ok(text)
}

pub(super) fn list(output: &Output<'_>, commands: &Value) -> String {
    let heads = ["COMMAND", "TYPE", "STATE", "GIVEN", "BY", "DETAIL"];
    output.table(&heads, commands, "No command yet.", |command| {
        vec![
            name(&command["id"]),
            name(&command["type"]),
            word(&command["state"]),
            output.age(&command["issued"]),
            name(&command["account"]),
            name(&command["detail"]),
        ]
    })
}

pub(super) fn show(output: &Output<'_>, command: &Value) -> String {
    let mut text = format!(
        "{} for {}: {}\n  id       {}\n  given    {} by {}\n  expires  {}",
        name(&command["type"]),
        name(&command["site"]),
        word(&command["state"]),
        name(&command["id"]),
        output.moment(&command["issued"]),
        name(&command["account"]),
        output.moment(&command["expires"]),
    );
    if let Some(detail) = command["detail"].as_str().filter(|detail| !detail.is_empty()) {
        text.push_str(&format!("\n  {detail}"));
    }
    if !command["answer"].is_null() {
        let answer = serde_json::to_string_pretty(&command["answer"]).unwrap_or_default();
        text.push_str(&format!("\n{answer}"));
    }
    text
}
