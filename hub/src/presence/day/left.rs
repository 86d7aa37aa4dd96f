//! Devices that stayed when their person went: a laptop on the desk, a phone in a drawer.
//!
//! Nobody stays for [`LEFT_MS`] and over a midnight with one device that is never silent; who does is asked, not billed.
//! From the first day that begins within such a stay, the device says nothing about its person.

use crate::presence::Counts;
use crate::presence::facts::{Facts, Held};
use crate::presence::policy::Policy;
use crate::presence::session::stays;
use crate::presence::stretch::Stretch;

/// A stay without a break that is this long is the device's, not the person's, milliseconds.
pub const LEFT_MS: i64 = 24 * 60 * 60_000;

/// When a device was there without a break, in order; only stays long enough to matter.
pub(super) fn unbroken(held: &Held<'_>, facts: Facts<'_>, policy: &Policy) -> Vec<Stretch> {
    let Some(place) = facts.places.get(held.site).filter(|_| held.counts == Counts::Yes) else { return Vec::new() };
    let always = Stretch { from_ms: i64::MIN, to_ms: i64::MAX };
    let sights = held.sights(always, policy.grace_ms()).collect();
    // How a day on which it was left began does not matter.
    let stays = stays(sights, &place.coverage, facts.closings, 0);
    stays.iter().map(|stay| stay.stretch()).filter(|stay| stay.length_ms() >= LEFT_MS).collect()
}

/// Since when a device had been left behind on a day; none if it had not.
pub(super) fn since(stays: &[Stretch], day: Stretch, window: Stretch) -> Option<i64> {
    let is_left = |stay: &&Stretch| {
        let until_ms = stay.to_ms.min(window.to_ms);
        stay.from_ms < day.from_ms && stay.to_ms >= day.from_ms && until_ms.saturating_sub(stay.from_ms) >= LEFT_MS
    };
    stays.iter().find(is_left).map(|stay| stay.from_ms)
}
