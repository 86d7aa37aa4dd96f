//! What is installed: the agent itself and the owner's software, with their versions.
//!
//! A look reads one small file per software. What changed is told at once, by whatever way it changed, and everything once
//! a day.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use vigie_shared::release::AGENT;
use vigie_shared::units;
use vigie_shared::wire::Reading;
use vigie_shared::wire::reading::{SoftwareList, SoftwareVersion};

use super::{Collector, Context, Outlet, pause};
use crate::update::place::{Place, RealDisk};

/// Section `collect.software`.
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
    let place = |(name, software)| (String::clone(name), Place::new(software, Arc::new(RealDisk)));
    Box::new(Software { config: config.clone(), places: context.software.iter().map(place).collect() })
}

struct Software {
    config: Config,
    places: Vec<(String, Place)>,
}

#[async_trait]
impl Collector for Software {
    fn name(&self) -> &'static str {
        "software"
    }

    async fn once(&mut self) -> anyhow::Result<Vec<Reading>> {
        Ok(vec![Reading::Software(self.list())])
    }

    async fn run(&mut self, outlet: &dyn Outlet, stop: CancellationToken) -> anyhow::Result<()> {
        let full = self.config.full.max(Duration::from_secs(60));
        let mut told: Option<(SoftwareList, Instant)> = None;
        loop {
            let list = self.list();
            let is_known = told.as_ref().is_some_and(|(known, at)| *known == list && at.elapsed() < full);
            if !is_known {
                outlet.append(Reading::Software(list.clone())).await;
                told = Some((list, Instant::now()));
            }
            outlet.looked(&Ok(())).await;
            if !pause(self.config.poll.max(Duration::from_secs(1)), &stop).await {
                return Ok(());
            }
        }
    }
}

impl Software {
    fn list(&self) -> SoftwareList {
        let own = SoftwareVersion { name: AGENT.to_owned(), version: Some(crate::VERSION.to_owned()) };
        let declared = self.places.iter().map(|(name, place)| SoftwareVersion {
            name: name.clone(),
            version: place.installed().map(|installed| installed.version),
        });
        let software = std::iter::once(own).chain(declared).collect();
        SoftwareList { processor: std::env::consts::ARCH.to_owned(), software }
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::{Kept, context};
    use crate::update::settings;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_change_is_told_once_and_everything_once_a_day() {
        let folder = tempfile::tempdir().unwrap();
        let mut context = context();
        let software: settings::Software = toml::from_str(&format!("folder = {:?}", folder.path())).unwrap();
        context.software.insert("player".to_owned(), software);
        let mut collector = new(&Config::default(), &context);
        let (kept, stop) = (Kept::default(), CancellationToken::new());
        let versions = |kept: &Kept| -> Vec<Option<String>> {
            let of = |reading: Reading| match reading {
                Reading::Software(list) => list.software.into_iter().find(|one| one.name == "player").unwrap().version,
                other => panic!("{other:?}"),
            };
            kept.readings().into_iter().map(of).collect()
        };
        let watch = async {
            kept.until(|kept| kept.looks().len() > 3).await;
            assert_eq!(versions(&kept), [None]);
            std::fs::create_dir(folder.path().join(".vigie")).unwrap();
            std::fs::write(folder.path().join(".vigie/installed"), r#"{"version":"2.0.0","sha256":null}"#).unwrap();
            kept.until(|kept| kept.readings().len() == 3).await;
            let new = Some("2.0.0".to_owned());
            assert_eq!(versions(&kept), [None, new.clone(), new], "at once, and a day later");
            assert!(kept.looks().len() > 24 * 60, "not sooner");
            stop.cancel();
        };
        tokio::join!(async { collector.run(&kept, stop.clone()).await.unwrap() }, watch);
    }
}
