//! Chance that follows from what it is for: the same seed, thing and moment draw the same, on every machine.

/// Draws for one thing at one moment.
#[derive(Debug, Clone)]
pub(super) struct Chance(u64);

impl Chance {
    /// What is drawn for `what`, the `number`th time.
    pub(super) fn of(seed: u64, what: &str, number: i64) -> Self {
        // FNV-1a: spreads names; `next` mixes.
        let bytes = what.bytes().chain(number.to_le_bytes());
        let name =
            bytes.fold(0xcbf2_9ce4_8422_2325_u64, |sum, byte| (sum ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
        Self(name ^ seed.rotate_left(32))
    }

    /// Mixes as `SplitMix64` does.
    pub(super) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number from `from` up to and without `to`; `from` if there is none between.
    pub(super) fn between(&mut self, from: i64, to: i64) -> i64 {
        let width = u64::try_from(to.saturating_sub(from)).unwrap_or_default().max(1);
        from.saturating_add(i64::try_from(self.next() % width).unwrap_or_default())
    }

    /// Whether what happens `permille` times in 1000 happens.
    pub(super) fn happens(&mut self, permille: i64) -> bool {
        self.between(0, 1000) < permille
    }

    /// Bytes for an identifier.
    pub(super) fn bytes(&mut self) -> [u8; 16] {
        let [high, low] = [self.next(), self.next()];
        (u128::from(high) << 64 | u128::from(low)).to_be_bytes()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn the_same_is_drawn_for_the_same_and_within_bounds(seed: u64, what in "[a-z]{0,9}", number: i64, to in 1..5_000i64) {
            let mut one = Chance::of(seed, &what, number);
            let mut other = Chance::of(seed, &what, number);
            let drawn = one.between(0, to);
            prop_assert_eq!(drawn, other.between(0, to));
            prop_assert!((0..to).contains(&drawn));
            prop_assert_eq!(one.bytes(), other.bytes());
        }
    }
}
