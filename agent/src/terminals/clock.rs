//! The clocks of terminals: local times without a zone, that are wrong, stand still or were reset.
//!
//! Pure. A terminal's clock is measured at each registration, before it is corrected: that is the only evidence of how
//! wrong it was when the rows of its backlog were made. Its own times are never replaced.

use std::str::FromStr;

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

/// A difference below this is no difference: terminals say whole seconds, and messages take their time.
const NOTICED_MS: i64 = 2_000;

/// A clock that is wrong by more than this is worth an alarm.
pub const WRONG_MS: i64 = 120_000;

/// A row that is at most this old when it comes is live.
pub const LIVE_MS: i64 = 30_000;

/// Messages with one and the same newest time after which a clock stands still.
const STILL_MESSAGES: u32 = 3;

/// Several people may punch in one second; not over so long a time.
const STILL_MS: i64 = 60_000;

/// Before this year no terminal of this kind existed: its clock was reset.
const YEAR_MIN: i16 = 2015;

/// A zone of the IANA database, by its name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Zone {
    name: String,
    zone: TimeZone,
}

impl Zone {
    /// The machine's own; UTC if it has none that has a name.
    #[must_use]
    pub fn of_machine() -> Self {
        let zone = TimeZone::system();
        match zone.iana_name().map(str::to_owned) {
            Some(name) => Self { name, zone },
            None => Self { name: "UTC".to_owned(), zone: TimeZone::UTC },
        }
    }

    /// Its name, `Europe/Paris`.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The local time of a moment.
    #[must_use]
    pub fn local(&self, wall_ms: i64) -> DateTime {
        let moment = Timestamp::from_millisecond(wall_ms).unwrap_or(Timestamp::UNIX_EPOCH);
        self.zone.to_datetime(moment)
    }

    /// The moment of a local time, milliseconds since 1970 UTC: the earlier of two, and past a gap as if it were none.
    #[must_use]
    pub fn moment_ms(&self, local: DateTime) -> i64 {
        let ambiguous = self.zone.to_ambiguous_timestamp(local);
        ambiguous.compatible().map_or(0, |moment| moment.as_millisecond())
    }
}

impl FromStr for Zone {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        let unknown = |_| format!("`{name:.64}` is not a time zone like \"Europe/Paris\" that this machine knows");
        Ok(Self { name: name.to_owned(), zone: TimeZone::get(name).map_err(unknown)? })
    }
}

impl TryFrom<String> for Zone {
    type Error = String;

    fn try_from(name: String) -> Result<Self, String> {
        name.parse()
    }
}

impl From<Zone> for String {
    fn from(zone: Zone) -> Self {
        zone.name
    }
}

/// A local time as terminals write it, zeros in front or not.
#[must_use]
pub fn local(text: &str) -> Option<DateTime> {
    let (date, time) = text.trim().split_once(' ')?;
    let (mut days, mut hours) = (date.split('-'), time.split(':'));
    let year = number(days.next()?)?;
    let next = |parts: &mut std::str::Split<'_, char>| parts.next().and_then(number)?.try_into().ok();
    let (month, day) = (next(&mut days)?, next(&mut days)?);
    let (hour, minute, second) = (next(&mut hours)?, next(&mut hours)?, next(&mut hours)?);
    if days.next().is_some() || hours.next().is_some() {
        return None;
    }
    DateTime::new(year, month, day, hour, minute, second, 0).ok()
}

fn number(text: &str) -> Option<i16> {
    let is_number = (1..=4).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| text.parse().ok()).flatten()
}

/// A local time as terminals read it.
#[must_use]
pub fn text(local: DateTime) -> String {
    let (date, time) = (local.date(), local.time());
    format!(
        "{:04}-{:02}-{:02} {:02}:{:02}:{:02}",
        date.year(),
        date.month(),
        date.day(),
        time.hour(),
        time.minute(),
        time.second()
    )
}

/// Whether a time is of a clock that was reset.
#[must_use]
pub fn is_reset(local: DateTime) -> bool {
    local.year() < YEAR_MIN
}

/// What is known of one terminal's clock.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TerminalClock {
    /// How far it was ahead of the box's when last measured, milliseconds.
    pub measured_ms: Option<i64>,
    /// How far it is ahead as far as anybody knows: nothing once it was set.
    ahead_ms: Option<i64>,
    correction: Option<Correction>,
    #[serde(skip)]
    stillness: Stillness,
}

/// The last time that it was set right by more than a trifle.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Correction {
    at_ms: i64,
    ahead_ms: i64,
}

/// The newest time of the last messages.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Stillness {
    newest: Option<DateTime>,
    enrol_id: Option<u64>,
    message: u32,
    messages: u32,
    since_ms: i64,
}

impl TerminalClock {
    /// Learns what the clock showed at a moment of the box's clock.
    pub fn measure(&mut self, shown: DateTime, zone: &Zone, wall_ms: i64) {
        let ahead_ms = zone.moment_ms(shown).saturating_sub(wall_ms);
        self.measured_ms = Some(ahead_ms);
        self.ahead_ms = Some(ahead_ms);
    }

    /// Learns that it stands in another zone than was thought: what it showed meant another moment.
    pub fn moved(&mut self, from: &Zone, to: &Zone, wall_ms: i64) {
        let by_new = |ahead_ms: i64| {
            let shown = from.local(wall_ms.saturating_add(ahead_ms));
            to.moment_ms(shown).saturating_sub(wall_ms)
        };
        self.measured_ms = self.measured_ms.map(by_new);
        self.ahead_ms = self.ahead_ms.map(by_new);
    }

    /// Learns that it was set to the box's clock.
    pub fn correct(&mut self, wall_ms: i64) {
        if let Some(ahead_ms) = self.ahead_ms.filter(|ahead_ms| ahead_ms.abs() >= NOTICED_MS) {
            self.correction = Some(Correction { at_ms: wall_ms, ahead_ms });
        }
        self.ahead_ms = Some(0);
    }

    /// What is worth keeping through a restart: not how it ticked, but how it was corrected.
    #[must_use]
    pub fn kept(&self) -> Self {
        Self { correction: self.correction, ..Self::default() }
    }

    /// How far the clock was ahead when it made a row, milliseconds. A row of before the last correction was made by the
    /// clock as it was then.
    #[must_use]
    pub fn ahead_of(&self, row_ms: i64, wall_ms: i64) -> Option<i64> {
        match self.correction {
            Some(Correction { at_ms, ahead_ms }) if row_ms < at_ms || row_ms > wall_ms.saturating_add(LIVE_MS) => {
                Some(ahead_ms)
            }
            _ => self.ahead_ms,
        }
    }

    /// Whether a row was made just now.
    #[must_use]
    pub fn is_live(&self, row_ms: i64, wall_ms: i64) -> bool {
        let ahead_ms = self.ahead_of(row_ms, wall_ms).unwrap_or(0);
        row_ms.saturating_sub(ahead_ms).abs_diff(wall_ms) <= LIVE_MS.unsigned_abs()
    }

    /// Learns the newest row of a message, which is named by its checksum; says whether the clock stands still.
    pub fn look(&mut self, newest: DateTime, enrol_id: Option<u64>, message: u32, wall_ms: i64) -> bool {
        let seen = &mut self.stillness;
        if seen.newest != Some(newest) {
            *seen = Stillness { newest: Some(newest), enrol_id, message, messages: 1, since_ms: wall_ms };
            return false;
        }
        // The same message once more is a repetition, not another punch.
        if seen.message != message {
            (seen.message, seen.messages) = (message, seen.messages.saturating_add(1));
        }
        let is_same_person = seen.enrol_id == enrol_id;
        seen.messages >= STILL_MESSAGES && (is_same_person || wall_ms.saturating_sub(seen.since_ms) >= STILL_MS)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn paris() -> Zone {
        "Europe/Paris".parse().unwrap()
    }

    fn at(text: &str) -> DateTime {
        local(text).unwrap()
    }

    #[test]
    fn a_clock_that_was_right_is_hours_off_in_another_zone_and_right_again_back_home() {
        let (paris, tokyo, now) = (paris(), "Asia/Tokyo".parse().unwrap(), 1_795_000_000_000);
        let mut clock = TerminalClock::default();
        clock.moved(&paris, &tokyo, now);
        assert_eq!(clock.measured_ms, None);
        clock.measure(paris.local(now), &paris, now);
        clock.moved(&paris, &tokyo, now);
        assert_eq!(clock.measured_ms, Some(-8 * 3_600_000));
        clock.moved(&tokyo, &paris, now);
        assert_eq!(clock.measured_ms, Some(0));
    }

    #[test]
    fn a_zone_is_known_or_the_mistake_is_named() {
        assert_eq!(paris().name(), "Europe/Paris");
        assert!("Mars/Base".parse::<Zone>().unwrap_err().contains("`Mars/Base` is not a time zone"));
    }

    #[test]
    fn the_hour_that_comes_twice_and_the_one_that_is_skipped_have_one_moment_each() {
        let zone = paris();
        let hour = 3_600_000;
        let before = zone.moment_ms(at("2026-10-25 01:30:00"));
        assert_eq!(zone.moment_ms(at("2026-10-25 02:30:00")) - before, hour, "the earlier of two");
        assert_eq!(zone.moment_ms(at("2026-10-25 03:30:00")) - before, 3 * hour);
        let skipped = zone.moment_ms(at("2026-03-29 02:30:00"));
        assert_eq!(text(zone.local(skipped)), "2026-03-29 03:30:00");
    }

    #[test]
    fn a_backlog_keeps_the_error_that_the_clock_had_before_it_was_set() {
        let (zone, now) = (paris(), 1_795_000_000_000);
        let mut clock = TerminalClock::default();
        assert_eq!(clock.ahead_of(now, now), None);
        clock.measure(zone.local(now + 10_800_000), &zone, now);
        assert_eq!(clock.ahead_of(now, now), Some(10_800_000));

        clock.correct(now);
        clock.measure(zone.local(now + 20_000), &zone, now + 20_000);
        clock.correct(now + 20_000);

        assert_eq!(clock.measured_ms, Some(0));
        assert_eq!(clock.ahead_of(now - 60_000, now + 60_000), Some(10_800_000), "made before");
        assert_eq!(clock.ahead_of(now + 7_200_000, now + 60_000), Some(10_800_000), "from the future");
        assert_eq!(clock.ahead_of(now + 50_000, now + 60_000), Some(0), "made after");
    }

    #[test]
    fn rows_are_live_by_the_terminals_own_clock() {
        let (zone, now) = (paris(), 1_795_000_000_000);
        let mut clock = TerminalClock::default();
        clock.measure(zone.local(now - 3_600_000), &zone, now);
        assert!(clock.is_live(now - 3_600_000 - 10_000, now));
        assert!(!clock.is_live(now, now));
    }

    #[test]
    fn a_clock_that_stands_still_is_noticed_and_repetitions_are_not() {
        let (newest, mut clock) = (at("2031-05-06 08:01:09"), TerminalClock::default());
        for _ in 0..5 {
            assert!(!clock.look(newest, Some(1), 7, 0), "one message five times");
        }
        assert!(!clock.look(newest, Some(1), 8, 0));
        assert!(clock.look(newest, Some(1), 9, 0), "a third one of the same time");
        assert!(!clock.look(at("2031-05-06 08:01:10"), Some(1), 10, 0), "it moves");

        let mut clock = TerminalClock::default();
        for message in 0..4 {
            assert!(!clock.look(newest, Some(u64::from(message)), message, 0), "four people in one second");
        }
        assert!(clock.look(newest, Some(9), 9, STILL_MS), "but not for a minute");
    }

    proptest! {
        #[test]
        fn any_text_is_a_time_or_none(text in ".{0,30}") {
            let _time = local(&text);
        }

        #[test]
        fn a_written_time_reads_back(wall_ms in 0_i64..4_000_000_000_000) {
            let time = paris().local(wall_ms - wall_ms % 1_000);
            prop_assert_eq!(local(&text(time)), Some(time));
        }
    }
}
