//! The sections `software.NAME` of the configuration: what the owner lets us update.
//!
//! ```toml
//! [software.neopro]
//! folder = "/srv/neopro"
//! services = ["neopro-app", "neopro-admin"]
//! health = "http://127.0.0.1:8080/"
//! preserve = ["videos", "logs", "backups", "webapp/configuration.json", "sync-agent"]
//! ```

use std::net::IpAddr;
use std::path::{Component, Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use vigie_shared::units;

/// What stays as it is unless the owner says otherwise.
const PRESERVED: [&str; 5] = ["videos", "logs", "backups", "configuration.json", "webapp/configuration.json"];

/// One software of the owner.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Declared")]
pub struct Software {
    /// Where it lies. A package brings what stands at the top of it.
    pub folder: PathBuf,
    /// Services that stand while it changes; they must be on the list `commands.services` as well.
    pub services: Vec<String>,
    /// Whether it works: an address on this machine that answers well, or a program and its words that ends well.
    pub health: Option<Health>,
    /// How long it may take until it works.
    #[serde(with = "units::duration")]
    pub health_timeout: Duration,
    /// How many backups are kept.
    pub keep: usize,
    /// What is neither replaced nor backed up: paths from the top of the folder.
    pub preserve: Vec<PathBuf>,
    /// Where backups lie, from the top of the folder; on the same file system.
    pub backups: PathBuf,
}

/// How to know whether software works.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Health {
    /// `http://127.0.0.1…` answers with a status from 200 to 399.
    Url(LocalUrl),
    /// The program, by its full path, and its words end with 0.
    Command(Vec<String>),
}

/// An address of this machine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct LocalUrl {
    text: String,
    /// `address:port` to connect to.
    pub authority: String,
    /// The path and query.
    pub path: String,
}

/// As it stands in the file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Declared {
    folder: PathBuf,
    #[serde(default)]
    services: Vec<String>,
    #[serde(default)]
    health: Option<Health>,
    #[serde(default = "a_minute", with = "units::duration")]
    health_timeout: Duration,
    #[serde(default = "five")]
    keep: usize,
    #[serde(default = "preserved")]
    preserve: Vec<PathBuf>,
    #[serde(default = "backups")]
    backups: PathBuf,
}

fn a_minute() -> Duration {
    Duration::from_secs(60)
}

fn five() -> usize {
    5
}

fn preserved() -> Vec<PathBuf> {
    PRESERVED.map(PathBuf::from).into()
}

fn backups() -> PathBuf {
    PathBuf::from("backups")
}

impl TryFrom<Declared> for Software {
    type Error = String;

    fn try_from(declared: Declared) -> Result<Self, String> {
        let Declared { folder, services, health, health_timeout, keep, mut preserve, backups } = declared;
        if !folder.is_absolute() || folder.components().count() < 3 || !is_straight(&folder) {
            return Err(format!("folder = {folder:?} is no folder of one software; write an absolute path"));
        }
        if keep == 0 {
            return Err("keep = 0 leaves no way back; keep at least 1".to_owned());
        }
        let is_below = |path: &PathBuf| path.is_relative() && is_straight(path) && !path.as_os_str().is_empty();
        if let Some(path) = preserve.iter().chain([&backups]).find(|path| !is_below(path)) {
            return Err(format!("{path:?} must be a path from the top of the folder, without `..`"));
        }
        if let Some(Health::Command(words)) = &health
            && !words.first().is_some_and(|program| Path::new(program).is_absolute())
        {
            return Err("a health command begins with the full path of its program".to_owned());
        }
        if !preserve.iter().any(|path| backups.starts_with(path)) {
            preserve.push(backups.clone());
        }
        Ok(Self { folder, services, health, health_timeout, keep, preserve, backups })
    }
}

fn is_straight(path: &Path) -> bool {
    path.components().all(|part| matches!(part, Component::RootDir | Component::Normal(_)))
}

impl TryFrom<String> for LocalUrl {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let wrong = || format!("`{text}` is not an address of this machine, as http://127.0.0.1:8080/health is");
        let rest = text.strip_prefix("http://").ok_or_else(wrong)?;
        let (authority, path) = rest.split_once('/').map_or((rest, "/".to_owned()), |(a, p)| (a, format!("/{p}")));
        let is_port = |port: &str| port.parse::<u16>().is_ok();
        let (host, port) = match authority.rsplit_once(':').filter(|(_, port)| is_port(port)) {
            Some((host, port)) => (host, port),
            None => (authority, "80"),
        };
        let bare = host.trim_start_matches('[').trim_end_matches(']');
        let is_here = bare == "localhost" || bare.parse::<IpAddr>().is_ok_and(|address| address.is_loopback());
        if !is_here || path.contains(|letter: char| letter.is_whitespace() || letter.is_control()) {
            return Err(wrong());
        }
        let authority = format!("{host}:{port}");
        Ok(Self { authority, path, text })
    }
}

impl From<LocalUrl> for String {
    fn from(url: LocalUrl) -> Self {
        url.text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Software, String> {
        toml::from_str(text).map_err(|error: toml::de::Error| error.message().to_owned())
    }

    #[test]
    fn the_predecessors_software_is_declared_in_three_lines() {
        let text =
            "folder = '/srv/neopro'\nservices = ['neopro-app', 'neopro-admin']\nhealth = 'http://localhost:8080'";
        let software = read(text).unwrap();
        assert_eq!((software.keep, software.health_timeout), (5, Duration::from_secs(60)));
        assert!(software.preserve.contains(&PathBuf::from("webapp/configuration.json")));
        let Some(Health::Url(url)) = &software.health else { panic!("no address") };
        assert_eq!((url.authority.as_str(), url.path.as_str()), ("localhost:8080", "/"));
        let written = toml::to_string(&software).unwrap();
        assert_eq!(read(&written).unwrap(), software);
    }

    #[test]
    fn backups_are_never_replaced() {
        let software = read("folder = '/srv/player'\npreserve = ['videos']\nbackups = 'old/versions'").unwrap();
        assert_eq!(software.preserve, [PathBuf::from("videos"), PathBuf::from("old/versions")]);
    }

    #[test]
    fn what_could_reach_elsewhere_is_refused() {
        for (text, expected) in [
            ("folder = '/'", "absolute path"),
            ("folder = '/home'", "absolute path"),
            ("folder = 'player'", "absolute path"),
            ("folder = '/srv/../etc/x'", "absolute path"),
            ("folder = '/srv/player'\npreserve = ['../x']", "without `..`"),
            ("folder = '/srv/player'\nbackups = '/backups'", "without `..`"),
            ("folder = '/srv/player'\nkeep = 0", "no way back"),
            ("folder = '/srv/player'\nhealth = ['curl']", "full path"),
            ("folder = '/srv/player'\nhealth = 'http://10.0.0.1/'", "did not match"),
            ("folder = '/srv/player'\nhealt = 'x'", "unknown field"),
        ] {
            let error = read(text).unwrap_err();
            assert!(error.contains(expected), "{text}: {error}");
        }
    }

    #[test]
    fn an_address_elsewhere_is_none_of_this_machine() {
        for text in
            ["http://127.0.0.1.evil.example/", "http://localhost@evil.example/", "https://127.0.0.1/", "http://[::2]/"]
        {
            LocalUrl::try_from(text.to_owned()).unwrap_err();
        }
        LocalUrl::try_from("http://[::1]:80/health?x".to_owned()).unwrap();
    }
}
