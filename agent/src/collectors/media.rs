//! What is really on the disk: every video of the local application, by its hash.
//!
//! A look lists names and sizes; only what is new or changed is read, slowly, so that the application never waits for
//! the disk. Hashes are kept through restarts. What changed is told at once, everything once a day. A box without the
//! application tells nothing.

mod hashes;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use vigie_shared::units;
use vigie_shared::wire::Reading;
use vigie_shared::wire::reading::MediaStretch;

use self::hashes::Hashes;
use super::{Collector, Context, Outlet, pause};
use crate::media::inventory::{self, Held};
use crate::media::library::Library;

/// Section `collect.media`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Whether the collector runs.
    pub enabled: bool,
    /// Time between two looks; at least one second.
    #[serde(with = "units::duration")]
    pub poll: Duration,
    /// Time after which everything is told again; at least one minute.
    #[serde(with = "units::duration")]
    pub full: Duration,
}

impl Default for Config {
    fn default() -> Self {
        Self { enabled: true, poll: Duration::from_secs(60), full: Duration::from_secs(24 * 3600) }
    }
}

/// Makes the collector.
#[must_use]
pub fn new(config: &Config, context: &Context) -> Box<dyn Collector> {
    Box::new(Media {
        config: config.clone(),
        library: Library::new(context.app.videos_folder()),
        hashes: Hashes::new(context.data.join("media.json")),
    })
}

struct Media {
    config: Config,
    library: Library,
    hashes: Hashes,
}

/// What was told, and when everything was.
struct Told {
    held: Held,
    whole_at: Instant,
}

#[async_trait]
impl Collector for Media {
    fn name(&self) -> &'static str {
        "media"
    }

    async fn once(&mut self) -> anyhow::Result<Vec<Reading>> {
        let held = self.held(&CancellationToken::new()).await?.unwrap_or_default();
        Ok(inventory::whole(&held).into_iter().map(Reading::Media).collect())
    }

    async fn run(&mut self, outlet: &dyn Outlet, stop: CancellationToken) -> anyhow::Result<()> {
        let mut told: Option<Told> = None;
        loop {
            let looked = self.held(&stop).await;
            match looked {
                Ok(Some(held)) => {
                    outlet.looked(&Ok(())).await;
                    for stretch in self.news(&mut told, held) {
                        outlet.append(Reading::Media(stretch)).await;
                    }
                }
                Ok(None) => outlet.looked(&Ok(())).await,
                Err(error) => outlet.looked(&Err(error)).await,
            }
            if !pause(self.config.poll.max(Duration::from_secs(1)), &stop).await {
                return Ok(());
            }
        }
    }
}

impl Media {
    /// What lies in the library; none if there is none, or the collector must stop.
    async fn held(&mut self, stop: &CancellationToken) -> anyhow::Result<Option<Held>> {
        let library = Arc::new(self.library.clone());
        if !library.root().is_dir() {
            return Ok(None);
        }
        let listing = Arc::clone(&library);
        let files = tokio::task::spawn_blocking(move || listing.files()).await?;
        let files = files.map_err(|error| anyhow::anyhow!("look into {}: {error}", library.root().display()))?;
        Ok(self.hashes.of(&library, files, stop).await)
    }

    fn news(&self, told: &mut Option<Told>, held: Held) -> Vec<MediaStretch> {
        let full = self.config.full.max(Duration::from_secs(60));
        match told {
            Some(told) if told.whole_at.elapsed() < full => {
                let news = inventory::news(&told.held, &held);
                told.held = held;
                news
            }
            _ => {
                let whole = inventory::whole(&held);
                *told = Some(Told { held, whole_at: Instant::now() });
                whole
            }
        }
    }
}

#[cfg(test)]
mod tests;
