//! What the `queue` verbs answer, with and without a running agent.

use clap::Parser;
use vigie_shared::id::QueueId;
use vigie_shared::wire::reading::Punch;
use vigie_shared::wire::{Below, Reading};

use super::*;
use crate::journal::answers::{LaneStatus, LaneVerdict};

#[derive(Debug, Parser)]
struct Words {
    #[command(flatten)]
    queue: QueueArgs,
}

fn words(text: &str) -> Result<QueueArgs, clap::Error> {
    Words::try_parse_from(std::iter::once("queue").chain(text.split(' '))).map(|words| words.queue)
}

#[expect(clippy::unnecessary_wraps, reason = "the shape of a real asker")]
fn no_agent(_verb: &QueueVerb) -> anyhow::Result<Option<Value>> {
    Ok(None)
}

fn run_here(folder: &Path, text: &str) -> anyhow::Result<ExitCode> {
    run(folder, &config(), &words(text).unwrap(), &no_agent)
}

fn config() -> QueueConfig {
    QueueConfig { free_bytes_min: 0, ..QueueConfig::default() }
}

fn fill(folder: &Path, punches: u64) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let lifecycle = Lifecycle::new();
        let clock = Arc::new(SystemClock::new(|| true));
        let options =
            JournalOptions { folder: folder.to_owned(), config: config(), clock, on_damage: OnDamage::SetAside };
        let journal = Journal::start(options, &lifecycle).unwrap();
        for enrol_id in 0..punches {
            journal.append(Reading::Punch(Punch { enrol_id, ..Punch::default() })).await.unwrap();
        }
        drop(journal);
        lifecycle.stop();
        lifecycle.wait().await;
    });
}

#[test]
fn the_lanes_of_a_stopped_agent_are_verified_and_dropped() {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path().join("queue");
    fill(&folder, 5);

    assert_eq!(run_here(&folder, "verify").unwrap(), ExitCode::SUCCESS);
    assert_eq!(run_here(&folder, "drop ledger --through 2 --yes").unwrap(), ExitCode::SUCCESS);
}

fn piece(bytes: &[u8], done: u64) -> crate::journal::answers::Piece {
    crate::journal::answers::Piece { bytes: bytes.to_vec(), done, total: 2 }
}

#[tokio::test]
async fn a_file_has_its_name_only_once_it_is_whole() {
    use crate::journal::answers::Pieces as _;
    let place = tempfile::tempdir().unwrap();
    let file = place.path().join("metz.vigie");
    let names = || std::fs::read_dir(place.path()).unwrap().count();

    let mut stick = export::StickFile::create(&file).unwrap();
    stick.take(piece(b"ab", 1)).await.unwrap();
    assert!(!file.exists());
    drop(stick);
    assert_eq!(names(), 0, "an attempt that failed leaves nothing");

    std::fs::write(place.path().join("metz.vigie.part"), b"of an earlier attempt").unwrap();
    let mut stick = export::StickFile::create(&file).unwrap();
    stick.take(piece(b"ab", 1)).await.unwrap();
    stick.take(piece(b"cd", 2)).await.unwrap();
    stick.finish().unwrap();
    assert_eq!((std::fs::read(&file).unwrap(), names()), (b"abcd".to_vec(), 1));
}

#[tokio::test]
async fn a_full_stick_is_told_with_what_the_export_needs() {
    use crate::journal::answers::Pieces as _;
    let place = tempfile::tempdir().unwrap();
    let mut stick = export::StickFile::create(&place.path().join("x")).unwrap();
    let much = crate::journal::answers::Piece { bytes: b"ab".to_vec(), done: 0, total: u64::MAX / 32 };
    let error = stick.take(much).await.unwrap_err().to_string();
    assert!(error.contains("larger stick"), "{error}");
}

#[test]
fn a_damaged_lane_is_reported_and_left_alone() {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path().join("queue");
    fill(&folder, 5);
    let store = folder.join("ledger/store-1");
    std::fs::remove_dir_all(&store).unwrap();
    std::fs::create_dir(&store).unwrap();

    let error = run_here(&folder, "status").unwrap_err();

    assert!(format!("{error:#}").contains("damaged"), "{error:#}");
    assert!(
        !std::fs::read_dir(folder.join("ledger"))
            .unwrap()
            .any(|entry| { entry.unwrap().file_name().to_string_lossy().starts_with("corrupt") })
    );
}

#[test]
fn a_folder_without_a_queue_stays_without_one() {
    let place = tempfile::tempdir().unwrap();
    assert!(run_here(&place.path().join("nothing"), "status").is_err());
    assert!(!place.path().join("nothing").exists());
}

#[test]
fn nothing_is_dropped_without_a_word() {
    assert!(words("drop ledger").is_err());
    assert!(words("drop ledgre --through 3").unwrap_err().to_string().contains("ledger, observations, telemetry"));
}

#[test]
fn the_answers_read_well() {
    let lane = |lane, waiting, below| LaneStatus {
        lane,
        queue: QueueId([1; 16]),
        first: 13,
        last: 12 + waiting,
        waiting,
        bytes: 1_300_000,
        oldest_s: 7_300,
        dropped: if below == Below::Dropped { 12 } else { 0 },
        below,
        receipted: None,
    };
    let status = QueueStatus {
        lanes: vec![lane(Lane::Ledger, 0, Below::Receipted), lane(Lane::Telemetry, 200, Below::Dropped)],
    };
    insta::assert_snapshot!(text::status(&status));
    let verdict = QueueVerdict { lanes: vec![LaneVerdict { lane: Lane::Ledger, whole: 5, unknown: 0, damaged: 2 }] };
    insta::assert_snapshot!(text::verdict(&verdict));
}
