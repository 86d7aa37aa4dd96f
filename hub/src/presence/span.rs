//! Spans of time in which something was seen, and their union.
//!
//! The union does not depend on the order, the batches or the repetition in which spans come, because it only closes
//! gaps of [`TOUCH_MS`] or less: it is what makes every answer about presence the same however its facts arrived.

use serde::{Deserialize, Serialize};

/// Spans this near to each other are one, milliseconds.
///
/// No slot of ten minutes fits between, so the slots in which something was seen can be counted from the spans; boxes
/// tell one row per device and five minutes.
pub const TOUCH_MS: i64 = 5 * 60_000;

/// From the first to the last sight, both seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Span {
    /// First sight, milliseconds since 1970 UTC.
    pub from_ms: i64,
    /// Last sight; the same as the first if there was one.
    pub to_ms: i64,
    /// Sources of the sights, a sum of `Source::bit`.
    pub sources: u16,
}

/// The union of spans in any order, in order and apart by more than [`TOUCH_MS`].
#[must_use]
pub fn union(mut spans: Vec<Span>) -> Vec<Span> {
    spans.sort_unstable();
    let mut whole: Vec<Span> = Vec::with_capacity(spans.len());
    for span in spans {
        match whole.last_mut() {
            Some(last) if span.from_ms.saturating_sub(last.to_ms) <= TOUCH_MS => {
                last.to_ms = last.to_ms.max(span.to_ms);
                last.sources |= span.sources;
            }
            _ => whole.push(span),
        }
    }
    whole
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn spans() -> impl Strategy<Value = Vec<Span>> {
        let span = (0..3_000_i64, 0..20_i64, 0..8_u16).prop_map(|(from, length, sources)| Span {
            from_ms: from * 60_000,
            to_ms: (from + length) * 60_000,
            sources,
        });
        proptest::collection::vec(span, 0..60)
    }

    proptest! {
        #[test]
        fn any_batches_in_any_order_with_any_repeats_give_the_same_union(
            (all, cut) in spans().prop_flat_map(|all| { let most = all.len(); (Just(all), 0..=most) }),
            again in spans(),
        ) {
            let mut all = all;
            all.extend(&again);
            let whole = union(all.clone());
            let (early, late) = all.split_at(cut);
            let mut parts = union(late.to_vec());
            parts.extend(union(early.to_vec()));
            parts.extend(&again);
            parts.reverse();
            prop_assert_eq!(union(parts), whole);
        }
    }
}
