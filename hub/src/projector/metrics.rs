//! Metrics: the boxes' pulse over time.

use vigie_shared::wire::Reading;

use super::{Draft, Seen};
use crate::store::projections::{Derived, MetricSample};

pub(super) fn project(seen: &Seen<'_>, draft: &mut Draft) {
    let Reading::Host(host) = seen.reading else { return };
    let sample = MetricSample { at_ms: seen.at_ms, is_dated: seen.undated.is_none(), host: host.clone() };
    draft.step.metrics.push(Derived { value: (seen.site.clone(), sample), undated: seen.undated });
}
