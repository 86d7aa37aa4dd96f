//! Pure: a box's pulse as charts and tables show it: each sample for itself, or hours put together where a period has more
//! of them than a chart can show.

use crate::http::reach::used_permille;
use crate::store::projections::MetricSample;
use crate::store::upkeep::HourlySample;

/// Points that a chart draws at most.
const POINTS_MAX: usize = 600;
/// Samples further apart than this are not joined: two of them are missing.
const HOLE_MS: i64 = 15 * 60 * 1000;

/// A pulse over some time.
pub(super) struct Pulse {
    /// What was measured, oldest first.
    pub(super) rows: Vec<Measured>,
    /// For how long each row stands, the same before its moment and after it; 0 for a moment.
    long_ms: i64,
}

/// What was measured at a moment, or in the hours around it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Measured {
    /// When, milliseconds since 1970 UTC; of hours their middle.
    pub(super) at_ms: i64,
    /// Mean use of the processors, thousandths.
    pub(super) cpu_permille: i32,
    /// Highest use of the processors.
    pub(super) cpu_max_permille: i32,
    /// Highest use of the memory; none if nobody knows how much there is.
    pub(super) memory_permille: Option<i32>,
    /// Highest temperature, thousandths of a degree Celsius.
    pub(super) temperature_milli_c: Option<i32>,
}

impl Pulse {
    /// Samples as they were taken, thinned to what a chart can show.
    pub(super) fn of_samples(samples: &[MetricSample]) -> Self {
        let step = samples.len().div_ceil(POINTS_MAX).max(1);
        let rows = samples.iter().step_by(step).map(Measured::of_sample).collect();
        Self { rows, long_ms: 0 }
    }

    /// Hours of a period, as many together as it takes to draw them all. An hour does not say how much memory a box has:
    /// that is `memory_total_bytes`.
    pub(super) fn of_hours(hours: &[HourlySample], span_ms: i64, memory_total_bytes: Option<u64>) -> Self {
        let count = usize::try_from(span_ms / HourlySample::HOUR_MS).unwrap_or(0);
        let together = i64::try_from(count.div_ceil(POINTS_MAX).max(1)).unwrap_or(1);
        let long_ms = together * HourlySample::HOUR_MS;
        let folded = folded(hours, long_ms);
        let rows = folded.iter().map(|hour| Measured::of_hour(hour, long_ms, memory_total_bytes)).collect();
        Self { rows, long_ms }
    }

    /// Whether each row stands for an hour or more.
    pub(super) fn is_hourly(&self) -> bool {
        self.long_ms > 0
    }

    /// Rows whose moments lie further apart have a hole between them.
    pub(super) fn hole_ms(&self) -> i64 {
        self.long_ms + self.apart_ms()
    }

    /// From when to when nothing was measured between two moments.
    pub(super) fn holes(&self, period: (i64, i64)) -> Vec<(i64, i64)> {
        let half_ms = self.long_ms / 2;
        let spans = self.rows.iter().map(|row| (row.at_ms - half_ms, row.at_ms + half_ms));
        between(spans, period, self.apart_ms())
    }

    /// How far the end of a row may be from the beginning of the next.
    fn apart_ms(&self) -> i64 {
        if self.is_hourly() { self.long_ms / 2 } else { HOLE_MS }
    }
}

impl Measured {
    fn of_sample(sample: &MetricSample) -> Self {
        let host = &sample.host;
        let cpu_permille = i32::from(host.cpu_permille);
        Self {
            at_ms: sample.at_ms,
            cpu_permille,
            cpu_max_permille: cpu_permille,
            memory_permille: permille(host.memory_total_bytes, host.memory_available_bytes),
            temperature_milli_c: host.temperature_milli_c,
        }
    }

    fn of_hour(hour: &HourlySample, long_ms: i64, memory_total_bytes: Option<u64>) -> Self {
        Self {
            at_ms: hour.at_ms + long_ms / 2,
            cpu_permille: hour.cpu_permille_mean().and_then(|mean| i32::try_from(mean).ok()).unwrap_or(0),
            cpu_max_permille: i32::from(hour.cpu_permille_max),
            memory_permille: memory_total_bytes.and_then(|total| permille(total, hour.memory_available_min_bytes)),
            temperature_milli_c: hour.temperature_max_milli_c,
        }
    }
}

/// How much of the memory is used; none if it is not known how much there is.
fn permille(total_bytes: u64, available_bytes: u64) -> Option<i32> {
    (total_bytes > 0).then(|| i32::try_from(used_permille(total_bytes, available_bytes)).ok()).flatten()
}

/// Hours, oldest first, put into stretches of that length.
fn folded(hours: &[HourlySample], long_ms: i64) -> Vec<HourlySample> {
    hours.iter().fold(Vec::new(), |mut folded: Vec<HourlySample>, hour| {
        let at_ms = hour.at_ms - hour.at_ms.rem_euclid(long_ms);
        match folded.last_mut() {
            Some(last) if last.at_ms == at_ms => last.unite(hour),
            _ => folded.push(HourlySample { at_ms, ..hour.clone() }),
        }
        folded
    })
}

/// What is left of a period between spans that come by their beginnings, if it is longer than `apart_ms`.
pub(super) fn between(
    spans: impl Iterator<Item = (i64, i64)>,
    (from_ms, to_ms): (i64, i64),
    apart_ms: i64,
) -> Vec<(i64, i64)> {
    let mut holes = Vec::new();
    let mut seen_ms = from_ms;
    for (begin_ms, end_ms) in spans.chain(std::iter::once((to_ms, to_ms))) {
        let begin_ms = begin_ms.min(to_ms);
        if begin_ms.saturating_sub(seen_ms) > apart_ms {
            holes.push((seen_ms, begin_ms));
        }
        seen_ms = seen_ms.max(end_ms);
    }
    holes
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use vigie_shared::wire::reading::HostSample;

    use super::*;

    const HOUR_MS: i64 = HourlySample::HOUR_MS;

    fn hour(number: i64, cpu_permille: u16) -> HourlySample {
        let mut hour = HourlySample::empty(number * HOUR_MS);
        let host = HostSample { cpu_permille, memory_available_bytes: 250, ..HostSample::default() };
        hour.absorb(&host);
        hour
    }

    #[test]
    fn a_week_is_drawn_by_the_hour_and_a_month_by_two() {
        let hours: Vec<HourlySample> =
            (0..720).map(|number| hour(number, 100 + u16::try_from(number % 2).unwrap())).collect();

        let week = Pulse::of_hours(&hours[..168], 168 * HOUR_MS, Some(1000));
        let month = Pulse::of_hours(&hours, 720 * HOUR_MS, None);

        assert_eq!((week.rows.len(), month.rows.len()), (168, 360));
        assert_eq!(week.rows[0].at_ms, HOUR_MS / 2);
        assert_eq!((week.rows[0].memory_permille, month.rows[0].memory_permille), (Some(750), None));
        assert_eq!((month.rows[0].cpu_permille, month.rows[0].cpu_max_permille), (100, 101));
    }

    #[test]
    fn an_hour_without_a_sample_is_a_hole_as_long_as_it() {
        let pulse = Pulse::of_hours(&[hour(0, 1), hour(1, 1), hour(3, 1)], 4 * HOUR_MS, None);
        assert_eq!(pulse.holes((0, 4 * HOUR_MS)), [(2 * HOUR_MS, 3 * HOUR_MS)]);
        assert_eq!(pulse.holes((0, 9 * HOUR_MS)).last(), Some(&(4 * HOUR_MS, 9 * HOUR_MS)));
    }

    proptest! {
        #[test]
        fn holes_lie_in_the_period_and_hold_no_sample(times in prop::collection::btree_set(0_i64..100 * HOLE_MS, 0..40)) {
            let sample = |at_ms: &i64| MetricSample { at_ms: *at_ms, is_dated: true, host: HostSample::default() };
            let pulse = Pulse::of_samples(&times.iter().map(sample).collect::<Vec<_>>());
            for (from_ms, to_ms) in pulse.holes((0, 100 * HOLE_MS)) {
                prop_assert!(from_ms >= 0 && to_ms <= 100 * HOLE_MS && to_ms - from_ms > HOLE_MS);
                prop_assert!(times.range(from_ms + 1..to_ms).next().is_none());
            }
        }
    }
}
