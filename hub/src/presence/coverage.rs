//! When a site's observers could see. What they could not see is never called absence.
//!
//! A site is seen where at least one of its networks was, and none that people use was blind. A network that could not
//! see at all for [`MEMORY_MS`] is one that nobody uses: an interface without a cable blinds no site.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::stretch::{Stretch, clipped, total_ms, touching, union, without};
use crate::store::projections::CoverageSpan;

/// How long ago a network must have seen something so that its blindness counts, milliseconds.
pub const MEMORY_MS: i64 = 24 * 60 * 60_000;

/// Statements this near to each other are one, milliseconds: boxes speak in whole seconds, and restart within these.
const TOUCH_MS: i64 = 60_000;

/// A stretch in which a site was not seen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Blind {
    /// From, milliseconds since 1970 UTC.
    pub from_ms: i64,
    /// To.
    pub to_ms: i64,
    /// Why, in the box's words; none if nobody said anything of that time.
    pub reason: Option<String>,
}

impl Blind {
    fn stretch(&self) -> Stretch {
        Stretch { from_ms: self.from_ms, to_ms: self.to_ms }
    }
}

/// When the observers of one site could see.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Coverage {
    networks: Vec<Network>,
}

/// What was said of one network.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Network {
    /// When it was seen: in order and apart.
    clear: Vec<Stretch>,
    /// When it was not: in order, none reaching into the next.
    blind: Vec<Blind>,
}

impl Coverage {
    /// Takes the statements about one site, in any order and with any repeats.
    #[must_use]
    pub fn new(spans: &[CoverageSpan]) -> Self {
        let mut networks: BTreeMap<&str, Network> = BTreeMap::new();
        for span in spans.iter().filter(|span| span.from_ms <= span.to_ms) {
            let network = networks.entry(&span.network).or_default();
            let (from_ms, to_ms) = (span.from_ms, span.to_ms);
            match &span.blind {
                None => network.clear.push(Stretch { from_ms, to_ms }),
                Some(reason) => network.blind.push(Blind { from_ms, to_ms, reason: Some(reason.clone()) }),
            }
        }
        let whole = |network: Network| Network { clear: union(network.clear, TOUCH_MS), blind: in_turn(network.blind) };
        Self { networks: networks.into_values().map(whole).collect() }
    }

    /// A place that was always seen, as an application that people tell of themselves.
    #[must_use]
    pub fn always() -> Self {
        let always = Stretch { from_ms: i64::MIN, to_ms: i64::MAX };
        Self { networks: vec![Network { clear: vec![always], blind: Vec::new() }] }
    }

    /// When the site was not seen within a stretch, in order.
    #[must_use]
    pub fn blind(&self, within: Stretch) -> Vec<Blind> {
        let said = self.said_blind(within);
        let blind = without(&[within], &self.clear(within, &said));
        blind.into_iter().map(|stretch| named(stretch, &said)).collect()
    }

    /// For how long the site was not seen within a stretch, milliseconds.
    #[must_use]
    pub fn blind_ms(&self, within: Stretch) -> i64 {
        let clear = self.clear(within, &self.said_blind(within));
        within.length_ms().saturating_sub(total_ms(&clear))
    }

    /// The newest moment, not after `now_ms`, at which the site was seen; none if it never was.
    #[must_use]
    pub fn clear_through_ms(&self, now_ms: i64) -> Option<i64> {
        let newest = |network: &Network| {
            let end = network.clear.partition_point(|stretch| stretch.from_ms <= now_ms);
            Some(network.clear.get(end.checked_sub(1)?)?.to_ms.min(now_ms))
        };
        let newest_ms = self.networks.iter().filter_map(newest).max()?;
        let last_day = Stretch { from_ms: newest_ms.saturating_sub(MEMORY_MS), to_ms: newest_ms };
        let seen = self.clear(last_day, &self.said_blind(last_day));
        Some(seen.last().map_or(last_day.from_ms, |stretch| stretch.to_ms))
    }

    /// When the site was seen within a stretch: in order and apart.
    fn clear(&self, within: Stretch, said: &[Blind]) -> Vec<Stretch> {
        let clear = self.networks.iter().flat_map(|network| clipped(&network.clear, within)).collect();
        let said = union(said.iter().map(Blind::stretch).collect(), 0);
        without(&union(clear, TOUCH_MS), &said)
    }

    /// What networks that people use said of their blindness within a stretch.
    fn said_blind(&self, within: Stretch) -> Vec<Blind> {
        let lately = Stretch { from_ms: within.from_ms.saturating_sub(MEMORY_MS), to_ms: within.to_ms };
        let used = self.networks.iter().filter(|network| !touching(&network.clear, lately).is_empty());
        let said = used.flat_map(|network| {
            let first = network.blind.partition_point(|blind| blind.to_ms <= within.from_ms);
            network.blind.iter().skip(first).take_while(|blind| blind.from_ms < within.to_ms)
        });
        said.cloned().collect()
    }
}

/// Orders statements of blindness so that none reaches into the next.
fn in_turn(mut blind: Vec<Blind>) -> Vec<Blind> {
    blind.sort_unstable_by(|one, other| {
        (one.from_ms, one.to_ms, &one.reason).cmp(&(other.from_ms, other.to_ms, &other.reason))
    });
    let mut turns: Vec<Blind> = Vec::with_capacity(blind.len());
    for mut next in blind {
        match turns.last_mut() {
            Some(last) if last.reason == next.reason && next.from_ms.saturating_sub(last.to_ms) <= TOUCH_MS => {
                last.to_ms = last.to_ms.max(next.to_ms);
                continue;
            }
            Some(last) => next.from_ms = next.from_ms.max(last.to_ms),
            None => {}
        }
        if next.from_ms < next.to_ms {
            turns.push(next);
        }
    }
    turns
}

/// A stretch of blindness with the first reason that anybody gave.
fn named(stretch: Stretch, said: &[Blind]) -> Blind {
    let reason = said.iter().find(|blind| blind.from_ms < stretch.to_ms && stretch.from_ms < blind.to_ms);
    Blind { from_ms: stretch.from_ms, to_ms: stretch.to_ms, reason: reason.and_then(|blind| blind.reason.clone()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE_MS: i64 = 60_000;
    const HOUR: Stretch = Stretch { from_ms: 0, to_ms: 60 * MINUTE_MS };

    fn span(network: &str, (from, to): (i64, i64), blind: Option<&str>) -> CoverageSpan {
        CoverageSpan {
            network: network.to_owned(),
            from_ms: from * MINUTE_MS,
            to_ms: to * MINUTE_MS,
            blind: blind.map(str::to_owned),
        }
    }

    fn blind(spans: &[CoverageSpan]) -> Vec<(i64, i64, Option<String>)> {
        let found = Coverage::new(spans).blind(HOUR);
        found.into_iter().map(|one| (one.from_ms / MINUTE_MS, one.to_ms / MINUTE_MS, one.reason)).collect()
    }

    #[test]
    fn what_nobody_said_anything_of_was_not_seen() {
        assert_eq!(blind(&[]), [(0, 60, None)]);
        assert_eq!(blind(&[span("a", (0, 20), None), span("a", (30, 60), None)]), [(20, 30, None)]);
        assert_eq!(blind(&[span("a", (30, 60), None), span("a", (0, 31), None), span("a", (0, 31), None)]), []);
    }

    #[test]
    fn one_blind_network_leaves_the_site_partly_unseen() {
        let spans = [span("a", (0, 60), None), span("b", (0, 10), None), span("b", (10, 25), Some("no cable"))];
        assert_eq!(blind(&spans), [(10, 25, Some("no cable".to_owned()))]);
        assert_eq!(Coverage::new(&spans).blind_ms(HOUR), 15 * MINUTE_MS);
    }

    #[test]
    fn a_network_that_never_sees_anything_blinds_no_site() {
        let spans = [span("a", (0, 60), None), span("b", (0, 60), Some("no cable"))];
        assert_eq!(blind(&spans), []);
        assert_eq!(blind(&spans[1..]), [(0, 60, None)]);
    }

    #[test]
    fn the_newest_sight_ends_where_a_network_says_that_it_is_blind() {
        let all = [span("a", (0, 60), None), span("b", (0, 40), None), span("b", (40, 60), Some("no cable"))];
        assert_eq!(Coverage::new(&all).clear_through_ms(i64::MAX), Some(40 * MINUTE_MS));
        assert_eq!(Coverage::new(&all[..1]).clear_through_ms(50 * MINUTE_MS), Some(50 * MINUTE_MS));
        assert_eq!(Coverage::new(&[]).clear_through_ms(0), None);
    }
}
