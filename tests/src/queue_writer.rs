//! Drives the process `queue_writer`, and checks what it left behind.

#![expect(clippy::panic, clippy::unwrap_used, reason = "a panic is how a test fails, its helpers included")]

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};

use vigie_agent::queue::durable::{self, DurableOptions};
use vigie_agent::queue::{Limit, Opening};
use vigie_shared::wire::{Reading, Record};

/// A writer at work.
pub struct Writer {
    child: Child,
    lines: BufReader<ChildStdout>,
    /// Everything through here is safe, as it said.
    pub safe: u64,
    /// Everything through here may be gone.
    pub trimmed: u64,
}

impl Writer {
    /// Starts a writer; `program` is its executable.
    ///
    /// # Panics
    ///
    /// If it does not start.
    #[must_use]
    pub fn start(program: &str, folder: &Path) -> Self {
        let mut child = Command::new(program).arg("write").arg(folder).stdout(Stdio::piped()).spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap());
        Self { child, lines, safe: 0, trimmed: 0 }
    }

    /// Listens to so many lines.
    ///
    /// # Panics
    ///
    /// If it ends or says something else.
    pub fn listen(&mut self, lines: usize) {
        for _ in 0..lines {
            let mut line = String::new();
            self.lines.read_line(&mut line).unwrap();
            let (word, number) = line.trim().split_once(' ').unwrap_or_else(|| panic!("the writer ended: `{line}`"));
            let number = number.parse().unwrap();
            match word {
                "safe" => self.safe = number,
                "trimmed" => self.trimmed = number,
                other => panic!("the writer says `{other}`"),
            }
        }
    }

    /// Sends a signal.
    ///
    /// # Panics
    ///
    /// If the process is gone.
    pub fn signal(&self, signal: nix::sys::signal::Signal) {
        let pid = nix::unistd::Pid::from_raw(i32::try_from(self.child.id()).unwrap());
        nix::sys::signal::kill(pid, signal).unwrap();
    }

    /// Ends it without warning, as `kill -9` does.
    ///
    /// # Panics
    ///
    /// If it cannot be ended.
    pub fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        // A failed test must not leave a stopped process behind; after `kill` there is none.
        drop((self.child.kill(), self.child.wait()));
    }
}

/// Opens the ledger that a writer left behind and checks that everything said to be safe is there, once and in
/// order, and that nothing had to be set aside. Returns the last position.
///
/// # Panics
///
/// If not.
pub fn check_left_behind(folder: &Path, safe: u64, trimmed: u64) -> u64 {
    let options = DurableOptions { folder: folder.join("ledger"), set_aside_bytes_max: 1 << 20 };
    let mut opened = durable::open(&options, Opening::Repair, 0).unwrap();
    assert_eq!(opened.set_aside, None);
    let extent = opened.queue.extent();
    assert!(extent.last >= safe, "{safe} records were said to be safe, {} are there", extent.last);
    assert!(extent.first <= trimmed + 1, "records from {} to {} are gone", trimmed + 1, extent.first);
    let mut position = extent.first;
    while position <= extent.last {
        let slice = opened.queue.read(position, Limit { records_max: 1000, bytes_max: 1 << 20 }).unwrap();
        assert_eq!(slice.start, position, "records are damaged");
        assert!(!slice.records.is_empty(), "record {position} is missing");
        for bytes in slice.records {
            let Reading::Punch(punch) = Record::decode(&bytes).unwrap().reading else { panic!("not a punch") };
            assert_eq!(punch.enrol_id, position);
            position += 1;
        }
    }
    extent.last
}
