//! Who is here now: derived from the last sight at each question, never stored, so that nothing can get stuck.

use serde::{Deserialize, Serialize};
use vigie_shared::id::SiteId;

use super::Counts;
use super::coverage::Coverage;
use super::day::LEFT_MS;
use super::facts::{Facts, Held};
use super::session::{ARRIVAL_MS, Session, Sight, stays};
use super::span::Span;

/// How long after a last sight somebody is still taken to be there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    /// Seen on a LAN, milliseconds.
    pub lan_ms: i64,
    /// Active in an application, milliseconds.
    pub app_ms: i64,
    /// Nobody comes by a single weak sight: it takes two at most so far apart, milliseconds. If 0, one is enough.
    pub arrival_ms: i64,
}

impl Default for Limits {
    fn default() -> Self {
        Self { lan_ms: 10 * 60_000, app_ms: 30 * 60_000, arrival_ms: ARRIVAL_MS }
    }
}

/// Where somebody stands at a moment. All times are milliseconds since 1970 UTC.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "snake_case")]
pub enum Standing {
    /// Here.
    Here {
        /// At which site; none in an application.
        site: Option<SiteId>,
        /// Since when.
        since_ms: i64,
        /// When the person was seen last.
        seen_ms: i64,
    },
    /// Not here, as far as everybody could see.
    Gone {
        /// When the person was seen last, which is when the person left.
        left_ms: i64,
    },
    /// The observers of a site cannot see, so nobody can say.
    Unknown {
        /// Since when they cannot; none if they never could.
        since_ms: Option<i64>,
        /// Where the person was when they could see last, if the person was there.
        site: Option<SiteId>,
        /// When the person was seen last, if ever.
        seen_ms: Option<i64>,
    },
    /// Never seen in the strips at hand, unless by a single weak sight.
    Never,
}

/// The stay at one place that was seen last.
struct Last<'a> {
    site: Option<&'a SiteId>,
    stay: Session,
}

/// Where a person stands at `now_ms`. Strips of today and the [`LOOK_BACK_DAYS`](super::facts::LOOK_BACK_DAYS) before
/// are enough, as sights and `now_ms` are times of one clock.
#[must_use]
pub fn standing(facts: Facts<'_>, limits: Limits, now_ms: i64) -> Standing {
    let held: Vec<Held<'_>> = facts.held().into_iter().filter(|held| held.held.holds(now_ms)).collect();
    let closed_ms = facts.closings.iter().copied().filter(|at_ms| *at_ms <= now_ms).max();
    let mut lasts = lan_stays(facts, &held, (limits, now_ms));
    lasts.extend(app_stay(facts, (limits, now_ms)));
    lasts.sort_by_key(|last| std::cmp::Reverse(last.stay.to_ms));
    let is_open = |last: &&Last<'_>| closed_ms.is_none_or(|closed_ms| closed_ms < last.stay.to_ms);
    let limit_ms = |last: &Last<'_>| if last.site.is_some() { limits.lan_ms } else { limits.app_ms };
    let is_here = |last: &&Last<'_>| now_ms.saturating_sub(last.stay.to_ms) <= limit_ms(last);
    // A person who is somewhere is rather there than in an application.
    let mut here: Vec<&Last<'_>> = lasts.iter().filter(is_open).filter(is_here).collect();
    here.sort_by_key(|last| last.site.is_none());
    if let Some(last) = here.first() {
        let Session { from_ms, to_ms, .. } = last.stay;
        return Standing::Here { site: last.site.cloned(), since_ms: from_ms, seen_ms: to_ms };
    }
    let seen_ms = lasts.first().map(|last| last.stay.to_ms);
    // Whoever was closed by hand while nobody could see is gone until the next sight.
    let is_closed =
        |since_ms: Option<i64>| closed_ms.is_some_and(|closed_ms| since_ms.is_none_or(|at| at <= closed_ms));
    if let Some(since_ms) = blind_since(facts, &held, (limits, now_ms))
        && !is_closed(since_ms)
    {
        let was_there =
            |last: &&Last<'_>| since_ms.is_some_and(|at_ms| at_ms.saturating_sub(last.stay.to_ms) <= limit_ms(last));
        let site = lasts.iter().filter(is_open).find(was_there).and_then(|last| last.site.cloned());
        return Standing::Unknown { since_ms, site, seen_ms };
    }
    seen_ms.map_or(Standing::Never, |left_ms| Standing::Gone { left_ms })
}

/// The last stay at each site, of devices that speak for the person and were not left behind.
fn lan_stays<'a>(facts: Facts<'a>, held: &[Held<'a>], at: (Limits, i64)) -> Vec<Last<'a>> {
    let mut sites: Vec<&'a SiteId> = held.iter().map(|held| held.site).collect();
    sites.sort_unstable();
    sites.dedup();
    let of_site = |site: &'a SiteId| {
        let place = facts.places.get(site)?;
        let stays_of = |spans: &[Span]| stays(sights(spans, at), &place.coverage, facts.closings, at.0.arrival_ms);
        let is_alone = |held: &&Held<'a>| held.site == site && held.counts == Counts::Yes;
        let own = held
            .iter()
            .filter(is_alone)
            .filter(|held| stays_of(&held.spans).last().is_none_or(|stay| stay.stretch().length_ms() < LEFT_MS));
        let spans: Vec<Span> = own.flat_map(|held| held.spans.iter().copied()).collect();
        Some(Last { site: Some(site), stay: stays_of(&spans).pop()? })
    };
    sites.into_iter().filter_map(of_site).collect()
}

fn app_stay<'a>(facts: Facts<'a>, (limits, now_ms): (Limits, i64)) -> Option<Last<'a>> {
    let limits = Limits { lan_ms: limits.app_ms, ..limits };
    let stay = stays(sights(&facts.activity(), (limits, now_ms)), &Coverage::always(), &[], 0).pop()?;
    Some(Last { site: None, stay })
}

/// What was seen so far. A silence within the limit does not end a stay, so the limit is the grace.
fn sights(spans: &[Span], (limits, now_ms): (Limits, i64)) -> Vec<Sight> {
    let so_far = spans.iter().filter(|span| span.from_ms <= now_ms);
    so_far
        .map(|span| Sight { span: Span { to_ms: span.to_ms.min(now_ms), ..*span }, grace_ms: limits.lan_ms })
        .collect()
}

/// Since when a site of the person cannot see, the longest first; the inner none if it never could.
fn blind_since(facts: Facts<'_>, held: &[Held<'_>], (limits, now_ms): (Limits, i64)) -> Option<Option<i64>> {
    let blind = held.iter().filter_map(|held| {
        let clear_ms = facts.places.get(held.site).and_then(|place| place.coverage.clear_through_ms(now_ms));
        let is_blind = clear_ms.is_none_or(|clear_ms| now_ms.saturating_sub(clear_ms) > limits.lan_ms);
        is_blind.then_some(clear_ms)
    });
    blind.min()
}

impl Standing {
    /// Whether the person is here.
    #[must_use]
    pub fn is_here(&self) -> bool {
        matches!(self, Self::Here { .. })
    }

    /// When the person was seen last; none if never.
    #[must_use]
    pub fn seen_ms(&self) -> Option<i64> {
        match self {
            Self::Here { seen_ms, .. } => Some(*seen_ms),
            Self::Gone { left_ms } => Some(*left_ms),
            Self::Unknown { seen_ms, .. } => *seen_ms,
            Self::Never => None,
        }
    }
}
