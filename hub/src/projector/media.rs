//! Media: what really lies on the boxes' disks.

use vigie_shared::wire::Reading;

use super::{Draft, Seen};
use crate::store::media::Told;
use crate::store::projections::Derived;

pub(super) fn project(seen: &Seen<'_>, draft: &mut Draft) {
    let Reading::Media(stretch) = seen.reading else { return };
    let told = Told { site: seen.site.clone(), at_ms: seen.at_ms, stretch: stretch.clone() };
    draft.step.media.push(Derived { value: told, undated: seen.undated });
}
