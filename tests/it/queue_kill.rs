//! The queue and `kill -9`: what was said to be safe is there, in order, once; killed again and again.

use vigie_tests::effort;
use vigie_tests::queue_writer::{Writer, check_left_behind};

const WRITER: &str = env!("CARGO_BIN_EXE_queue_writer");

/// How often to kill.
fn kills() -> usize {
    effort(10, 100)
}

#[test]
fn every_safe_record_survives_kill_9() {
    let place = tempfile::tempdir().unwrap();
    let mut last = 0;
    let mut trimmed = 0;
    for round in 0..kills() {
        let mut writer = Writer::start(WRITER, place.path());
        // At the very first write, in the middle of things, after trims: never at the same point.
        writer.listen(1 + round * 37 % 211);
        let safe = writer.safe.max(last);
        // The writer goes on while it is being killed: it may trim what it has not told yet.
        trimmed = writer.trimmed.max(trimmed);
        writer.kill();
        last = check_left_behind(place.path(), safe, safe);
        assert!(last >= trimmed);
    }
    println!("{last} records, none of the safe ones missing, through {} kills", kills());
}

#[test]
fn a_backlog_of_200_000_records_opens_and_drains_in_bounded_memory() {
    use vigie_agent::queue::Opening;
    use vigie_agent::queue::durable::{self, DurableOptions};
    use vigie_shared::wire::reading::Punch;
    use vigie_shared::wire::{Reading, Record, Stamp};

    let place = tempfile::tempdir().unwrap();
    let options = DurableOptions { folder: place.path().join("ledger"), set_aside_bytes_max: 1 << 20 };
    let stamp = Stamp { boot: Default::default(), uptime_ms: 0, wall_ms: 0, is_synced: true };
    let punch = |enrol_id| Reading::Punch(Punch { enrol_id, extra: "x".repeat(130), ..Punch::default() });
    let mut queue = durable::open(&options, Opening::Repair, 0).unwrap().queue;
    for from in (0..200_000).step_by(1000) {
        let records: Vec<_> = (from..from + 1000).map(|id| Record { stamp, reading: punch(id) }.encode()).collect();
        queue.append(&records).unwrap();
    }
    queue.close().unwrap();
    drop(queue);

    let output = std::process::Command::new(WRITER).arg("weigh").arg(place.path()).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let figures: Vec<u64> = text.split_whitespace().map(|figure| figure.parse().unwrap()).collect();
    let [before_kib, opened_kib, peak_kib, records] = figures[..] else { panic!("the writer says {text:?}") };

    println!("memory with a backlog of 200 000: {before_kib} KiB before, {opened_kib} opened, {peak_kib} at most");
    assert_eq!(records, 200_000);
    assert!(peak_kib < 56 << 10, "draining took {peak_kib} KiB");
}
