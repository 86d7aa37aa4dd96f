//! Pure: what of a period is not there, lane by lane, and why: never measured, not seen, lost, or still on its way.

use vigie_shared::wire::Lane;

use super::pulse::{Pulse, between};
use crate::fleet::completeness::Line;
use crate::http::reach::HEARTBEAT;
use crate::store::facts::GapReason;
use crate::store::projections::CoverageSpan;

/// Observers say what they could see every five minutes, or by the hour: less than this between two words is no hole.
const UNSAID_MS: i64 = 15 * 60 * 1000;

/// What is known of a period.
pub(super) struct Past {
    /// When it begins, milliseconds since 1970 UTC.
    pub(super) from_ms: i64,
    /// When it ends.
    pub(super) to_ms: i64,
    /// What was measured in it.
    pub(super) pulse: Pulse,
    /// When its networks were observed, oldest first.
    pub(super) coverage: Vec<CoverageSpan>,
    /// What was lost, as far as it can be dated.
    pub(super) lost: Vec<Lost>,
}

/// Positions that will never arrive, and when they were written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Lost {
    /// Of which lane.
    pub(super) lane: Lane,
    /// After this moment, milliseconds since 1970 UTC.
    pub(super) from_ms: i64,
    /// Before this one.
    pub(super) to_ms: i64,
    /// Why.
    pub(super) reason: GapReason,
}

/// Why something is not there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Why {
    /// It was written and got lost.
    Lost(GapReason),
    /// The observer of a network was blind: its name, and why.
    Blind(String, String),
    /// Nobody looked: the box was off, or does not look at this.
    Unobserved,
    /// It has not arrived yet.
    Due,
}

/// A stretch of a period that is not there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Missing {
    pub(super) from_ms: i64,
    pub(super) to_ms: i64,
    pub(super) why: Why,
}

/// What a lane lacks in a period, in the order of time.
pub(super) fn of_lane(line: &Line, past: &Past) -> Vec<Missing> {
    let due_ms = due_from(line, past);
    let held = (past.from_ms, due_ms.unwrap_or(past.to_ms));
    let mut missing = lost(line.lane, past, held);
    let seen = match line.lane {
        Lane::Ledger => Vec::new(),
        Lane::Telemetry => past.pulse.holes(held),
        Lane::Observations => {
            missing.extend(blind(past, held));
            let spans = past.coverage.iter().map(|span| (span.from_ms, span.to_ms));
            between(spans, held, UNSAID_MS)
        }
    };
    // What was written and got lost was observed.
    let lost: Vec<(i64, i64)> =
        past.lost.iter().filter(|one| one.lane == line.lane).map(|one| (one.from_ms, one.to_ms)).collect();
    let unobserved = seen.into_iter().flat_map(|hole| between(lost.iter().copied(), hole, UNSAID_MS));
    missing.extend(unobserved.map(|(from_ms, to_ms)| Missing { from_ms, to_ms, why: Why::Unobserved }));
    missing.extend(due_ms.map(|from_ms| Missing { from_ms, to_ms: past.to_ms, why: Why::Due }));
    missing.sort_by_key(|one| (one.from_ms, one.to_ms));
    missing
}

/// Since when a lane's data are due; none if what it lacks is younger than two pulses.
fn due_from(line: &Line, past: &Past) -> Option<i64> {
    let complete_ms = line.complete_ms.unwrap_or(past.from_ms).max(past.from_ms);
    let late_ms = i64::try_from(2 * HEARTBEAT.as_millis()).unwrap_or(i64::MAX);
    (past.to_ms.saturating_sub(complete_ms) > late_ms).then_some(complete_ms)
}

fn lost(lane: Lane, past: &Past, (from_ms, to_ms): (i64, i64)) -> Vec<Missing> {
    let of_lane = past.lost.iter().filter(|one| one.lane == lane && one.to_ms >= from_ms && one.from_ms <= to_ms);
    let missing = of_lane.map(|one| Missing {
        from_ms: one.from_ms.max(from_ms),
        to_ms: one.to_ms.min(to_ms),
        why: Why::Lost(one.reason),
    });
    missing.collect()
}

/// When observers were blind; what one said again and again is one stretch.
fn blind(past: &Past, (from_ms, to_ms): (i64, i64)) -> Vec<Missing> {
    let mut missing: Vec<Missing> = Vec::new();
    for span in past.coverage.iter().filter(|span| span.to_ms > from_ms && span.from_ms < to_ms) {
        let Some(reason) = &span.blind else { continue };
        let why = Why::Blind(span.network.clone(), reason.clone());
        let end_ms = span.to_ms.min(to_ms);
        let goes_on = missing.iter_mut().rfind(|last| last.why == why && span.from_ms - last.to_ms <= UNSAID_MS);
        match goes_on {
            Some(last) => last.to_ms = last.to_ms.max(end_ms),
            None => missing.push(Missing { from_ms: span.from_ms.max(from_ms), to_ms: end_ms, why }),
        }
    }
    missing
}

#[cfg(test)]
mod tests {
    use vigie_shared::id::QueueId;
    use vigie_shared::wire::reading::HostSample;

    use super::*;
    use crate::store::projections::MetricSample;

    const MINUTE_MS: i64 = 60_000;

    fn line(lane: Lane, complete: Option<i64>) -> Line {
        let complete_ms = complete.map(|minute| minute * MINUTE_MS);
        Line { lane, queue: QueueId([1; 16]), through: 9, complete_ms, missing: 0 }
    }

    /// Two hours, with a sample every five minutes but for those of these minutes.
    fn past(without: std::ops::Range<i64>) -> Past {
        let times = (0..=120).step_by(5).filter(|minute| !without.contains(minute));
        let sample =
            |minute: i64| MetricSample { at_ms: minute * MINUTE_MS, is_dated: true, host: HostSample::default() };
        let samples: Vec<MetricSample> = times.map(sample).collect();
        let pulse = Pulse::of_samples(&samples);
        Past { from_ms: 0, to_ms: 120 * MINUTE_MS, pulse, coverage: Vec::new(), lost: Vec::new() }
    }

    fn told(line: &Line, past: &Past) -> Vec<(i64, i64, Why)> {
        let minutes = |one: Missing| (one.from_ms / MINUTE_MS, one.to_ms / MINUTE_MS, one.why);
        of_lane(line, past).into_iter().map(minutes).collect()
    }

    #[test]
    fn a_box_that_stood_still_was_not_observed_and_its_ledger_lacks_nothing() {
        let past = past(31..70);
        assert_eq!(told(&line(Lane::Telemetry, Some(120)), &past), [(30, 70, Why::Unobserved)]);
        assert_eq!(told(&line(Lane::Ledger, Some(120)), &past), []);
    }

    #[test]
    fn what_is_on_its_way_is_due_and_no_hole() {
        let past = past(61..121);
        assert_eq!(told(&line(Lane::Telemetry, Some(60)), &past), [(60, 120, Why::Due)]);
        assert_eq!(told(&line(Lane::Telemetry, Some(119)), &past), [(60, 120, Why::Unobserved)]);
        assert_eq!(told(&line(Lane::Ledger, None), &past), [(0, 120, Why::Due)]);
    }

    #[test]
    fn what_got_lost_says_why_and_is_no_hole_beside() {
        let mut past = past(31..70);
        let (from_ms, to_ms) = (30 * MINUTE_MS, 50 * MINUTE_MS);
        past.lost = vec![Lost { lane: Lane::Telemetry, from_ms, to_ms, reason: GapReason::Dropped }];
        let expected = [(30, 50, Why::Lost(GapReason::Dropped)), (50, 70, Why::Unobserved)];
        assert_eq!(told(&line(Lane::Telemetry, Some(120)), &past), expected);
        assert_eq!(told(&line(Lane::Ledger, Some(120)), &past), []);
    }

    #[test]
    fn what_an_observer_says_again_and_again_is_one_stretch() {
        let mut past = past(0..0);
        let span = |minute: i64, blind: Option<&str>| CoverageSpan {
            network: "lan".to_owned(),
            from_ms: minute * MINUTE_MS,
            to_ms: (minute + 20) * MINUTE_MS,
            blind: blind.map(str::to_owned),
        };
        past.coverage = vec![span(0, None), span(20, Some("no cable")), span(40, Some("no cable")), span(60, None)];
        let expected = [(20, 60, Why::Blind("lan".to_owned(), "no cable".to_owned())), (80, 120, Why::Unobserved)];
        assert_eq!(told(&line(Lane::Observations, Some(120)), &past), expected);
    }
}
