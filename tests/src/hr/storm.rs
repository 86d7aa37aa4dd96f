//! Chance: a share of the requests meets a misbehaviour, the same ones for the same seed.

use super::catalogue::{Named, TRICKS};
use super::dialect::Kind;
use super::script::Trick;

/// A server that misbehaves by chance, in ways that a hub survives by trying again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Storm {
    /// Where chance begins.
    pub seed: u64,
    /// How many of a hundred pushes meet a misbehaviour.
    pub percent: u32,
}

/// The state of chance.
#[derive(Debug)]
pub(super) struct Chance {
    random: fastrand::Rng,
    percent: u32,
}

impl Chance {
    pub(super) fn new(storm: Storm) -> Self {
        Self { random: fastrand::Rng::with_seed(storm.seed), percent: storm.percent }
    }

    /// What happens to a request that no plan meets.
    pub(super) fn take(&mut self, kind: Kind) -> Option<Trick> {
        if kind != Kind::Push || self.random.u32(0..100) >= self.percent {
            return None;
        }
        let passing: Vec<&Named> = TRICKS.iter().filter(|trick| trick.passes).collect();
        self.random.choice(passing).map(|named| (named.trick)())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_storm_meets_about_its_share_and_the_same_for_the_same_seed() {
        let met = || {
            let mut chance = Chance::new(Storm { seed: 7, percent: 30 });
            (0..1000).filter_map(|_| chance.take(Kind::Push)).collect::<Vec<_>>()
        };
        assert!((200..400).contains(&met().len()));
        assert_eq!(met(), met());
        assert_eq!(Chance::new(Storm { seed: 7, percent: 100 }).take(Kind::People), None);
    }
}
