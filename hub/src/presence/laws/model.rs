//! The rules counted as a person would, sight by sight and minute by minute, without the hub's way to count.

use std::collections::BTreeSet;
use std::ops::Range;

use jiff::civil::Date;

use crate::presence::scene::{MINUTE_MS, Scene, Seen, paris};
use crate::presence::session::LEAST_MS;
use crate::presence::source::STRONG;

/// Silence that belongs to a session, milliseconds.
const GRACE_MS: i64 = 15 * MINUTE_MS;

/// Whether a moment lies on a day, in the hours that count.
fn is_within(at_ms: i64, date: Date, hours: &Range<i8>) -> bool {
    let local = jiff::Timestamp::from_millisecond(at_ms).unwrap().to_zoned(paris());
    local.date() == date && hours.contains(&local.hour())
}

/// Whether the person had the device at that moment.
fn is_own(scene: &Scene, (site, device, at_ms, _): &Seen) -> bool {
    scene.ownerships.iter().any(|owned| {
        owned.site.as_ref() == Some(site)
            && owned.device == *device
            && (owned.from_ms..owned.to_ms.unwrap_or(i64::MAX)).contains(at_ms)
    })
}

/// Slots of ten minutes in which the person was seen.
pub(super) fn slots(scene: &Scene, date: Date, hours: &Range<i8>) -> usize {
    let own = scene.seen.iter().filter(|seen| is_own(scene, seen) && is_within(seen.2, date, hours));
    own.map(|seen| seen.2.div_euclid(10 * MINUTE_MS)).collect::<BTreeSet<i64>>().len()
}

/// Minutes of sessions, of a person who had every device for ever at sites that saw everything.
pub(super) fn minutes(scene: &Scene, date: Date, hours: &Range<i8>) -> i64 {
    let mut minutes: BTreeSet<i64> = BTreeSet::new();
    for place in scene.places.keys() {
        let mut sights: Vec<(i64, u16)> =
            scene.seen.iter().filter(|seen| seen.0 == *place).map(|seen| (seen.2, seen.3)).collect();
        sights.sort_unstable();
        for session in sights.chunk_by(|one, next| next.0 - one.0 <= GRACE_MS) {
            let (Some(first), Some(last)) = (session.first(), session.last()) else { continue };
            let is_strong = session.iter().any(|sight| sight.1 & STRONG != 0);
            if is_strong || last.0 - first.0 >= LEAST_MS {
                minutes.extend(
                    (first.0 / MINUTE_MS..last.0 / MINUTE_MS).filter(|at| is_within(at * MINUTE_MS, date, hours)),
                );
            }
        }
    }
    i64::try_from(minutes.len()).unwrap()
}
