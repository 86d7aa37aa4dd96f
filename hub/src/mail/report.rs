//! The report of the week: written when its time has come by each reader's clock, from what the store has.
//!
//! It asks the outbox whether a reader has a week's report already: so it is written once, whatever stops in between, and
//! one whose time passed while the hub was down is still written on the same day.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use jiff::civil::{Date, Weekday};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan as _};
use tokio_util::sync::CancellationToken;
use vigie_shared::id::SiteId;

use super::config::{Recipient, WeekTime};
use super::desk::Desk;
use super::letter::{Kind, Way};
use super::letters::weekly::{self, SiteWeek, Week};
use crate::http::hours::hours;
use crate::presence::driver::kept_day;
use crate::presence::headcount::Crowd;
use crate::store::outbox::LetterFilter;
use crate::store::presence::DayFilter;
use crate::store::sites::Site;
use crate::store::upkeep::HourlySample;

/// How often it is looked whether a report's time has come.
const LOOK: Duration = Duration::from_secs(5 * 60);

/// A report that is later than this tells nobody anything new.
const LATE_MS_MAX: i64 = 24 * 60 * 60 * 1000;

const HOUR_MS: i64 = HourlySample::HOUR_MS;

/// Hours of a week, and one more at a change of the clock.
const HOURS_MAX: usize = 7 * 24 + 1;

/// Days of presence that are read at once.
const DAYS_PAGE: usize = 1000;

/// A week whose report is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Due {
    /// Its Monday.
    pub from: Date,
    /// Its Sunday.
    pub through: Date,
}

/// The week whose report is due at a moment, by a reader's clock; none if it is too late for the last one.
#[must_use]
pub fn due(at: WeekTime, zone: &TimeZone, now_ms: i64) -> Option<Due> {
    let now = Timestamp::from_millisecond(now_ms).ok()?.to_zoned(zone.clone());
    let back = now.date().weekday().since(at.day);
    let mut day = now.date().checked_sub(back.days()).ok()?;
    if back == 0 && now.time() < at.at {
        day = day.checked_sub(7.days()).ok()?;
    }
    let due_ms = day.to_datetime(at.at).to_zoned(zone.clone()).ok()?.timestamp().as_millisecond();
    if now_ms.saturating_sub(due_ms) > LATE_MS_MAX {
        return None;
    }
    let through = day.nth_weekday(-1, Weekday::Sunday).ok()?;
    Some(Due { from: through.checked_sub(6.days()).ok()?, through })
}

/// Writes reports until the process stops.
///
/// # Errors
///
/// None so far: what fails is tried again.
pub async fn run(desk: Desk, stopping: CancellationToken) -> anyhow::Result<()> {
    while !stopping.is_cancelled() {
        if let Err(error) = round(&desk).await {
            tracing::warn!("the report of the week was not written, trying again: {error:#}");
        }
        tokio::select! {
            () = stopping.cancelled() => {}
            () = tokio::time::sleep(LOOK) => {}
        }
    }
    Ok(())
}

/// Writes the reports that are due and not yet written; returns how many.
///
/// # Errors
///
/// If the store failed, or a letter cannot be laid out.
pub async fn round(desk: &Desk) -> anyhow::Result<usize> {
    let (mail, now_ms) = (&desk.parts().mail, desk.parts().clock.wall_ms());
    let mut count = 0;
    for recipient in mail.recipients.iter().filter(|one| one.weekly && mail.server.is_some()) {
        let reader = desk.reader(recipient);
        let Some(due) = due(mail.weekly_at, &reader.zone, now_ms) else { continue };
        let about = format!("week-{}", due.from);
        let filter = LetterFilter {
            about: Some(about.clone()),
            reader: Some(reader.address.clone()),
            ..LetterFilter::default()
        };
        if !desk.parts().store.letters(&filter, None, 1).await?.is_empty() {
            continue;
        }
        let week = week(desk, recipient, (due, &reader.zone)).await?;
        count += desk.put(&[desk.letter(weekly::page(&week, &reader), (&about, 1), &reader)?]).await?;
    }
    Ok(count)
}

/// What a week was like, as far as it concerns one reader.
async fn week(desk: &Desk, recipient: &Recipient, (due, zone): (Due, &TimeZone)) -> anyhow::Result<Week> {
    let store = desk.parts().store.as_ref();
    let start = |date: Date| Ok::<_, jiff::Error>(date.to_zoned(zone.clone())?.timestamp().as_millisecond());
    let period = (start(due.from)?, start(due.through.checked_add(1.days())?)?);
    let people = people(desk, due).await?;
    let mut sites = Vec::new();
    for site in store.sites().await? {
        let is_theirs = recipient.sites.is_empty() || recipient.sites.contains(&site.id);
        if !is_theirs || site.created_ms >= period.1 || site.revoked_ms.is_some_and(|ms| ms < period.0) {
            continue;
        }
        let crowd = Crowd::of(people.get(&site.id).map_or(0, BTreeSet::len));
        sites.push(site_week(desk, &site, (period, crowd)).await?);
    }
    let incidents = incidents(desk, &recipient.address.address(), period).await?;
    Ok(Week { from: due.from, through: due.through, sites, incidents })
}

/// Who was where in a week.
async fn people(desk: &Desk, due: Due) -> anyhow::Result<BTreeMap<SiteId, BTreeSet<String>>> {
    let filter = DayFilter { person: None, from: due.from, through: due.through, only_unpublished: false };
    let mut people: BTreeMap<SiteId, BTreeSet<String>> = BTreeMap::new();
    let mut after = None;
    loop {
        let page = desk.parts().store.person_days(&filter, after, DAYS_PAGE).await?;
        for stored in &page {
            let day = kept_day(stored);
            let sites = day.iter().flat_map(|day| &day.sites).filter(|site| site.minutes > 0);
            for site in sites {
                people.entry(site.site.clone()).or_default().insert(stored.person.clone());
            }
        }
        match page.last() {
            Some(last) if page.len() == DAYS_PAGE => after = Some((last.date, last.person.clone())),
            Some(_) | None => return Ok(people),
        }
    }
}

async fn site_week(
    desk: &Desk,
    site: &Site,
    ((from_ms, to_ms), crowd): ((i64, i64), Crowd),
) -> anyhow::Result<SiteWeek> {
    let store = desk.parts().store.as_ref();
    let from_ms = from_ms.max(HourlySample::hour_of(site.created_ms));
    let (told, _) = hours(store, &site.id, (from_ms, to_ms), HOURS_MAX).await?;
    let told: Vec<HourlySample> = told.into_iter().filter(|hour| hour.samples > 0).collect();
    let is_of_week = |ms: i64| from_ms <= ms && ms < to_ms;
    let gaps = store.gaps(&site.id).await?.into_iter().filter(|gap| is_of_week(gap.noticed_ms)).count();
    let room: Vec<(i64, u64)> =
        told.iter().filter_map(|hour| Some((hour.at_ms, hour.disk_available_min_bytes?))).collect();
    let all = u64::try_from((to_ms - from_ms).div_euclid(HOUR_MS)).unwrap_or(0).max(1);
    Ok(SiteWeek {
        name: site.name.clone(),
        online_permille: (told.len() as u64 * 1000 / all).min(1000),
        gaps: gaps as u64,
        people: crowd.told(),
        disk_free_bytes: room.last().map(|(_, free)| *free),
        disk_full_days: full_days(&room),
    })
}

/// In how many days a disk is full if its room goes on shrinking as it did, hours oldest first; none if it does not.
fn full_days(room: &[(i64, u64)]) -> Option<u32> {
    let ((first_ms, first), (last_ms, last)) = (*room.first()?, *room.last()?);
    let (lost, passed_ms) = (first.checked_sub(last).filter(|lost| *lost > 0)?, last_ms - first_ms);
    // Less than a day says nothing of a week.
    let passed_h = u128::try_from(passed_ms / HOUR_MS).ok().filter(|hours| *hours >= 24)?;
    u32::try_from(u128::from(last) * passed_h / u128::from(lost) / 24).ok()
}

/// How many incidents a reader was told of in a week.
async fn incidents(desk: &Desk, address: &str, (from_ms, to_ms): (i64, i64)) -> anyhow::Result<u64> {
    let filter = LetterFilter { way: Some(Way::Mail), reader: Some(address.to_owned()), ..LetterFilter::default() };
    let mut told: BTreeSet<String> = BTreeSet::new();
    let mut before = None;
    loop {
        let page = desk.parts().store.letters(&filter, before, DAYS_PAGE).await?;
        let is_news = |kind: Kind| matches!(kind, Kind::Incident | Kind::Storage);
        let of_week = page.iter().filter(|one| is_news(one.name.kind) && (from_ms..to_ms).contains(&one.created_ms));
        told.extend(of_week.map(|one| one.name.about.clone()));
        match page.last() {
            Some(last) if page.len() == DAYS_PAGE && last.created_ms >= from_ms => before = Some(last.no),
            Some(_) | None => return Ok(told.len() as u64),
        }
    }
}

#[cfg(test)]
mod tests;
