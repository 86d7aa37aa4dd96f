//! A box that comes back from a long outage on a small machine: a full lane, little memory.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;
use vigie_agent::journal::{Journal, JournalOptions, OnDamage};
use vigie_shared::clock::SystemClock;
use vigie_shared::lifecycle::Lifecycle;
use vigie_shared::wire::Reading;
use vigie_shared::wire::reading::HostSample;
use vigie_tests::cgroup::MemoryBound;
use vigie_tests::processes::{BoxProcess, HubProcess};

/// As many as a lane may hold.
const RECORDS: u64 = 200_000;

/// What the box may use, bytes: all of a small board that the player leaves to others.
const MEMORY_BYTES: u64 = 64 << 20;

/// Far above what draining takes.
const PATIENCE: Duration = Duration::from_secs(240);

/// Fills the telemetry lane of a box that does not run.
async fn fill(victim: &BoxProcess) {
    let lifecycle = Lifecycle::new();
    let options = JournalOptions {
        folder: victim.folder.join("data/queue"),
        config: vigie_agent::config::AgentConfig::default().queue,
        clock: Arc::new(SystemClock::new(|| true)),
        on_damage: OnDamage::Fail,
    };
    let journal = Journal::start(options, &lifecycle).unwrap();
    for number in 0..RECORDS {
        let sample = HostSample { uptime_s: number, ..HostSample::default() };
        journal.append(Reading::Host(sample)).await.unwrap();
    }
    journal.flush().await.unwrap();
    lifecycle.stop();
    drop(journal);
    assert_eq!(lifecycle.wait().await, std::process::ExitCode::SUCCESS);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_box_with_a_full_lane_starts_and_drains_in_64_mib() {
    let Some(bound) = MemoryBound::new("vigie-backlog", MEMORY_BYTES).unwrap() else { return };
    let folder = tempfile::tempdir().unwrap();
    let mut hub = HubProcess::new(folder.path()).unwrap();
    hub.start().await.unwrap();
    let mut victim = BoxProcess::enrol(&hub, "backlog01", folder.path()).await.unwrap();
    fill(&victim).await;

    victim.start_within(&bound.door()).unwrap();

    let until = Instant::now() + PATIENCE;
    while !(victim.is_connected() && victim.waiting() == Some(0)) {
        assert_eq!(victim.program().ended(), None, "the box ended:\n{}", victim.program().said());
        assert!(Instant::now() < until, "{:?} records still wait", victim.waiting());
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    let site = hub.get("/api/v1/sites/backlog01").await.unwrap();
    let lanes = site["completeness"].as_array().unwrap();
    let telemetry = lanes.iter().find(|lane| lane["lane"] == "telemetry").unwrap();
    assert!(telemetry["through"].as_u64() >= Some(RECORDS) && telemetry["missing"] == 0, "{telemetry}");
    victim.kill();
}
