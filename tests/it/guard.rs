//! The guard of the agent's updates, as the package installs it: a shell script, driven with versions that are scripts.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use ring::digest::{SHA256, digest};
use tempfile::TempDir;
use vigie_agent::privileged::trial::{Trial, Undone, trial, undone};

const GUARD: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../packaging/agent/agent-guard");

/// A version that works.
const GOOD: &str = "#!/bin/sh\necho vigie-agent 0.2.0\n";
/// A version whose self-test fails.
const BAD: &str = "#!/bin/sh\n[ \"$1\" != --self-test ]\n";

/// A box's folder of versions, and what its package installed.
struct Versions {
    folder: TempDir,
}

impl Versions {
    fn new() -> Self {
        let versions = Self { folder: tempfile::tempdir().unwrap() };
        write_program(&versions.path("installed"), GOOD);
        versions
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Puts a version in place and announces its trial, as the part with root does.
    fn put_on_trial(&self, program: &str) {
        write_program(&self.path("agent"), program);
        let hash: String = digest(&SHA256, program.as_bytes()).as_ref().iter().map(|b| format!("{b:02x}")).collect();
        let text = format!("id=a-1\nversion=0.2.0\nsha256={hash}\nstarts=0\n");
        fs::write(self.path("trial"), text).unwrap();
    }

    fn guard(&self, words: &[&str]) {
        let user = nix::unistd::User::from_uid(nix::unistd::geteuid()).unwrap().unwrap().name;
        let done = Command::new(GUARD)
            .args(words)
            .env("VIGIE_SOFTWARE", self.folder.path())
            .env("VIGIE_INSTALLED", self.path("installed"))
            .env("VIGIE_USER", user)
            .env("VIGIE_MANAGER", "/none")
            .output()
            .unwrap();
        assert!(done.status.success(), "{words:?}: {}", String::from_utf8_lossy(&done.stderr));
    }

    /// Starts the agent once; returns what would run.
    fn start(&self) -> PathBuf {
        self.guard(&["start"]);
        fs::read_link(self.path("current")).unwrap()
    }

    fn trial(&self) -> Option<Trial> {
        trial(self.folder.path())
    }

    fn undone(&self) -> Option<Undone> {
        undone(self.folder.path())
    }
}

fn write_program(path: &Path, text: &str) {
    fs::write(path, text).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
}

#[test]
fn without_an_update_the_packages_agent_starts() {
    let versions = Versions::new();
    assert_eq!(versions.start(), versions.path("installed"));
    assert_eq!(versions.undone(), None);
}

#[test]
fn a_version_on_trial_starts_three_times_and_not_a_fourth() {
    let versions = Versions::new();
    versions.put_on_trial(GOOD);
    for starts in 1..=3 {
        assert_eq!(versions.start(), Path::new("agent"));
        assert_eq!(versions.trial().unwrap().starts, starts);
    }
    assert_eq!(versions.start(), versions.path("installed"));
    assert_eq!(versions.trial(), None);
    let undone = versions.undone().unwrap();
    assert_eq!((undone.id.as_str(), undone.version.as_str()), ("a-1", "0.2.0"));
}

#[test]
fn a_version_that_fails_its_self_test_never_starts_and_the_one_before_does() {
    let versions = Versions::new();
    versions.put_on_trial(BAD);
    write_program(&versions.path("previous"), "#!/bin/sh\necho vigie-agent 0.1.5\n");
    assert_eq!(versions.start(), Path::new("agent"));
    assert!(fs::read_to_string(versions.path("agent")).unwrap().contains("0.1.5"));
    assert!(versions.undone().unwrap().reason.contains("self-test"));
}

#[test]
fn a_kept_version_starts_as_often_as_it_must() {
    let versions = Versions::new();
    versions.put_on_trial(GOOD);
    fs::remove_file(versions.path("trial")).unwrap();
    for _ in 0..5 {
        assert_eq!(versions.start(), Path::new("agent"));
    }
    assert_eq!(versions.undone(), None);
}

#[test]
fn a_kept_version_that_the_card_damaged_gives_way() {
    let versions = Versions::new();
    write_program(&versions.path("agent"), "\x7fELF");
    assert_eq!(versions.start(), versions.path("installed"));
    assert!(versions.undone().unwrap().reason.contains("damaged"));
}

#[test]
fn a_power_cut_between_announcement_and_exchange_leaves_the_version_that_ran() {
    let versions = Versions::new();
    versions.put_on_trial(BAD);
    write_program(&versions.path("agent"), GOOD);
    assert_eq!(versions.start(), Path::new("agent"));
    assert_eq!(versions.trial(), None);
    assert!(versions.undone().unwrap().reason.contains("interrupted"));
}

#[test]
fn the_end_of_time_takes_back_what_is_on_trial_and_nothing_else() {
    let versions = Versions::new();
    versions.put_on_trial(GOOD);
    versions.guard(&["expire"]);
    assert_eq!(versions.start(), versions.path("installed"));
    assert_eq!(versions.undone().unwrap().id, "a-1");

    write_program(&versions.path("agent"), GOOD);
    versions.guard(&["expire"]);
    assert_eq!(versions.start(), Path::new("agent"));
}

#[test]
fn what_is_taken_back_by_hand_says_its_version_and_why() {
    let versions = Versions::new();
    write_program(&versions.path("agent"), GOOD);
    versions.guard(&["undo", "asked for"]);
    assert_eq!(versions.start(), versions.path("installed"));
    let undone = versions.undone().unwrap();
    assert_eq!((undone.version.as_str(), undone.reason.as_str()), ("0.2.0", "asked for"));
}

#[test]
fn a_spoiled_counter_counts_as_enough() {
    let versions = Versions::new();
    versions.put_on_trial(GOOD);
    let text = fs::read_to_string(versions.path("trial")).unwrap().replace("starts=0", "starts=none");
    fs::write(versions.path("trial"), text).unwrap();
    assert_eq!(versions.start(), versions.path("installed"));
}
