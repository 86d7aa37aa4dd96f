//! Releases: which package a box gets, which version is the newest, and which boxes are behind.
//!
//! Pure, but for taking in what an older hub kept in files. The hub does not judge signatures and holds no release key:
//! the boxes judge.

use std::io;
use std::path::Path;

use anyhow::Context as _;
use serde::Deserialize;
use vigie_shared::package::{MANIFEST_SUFFIX, Manifest};
use vigie_shared::release::{AGENT, ANY_PROCESSOR};
use vigie_shared::version;

use crate::store::Releases;
use crate::store::releases::{Installed, Release};

/// The name of a software's releases, for what people call it.
#[must_use]
pub fn name_of(software: &str) -> &str {
    if software == "agent" { AGENT } else { software }
}

/// The package of that software and version for a machine: its processor's own, or one for all. For a machine that has
/// not told its processor, also the only one there is: the box judges.
#[must_use]
pub fn package<'a>(
    releases: &'a [Release],
    (software, version): (&str, &str),
    processor: Option<&str>,
) -> Option<&'a Release> {
    let is_meant = |release: &&Release| release.manifest.name == software && release.manifest.version == version;
    let mut meant = releases.iter().filter(is_meant);
    let fits = |wanted: &str| releases.iter().filter(is_meant).find(|release| release.manifest.processor == wanted);
    let own = processor.and_then(fits).or_else(|| fits(ANY_PROCESSOR));
    let only = meant.next().filter(|_| processor.is_none() && meant.next().is_none());
    own.or(only)
}

/// Whether a release's version comes after another one's: by number, or where there are none, by when it was added.
#[must_use]
pub fn is_newer(one: &Release, other: &Release) -> bool {
    let (left, right) = (version::parse(&one.manifest.version), version::parse(&other.manifest.version));
    match (left, right) {
        (Some(left), Some(right)) => left > right,
        _ => one.added_ms > other.added_ms,
    }
}

/// A software's newest release for a machine of that processor.
#[must_use]
pub fn newest<'a>(releases: &'a [Release], software: &str, processor: &str) -> Option<&'a Release> {
    let fits = |release: &&Release| {
        let manifest = &release.manifest;
        manifest.name == software && (manifest.processor == processor || manifest.processor == ANY_PROCESSOR)
    };
    releases.iter().filter(fits).reduce(|best, next| if is_newer(next, best) { next } else { best })
}

/// The newest release that a box lacks, and since when it lacks any; none if it is up to date.
#[must_use]
pub fn behind<'a>(releases: &'a [Release], installed: &Installed) -> Option<(&'a Release, i64)> {
    let newest = newest(releases, &installed.software, &installed.processor)?;
    let is_behind = |release: &Release| match &installed.version {
        Some(present) => match (version::parse(present), version::parse(&release.manifest.version)) {
            (Some(present), Some(wanted)) => present < wanted,
            _ => *present != release.manifest.version,
        },
        None => true,
    };
    let lacking = releases.iter().filter(|release| {
        let manifest = &release.manifest;
        let fits = manifest.processor == installed.processor || manifest.processor == ANY_PROCESSOR;
        manifest.name == installed.software && fits && is_behind(release)
    });
    let since_ms = lacking.map(|release| release.added_ms).min().unwrap_or(newest.added_ms);
    is_behind(newest).then_some((newest, since_ms))
}

/// Takes releases into the store that an older hub kept as files beside the packages.
///
/// # Errors
///
/// If a file cannot be read or the store fails; what was taken in is in the store.
pub async fn take_in(folder: &Path, store: &(dyn Releases + Send + Sync)) -> anyhow::Result<()> {
    #[derive(Deserialize)]
    struct Kept {
        manifest: Manifest,
        added_ms: i64,
    }
    let entries = match folder.read_dir() {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        entries => entries.with_context(|| format!("list {}", folder.display()))?,
    };
    for entry in entries {
        let path = entry?.path();
        if path.to_string_lossy().ends_with(MANIFEST_SUFFIX) {
            let text = std::fs::read(&path).with_context(|| format!("read {}", path.display()))?;
            let Kept { manifest, added_ms } =
                serde_json::from_slice(&text).with_context(|| format!("understand {}", path.display()))?;
            store.put_release(&Release { manifest, added_ms }).await?;
            std::fs::remove_file(&path).with_context(|| format!("remove {}", path.display()))?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Memory;

    fn release(version: &str, processor: &str, added_ms: i64) -> Release {
        let manifest = Manifest::unsigned("player", version, processor, format!("{version}{processor}").as_bytes());
        Release { manifest, added_ms }
    }

    fn installed(version: Option<&str>) -> Installed {
        Installed {
            site: "metz".parse().unwrap(),
            software: "player".to_owned(),
            version: version.map(str::to_owned),
            processor: "arm".to_owned(),
            since_ms: 1,
        }
    }

    #[test]
    fn a_box_gets_the_package_for_its_processor() {
        let releases = [release("2.0.0", "arm", 1), release("2.0.0", "aarch64", 2), release("2.1.0", "any", 3)];
        let of = |version, processor| {
            package(&releases, ("player", version), processor).map(|release| release.manifest.processor.as_str())
        };
        assert_eq!(of("2.0.0", Some("aarch64")), Some("aarch64"));
        assert_eq!(of("2.0.0", Some("x86_64")), None);
        assert_eq!(of("2.0.0", None), None, "two, and nobody knows which");
        assert_eq!(package(&releases[..1], ("player", "2.0.0"), None), Some(&releases[0]));
        assert_eq!(of("2.1.0", Some("x86_64")), Some("any"));
        assert_eq!(of("9.0.0", None), None);
    }

    #[test]
    fn a_box_is_behind_since_the_first_release_that_it_lacks() {
        let releases = [
            release("2.10.0", "arm", 40),
            release("3.0.0", "aarch64", 30),
            release("2.9.0", "any", 20),
            release("2.1.0", "arm", 10),
        ];
        let behind = |version| {
            behind(&releases, &installed(version)).map(|(newest, since)| (newest.manifest.version.as_str(), since))
        };
        assert_eq!(behind(Some("2.10.0")), None);
        assert_eq!(behind(Some("2.11.0")), None, "newer than all");
        assert_eq!(behind(Some("2.9.0")), Some(("2.10.0", 40)));
        assert_eq!(behind(Some("2.1.0")), Some(("2.10.0", 20)));
        assert_eq!(behind(None), Some(("2.10.0", 10)));
    }

    #[tokio::test]
    async fn what_lay_in_files_moves_into_the_store() {
        let (folder, store) = (tempfile::tempdir().unwrap(), Memory::default());
        let old = release("2.0.0", "any", 7);
        let path = folder.path().join(format!("{}{MANIFEST_SUFFIX}", old.manifest.sha256));
        let text = serde_json::json!({ "manifest": old.manifest, "added_ms": 7 }).to_string();
        std::fs::write(&path, text).unwrap();
        take_in(folder.path(), &store).await.unwrap();
        assert_eq!(store.releases().await.unwrap(), [old]);
        assert!(!path.exists());
        take_in(&folder.path().join("none"), &store).await.unwrap();
    }
}
