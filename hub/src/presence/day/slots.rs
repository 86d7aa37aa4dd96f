//! Slots of ten minutes in which somebody was seen: the strip that explains a day.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use vigie_shared::id::SiteId;

use super::history::Here;
use crate::presence::facts::{Held, clip};

/// Length of a slot, milliseconds. Slots are counted from the site's midnight by the clock that never jumps, so that an
/// hour that happens twice has twelve of them.
pub const SLOT_MS: i64 = 10 * 60_000;

/// Ten minutes in which somebody was seen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Slot {
    /// Its beginning, milliseconds since 1970 UTC.
    pub at_ms: i64,
    /// By which devices, numbers of [`Day::devices`](super::Day::devices), and from which sources.
    pub seen: Vec<(u16, u16)>,
}

/// Every slot in which one of the devices was seen within the window of its site, in order, each once.
pub(super) fn seen(counted: &[(u16, &Held<'_>)], sites: &BTreeMap<&SiteId, Here<'_>>) -> Vec<Slot> {
    let mut slots: BTreeMap<i64, Vec<(u16, u16)>> = BTreeMap::new();
    for (number, held) in counted {
        let Some(here) = sites.get(held.site) else { continue };
        for span in clip(&held.spans, here.window) {
            let first = span.from_ms.saturating_sub(here.day.from_ms).div_euclid(SLOT_MS);
            let last = span.to_ms.saturating_sub(here.day.from_ms).div_euclid(SLOT_MS);
            for slot in first..=last {
                let at_ms = here.day.from_ms.saturating_add(slot.saturating_mul(SLOT_MS));
                add(slots.entry(at_ms).or_default(), *number, span.sources);
            }
        }
    }
    slots.into_iter().map(|(at_ms, seen)| Slot { at_ms, seen }).collect()
}

fn add(seen: &mut Vec<(u16, u16)>, number: u16, sources: u16) {
    match seen.last_mut() {
        Some((device, known)) if *device == number => *known |= sources,
        _ => seen.push((number, sources)),
    }
}
