//! How long acknowledgements took: counted in steps of about 6 %, so that millions cost nothing.

/// Steps within one doubling.
const STEPS: u32 = 16;
/// Enough for 2^40 µs, twelve days.
const BUCKETS: usize = 41 * STEPS as usize;

/// Durations in microseconds, counted.
#[derive(Debug, Clone)]
pub struct Latencies {
    counts: Vec<u64>,
    total: u64,
    longest_us: u64,
}

impl Default for Latencies {
    fn default() -> Self {
        Self { counts: vec![0; BUCKETS], total: 0, longest_us: 0 }
    }
}

impl Latencies {
    /// Counts one.
    pub fn add(&mut self, us: u64) {
        if let Some(count) = self.counts.get_mut(bucket(us)) {
            *count += 1;
        }
        self.total += 1;
        self.longest_us = self.longest_us.max(us);
    }

    /// Counts all of another's.
    pub fn merge(&mut self, other: &Self) {
        self.counts.iter_mut().zip(&other.counts).for_each(|(ours, theirs)| *ours += theirs);
        self.total += other.total;
        self.longest_us = self.longest_us.max(other.longest_us);
    }

    /// How many were counted.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.total
    }

    /// The longest one.
    #[must_use]
    pub fn longest_us(&self) -> u64 {
        self.longest_us
    }

    /// The duration that so many of a hundred do not exceed, rounded up to a step; 0 if none was counted.
    #[must_use]
    pub fn percentile_us(&self, percent: u64) -> u64 {
        let wanted = (self.total * percent).div_ceil(100).max(1);
        let mut passed = 0;
        for (at, count) in self.counts.iter().enumerate() {
            passed += count;
            if passed >= wanted {
                return upper_us(at).min(self.longest_us);
            }
        }
        0
    }
}

/// The step that a duration falls into.
fn bucket(us: u64) -> usize {
    let steps = u64::from(STEPS);
    if us < steps {
        return usize::try_from(us).unwrap_or(0);
    }
    let doublings = us.ilog2() - steps.ilog2();
    let within = (us >> doublings) - steps;
    let at = u64::from(doublings + 1) * steps + within;
    usize::try_from(at).unwrap_or(BUCKETS).min(BUCKETS - 1)
}

/// The longest duration that falls into a step.
fn upper_us(at: usize) -> u64 {
    let (doublings, within) = (at as u64 / u64::from(STEPS), at as u64 % u64::from(STEPS));
    match doublings {
        0 => within,
        doublings => ((u64::from(STEPS) + within + 1) << (doublings - 1)) - 1,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn half_and_nearly_all_are_told_within_a_step() {
        let mut latencies = Latencies::default();

        (1..=1000).for_each(|ms| latencies.add(ms * 1000));

        assert!((500_000..=532_000).contains(&latencies.percentile_us(50)), "{}", latencies.percentile_us(50));
        assert!((990_000..=1_000_000).contains(&latencies.percentile_us(99)), "{}", latencies.percentile_us(99));
        assert_eq!((latencies.total(), latencies.longest_us()), (1000, 1_000_000));
    }

    #[test]
    fn nothing_counted_is_nothing() {
        assert_eq!(Latencies::default().percentile_us(99), 0);
    }

    proptest! {
        #[test]
        fn a_step_holds_what_falls_into_it_and_is_narrow(us in 0u64..1 << 39) {
            let upper = upper_us(bucket(us));
            prop_assert!(upper >= us);
            prop_assert!(upper - us <= us / 16 + 1);
        }
    }
}
