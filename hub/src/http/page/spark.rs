//! Pure: small charts as SVG paths. A hole in the samples stays a hole; nothing is drawn across it.

use std::fmt::Write as _;

/// Width of a chart in its own units.
pub(super) const WIDTH: f64 = 600.0;
/// Height of a chart in its own units.
pub(super) const HEIGHT: f64 = 80.0;

/// What a chart spans.
#[derive(Debug, Clone, Copy)]
pub(super) struct Frame {
    /// The left edge, milliseconds since 1970 UTC.
    pub(super) from_ms: i64,
    /// The right edge.
    pub(super) to_ms: i64,
    /// The value at the bottom.
    pub(super) low: i32,
    /// The value at the top.
    pub(super) high: i32,
    /// Points further apart than this are not joined.
    pub(super) hole_ms: i64,
}

/// The `d` of a path through the points, which come in the order of time.
#[must_use]
pub(super) fn path(points: &[(i64, i32)], frame: Frame) -> String {
    let mut last = None;
    points.iter().fold(String::new(), |mut d, (at_ms, value)| {
        let is_joined = last.is_some_and(|last: i64| at_ms.saturating_sub(last) <= frame.hole_ms);
        last = Some(*at_ms);
        let (x, y) = place(*at_ms, *value, frame);
        // A lone sample is a dot: a line to itself with round ends.
        let step = if is_joined { format!("L{x:.1} {y:.1}") } else { format!("M{x:.1} {y:.1}h0") };
        write!(d, "{step}").expect("writing to a string cannot fail");
        d
    })
}

fn place(at_ms: i64, value: i32, frame: Frame) -> (f64, f64) {
    let share = |value: f64, low: f64, high: f64| {
        let span = high - low;
        if span > 0.0 { ((value - low) / span).clamp(0.0, 1.0) } else { 0.0 }
    };
    let x = share(at_ms as f64, frame.from_ms as f64, frame.to_ms as f64) * WIDTH;
    (x, HEIGHT - share(value.into(), frame.low.into(), frame.high.into()) * HEIGHT)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const FRAME: Frame = Frame { from_ms: 0, to_ms: 6_000_000, low: 0, high: 1000, hole_ms: 900_000 };

    #[test]
    fn a_hole_is_not_drawn_across() {
        let points = [(0, 0), (300_000, 500), (3_000_000, 1000)];
        assert_eq!(path(&points, FRAME), "M0.0 80.0h0L30.0 40.0M300.0 0.0h0");
    }

    proptest! {
        #[test]
        fn no_sample_leaves_the_chart(at: i64, value: i32) {
            let (x, y) = place(at, value, FRAME);
            prop_assert!((0.0..=WIDTH).contains(&x) && (0.0..=HEIGHT).contains(&y));
        }
    }
}
