//! Coverage: when the observers of a network could see.

use vigie_shared::wire::Reading;
use vigie_shared::wire::reading::Sight;

use super::{Draft, Seen, before};
use crate::store::projections::{CoverageSpan, Derived};

pub(super) fn project(seen: &Seen<'_>, draft: &mut Draft) {
    let Reading::Coverage(coverage) = seen.reading else { return };
    let span = CoverageSpan {
        network: coverage.network.clone(),
        from_ms: before(seen.at_ms, coverage.from_ago_s),
        to_ms: before(seen.at_ms, coverage.to_ago_s),
        blind: match &coverage.sight {
            Sight::Clear => None,
            Sight::Blind(reason) => Some(reason.clone()),
        },
    };
    draft.step.coverage.push(Derived { value: (seen.site.clone(), span), undated: seen.undated });
}
