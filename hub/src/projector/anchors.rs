//! Anchors: the true beginning of a boot.

use vigie_shared::wire::Reading;

use super::{Draft, Seen};
use crate::store::projections::Anchor;

pub(super) fn project(seen: &Seen<'_>, draft: &mut Draft) {
    let Reading::ClockAnchor(anchor) = seen.reading else { return };
    let uptime_ms = i64::try_from(anchor.uptime_ms).unwrap_or(i64::MAX);
    let began_ms = anchor.wall_ms.saturating_sub(uptime_ms);
    draft.step.anchors.push(Anchor { site: seen.site.clone(), boot: anchor.boot, began_ms });
}
