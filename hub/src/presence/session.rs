//! Sessions: when somebody was at a site, from the sights of all of the person's devices there.
//!
//! A session goes on while the silence is no longer than the grace, or while nobody could see; it ends with its last
//! sight, never later. What is shorter than [`LEAST_MS`] and has no strong source is no session: a device that passes by.
//! Nor does one weak sight alone begin a session where an arrival is asked for: it takes a strong sight, or a second weak
//! one soon enough.

use serde::{Deserialize, Serialize};

use super::coverage::Coverage;
use super::source::STRONG;
use super::span::Span;
use super::stretch::Stretch;

/// Shortest session without a strong source, milliseconds. It has two sights, as it has a length.
pub const LEAST_MS: i64 = 5 * 60_000;

/// Longest blindness that a session bridges, milliseconds.
pub const BRIDGE_MAX_MS: i64 = 2 * 60 * 60_000;

/// Longest grace, milliseconds: who is silent for longer has left.
pub const GRACE_MAX_MS: i64 = 60 * 60_000;

/// Two weak sights this near to each other are an arrival, unless somebody decides otherwise, milliseconds.
pub const ARRIVAL_MS: i64 = 3 * 60_000;

/// A sight that ends a session or not, for so long after a moment depends on what comes later, milliseconds.
pub const SETTLE_MS: i64 = LEAST_MS + BRIDGE_MAX_MS + GRACE_MAX_MS;

/// From coming to going.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    /// First sight, milliseconds since 1970 UTC.
    pub from_ms: i64,
    /// Last sight.
    pub to_ms: i64,
    /// Sources of its sights, a sum of bits.
    pub sources: u16,
    /// Silences longer than the grace in which nobody could see: the person is believed to have stayed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub bridged: Vec<Stretch>,
}

/// A stretch in which one of the devices was seen, and how long its silence lasts before it means something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sight {
    /// When and how.
    pub span: Span,
    /// Its grace, milliseconds, at most [`GRACE_MAX_MS`].
    pub grace_ms: i64,
}

impl Session {
    /// Its stretch.
    #[must_use]
    pub fn stretch(&self) -> Stretch {
        Stretch { from_ms: self.from_ms, to_ms: self.to_ms }
    }

    /// What of it lies within a stretch; none if they do not touch.
    #[must_use]
    pub fn cut(self, within: Stretch) -> Option<Self> {
        let Stretch { from_ms, to_ms } = self.stretch().within(within)?;
        let bridged = self.bridged.iter().filter_map(|gap| gap.within(within)).filter(|gap| gap.length_ms() > 0);
        Some(Self { from_ms, to_ms, sources: self.sources, bridged: bridged.collect() })
    }

    /// Whether it counts: long enough, or proved by a strong source.
    #[must_use]
    pub fn counts(&self) -> bool {
        self.sources & STRONG != 0 || self.stretch().length_ms() >= LEAST_MS
    }

    /// Whether it has more than one weak sight. A strip does not say how many sights a stretch is made of: those less
    /// than [`TOUCH_MS`](super::span::TOUCH_MS) apart are one, and have a length.
    fn has_arrived(&self) -> bool {
        self.sources & STRONG != 0 || self.stretch().length_ms() > 0
    }
}

/// Joins sights at one site, in any order, to stays; those too short to count are still among them.
///
/// A closing, a moment at which somebody closed open sessions by hand, ends the stay that had its last sight before. A
/// stay begins with a strong sight, or with two weak ones at most `arrival_ms` apart; if that is 0, with any sight.
#[must_use]
pub fn stays(mut sights: Vec<Sight>, coverage: &Coverage, closings: &[i64], arrival_ms: i64) -> Vec<Session> {
    sights.sort_unstable_by_key(|sight| (sight.span, sight.grace_ms));
    let mut stays: Vec<Session> = Vec::new();
    let mut alive_ms = i64::MIN;
    for Sight { span, grace_ms } in sights {
        let until_ms = span.to_ms.saturating_add(grace_ms);
        if let Some(open) = stays.last_mut() {
            let silence = Stretch { from_ms: open.to_ms, to_ms: span.from_ms };
            let is_closed = closings.iter().any(|at_ms| silence.from_ms <= *at_ms && *at_ms < silence.to_ms);
            let has_begun = arrival_ms == 0 || open.has_arrived() || silence.length_ms() <= arrival_ms;
            let may_go_on = has_begun && !is_closed;
            let is_bridged = may_go_on && span.from_ms > alive_ms && is_blindness(silence, alive_ms, coverage);
            if is_bridged {
                open.bridged.push(silence);
            }
            if is_bridged || (may_go_on && span.from_ms <= alive_ms) {
                open.to_ms = open.to_ms.max(span.to_ms);
                open.sources |= span.sources;
                alive_ms = alive_ms.max(until_ms);
                continue;
            }
        }
        stays.push(Session { from_ms: span.from_ms, to_ms: span.to_ms, sources: span.sources, bridged: Vec::new() });
        alive_ms = until_ms;
    }
    stays.retain(|stay| arrival_ms == 0 || stay.has_arrived());
    stays
}

/// Whether a silence beyond its grace is one only because nobody could see.
fn is_blindness(silence: Stretch, alive_ms: i64, coverage: &Coverage) -> bool {
    if silence.length_ms() > BRIDGE_MAX_MS + GRACE_MAX_MS {
        return false;
    }
    let blind_ms = coverage.blind_ms(silence);
    blind_ms <= BRIDGE_MAX_MS && silence.to_ms.saturating_sub(blind_ms) <= alive_ms
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE_MS: i64 = 60_000;

    fn sight(from: i64, to: i64, grace: i64) -> Sight {
        let span = Span { from_ms: from * MINUTE_MS, to_ms: to * MINUTE_MS, sources: 1 };
        Sight { span, grace_ms: grace * MINUTE_MS }
    }

    fn minutes(sights: Vec<Sight>, coverage: &Coverage, closings: &[i64]) -> Vec<(i64, i64)> {
        arriving(sights, coverage, closings, 0)
    }

    fn arriving(sights: Vec<Sight>, coverage: &Coverage, closings: &[i64], arrival: i64) -> Vec<(i64, i64)> {
        let stays = stays(sights, coverage, closings, arrival * MINUTE_MS);
        stays.iter().map(|stay| (stay.from_ms / MINUTE_MS, stay.to_ms / MINUTE_MS)).collect()
    }

    #[test]
    fn a_device_with_a_longer_grace_keeps_the_stay_alive_for_the_others() {
        let phone = sight(10, 20, 25);
        let laptop = sight(0, 15, 15);
        assert_eq!(minutes(vec![phone, laptop, sight(45, 50, 15)], &Coverage::always(), &[]), [(0, 50)]);
        assert_eq!(minutes(vec![laptop, sight(45, 50, 15)], &Coverage::always(), &[]), [(0, 15), (45, 50)]);
    }

    #[test]
    fn a_closing_ends_the_stay_that_is_silent_then_and_no_other() {
        let sights = vec![sight(0, 10, 15), sight(20, 30, 15)];
        assert_eq!(minutes(sights.clone(), &Coverage::always(), &[15 * MINUTE_MS]), [(0, 10), (20, 30)]);
        assert_eq!(minutes(sights.clone(), &Coverage::always(), &[5 * MINUTE_MS, 25 * MINUTE_MS]), [(0, 30)]);
        assert_eq!(minutes(sights, &Coverage::default(), &[15 * MINUTE_MS]), [(0, 10), (20, 30)]);
    }

    #[test]
    fn blindness_is_bridged_for_two_hours_and_no_longer() {
        let nobody = Coverage::default();
        assert_eq!(minutes(vec![sight(0, 10, 15), sight(130, 140, 15)], &nobody, &[]), [(0, 140)]);
        assert_eq!(minutes(vec![sight(0, 10, 15), sight(131, 140, 15)], &nobody, &[]), [(0, 10), (131, 140)]);
    }

    #[test]
    fn one_strong_sight_is_a_session_and_one_weak_is_none() {
        let weak = stays(vec![sight(0, 0, 15)], &Coverage::always(), &[], 0);
        let mut lease = sight(0, 0, 15);
        lease.span.sources |= STRONG;
        assert!(!weak[0].counts());
        assert!(stays(vec![lease], &Coverage::always(), &[], 0)[0].counts());
        assert!(stays(vec![sight(0, 5, 15)], &Coverage::always(), &[], 0)[0].counts());
    }

    #[test]
    fn an_arrival_is_a_strong_sight_or_two_weak_ones_within_three_minutes() {
        let always = Coverage::always();
        let after = |first: &[Sight]| {
            let sights = [first, &[sight(20, 40, 15)]].concat();
            arriving(sights, &always, &[], ARRIVAL_MS / MINUTE_MS)
        };
        assert_eq!(after(&[sight(7, 7, 15)]), [(20, 40)], "one that passed by is no beginning");
        assert_eq!(after(&[sight(7, 7, 15), sight(10, 10, 15)]), [(7, 40)]);
        assert_eq!(after(&[sight(7, 7, 15), sight(11, 11, 15)]), [(20, 40)], "four minutes apart");
        assert_eq!(after(&[sight(17, 17, 15)]), [(17, 40)], "the second one is the beginning of more");
        let mut lease = sight(7, 7, 15);
        lease.span.sources |= STRONG;
        assert_eq!(after(&[lease]), [(7, 40)]);
    }

    #[test]
    fn whoever_has_arrived_stays_by_single_weak_sights_and_nobody_arrives_over_a_blindness() {
        let thin = vec![sight(0, 2, 15), sight(14, 14, 15), sight(28, 28, 15)];
        assert_eq!(arriving(thin, &Coverage::always(), &[], 3), [(0, 28)]);
        let single = vec![sight(0, 0, 15), sight(60, 60, 15), sight(61, 61, 15)];
        assert_eq!(arriving(single.clone(), &Coverage::default(), &[], 3), [(60, 61)]);
        assert_eq!(minutes(single, &Coverage::default(), &[]), [(0, 61)], "unless any sight is an arrival");
        assert_eq!(arriving(vec![sight(0, 0, 15)], &Coverage::always(), &[], 3), []);
    }
}
