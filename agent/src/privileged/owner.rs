//! What the owner of the box allows, as the root helper reads it: from files that only root can change.
//!
//! Nothing else of the configuration counts here, and the environment does not either. A file that somebody else could
//! have changed allows nothing.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use vigie_shared::release::ReleaseKey;

use super::rooted::ensure_rooted;
use crate::commands::{OWN_UNIT, SERVICES};

/// Where the owner's files lie.
pub const FOLDER: &str = "/etc/vigie";

/// More bytes than this no file of the owner has.
const FILE_BYTES_MAX: u64 = 1 << 20;

/// What the owner allows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Owner {
    /// Units that may be stopped and started, without `.service`: `commands.services` of the settings.
    pub services: Vec<String>,
    /// Whose software is taken: the keys in `release-keys/*.pub`, one per file.
    pub release_keys: Vec<ReleaseKey>,
}

impl Owner {
    /// Reads what the owner allows from `agent.toml`, `agent.d/` and `release-keys/` in this folder.
    ///
    /// # Errors
    ///
    /// Words for people: a file that others than root can change, that cannot be read, or that says something else.
    pub fn load(folder: &Path) -> anyhow::Result<Self> {
        Self::read(folder, &ensure_rooted)
    }

    /// Reads the same from files that `is_trusted` accepts.
    fn read(folder: &Path, is_trusted: &dyn Fn(&Path) -> anyhow::Result<()>) -> anyhow::Result<Self> {
        let mut services: Vec<String> = SERVICES.map(str::to_owned).into();
        let main = folder.join("agent.toml");
        let fragments = sorted(&folder.join("agent.d"), "toml")?;
        for file in main.exists().then_some(main).into_iter().chain(fragments) {
            is_trusted(&file)?;
            let table: toml::Table = text(&file)?.parse().with_context(|| format!("{} is not TOML", file.display()))?;
            if let Some(listed) = table.get("commands").and_then(|commands| commands.get("services")) {
                services = names(listed).with_context(|| format!("`commands.services` in {}", file.display()))?;
            }
        }
        let mut release_keys = Vec::new();
        for file in sorted(&folder.join("release-keys"), "pub")? {
            is_trusted(&file)?;
            release_keys.push(text(&file)?.parse().with_context(|| format!("read the key in {}", file.display()))?);
        }
        Ok(Self { services, release_keys })
    }

    /// Whether this unit is on the list; the agent's own always is.
    #[must_use]
    pub fn allows(&self, unit: &str) -> bool {
        unit == OWN_UNIT || (is_unit(unit) && self.services.iter().any(|service| service == unit))
    }
}

/// Letters that a unit's name may have; none that a shell or the service manager could take for something else.
fn is_unit(name: &str) -> bool {
    let is_plain = |letter: char| letter.is_ascii_alphanumeric() || ":-_.@".contains(letter);
    !name.is_empty() && name.len() <= 64 && !name.starts_with('-') && name.chars().all(is_plain)
}

fn names(value: &toml::Value) -> anyhow::Result<Vec<String>> {
    let list = value.as_array().context("it is no list")?;
    let mut names = Vec::new();
    for entry in list {
        match entry.as_str().map(|name| name.strip_suffix(".service").unwrap_or(name)) {
            Some(name) if is_unit(name) => names.push(name.to_owned()),
            _ => bail!("{entry} is no unit's name, as in \"neopro-app\""),
        }
    }
    Ok(names)
}

fn text(file: &Path) -> anyhow::Result<String> {
    use std::io::Read as _;
    let mut text = String::new();
    let opened = std::fs::File::open(file).with_context(|| format!("open {}", file.display()))?;
    opened.take(FILE_BYTES_MAX).read_to_string(&mut text).with_context(|| format!("read {}", file.display()))?;
    Ok(text)
}

/// The folder's files with this extension, by name; none if there is no folder.
fn sorted(folder: &Path, extension: &str) -> anyhow::Result<Vec<PathBuf>> {
    if !folder.exists() {
        return Ok(Vec::new());
    }
    let entries = folder.read_dir().with_context(|| format!("list {}", folder.display()))?;
    let mut files: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    files.retain(|path| path.extension().is_some_and(|found| found == extension));
    files.sort();
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn owner(agent_toml: &str, keys: &[&str]) -> anyhow::Result<Owner> {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("agent.toml"), agent_toml).unwrap();
        std::fs::create_dir(folder.path().join("release-keys")).unwrap();
        for (index, key) in keys.iter().enumerate() {
            std::fs::write(folder.path().join(format!("release-keys/{index}.pub")), key).unwrap();
        }
        Owner::read(folder.path(), &|_| Ok(()))
    }

    #[test]
    fn the_owners_list_replaces_the_default_one() {
        assert!(owner("", &[]).unwrap().allows("neopro-app"));
        let own = owner("[commands]\nservices = [\"player\"]", &[]).unwrap();
        assert!(own.allows("player"));
        assert!(!own.allows("neopro-app"));
        assert!(!own.allows("player.service"));
        assert!(!owner("[commands]\nservices = []", &[]).unwrap().allows("neopro-app"));
    }

    #[test]
    fn a_later_file_wins() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("agent.toml"), "[commands]\nservices = [\"player\"]").unwrap();
        std::fs::create_dir(folder.path().join("agent.d")).unwrap();
        std::fs::write(folder.path().join("agent.d/50-own.toml"), "commands.services = [\"screen\"]").unwrap();
        let own = Owner::read(folder.path(), &|_| Ok(())).unwrap();
        assert_eq!(own.services, ["screen"]);
    }

    #[test]
    fn names_that_are_no_units_are_an_error_and_never_allowed() {
        for name in ["", "-x", "a b", "../x", "x;reboot", "x\\ny"] {
            owner(&format!("[commands]\nservices = [\"{name}\"]"), &[]).unwrap_err();
        }
        let own = Owner { services: vec!["a b".to_owned()], release_keys: Vec::new() };
        assert!(!own.allows("a b"));
    }

    #[test]
    fn keys_are_read_one_per_file_and_a_broken_one_is_an_error() {
        let key = ReleaseKey([7; 32]);
        assert_eq!(owner("", &[&format!("{key}\n")]).unwrap().release_keys, [key]);
        assert!(owner("", &["nonsense"]).unwrap_err().to_string().contains("0.pub"));
    }

    #[test]
    fn a_file_that_others_can_change_allows_nothing() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("agent.toml"), "").unwrap();
        let error = Owner::load(folder.path()).unwrap_err().to_string();
        assert!(error.contains("can be changed by others"), "{error}");
    }
}
