//! When a terminal's memory will be full, from how it filled.

use crate::store::terminals::RoomDay;

const DAY_MS: i64 = 24 * 60 * 60 * 1000;

/// A forecast further away than this says nothing: 10 years.
const AWAY_DAYS_MAX: i64 = 3650;

/// The moment at which a memory will be full if it goes on filling as since it was last emptied; milliseconds since
/// 1970 UTC. None if it does not fill, or nobody can tell.
///
/// `history` has one row per day of this memory, in any order.
#[must_use]
pub fn full_ms(history: &[&RoomDay], capacity: u64) -> Option<i64> {
    let mut days: Vec<&RoomDay> = history.to_vec();
    days.sort_by_key(|row| std::cmp::Reverse(row.day));
    let last = *days.first()?;
    if last.used >= capacity {
        return Some(last.day.saturating_mul(DAY_MS));
    }
    let mut first = last;
    for row in days {
        if row.used > first.used {
            break;
        }
        first = row;
    }
    let (gained, passed) = (last.used.checked_sub(first.used)?, last.day.saturating_sub(first.day));
    let (left, gained) = (i128::from(capacity - last.used), i128::from(gained));
    if gained == 0 || passed <= 0 {
        return None;
    }
    let away_days = i64::try_from(left * i128::from(passed) / gained).ok()?;
    (away_days <= AWAY_DAYS_MAX).then(|| last.day.saturating_add(away_days).saturating_mul(DAY_MS))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn row(day: i64, used: u64) -> RoomDay {
        RoomDay { what: "log".to_owned(), day, told_ms: day * DAY_MS, used }
    }

    fn full_day(rows: &[(i64, u64)], capacity: u64) -> Option<i64> {
        let rows: Vec<RoomDay> = rows.iter().map(|(day, used)| row(*day, *used)).collect();
        full_ms(&rows.iter().collect::<Vec<_>>(), capacity).map(|full_ms| full_ms / DAY_MS)
    }

    #[test]
    fn a_memory_that_fills_is_full_when_the_line_says() {
        assert_eq!(full_day(&[(10, 100), (20, 200)], 1_000), Some(100));
        assert_eq!(full_day(&[(20, 200), (15, 180), (10, 100)], 1_000), Some(100));
    }

    #[test]
    fn what_was_before_it_was_emptied_counts_no_more() {
        assert_eq!(full_day(&[(1, 900), (2, 950), (3, 0), (13, 100)], 1_000), Some(103));
    }

    #[test]
    fn one_that_does_not_fill_has_no_end_and_a_full_one_is_full() {
        assert_eq!(full_day(&[(1, 100), (9, 100)], 1_000), None);
        assert_eq!(full_day(&[(1, 100)], 1_000), None);
        assert_eq!(full_day(&[], 1_000), None);
        assert_eq!(full_day(&[(1, 0), (90, 1)], 1_000_000), None);
        assert_eq!(full_day(&[(7, 1_000)], 1_000), Some(7));
    }

    proptest! {
        #[test]
        fn a_forecast_never_lies_before_the_last_day(rows in prop::collection::vec((0..20_000i64, any::<u64>()), 0..40), capacity: u64) {
            let last = rows.iter().map(|(day, _)| *day).max().unwrap_or(0);
            if let Some(day) = full_day(&rows, capacity) {
                prop_assert!(day >= last);
            }
        }
    }
}
