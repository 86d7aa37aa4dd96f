//! How long to wait before the next try: pure, exponential, with jitter, bounded.

use std::time::Duration;

/// A series of waits that grows from `min` to `max`.
#[derive(Debug, Clone)]
pub struct Backoff {
    min: Duration,
    max: Duration,
    failures: u32,
    chance: u64,
}

impl Backoff {
    /// Starts a series. `seed` decides the jitter: draw it at random in a program, fix it in a test.
    #[must_use]
    pub fn new(min: Duration, max: Duration, seed: u64) -> Self {
        Self { min, max: max.max(min), failures: 0, chance: seed }
    }

    /// The wait after one more failure: between half and all of the step, which doubles from `min` to `max`.
    pub fn next_wait(&mut self) -> Duration {
        let step = self.min.saturating_mul(1 << self.failures.min(20)).min(self.max);
        self.failures = self.failures.saturating_add(1);
        let half = step / 2;
        half + half.mul_f64(self.next_share())
    }

    /// After a success, the next failure waits `min` again.
    pub fn reset(&mut self) {
        self.failures = 0;
    }

    /// Failures since the last success.
    #[must_use]
    pub fn failures(&self) -> u32 {
        self.failures
    }

    /// A share between 0 and 1 (`SplitMix64`: enough to keep boxes from calling in step).
    fn next_share(&mut self) -> f64 {
        self.chance = self.chance.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.chance;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        let top = u32::try_from((mixed ^ (mixed >> 31)) >> 32).unwrap_or(u32::MAX);
        f64::from(top) / f64::from(u32::MAX)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_wait_is_never_below_half_the_minimum_nor_above_the_maximum(seed: u64, min_ms in 1..5_000u64, extra in 0..100_000u64, tries in 1..60usize) {
            let (min, max) = (Duration::from_millis(min_ms), Duration::from_millis(min_ms + extra));
            let mut backoff = Backoff::new(min, max, seed);
            for _ in 0..tries {
                let wait = backoff.next_wait();
                prop_assert!(min / 2 <= wait && wait <= max);
            }
        }

        #[test]
        fn after_a_success_the_series_starts_again(seed: u64) {
            let mut backoff = Backoff::new(Duration::from_millis(50), Duration::from_secs(60), seed);
            (0..12).for_each(|_| { backoff.next_wait(); });
            backoff.reset();
            prop_assert!(backoff.next_wait() <= Duration::from_millis(50));
        }
    }

    #[test]
    fn two_boxes_do_not_call_in_step() {
        let waits = |seed| {
            let mut backoff = Backoff::new(Duration::from_millis(50), Duration::from_secs(60), seed);
            (0..8).map(|_| backoff.next_wait()).collect::<Vec<_>>()
        };
        assert_ne!(waits(1), waits(2));
    }
}
