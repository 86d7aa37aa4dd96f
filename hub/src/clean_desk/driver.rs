//! Says it: gives a command to each site that has machines, once a week.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use tokio_util::sync::CancellationToken;
use vigie_shared::clock::Clock;
use vigie_shared::id::SiteId;
use vigie_shared::wire::CommandHeader;

use super::agenda::{Occasion, Weekly};
use super::config::CleanDeskConfig;
use super::message::{command_id, order};
use crate::dispatch::driver::Dispatch;
use crate::store::commands::StoredCommand;
use crate::store::diary::{Entry, Level};
use crate::store::machines::{MACHINES_MAX, Machine};
use crate::store::{Store, StoreError};

/// How often it looks whether the time has come.
const LOOK: Duration = Duration::from_secs(20);

/// Who gives the commands, as people are told.
const ACCOUNT: &str = "clean desk";

/// What it needs.
pub struct Parts {
    /// Knows sites and machines, keeps commands.
    pub store: Arc<dyn Store>,
    /// Has commands sent.
    pub dispatch: Dispatch,
    /// The calendar.
    pub clock: Arc<dyn Clock>,
    /// What the owner set.
    pub config: CleanDeskConfig,
}

/// Says it week after week.
pub struct CleanDesk {
    parts: Parts,
    weekly: Weekly,
    /// The day on which it was last said, by this process.
    said: Option<Date>,
}

impl CleanDesk {
    /// Will say it as the owner set.
    ///
    /// # Errors
    ///
    /// If the zone is unknown.
    pub fn new(parts: Parts) -> anyhow::Result<Self> {
        let CleanDeskConfig { day, time, zone, .. } = &parts.config;
        let zone = match zone {
            Some(name) => TimeZone::get(name).with_context(|| {
                format!("clean_desk.zone: `{name}` is no time zone; write it like \"Europe/Paris\"")
            })?,
            None => TimeZone::system(),
        };
        let weekly = Weekly { day: *day, time: *time, zone };
        Ok(Self { parts, weekly, said: None })
    }

    /// Looks again and again, until the process stops.
    ///
    /// # Errors
    ///
    /// None so far: what a failing store keeps from being said is tried again within the hour.
    pub async fn run(mut self, stopping: CancellationToken) -> anyhow::Result<()> {
        let mut looks = tokio::time::interval(LOOK);
        loop {
            tokio::select! {
                () = stopping.cancelled() => return Ok(()),
                _ = looks.tick() => {}
            }
            if let Err(error) = self.look().await {
                tracing::warn!("Clean Desk is not said yet: {:#}", anyhow::Error::from(error));
            }
        }
    }

    /// Says it if the time has come and nobody did.
    async fn look(&mut self) -> Result<(), StoreError> {
        let now_ms = self.parts.clock.wall_ms();
        let Some(occasion) = self.weekly.occasion(now_ms).filter(|occasion| Some(occasion.date) != self.said) else {
            return Ok(());
        };
        let mut told = 0_u64;
        for site in self.sites().await? {
            told += u64::from(self.say(&site, occasion, now_ms).await?);
        }
        self.said = Some(occasion.date);
        if told > 0 {
            let text = format!(
                "Clean Desk was said at {told} sites. `vigie-hub machine messages` shows who saw it; nobody is bothered twice."
            );
            let entry = Entry { at_ms: now_ms, site: None, level: Level::Note, kind: "clean_desk".to_owned(), text };
            self.parts.store.write(&entry).await?;
        }
        Ok(())
    }

    /// Gives one site the command; false if it has it already.
    async fn say(&self, site: &SiteId, occasion: Occasion, now_ms: i64) -> Result<bool, StoreError> {
        let id = command_id(occasion.date, site);
        let header = CommandHeader { site: site.clone(), id, issued_ms: now_ms, expires_ms: occasion.ends_ms };
        let command = order(header, &self.parts.config.words(), None);
        match self.parts.store.add_command(&StoredCommand::waiting(&command, ACCOUNT, None)).await {
            Ok(()) => {
                self.parts.dispatch.changed(site, id);
                Ok(true)
            }
            // It was given before a restart.
            Err(StoreError::Conflict(_)) => Ok(false),
            Err(failed @ StoreError::Failed(_)) => Err(failed),
        }
    }

    /// The sites that are meant: those with machines, as far as the owner wants them, and not revoked.
    async fn sites(&self) -> Result<BTreeSet<SiteId>, StoreError> {
        let machines = self.parts.store.machines(None, MACHINES_MAX).await?;
        let wanted = &self.parts.config.sites;
        let mut sites = sites_of(&machines);
        sites.retain(|site| wanted.is_empty() || wanted.contains(site));
        let known = self.parts.store.sites().await?.into_iter();
        let open: BTreeSet<SiteId> = known.filter(|site| site.revoked_ms.is_none()).map(|site| site.id).collect();
        Ok(sites.intersection(&open).cloned().collect())
    }
}

/// The sites at which machines could be read: only there a message can be shown.
#[must_use]
pub fn sites_of(machines: &[Machine]) -> BTreeSet<SiteId> {
    machines.iter().filter(|machine| machine.read.is_some()).map(|machine| machine.met.site.clone()).collect()
}

#[cfg(test)]
mod tests {
    use vigie_shared::clock::ManualClock;
    use vigie_shared::id::BootId;
    use vigie_shared::wire::Stamp;

    use super::*;
    use crate::store::machines::tests::{row, told};
    use crate::store::projections::Step;
    use crate::store::sites::Site;
    use crate::store::{Commands as _, Diary as _, Memory, Projections as _, Sites as _};

    /// 2026-11-20T15:00:00Z, a Friday at four in Paris.
    const FOUR: i64 = 1_795_186_800_000;

    async fn store() -> Arc<Memory> {
        let store = Arc::new(Memory::default());
        for id in ["metz", "brest", "nancy", "rennes"] {
            let site = Site::new(id.parse().unwrap(), id.to_owned(), "Europe/Paris".to_owned(), 1);
            store.add_site(&site).await.unwrap();
        }
        let read = |site: &str, serial: &str| told(site, FOUR, &row(7, None, Some(serial)));
        let machines = vec![
            read("metz", "C02XL0AA"),
            read("brest", "C02XL0BB"),
            read("rennes", "C02XL0CC"),
            told("nancy", FOUR, &row(9, Some(9), None)),
        ];
        store.apply(Step { machines, ..Step::default() }).await.unwrap();
        store.revoke_site(&"rennes".parse().unwrap(), 2).await.unwrap();
        store
    }

    fn desk(store: &Arc<Memory>, now_ms: i64, sites: &[&str]) -> CleanDesk {
        let stamp = Stamp { boot: BootId([0; 16]), uptime_ms: 0, wall_ms: now_ms, is_synced: true };
        let sites = sites.iter().map(|site| site.parse().unwrap()).collect();
        let config = CleanDeskConfig {
            enabled: true,
            zone: Some("Europe/Paris".to_owned()),
            sites,
            ..CleanDeskConfig::default()
        };
        let clock = Arc::new(ManualClock::new(stamp));
        CleanDesk::new(Parts { store: store.clone(), dispatch: Dispatch::default(), clock, config }).unwrap()
    }

    async fn given(store: &Memory) -> Vec<String> {
        let open = store.open_commands(99).await.unwrap();
        let mut sites: Vec<String> = open.into_iter().map(|command| command.site.to_string()).collect();
        sites.sort();
        sites
    }

    #[tokio::test]
    async fn it_is_said_once_where_machines_are_read_and_not_again_after_a_restart() {
        let store = store().await;
        desk(&store, FOUR - 1, &[]).look().await.unwrap();
        assert_eq!(given(&store).await, [""; 0]);
        let mut first = desk(&store, FOUR + 1_000, &[]);
        first.look().await.unwrap();
        first.look().await.unwrap();
        assert_eq!(given(&store).await, ["brest", "metz"]);
        desk(&store, FOUR + 30 * 60_000, &[]).look().await.unwrap();
        assert_eq!(given(&store).await, ["brest", "metz"]);
        let entries = store.entries(None, 9).await.unwrap();
        assert_eq!(entries.iter().filter(|entry| entry.kind == "clean_desk").count(), 1);
    }

    #[tokio::test]
    async fn only_the_sites_that_the_owner_named_are_told_and_nobody_an_hour_late() {
        let store = store().await;
        desk(&store, FOUR + 60 * 60_000, &[]).look().await.unwrap();
        assert_eq!(given(&store).await, [""; 0]);
        desk(&store, FOUR, &["metz", "nancy"]).look().await.unwrap();
        assert_eq!(given(&store).await, ["metz"]);
        let command = store.open_commands(9).await.unwrap().remove(0);
        assert_eq!((command.kind.as_str(), command.expires_ms), ("show_message", FOUR + 60 * 60_000));
    }

    #[tokio::test]
    async fn what_a_failing_store_kept_is_said_when_it_works_again() {
        let store = store().await;
        let mut desk = desk(&store, FOUR, &[]);
        store.fail(true);
        assert!(desk.look().await.is_err());
        store.fail(false);
        desk.look().await.unwrap();
        assert_eq!(given(&store).await.len(), 2);
    }

    #[test]
    fn an_unknown_zone_is_named() {
        let config = CleanDeskConfig { zone: Some("Europe/Metz".to_owned()), ..CleanDeskConfig::default() };
        let stamp = Stamp { boot: BootId([0; 16]), uptime_ms: 0, wall_ms: 1, is_synced: true };
        let (store, clock) = (Arc::new(Memory::default()), Arc::new(ManualClock::new(stamp)));
        let Err(error) = CleanDesk::new(Parts { store, dispatch: Dispatch::default(), clock, config }) else {
            panic!("the zone is unknown")
        };
        assert!(error.to_string().contains("clean_desk.zone"), "{error}");
    }
}
