//! The punches of a dump: the names of those that were sent, and since when some were not.
//!
//! A replayed log must find its rows here under the names that they get when they come again. The old server kept what
//! the terminal said in `raw_payload`, but wrote 0 where it said nothing; where it kept nothing, its own in/out alternates
//! and only its moment tells the local time. So a sent row has a few names, of which one will come back.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use jiff::tz::TimeZone;
use vigie_shared::wire::reading::LogRow;

use super::Sent;
use super::dump::Known;
use super::fields::Fields;
use super::report::Report;
use crate::store::attendance::PunchKey;

/// One punch, as small as it can be kept until all terminals are known.
#[derive(Debug)]
pub(super) struct Log {
    terminal: String,
    enrol_id: u64,
    /// When, by the old server.
    at: Option<Timestamp>,
    /// What the terminal said of the time; none if only the old server's moment is known.
    local_time: Option<String>,
    mode: Option<i32>,
    in_out: Vec<Option<i32>>,
    event: Vec<Option<i32>>,
    is_sent: bool,
}

impl Log {
    pub(super) fn read(fields: &Fields) -> Option<Self> {
        let raw = fields.inner(&["raw_payload", "raw"]).filter(|raw| raw.text(&["time"]).is_some());
        let at = fields.moment(&["time", "timestamp"]);
        let local_time = raw.as_ref().and_then(|raw| local(&raw.text(&["time"])?));
        if at.is_none() && local_time.is_none() {
            return None;
        }
        let said = raw.as_ref().unwrap_or(fields);
        let in_out = match &raw {
            Some(raw) => ways(raw, &["inout"]),
            // The old server's own guess: the terminal may have said either, or nothing.
            None => vec![Some(0), Some(1), None],
        };
        let enrol_id = said.int(&["enrollid", "enroll_id"]).or_else(|| fields.int(&["enrollid", "enroll_id"]))?;
        Some(Self {
            terminal: fields.reference(&["terminal", "device"])?,
            enrol_id: u64::try_from(enrol_id).ok()?,
            at,
            local_time,
            mode: said.int(&["mode"]).and_then(|mode| i32::try_from(mode).ok()),
            in_out,
            event: ways(said, &["event"]),
            is_sent: fields.text(&["sync_status"]).is_some_and(|status| status.eq_ignore_ascii_case("sent"))
                || fields.moment(&["synced_at"]).is_some() && fields.text(&["sync_status"]).is_none(),
        })
    }

    /// Every name that the row may come back under.
    fn keys(&self, serial: &str, zone: &TimeZone) -> Vec<PunchKey> {
        let told = self.local_time.clone();
        let Some(local_time) = told.or_else(|| Some(written(zone.to_datetime(self.at?)))) else { return Vec::new() };
        let row = LogRow { enrol_id: Some(self.enrol_id), local_time, mode: self.mode, ..LogRow::default() };
        let spelt = self.in_out.iter().flat_map(|in_out| self.event.iter().map(|event| (*in_out, *event)));
        spelt.map(|(in_out, event)| PunchKey::of(serial, &LogRow { in_out, event, ..row.clone() })).collect()
    }

    /// When it happened, as well as anybody can tell.
    fn moment_ms(&self, zone: &TimeZone) -> Option<i64> {
        let of_local = || {
            let local: jiff::civil::DateTime = self.local_time.as_ref()?.parse().ok()?;
            zone.to_ambiguous_timestamp(local).compatible().ok()
        };
        self.at.or_else(of_local).map(Timestamp::as_millisecond)
    }
}

/// What the terminal may have said where this is what was kept: a 0 may stand for nothing.
fn ways(fields: &Fields, names: &[&str]) -> Vec<Option<i32>> {
    match fields.int(names).map(i32::try_from) {
        Some(Ok(0)) => vec![Some(0), None],
        Some(Ok(number)) => vec![Some(number)],
        Some(Err(_)) | None => vec![None],
    }
}

/// A local time as the box writes it; none if it is no time.
fn local(text: &str) -> Option<String> {
    text.parse().ok().map(written)
}

fn written(local: jiff::civil::DateTime) -> String {
    local.strftime("%Y-%m-%d %H:%M:%S").to_string()
}

/// The punches by terminal.
#[derive(Debug, Default)]
pub(super) struct Punches {
    /// What was sent.
    pub(super) sent: BTreeMap<String, Vec<Sent>>,
    /// The moment of the oldest that was not, milliseconds since 1970 UTC.
    pub(super) oldest_unsent_ms: BTreeMap<String, i64>,
}

/// Sorts sent from unsent. A punch that the old server kept twice counts as sent if either was.
pub(super) fn sorted(logs: &[Log], known: &Known, (zone, report): (&TimeZone, &mut Report)) -> Punches {
    let mut known_keys: BTreeSet<PunchKey> = BTreeSet::new();
    let (mut sent_rows, mut guessed, mut unsent_rows) = (0, 0, 0_u64);
    let mut punches = Punches::default();
    for log in logs.iter().filter(|log| log.is_sent) {
        let Some(serial) = known.get(&log.terminal) else {
            report.leave("sent punches of unknown terminals", "they are not in the dump");
            continue;
        };
        let keys = log.keys(serial, zone);
        sent_rows += 1;
        guessed += usize::from(log.local_time.is_none());
        if keys.first().is_some_and(|key| known_keys.insert(*key)) {
            known_keys.extend(&keys);
            let sent = Sent { enrol_id: log.enrol_id, at_ms: log.moment_ms(zone).unwrap_or_default(), keys };
            punches.sent.entry(serial.clone()).or_default().push(sent);
        }
    }
    for log in logs.iter().filter(|log| !log.is_sent) {
        let Some(serial) = known.get(&log.terminal) else { continue };
        if log.keys(serial, zone).iter().any(|key| known_keys.contains(key)) {
            continue;
        }
        unsent_rows += 1;
        if let Some(at_ms) = log.moment_ms(zone) {
            let oldest = punches.oldest_unsent_ms.entry(serial.clone()).or_insert(at_ms);
            *oldest = at_ms.min(*oldest);
        }
    }
    report.take("marks of punches that were sent already", sent_rows);
    if guessed > 0 {
        report.note(format!(
            "Of {guessed} sent punches the old server kept only its own time; it is read in the zone {}. If its terminals were \
             in another one, import with --zone, else these may be sent twice.",
            zone.iana_name().unwrap_or("UTC")
        ));
    }
    if unsent_rows > 0 {
        let oldest = punches.oldest_unsent_ms.values().min().and_then(|ms| Timestamp::from_millisecond(*ms).ok());
        let since =
            oldest.map_or_else(String::new, |oldest| format!(", the oldest of {}", zone.to_datetime(oldest).date()));
        report.note(format!(
            "{unsent_rows} punches had not been sent{since}. The hub sends them when their terminals deliver them again: ask for \
             their logs from that day on."
        ));
    }
    punches
}
