//! Real folders, and a disk whose power fails after any change.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicI64, Ordering};

use proptest::prelude::*;

use super::*;
use crate::update::machine::{self, Ending, Next};

/// A disk whose power fails after some changes: from then on nothing is changed any more.
struct Fused {
    left: AtomicI64,
}

impl Fused {
    fn burn(&self) -> io::Result<()> {
        if self.left.fetch_sub(1, Ordering::SeqCst) > 0 { Ok(()) } else { Err(io::Error::other("the power failed")) }
    }
}

impl Disk for Fused {
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.burn().and_then(|()| RealDisk.rename(from, to))
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        self.burn().and_then(|()| RealDisk.remove(path))
    }

    fn make_folder(&self, path: &Path) -> io::Result<()> {
        self.burn().and_then(|()| RealDisk.make_folder(path))
    }

    fn write(&self, path: &Path, content: &[u8]) -> io::Result<()> {
        self.burn().and_then(|()| RealDisk.write(path, content))
    }

    fn sync(&self, _folder: &Path) -> io::Result<()> {
        self.burn()
    }
}

struct Bench {
    folder: tempfile::TempDir,
    software: Software,
}

impl Bench {
    /// Version 1 of a player, with a video and a configuration of the owner.
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("player");
        for (name, content) in [
            ("webapp/index.html", "one"),
            ("webapp/configuration.json", "owner's"),
            ("webapp/deep/old.js", "one"),
            ("server.js", "one"),
            ("videos/a.mp4", "video"),
            ("notes.txt", "owner's"),
        ] {
            let file = path.join(name);
            std::fs::create_dir_all(file.parent().unwrap()).unwrap();
            std::fs::write(file, content).unwrap();
        }
        let text = format!("folder = {path:?}");
        Self { folder, software: toml::from_str(&text).unwrap() }
    }

    fn place(&self, changes: i64) -> Place {
        Place::new(&self.software, Arc::new(Fused { left: AtomicI64::new(changes) }))
    }

    fn whole(&self) -> Place {
        self.place(i64::MAX)
    }

    /// A package of that version; the second one brings other names than the first.
    fn package(&self, version: &str) -> PathBuf {
        let path = self.folder.path().join(format!("{version}.tar.gz"));
        let packed = flate2::write::GzEncoder::new(std::fs::File::create(&path).unwrap(), flate2::Compression::fast());
        let mut builder = tar::Builder::new(packed);
        for name in ["webapp/index.html", "webapp/configuration.json", "server.js", "added/x.js", "videos/b.mp4"] {
            let mut header = tar::Header::new_gnu();
            header.set_size(version.len() as u64);
            header.set_mode(0o644);
            header.set_cksum();
            builder.append_data(&mut header, name, version.as_bytes()).unwrap();
        }
        builder.into_inner().unwrap().finish().unwrap();
        path
    }

    /// Every file of the software and its content, without what is ours.
    fn files(&self) -> BTreeMap<String, String> {
        let mut files = BTreeMap::new();
        collect(&self.software.folder, &self.software.folder, &mut files);
        files.retain(|name, _| !name.starts_with(".vigie/") && !name.starts_with("backups/"));
        files
    }
}

fn collect(top: &Path, folder: &Path, files: &mut BTreeMap<String, String>) {
    for entry in folder.read_dir().unwrap().flatten() {
        let path = entry.path();
        if path.is_dir() {
            collect(top, &path, files);
        } else {
            let name = path.strip_prefix(top).unwrap().to_str().unwrap().to_owned();
            files.insert(name, std::fs::read_to_string(&path).unwrap());
        }
    }
}

/// What an installation does, without services; `is_well` is the health check.
fn go(
    place: &Place,
    mut journal: Journal,
    mut next: Next,
    package: Option<&Path>,
    is_well: bool,
) -> anyhow::Result<Ending> {
    loop {
        match next {
            Next::Enter(phase) => journal.phase = phase,
            Next::End(ending) => {
                if !matches!(ending, Ending::Stuck(_)) {
                    place.clean()?;
                }
                return Ok(ending);
            }
        }
        place.note(&journal)?;
        let worked = match journal.phase {
            Phase::Preparing => place.try_backup().and_then(|()| {
                if let Some(package) = package {
                    journal.brings = place.unpack(package, Limits::default())?.1;
                }
                Ok(())
            }),
            Phase::Stopping => Ok(()),
            Phase::Switching => place.switch(&mut journal),
            Phase::Proving { .. } => {
                if is_well {
                    Ok(())
                } else {
                    Err(anyhow::anyhow!("sick"))
                }
            }
            Phase::Keeping => place.keep(&journal),
            Phase::Undoing { .. } => place.undo(&journal),
        };
        next = machine::after(&journal.phase, worked.map_err(|error| format!("{error:#}")));
    }
}

fn install(bench: &Bench, place: &Place, version: &str, is_well: bool) -> anyhow::Result<Ending> {
    let to = Installed { version: version.to_owned(), sha256: None };
    let from = place.installed().map(|installed| installed.version);
    let journal = Journal {
        id: "a".to_owned(),
        phase: Phase::Preparing,
        from,
        to,
        brings: BTreeMap::new(),
        swaps: vec![],
        uses: vec![],
    };
    go(place, journal, Next::Enter(Phase::Preparing), Some(&bench.package(version)), is_well)
}

fn resume(place: &Place, is_well: bool) -> anyhow::Result<Option<Ending>> {
    let Some(journal) = place.journal()? else { return Ok(None) };
    let next = machine::resume(&journal.phase);
    go(place, journal, next, None, is_well).map(Some)
}

fn roll_back(place: &Place, steps: usize) -> anyhow::Result<Ending> {
    let back = place.way_back(steps)?;
    let from = place.installed().map(|installed| installed.version);
    let journal = Journal {
        id: "a".to_owned(),
        phase: Phase::Preparing,
        from,
        to: back.to,
        brings: back.brings,
        swaps: vec![],
        uses: back.uses,
    };
    go(place, journal, Next::Enter(Phase::Preparing), None, true)
}

#[test]
fn a_version_comes_and_the_owners_files_stay() {
    let bench = Bench::new();
    assert_eq!(install(&bench, &bench.whole(), "2.0.0", true).unwrap(), Ending::Kept);
    let files = bench.files();
    assert_eq!(files["webapp/index.html"], "2.0.0");
    assert_eq!(files["added/x.js"], "2.0.0");
    assert_eq!(files["webapp/configuration.json"], "owner's");
    assert_eq!(files["notes.txt"], "owner's");
    assert!(files.contains_key("videos/a.mp4") && !files.contains_key("videos/b.mp4"));
    assert!(!files.contains_key("webapp/deep/old.js"));
    assert_eq!(bench.whole().installed().unwrap().version, "2.0.0");
}

#[test]
fn the_way_back_leads_through_several_versions_and_forth_again() {
    let bench = Bench::new();
    let place = bench.whole();
    let mut states = vec![bench.files()];
    for version in ["2.0.0", "3.0.0", "4.0.0"] {
        assert_eq!(install(&bench, &place, version, true).unwrap(), Ending::Kept);
        states.push(bench.files());
    }
    assert_eq!(roll_back(&place, 2).unwrap(), Ending::Kept);
    assert_eq!(bench.files(), states[1]);
    assert_eq!(place.installed().unwrap().version, "2.0.0");
    assert_eq!(roll_back(&place, 1).unwrap(), Ending::Kept);
    assert_eq!(bench.files(), states[3]);
    assert_eq!(roll_back(&place, 2).unwrap(), Ending::Kept);
    assert_eq!(bench.files(), states[0]);
    assert!(roll_back(&place, 9).is_err());
}

#[test]
fn the_last_backups_are_kept_and_no_more() {
    let bench = Bench::new();
    for number in 0..8 {
        install(&bench, &bench.whole(), &format!("2.0.{number}"), true).unwrap();
    }
    let versions: Vec<_> = bench.whole().backups().into_iter().map(|(_, backup)| backup.version.unwrap()).collect();
    assert_eq!(versions, ["2.0.6", "2.0.5", "2.0.4", "2.0.3", "2.0.2"]);
}

#[test]
fn a_sick_version_is_taken_back() {
    let bench = Bench::new();
    let before = bench.files();
    assert_eq!(install(&bench, &bench.whole(), "2.0.0", false).unwrap(), Ending::TakenBack("sick".to_owned()));
    assert_eq!(bench.files(), before);
    assert_eq!(bench.whole().installed(), None);
    assert_eq!(bench.whole().backups(), []);
}

/// Cuts the power after so many changes of the disk, and again during the repair; whether the first cut came too late.
fn cut(is_well: bool, changes: i64, second_cut: i64) -> bool {
    let bench = Bench::new();
    install(&bench, &bench.whole(), "1.9.0", true).unwrap();
    let before = bench.files();
    let finished = install(&bench, &bench.place(changes), "2.0.0", is_well);
    drop(resume(&bench.place(second_cut), is_well));
    while resume(&bench.whole(), is_well).unwrap().is_some() {}

    let after = bench.files();
    let installed = bench.whole().installed().unwrap().version;
    if after == before {
        assert_eq!(installed, "1.9.0", "after {changes} changes");
    } else {
        let new = ["webapp/index.html", "server.js", "added/x.js"].map(|name| after[name].as_str());
        assert_eq!(new, ["2.0.0"; 3], "after {changes} changes");
        assert_eq!(installed, "2.0.0", "after {changes} changes");
        assert!(is_well, "a sick version stayed after {changes} changes");
    }
    assert_eq!(after["webapp/configuration.json"], "owner's", "after {changes} changes");
    assert_eq!(after["videos/a.mp4"], "video");
    finished.is_ok_and(|ending| !matches!(ending, Ending::Stuck(_)))
}

#[test]
fn a_power_cut_after_any_change_leaves_the_old_or_the_new_version_whole() {
    for is_well in [true, false] {
        let changes = (0..).find(|changes| cut(is_well, *changes, i64::MAX));
        assert!(changes.is_some_and(|changes| changes > 20), "the fuse never mattered");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn so_does_a_second_one_during_the_repair(is_well: bool, changes in 0_i64..50, second_cut in 0_i64..30) {
        cut(is_well, changes, second_cut);
    }
}
