//! Reads what days are computed from: sites and what their observers saw, policies, people and their strips.

use std::collections::{BTreeMap, BTreeSet};

use jiff::ToSpan as _;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use vigie_shared::id::SiteId;
use vigie_shared::wire::Lane;

use super::{Parts, PresenceError};
use crate::attendance::time::midnight;
use crate::attendance::window::next;
use crate::presence::coverage::Coverage;
use crate::presence::day::{Day, Unseen};
use crate::presence::facts::{Facts, LOOK_AHEAD_DAYS, LOOK_BACK_DAYS, Place};
use crate::presence::policy::{Policy, holding};
use crate::presence::{Ownership, Strip};
use crate::store::presence::strips::APP_SITE;
use crate::store::presence::{OwnershipFilter, StripFilter, StripPlace, Trace};
use crate::store::projections::CoverageSpan;
use crate::store::sites::Site;
use crate::store::{Store, StoreError, deliveries};

/// Strips that are read at once.
const PAGE: usize = 2_000;

/// What is said of a blindness whose reason is gone: that stays with the coverage, which lives for a shorter time.
const BLIND: &str = "the observers could not see";

/// Statements about one blindness that are looked at for its reasons.
const STATEMENTS_MAX: usize = 1_000;

/// What holds for everybody, for some days.
pub(super) struct Ground {
    pub(super) places: BTreeMap<SiteId, Place>,
    /// Versions of the policy in use.
    pub(super) policies: Vec<Policy>,
    /// Moments at which people's sessions were closed by hand.
    ends: BTreeMap<String, Vec<i64>>,
}

/// What days of one person are computed from.
pub(super) struct Own {
    pub(super) strips: Vec<Strip>,
    pub(super) ownerships: Vec<Ownership>,
    closings: Vec<i64>,
}

impl Ground {
    /// Reads what is needed for days from one through another.
    pub(super) async fn read(parts: &Parts, days: (Date, Date)) -> Result<Self, PresenceError> {
        let store = &*parts.store;
        let policies = policies(store).await?.into_iter().filter(|policy| policy.name == parts.config.policy).collect();
        Ok(Self { places: places(parts, days).await?, policies, ends: ends(store, days).await? })
    }

    /// The days in runs of one policy each.
    pub(super) fn runs(&self, (from, through): (Date, Date)) -> Vec<(&Policy, (Date, Date))> {
        let mut runs: Vec<(&Policy, (Date, Date))> = Vec::new();
        let dates = std::iter::successors(Some(from), |date| Some(next(*date)).filter(|after| after > date));
        for date in dates.take_while(|date| *date <= through) {
            let Some(policy) = holding(&self.policies, date) else { continue };
            match runs.last_mut() {
                Some((same, (_, last))) if same.version == policy.version && next(*last) == date => *last = date,
                _ => runs.push((policy, (date, date))),
            }
        }
        runs
    }

    /// What is known about one person.
    pub(super) fn facts<'a>(&'a self, own: &'a Own) -> Facts<'a> {
        Facts { strips: &own.strips, ownerships: &own.ownerships, closings: &own.closings, places: &self.places }
    }

    pub(super) fn ends_of(&self, person: &str) -> Vec<i64> {
        self.ends.get(person).cloned().unwrap_or_default()
    }
}

impl Own {
    /// Reads what is known about one person.
    pub(super) async fn read(
        store: &dyn Store,
        (ground, person): (&Ground, &str),
        days: (Date, Date),
    ) -> Result<Self, StoreError> {
        let filter = OwnershipFilter { person: Some(person.to_owned()), ..OwnershipFilter::default() };
        let ownerships = store.ownerships(&filter).await?;
        let mut places: Vec<(Option<SiteId>, &str)> =
            ownerships.iter().map(|owned| (owned.site.clone(), owned.device.as_str())).collect();
        places.push((APP_SITE.parse().ok(), person));
        places.sort_unstable();
        places.dedup();
        let mut strips = Vec::new();
        for (site, device) in places.into_iter().filter(|(site, _)| site.is_some()) {
            let filter = StripFilter { site, device: Some(device.to_owned()), ..around(Trace::Device, days) };
            add_strips(store, &filter, &mut strips).await?;
        }
        Ok(Self { strips, closings: ground.ends_of(person), ownerships })
    }

    /// What is known about one person, of strips that were read for everybody.
    pub(super) fn of(
        ground: &Ground,
        person: &str,
        ownerships: Vec<Ownership>,
        seen: &BTreeMap<(SiteId, String), Vec<Strip>>,
    ) -> Self {
        let app = APP_SITE.parse().ok().map(|site: SiteId| (site, person.to_owned()));
        let owned = ownerships.iter().filter_map(|owned| Some((owned.site.clone()?, owned.device.clone())));
        let places: BTreeSet<(SiteId, String)> = owned.chain(app).collect();
        let strips = places.iter().filter_map(|place| seen.get(place)).flatten().cloned().collect();
        Self { strips, closings: ground.ends_of(person), ownerships }
    }
}

/// The strips that days depend on.
fn around(trace: Trace, (from, through): (Date, Date)) -> StripFilter {
    StripFilter {
        trace,
        site: None,
        device: None,
        from: from.checked_sub(i64::from(LOOK_BACK_DAYS).days()).unwrap_or(from),
        through: through.checked_add(i64::from(LOOK_AHEAD_DAYS).days()).unwrap_or(through),
    }
}

/// Strips of every device, by site and device.
pub(super) async fn seen(
    store: &dyn Store,
    days: (Date, Date),
) -> Result<BTreeMap<(SiteId, String), Vec<Strip>>, StoreError> {
    let mut strips = Vec::new();
    add_strips(store, &around(Trace::Device, days), &mut strips).await?;
    let mut seen: BTreeMap<(SiteId, String), Vec<Strip>> = BTreeMap::new();
    for strip in strips {
        seen.entry((strip.site.clone(), strip.device.clone())).or_default().push(strip);
    }
    Ok(seen)
}

async fn add_strips(store: &dyn Store, filter: &StripFilter, strips: &mut Vec<Strip>) -> Result<(), StoreError> {
    let mut after: Option<StripPlace> = None;
    loop {
        let page = store.strips(filter, after.as_ref(), PAGE).await?;
        let is_last = page.len() < PAGE;
        after = page.last().map(StripPlace::of);
        strips.extend(page);
        if is_last {
            return Ok(());
        }
    }
}

/// Every policy: those that come with the hub, and those that people set.
pub(super) async fn policies(store: &dyn Store) -> Result<Vec<Policy>, StoreError> {
    let set = store.policies().await?;
    let read =
        |body: &str| Policy::parse(body).map_err(|error| tracing::warn!("a stored policy is left out: {error}")).ok();
    Ok(Policy::shipped().into_iter().chain(set.iter().filter_map(|one| read(&one.body))).collect())
}

/// The sites at which somebody has or had a device: the others have nothing to do with presence.
pub(super) async fn sites_in_use(store: &dyn Store) -> Result<Vec<Site>, StoreError> {
    let owned = store.ownerships(&OwnershipFilter::default()).await?;
    let used: BTreeSet<SiteId> = owned.into_iter().filter_map(|owned| owned.site).collect();
    Ok(store.sites().await?.into_iter().filter(|site| used.contains(&site.id)).collect())
}

async fn places(parts: &Parts, days: (Date, Date)) -> Result<BTreeMap<SiteId, Place>, StoreError> {
    let store = &*parts.store;
    let deliveries = deliveries(store).await?;
    let fleet = parts.fleet.snapshot();
    let mut places = BTreeMap::new();
    for site in sites_in_use(store).await? {
        let pulse = fleet.get(&site.id).and_then(|now| now.heartbeat.as_ref());
        let lines = deliveries.lines(&site.id, &[], pulse);
        let complete_ms = lines.iter().find(|line| line.lane == Lane::Observations).and_then(|line| line.complete_ms);
        let place = Place {
            zone: TimeZone::get(&site.zone).unwrap_or(TimeZone::UTC),
            coverage: coverage(store, &site.id, days).await?,
            complete_ms,
        };
        places.insert(site.id, place);
    }
    Ok(places)
}

async fn coverage(store: &dyn Store, site: &SiteId, days: (Date, Date)) -> Result<Coverage, StoreError> {
    let mut spans = Vec::new();
    for trace in [Trace::Clear, Trace::Blind] {
        let mut strips = Vec::new();
        add_strips(store, &StripFilter { site: Some(site.clone()), ..around(trace, days) }, &mut strips).await?;
        let blind = (trace == Trace::Blind).then(|| BLIND.to_owned());
        let span = |strip: &Strip| {
            let (network, blind) = (strip.device.clone(), blind.clone());
            let span = move |span: &crate::presence::span::Span| CoverageSpan {
                network: network.clone(),
                from_ms: span.from_ms,
                to_ms: span.to_ms,
                blind: blind.clone(),
            };
            strip.spans.iter().map(span).collect::<Vec<_>>()
        };
        spans.extend(strips.iter().flat_map(span));
    }
    Ok(Coverage::new(&spans))
}

/// Gives the blindness of a day the reasons in the box's own words, as long as these are kept.
pub(super) async fn give_reasons(store: &dyn Store, day: &mut Day) -> Result<(), StoreError> {
    for Unseen { site, blind } in day.unseen.iter_mut().filter(|one| one.blind.reason.is_some()) {
        let said = store.coverage(site, blind.from_ms, blind.to_ms, STATEMENTS_MAX).await?;
        let reasons: BTreeSet<String> = said.into_iter().filter_map(|span| span.blind).collect();
        if !reasons.is_empty() {
            blind.reason = Some(reasons.into_iter().collect::<Vec<_>>().join("; "));
        }
    }
    Ok(())
}

async fn ends(store: &dyn Store, days: (Date, Date)) -> Result<BTreeMap<String, Vec<i64>>, StoreError> {
    let StripFilter { from, through, .. } = around(Trace::Device, days);
    let period = (midnight(from, &TimeZone::UTC), midnight(next(through), &TimeZone::UTC));
    let mut ends: BTreeMap<String, Vec<i64>> = BTreeMap::new();
    for end in store.presence_ends(period.0, period.1).await? {
        ends.entry(end.person).or_default().push(end.at_ms);
    }
    Ok(ends)
}
