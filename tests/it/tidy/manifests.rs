//! The manifests: one lint table for all, versions in one place, no other registry.

use toml::{Table, Value};

use super::tree::{File, files};
use super::{Violation, assert_none};

fn violations(file: &File) -> Vec<Violation> {
    let manifest: Table = file.text.parse().expect("tracked manifests are TOML");
    let mut rules = Vec::new();
    if manifest.get("workspace").is_none() {
        if manifest.get("lints").and_then(|lints| lints.get("workspace")) != Some(&Value::Boolean(true)) {
            rules.push("is not under the lint table; add `[lints] workspace = true`".to_owned());
        }
        for (name, dependency) in dependencies(&manifest) {
            if dependency.get("workspace") != Some(&Value::Boolean(true)) {
                rules.push(format!(
                    "`{name}` has its version here; name it in the root manifest, `workspace = true` here"
                ));
            }
        }
    }
    let workspace = manifest.get("workspace").and_then(Value::as_table);
    for (name, dependency) in workspace.into_iter().flat_map(dependencies).chain(dependencies(&manifest)) {
        if ["git", "registry"].iter().any(|key| dependency.get(key).is_some()) {
            rules.push(format!("`{name}` does not come from the default registry; use a released version"));
        }
    }
    if ["patch", "replace"].iter().any(|key| manifest.contains_key(*key)) {
        rules.push("replaces released packages; use released versions".to_owned());
    }
    rules.into_iter().map(|rule| Violation { path: file.path.clone(), line: 1, rule }).collect()
}

/// Every dependency that a table declares, for whatever purpose.
fn dependencies(table: &Table) -> Vec<(String, Value)> {
    let kinds = ["dependencies", "dev-dependencies", "build-dependencies"];
    let declared = kinds.iter().filter_map(|kind| table.get(*kind)?.as_table()).flatten();
    declared.map(|(name, value)| (name.clone(), value.clone())).collect()
}

#[test]
fn every_manifest_keeps_lints_versions_and_sources_in_one_place() {
    assert_none(files().iter().filter(|file| file.path.ends_with("Cargo.toml")).flat_map(violations));
}

#[test]
fn every_planted_fault_is_found() {
    let check = |text: &str| {
        let file = File { path: "hub/Cargo.toml".to_owned(), text: text.to_owned() };
        violations(&file).into_iter().map(|violation| violation.rule).collect::<Vec<_>>().join("\n")
    };
    let lints = "[lints]\nworkspace = true\n";
    assert_eq!(check(lints), "");
    assert!(check("[package]\nname = \"a\"\n").contains("lint table"));
    assert!(check(&format!("{lints}[dependencies]\nserde = \"1\"\n")).contains("`serde` has its version here"));
    assert!(check("[workspace.dependencies]\na = { git = \"b\" }\n").contains("`a` does not come"));
    assert!(check(&format!("{lints}[patch.x]\n")).contains("replaces"));
}
