//! Hands days over to connectors, and tells those who want it who is on a LAN.

use std::collections::BTreeMap;

use jiff::civil::Date;
use vigie_shared::id::SiteId;
use vigie_shared::mac::Mac;

use super::recompute::unpacked;
use super::{PresenceError, Presences};
use crate::connectors::driver::ToldDay;
use crate::connectors::job::Presence;
use crate::store::presence::{DayFilter, StoredDay};

/// Days that are handed over at once.
const PAGE: usize = 500;

/// Addresses that are told of one site at once.
const PRESENT_MAX: usize = 2_000;

impl Presences {
    /// Queues every revision that nobody was told of, for every connector that takes days; returns how many.
    ///
    /// # Errors
    ///
    /// [`PresenceError::Store`], [`PresenceError::Exchange`]; what was not queued for all is queued the next time.
    pub async fn hand_over(&self) -> Result<usize, PresenceError> {
        let exchange = &self.0.parts.exchange;
        let takers = exchange.takers_of_days().await?;
        if takers.is_empty() {
            return Ok(0);
        }
        let filter = DayFilter { person: None, from: Date::MIN, through: Date::MAX, only_unpublished: true };
        let (mut count, mut after) = (0, None);
        loop {
            let page = self.store().person_days(&filter, after, PAGE).await?;
            let told: Vec<ToldDay> = page.iter().filter_map(told).collect();
            for taker in &takers {
                exchange.tell_days(taker, &told).await?;
            }
            for day in &page {
                self.store().note_published((&day.person, day.date), day.revision, self.now_ms()).await?;
            }
            count += told.len();
            match page.last() {
                Some(last) if page.len() == PAGE => after = Some((last.date, last.person.clone())),
                _ => return Ok(count),
            }
        }
    }

    /// Makes a revision of each told day from one through another, so that third parties are told again; returns how many.
    ///
    /// # Errors
    ///
    /// [`PresenceError::Store`].
    pub async fn tell_again(&self, dates: (Date, Date)) -> Result<usize, PresenceError> {
        let again: Vec<StoredDay> = {
            let _turn = self.0.turn.lock().await;
            let kept = self.kept_days(None, dates).await?.into_iter().filter(|day| day.revision > 0);
            let again: Vec<StoredDay> = kept.map(|day| StoredDay { revision: day.revision + 1, ..day }).collect();
            self.store().put_person_days(&again).await?;
            again
        };
        self.hand_over().await?;
        Ok(again.len())
    }

    /// Tells the connectors that want it which registered devices are on the LAN of each site.
    pub(super) async fn tell_who_is_here(&self, now_ms: i64) -> Result<(), PresenceError> {
        let exchange = &self.0.parts.exchange;
        let listeners = exchange.listeners().await?;
        if listeners.is_empty() {
            return Ok(());
        }
        for (site, macs) in self.present_devices(now_ms).await? {
            for listener in &listeners {
                match exchange.tell_present(listener, site.as_str(), &macs).await {
                    Ok(None) => {}
                    Ok(Some(said)) => tracing::debug!(connector = listener, "a heartbeat was not taken: {said}"),
                    // The next heartbeat says the same or better: nothing is queued.
                    Err(error) => tracing::debug!(connector = listener, "a heartbeat was not told: {error}"),
                }
            }
        }
        Ok(())
    }

    /// Addresses of the devices of people that are on a LAN, by site.
    async fn present_devices(&self, now_ms: i64) -> Result<BTreeMap<SiteId, Vec<Mac>>, PresenceError> {
        let limit_ms = self.config().limits().lan_ms;
        let here = self.present_names(now_ms, limit_ms).await?;
        let mut macs: BTreeMap<SiteId, Vec<Mac>> = BTreeMap::new();
        for device in self.store().registered(None).await? {
            if here.contains(&(device.site.clone(), device.device.clone())) {
                let of_site = macs.entry(device.site).or_default();
                if of_site.len() < PRESENT_MAX {
                    of_site.push(device.mac);
                }
            }
        }
        Ok(macs)
    }
}

/// A day as third parties are told it; none if nobody stands behind it any more.
fn told(day: &StoredDay) -> Option<ToldDay> {
    let (kept, body) = unpacked(day)?;
    let presence = Presence {
        person: day.person.clone(),
        halves: u8::try_from(kept.told.halves()).unwrap_or_default(),
        minutes: body.minutes,
        revision: day.revision,
    };
    Some(ToldDay { date: day.date, presence })
}
