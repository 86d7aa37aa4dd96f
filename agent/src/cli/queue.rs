//! `queue`: what waits for the hub, whether it is whole; export it, or give it up.
//!
//! A running agent answers itself; otherwise the lanes' folder is opened here, and a damaged lane is reported
//! but left alone. Either way the answers are those of [`crate::journal::answers`]; this file asks and prints.

pub mod export;
mod text;

use std::io::{self, IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use clap::{Args, Subcommand};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use vigie_shared::clock::SystemClock;
use vigie_shared::lifecycle::Lifecycle;
use vigie_shared::wire::Lane;

use crate::journal::answers::{self, Discarded, OnProgress, QueueStatus, QueueVerdict};
use crate::journal::{Journal, JournalOptions, OnDamage, QueueConfig};

/// A progress bar appears when an answer takes longer than this.
const BAR_AFTER: Duration = Duration::from_secs(2);

/// Words after `queue`.
#[derive(Debug, Clone, Args)]
#[command(after_help = "Examples:
  vigie-agent queue status
  vigie-agent queue verify --json
  vigie-agent queue export /media/usb/queue.vigie
  vigie-agent queue drop telemetry --through 1200

Exit code 0: done, nothing is damaged; 1: something is damaged, or it was not done.")]
pub struct QueueArgs {
    #[command(subcommand)]
    verb: QueueVerb,
    /// Answer as JSON.
    #[arg(long, global = true)]
    pub(super) json: bool,
}

impl QueueArgs {
    /// The file of an export; none if another verb was said.
    #[must_use]
    pub fn export_file(&self) -> Option<&Path> {
        match &self.verb {
            QueueVerb::Export { file } => Some(file),
            QueueVerb::Status | QueueVerb::Verify | QueueVerb::Drop { .. } => None,
        }
    }
}

/// What can be asked about the queue.
#[derive(Debug, Clone, Subcommand)]
pub enum QueueVerb {
    /// Show what each lane holds.
    Status,
    /// Read every waiting record and check it.
    Verify,
    /// Write every waiting record to a file, sealed for the hub; the queue keeps them.
    Export {
        /// The file to write.
        file: PathBuf,
    },
    /// Give up waiting records for good: the hub will note a gap.
    Drop {
        /// Of which lane.
        #[arg(value_parser = parse_lane)]
        lane: Lane,
        /// Through this position.
        #[arg(long, value_name = "N")]
        through: u64,
        /// Do not ask.
        #[arg(long)]
        yes: bool,
    },
}

/// Asks a running agent; none if none runs.
pub type AskAgent<'a> = &'a dyn Fn(&QueueVerb) -> anyhow::Result<Option<Value>>;

/// Does what the words say: asks the agent, or opens the lanes in `folder` if none runs.
///
/// # Errors
///
/// Words for people: a lane is damaged, the file cannot be written, the agent refuses….
pub fn run(folder: &Path, config: &QueueConfig, args: &QueueArgs, ask_agent: AskAgent<'_>) -> anyhow::Result<ExitCode> {
    confirm(&args.verb)?;
    let verb = &args.verb;
    if let Some(answer) = ask_agent(verb)? {
        return match verb {
            QueueVerb::Status => show(&parsed::<QueueStatus>(answer)?, args.json, text::status),
            QueueVerb::Verify => show_verdict(&parsed(answer)?, args.json),
            QueueVerb::Export { .. } => anyhow::bail!("an export is not answered in one line"),
            QueueVerb::Drop { .. } => show(&parsed::<Discarded>(answer)?, args.json, text::discarded),
        };
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().context("start the runtime")?;
    runtime.block_on(async {
        let lifecycle = Lifecycle::new();
        let journal = open(folder, config, &lifecycle)?;
        let code = answer(&journal, verb, args.json).await;
        lifecycle.stop();
        drop(journal);
        // Its exit code tells whether the lanes closed; the answer's is what was asked for.
        let _closed = lifecycle.wait().await;
        code
    })
}

/// Answers from lanes opened here.
async fn answer(journal: &Journal, verb: &QueueVerb, json: bool) -> anyhow::Result<ExitCode> {
    let mut bar = Bar::default();
    let progress: OnProgress<'_> = &mut |done, total| bar.show(done, total);
    match verb {
        QueueVerb::Status => show(&answers::status(journal), json, text::status),
        QueueVerb::Verify => show_verdict(&answers::verify(journal, progress).await?, json),
        QueueVerb::Export { .. } => anyhow::bail!("an export needs the box's identity"),
        QueueVerb::Drop { lane, through, .. } => {
            show(&answers::discard(journal, *lane, *through).await?, json, text::discarded)
        }
    }
}

fn open(folder: &Path, config: &QueueConfig, lifecycle: &Lifecycle) -> anyhow::Result<Journal> {
    anyhow::ensure!(folder.is_dir(), "there is no queue in {}: no agent ran here yet", folder.display());
    let options = JournalOptions {
        folder: folder.to_owned(),
        config: config.clone(),
        clock: Arc::new(SystemClock::new(|| false)),
        on_damage: OnDamage::Fail,
    };
    Journal::start(options, lifecycle).with_context(|| {
        format!("open the queue in {}; an agent that starts sets a damaged lane aside", folder.display())
    })
}

/// Asks before something is given up.
fn confirm(verb: &QueueVerb) -> anyhow::Result<()> {
    let QueueVerb::Drop { lane, through, yes: false } = verb else { return Ok(()) };
    anyhow::ensure!(io::stdin().is_terminal(), "nobody is there to ask; say --yes to drop records for good");
    let question = format!("Give up the waiting records of `{lane}` through {through} for good? [y/N] ");
    let mut output = io::stderr();
    output.write_all(question.as_bytes()).and_then(|()| output.flush()).context("ask")?;
    let mut line = String::new();
    io::stdin().read_line(&mut line).context("hear the answer")?;
    anyhow::ensure!(matches!(line.trim(), "y" | "Y" | "yes" | "o" | "oui"), "nothing was dropped");
    Ok(())
}

fn show_verdict(verdict: &QueueVerdict, json: bool) -> anyhow::Result<ExitCode> {
    show(verdict, json, text::verdict)?;
    Ok(if verdict.is_whole() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn show<T: Serialize>(answer: &T, json: bool, words: impl FnOnce(&T) -> String) -> anyhow::Result<ExitCode> {
    let text = if json { serde_json::to_string_pretty(answer).context("write JSON")? } else { words(answer) };
    writeln!(io::stdout(), "{text}").context("print the answer")?;
    Ok(ExitCode::SUCCESS)
}

fn parsed<T: DeserializeOwned>(answer: Value) -> anyhow::Result<T> {
    serde_json::from_value(answer).context("understand the agent's answer; is it of another version?")
}

fn parse_lane(text: &str) -> Result<Lane, String> {
    let known = Lane::ALL.into_iter().find(|lane| lane.as_str() == text);
    known.ok_or_else(|| format!("there is no lane `{text}`; use {}", Lane::ALL.map(Lane::as_str).join(", ")))
}

/// A bar on the terminal, for what takes its time.
struct Bar {
    begun: tokio::time::Instant,
    bar: Option<indicatif::ProgressBar>,
}

impl Default for Bar {
    fn default() -> Self {
        Self { begun: tokio::time::Instant::now(), bar: None }
    }
}

impl Bar {
    fn show(&mut self, done: u64, total: u64) {
        if self.begun.elapsed() > BAR_AFTER {
            self.bar.get_or_insert_with(|| indicatif::ProgressBar::new(total)).set_position(done);
        }
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

#[cfg(test)]
mod tests;
