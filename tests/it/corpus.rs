//! What fuzzing has found stays found: every parser of foreign bytes meets its whole corpus in every run.

use std::collections::BTreeSet;
use std::fs;
use std::panic::catch_unwind;
use std::path::{Path, PathBuf};

use vigie_tests::fuzz::TARGETS;

/// A seed larger than this belongs into a test of its own.
const SEED_BYTES_MAX: u64 = 64 * 1024;

fn corpus() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus")
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    entries.map(|entry| entry.unwrap().path()).collect()
}

#[test]
fn every_parser_survives_its_corpus() {
    for target in TARGETS {
        let seeds = entries(&corpus().join(target.name));
        assert!(!seeds.is_empty(), "{} has no seed in tests/fuzz/corpus", target.name);
        for seed in seeds {
            let bytes = fs::read(&seed).unwrap();
            assert!(catch_unwind(|| (target.run)(&bytes)).is_ok(), "{} fails on {}", target.name, seed.display());
        }
    }
}

#[test]
fn every_corpus_belongs_to_a_parser_and_is_small() {
    let names: BTreeSet<&str> = TARGETS.iter().map(|target| target.name).collect();
    for folder in entries(&corpus()) {
        let name = folder.file_name().and_then(|name| name.to_str()).unwrap();
        assert!(names.contains(name), "tests/fuzz/corpus/{name} belongs to no target of vigie_tests::fuzz");
        for seed in entries(&folder) {
            let size = fs::metadata(&seed).unwrap().len();
            assert!(size <= SEED_BYTES_MAX, "{} is {size} bytes", seed.display());
        }
    }
}
