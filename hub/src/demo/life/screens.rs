//! What is installed on boxes, and which videos lie on those with screens.

use vigie_shared::wire::reading::{MediaFile, MediaStretch, Reading, SoftwareList, SoftwareVersion};

use super::{DAY, World, is_due};
use crate::demo::places::Place;

/// The player that shows videos: what most boxes run, and what the canary boxes of the rollout run.
pub(in crate::demo) const PLAYER: &str = "player";
pub(in crate::demo) const PLAYER_OLD: &str = "2.4.0";
pub(in crate::demo) const PLAYER_NEW: &str = "2.5.0";

/// The places that have the new player already.
pub(in crate::demo) const UPDATED: [&str; 3] = ["marseille", "nantes", "rennes"];

pub(super) fn told(world: &World, place: &Place, tick_ms: i64) -> Vec<Reading> {
    let mut all = Vec::new();
    if is_due(tick_ms, DAY) || world.is_first(tick_ms) {
        all.push(software(world, place, tick_ms));
    }
    if place.has_screens && is_due(tick_ms, DAY) {
        all.push(videos(world, place));
    }
    all
}

fn software(world: &World, place: &Place, tick_ms: i64) -> Reading {
    let named =
        |name: &str, version: &str| SoftwareVersion { name: name.to_owned(), version: Some(version.to_owned()) };
    let mut software = vec![named("vigie-agent", env!("CARGO_PKG_VERSION"))];
    if place.has_screens {
        let is_updated = UPDATED.contains(&place.id) && world.until_ms - tick_ms < 2 * 24 * 60 * 60 * 1000;
        software.push(named(PLAYER, if is_updated { PLAYER_NEW } else { PLAYER_OLD }));
    }
    Reading::Software(SoftwareList { processor: "aarch64".to_owned(), software })
}

/// Every place has the first video; the others lie on some.
fn videos(world: &World, place: &Place) -> Reading {
    let has = |at: usize| at == 0 || (usize::from(place.number()) + at).is_multiple_of(2);
    let files = world
        .videos
        .iter()
        .enumerate()
        .filter(|(at, _)| has(*at))
        .map(|(_, (name, (sha256, size_bytes)))| MediaFile {
            path: (*name).to_owned(),
            sha256: *sha256,
            size_bytes: *size_bytes,
        })
        .collect();
    Reading::Media(MediaStretch { after: String::new(), through: None, files })
}
