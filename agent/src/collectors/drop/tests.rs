//! Files on a real disk: renamed, half-written, bad, left by an earlier start.

use std::path::Path;
use std::sync::Arc;

use vigie_shared::wire::reading::LocalLines;

use super::*;
use crate::testing::{Kept, context};

fn config(folder: &Path) -> Config {
    Config {
        folder: folder.to_owned(),
        poll: Duration::from_millis(100),
        quiet: Duration::from_secs(3600),
        ..Config::default()
    }
}

/// What the agent's programs do: write, then rename.
fn leave(folder: &Path, name: &str, text: &str) {
    let fresh = folder.join(format!("{name}.part"));
    std::fs::write(&fresh, text).unwrap();
    // Until the clock of the file system has moved on, a rename looks like a write.
    let target = folder.join(name);
    loop {
        std::fs::rename(&fresh, &target).unwrap();
        let about = std::os::unix::fs::MetadataExt::ctime_nsec(&target.metadata().unwrap());
        if about != std::os::unix::fs::MetadataExt::mtime_nsec(&target.metadata().unwrap()) {
            return;
        }
        std::fs::rename(&target, &fresh).unwrap();
    }
}

fn told(outlet: &Kept) -> Vec<LocalLines> {
    let local = |reading: &Reading| match reading {
        Reading::Local(lines) => Some(lines.clone()),
        _ => None,
    };
    outlet.readings().iter().filter_map(local).collect()
}

/// Runs the collector until the condition holds.
async fn run_until(config: &Config, is_met: impl Fn(&Kept) -> bool) -> Kept {
    let (outlet, stop) = (Kept::default(), CancellationToken::new());
    let mut collector = new(config, &context());
    tokio::select! {
        ended = collector.run(&outlet, stop.clone()) => ended.unwrap(),
        () = outlet.until(is_met) => {}
    }
    outlet
}

fn count(folder: &Path) -> usize {
    std::fs::read_dir(folder).map_or(0, |entries| entries.flatten().filter(|entry| entry.path().is_file()).count())
}

#[tokio::test]
async fn renamed_files_are_taken_whole_and_removed_and_unfinished_ones_are_left() {
    let folder = tempfile::tempdir().unwrap();
    leave(folder.path(), "plays.jsonl", "{\"video\":\"a.mp4\"}\n{\"video\":\"b.mp4\"}\n");
    std::fs::write(folder.path().join("half.jsonl.part"), "{\"vid").unwrap();
    std::fs::write(folder.path().join("readme.txt"), "hello").unwrap();
    let outlet = run_until(&config(folder.path()), |kept| kept.looks().len() >= 2).await;
    let told = told(&outlet);
    assert_eq!(told.len(), 1);
    assert_eq!(told[0].name, "plays.jsonl");
    assert_eq!(told[0].lines.iter().map(|line| line.number).collect::<Vec<_>>(), [1, 2]);
    assert_eq!(count(folder.path()), 2, "what is not ours is left alone");
    assert_eq!(count(&folder.path().join(".taken")), 0);
}

#[tokio::test(start_paused = true)]
async fn a_file_that_was_not_renamed_is_taken_when_it_is_quiet() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("log.jsonl"), "{\"a\":1}\n{\"a\":2}").unwrap();
    let calm = Config { quiet: Duration::from_secs(10), ..config(folder.path()) };
    let outlet = run_until(&calm, |kept| !told(kept).is_empty()).await;
    assert_eq!(told(&outlet)[0].lines.len(), 2);
    assert!(outlet.looks().len() > 90, "not before it was quiet for ten seconds");
}

#[tokio::test]
async fn bad_lines_are_named_and_kept_and_good_ones_delivered() {
    let folder = tempfile::tempdir().unwrap();
    leave(folder.path(), "mixed.jsonl", "{\"a\":1}\nnonsense\n{\"a\":3}\n");
    let outlet = run_until(&config(folder.path()), |kept| !kept.looks().is_empty()).await;
    let said = outlet.looks().into_iter().find_map(Result::err).unwrap();
    assert!(said.contains("line 2 of mixed.jsonl is not JSON"), "{said}");
    assert_eq!(told(&outlet)[0].lines.len(), 2);
    let rejected = std::fs::read_dir(folder.path().join("rejected")).unwrap().next().unwrap().unwrap();
    assert_eq!(std::fs::read_to_string(rejected.path()).unwrap(), "# line 2 is not JSON\nnonsense\n");
}

#[tokio::test]
async fn what_an_earlier_start_had_taken_comes_again_under_the_same_id() {
    let folder = tempfile::tempdir().unwrap();
    leave(folder.path(), "plays.jsonl", "{\"a\":1}\n");
    let mut first = Folder::new(&config(folder.path()));
    let id = first.take(&mut Vec::new()).unwrap()[0].id;
    let outlet = run_until(&config(folder.path()), |kept| !kept.looks().is_empty()).await;
    assert_eq!(told(&outlet)[0].file, id);
}

#[tokio::test]
async fn what_is_written_after_the_file_was_taken_is_not_lost() {
    use std::io::Write as _;
    let folder = tempfile::tempdir().unwrap();
    leave(folder.path(), "plays.jsonl", "{\"a\":1}\n");
    let mut late = std::fs::OpenOptions::new().append(true).open(folder.path().join("plays.jsonl")).unwrap();
    let mut shelf = Folder::new(&config(folder.path()));
    let mut taken = shelf.take(&mut Vec::new()).unwrap().remove(0);
    while taken.read().unwrap().is_some() {}
    late.write_all(b"{\"a\":2}\n").unwrap();
    assert!(!shelf.remove(&taken).unwrap());
    assert_eq!(taken.read().unwrap().unwrap().good[0].number, 2);
    assert!(shelf.remove(&taken).unwrap());
}

#[tokio::test]
async fn links_and_giants_are_set_aside_and_a_missing_folder_is_no_failure() {
    let folder = tempfile::tempdir().unwrap();
    std::os::unix::fs::symlink("/etc/hostname", folder.path().join("link.jsonl")).unwrap();
    leave(folder.path(), "giant.jsonl", &"x".repeat(5_000));
    let small = Config { file_size_max: 1_000, quiet: Duration::ZERO, ..config(folder.path()) };
    let outlet = run_until(&small, |kept| !kept.looks().is_empty()).await;
    assert!(outlet.looks().into_iter().any(|look| look.is_err_and(|error| error.contains("and 1 more"))));
    assert!(told(&outlet).is_empty());
    let nowhere = config(&folder.path().join("missing"));
    let outlet = Arc::new(run_until(&nowhere, |kept| !kept.looks().is_empty()).await);
    assert_eq!(outlet.looks()[0], Ok(()));
}
