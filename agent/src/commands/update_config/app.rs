//! The local application's `configuration.json`: replaced whole, the last five kept, the application told.

use std::path::Path;

use serde_json::{Value, json};

use crate::app::file::{self, Kept, ReplaceError};
use crate::app::{AppConfig, Change};
use crate::commands::{Answer, Failure, Underway};
use crate::media::catalogue::Catalogue;
use crate::media::listing::with_warnings;
use crate::previous::{KEPT_MAX, Previous};

/// Largest configuration that is accepted, bytes.
const SIZE_BYTES_MAX: usize = 1 << 20;

/// Times that another program may change the file under our hands.
const TRIES_MAX: u32 = 5;

/// Where the file before this one lies, if there was one, and warnings.
type Replaced = (Option<String>, Vec<String>);

/// The file and what it was.
pub(super) struct AppFile {
    app: AppConfig,
    previous: Previous,
}

impl AppFile {
    pub(super) fn new(app: AppConfig, data: &Path) -> Self {
        Self { app, previous: Previous::new(data.join("update_config").join("previous")) }
    }

    /// Says what a replacement would do.
    pub(super) fn preview(&self, configuration: &str) -> Result<Answer, Failure> {
        let fresh = self.checked(configuration)?;
        let kept = self.read()?;
        let is_same = kept.text == fresh;
        let (was, will) = (kept.text.len(), fresh.len());
        let text = if is_same {
            "the application has this configuration already, nothing would change".to_owned()
        } else {
            format!("{} ({was} bytes) would be kept aside and replaced by {will} bytes", self.shown())
        };
        Ok(Answer::with(text, json!({ "size_bytes": will, "size_bytes_before": was, "already_there": is_same })))
    }

    /// Replaces it. Doing so again changes nothing.
    pub(super) async fn replace(&self, configuration: &str, underway: &Underway) -> Result<Answer, Failure> {
        let fresh = self.checked(configuration)?;
        underway.stage("replacing the application's configuration");
        let Some((backup, mut warnings)) = self.put(&fresh, &underway.id().to_string())? else {
            return Ok(Answer::said("the application has this configuration already"));
        };
        underway.stage("telling the application");
        warnings.extend(self.app.tell(&Change { event: "configuration_updated", path: None }).await.err());
        let mut text = format!("{} is replaced", self.shown());
        if let Some(backup) = &backup {
            text.push_str(&format!("; what it was is kept as {backup}, with the {KEPT_MAX} last ones"));
        }
        let value = json!({ "size_bytes": fresh.len(), "backup": backup, "warnings": warnings });
        Ok(Answer::with(with_warnings(text, &warnings), value))
    }

    /// The backup, if there was something to keep, and warnings; none if there is nothing to change.
    fn put(&self, fresh: &str, cause: &str) -> Result<Option<Replaced>, Failure> {
        let failed = |what: &str, error: &dyn std::fmt::Display| {
            Failure::Failed(format!("{} {what}: {error}; it is as it was", self.shown()))
        };
        for _ in 0..TRIES_MAX {
            let kept = self.read()?;
            if kept.text == fresh {
                return Ok(None);
            }
            let backup = (!kept.text.is_empty()).then(|| self.previous.keep(cause, kept.text.as_bytes()));
            let backup = backup.transpose().map_err(|error| failed("could not be kept aside", &error))?;
            match file::replace(&kept, fresh) {
                Ok(warning) => {
                    let backup = backup.map(|path| path.display().to_string());
                    return Ok(Some((backup, warning.into_iter().collect())));
                }
                Err(ReplaceError::Changed) => {}
                Err(error @ ReplaceError::Disk(_)) => return Err(failed("could not be replaced", &error)),
            }
        }
        Err(failed("could not be replaced", &"another program changes it all the time"))
    }

    fn read(&self) -> Result<Kept, Failure> {
        let path = self.app.configuration_file();
        file::read(&path).map_err(|error| Failure::Failed(format!("{} cannot be read: {error}", self.shown())))
    }

    fn shown(&self) -> String {
        self.app.configuration_file().display().to_string()
    }

    /// The text to write, if the configuration is one that the application and our own commands can read.
    fn checked(&self, configuration: &str) -> Result<String, Failure> {
        let wrong = |reason: String| Failure::Refused(format!("the configuration is not right: {reason}"));
        self.app.is_installed().map_err(Failure::Refused)?;
        if configuration.len() > SIZE_BYTES_MAX {
            return Err(wrong(format!("it has {} bytes, {SIZE_BYTES_MAX} are the limit", configuration.len())));
        }
        // The parser's own limit: 127 levels.
        let value: Value = serde_json::from_str(configuration).map_err(|error| wrong(error.to_string()))?;
        check_groups(value.get("categories"), "categories").map_err(wrong)?;
        let catalogue = Catalogue::parse(configuration).map_err(|error| wrong(error.to_string()))?;
        Ok(catalogue.to_text())
    }
}

/// Checks a list of categories, each with its lists of videos and sub-categories; what is missing is right.
fn check_groups(groups: Option<&Value>, at: &str) -> Result<(), String> {
    let Some(groups) = groups.filter(|groups| !groups.is_null()) else { return Ok(()) };
    let groups = groups.as_array().ok_or_else(|| format!("`{at}` is not a list"))?;
    for (index, group) in groups.iter().enumerate() {
        let at = format!("{at}[{index}]");
        let group = group.as_object().ok_or_else(|| format!("`{at}` is not an object"))?;
        for (number, video) in list(group.get("videos"), &format!("{at}.videos"))?.iter().enumerate() {
            if !video.is_object() {
                return Err(format!("`{at}.videos[{number}]` is not an object"));
            }
        }
        check_groups(group.get("subCategories"), &format!("{at}.subCategories"))?;
    }
    Ok(())
}

fn list<'a>(value: Option<&'a Value>, at: &str) -> Result<&'a [Value], String> {
    match value.filter(|value| !value.is_null()) {
        None => Ok(&[]),
        Some(value) => value.as_array().map(Vec::as_slice).ok_or_else(|| format!("`{at}` is not a list")),
    }
}
