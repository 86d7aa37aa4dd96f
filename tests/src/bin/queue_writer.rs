//! A process that writes to a journal until it is killed, and says what is safe: for the crash tests.
//!
//! `write FOLDER` appends punches whose number is their position, many at a time, and prints `safe N` when the
//! journal has taken everything through N; now and then it trims and prints `trimmed N`. `weigh FOLDER` opens the
//! journal, drains the ledger and prints what that cost in memory.

#![expect(clippy::print_stdout, reason = "whoever started this process reads it there")]

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context as _;
use vigie_agent::journal::{Journal, JournalOptions, OnDamage, QueueConfig};
use vigie_shared::clock::SystemClock;
use vigie_shared::lifecycle::Lifecycle;
use vigie_shared::wire::reading::Punch;
use vigie_shared::wire::{Lane, LaneHello, Reading};

/// Punches that ask for room at the same time: fewer than would be polled out of order.
const GROUPS: [u64; 6] = [1, 7, 1, 12, 3, 30];

/// The journal keeps this many records when it is trimmed.
const KEPT: u64 = 500;

fn main() -> anyhow::Result<()> {
    let mut words = std::env::args().skip(1);
    let (verb, folder) = words.next().zip(words.next()).context("say what to do, and in which folder")?;
    let folder = PathBuf::from(folder);
    let numbers: Vec<u64> = words.map(|word| word.parse()).collect::<Result<_, _>>()?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        match (verb.as_str(), numbers.as_slice()) {
            ("write", []) => write(&open(&folder)?.0).await,
            ("weigh", []) => weigh(&folder).await,
            _ => anyhow::bail!("`{verb}` with {} numbers is not understood", numbers.len()),
        }
    })
}

fn open(folder: &Path) -> anyhow::Result<(Journal, Lifecycle)> {
    let lifecycle = Lifecycle::new();
    let options = JournalOptions {
        folder: folder.to_owned(),
        config: QueueConfig { free_bytes_min: 0, free_inodes_min: 0, ..QueueConfig::default() },
        clock: Arc::new(SystemClock::new(|| true)),
        on_damage: OnDamage::SetAside,
    };
    Ok((Journal::start(options, &lifecycle)?, lifecycle))
}

fn ledger(journal: &Journal) -> anyhow::Result<LaneHello> {
    journal.hello().into_iter().find(|hello| hello.lane == Lane::Ledger).context("the ledger is closed")
}

async fn append(journal: &Journal, from: u64, count: u64, bytes: usize) -> anyhow::Result<()> {
    let punch = |enrol_id| Reading::Punch(Punch { enrol_id, extra: "x".repeat(bytes), ..Punch::default() });
    let appends = (from..from + count).map(|enrol_id| journal.append(punch(enrol_id)));
    let results = futures_util::future::join_all(appends).await;
    results.into_iter().collect::<Result<Vec<()>, _>>().context("append")?;
    Ok(())
}

async fn write(journal: &Journal) -> anyhow::Result<()> {
    for count in GROUPS.into_iter().cycle() {
        let hello = ledger(journal)?;
        append(journal, hello.last + 1, count, 100).await?;
        println!("safe {}", hello.last + count);
        if hello.last > hello.first + 2 * KEPT {
            let through = hello.last - KEPT;
            journal.trim(Lane::Ledger, hello.queue, through).await?;
            println!("trimmed {through}");
        }
    }
    Ok(())
}

async fn weigh(folder: &Path) -> anyhow::Result<()> {
    let before = memory_kib("VmHWM:")?;
    let (journal, lifecycle) = open(folder)?;
    let (opened, hello) = (memory_kib("VmRSS:")?, ledger(&journal)?);
    let mut from = hello.first;
    let mut records = 0;
    while from <= hello.last {
        let slice = journal.read(Lane::Ledger, from, 400, 64 << 10).await?;
        records += slice.records.len();
        from = slice.start + slice.records.len() as u64;
        journal.trim(Lane::Ledger, hello.queue, from - 1).await?;
    }
    println!("{before} {opened} {} {records}", memory_kib("VmHWM:")?);
    drop(journal);
    lifecycle.stop();
    anyhow::ensure!(lifecycle.wait().await == std::process::ExitCode::SUCCESS, "the journal did not close");
    Ok(())
}

/// A figure of this process, in KiB.
fn memory_kib(name: &str) -> anyhow::Result<u64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix(name)).context("the kernel tells no memory")?;
    line.trim().trim_end_matches(" kB").parse().context("understand the kernel")
}
