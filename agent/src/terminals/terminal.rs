//! What the box knows of one admitted terminal, and what it tells of its rows.
//!
//! Pure. `wall_ms` is the box's calendar, `now_ms` a clock that never goes back.

use std::collections::BTreeMap;
use std::net::IpAddr;

use jiff::civil::DateTime;
use serde_json::value::RawValue;
use vigie_shared::wire::Reading;
use vigie_shared::wire::delivery::RECORD_BYTES_MAX;
use vigie_shared::wire::reading::{AlarmKind, BoxAlarm, LogOrigin, LogRow, Standing, TerminalLog, TerminalState};

use super::attachments::Attachment;
use super::clock::{self, TerminalClock, Zone};
use super::config::Terms;
use super::health::Device;
use super::profile::Dialect;
use super::roster::Roster;
use super::row;
use super::serial::Serial;

/// Bytes of the rows of one record: what remains is for its head.
const ROWS_BYTES_MAX: usize = RECORD_BYTES_MAX - 2 * 1024;

/// Bytes of a row besides its texts, at most.
const ROW_BYTES: usize = 64;

/// One kind of alarm about one terminal is told once in this time.
const ALARM_MS: u64 = 3_600_000;

/// One terminal.
#[derive(Debug)]
pub struct Terminal {
    /// Its name.
    pub serial: Serial,
    /// What the owner decided about it.
    pub terms: Terms,
    /// Its clock.
    pub clock: TerminalClock,
    /// What it says it is.
    pub device: Device,
    /// Who is enrolled on it, as far as the box knows.
    pub roster: Roster,
    /// Whether a command closed it for people and did not open it again.
    pub is_disabled: bool,
    /// Where it calls from.
    pub address: Option<IpAddr>,
    /// Whether it is connected.
    pub is_connected: bool,
    /// When it was last heard.
    pub heard_ms: Option<u64>,
    /// Messages that broke the rules since the agent started.
    pub violations: u64,
    alarms: BTreeMap<AlarmKind, u64>,
    told: Option<TerminalState>,
    told_ms: u64,
}

/// Where rows come from.
#[derive(Debug, Clone, Copy)]
pub struct Origin {
    /// Whether they were asked for.
    pub origin: LogOrigin,
    /// The terminal's own number of the message.
    pub log_index: Option<i64>,
    /// Names the message, so that a repetition is known.
    pub checksum: u32,
    /// Flags that hold for all its rows.
    pub flags: u16,
    /// Whether it is one row only: then the terminal may wait for a decision.
    pub is_single: bool,
}

/// What follows from rows.
#[derive(Debug, Default)]
pub struct Told {
    /// What must be stored before they are acknowledged.
    pub logs: Vec<Reading>,
    /// Whether the person may pass, if the terminal asks.
    pub access: Option<bool>,
    /// What somebody should know.
    pub alarms: Vec<Reading>,
    /// How many of them are a backlog's: those are fewer once they are acknowledged.
    pub backlog: u64,
    /// What is kept once they are acknowledged.
    pub attachments: Vec<Attachment>,
}

impl Terminal {
    /// One that was admitted.
    #[must_use]
    pub fn new(serial: Serial, terms: Terms) -> Self {
        Self {
            serial,
            terms,
            clock: TerminalClock::default(),
            device: Device::default(),
            roster: Roster::default(),
            is_disabled: false,
            address: None,
            is_connected: false,
            heard_ms: None,
            violations: 0,
            alarms: BTreeMap::new(),
            told: None,
            told_ms: 0,
        }
    }

    /// The family of its program.
    #[must_use]
    pub fn dialect(&self) -> Dialect {
        self.terms.dialect.unwrap_or_else(|| Dialect::of_model(self.device.hardware.model.as_deref()))
    }

    /// What its clock should show, if the box knows.
    #[must_use]
    pub fn time_to_show(&self, wall_ms: i64, is_synced: bool) -> Option<String> {
        is_synced.then(|| clock::text(self.terms.zone.local(wall_ms)))
    }

    /// It registered: its clock is measured before it is set. Returns an alarm if the clock is far off.
    pub fn on_registered(&mut self, device: Device, wall_ms: i64, now_ms: u64) -> Option<Reading> {
        if let Some(shown) = device.time {
            self.clock.measure(shown, &self.terms.zone, wall_ms);
        }
        self.device = device;
        self.heard_ms = Some(now_ms);
        let ahead_ms = self.clock.measured_ms.filter(|ahead_ms| ahead_ms.abs() >= clock::WRONG_MS)?;
        let way = if ahead_ms > 0 { "ahead of" } else { "behind" };
        let text = format!(
            "the clock of terminal {} was {} s {way} the box's; its rows are corrected by that; look at its battery and \
             its settings of time if this comes again",
            self.serial,
            ahead_ms.abs() / 1_000
        );
        self.alarm(AlarmKind::TerminalClock, text, now_ms)
    }

    /// Rows of a message, to be stored; `raws` may be a part of them.
    pub fn on_rows(&mut self, raws: &[&RawValue], origin: Origin, wall_ms: i64, now_ms: u64) -> Told {
        let mut told = Told::default();
        let mut groups = Groups::default();
        let mut times: Vec<(LogRow, Option<DateTime>)> = Vec::with_capacity(raws.len());
        for raw in raws {
            let (mut row, attachment) = row::read(raw, self.terms.kept);
            row.flags |= origin.flags;
            let time = clock::local(&row.local_time);
            times.push((row, time));
            told.attachments.extend(attachment);
        }
        let newest = times.iter().filter_map(|(row, time)| Some(((*time)?, row.enrol_id))).max();
        let is_still = newest.is_some_and(|(time, who)| {
            origin.origin == LogOrigin::Pushed && self.clock.look(time, who, origin.checksum, wall_ms)
        });
        for (mut row, time) in times {
            let moment_ms = time.map(|time| self.terms.zone.moment_ms(time));
            let ahead_ms = moment_ms.and_then(|moment_ms| self.clock.ahead_of(moment_ms, wall_ms));
            if moment_ms.is_some_and(|moment_ms| self.clock.is_live(moment_ms, wall_ms)) {
                row.flags |= LogRow::LIVE;
            } else if origin.origin == LogOrigin::Pushed {
                told.backlog += 1;
            }
            if is_still && time == newest.map(|(time, _)| time) {
                row.flags |= LogRow::FROZEN_CLOCK;
            }
            if origin.is_single {
                row.access = self.decide(&row, wall_ms);
                told.access = row.access;
            }
            groups.add(ahead_ms.or(self.clock.measured_ms), row);
        }
        let words = self.words(is_still, newest.map(|(time, _)| time));
        told.alarms.extend(words.and_then(|words| self.alarm(AlarmKind::TerminalClock, words, now_ms)));
        told.logs = groups.0.into_iter().map(|group| self.log(group, origin)).collect();
        told
    }

    /// So many rows of a backlog are acknowledged; the terminal counts them itself at its next registration.
    pub fn on_acknowledged(&mut self, backlog: u64) {
        self.device.unsent = self.device.unsent.map(|unsent| unsent.saturating_sub(backlog));
    }

    /// Only a person who stands there now waits for a decision.
    fn decide(&self, row: &LogRow, wall_ms: i64) -> Option<bool> {
        let enrol_id = row.enrol_id.filter(|id| *id != 0 && self.terms.approves && row.flags & LogRow::LIVE != 0)?;
        let now = self.terms.zone.local(wall_ms);
        Some(self.roster.admits(enrol_id, now, self.terms.approves_unknown))
    }

    fn words(&self, is_still: bool, newest: Option<DateTime>) -> Option<String> {
        let serial = &self.serial;
        if is_still {
            return Some(format!(
                "the clock of terminal {serial} stands still; its rows are kept and marked; set its time or restart it"
            ));
        }
        newest.filter(|time| clock::is_reset(*time)).map(|time| {
            format!(
                "the clock of terminal {serial} was reset: it tells of the year {}; its rows are kept; its battery may be \
                 empty",
                time.year()
            )
        })
    }

    fn log(&self, group: Group, origin: Origin) -> Reading {
        Reading::TerminalLog(TerminalLog {
            terminal: self.serial.to_string(),
            zone: self.terms.zone.name().to_owned(),
            clock_ahead_ms: group.ahead_ms,
            origin: origin.origin,
            log_index: origin.log_index,
            rows: group.rows,
        })
    }

    /// An alarm about this terminal, unless the same was told lately.
    pub fn alarm(&mut self, kind: AlarmKind, text: String, now_ms: u64) -> Option<Reading> {
        let is_recent = self.alarms.get(&kind).is_some_and(|told_ms| now_ms.saturating_sub(*told_ms) < ALARM_MS);
        if is_recent {
            return None;
        }
        self.alarms.insert(kind, now_ms);
        Some(Reading::Alarm(BoxAlarm { kind, text }))
    }

    /// It stands in another zone than was thought.
    pub fn move_to(&mut self, zone: Zone, wall_ms: i64) {
        self.clock.moved(&self.terms.zone, &zone, wall_ms);
        self.terms.zone = zone;
    }

    /// How it is, if that is news: something changed, or it was not told for `every_ms`.
    pub fn state(&mut self, standing: Standing, now_ms: u64, every_ms: u64) -> Option<Reading> {
        let heard_ago_s = self.heard_ms.map(|heard_ms| now_ms.saturating_sub(heard_ms) / 1_000);
        let state = TerminalState {
            terminal: self.serial.to_string(),
            standing,
            is_connected: self.is_connected,
            heard_ago_s: heard_ago_s.map(|seconds| u32::try_from(seconds).unwrap_or(u32::MAX)),
            address: self.address,
            hardware: self.device.hardware.clone(),
            zone: self.terms.zone.name().to_owned(),
            clock_ahead_ms: self.clock.measured_ms,
            room: self.device.room.clone(),
            unsent: self.device.unsent,
            violations: self.violations,
        };
        let is_due = now_ms.saturating_sub(self.told_ms) >= every_ms;
        if self.told.as_ref().is_some_and(|told| is_alike(told, &state)) && !is_due {
            return None;
        }
        (self.told, self.told_ms) = (Some(state.clone()), now_ms);
        Some(Reading::TerminalState(state))
    }
}

/// Whether a state is worth no telling after another: times pass and clocks tick.
fn is_alike(told: &TerminalState, state: &TerminalState) -> bool {
    let drift_ms = match (told.clock_ahead_ms, state.clock_ahead_ms) {
        (Some(before), Some(after)) => before.abs_diff(after),
        (None, None) => 0,
        (_, _) => u64::MAX,
    };
    let same = TerminalState { heard_ago_s: told.heard_ago_s, clock_ahead_ms: told.clock_ahead_ms, ..state.clone() };
    same == *told && drift_ms < clock::WRONG_MS.unsigned_abs()
}

/// Rows that go into one record each.
#[derive(Default)]
struct Groups(Vec<Group>);

struct Group {
    ahead_ms: Option<i64>,
    bytes: usize,
    rows: Vec<LogRow>,
}

impl Groups {
    fn add(&mut self, ahead_ms: Option<i64>, row: LogRow) {
        let bytes = ROW_BYTES + row.local_time.len() + row.rest.len();
        match self.0.last_mut() {
            Some(group) if group.ahead_ms == ahead_ms && group.bytes + bytes <= ROWS_BYTES_MAX => {
                group.bytes += bytes;
                group.rows.push(row);
            }
            _ => self.0.push(Group { ahead_ms, bytes, rows: vec![row] }),
        }
    }
}

#[cfg(test)]
mod tests;
