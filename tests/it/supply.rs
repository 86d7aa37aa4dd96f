//! What others wrote and we ship: licences, sources, known faults, and what must never slip in.

mod advisories;
mod graph;

use std::collections::BTreeSet;

use graph::{Graph, Lock, Package, lock, metadata};

/// Licences that Apache-2.0 OR MIT may be combined with in a program.
const LICENCES: &[&str] = &[
    "0BSD",
    "Apache-2.0",
    "Apache-2.0 WITH LLVM-exception",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "BSL-1.0",
    "CC0-1.0",
    "ISC",
    "MIT",
    "NCSA",
    "Unicode-3.0",
    "Unlicense",
    "Zlib",
];

/// Packages of another licence that only tests use: nothing of them is in what we ship.
const ONLY_IN_TESTS: &[(&str, &str)] = &[("webdriver", "MPL-2.0")];

/// What the agent must never pull in, not even to build: it would not be a static program of one C compiler.
const FOREIGN_TO_THE_AGENT: &[&str] = &[
    "aws-lc-fips-sys",
    "aws-lc-rs",
    "aws-lc-sys",
    "bindgen",
    "cmake",
    "libsqlite3-sys",
    "native-tls",
    "openssl",
    "openssl-sys",
    "pcap",
    "pkg-config",
    "vcpkg",
];

/// Packages that compile C. In the agent it is ring alone; only the static hub is linked with the allocator.
const C_CODE: &[&str] = &["libmimalloc-sys", "libsqlite3-sys", "ring"];

/// Pinned to one version, because we rely on what their interfaces do not promise.
const EXACT: &[&str] = &["rumqttc", "rumqttd", "sled", "sysinfo"];

/// Whether one of the alternatives of a licence expression consists of allowed licences.
fn is_allowed(expression: &str) -> bool {
    // Old manifests separate alternatives with `/`. No expression here nests deeper than `(A OR B) AND C`.
    let plain = expression.replace('/', " OR ");
    plain.split(" AND ").all(|part| {
        let part = part.trim().trim_start_matches('(').trim_end_matches(')');
        part.split(" OR ").any(|licence| LICENCES.contains(&licence.trim()))
    })
}

#[test]
fn every_dependency_has_a_licence_that_fits_ours() {
    let graph = metadata();
    let shipped: BTreeSet<&str> = ["vigie-agent", "vigie-hub"].iter().flat_map(|root| graph.below(root)).collect();
    let is_in_tests = |package: &Package<'_>| {
        ONLY_IN_TESTS.contains(&(package.name, package.license)) && !shipped.contains(package.name)
    };
    let foreign: Vec<String> = graph
        .packages()
        .filter(|package| !is_allowed(package.license) && !is_in_tests(package))
        .map(|package| format!("{} {}: `{}`", package.name, package.version, package.license))
        .collect();
    assert!(foreign.is_empty(), "not on the list of licences:\n{}", foreign.join("\n"));
}

#[test]
fn a_licence_is_judged_by_its_alternatives_and_its_sum() {
    for fine in ["MIT", "MIT/Apache-2.0", "GPL-3.0 OR MIT", "(MIT OR Apache-2.0) AND Unicode-3.0"] {
        assert!(is_allowed(fine), "{fine}");
    }
    for foreign in ["", "GPL-3.0", "MIT AND GPL-3.0", "(MIT OR Apache-2.0) AND SSPL-1.0"] {
        assert!(!is_allowed(foreign), "{foreign}");
    }
}

#[test]
fn everything_comes_from_the_default_registry_with_a_checksum() {
    let lock = lock();
    let sources: BTreeSet<&str> = lock.foreign().filter_map(|package| package.source.as_deref()).collect();
    assert_eq!(sources.len(), 1, "more than one source: {sources:?}");
    assert!(sources.iter().all(|source| source.starts_with("registry+")), "{sources:?}");
    for package in lock.foreign() {
        assert!(package.checksum.is_some(), "{} {} has no checksum", package.name, package.version);
    }
}

#[test]
fn the_agent_is_free_of_what_cannot_be_linked_statically() {
    let graph = metadata();
    let found: Vec<&str> =
        graph.below("vigie-agent").into_iter().filter(|name| FOREIGN_TO_THE_AGENT.contains(name)).collect();
    assert!(found.is_empty(), "the agent depends on {found:?}; `cargo tree -p vigie-agent -i NAME` says why");
}

#[test]
fn only_ring_sqlite_and_the_allocator_compile_c() {
    let graph = metadata();
    let compiling = |root: &str| -> BTreeSet<String> {
        let linked = graph.packages().filter(|package| package.links.is_some()).map(|package| package.name);
        let below = graph.below(root);
        linked.filter(|name| below.contains(name)).map(str::to_owned).collect()
    };
    assert_eq!(compiling("vigie-agent"), BTreeSet::from(["ring".to_owned()]));
    assert_eq!(compiling("vigie-hub"), C_CODE.iter().map(|name| (*name).to_owned()).collect());
}

#[test]
fn versions_whose_inner_workings_matter_are_pinned() {
    let manifest: toml::Table = include_str!("../../Cargo.toml").parse().unwrap();
    for name in EXACT {
        let dependency = &manifest["workspace"]["dependencies"][*name];
        let version = dependency.as_str().or_else(|| dependency.get("version")?.as_str()).unwrap();
        assert!(version.starts_with('='), "{name} is `{version}` in Cargo.toml; pin it with `=`");
    }
}

#[test]
fn a_dependency_below_a_dependency_is_found() {
    let graph = Graph::of(&serde_json::json!({
        "packages": [
            { "id": "a", "name": "vigie-agent", "version": "1.0.0" },
            { "id": "b", "name": "reqwest", "version": "1.0.0" },
            { "id": "c", "name": "aws-lc-sys", "version": "1.0.0" },
            { "id": "d", "name": "openssl", "version": "1.0.0" },
        ],
        "resolve": { "nodes": [
            { "id": "a", "deps": [
                { "pkg": "b", "dep_kinds": [{ "kind": null }] },
                { "pkg": "d", "dep_kinds": [{ "kind": "dev" }] },
            ] },
            { "id": "b", "deps": [{ "pkg": "c", "dep_kinds": [{ "kind": "build" }] }] },
            { "id": "c", "deps": [] },
            { "id": "d", "deps": [] },
        ] },
    }));
    assert_eq!(graph.below("vigie-agent"), BTreeSet::from(["vigie-agent", "reqwest", "aws-lc-sys"]));
}

#[test]
fn a_lock_file_reads_as_packages() {
    let text = "[[package]]\nname = \"vigie\"\nversion = \"0.1.0\"\n\n[[package]]\nname = \"ring\"\nversion = \"0.17.14\"\nsource = \"registry+x\"\n";
    let lock = Lock::of(text);
    assert_eq!(lock.foreign().map(|package| package.name.as_str()).collect::<Vec<_>>(), ["ring"]);
}
