//! Strips: when devices that can be known again were seen, and when the observers could see.
//!
//! A passing device has no strip: its name dies daily. What is present by nature, a gateway or the box itself, has none
//! either.

use vigie_shared::wire::Reading;
use vigie_shared::wire::reading::{DeviceRef, Sight, Sighting};

use super::{Draft, Seen, before};
use crate::presence::span::Span;
use crate::store::presence::{Sights, Trace};
use crate::store::projections::Derived;

pub(super) fn project(seen: &Seen<'_>, draft: &mut Draft) {
    match seen.reading {
        Reading::Sightings(sightings) => sightings.rows.iter().for_each(|row| sight(seen, row, draft)),
        Reading::Coverage(coverage) => {
            let trace = match coverage.sight {
                Sight::Clear => Trace::Clear,
                Sight::Blind(_) => Trace::Blind,
            };
            add(seen, (trace, coverage.network.clone()), (coverage.from_ago_s, coverage.to_ago_s, 0), draft);
        }
        _ => {}
    }
}

fn sight(seen: &Seen<'_>, row: &Sighting, draft: &mut Draft) {
    let device = match &row.device {
        DeviceRef::Known(pseudonym) => pseudonym.to_string(),
        DeviceRef::Owned(owned) => owned.mac.to_string(),
        DeviceRef::Passing(_) => return,
    };
    if row.flags & Sighting::INFRASTRUCTURE == 0 {
        add(seen, (Trace::Device, device), (row.first_ago_s, row.last_ago_s, row.sources), draft);
    }
}

/// Adds a span to the draft, which ends a page of records: one row for each device and boot.
fn add(
    seen: &Seen<'_>,
    (trace, device): (Trace, String),
    (from_ago_s, to_ago_s, sources): (u32, u32, u16),
    draft: &mut Draft,
) {
    let span = Span { from_ms: before(seen.at_ms, from_ago_s), to_ms: before(seen.at_ms, to_ago_s), sources };
    if span.from_ms > span.to_ms {
        return;
    }
    let waits = seen.undated.map(|undated| (undated.boot, undated.believed_ms));
    let row = draft.sights.entry((trace, device.clone(), waits)).or_insert_with(|| {
        let (site, spans) = (seen.site.clone(), Vec::new());
        Derived { value: Sights { trace, site, device, spans, received_ms: seen.received_ms }, undated: seen.undated }
    });
    row.value.spans.push(span);
    row.value.received_ms = row.value.received_ms.max(seen.received_ms);
}
