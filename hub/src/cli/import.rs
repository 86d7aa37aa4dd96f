//! `vigie-hub import`: hands what boxes wrote on a stick to the running hub.

mod smartelia;
mod tm20;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context as _;
use bytes::Bytes;
use clap::{Args, Subcommand};
use futures_util::{Stream, TryStreamExt as _};
use serde_json::{Value, json};
use tokio::io::AsyncReadExt as _;
use tokio::time::Instant;
use tokio_util::io::ReaderStream;
use vigie_shared::export::{SignedCover, Splitter};
use vigie_shared::units::bytes_text;

use super::client::Hub;
use super::output::{Output, name, word};
use super::{Scope, VerbError};

/// What takes longer than this shows how far it is.
const PATIENCE: Duration = Duration::from_secs(2);

/// How much is read at a time, bytes.
const PART_BYTES: usize = 256 * 1024;

/// What to take in.
#[derive(Debug, Clone, Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
#[command(after_help = "Examples:
  vigie-hub import /media/usb/metz.vigie
  vigie-hub import --dry-run /media/usb/*.vigie     what would come in?
  vigie-hub import tm20 dump.json                   what a TM20 server knew; see its own --help
  vigie-hub import smartelia .env                   how Smartelia's scanner was set up; see its own --help

What the hub holds already does not count twice, so importing again is harmless, and so is a box that connects
meanwhile. Of a file that was cut off or damaged, what is whole is taken. Files of one box are taken in the order in
which they were made. Exit code 1: something of a file was not taken; the text says what and why.")]
pub struct ImportArgs {
    /// What another system knew.
    #[command(subcommand)]
    pub from: Option<ImportFrom>,
    /// Files of `vigie-agent queue export`.
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// Say what would come in; take nothing.
    #[arg(long)]
    pub dry_run: bool,
    /// Take files of boxes that were revoked or replaced, too.
    #[arg(long)]
    pub force: bool,
}

/// Another system.
#[derive(Debug, Clone, Subcommand)]
pub enum ImportFrom {
    /// Take over what a Django server for TM20 time clocks knew.
    Tm20(tm20::Tm20Args),
    /// Make the hub's settings of the variables of Smartelia's scanner.
    Smartelia(smartelia::SmarteliaArgs),
}

pub(super) async fn act(scope: &Scope, args: &ImportArgs, output: &mut Output<'_>) -> Result<ExitCode, VerbError> {
    let hub = &scope.hub()?;
    match &args.from {
        Some(ImportFrom::Tm20(args)) => return tm20::act(hub, args, output).await,
        Some(ImportFrom::Smartelia(args)) => return smartelia::act(scope, args, output),
        None => {}
    }
    let mut files = Vec::new();
    for file in &args.files {
        files.push((made_ms(file).await?, file));
    }
    // An older file first: what it holds must not be taken for lost because a newer one begins behind it.
    files.sort_by_key(|(made_ms, _)| *made_ms);
    let mut is_well = true;
    for (_, file) in files {
        let imported = import(hub, file, args, output).await?;
        is_well &= is_whole(&imported);
        output.answer(&imported, |output, imported| report(output, file, imported))?;
    }
    Ok(if is_well { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// When a file was made, as its cover says; the hub decides whether that is true. An error if it is no export at all:
/// nothing large is sent for nothing.
async fn made_ms(file: &Path) -> Result<i64, VerbError> {
    let what = || format!("import {}", file.display());
    let mut opened = tokio::fs::File::open(file).await.with_context(what)?;
    let mut begin = Vec::new();
    (&mut opened).take(PART_BYTES as u64).read_to_end(&mut begin).await.with_context(what)?;
    let mut splitter = Splitter::default();
    splitter.push(&begin);
    let first = splitter.next_piece().and_then(|piece| piece.ok_or_else(|| splitter.early_end()));
    let cover = first.and_then(|piece| SignedCover::decode(&piece)?.cover()).with_context(what)?;
    Ok(cover.made_ms)
}

async fn import(hub: &Hub, file: &Path, args: &ImportArgs, output: &mut Output<'_>) -> Result<Value, VerbError> {
    let opened = tokio::fs::File::open(file).await.with_context(|| format!("open {}", file.display()))?;
    let total = opened.metadata().await.with_context(|| format!("look at {}", file.display()))?.len();
    let path = format!("/api/v1/imports?dry_run={}&force={}", args.dry_run, args.force);
    let (sent, progress) = tokio::sync::watch::channel(0);
    let upload = hub.upload_stream(&path, counted(opened, sent));
    tokio::pin!(upload);
    let mut tick = tokio::time::interval_at(Instant::now() + PATIENCE, PATIENCE);
    loop {
        tokio::select! {
            answer = &mut upload => return Ok(answer?),
            _ = tick.tick() => output.progress(&share(file, *progress.borrow(), total)),
        }
    }
}

fn counted(
    file: tokio::fs::File,
    sent: tokio::sync::watch::Sender<u64>,
) -> impl Stream<Item = std::io::Result<Bytes>> + Send + 'static {
    ReaderStream::with_capacity(file, PART_BYTES)
        .inspect_ok(move |part| sent.send_modify(|sent| *sent += part.len() as u64))
}

fn share(file: &Path, sent: u64, total: u64) -> String {
    let percent = (sent.min(total) * 100).checked_div(total).unwrap_or(0);
    format!("{}: {percent} % of {}; what came in stays if you leave", file.display(), bytes_text(total))
}

fn is_whole(imported: &Value) -> bool {
    let lanes = imported["lanes"].as_array().map(Vec::as_slice).unwrap_or_default();
    imported["trouble"].is_null() && lanes.iter().all(|lane| lane["refused"].is_null())
}

fn report(output: &Output<'_>, file: &Path, imported: &Value) -> String {
    let would = if imported["is_dry_run"] == true { "would bring" } else { "brought" };
    let (site, made) = (name(&imported["site"]), output.moment(&imported["made_at"]));
    let mut text = format!("{} of {site}, made {made}, {would}:\n", file.display());
    let lanes = json!({ "items": imported["lanes"] });
    text += &output.table(&["LANE", "NEW", "HELD ALREADY", "LOST"], &lanes, "no record", |lane| {
        vec![name(&lane["lane"]), lane["new"].to_string(), lane["held"].to_string(), lane["lost"].to_string()]
    });
    for lane in imported["lanes"].as_array().into_iter().flatten().filter(|lane| !lane["refused"].is_null()) {
        text += &format!("\nThe rest of the {} was not taken: {}.", name(&lane["lane"]), word_as_is(&lane["refused"]));
    }
    if !imported["trouble"].is_null() {
        text += &format!(
            "\nNot everything could be read: {}. What is listed is safe. The box still holds what the hub has not \
             confirmed: export again.",
            word_as_is(&imported["trouble"])
        );
    }
    text
}

fn word_as_is(value: &Value) -> String {
    value.as_str().map_or_else(|| word(value), str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(trouble: &Value, refused: &Value) -> (String, bool) {
        let imported = json!({
            "site": "metz", "made_at": "2026-11-20T14:05:00.000Z", "is_dry_run": false, "trouble": trouble,
            "lanes": [
                { "lane": "ledger", "new": 12, "held": 3, "lost": 0, "refused": null },
                { "lane": "telemetry", "new": 0, "held": 0, "lost": 0, "refused": refused },
            ],
        });
        let (mut out, mut err) = (Vec::new(), Vec::new());
        let mut output = Output::new(&mut out, &mut err, false, 1_795_183_500_000);
        output.zone = jiff::tz::TimeZone::UTC;
        output.width = None;
        (report(&output, Path::new("metz.vigie"), &imported), is_whole(&imported))
    }

    #[test]
    fn what_came_in_is_told_per_lane() {
        let (text, is_whole) = told(&Value::Null, &Value::Null);
        assert!(is_whole);
        insta::assert_snapshot!(text);
    }

    #[test]
    fn what_did_not_come_in_is_told_with_the_cure() {
        let (text, is_whole) =
            told(&"the file is cut off: its end is missing".into(), &"two boxes share one card".into());
        assert!(!is_whole);
        insta::assert_snapshot!(text);
    }

    #[tokio::test]
    async fn a_file_that_is_no_export_is_refused_before_anything_is_sent() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("holiday.jpg");
        std::fs::write(&file, [0xff; 4096]).unwrap();
        assert!(made_ms(&file).await.unwrap_err().to_string().contains("is not an export"));
        std::fs::write(&file, b"").unwrap();
        assert!(made_ms(&file).await.unwrap_err().to_string().contains("is not an export"));
    }
}
