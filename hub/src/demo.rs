//! `vigie-hub demo`: a hub with a simulated fleet, to look around in. Nothing of it is real, and it never meets real data.
//!
//! What is in it, the same for the same `--seed` and day: twelve sites in France, one silent for a day (`grenoble`),
//! one with a full disk (`toulouse`), one that stood still for three hours yesterday (`nantes`); three weeks of pulses,
//! devices and coverage. Two coworkings (`metz`, with two hours without sight; `nancy`) with 24 members `M01`… who come
//! with their devices; eight of them are there whatever the hour, from before the demo's beginning to six hours after
//! it, and half of all agreed to be named. Two workshops (`lyon`, `lille`) with 22 employees `101`… on time clocks: 103
//! is late on Mondays and Thursdays, 105 forgot the last punch out of the last day of work; a clock at `lille` waits to
//! be admitted. A door at `marseille` that somebody passes every few seconds. A third party for their hours, the
//! connector `paie`, that does not know 107 and refuses some rows. Macs at `strasbourg` and `bordeaux`, two with little
//! disk, some full on their chargers. Three videos on the boxes with screens. A player whose release 2.5.0 three of six
//! boxes have; it failed on one, so the rollout stands still. Incidents and their mails follow from all that within two
//! minutes; the mail server is away, so they wait in the outbox. Accounts: `admin` (owner), `operateur`, `lecture`
//! (viewer), `membre` (who sees the presence of `M01`), each with a drawn password.
//!
//! Each start begins anew. Boxes speak as real ones do: hello, batches, pulses, into the hub's own ingest; only the network
//! between is left out. Commands are answered, and nothing happens.

mod chance;
mod driver;
mod furnish;
mod life;
mod past;
mod people;
mod places;
mod third_party;
mod voice;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, ensure};
use clap::Args;
use vigie_shared::lifecycle::Lifecycle;

use crate::config::HubConfig;
use crate::mail::config::Recipient;

/// What marks a data folder as a demo's.
const MARK: &str = "demo";

/// What the mark says to whoever finds it.
const MARK_TEXT: &str = "This folder is a demo's: `vigie-hub demo` empties and fills it at each start.\n";

/// Where a demo lies if nobody says.
const FOLDER: &str = "vigie-demo";

/// Where nobody listens: port 1 is for programs that no longer exist.
const NO_MAIL_PORT: u16 = 1;

/// How to show a demo.
#[derive(Debug, Clone, Args)]
#[command(after_help = "Examples:
  vigie-hub demo                      in ./vigie-demo, emptied and filled at each start
  vigie-hub demo --admin 127.0.0.1:9090 --seed 7")]
pub struct DemoArgs {
    /// What is drawn follows from it.
    #[arg(long, default_value_t = 1, value_name = "NUMBER")]
    pub seed: u64,
    /// Days of history.
    #[arg(long, default_value_t = 21, value_name = "DAYS", value_parser = clap::value_parser!(u16).range(2..=28))]
    pub days: u16,
    /// Where dashboard and API listen.
    #[arg(long, default_value = "127.0.0.1:8080", value_name = "ADDRESS:PORT")]
    pub admin: String,
}

/// Whether a data folder is a demo's.
#[must_use]
pub fn is_demo(data: &Path) -> bool {
    data.join(MARK).is_file()
}

/// Where a demo lies: as said, or here. What is configured for real data does not count.
#[must_use]
pub fn folder(said: Option<&Path>) -> PathBuf {
    said.map_or_else(|| PathBuf::from(FOLDER), Path::to_owned)
}

/// Shows a demo until the process is told to stop.
///
/// # Errors
///
/// Words for people: the folder is not a demo's, or something cannot be started.
pub async fn demo(data: &Path, args: &DemoArgs) -> anyhow::Result<ExitCode> {
    clear(data)?;
    let lifecycle = Lifecycle::from_signals().context("listen for signals")?;
    let third_party = third_party::start(&lifecycle).await.context("start the third party of the demo")?;
    let mut running = crate::run(&config(data, args), &lifecycle).await?;
    let shown = driver::start(&mut running, (data, args), third_party, &lifecycle).await?;
    lifecycle.ready();
    print(&shown);
    Ok(lifecycle.wait().await)
}

/// Empties a demo's folder and marks it; refuses one that holds anything else.
fn clear(data: &Path) -> anyhow::Result<()> {
    let is_empty = std::fs::read_dir(data).map_or(true, |mut entries| entries.next().is_none());
    ensure!(
        is_empty || is_demo(data),
        "{} is not a demo's folder, and nothing of it was touched; choose another one with --data",
        data.display()
    );
    if !is_empty {
        std::fs::remove_dir_all(data).with_context(|| format!("empty the demo's folder {}", data.display()))?;
    }
    crate::make_private(data)?;
    std::fs::write(data.join(MARK), MARK_TEXT).with_context(|| format!("mark {} as a demo's", data.display()))
}

/// Everything on loopback, on ports that are free; mail goes nowhere.
fn config(data: &Path, args: &DemoArgs) -> HubConfig {
    let mut config = HubConfig { data: data.to_owned(), log: "warn".to_owned(), ..HubConfig::default() };
    let listen = &mut config.listen;
    listen.admin.clone_from(&args.admin);
    for address in [&mut listen.boxes, &mut listen.mqtt, &mut listen.operators] {
        "127.0.0.1:0".clone_into(address);
    }
    config.connectors.allow = vec!["127.0.0.1".to_owned()];
    config.mail.server = Some("127.0.0.1".to_owned());
    config.mail.port = Some(NO_MAIL_PORT);
    config.mail.from = "Vigie <vigie@demo.invalid>".parse().ok();
    let readers = ["claire@demo.invalid", "equipe@demo.invalid"].into_iter();
    config.mail.recipients = readers.filter_map(|reader| Some(Recipient::new(reader.parse().ok()?))).collect();
    config
}

#[expect(clippy::print_stdout, reason = "the demo's address and logins are for the person who typed the command")]
fn print(text: &str) {
    println!("{text}");
}

#[cfg(test)]
mod tests;
