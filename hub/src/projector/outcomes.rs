//! Outcomes of commands: the box's word ends them.

use vigie_shared::wire::Reading;

use super::{Draft, Seen};
use crate::store::commands::Told;

pub(super) fn project(seen: &Seen<'_>, draft: &mut Draft) {
    let Reading::Outcome(outcome) = seen.reading else { return };
    draft.step.outcomes.push(Told { site: seen.site.clone(), at_ms: seen.received_ms, outcome: outcome.clone() });
}
