//! Devices: who was confirmed on the LAN, first and last.

use std::collections::btree_map;

use vigie_shared::wire::Reading;
use vigie_shared::wire::reading::{DeviceRef, Sighting};

use super::{Draft, Seen, before};
use crate::store::projections::{Derived, Device, DeviceKind};

pub(super) fn project(seen: &Seen<'_>, draft: &mut Draft) {
    let Reading::Sightings(sightings) = seen.reading else { return };
    for row in &sightings.rows {
        let device = device(seen, row);
        let key = (device.id.clone(), seen.undated.map(|undated| undated.boot));
        match draft.devices.entry(key) {
            btree_map::Entry::Vacant(place) => {
                place.insert(Derived { value: device, undated: seen.undated });
            }
            btree_map::Entry::Occupied(mut known) => merge(known.get_mut(), &device, seen),
        }
    }
}

/// Two sights of one boot may believe in different beginnings; both are counted from the boot, the later belief
/// stands for both until an anchor comes.
fn merge(known: &mut Derived<Device>, device: &Device, seen: &Seen<'_>) {
    if let (Some(old), Some(new)) = (known.undated, seen.undated) {
        known.value.shift(new.believed_ms.saturating_sub(old.believed_ms));
        known.undated = seen.undated;
    }
    known.value.merge(device);
}

fn device(seen: &Seen<'_>, row: &Sighting) -> Device {
    let (kind, id, ip, name) = match &row.device {
        DeviceRef::Known(pseudonym) => (DeviceKind::Known, pseudonym.to_string(), None, None),
        DeviceRef::Passing(pseudonym) => (DeviceKind::Passing, pseudonym.to_string(), None, None),
        DeviceRef::Owned(owned) => {
            let ip = owned.ip.map(|ip| ip.to_string());
            (DeviceKind::Owned, owned.mac.to_string(), ip, owned.name.clone())
        }
    };
    Device {
        site: seen.site.clone(),
        id,
        kind,
        ip,
        name,
        first_seen_ms: before(seen.at_ms, row.first_ago_s),
        last_seen_ms: before(seen.at_ms, row.last_ago_s),
        sightings: u64::from(row.count),
        sources: row.sources,
        flags: row.flags,
    }
}
