//! Packages that are taken, and many that must not be, on a folder of versions in a temporary place.

use ring::signature::{Ed25519KeyPair, KeyPair as _};

use super::*;

struct Bench {
    folder: tempfile::TempDir,
    software: Software,
    key: Ed25519KeyPair,
}

impl Bench {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let software = Software {
            folder: folder.path().join("software"),
            guard: PathBuf::from("/guard"),
            installed: Version::new(0, 1, 0),
        };
        std::fs::create_dir(&software.folder).unwrap();
        Self { folder, software, key: Ed25519KeyPair::from_seed_unchecked(&[1; 32]).unwrap() }
    }

    fn keys(&self) -> Vec<ReleaseKey> {
        vec![ReleaseKey(self.key.public_key().as_ref().try_into().unwrap())]
    }

    /// A signed package with this content.
    fn package(&self, version: &str, content: &[u8]) -> Package {
        let file = self.folder.path().join("package");
        std::fs::write(&file, content).unwrap();
        let sha256 = digest::digest(&SHA256, content).as_ref().try_into().unwrap();
        let (processor, size_bytes) = (std::env::consts::ARCH, content.len() as u64);
        let statement = Statement { name: AGENT, version, processor, size_bytes, sha256: &sha256 };
        Package { id: "a-1".to_owned(), file, version: version.to_owned(), signature: statement.sign(&self.key) }
    }

    fn install(&self, package: &Package) -> Result<(), Refusal> {
        self.software.install(package, &self.keys(), &guard_failing_at("nothing"))
    }

    fn read(&self, name: &str) -> Option<String> {
        std::fs::read_to_string(self.software.folder.join(name)).ok()
    }

    fn names(&self) -> Vec<String> {
        let entries = self.software.folder.read_dir().unwrap().flatten();
        let mut names: Vec<String> = entries.map(|entry| entry.file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }
}

/// A guard that fails when its first word is this; of the version in place it says 0.2.0.
fn guard_failing_at(failing: &'static str) -> impl Fn(&str, &[&str]) -> Result<String, String> + Send + Sync {
    move |_program, words| match words.first() {
        Some(word) if *word == failing => Err("killed".to_owned()),
        Some(&"version") => Ok("vigie-agent 0.2.0".to_owned()),
        _ => Ok(String::new()),
    }
}

#[test]
fn a_signed_newer_version_is_put_in_place_on_trial() {
    let bench = Bench::new();
    bench.install(&bench.package("0.2.0", b"two")).unwrap();
    assert_eq!(bench.read("agent").as_deref(), Some("two"));
    let trial = trial::trial(&bench.software.folder).unwrap();
    assert_eq!((trial.id.as_str(), trial.version.as_str(), trial.starts), ("a-1", "0.2.0", 0));
    assert_eq!(bench.names(), ["agent", "trial"]);
}

#[test]
fn the_version_before_stays_at_hand_when_the_next_one_comes() {
    let bench = Bench::new();
    bench.install(&bench.package("0.2.0", b"two")).unwrap();
    assert!(matches!(bench.install(&bench.package("0.3.0", b"three")), Err(Refusal::Unfit(_))), "one trial at a time");
    assert!(matches!(bench.software.keep("other"), Err(Refusal::Failed(_))));
    bench.software.keep("a-1").unwrap();
    bench.install(&bench.package("0.3.0", b"three")).unwrap();
    assert_eq!(bench.read("agent").as_deref(), Some("three"));
    assert_eq!(bench.read("previous").as_deref(), Some("two"));
}

#[test]
fn what_the_makers_did_not_sign_changes_nothing() {
    let bench = Bench::new();
    let good = bench.package("0.2.0", b"two");
    let relabelled = Package { version: "0.9.0".to_owned(), ..good.clone() };
    assert!(matches!(bench.install(&relabelled), Err(Refusal::Unfit(_))));
    std::fs::write(&good.file, b"evil").unwrap();
    assert!(matches!(bench.install(&good), Err(Refusal::Unfit(_))));
    std::fs::write(&good.file, b"tw").unwrap();
    assert!(matches!(bench.install(&good), Err(Refusal::Unfit(_))), "a truncated one");
    assert!(bench.names().is_empty());
}

#[test]
fn a_box_without_keys_and_an_old_version_are_refused() {
    let bench = Bench::new();
    let package = bench.package("0.1.0", b"one");
    assert!(matches!(bench.install(&package), Err(Refusal::Unfit(_))));
    let package = bench.package("0.2.0", b"two");
    assert!(matches!(bench.software.install(&package, &[], &guard_failing_at("nothing")), Err(Refusal::Unfit(_))));
    bench.install(&package).unwrap();
    bench.software.keep("a-1").unwrap();
    assert!(matches!(bench.install(&bench.package("0.2.0", b"again")), Err(Refusal::Unfit(_))));
    assert_eq!(bench.read("agent").as_deref(), Some("two"));
}

#[test]
fn a_version_that_does_not_work_here_never_takes_the_place() {
    let bench = Bench::new();
    let refusal =
        bench.software.install(&bench.package("0.2.0", b"two"), &bench.keys(), &guard_failing_at("test")).unwrap_err();
    assert!(matches!(&refusal, Refusal::Failed(text) if text.contains("self-test")), "{refusal}");
    assert!(bench.names().is_empty());
}

#[test]
fn links_folders_and_pipes_are_no_packages() {
    let bench = Bench::new();
    let package = bench.package("0.2.0", b"two");
    let link = bench.folder.path().join("link");
    std::os::unix::fs::symlink(&package.file, &link).unwrap();
    let pipe = bench.folder.path().join("pipe");
    nix::unistd::mkfifo(&pipe, nix::sys::stat::Mode::S_IRWXU).unwrap();
    for file in [link, pipe, bench.folder.path().to_owned(), PathBuf::from("/dev/zero"), PathBuf::from("/none")] {
        let odd = Package { file: file.clone(), ..package.clone() };
        assert!(matches!(bench.install(&odd), Err(Refusal::Failed(_))), "{}", file.display());
    }
    assert!(bench.names().is_empty());
}

#[test]
fn the_copy_is_judged_and_not_the_file_that_was_handed_over() {
    let bench = Bench::new();
    let package = bench.package("0.2.0", b"two");
    let handed_over = package.file.clone();
    let swap = move |_: &str, words: &[&str]| {
        std::fs::write(&handed_over, b"evil").unwrap();
        assert!(words.iter().any(|word| word.ends_with("software/agent.new")), "{words:?}");
        Ok(String::new())
    };
    bench.software.install(&package, &bench.keys(), &swap).unwrap();
    assert_eq!(bench.read("agent").as_deref(), Some("two"));
}
