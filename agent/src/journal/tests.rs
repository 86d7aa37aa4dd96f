//! The journal from outside: what is durable when, what a stop and a full lane do.

use std::time::Duration;

use vigie_shared::clock::ManualClock;
use vigie_shared::id::BootId;
use vigie_shared::lifecycle::Lifecycle;
use vigie_shared::wire::Live;
use vigie_shared::wire::reading::{AlarmKind, HostSample, Punch, Sightings};

use super::*;
use crate::collectors::Outlet;

struct Bench {
    folder: tempfile::TempDir,
    clock: Arc<ManualClock>,
    lifecycle: Lifecycle,
    journal: Journal,
}

fn clock() -> Arc<ManualClock> {
    Arc::new(ManualClock::new(Stamp { boot: BootId([1; 16]), uptime_ms: 0, wall_ms: 1_000_000, is_synced: true }))
}

fn config() -> QueueConfig {
    // Nothing is written by the passing of time, so that the tests decide when.
    QueueConfig { flush_interval: Duration::from_secs(3600), free_bytes_min: 0, ..QueueConfig::default() }
}

fn open(folder: &std::path::Path, config: QueueConfig, clock: Arc<ManualClock>) -> (Journal, Lifecycle) {
    let lifecycle = Lifecycle::new();
    let options = JournalOptions { folder: folder.to_owned(), config, clock, on_damage: OnDamage::SetAside };
    (Journal::start(options, &lifecycle).unwrap(), lifecycle)
}

fn bench(config: QueueConfig) -> Bench {
    let (folder, clock) = (tempfile::tempdir().unwrap(), clock());
    let (journal, lifecycle) = open(folder.path(), config, Arc::clone(&clock));
    Bench { folder, clock, lifecycle, journal }
}

impl Bench {
    /// Stops as a service does, then starts again.
    async fn restart(self) -> Self {
        let Self { folder, clock, lifecycle, journal } = self;
        lifecycle.stop();
        drop(journal);
        assert_eq!(lifecycle.wait().await, std::process::ExitCode::SUCCESS);
        let (journal, lifecycle) = open(folder.path(), config(), Arc::clone(&clock));
        Self { folder, clock, lifecycle, journal }
    }

    async fn readings(&self, lane: Lane) -> Vec<Reading> {
        let slice = self.journal.read(lane, 1, u64::MAX, usize::MAX).await.unwrap();
        slice.records.iter().map(|record| Record::decode(record).unwrap().reading).collect()
    }

    fn lane(&self, lane: Lane) -> LaneHello {
        self.journal.hello().into_iter().find(|hello| hello.lane == lane).unwrap()
    }
}

fn punch(enrol_id: u64) -> Reading {
    Reading::Punch(Punch { enrol_id, ..Punch::default() })
}

fn sample(uptime_s: u64) -> Reading {
    Reading::Host(HostSample { uptime_s, ..HostSample::default() })
}

#[tokio::test]
async fn a_punch_is_on_the_disk_when_append_returns() {
    let bench = bench(config());
    bench.journal.append(punch(7)).await.unwrap();

    assert_eq!((bench.lane(Lane::Ledger).first, bench.lane(Lane::Ledger).last), (1, 1));
    assert_eq!(bench.readings(Lane::Ledger).await, [punch(7)]);
}

#[tokio::test]
async fn punches_that_come_together_share_one_flush_and_all_are_answered() {
    let bench = bench(config());
    let appends = (0..200).map(|id| bench.journal.append(punch(id)));

    let results = futures_util::future::join_all(appends).await;

    assert!(results.iter().all(Result::is_ok));
    assert_eq!(bench.readings(Lane::Ledger).await.len(), 200);
}

#[tokio::test]
async fn the_first_metric_of_a_process_is_written_at_once() {
    let bench = bench(config()).restart().await;
    let mut changes = bench.journal.changes();
    changes.mark_unchanged();

    bench.journal.append(sample(1)).await.unwrap();

    changes.changed().await.unwrap();
    assert_eq!(bench.readings(Lane::Telemetry).await, [sample(1)]);
}

#[tokio::test]
async fn later_metrics_wait_in_memory_and_are_written_on_a_soft_stop() {
    let bench = bench(config());
    let mut changes = bench.journal.changes();
    changes.mark_unchanged();
    bench.journal.append(sample(0)).await.unwrap();
    changes.changed().await.unwrap();
    for second in 1..5 {
        bench.journal.append(sample(second)).await.unwrap();
    }
    assert_eq!(bench.readings(Lane::Telemetry).await, [sample(0)]);

    let bench = bench.restart().await;

    assert_eq!(bench.readings(Lane::Telemetry).await, (0..5).map(sample).collect::<Vec<_>>());
}

#[tokio::test]
async fn metrics_are_written_when_their_time_has_come() {
    let bench = bench(QueueConfig { flush_interval: Duration::from_millis(1), ..config() });
    let mut changes = bench.journal.changes();
    changes.mark_unchanged();
    bench.journal.append(sample(1)).await.unwrap();

    changes.changed().await.unwrap();

    assert_eq!(bench.readings(Lane::Telemetry).await, [sample(1)]);
}

#[tokio::test]
async fn many_metrics_are_written_before_their_time() {
    let bench = bench(config());
    let mut changes = bench.journal.changes();
    changes.mark_unchanged();
    bench.journal.append(sample(0)).await.unwrap();
    changes.changed().await.unwrap();
    for second in 1..3_000 {
        bench.journal.append(sample(second)).await.unwrap();
    }

    changes.changed().await.unwrap();

    assert!(bench.lane(Lane::Telemetry).last > 1);
}

#[tokio::test]
async fn receipts_trim_and_survive_a_restart() {
    let bench = bench(config());
    for id in 1..=3 {
        bench.journal.append(punch(id)).await.unwrap();
    }
    let queue = bench.lane(Lane::Ledger).queue;
    bench.journal.trim(Lane::Ledger, queue, 2).await.unwrap();
    assert_eq!(bench.readings(Lane::Ledger).await, [punch(3)]);

    let bench = bench.restart().await;

    let hello = bench.lane(Lane::Ledger);
    assert_eq!((hello.queue, hello.first, hello.last), (queue, 3, 3));
    assert_eq!(hello.receipted.map(|receipted| receipted.seq), Some(2));
}

#[tokio::test]
async fn a_renewed_lane_keeps_its_waiting_records() {
    let bench = bench(config());
    for id in 1..=3 {
        bench.journal.append(punch(id)).await.unwrap();
    }
    let queue = bench.lane(Lane::Ledger).queue;

    bench.journal.renew(Lane::Ledger, QueueId::random()).await.unwrap();
    assert_eq!(bench.lane(Lane::Ledger).queue, queue);
    bench.journal.renew(Lane::Ledger, queue).await.unwrap();

    assert_ne!(bench.lane(Lane::Ledger).queue, queue);
    assert_eq!(bench.readings(Lane::Ledger).await, [punch(1), punch(2), punch(3)]);
}

#[tokio::test]
async fn a_full_ledger_refuses_and_a_full_observations_lane_says_what_it_dropped() {
    let bench = bench(QueueConfig { records_max: 3, ..config() });
    for id in 1..=3 {
        bench.journal.append(punch(id)).await.unwrap();
    }
    assert!(matches!(bench.journal.append(punch(4)).await, Err(JournalError::Full(Shortage::Records))));

    for _ in 1..=4 {
        bench.journal.append(Reading::Sightings(Sightings::default())).await.unwrap();
        bench.journal.flush().await.unwrap();
    }
    bench.journal.flush().await.unwrap();

    let hello = bench.lane(Lane::Observations);
    assert_eq!((hello.first > 1, hello.below), (true, Below::Dropped));
    let readings = bench.readings(Lane::Observations).await;
    let is_told = |reading: &Reading| matches!(reading, Reading::Alarm(alarm) if alarm.kind == AlarmKind::LaneDropped);
    assert!(readings.iter().any(is_told), "{readings:?}");
}

#[tokio::test]
async fn a_reading_that_no_message_can_carry_is_refused() {
    let bench = bench(config());
    let extra = "x".repeat(RECORD_BYTES_MAX);

    let refused = bench.journal.append(Reading::Punch(Punch { extra, ..Punch::default() })).await;

    assert!(matches!(refused, Err(JournalError::TooLarge { .. })));
}

#[tokio::test]
async fn what_waits_is_told_with_its_age() {
    let bench = bench(config());
    bench.journal.append(punch(1)).await.unwrap();
    bench.clock.advance(Duration::from_secs(90));

    let depths = bench.journal.depths();

    let ledger = depths.iter().find(|depth| depth.lane == Lane::Ledger).unwrap();
    assert_eq!((ledger.waiting, ledger.oldest_s), (1, 90));
    assert!(ledger.bytes > 0);
}

#[tokio::test]
async fn what_waits_since_a_boot_in_1970_is_at_least_as_old_as_this_boot() {
    let bench = bench(config());
    bench.journal.append(punch(1)).await.unwrap();
    let wall_ms = built_ms() + 60_000;
    bench.clock.change(|stamp| *stamp = Stamp { boot: BootId([2; 16]), uptime_ms: 7_000, wall_ms, is_synced: true });

    let depths = bench.journal.depths();

    let ledger = depths.iter().find(|depth| depth.lane == Lane::Ledger).unwrap();
    assert_eq!((ledger.waiting, ledger.oldest_s), (1, 7));
}

#[tokio::test]
async fn live_messages_drop_their_oldest_when_nobody_reads() {
    let bench = bench(config());
    let mut live = bench.journal.live_receiver();
    let message = |permille| Live::Progress {
        command: Default::default(),
        stage: String::new(),
        permille: Some(permille),
        done_bytes: None,
    };
    for permille in 0..1000 {
        Outlet::live(&bench.journal, message(permille));
    }

    assert_eq!(live.recv().await, Some(message(968)));
}

#[tokio::test]
async fn a_damaged_lane_is_replaced_and_the_hub_is_told() {
    let bench = bench(config());
    bench.journal.append(punch(1)).await.unwrap();
    let queue = bench.lane(Lane::Ledger).queue;
    let Bench { folder, clock, lifecycle, journal } = bench;
    lifecycle.stop();
    drop(journal);
    lifecycle.wait().await;
    std::fs::remove_dir_all(folder.path().join("ledger/store-1")).unwrap();

    let (journal, lifecycle) = open(folder.path(), config(), Arc::clone(&clock));
    let bench = Bench { folder, clock, lifecycle, journal };

    assert_ne!(bench.lane(Lane::Ledger).queue, queue);
    let mut changes = bench.journal.changes();
    let text = loop {
        bench.journal.flush().await.unwrap();
        let readings = bench.readings(Lane::Observations).await;
        if let Some(Reading::Alarm(alarm)) = readings.first() {
            break alarm.text.clone();
        }
        changes.changed().await.unwrap();
    };
    assert!(text.contains("Records 1 to at least 1"), "{text}");
}

#[tokio::test]
async fn a_second_agent_on_the_same_folder_is_refused() {
    let bench = bench(config());
    let folder = bench.folder.path().to_owned();
    let options = JournalOptions { folder, config: config(), clock: clock(), on_damage: OnDamage::SetAside };

    assert!(matches!(Journal::start(options, &bench.lifecycle), Err(QueueError::Busy(_))));
}
