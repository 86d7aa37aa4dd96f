//! One deployment, step by step: is it there, fetch it, put it in its place, list it, tell the application.

use std::sync::Arc;

use serde_json::json;
use vigie_shared::wire::command::DeployVideo as Parameters;

use super::Config;
use crate::app::{AppConfig, Change};
use crate::commands::{Answer, Failure, Underway};
use crate::digest::{self, Hasher, Sha256};
use crate::download::partial::{Origin, Partial, read_into};
use crate::download::source::Source;
use crate::download::{FetchError, Fetched, Fetcher, Wanted, human};
use crate::folder::Found;
use crate::media::library::Library;
use crate::media::listing;
use crate::media::names::Place;

/// One video on its way.
pub(super) struct Deployment<'a> {
    app: &'a AppConfig,
    library: &'a Library,
    parameters: &'a Parameters,
    place: Place,
    wanted: Wanted,
}

impl<'a> Deployment<'a> {
    /// Checks everything that can be checked without the network.
    pub(super) fn new(
        (app, config, library): (&'a AppConfig, &'a Config, &'a Library),
        parameters: &'a Parameters,
        source: Source,
    ) -> Result<Self, Failure> {
        let place = Place::new(&parameters.category, parameters.subcategory.as_deref(), &parameters.filename)
            .map_err(|error| Failure::Refused(error.to_string()))?;
        let sha256 = parameters.sha256.as_deref().map(digest::parse).transpose().map_err(Failure::Refused)?;
        let wanted = Wanted {
            source,
            size_bytes_max: config.max_download_size,
            size_bytes: parameters.size_bytes,
            sha256,
            free_bytes_min: config.free_bytes_min,
        };
        if let Some(size) = parameters.size_bytes.filter(|size| *size > config.max_download_size) {
            let (has, may) = (human(size), human(config.max_download_size));
            let text =
                format!("it has {has}, the limit of this box is {may} (`commands.deploy_video.max_download_size`)");
            return Err(Failure::Refused(text));
        }
        app.is_installed().map_err(Failure::Refused)?;
        listing::check(app)?;
        Ok(Self { app, library, parameters, place, wanted })
    }

    /// The video as the application's list names it.
    pub(super) fn path(&self) -> String {
        self.app.listed_path(&self.place.relative())
    }

    /// The file that would be replaced.
    pub(super) fn replaced(&self) -> Result<Option<Found>, Failure> {
        let folder = self.library.folder(&self.place).map_err(in_the_way)?;
        folder.map_or(Ok(None), |folder| folder.look(self.place.filename())).map_err(in_the_way)
    }

    /// The very video that is wanted, if it lies there already; without a hash nobody can tell.
    pub(super) async fn there(&self) -> Result<Option<(Sha256, u64)>, Failure> {
        let found = self.replaced()?;
        let (Some(found), Some(wanted)) = (found, self.wanted.sha256) else { return Ok(None) };
        if self.wanted.size_bytes.is_some_and(|size| size != found.size_bytes) {
            return Ok(None);
        }
        let (library, path) = (self.library.clone(), self.place.relative());
        let hashed = tokio::task::spawn_blocking(move || -> std::io::Result<Sha256> {
            let mut hasher = Hasher::default();
            read_into(&mut library.open_file(&path)?, &mut hasher, || {})?;
            Ok(hasher.finish())
        });
        let hashed = hashed.await.map_err(anyhow::Error::from)?;
        let is_it =
            hashed.map_err(|error| Failure::Failed(format!("{} cannot be read: {error}", self.path())))? == wanted;
        Ok(is_it.then_some((wanted, found.size_bytes)))
    }

    /// Asks how large the video is.
    pub(super) async fn size(&self, fetcher: &Fetcher) -> Result<Option<u64>, Failure> {
        fetcher.size(&self.wanted).await.map_err(|error| Failure::Failed(error.to_string()))
    }

    /// Whether so many bytes fit.
    pub(super) fn has_room(&self, size_bytes: u64) -> Result<(), Failure> {
        self.wanted.has_room(self.library.root(), size_bytes).map_err(Failure::Failed)
    }

    /// Fetches the video and puts it in its place.
    pub(super) async fn fetch(&self, fetcher: &Fetcher, underway: &Underway) -> Result<Fetched, Failure> {
        let folder = Arc::new(self.library.make_folder(&self.place).map_err(in_the_way)?);
        let origin = Origin {
            source: self.parameters.video_url.clone(),
            validator: None,
            sha256: self.wanted.sha256.as_ref().map(digest::text),
        };
        let failed = |error: std::io::Error| Failure::Failed(format!("the disk failed: {error}"));
        let mut partial = Partial::open(folder, self.place.filename(), origin).await.map_err(failed)?;
        let mut tell = |stage: &str, done: u64, total: Option<u64>| underway.bytes(stage, done, total);
        let fetched = match fetcher.fetch(&self.wanted, &mut partial, self.library.root(), &mut tell).await {
            Ok(fetched) => fetched,
            Err(FetchError::Link(reason)) => {
                let kept = human(partial.size_bytes());
                partial.pause().await.map_err(failed)?;
                let text = format!("{reason}; {kept} are kept for a day, the same command goes on from there");
                return Err(Failure::Failed(text));
            }
            Err(FetchError::Never(reason)) => {
                partial.discard();
                self.tidy();
                return Err(Failure::Failed(reason));
            }
        };
        let note = underway.note(json!({ "sha256": digest::text(&fetched.sha256) })).await;
        note.and_then(|()| partial.place().map_err(anyhow::Error::from)).map_err(|error| {
            self.tidy();
            Failure::Failed(format!("the video could not be put in its place: {error:#}"))
        })?;
        Ok(fetched)
    }

    /// Lists the video and tells the application.
    pub(super) async fn publish(
        &self,
        underway: &Underway,
        (sha256, size_bytes, is_fetched): (Sha256, u64, bool),
    ) -> Result<Answer, Failure> {
        underway.stage("telling the application");
        let stem = |name: &str| name.rsplit_once('.').map_or(name, |(stem, _)| stem).to_owned();
        let shown = self.parameters.original_name.as_deref().filter(|name| !name.trim().is_empty());
        let name = stem(shown.unwrap_or(self.place.filename()));
        let path = self.path();
        let listed = listing::list(self.app, &self.place, &name);
        let mut warnings = listed.map_err(|error| {
            Failure::Failed(format!(
                "{path} is on the disk, but not listed: {error:#}; mend that and send the command again"
            ))
        })?;
        let change = Change { event: "video_deployed", path: Some(path.clone()) };
        warnings.extend(self.app.tell(&change).await.err());
        let what = if is_fetched { "deployed" } else { "there already" };
        let text = listing::with_warnings(format!("{path} is {what} ({})", human(size_bytes)), &warnings);
        let value = json!({ "path": path, "sha256": digest::text(&sha256), "size_bytes": size_bytes,
            "fetched": is_fetched, "warnings": warnings });
        Ok(Answer::with(text, value))
    }

    /// Removes folders that only this deployment needed.
    fn tidy(&self) {
        if let Err(error) = self.library.remove_empty(&self.place) {
            tracing::warn!("an empty folder of videos could not be removed: {error}");
        }
    }
}

/// Something of the owner's lies where the video should go.
#[expect(clippy::needless_pass_by_value, reason = "the form that map_err wants")]
fn in_the_way(error: std::io::Error) -> Failure {
    Failure::Refused(format!("the video cannot be put there: {error}"))
}
