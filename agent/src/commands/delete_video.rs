//! Takes a video away.
//!
//! The file goes, then its entries in the application's list, then folders that are empty. What is not there any more is
//! no failure: the command says so and has succeeded, so that it can be repeated.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use serde_json::json;
use vigie_shared::wire::command::DeleteVideo as Parameters;

use super::{Act, Answer, Context, Failure, Past, Settled, Underway};
use crate::app::{AppConfig, Change};
use crate::download::human;
use crate::download::partial::{note_name, partial_name};
use crate::media::library::Library;
use crate::media::listing;
use crate::media::names::Place;

/// The section `commands.delete_video` of the configuration.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {}

/// Executes `delete_video`.
struct DeleteVideo {
    app: AppConfig,
    library: Library,
}

/// Makes the executor.
pub fn new(_config: &Config, context: &Context) -> impl Act<Parameters = Parameters> + use<> {
    let app = context.settings.app.clone();
    DeleteVideo { library: Library::new(app.videos_folder()), app }
}

#[async_trait]
impl Act for DeleteVideo {
    type Parameters = Parameters;

    async fn run(&self, parameters: &Parameters, underway: &Underway) -> Result<Answer, Failure> {
        let place = place(parameters)?;
        self.app.is_installed().map_err(Failure::Refused)?;
        underway.stage("deleting");
        let freed = self.remove(&place)?;
        let path = self.app.listed_path(&place.relative());
        let (unlisted, mut warnings) = listing::unlist(&self.app, &path)?;
        if let Err(error) = self.library.remove_empty(&place) {
            warnings.push(format!("an empty folder stayed: {error}"));
        }
        if freed.is_some() || unlisted > 0 {
            let change = Change { event: "video_deleted", path: Some(path.clone()) };
            warnings.extend(self.app.tell(&change).await.err());
        }
        let what = match (freed, unlisted) {
            (Some(bytes), _) => format!("{path} was deleted ({})", human(bytes)),
            (None, 0) => format!("{path} was not there"),
            (None, _) => format!("{path} was not there any more; its entry in the application's list was removed"),
        };
        let value = json!({ "path": path, "deleted": freed.is_some(), "freed_bytes": freed.unwrap_or(0),
            "entries_removed": unlisted, "warnings": warnings });
        Ok(Answer::with(listing::with_warnings(what, &warnings), value))
    }

    async fn dry_run(&self, parameters: &Parameters) -> Result<Answer, Failure> {
        let place = place(parameters)?;
        self.app.is_installed().map_err(Failure::Refused)?;
        let found = match self.library.folder(&place) {
            Ok(Some(folder)) => folder.look(place.filename()),
            Ok(None) => Ok(None),
            Err(error) => Err(error),
        };
        let found = found.map_err(|error| Failure::Refused(error.to_string()))?;
        let path = self.app.listed_path(&place.relative());
        let text = match found {
            Some(found) => format!("{path} would be deleted ({})", human(found.size_bytes)),
            None => format!("{path} is not there"),
        };
        let freed = found.map_or(0, |found| found.size_bytes);
        Ok(Answer::with(text, json!({ "path": path, "deletes": found.is_some(), "freed_bytes": freed })))
    }

    async fn settle(&self, _parameters: &Parameters, _past: &Past, _underway: &Underway) -> Settled {
        Settled::Again
    }
}

impl DeleteVideo {
    /// Removes the file and what downloads of it left; its size, if it was there.
    fn remove(&self, place: &Place) -> Result<Option<u64>, Failure> {
        let gone =
            |error: std::io::Error| Failure::Failed(format!("{} could not be deleted: {error}", place.relative()));
        let Some(folder) = self.library.folder(place).map_err(gone)? else { return Ok(None) };
        let found = folder.look(place.filename()).map_err(gone)?;
        for name in [place.filename().to_owned(), partial_name(place.filename()), note_name(place.filename())] {
            folder.remove(&name).map_err(gone)?;
        }
        Ok(found.map(|found| found.size_bytes))
    }
}

fn place(parameters: &Parameters) -> Result<Place, Failure> {
    Place::new(&parameters.category, parameters.subcategory.as_deref(), &parameters.filename)
        .map_err(|error| Failure::Refused(error.to_string()))
}

#[cfg(test)]
mod tests;
