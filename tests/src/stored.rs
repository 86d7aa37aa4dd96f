//! What a stopped hub holds, read from its data folder through the store's own port.

use std::path::Path;

use bytes::Bytes;
use vigie_hub::store::Facts as _;
use vigie_hub::store::Sqlite;
use vigie_hub::store::facts::Gap;
use vigie_hub::store::vault::Vault;
use vigie_shared::id::SiteId;
use vigie_shared::wire::reading::TerminalLog;
use vigie_shared::wire::{Lane, Reading, Record};

/// Records read at once.
const PAGE: usize = 10_000;

/// A hub's store.
pub struct Stored(Sqlite);

impl Stored {
    /// Opens the store of a hub that does not run.
    ///
    /// # Errors
    ///
    /// If it cannot be opened.
    pub fn open(data: &Path) -> anyhow::Result<Self> {
        let vault = Vault::open(&data.join("store.key"))?;
        Ok(Self(Sqlite::open(&data.join(vigie_hub::backup::DATABASE), vault)?))
    }

    /// Every record of a lane, queue after queue, in the order of positions.
    ///
    /// # Errors
    ///
    /// If the store cannot be read.
    pub async fn records(&self, site: &SiteId, lane: Lane) -> anyhow::Result<Vec<Bytes>> {
        let mut records = Vec::new();
        for queue in self.0.queues().await?.into_iter().filter(|queue| queue.site == *site && queue.lane == lane) {
            let mut from = 1;
            loop {
                let page = self.0.records(site, queue.queue, from, PAGE).await?;
                let Some(last) = page.last() else { break };
                from = last.seq + 1;
                records.extend(page.into_iter().map(|record| record.bytes));
            }
        }
        Ok(records)
    }

    /// The numbers of the punches of each terminal, in the order of their positions.
    ///
    /// # Errors
    ///
    /// If the store cannot be read.
    pub async fn punches(&self, site: &SiteId) -> anyhow::Result<std::collections::BTreeMap<String, Vec<u64>>> {
        let mut punches: std::collections::BTreeMap<String, Vec<u64>> = std::collections::BTreeMap::new();
        for record in self.records(site, Lane::Ledger).await? {
            if let Reading::Punch(punch) = Record::decode(&record)?.reading {
                punches.entry(punch.terminal).or_default().push(punch.enrol_id);
            }
        }
        Ok(punches)
    }

    /// Every message of rows that terminals sent, in the order of their positions.
    ///
    /// # Errors
    ///
    /// If the store cannot be read.
    pub async fn terminal_logs(&self, site: &SiteId) -> anyhow::Result<Vec<TerminalLog>> {
        let mut logs = Vec::new();
        for record in self.records(site, Lane::Ledger).await? {
            if let Reading::TerminalLog(log) = Record::decode(&record)?.reading {
                logs.push(log);
            }
        }
        Ok(logs)
    }

    /// Every gap of a site.
    ///
    /// # Errors
    ///
    /// If the store cannot be read.
    pub async fn gaps(&self, site: &SiteId) -> anyhow::Result<Vec<Gap>> {
        Ok(self.0.gaps(site).await?)
    }
}
