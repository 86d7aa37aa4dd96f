//! What the ingest writes in the diary: what happened, what is safe, what to do.

use vigie_shared::id::{QueueId, SiteId};
use vigie_shared::wire::Lane;

use crate::store::diary::{Entry, Level};
use crate::store::facts::{Gap, GapReason};

pub(super) fn new_queue(site: &SiteId, lane: Lane, queue: QueueId, was_ordered: bool, at_ms: i64) -> Entry {
    let text = if was_ordered {
        format!("The box took the new queue {queue} for its {lane}, as ordered. What was held before stays.")
    } else {
        format!(
            "The box began a new queue {queue} for its {lane}: it was installed afresh, or its queue was damaged. \
             Everything received before is safe; what the old queue had not delivered may be lost. \
             If nobody worked on this box, look at its disk."
        )
    };
    entry(site, at_ms, Level::Note, "queue_new", text)
}

pub(super) fn gap(gap: &Gap) -> Entry {
    let (level, why) = match gap.reason {
        GapReason::Dropped => (Level::Alarm, "the box's queue was full and dropped its oldest records"),
        GapReason::Damaged => (Level::Alarm, "the box's disk damaged them"),
        GapReason::HubRestored => (Level::Alarm, "this hub had received them, then was restored from an older backup"),
    };
    let (lane, from, to, queue) = (gap.lane, gap.from, gap.to, gap.queue);
    let text = format!(
        "Positions {from} to {to} of the {lane} (queue {queue}) are missing for good: {why}. Everything else is \
         safe, and delivery goes on. Further gaps of this queue are listed with the site."
    );
    entry(&gap.site, gap.noticed_ms, level, "lane_gap", text)
}

pub(super) fn dispute(site: &SiteId, lane: Lane, queue: QueueId, through: u64, at_ms: i64) -> Entry {
    let text = format!(
        "A box sends other {lane} records under queue {queue} than the {through} held: its card was copied, or an \
         older image was put back. Both streams are safe: the box was told to take a new queue. If two boxes use \
         one card, run `vigie-hub site replace {site}` and register the right one."
    );
    entry(site, at_ms, Level::Alarm, "box_cloned", text)
}

pub(super) fn unknown_version(site: &SiteId, lane: Lane, version: u8, at_ms: i64) -> Entry {
    let text = format!(
        "A box sends {lane} records of version {version}, which this hub cannot read. They are stored as they are; \
         update the hub, then run `vigie-hub rebuild`."
    );
    entry(site, at_ms, Level::Alarm, "record_version_unknown", text)
}

fn entry(site: &SiteId, at_ms: i64, level: Level, kind: &str, text: String) -> Entry {
    Entry { at_ms, site: Some(site.clone()), level, kind: kind.to_owned(), text }
}
