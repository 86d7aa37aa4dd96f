//! Closes the days of each site when its time has come, and looks again at those that are not final.

use std::collections::{BTreeMap, BTreeSet};

use jiff::ToSpan as _;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use vigie_shared::id::SiteId;

use super::ground::sites_in_use;
use super::recompute::is_open;
use super::{PresenceError, Presences};
use crate::attendance::time::date;
use crate::presence::agenda::{CATCH_UP_DAYS, due};
use crate::store::StoreError;
use crate::store::presence::OwnershipFilter;
use crate::store::sites::Site;
use crate::store::timetable::Closing;

/// How often days that are not final are looked at again, milliseconds.
const AGAIN_MS: i64 = 10 * 60_000;

/// Under which plan the closed days of a site stand, beside those of schedules.
fn plan(site: &SiteId) -> String {
    format!("presence of {site}")
}

impl Presences {
    /// Closes the days whose time has come; with them the days before are looked over, for facts that came late.
    pub(super) async fn close_days(&self, now_ms: i64) -> Result<(), PresenceError> {
        let utc = date(now_ms, &TimeZone::UTC).unwrap_or(Date::MIN);
        // Two more days on both sides: sites are elsewhere.
        let around = |days: i64| utc.checked_add(days.days()).unwrap_or(utc);
        let closings = self.store().closings(around(-CATCH_UP_DAYS - 2), around(2)).await?;
        let mut closed: BTreeMap<String, BTreeSet<Date>> = BTreeMap::new();
        for closing in closings {
            closed.entry(closing.plan).or_default().insert(closing.date);
        }
        for site in sites_in_use(self.store()).await? {
            let done = closed.remove(&plan(&site.id)).unwrap_or_default();
            self.close_site(&site, &done, now_ms).await?;
        }
        self.look_again(now_ms).await
    }

    async fn close_site(&self, site: &Site, closed: &BTreeSet<Date>, now_ms: i64) -> Result<(), PresenceError> {
        let zone = TimeZone::get(&site.zone).unwrap_or(TimeZone::UTC);
        let since = date(site.created_ms, &zone).unwrap_or(Date::MIN);
        let dates = due(closed, since, (self.config().close_at, &zone), now_ms);
        let Some(last) = dates.last().copied() else { return Ok(()) };
        let from = last.checked_sub(CATCH_UP_DAYS.days()).unwrap_or(last).max(since);
        let people = self.people_of(Some(&site.id), (from, last)).await?;
        let computed = self.recompute(&people, (from, last), |_| {}).await?;
        let closings: Vec<Closing> =
            dates.iter().map(|date| Closing { plan: plan(&site.id), date: *date, closed_ms: now_ms }).collect();
        self.store().close(&closings).await?;
        tracing::info!(site = %site.id, days = dates.len(), computed, "days of presence are closed through {last}");
        Ok(())
    }

    /// Computes days anew to which something may have been added.
    async fn look_again(&self, now_ms: i64) -> Result<(), PresenceError> {
        let is_time = self.with_figures(|figures| {
            let is_time = now_ms.saturating_sub(figures.looked_ms) >= AGAIN_MS;
            figures.looked_ms = if is_time { now_ms } else { figures.looked_ms };
            is_time
        });
        if !is_time {
            return Ok(());
        }
        let today = date(now_ms, &TimeZone::UTC).unwrap_or(Date::MIN);
        let from = today.checked_sub(CATCH_UP_DAYS.days()).unwrap_or(today);
        let kept = self.kept_days(None, (from, today.tomorrow().unwrap_or(today))).await?;
        let mut open: BTreeMap<Date, Vec<String>> = BTreeMap::new();
        for day in kept.into_iter().filter(is_open) {
            open.entry(day.date).or_default().push(day.person);
        }
        for (date, people) in open {
            self.recompute(&people, (date, date), |_| {}).await?;
        }
        Ok(())
    }

    /// Everybody who has or had a device, at one site or anywhere.
    pub(super) async fn owners(&self, site: Option<&SiteId>) -> Result<BTreeSet<String>, StoreError> {
        let filter = OwnershipFilter { site: site.cloned(), ..OwnershipFilter::default() };
        let owners = self.store().ownerships(&filter).await?.into_iter();
        Ok(owners.map(|owned| owned.person).collect())
    }

    /// Whose days from one through another may have changed: everybody who has or had a device, at one site or anywhere,
    /// and whoever has none any more, but a day that is kept.
    pub(super) async fn people_of(
        &self,
        site: Option<&SiteId>,
        dates: (Date, Date),
    ) -> Result<Vec<String>, StoreError> {
        let (mut people, all) = (self.owners(site).await?, self.owners(None).await?);
        let known: BTreeSet<String> = self.store().people().await?.into_iter().map(|person| person.id).collect();
        let kept = self.kept_days(None, dates).await?.into_iter().map(|day| day.person);
        people.extend(kept.filter(|person| !all.contains(person)));
        // In the place of somebody who was erased stands nobody.
        Ok(people.into_iter().filter(|person| known.contains(person)).collect())
    }
}
