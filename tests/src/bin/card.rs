//! Counts what the journal writes to the card for each class of record, as the kernel counts it for this process.
//!
//! `card FOLDER` prints a table of bytes per record: *kept* while no hub takes anything, *receipted* when each group
//! is receipted at once and the box then rests, so that what is lazy is written too. The kernel counts whole blocks
//! of 4 096 bytes; the file system's own journal comes on top. `FOLDER` lies on the disk that is asked about.

#![expect(clippy::print_stdout, reason = "whoever started this process reads it there")]

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use vigie_agent::collectors::Outlet as _;
use vigie_agent::journal::{Journal, JournalOptions, OnDamage, QueueConfig};
use vigie_shared::clock::SystemClock;
use vigie_shared::lifecycle::Lifecycle;
use vigie_shared::pseudonym::Pseudonym;
use vigie_shared::wire::reading::{
    AgentUse, Coverage, DeviceRef, Disk, HostSample, Link, Punch, Sight, Sighting, Sightings,
};
use vigie_shared::wire::{Live, Reading};

/// The engine writes what is lazy within two seconds; a box rests longer between records.
const REST: Duration = Duration::from_millis(2_500);

/// Groups per figure.
const GROUPS: u64 = 10;

/// One class of records.
struct Class {
    name: &'static str,
    group: u64,
    make: fn(u64) -> Reading,
}

const CLASSES: [Class; 6] = [
    Class { name: "punch alone", group: 1, make: punch },
    Class { name: "punches, 10 at once", group: 10, make: punch },
    Class { name: "punches, 100 at once", group: 100, make: punch },
    Class { name: "metric sample alone", group: 1, make: sample },
    Class { name: "metric samples, 100 at once", group: 100, make: sample },
    Class { name: "collector tick (20 devices, coverage)", group: 2, make: tick },
];

fn main() -> anyhow::Result<()> {
    let folder = PathBuf::from(std::env::args().nth(1).context("say in which folder")?);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    println!("{:<40} {:>9} {:>12}", "bytes written per record", "kept", "receipted");
    for (n, class) in CLASSES.iter().enumerate() {
        let place = folder.join(n.to_string());
        let kept = runtime.block_on(figure(class, place.join("kept"), false))?;
        let receipted = runtime.block_on(figure(class, place.join("receipted"), true))?;
        println!("{:<40} {kept:>9} {receipted:>12}", class.name);
    }
    println!("{:<40} {:>9}", "heartbeat", runtime.block_on(heartbeats(folder.join("live")))?);
    Ok(())
}

async fn figure(class: &Class, folder: PathBuf, is_receipted: bool) -> anyhow::Result<u64> {
    let (journal, lifecycle) = open(folder)?;
    // The first record of a lane writes its identity too.
    write(&journal, class, 0, is_receipted).await?;
    let before = written_bytes()?;
    for group in 1..=GROUPS {
        write(&journal, class, group, is_receipted).await?;
    }
    let written = written_bytes()? - before;
    close(journal, lifecycle).await?;
    Ok(written / (GROUPS * class.group))
}

async fn write(journal: &Journal, class: &Class, group: u64, is_receipted: bool) -> anyhow::Result<()> {
    let readings = (0..class.group).map(|n| (class.make)(group * class.group + n));
    let appends = readings.map(|reading| journal.append(reading));
    futures_util::future::join_all(appends).await.into_iter().collect::<Result<Vec<()>, _>>().context("append")?;
    journal.flush().await?;
    if is_receipted {
        for hello in journal.hello() {
            journal.trim(hello.lane, hello.queue, hello.last).await?;
        }
        tokio::time::sleep(REST).await;
    }
    Ok(())
}

/// Heartbeats are of the moment: nothing of them is stored.
async fn heartbeats(folder: PathBuf) -> anyhow::Result<u64> {
    let (journal, lifecycle) = open(folder)?;
    tokio::time::sleep(REST).await;
    let before = written_bytes()?;
    for permille in 0..100 {
        journal.live(Live::Progress {
            command: Default::default(),
            stage: String::new(),
            permille: Some(permille),
            done_bytes: None,
        });
    }
    tokio::time::sleep(REST).await;
    let written = written_bytes()? - before;
    close(journal, lifecycle).await?;
    Ok(written / 100)
}

fn open(folder: PathBuf) -> anyhow::Result<(Journal, Lifecycle)> {
    let lifecycle = Lifecycle::new();
    let options = JournalOptions {
        folder,
        config: QueueConfig { free_bytes_min: 0, free_inodes_min: 0, ..QueueConfig::default() },
        clock: Arc::new(SystemClock::new(|| true)),
        on_damage: OnDamage::SetAside,
    };
    Ok((Journal::start(options, &lifecycle)?, lifecycle))
}

async fn close(journal: Journal, lifecycle: Lifecycle) -> anyhow::Result<()> {
    drop(journal);
    lifecycle.stop();
    anyhow::ensure!(lifecycle.wait().await == std::process::ExitCode::SUCCESS, "the journal did not close");
    Ok(())
}

/// Bytes that this process has caused to be written.
fn written_bytes() -> anyhow::Result<u64> {
    let io = std::fs::read_to_string("/proc/self/io")?;
    let line = io.lines().find_map(|line| line.strip_prefix("write_bytes: ")).context("the kernel counts no writes")?;
    line.parse().context("understand the kernel")
}

fn punch(n: u64) -> Reading {
    Reading::Punch(Punch {
        terminal: "ZXRB22001174".to_owned(),
        enrol_id: n,
        local_time: "2026-11-20 08:31:07".to_owned(),
        ..Punch::default()
    })
}

fn sample(n: u64) -> Reading {
    let disk = |mount: &str| Disk { mount: mount.to_owned(), total_bytes: 31_914_983_424, available_bytes: n << 20 };
    let link = |name: &str| Link { name: name.to_owned(), received_bytes: n << 22, sent_bytes: n << 20 };
    Reading::Host(HostSample {
        cpu_permille: 37,
        load_milli: 120,
        memory_total_bytes: 4 << 30,
        memory_available_bytes: (3 << 30) + n,
        temperature_milli_c: Some(48_312),
        uptime_s: n * 300,
        disks: vec![disk("/"), disk("/boot")],
        links: vec![link("eth0"), link("wlan0")],
        agent: AgentUse { pss_bytes: 8 << 20, written_bytes: n << 12, cpu_ms: n * 200 },
    })
}

/// What one tick of the LAN's collector appends: who was seen, and that the box could see.
fn tick(n: u64) -> Reading {
    let network = "eth0".to_owned();
    if n % 2 == 1 {
        return Reading::Coverage(Coverage {
            network,
            from_ago_s: 300,
            to_ago_s: 0,
            asked: 253,
            answered: 20,
            sight: Sight::Clear,
        });
    }
    let row = |device: u8| Sighting {
        device: DeviceRef::Passing(Pseudonym([device; 16])),
        first_ago_s: 290,
        last_ago_s: 4,
        count: 5,
        sources: 3,
        flags: Sighting::PRIVATE_ADDRESS,
    };
    Reading::Sightings(Sightings { network, rows: (0..20).map(row).collect() })
}
