//! `machine`: the owner's Macs and PCs: whom the box knows, whose host key it trusts, what it logs in with, a look now.

mod table;

use std::process::ExitCode;

use anyhow::{Context as _, ensure};
use clap::{Args, Subcommand};
use serde::Serialize;
use vigie_shared::clock::{Clock as _, SystemClock};
use vigie_shared::wire::Reading;

use crate::collectors;
use crate::config::AgentConfig;
use crate::machines::known::{Known, Machine};
use crate::machines::pins::Pins;
use crate::machines::{Config, secrets};

/// Words after `machine`.
#[derive(Args)]
#[command(after_help = "Examples:\n  \
    vigie-agent machine key                     what belongs into authorized_keys on the machines\n  \
    vigie-agent machine scan                    who is awake, and how it is\n  \
    vigie-agent machine trust SHA256:4CF4qx…    a host key, after comparing it with the machine's own\n  \
    vigie-agent machine list --json")]
pub(super) struct MachineArgs {
    #[command(subcommand)]
    verb: MachineVerb,
}

#[derive(Subcommand)]
enum MachineVerb {
    /// Print the public key that the box logs in with, and make it if there is none.
    Key,
    /// Look once at every machine that is awake.
    Scan {
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// List the machines whose host key is pinned.
    List {
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Pin a host key: on the machine itself, `ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub` must show the same.
    Trust {
        /// The key's fingerprint, `SHA256:…`, as `machine scan` shows it.
        fingerprint: String,
    },
    /// Forget a host key, for example of a machine that was given away.
    Forget {
        /// Its fingerprint, `SHA256:…`.
        fingerprint: String,
    },
}

impl MachineArgs {
    /// Whether it writes into the agent's folder.
    pub(super) fn writes(&self) -> bool {
        !matches!(self.verb, MachineVerb::List { .. })
    }
}

pub(super) fn run(config: &AgentConfig, args: &MachineArgs) -> anyhow::Result<ExitCode> {
    let pins = Pins::of(&config.data);
    match &args.verb {
        MachineVerb::Key => key(config),
        MachineVerb::Scan { json } => scan(config, *json),
        MachineVerb::List { json } => list(&pins.load(), *json),
        MachineVerb::Trust { fingerprint } => trust(&pins, fingerprint),
        MachineVerb::Forget { fingerprint } => {
            let is_forgotten = pins.change(|known| known.forget(fingerprint)).context("write down the host keys")?;
            ensure!(is_forgotten, "no such host key is pinned; `vigie-agent machine list` shows those that are");
            super::print_line("the key is forgotten; the machine is a stranger now")
        }
    }
}

fn key(config: &AgentConfig) -> anyhow::Result<ExitCode> {
    let Config { user, .. } = &config.collect.machines;
    let public = secrets::key_or_make(&config.collect.machines, &config.data)?.public()?;
    super::print_line(&format!(
        "On each machine, make the account `{user}`, switch SSH on for it (on a Mac: Remote Login), and put this line into its \
         ~/.ssh/authorized_keys:\n\nrestrict {public} vigie"
    ))
}

fn scan(config: &AgentConfig, is_json: bool) -> anyhow::Result<ExitCode> {
    vigie_shared::telemetry::start("warn")?;
    let context = crate::standalone(config);
    let mut collector = collectors::machines::new(&config.collect.machines, &context);
    let readings = super::runtime()?.block_on(collector.once())?;
    let rows: Vec<_> = readings
        .into_iter()
        .filter_map(|reading| match reading {
            Reading::Machines(machines) => Some(machines.rows),
            _ => None,
        })
        .flatten()
        .collect();
    if is_json { super::print_json(&rows) } else { super::print_line(&table::of_rows(&rows)) }
}

/// One pinned key, for programs.
#[derive(Serialize)]
struct Listed<'a> {
    key: &'a str,
    #[serde(flatten)]
    machine: &'a Machine,
}

fn list(known: &Known, is_json: bool) -> anyhow::Result<ExitCode> {
    if is_json {
        let listed: Vec<Listed<'_>> = known.iter().map(|(key, machine)| Listed { key, machine }).collect();
        return super::print_json(&listed);
    }
    super::print_line(&table::of_known(known))
}

fn trust(pins: &Pins, fingerprint: &str) -> anyhow::Result<ExitCode> {
    ensure!(
        is_fingerprint(fingerprint),
        "`{fingerprint}` is no fingerprint: it begins with SHA256: and has 43 characters behind that"
    );
    let now_ms = SystemClock::new(crate::sys::clock_is_synchronised).wall_ms();
    let has_room = pins.change(|known| known.pin(fingerprint, now_ms)).context("write down the host keys")?;
    ensure!(has_room, "no room for more host keys; `vigie-agent machine forget` makes some");
    super::print_line("the key is trusted; the next look lets its machine in")
}

/// A SHA-256 in base64 without its padding.
fn is_fingerprint(text: &str) -> bool {
    let is_digit = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/');
    text.strip_prefix("SHA256:").is_some_and(|digits| digits.len() == 43 && digits.bytes().all(is_digit))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_whole_fingerprint_is_trusted() {
        let whole = "SHA256:4CF4qxNZJvw4SgWxJr7cYzvfo1LVlA2mTFxkuHB7kvw";
        assert!(is_fingerprint(whole));
        for wrong in ["", "SHA256:", &whole[7..], &whole[..40], "SHA256:4CF4qxNZJvw4SgWxJr7cYzvfo1LVlA2mTFxkuHB7kv…"]
        {
            assert!(!is_fingerprint(wrong), "{wrong}");
        }
        let folder = tempfile::tempdir().unwrap();
        let pins = Pins::of(folder.path());
        assert!(trust(&pins, "10.0.0.7").is_err());
        trust(&pins, whole).unwrap();
        assert_eq!(pins.load().iter().count(), 1);
    }
}
