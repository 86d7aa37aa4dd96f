//! How long to wait before asking again; pure.

use std::time::Duration;

use jiff::Timestamp;
use vigie_shared::backoff::Backoff;

/// No server makes the queue wait longer than this: it may have meant another unit.
const TOLD_MAX: Duration = Duration::from_secs(24 * 60 * 60);

/// Between which bounds tries are repeated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patience {
    /// Wait after the first failure.
    pub retry_min: Duration,
    /// Longest wait; also how often everything is looked over.
    pub retry_max: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self { retry_min: Duration::from_secs(30), retry_max: Duration::from_secs(60 * 60) }
    }
}

impl Patience {
    /// The wait after so many failures, with jitter from `chance`.
    #[must_use]
    pub fn after(&self, failures: u32, chance: u64) -> Duration {
        let mut backoff = Backoff::new(self.retry_min, self.retry_max, chance);
        let mut wait = backoff.next_wait();
        for _ in 1..failures.min(24) {
            wait = backoff.next_wait();
        }
        wait
    }

    /// How long a server that throttles makes everything wait: as told, a little later so that not all come at once,
    /// or as after a failure if it says nothing.
    #[must_use]
    pub fn throttled(&self, retry_after: Option<&str>, failures: u32, (now_ms, chance): (i64, u64)) -> Duration {
        let own = self.after(failures.max(1), chance);
        match retry_after.and_then(|text| told(text, now_ms)) {
            Some(told) => told.min(TOLD_MAX) + own.min(told / 10 + Duration::from_secs(1)),
            None => own,
        }
    }
}

/// `Retry-After`: seconds, or a date.
fn told(text: &str, now_ms: i64) -> Option<Duration> {
    let text = text.trim();
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let at: Timestamp = jiff::fmt::rfc2822::parse(text).ok()?.timestamp();
    let wait_ms = at.as_millisecond().saturating_sub(now_ms);
    Some(Duration::from_millis(u64::try_from(wait_ms).unwrap_or(0)))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// 1994-11-06 08:49:37 UTC.
    const DATE_MS: i64 = 784_111_777_000;

    #[test]
    fn both_forms_of_retry_after_are_read() {
        assert_eq!(told("37", 0), Some(Duration::from_secs(37)));
        assert_eq!(told("Sun, 06 Nov 1994 08:49:37 GMT", DATE_MS - 9_000), Some(Duration::from_secs(9)));
        assert_eq!(told("Sun, 06 Nov 1994 08:49:37 GMT", DATE_MS + 9_000), Some(Duration::ZERO));
        assert_eq!(told("soon", 0), None);
    }

    proptest! {
        #[test]
        fn nobody_comes_before_the_time_he_was_told_nor_much_later(seconds in 0u64..80_000, failures in 0u32..50, chance: u64) {
            let wait = Patience::default().throttled(Some(&seconds.to_string()), failures, (0, chance));
            let told = Duration::from_secs(seconds);
            prop_assert!(told <= wait && wait <= told + told / 10 + Duration::from_secs(1));
        }

        #[test]
        fn any_word_gives_a_bounded_wait(word: String, failures: u32, chance: u64) {
            let wait = Patience::default().throttled(Some(&word), failures.min(1000), (0, chance));
            prop_assert!(wait <= TOLD_MAX + TOLD_MAX);
        }

        #[test]
        fn waits_grow_to_the_longest_and_stay_there(chance: u64) {
            let patience = Patience::default();
            prop_assert!(patience.after(1, chance) <= patience.retry_min);
            prop_assert!(patience.after(u32::MAX, chance) >= patience.retry_max / 2);
        }
    }
}
