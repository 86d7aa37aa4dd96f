//! Pure: a site's history as its page shows it, in the reader's language and the site's zone.

use jiff::tz::TimeZone;
use vigie_shared::wire::Lane;
use vigie_shared::wire::reading::Sighting;

use super::frame::Frame;
use super::row::Moment;
use super::words::Words;
use crate::store::diary::{Entry, Level};
use crate::store::facts::{Gap, GapReason};
use crate::store::projections::{Device, DeviceKind};
use crate::text;

/// What the charts span unless the reader chooses.
pub(super) const DAY_MS: i64 = 24 * 60 * 60 * 1000;

/// What will never arrive.
pub(super) struct GapRow {
    pub(super) lane: &'static str,
    pub(super) positions: String,
    pub(super) reason: &'static str,
    pub(super) noticed: Moment,
}

/// One device.
pub(super) struct DeviceRow {
    pub(super) name: String,
    pub(super) kind: String,
    pub(super) ip: String,
    pub(super) first: Moment,
    pub(super) last: Moment,
}

/// One entry of the diary.
pub(super) struct DiaryRow {
    pub(super) at: Moment,
    pub(super) is_alarm: bool,
    pub(super) text: String,
}

/// What is needed to write times of this site for this reader.
pub(super) struct Local<'a> {
    pub(super) frame: &'a Frame,
    pub(super) now_ms: i64,
    pub(super) zone: TimeZone,
}

impl<'a> Local<'a> {
    /// Times of this moment in the hub's own zone: what is of no single site.
    pub(super) fn of_hub(frame: &'a Frame, now_ms: i64) -> Self {
        Self { frame, now_ms, zone: TimeZone::system() }
    }
}

impl Local<'_> {
    pub(super) fn moment(&self, at_ms: i64) -> Moment {
        Moment::new(self.frame.lang, at_ms, self.now_ms, &self.zone)
    }

    /// With its day, also if that is today: what stands in a file.
    pub(super) fn stamp(&self, moment: &Moment) -> String {
        text::stamp(self.frame.lang, moment.at.0, &self.zone)
    }

    /// A share in thousandths as people read it.
    pub(super) fn percent(&self, permille: i32) -> String {
        text::percent(self.frame.lang, u64::try_from(permille).unwrap_or(0))
    }

    pub(super) fn gap(&self, gap: &Gap) -> GapRow {
        let (words, lang) = (self.frame.words, self.frame.lang);
        let positions = format!("{} … {}", text::number(lang, gap.from), text::number(lang, gap.to));
        GapRow {
            lane: lane_word(gap.lane, words),
            positions,
            reason: gap_word(gap.reason, words),
            noticed: self.moment(gap.noticed_ms),
        }
    }

    pub(super) fn device(&self, device: &Device) -> DeviceRow {
        let words = self.frame.words;
        let kind = match device.kind {
            DeviceKind::Known => words.known,
            DeviceKind::Passing => words.passing,
            DeviceKind::Owned => words.owned,
        };
        let is_infrastructure = device.flags & Sighting::INFRASTRUCTURE != 0;
        DeviceRow {
            name: device.name.clone().unwrap_or_else(|| device.id.clone()),
            kind: if is_infrastructure { format!("{kind}, {}", words.infrastructure) } else { kind.to_owned() },
            ip: device.ip.clone().unwrap_or_else(|| words.none.to_owned()),
            first: self.moment(device.first_seen_ms),
            last: self.moment(device.last_seen_ms),
        }
    }

    pub(super) fn entry(&self, entry: Entry) -> DiaryRow {
        DiaryRow { at: self.moment(entry.at_ms), is_alarm: entry.level == Level::Alarm, text: entry.text }
    }
}

/// What a lane holds.
pub(super) fn lane_word(lane: Lane, words: &Words) -> &'static str {
    match lane {
        Lane::Ledger => words.ledger,
        Lane::Observations => words.observations,
        Lane::Telemetry => words.telemetry,
    }
}

/// Why something got lost.
pub(super) fn gap_word(reason: GapReason, words: &Words) -> &'static str {
    match reason {
        GapReason::Dropped => words.gap_dropped,
        GapReason::Damaged => words.gap_damaged,
        GapReason::HubRestored => words.gap_hub_restored,
    }
}
