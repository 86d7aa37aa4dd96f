//! Software: what boxes say is installed on them.

use vigie_shared::wire::Reading;

use super::{Draft, Seen};
use crate::store::releases::Told;

/// Software of one box that is remembered: more than anybody declares.
const SOFTWARE_MAX: usize = 64;

pub(super) fn project(seen: &Seen<'_>, draft: &mut Draft) {
    let Reading::Software(list) = seen.reading else { return };
    let mut list = list.clone();
    list.software.truncate(SOFTWARE_MAX);
    draft.step.software.push(Told { site: seen.site.clone(), at_ms: seen.received_ms, list });
}
