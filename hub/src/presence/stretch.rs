//! Stretches of time and what is done with them: union, difference, length. A stretch is counted from its beginning to
//! its end, so that two that meet are as long as the one that they make.

use serde::{Deserialize, Serialize};

/// From one moment to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Stretch {
    /// Its beginning, milliseconds since 1970 UTC.
    pub from_ms: i64,
    /// Its end; not before its beginning.
    pub to_ms: i64,
}

impl Stretch {
    /// What of it lies within another; none if they do not even touch.
    #[must_use]
    pub fn within(self, other: Self) -> Option<Self> {
        let both = Self { from_ms: self.from_ms.max(other.from_ms), to_ms: self.to_ms.min(other.to_ms) };
        (both.from_ms <= both.to_ms).then_some(both)
    }

    /// Whether a moment lies within, its end excluded.
    #[must_use]
    pub fn holds(self, at_ms: i64) -> bool {
        (self.from_ms..self.to_ms).contains(&at_ms)
    }

    /// Its length in milliseconds.
    #[must_use]
    pub fn length_ms(self) -> i64 {
        self.to_ms.saturating_sub(self.from_ms)
    }
}

/// The union of stretches in any order, in order; those at most `touch_ms` apart become one.
#[must_use]
pub fn union(mut stretches: Vec<Stretch>, touch_ms: i64) -> Vec<Stretch> {
    stretches.sort_unstable();
    let mut whole: Vec<Stretch> = Vec::with_capacity(stretches.len());
    for stretch in stretches {
        match whole.last_mut() {
            Some(last) if stretch.from_ms.saturating_sub(last.to_ms) <= touch_ms => {
                last.to_ms = last.to_ms.max(stretch.to_ms);
            }
            _ => whole.push(stretch),
        }
    }
    whole
}

/// What is left of stretches, both in order and apart, when others are taken away.
#[must_use]
pub fn without(stretches: &[Stretch], taken: &[Stretch]) -> Vec<Stretch> {
    let mut left = Vec::with_capacity(stretches.len());
    for stretch in stretches {
        let mut from_ms = stretch.from_ms;
        for gone in touching(taken, *stretch) {
            if gone.from_ms > from_ms {
                left.push(Stretch { from_ms, to_ms: gone.from_ms });
            }
            from_ms = from_ms.max(gone.to_ms);
        }
        if from_ms < stretch.to_ms {
            left.push(Stretch { from_ms, to_ms: stretch.to_ms });
        }
    }
    left
}

/// Those of stretches, in order and apart, that have at least a moment in common with one.
#[must_use]
pub fn touching(stretches: &[Stretch], one: Stretch) -> &[Stretch] {
    let first = stretches.partition_point(|stretch| stretch.to_ms < one.from_ms);
    let end = stretches.partition_point(|stretch| stretch.from_ms <= one.to_ms);
    stretches.get(first..end).unwrap_or_default()
}

/// What of stretches, in order and apart, lies within one.
pub fn clipped(stretches: &[Stretch], one: Stretch) -> impl Iterator<Item = Stretch> + '_ {
    touching(stretches, one).iter().filter_map(move |stretch| stretch.within(one))
}

/// Their lengths together, milliseconds.
#[must_use]
pub fn total_ms(stretches: &[Stretch]) -> i64 {
    stretches.iter().fold(0, |sum: i64, stretch| sum.saturating_add(stretch.length_ms()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn stretches() -> impl Strategy<Value = Vec<Stretch>> {
        let one = (0..200_i64, 1..20_i64).prop_map(|(from_ms, length)| Stretch { from_ms, to_ms: from_ms + length });
        proptest::collection::vec(one, 0..20).prop_map(|all| union(all, 0))
    }

    proptest! {
        #[test]
        fn what_is_taken_and_what_is_left_make_the_whole(all in stretches(), taken in stretches()) {
            let left = without(&all, &taken);
            let gone: Vec<Stretch> = all.iter().flat_map(|one| clipped(&taken, *one)).collect();
            prop_assert_eq!(total_ms(&left) + total_ms(&gone), total_ms(&all));
            prop_assert!(left.iter().all(|one| one.length_ms() > 0));
            prop_assert_eq!(union(left.clone(), 0).len(), left.len());
            prop_assert!(left.iter().all(|one| total_ms(&clipped(&taken, *one).collect::<Vec<_>>()) == 0));
        }
    }
}
