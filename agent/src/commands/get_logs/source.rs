//! Where lines come from: a file's end, or the journal, newest first. Everything here waits: for blocking threads.

use std::fs::File;
use std::io::{BufRead as _, BufReader, Read as _, Seek as _, SeekFrom};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use anyhow::Context as _;

use super::select::{Excerpt, Taking, Wanted};

/// How much of a log is searched, from its end, bytes.
const SEARCH_BYTES_MAX: u64 = 64 << 20;

/// Longest line that is read whole, bytes.
const LINE_BYTES_MAX: u64 = 64 << 10;

/// How much of a file is held at a time, bytes.
const BLOCK_BYTES: u64 = 256 << 10;

/// Longest complaint of the journal's reader that is passed on, bytes.
const COMPLAINT_BYTES_MAX: u64 = 500;

/// A log file.
pub(super) struct LogFile {
    pub(super) path: PathBuf,
}

impl LogFile {
    pub(super) fn read(&self, wanted: Wanted) -> anyhow::Result<Excerpt> {
        let shown = self.path.display();
        // A pipe in the place of a file would be waited for; a device would be read for ever.
        let mut file = File::options()
            .read(true)
            .custom_flags(nix::libc::O_NONBLOCK)
            .open(&self.path)
            .with_context(|| format!("open {shown}"))?;
        let about = file.metadata().with_context(|| format!("look at {shown}"))?;
        anyhow::ensure!(about.is_file(), "{shown} is not a file");
        backwards(&mut file, about.len(), wanted).with_context(|| format!("read {shown}"))
    }
}

/// Reads blocks from the end towards the beginning and offers their lines.
fn backwards(file: &mut File, size: u64, wanted: Wanted) -> std::io::Result<Excerpt> {
    let mut taking = Taking::new(wanted);
    let mut at = size;
    let mut rest: Vec<u8> = Vec::new();
    while at > 0 {
        let from = at.saturating_sub(BLOCK_BYTES);
        file.seek(SeekFrom::Start(from))?;
        let mut block = Vec::new();
        file.by_ref().take(at - from).read_to_end(&mut block)?;
        block.append(&mut rest);
        at = from;
        let mut lines = block.split(|byte| *byte == b'\n');
        // The first one may begin in the block before, unless it has become too long to be a line.
        let is_whole = at == 0 || block.len() as u64 > 2 * BLOCK_BYTES;
        let first = if is_whole { None } else { lines.next() };
        let mut lines: Vec<&[u8]> = lines.collect();
        if at + block.len() as u64 == size && lines.last().is_some_and(|last| last.is_empty()) {
            lines.pop();
        }
        if lines.iter().rev().any(|line| !taking.offer(line)) {
            return Ok(taking.excerpt());
        }
        if size - at >= SEARCH_BYTES_MAX {
            taking.give_up();
            return Ok(taking.excerpt());
        }
        rest = first.map(<[u8]>::to_vec).unwrap_or_default();
    }
    Ok(taking.excerpt())
}

/// The journal of one unit, by the program that reads it.
pub(super) struct LogUnit {
    pub(super) program: PathBuf,
    pub(super) unit: String,
    pub(super) since_ms: Option<i64>,
    pub(super) until_ms: Option<i64>,
}

/// The reader, ended whatever happens.
struct Reader(Child);

impl Drop for Reader {
    fn drop(&mut self) {
        // It may have ended by itself.
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

impl LogUnit {
    pub(super) fn read(&self, wanted: Wanted) -> anyhow::Result<Excerpt> {
        let mut reader = Reader(self.start()?);
        let output = reader.0.stdout.take().context("read the journal")?;
        let mut output = BufReader::new(output.take(SEARCH_BYTES_MAX));
        let mut taking = Taking::new(wanted);
        let mut is_enough = false;
        let mut line = Vec::new();
        while !is_enough {
            line.clear();
            if output.by_ref().take(LINE_BYTES_MAX).read_until(b'\n', &mut line).context("read the journal")? == 0 {
                break;
            }
            is_enough = !taking.offer(line.strip_suffix(b"\n").unwrap_or(&line));
        }
        if !is_enough && output.get_ref().limit() == 0 {
            taking.give_up();
        } else if !is_enough {
            self.judge(&mut reader.0)?;
        }
        Ok(taking.excerpt())
    }

    fn start(&self) -> anyhow::Result<Child> {
        let at = |ms: i64| format!("@{}", ms.div_euclid(1_000));
        let mut command = Command::new(&self.program);
        command.arg(format!("--unit={}.service", self.unit)).args(["--reverse", "--no-pager", "--quiet"]);
        command.args(["--output=short-iso"]);
        command.args(self.since_ms.map(|ms| format!("--since={}", at(ms))));
        command.args(self.until_ms.map(|ms| format!("--until={}", at(ms))));
        command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .with_context(|| format!("start {}, which reads the journal", self.program.display()))
    }

    /// A reader that failed has said why.
    fn judge(&self, reader: &mut Child) -> anyhow::Result<()> {
        let mut complaint = String::new();
        if let Some(errors) = reader.stderr.take() {
            errors.take(COMPLAINT_BYTES_MAX).read_to_string(&mut complaint).unwrap_or_default();
        }
        let status = reader.wait().context("wait for the journal's reader")?;
        anyhow::ensure!(status.success(), "read the journal of {}: {}", self.unit, complaint.trim());
        Ok(())
    }
}
