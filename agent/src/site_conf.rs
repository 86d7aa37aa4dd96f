//! Reads the `site.conf` of NEOPRO's agent, whose place this agent takes, and says what it means here.
//!
//! Pure: text in, settings out. The format is `KEY=value` lines with `#` comments, as shells and dotenv read them; of a
//! key that stands twice the last line counts. Milliseconds and bytes become values with units, the site's UUID loses
//! its hyphens, and what equals our default is not written. The old server's key is never looked at.
//! Nothing is passed over in silence: every line ends as a setting, as a fact about the site, or as a [`Note`].

mod lines;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Serialize;
use serde_json::{Value, json};
use vigie_shared::id::SiteId;
use vigie_shared::units::{bytes_text, duration_text};
use vigie_shared::wire::CommandKind;

use crate::config::AgentConfig;
use crate::unit::OwnerPaths;
use lines::{Line, lines};

/// What the file says of the site: its keys, and our words.
const ABOUT: [(&str, &str); 7] = [
    ("SITE_NAME", "name"),
    ("CLUB_NAME", "club"),
    ("LOCATION_CITY", "town"),
    ("LOCATION_REGION", "region"),
    ("LOCATION_COUNTRY", "country"),
    ("SPORTS", "sports"),
    ("HARDWARE_MODEL", "model"),
];

/// What a `site.conf` means.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Imported {
    /// The site's id; none if the file has none that can be one.
    pub site: Option<SiteId>,
    /// What the file says of the site, by our words: `name`, `club`, `town`, `region`, `country`, `sports`, `model`.
    pub about: BTreeMap<&'static str, String>,
    /// The settings that differ from the defaults, as the configuration file has them.
    pub settings: Value,
    /// What was dropped, changed or not understood.
    pub notes: Vec<Note>,
    /// What the agent must reach, for its unit.
    #[serde(skip)]
    pub paths: OwnerPaths,
}

/// Something that a person should know of a line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Note {
    /// The line, from 1.
    pub line: usize,
    /// What about it.
    pub text: String,
}

/// Understands the whole file.
#[must_use]
pub fn import(text: &str) -> Imported {
    let mut reader = Reader::default();
    let (found, bad) = lines(text);
    reader.notes.extend(bad.into_iter().map(|line| note(line, "is not `KEY=value`; it was passed over")));
    let mut last = BTreeMap::new();
    for line in found {
        last.insert(line.key.clone(), line);
    }
    last.values().for_each(|line| reader.take(line));
    reader.finish()
}

fn note(line: usize, text: impl Into<String>) -> Note {
    Note { line, text: text.into() }
}

/// The reading so far.
#[derive(Default)]
struct Reader {
    site: Option<SiteId>,
    about: BTreeMap<&'static str, String>,
    root: Option<PathBuf>,
    videos: Option<PathBuf>,
    configuration: Option<PathBuf>,
    log_file: Option<(usize, PathBuf)>,
    settings: Vec<(&'static str, usize, Value)>,
    notes: Vec<Note>,
}

impl Reader {
    fn take(&mut self, line: &Line) {
        let at = line.number;
        let value = line.value.as_str();
        if let Some((_, word)) = ABOUT.iter().find(|(key, _)| *key == line.key) {
            return self.about(word, value);
        }
        let taken = match line.key.as_str() {
            "SITE_ID" => self.site(value),
            "NEOPRO_ROOT" => path(value).map(|path| self.root = Some(path)),
            "VIDEOS_PATH" => path(value).map(|path| self.videos = Some(path)),
            "CONFIG_PATH" => path(value).map(|path| self.configuration = Some(path)),
            "LOG_PATH" => path(value).map(|path| self.log_file = Some((at, path))),
            "HEARTBEAT_INTERVAL" => millis(value).map(|text| self.set("collect.host.heartbeat", at, text)),
            "METRICS_INTERVAL" => millis(value).map(|text| self.set("collect.host.sample", at, text)),
            "MAX_DOWNLOAD_SIZE" => {
                bytes(value).map(|text| self.set("commands.deploy_video.max_download_size", at, text))
            }
            "LOG_LEVEL" => level(value).map(|level| self.set("log", at, json!(level))),
            "CENTRAL_SERVER_ENABLED" => switch(value).map(|is_on| self.set("hub.enabled", at, json!(is_on))),
            "AUTO_UPDATE_ENABLED" => {
                switch(value).map(|is_on| self.set("commands.update_software.enabled", at, json!(is_on)))
            }
            "AUTO_UPDATE_HOUR" => {
                hour(value).map(|hour| self.set("commands.update_software.auto_update_hour", at, json!(hour)))
            }
            "ALLOWED_COMMANDS" => {
                self.commands(value, at);
                Ok(())
            }
            dropped => Err(dropped_because(dropped).unwrap_or("is not known; it was passed over").to_owned()),
        };
        if let Err(reason) = taken {
            self.notes.push(note(at, format!("{} {reason}", line.key)));
        }
    }

    fn set(&mut self, name: &'static str, line: usize, value: Value) {
        self.settings.push((name, line, value));
    }

    fn about(&mut self, word: &'static str, value: &str) {
        if !value.is_empty() {
            self.about.insert(word, value.to_owned());
        }
    }

    fn site(&mut self, value: &str) -> Result<(), String> {
        let plain: String = value.chars().filter(|letter| *letter != '-').collect();
        self.site = Some(plain.parse().map_err(|error| format!("cannot be a site's id: {error}"))?);
        Ok(())
    }

    fn commands(&mut self, value: &str, line: usize) {
        let names = value.split(',').map(str::trim).filter(|name| !name.is_empty());
        let (known, unknown): (Vec<&str>, Vec<&str>) = names.partition(|name| CommandKind::NAMES.contains(name));
        for name in unknown {
            self.notes
                .push(note(line, format!("ALLOWED_COMMANDS: `{name}` is not a command of this agent; it is left out")));
        }
        // What it allowed by default means what this agent allows by default.
        if !is_same(&json!(ALLOWED_BEFORE), &json!(known)) {
            self.set("commands.allowed", line, json!(known));
        }
    }

    fn finish(mut self) -> Imported {
        self.place_application();
        let defaults = serde_json::to_value(AgentConfig::default()).unwrap_or_default();
        let mut settings = json!({});
        for (name, line, value) in std::mem::take(&mut self.settings) {
            match name.split('.').try_fold(&defaults, |tree, key| tree.get(key)) {
                Some(default) if is_same(default, &value) => {}
                Some(_) => put(&mut settings, name, value),
                None => {
                    self.notes.push(note(line, format!("`{name}` is not a setting of this version; it is left out")));
                }
            }
        }
        self.notes.sort_by_key(|note| note.line);
        let paths = self.paths();
        Imported { site: self.site, about: self.about, settings, notes: self.notes, paths }
    }

    /// Paths below the application's folder are written as such.
    fn place_application(&mut self) {
        let root = self.root.clone().unwrap_or_else(|| AgentConfig::default().app.root);
        let below = |path: &Path| path.strip_prefix(&root).unwrap_or(path).display().to_string();
        let (videos, configuration) = (self.videos.clone(), self.configuration.clone());
        self.set("app.root", 0, json!(root));
        for (name, path) in [("app.videos", videos), ("app.configuration", configuration)] {
            if let Some(path) = path {
                self.set(name, 0, json!(below(&path)));
            }
        }
        if let Some((line, path)) = self.log_file.clone() {
            self.set("log_file.path", line, json!(path));
        }
    }

    fn paths(&self) -> OwnerPaths {
        let root = self.root.clone().unwrap_or_else(|| AgentConfig::default().app.root);
        let is_elsewhere = |path: &PathBuf| !path.starts_with(&root);
        let folder = |path: &PathBuf| path.parent().map(Path::to_path_buf);
        let configuration = self.configuration.as_ref().and_then(folder);
        let logs = self.log_file.as_ref().and_then(|(_, path)| folder(path));
        let others = [self.videos.clone(), configuration, logs].into_iter().flatten().filter(is_elsewhere);
        let mut writable: Vec<PathBuf> = std::iter::once(root.clone()).chain(others).collect();
        writable.dedup();
        OwnerPaths { writable, ..OwnerPaths::default() }
    }
}

/// What the agent that Vigie replaces allowed unless its owner said otherwise.
const ALLOWED_BEFORE: [&str; 7] =
    ["deploy_video", "delete_video", "update_software", "update_config", "reboot", "restart_service", "get_logs"];

/// Lists count as sets: the order of allowed commands means nothing.
fn is_same(default: &Value, value: &Value) -> bool {
    let sorted = |value: &Value| {
        let mut texts: Vec<String> = value.as_array()?.iter().map(Value::to_string).collect();
        texts.sort();
        Some(texts)
    };
    default == value || (sorted(default).is_some() && sorted(default) == sorted(value))
}

fn put(tree: &mut Value, name: &str, value: Value) {
    let mut place = tree;
    for key in name.split('.') {
        let Some(table) = place.as_object_mut() else { return };
        place = table.entry(key).or_insert_with(|| json!({}));
    }
    *place = value;
}

fn dropped_because(key: &str) -> Option<&'static str> {
    match key {
        "SITE_API_KEY" => Some("is dropped: this agent makes a key of its own; the old one can be revoked"),
        "CENTRAL_SERVER_URL" => Some("is dropped: the hub's address comes with `vigie-agent register TOKEN`"),
        "BACKUP_PATH" => Some("is dropped: what is replaced is kept in the agent's own folder, the last five each"),
        _ => None,
    }
}

fn path(value: &str) -> Result<PathBuf, String> {
    let path = PathBuf::from(value);
    let is_straight = !path.components().any(|part| part == std::path::Component::ParentDir);
    if path.is_absolute() && is_straight {
        Ok(path)
    } else {
        Err(format!("`{value}` is not an absolute path; it is left out"))
    }
}

fn whole(value: &str) -> Result<u64, String> {
    value.parse().map_err(|_not_a_number| format!("`{value}` is not a whole number; the default stays"))
}

fn millis(value: &str) -> Result<Value, String> {
    match whole(value)? {
        0 => Err("is 0; the default stays".to_owned()),
        millis => Ok(json!(duration_text(std::time::Duration::from_millis(millis)))),
    }
}

fn bytes(value: &str) -> Result<Value, String> {
    whole(value).map(|bytes| json!(bytes_text(bytes)))
}

fn hour(value: &str) -> Result<u64, String> {
    whole(value).and_then(|hour| {
        if hour < 24 { Ok(hour) } else { Err(format!("`{value}` is not an hour from 0 to 23; the default stays")) }
    })
}

fn switch(value: &str) -> Result<bool, String> {
    match value.to_ascii_lowercase().as_str() {
        "true" | "1" | "yes" | "on" => Ok(true),
        "false" | "0" | "no" | "off" => Ok(false),
        _ => Err(format!("`{value}` is neither true nor false; the default stays")),
    }
}

/// The levels of the library that the old agent logged with.
fn level(value: &str) -> Result<&'static str, String> {
    match value.to_ascii_lowercase().as_str() {
        "error" => Ok("error"),
        "warn" | "warning" => Ok("warn"),
        "info" | "http" => Ok("info"),
        "verbose" | "debug" => Ok("debug"),
        "silly" => Ok("trace"),
        _ => Err(format!("`{value}` is not a level; the default stays")),
    }
}

#[cfg(test)]
mod tests;
