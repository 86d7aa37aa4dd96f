//! Puts a video where the local application finds it.
//!
//! Everything is checked before a byte is fetched: names, source, list, space. The file grows beside its target and
//! takes its place when it is whole and right; then it is listed, then the application is told. After a restart it goes
//! on where it was; a video that is there already, by its hash, is not fetched again.

mod config;
mod steps;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use serde_json::json;
use vigie_shared::clock::Clock;
use vigie_shared::wire::command::DeployVideo as Parameters;

use super::{Act, Answer, Context, Failure, Past, Settled, Underway};
use crate::app::AppConfig;
use crate::digest;
use crate::download::{Fetcher, human};
use crate::media::library::Library;
use steps::Deployment;

pub use config::Config;

/// A gigabyte at a megabit a second takes two hours and a half.
const TIME_MAX: Duration = Duration::from_secs(8 * 3600);

/// Downloads that nobody continued for so long are swept away: a day.
const LEFT_AFTER_MS: i64 = 24 * 3600 * 1000;

/// Executes `deploy_video`.
struct DeployVideo {
    app: AppConfig,
    clock: Arc<dyn Clock>,
    config: Config,
    library: Library,
    fetcher: Fetcher,
}

/// Makes the executor.
pub fn new(config: &Config, context: &Context) -> impl Act<Parameters = Parameters> + use<> {
    let app = context.settings.app.clone();
    DeployVideo {
        library: Library::new(app.videos_folder()),
        app,
        clock: Arc::clone(&context.clock),
        config: config.clone(),
        fetcher: Fetcher::new(Arc::clone(&context.hub), config.allowed_hosts.clone()),
    }
}

#[async_trait]
impl Act for DeployVideo {
    type Parameters = Parameters;

    async fn run(&self, parameters: &Parameters, underway: &Underway) -> Result<Answer, Failure> {
        let deployment = self.deployment(parameters)?;
        underway.stage("checking");
        let (sha256, size_bytes, is_fetched) = match deployment.there().await? {
            Some((sha256, size_bytes)) => (sha256, size_bytes, false),
            None => {
                self.sweep();
                let fetched = deployment.fetch(&self.fetcher, underway).await?;
                (fetched.sha256, fetched.size_bytes, true)
            }
        };
        deployment.publish(underway, (sha256, size_bytes, is_fetched)).await
    }

    async fn dry_run(&self, parameters: &Parameters) -> Result<Answer, Failure> {
        let deployment = self.deployment(parameters)?;
        let is_there = deployment.there().await?.is_some();
        let is_replaced = deployment.replaced()?.is_some();
        let free = self.library.free_bytes().map_err(|error| Failure::Failed(error.to_string()))?;
        let size = match parameters.size_bytes {
            Some(size) => Some(size),
            None if is_there => None,
            None => deployment.size(&self.fetcher).await?,
        };
        if !is_there {
            deployment.has_room(size.unwrap_or(0))?;
        }
        let path = deployment.path();
        let bytes = size.map_or_else(|| "an unknown number of bytes".to_owned(), human);
        let text = match (is_there, is_replaced) {
            (true, _) => format!("{path} is there already, nothing would be fetched"),
            (false, true) => format!("{bytes} would be fetched and replace {path}; {} are free", human(free)),
            (false, false) => format!("{bytes} would be fetched as {path}; {} are free", human(free)),
        };
        let value = json!({ "path": path, "bytes": size, "free_bytes": free, "replaces": is_replaced,
            "already_there": is_there });
        Ok(Answer::with(text, value))
    }

    async fn settle(&self, parameters: &Parameters, past: &Past, underway: &Underway) -> Settled {
        // Noted just before the file took its place: if it is there, only the rest is missing.
        let noted = past.note.as_ref().and_then(|note| digest::parse(note.get("sha256")?.as_str()?).ok());
        let Some(noted) = noted else { return Settled::Again };
        let known = Parameters { sha256: Some(digest::text(&noted)), ..parameters.clone() };
        let Ok(deployment) = self.deployment(&known) else { return Settled::Again };
        match deployment.there().await {
            Ok(Some((sha256, size))) => Settled::Ended(deployment.publish(underway, (sha256, size, true)).await),
            Ok(None) | Err(_) => Settled::Again,
        }
    }

    fn time_max(&self) -> Duration {
        TIME_MAX
    }
}

impl DeployVideo {
    fn deployment<'a>(&'a self, parameters: &'a Parameters) -> Result<Deployment<'a>, Failure> {
        let source = self.fetcher.judge(&parameters.video_url).map_err(Failure::Refused)?;
        Deployment::new((&self.app, &self.config, &self.library), parameters, source)
    }

    /// Removes what given-up downloads left. A file's time comes from the same clock, right or wrong.
    fn sweep(&self) {
        let before_ms = self.clock.wall_ms().saturating_sub(LEFT_AFTER_MS);
        match self.library.sweep(before_ms.saturating_mul(1_000_000)) {
            Ok(0) => {}
            Ok(count) => tracing::info!("{count} files that downloads had left were removed"),
            Err(error) => tracing::warn!("what downloads left could not be looked for: {error}"),
        }
    }
}

#[cfg(test)]
mod tests;
