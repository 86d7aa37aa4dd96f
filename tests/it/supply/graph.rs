//! The packages we depend on: as locked, and as resolved for Linux.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use serde::Deserialize;
use serde_json::Value;

/// What the programs are built for; what others need for other systems is not our concern.
const PLATFORMS: &[&str] = &[
    "x86_64-unknown-linux-gnu",
    "x86_64-unknown-linux-musl",
    "aarch64-unknown-linux-musl",
    "armv7-unknown-linux-musleabihf",
    "arm-unknown-linux-musleabihf",
];

/// `Cargo.lock`.
#[derive(Debug, Deserialize)]
pub(super) struct Lock {
    package: Vec<Locked>,
}

/// One package in `Cargo.lock`.
#[derive(Debug, Deserialize)]
pub(super) struct Locked {
    pub(super) name: String,
    pub(super) version: semver::Version,
    pub(super) source: Option<String>,
    pub(super) checksum: Option<String>,
}

impl Lock {
    pub(super) fn of(text: &str) -> Self {
        toml::from_str(text).expect("Cargo.lock is what cargo writes")
    }

    /// All packages but our own.
    pub(super) fn foreign(&self) -> impl Iterator<Item = &Locked> {
        self.package.iter().filter(|package| package.source.is_some())
    }
}

/// The lock file of the workspace.
pub(super) fn lock() -> Lock {
    Lock::of(include_str!("../../../Cargo.lock"))
}

/// Packages and who needs whom.
pub(super) struct Graph {
    metadata: Value,
}

/// One resolved package.
pub(super) struct Package<'a> {
    pub(super) name: &'a str,
    pub(super) version: &'a str,
    /// As in its manifest; empty if it has none.
    pub(super) license: &'a str,
    /// The foreign library that it links.
    pub(super) links: Option<&'a str>,
}

/// The resolved workspace. Everything it needs has been downloaded, or this test would not have been built.
pub(super) fn metadata() -> Graph {
    let platforms = PLATFORMS.iter().flat_map(|platform| ["--filter-platform", platform]);
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--locked", "--offline", "--format-version", "1"])
        .args(platforms)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .expect("cargo can be started");
    assert!(output.status.success(), "cargo metadata: {}", String::from_utf8_lossy(&output.stderr));
    Graph::of(&serde_json::from_slice(&output.stdout).expect("cargo metadata writes JSON"))
}

impl Graph {
    pub(super) fn of(metadata: &Value) -> Self {
        Self { metadata: metadata.clone() }
    }

    /// Every package, our own included.
    pub(super) fn packages(&self) -> impl Iterator<Item = Package<'_>> {
        list(&self.metadata["packages"]).iter().map(|package| Package {
            name: package["name"].as_str().unwrap_or_default(),
            version: package["version"].as_str().unwrap_or_default(),
            license: package["license"].as_str().unwrap_or_default(),
            links: package["links"].as_str(),
        })
    }

    /// The names of a package of ours and of everything it needs to be built and to run.
    pub(super) fn below(&self, root: &str) -> BTreeSet<&str> {
        let names: BTreeMap<&str, &str> = list(&self.metadata["packages"])
            .iter()
            .filter_map(|package| Some((package["id"].as_str()?, package["name"].as_str()?)))
            .collect();
        let needs: BTreeMap<&str, &Value> = list(&self.metadata["resolve"]["nodes"])
            .iter()
            .filter_map(|node| Some((node["id"].as_str()?, &node["deps"])))
            .collect();
        let mut seen = BTreeSet::new();
        let mut waiting: Vec<&str> = names.iter().filter(|(_, name)| **name == root).map(|(id, _)| *id).collect();
        assert!(!waiting.is_empty(), "there is no package {root}");
        while let Some(id) = waiting.pop() {
            if seen.insert(id) {
                let deps = needs.get(id).into_iter().flat_map(|deps| list(deps));
                waiting.extend(deps.filter(|dep| is_shipped(dep)).filter_map(|dep| dep["pkg"].as_str()));
            }
        }
        seen.iter().filter_map(|id| names.get(id).copied()).collect()
    }
}

/// Whether a dependency is there for more than tests.
fn is_shipped(dependency: &Value) -> bool {
    list(&dependency["dep_kinds"]).iter().any(|kind| kind["kind"] != "dev")
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}
