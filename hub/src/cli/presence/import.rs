//! `vigie-hub presence import`: hands logs of other programs to the running hub, file after file.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, UNIX_EPOCH};

use anyhow::Context as _;
use clap::Args;
use futures_util::TryStreamExt as _;
use serde_json::{Value, json};
use tokio::time::Instant;
use tokio_util::io::ReaderStream;

use crate::cli::VerbError;
use crate::cli::client::{Hub, segment};
use crate::cli::output::{Output, name};
use crate::text::{self, Lang};

/// What takes longer than this shows how far it is.
const PATIENCE: Duration = Duration::from_secs(1);

/// How much is read at a time, bytes.
const PART_BYTES: usize = 256 * 1024;

/// Files of one import: years of a day each at several sites.
const FILES_MAX: usize = 20_000;

/// Folders within folders that are looked into.
const DEPTH_MAX: usize = 8;

/// Blocks of a bar.
const BAR: usize = 20;

/// What to take in.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  vigie-hub presence import /srv/probes                     files <site>/<YYYY-MM-DD> of the Metz probe
  vigie-hub presence import scan.txt --site metz            nmap or arp-scan text
  vigie-hub presence import /var/lib/misc/dnsmasq.leases --site metz --lease-hours 12

A folder of another machine is mounted or synchronised first, as with `rclone sync`. What was taken does not count twice;
files that were read to their end are passed over the next time, so an import that broke off goes on where it was. Only devices
that are registered are kept: after more were registered, import again with --again. Exit code 1: some lines could not be used;
each is named, and the rest was taken.")]
pub struct ImportArgs {
    /// Files, or folders that are looked through.
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// The site at which they were written; otherwise the name of each file's folder.
    #[arg(long)]
    site: Option<String>,
    /// How long leases last there, hours, for files of leases.
    #[arg(long, value_name = "HOURS", value_parser = clap::value_parser!(u32).range(1..=8_760))]
    lease_hours: Option<u32>,
    /// Also read files that were read to their end before.
    #[arg(long)]
    again: bool,
}

pub(super) async fn act(hub: &Hub, args: &ImportArgs, output: &mut Output<'_>) -> Result<ExitCode, VerbError> {
    let mut files = Vec::new();
    for path in &args.paths {
        walk(path, 0, &mut files)?;
    }
    files.sort();
    let total_bytes: u64 = files.iter().map(|(_, size_bytes)| size_bytes).sum();
    let (mut whole, mut done_bytes, began) = (Sum::default(), 0, Instant::now());
    let mut told = began;
    for (path, size_bytes) in &files {
        match import(hub, path, args, output).await? {
            Some(taken) => {
                let problems = problems(path, &taken);
                if !problems.is_empty() {
                    output.progress(&problems);
                }
                whole.add(&taken);
            }
            None => whole.passed += 1,
        }
        done_bytes += size_bytes;
        if told.elapsed() >= PATIENCE {
            output.progress(&bar((done_bytes, total_bytes), began.elapsed()));
            told = Instant::now();
        }
    }
    let code = if whole.refused == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE };
    output.answer(&whole.json(), |_, _| whole.text())?;
    Ok(code)
}

/// Every file below a path, without following links.
fn walk(path: &Path, depth: usize, files: &mut Vec<(PathBuf, u64)>) -> anyhow::Result<()> {
    let shown = path.display();
    let about = if depth == 0 { path.metadata() } else { path.symlink_metadata() };
    let about = about.with_context(|| format!("look at {shown}"))?;
    if about.is_file() {
        anyhow::ensure!(files.len() < FILES_MAX, "more than {FILES_MAX} files; import one folder after the other");
        files.push((path.to_owned(), about.len()));
    } else if about.is_dir() && depth < DEPTH_MAX {
        for entry in std::fs::read_dir(path).with_context(|| format!("look into {shown}"))? {
            walk(&entry.with_context(|| format!("look into {shown}"))?.path(), depth + 1, files)?;
        }
    }
    Ok(())
}

/// Imports one file; none if it was read to its end before.
async fn import(
    hub: &Hub,
    path: &Path,
    args: &ImportArgs,
    output: &mut Output<'_>,
) -> Result<Option<Value>, VerbError> {
    let what = || format!("import {}", path.display());
    let file = tokio::fs::File::open(path).await.with_context(what)?;
    let about = file.metadata().await.with_context(what)?;
    let query = query(path, &about, args);
    let known = hub.get(&format!("/api/v1/presence/imports?{query}")).await?;
    if !args.again && known.get("is_known").and_then(Value::as_bool) == Some(true) {
        return Ok(None);
    }
    let (sent, progress) = tokio::sync::watch::channel(0_u64);
    let content = ReaderStream::with_capacity(file, PART_BYTES)
        .inspect_ok(move |part| sent.send_modify(|sent| *sent += part.len() as u64));
    let target = format!("/api/v1/presence/imports?{query}");
    let upload = hub.upload_stream(&target, content);
    tokio::pin!(upload);
    let began = Instant::now();
    let mut tick = tokio::time::interval_at(began + PATIENCE, PATIENCE);
    loop {
        tokio::select! {
            taken = &mut upload => return Ok(Some(taken?)),
            _ = tick.tick() => {
                let share = bar((*progress.borrow(), about.len()), began.elapsed());
                output.progress(&format!("{}  {share}", path.display()));
            }
        }
    }
}

/// What the hub is told of a file: its place, its size, its age.
fn query(path: &Path, about: &std::fs::Metadata, args: &ImportArgs) -> String {
    let written = about.modified().ok().and_then(|at| at.duration_since(UNIX_EPOCH).ok());
    let written_ms = written.map_or(0, |since| since.as_millis());
    let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let place: PathBuf = absolute.iter().rev().take(2).collect::<Vec<_>>().into_iter().rev().collect();
    let mut query =
        format!("name={}&size_bytes={}&written_ms={written_ms}", segment(&place.to_string_lossy()), about.len());
    if let Some(site) = &args.site {
        query.push_str(&format!("&site={}", segment(site)));
    }
    if let Some(hours) = args.lease_hours {
        query.push_str(&format!("&lease_s={}", hours * 3600));
    }
    query
}

/// How far it is, as a bar with its share and its pace.
fn bar((done, total): (u64, u64), time: Duration) -> String {
    let share = |of: u64| (done.min(total) * of).checked_div(total).unwrap_or(0);
    let full = usize::try_from(share(BAR as u64)).unwrap_or(0);
    let pace =
        (u128::from(done) * 1000).checked_div(time.as_millis()).and_then(|pace| u64::try_from(pace).ok()).unwrap_or(0);
    format!("[{}{}] {} % of {}, {}/s", "#".repeat(full), ".".repeat(BAR - full), share(100), size(total), size(pace))
}

fn size(bytes: u64) -> String {
    text::size(Lang::En, bytes).replace('\u{a0}', " ")
}

/// What could not be used of a file, line by line.
fn problems(path: &Path, taken: &Value) -> String {
    let mut lines: Vec<String> = taken["problems"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|problem| format!("{}:{}: {}", path.display(), problem["line"], name(&problem["says"])))
        .collect();
    let told = lines.len() as u64;
    let refused = taken["refused"].as_u64().unwrap_or(0);
    if refused > told {
        lines.push(format!("{}: and {} more lines", path.display(), refused - told));
    }
    lines.join("\n")
}

/// What all files came to.
#[derive(Debug, Default)]
struct Sum {
    files: u64,
    passed: u64,
    lines: u64,
    sights: u64,
    strangers: u64,
    refused: u64,
}

impl Sum {
    fn add(&mut self, taken: &Value) {
        let number = |key: &str| taken[key].as_u64().unwrap_or(0);
        self.files += 1;
        self.lines += number("lines");
        self.sights += number("sights");
        self.strangers += number("strangers");
        self.refused += number("refused");
    }

    fn json(&self) -> Value {
        json!({ "files": self.files, "passed_over": self.passed, "lines": self.lines, "sights": self.sights,
                "strangers": self.strangers, "refused": self.refused })
    }

    fn text(&self) -> String {
        let mut text = format!("{} files, {} lines: {} sights were taken.", self.files, self.lines, self.sights);
        if self.passed > 0 {
            text.push_str(&format!(" {} files were read before.", self.passed));
        }
        if self.strangers > 0 {
            text.push_str(&format!(" {} devices are registered to nobody and were not kept.", self.strangers));
        }
        if self.refused > 0 {
            text.push_str(&format!(" {} lines could not be used.", self.refused));
        }
        text.push_str("\nNext: `vigie-hub presence period FROM TO` computes the days of these logs.");
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_says_how_far_and_how_fast() {
        let text = bar((512, 1024), Duration::from_secs(2));
        assert_eq!(text, "[##########..........] 50 % of 1 kB, 256 B/s");
        assert!(bar((0, 0), Duration::ZERO).contains("0 %"));
    }

    #[test]
    fn folders_are_looked_through_and_links_are_not_followed() {
        let folder = tempfile::tempdir().unwrap();
        let site = folder.path().join("metz");
        std::fs::create_dir(&site).unwrap();
        std::fs::write(site.join("2026-11-20"), "x").unwrap();
        std::os::unix::fs::symlink("/etc", site.join("etc")).unwrap();
        let mut files = Vec::new();
        walk(folder.path(), 0, &mut files).unwrap();
        assert_eq!(files, [(site.join("2026-11-20"), 1)]);
    }

    #[test]
    fn lines_that_cannot_be_used_are_named_with_file_and_line() {
        let taken = json!({ "refused": 12, "problems": [{ "line": 3, "says": "it has no time" }] });
        let text = problems(Path::new("metz/2026-11-20"), &taken);
        assert_eq!(text, "metz/2026-11-20:3: it has no time\nmetz/2026-11-20: and 11 more lines");
    }
}
