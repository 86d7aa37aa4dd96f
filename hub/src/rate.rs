//! How much somebody may do in a second: pure token buckets, time as an argument.

use std::collections::BTreeMap;
use std::time::Duration;

use tokio::time::Instant;

/// Fills with `per_second` up to one second's worth (or `burst`), and may go into debt.
#[derive(Debug, Clone)]
pub struct Bucket {
    per_second: f64,
    burst: f64,
    level: f64,
    at: Instant,
}

impl Bucket {
    /// A full bucket.
    #[must_use]
    pub fn new(per_second: f64, burst: f64, now: Instant) -> Self {
        Self { per_second: per_second.max(f64::MIN_POSITIVE), burst, level: burst, at: now }
    }

    /// Takes an amount, and says how long whoever took it must wait before going on.
    pub fn take(&mut self, amount: f64, now: Instant) -> Duration {
        self.fill(now);
        self.level -= amount;
        if self.level >= 0.0 {
            return Duration::ZERO;
        }
        Duration::try_from_secs_f64(-self.level / self.per_second).unwrap_or(Duration::MAX)
    }

    /// Whether at least `amount` is there.
    pub fn has(&mut self, amount: f64, now: Instant) -> bool {
        self.fill(now);
        self.level >= amount
    }

    /// Whether nothing was taken for so long that forgetting the bucket changes nothing.
    pub fn is_full(&mut self, now: Instant) -> bool {
        self.has(self.burst, now)
    }

    fn fill(&mut self, now: Instant) {
        let passed = now.saturating_duration_since(self.at).as_secs_f64();
        self.level = passed.mul_add(self.per_second, self.level).min(self.burst);
        self.at = self.at.max(now);
    }
}

/// One bucket for each of many, bounded in number.
#[derive(Debug)]
pub struct Buckets<K> {
    full: (f64, f64),
    entries_max: usize,
    entries: BTreeMap<K, Bucket>,
}

impl<K: Ord> Buckets<K> {
    /// Buckets that each fill with `per_second` up to `burst`.
    #[must_use]
    pub fn new(per_second: f64, burst: f64, entries_max: usize) -> Self {
        Self { full: (per_second, burst), entries_max, entries: BTreeMap::new() }
    }

    /// Whether `key` may still take one.
    pub fn may(&mut self, key: &K, now: Instant) -> bool {
        self.entries.get_mut(key).is_none_or(|bucket| bucket.has(1.0, now))
    }

    /// Takes one for `key`. When too many are remembered, those that are full again are forgotten; if that
    /// does not help, newcomers are not remembered.
    pub fn take(&mut self, key: K, now: Instant) {
        let (per_second, burst) = self.full;
        if self.entries.len() >= self.entries_max && !self.entries.contains_key(&key) {
            self.entries.retain(|_, bucket| !bucket.is_full(now));
            if self.entries.len() >= self.entries_max {
                return;
            }
        }
        // Only `may` decides, so that the wait is of no interest.
        let _wait = self.entries.entry(key).or_insert_with(|| Bucket::new(per_second, burst, now)).take(1.0, now);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn whoever_waits_as_told_never_gets_more_than_the_rate(amounts in prop::collection::vec(0.0..500.0f64, 1..50)) {
            let start = Instant::now();
            let (mut bucket, mut now, mut taken) = (Bucket::new(100.0, 100.0, start), start, 0.0);
            for amount in amounts {
                now += bucket.take(amount, now);
                taken += amount;
                let allowed = 100.0 + 100.0 * (now - start).as_secs_f64();
                prop_assert!(taken <= allowed + 1e-3, "{taken} > {allowed}");
            }
        }
    }

    #[test]
    fn one_key_is_stopped_without_the_others_and_comes_back() {
        let start = Instant::now();
        let mut buckets = Buckets::new(1.0, 2.0, 10);
        (0..2).for_each(|_| buckets.take("loud", start));
        assert!(!buckets.may(&"loud", start) && buckets.may(&"quiet", start));
        assert!(buckets.may(&"loud", start + Duration::from_secs(1)));
    }

    #[test]
    fn the_number_of_keys_is_bounded() {
        let start = Instant::now();
        let mut buckets = Buckets::new(1.0, 1.0, 3);
        (0..100).for_each(|key| buckets.take(key, start));
        assert_eq!(buckets.entries.len(), 3);
        buckets.take(200, start + Duration::from_secs(2));
        assert_eq!(buckets.entries.len(), 1, "the others are full again and forgotten");
    }
}
