//! Changes the application's list on the disk: reads it, edits it, replaces it whole.

use crate::app::AppConfig;
use crate::app::file::{self, ReplaceError};
use crate::media::catalogue::{Catalogue, CatalogueError, Listed};
use crate::media::names::Place;

/// Times that another program may change the file under our hands.
const TRIES_MAX: u32 = 5;

/// Checks that the list can be changed, before anything else is done.
///
/// # Errors
///
/// With the file's path and what is wrong with it.
pub fn check(app: &AppConfig) -> anyhow::Result<()> {
    edit(app, |_| Ok(false)).map(drop)
}

/// Lists a video; returns warnings.
///
/// # Errors
///
/// As [`check`]; the list is as it was.
pub fn list(app: &AppConfig, place: &Place, name: &str) -> anyhow::Result<Vec<String>> {
    let path = app.listed_path(&place.relative());
    edit(app, |catalogue| catalogue.put(place, &Listed { name, path: &path, kind: place.kind() }))
}

/// Takes a video off the list; returns how many entries went, and warnings.
///
/// # Errors
///
/// As [`check`]; the list is as it was.
pub fn unlist(app: &AppConfig, path: &str) -> anyhow::Result<(usize, Vec<String>)> {
    let mut removed = 0;
    let warnings = edit(app, |catalogue| {
        removed = catalogue.remove(path)?;
        Ok(removed > 0)
    })?;
    Ok((removed, warnings))
}

/// A sentence with its warnings behind it.
#[must_use]
pub fn with_warnings(text: String, warnings: &[String]) -> String {
    warnings.iter().fold(text, |text, warning| format!("{text}; warning: {warning}"))
}

/// Edits the file if the edit says that there is something to write.
fn edit(
    app: &AppConfig,
    mut change: impl FnMut(&mut Catalogue) -> Result<bool, CatalogueError>,
) -> anyhow::Result<Vec<String>> {
    let path = app.configuration_file();
    let failed = |error: &dyn std::fmt::Display| anyhow::anyhow!("the application's list {}: {error}", path.display());
    for _ in 0..TRIES_MAX {
        let kept = file::read(&path).map_err(|error| failed(&error))?;
        let mut catalogue = Catalogue::parse(&kept.text).map_err(|error| failed(&error))?;
        if !change(&mut catalogue).map_err(|error| failed(&error))? {
            return Ok(Vec::new());
        }
        if let Some(folder) = path.parent().filter(|folder| !folder.exists()) {
            std::fs::create_dir_all(folder).map_err(|error| failed(&error))?;
        }
        match file::replace(&kept, &catalogue.to_text()) {
            Ok(warning) => return Ok(warning.into_iter().collect()),
            Err(ReplaceError::Changed) => {}
            Err(ReplaceError::Disk(error)) => return Err(failed(&error)),
        }
    }
    Err(failed(&"other programs change it all the time"))
}
