//! Pure: when a disk will be full, from how it filled.

use super::facts::DiskHour;

const HOUR_MS: i64 = 60 * 60 * 1000;
const DAY_MS: i64 = 24 * HOUR_MS;

/// Less than this of history says nothing.
const HISTORY_MIN_MS: i64 = DAY_MS;

/// Whoever frees this share of what was left, in thousandths, has cleared up: what was before counts no more.
const CLEARED_PERMILLE: u64 = 100;

/// A forecast further away than this says nothing.
const AWAY_MAX_MS: i64 = 10 * 365 * DAY_MS;

/// The moment at which nothing is left if a disk goes on filling as since it was last cleared up; milliseconds since
/// 1970 UTC. None if it does not fill, or nobody can tell yet.
///
/// `hours` are in their order. The line goes through the means of the first and the last third, so that neither a log
/// that is rotated nor a download that comes and goes decides.
#[must_use]
pub(crate) fn full_ms(hours: &[DiskHour]) -> Option<i64> {
    let since = hours.windows(2).rposition(|pair| match pair {
        [before, after] => {
            let freed = after.free_bytes.saturating_sub(before.free_bytes);
            freed > before.free_bytes / 1000 * CLEARED_PERMILLE
        }
        _ => false,
    });
    let hours = hours.get(since.map_or(0, |at| at + 1)..)?;
    let (first, last) = (hours.first()?, hours.last()?);
    if last.at_ms.saturating_sub(first.at_ms) < HISTORY_MIN_MS {
        return None;
    }
    let third = (hours.len() / 3).max(1);
    let (begin_ms, begin_bytes) = mean(hours.get(..third)?)?;
    let (end_ms, end_bytes) = mean(hours.get(hours.len().checked_sub(third)?..)?)?;
    let (lost, passed_ms) = (begin_bytes - end_bytes, end_ms - begin_ms);
    if lost <= 0 || passed_ms <= 0 {
        return None;
    }
    let away_ms = i64::try_from(end_bytes.checked_mul(passed_ms)? / lost).ok()?;
    (away_ms <= AWAY_MAX_MS).then(|| i64::try_from(end_ms).ok()?.checked_add(away_ms)).flatten()
}

/// The mean moment and the mean of what was left.
fn mean(hours: &[DiskHour]) -> Option<(i128, i128)> {
    let count = i128::try_from(hours.len()).ok().filter(|count| *count > 0)?;
    let (moments, bytes) = hours
        .iter()
        .fold((0, 0), |(moments, bytes), hour| (moments + i128::from(hour.at_ms), bytes + i128::from(hour.free_bytes)));
    Some((moments / count, bytes / count))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn hours(free: impl Iterator<Item = u64>) -> Vec<DiskHour> {
        (0..).zip(free).map(|(hour, free_bytes)| DiskHour { at_ms: hour * HOUR_MS, free_bytes }).collect()
    }

    fn full_hour(free: impl Iterator<Item = u64>) -> Option<i64> {
        full_ms(&hours(free)).map(|at_ms| at_ms / HOUR_MS)
    }

    #[test]
    fn a_disk_that_fills_evenly_is_full_when_the_line_says() {
        assert_eq!(full_hour((0..100).map(|hour| 1_000_000 - hour * 1_000)), Some(1_000));
    }

    #[test]
    fn what_was_before_somebody_cleared_up_counts_no_more() {
        let before = (0..100).map(|hour| 500_000 - hour * 4_000);
        let after = (0..60).map(|hour| 900_000 - hour * 1_000);
        assert_eq!(full_hour(before.chain(after)), Some(1_000));
        assert_eq!(
            full_hour((0..100).map(|hour| 500_000 - hour * 4_000).chain([900_000; 10])),
            None,
            "too short to tell"
        );
    }

    #[test]
    fn one_that_does_not_fill_or_is_not_known_for_a_day_has_no_end() {
        assert_eq!(full_hour([500_000; 100].into_iter()), None);
        assert_eq!(full_hour((0..100).map(|hour| 500_000 + hour)), None);
        assert_eq!(full_hour((0..23).map(|hour| 500_000 - hour)), None);
        assert_eq!(full_ms(&[]), None);
    }

    proptest! {
        #[test]
        fn no_forecast_lies_in_the_past_of_what_it_is_made_of(free in prop::collection::vec(any::<u64>(), 0..200)) {
            if let Some(hour) = full_hour(free.into_iter()) {
                prop_assert!(hour >= 0);
            }
        }
    }
}
