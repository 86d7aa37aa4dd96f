//! What local programs leave in a folder: lines of JSON, each an observation.
//!
//! A program writes `NAME.jsonl`, best under another name and then renamed: a renamed file is whole and taken at once,
//! any other one when nobody has written to it for a while. Other names are left alone. What is taken is first moved
//! aside ([`folder`]), then handed over line by line ([`lines`]), and removed only when all of it is on the disk: a
//! power cut may repeat lines, under the same file id and number, and loses none. A line that is no JSON object is
//! set aside with its reason and number.

mod folder;
mod lines;

use std::path::PathBuf;
use std::time::Duration;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use tokio_util::sync::CancellationToken;
use vigie_shared::units;
use vigie_shared::wire::Reading;

use self::folder::{Folder, Taken};
use self::lines::Chunk;
use super::{Collector, Context, Outlet, pause};

/// Section `collect.drop`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Whether the collector runs; without the folder it has nothing to do.
    pub enabled: bool,
    /// Where programs leave their files. No command can change it.
    pub folder: PathBuf,
    /// Time between two looks; at least 100 ms.
    #[serde(with = "units::duration")]
    pub poll: Duration,
    /// Time without a change after which a file that was not renamed counts as whole.
    #[serde(with = "units::duration")]
    pub quiet: Duration,
    /// Largest file that is taken; a larger one is set aside.
    #[serde(with = "units::bytes")]
    pub file_size_max: u64,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            enabled: true,
            folder: PathBuf::from("/var/lib/vigie/drop"),
            poll: Duration::from_secs(5),
            quiet: Duration::from_secs(30),
            file_size_max: 16 << 20,
        }
    }
}

/// Makes the collector.
#[must_use]
pub fn new(config: &Config, _context: &Context) -> Box<dyn Collector> {
    Box::new(DropFolder { config: config.clone(), folder: Folder::new(config) })
}

struct DropFolder {
    config: Config,
    folder: Folder,
}

#[async_trait]
impl Collector for DropFolder {
    fn name(&self) -> &'static str {
        "drop"
    }

    /// Looks into the files that lie there, and takes none.
    async fn once(&mut self) -> anyhow::Result<Vec<Reading>> {
        let mut readings = Vec::new();
        for mut taken in self.folder.waiting()? {
            while let Some(chunk) = taken.read()? {
                readings.extend(chunk.reading(&taken));
            }
        }
        Ok(readings)
    }

    async fn run(&mut self, outlet: &dyn Outlet, stop: CancellationToken) -> anyhow::Result<()> {
        loop {
            let looked = self.look(outlet, &stop).await;
            outlet.looked(&looked).await;
            if !pause(self.config.poll.max(Duration::from_millis(100)), &stop).await {
                return Ok(());
            }
        }
    }
}

impl DropFolder {
    /// Takes everything that is whole; an error names what was set aside.
    async fn look(&mut self, outlet: &dyn Outlet, stop: &CancellationToken) -> anyhow::Result<()> {
        let mut complaints = Vec::new();
        for taken in self.folder.take(&mut complaints)? {
            if stop.is_cancelled() {
                break;
            }
            complaints.extend(self.deliver(taken, outlet, stop).await?);
        }
        let more = complaints.len().saturating_sub(1);
        match complaints.first() {
            None => Ok(()),
            Some(first) if more == 0 => anyhow::bail!("{first}"),
            Some(first) => anyhow::bail!("{first}, and {more} more"),
        }
    }

    /// Hands a file over and removes it once all of it is on the disk; returns what was set aside of it.
    async fn deliver(
        &self,
        mut taken: Taken,
        outlet: &dyn Outlet,
        stop: &CancellationToken,
    ) -> anyhow::Result<Option<String>> {
        let mut complaint = None;
        loop {
            while let Some(chunk) = taken.read()? {
                let Chunk { bad, .. } = &chunk;
                if let Some(bad) = bad.first() {
                    let place = self.folder.set_aside(&taken, &chunk.bad)?;
                    complaint.get_or_insert_with(|| {
                        format!("line {} of {} {}; it is in {}", bad.number, taken.name, bad.reason, place.display())
                    });
                }
                if let Some(reading) = chunk.reading(&taken) {
                    outlet.append(reading).await;
                }
                tokio::task::yield_now().await;
                if stop.is_cancelled() {
                    return Ok(complaint);
                }
            }
            while !outlet.settle().await {
                if !pause(self.config.poll.max(Duration::from_secs(1)), stop).await {
                    return Ok(complaint);
                }
            }
            if stop.is_cancelled() || self.folder.remove(&taken)? {
                return Ok(complaint);
            }
        }
    }
}

#[cfg(test)]
mod tests;
