//! What time a terminal believes it is: pure; its local time counts like UTC, since it knows no zone.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use super::fault::{Fault, Faults};

/// How terminals write a time.
const FORMAT: &str = "%Y-%m-%d %H:%M:%S";
/// 2000-01-01 00:00:00.
const BATTERY_EMPTY_MS: i64 = 946_684_800_000;
const YEAR_MS: i64 = 365 * 86_400_000;
/// What a clock with [`Fault::Drift`] gains: two minutes a day.
const DRIFT_MS_PER_DAY: i64 = 120_000;

/// The clock of one terminal.
#[derive(Debug, Clone)]
pub struct DeviceClock {
    set_to_ms: i64,
    set_at_ms: u64,
    is_frozen: bool,
    gains_ms_per_day: i64,
}

impl DeviceClock {
    /// A clock that is right, or as wrong as the faults say. `local_ms` is the local time at `now_ms`.
    #[must_use]
    pub fn new(local_ms: i64, faults: &Faults, now_ms: u64) -> Self {
        let set_to_ms = if faults.has(Fault::ClockAt2000) {
            BATTERY_EMPTY_MS
        } else if faults.has(Fault::FutureClock) {
            local_ms + YEAR_MS
        } else {
            local_ms
        };
        let gains_ms_per_day = if faults.has(Fault::Drift) { DRIFT_MS_PER_DAY } else { 0 };
        Self { set_to_ms, set_at_ms: now_ms, is_frozen: faults.has(Fault::FrozenClock), gains_ms_per_day }
    }

    /// The local time, milliseconds.
    #[must_use]
    pub fn read_ms(&self, now_ms: u64) -> i64 {
        let passed_ms = i64::try_from(now_ms.saturating_sub(self.set_at_ms)).unwrap_or(i64::MAX);
        if self.is_frozen {
            return self.set_to_ms;
        }
        self.set_to_ms + passed_ms + passed_ms / 1000 * self.gains_ms_per_day / 86_400
    }

    /// The local time as it stands in rows.
    #[must_use]
    pub fn read(&self, now_ms: u64) -> String {
        written(self.read_ms(now_ms))
    }

    /// Sets it to what a server said; what is not a time is ignored.
    pub fn set(&mut self, cloud_time: &str, now_ms: u64) {
        if self.is_frozen {
            return;
        }
        if let Some(local_ms) = parsed(cloud_time) {
            (self.set_to_ms, self.set_at_ms) = (local_ms, now_ms);
        }
    }
}

/// A local time as terminals write it; empty for a year that they cannot write.
#[must_use]
pub fn written(local_ms: i64) -> String {
    let local = Timestamp::from_millisecond(local_ms).map(|instant| TimeZone::UTC.to_datetime(instant));
    local.map_or_else(|_| String::new(), |local| local.strftime(FORMAT).to_string())
}

/// Reads a local time.
#[must_use]
pub fn parsed(text: &str) -> Option<i64> {
    let local = DateTime::strptime(FORMAT, text).ok()?;
    Some(TimeZone::UTC.to_timestamp(local).ok()?.as_millisecond())
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOON_MS: i64 = 1_935_835_200_000;

    fn clock(faults: &[Fault]) -> DeviceClock {
        DeviceClock::new(NOON_MS, &faults.iter().copied().collect(), 0)
    }

    #[test]
    fn a_right_clock_goes_on_and_is_set_by_the_server() {
        let mut clock = clock(&[]);

        assert_eq!(clock.read(61_000), "2031-05-06 12:01:01");
        clock.set("2031-05-06 08:00:00", 61_000);

        assert_eq!(clock.read(62_000), "2031-05-06 08:00:01");
        clock.set("2031-05-06T08:00:00Z", 62_000);
        assert_eq!(clock.read(62_000), "2031-05-06 08:00:01");
    }

    #[test]
    fn each_fault_is_wrong_in_its_way() {
        let day_ms = 86_400_000;
        assert_eq!(clock(&[Fault::ClockAt2000]).read(1_000), "2000-01-01 00:00:01");
        assert_eq!(clock(&[Fault::FutureClock]).read(0), "2032-05-05 12:00:00");
        assert_eq!(clock(&[Fault::Drift]).read(day_ms), "2031-05-07 12:02:00");
        let mut frozen = clock(&[Fault::FrozenClock]);
        frozen.set("2031-05-06 08:00:00", 10);
        assert_eq!(frozen.read(day_ms), "2031-05-06 12:00:00");
    }

    #[test]
    fn what_is_written_is_read_back() {
        assert_eq!(parsed(&written(NOON_MS)), Some(NOON_MS));
        assert_eq!(parsed("2031-02-30 25:61:00"), None);
    }
}
