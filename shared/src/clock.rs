//! The calendar and the time since boot, behind a trait so that tests can set them.

use std::sync::Mutex;
use std::time::Duration;

use nix::time::{ClockId, clock_gettime};

use crate::id::BootId;
use crate::wire::Stamp;

/// Everything a program may ask about the time. `Instant`s for timers come from tokio instead.
pub trait Clock: Send + Sync {
    /// All of the machine's clocks at this moment.
    fn stamp(&self) -> Stamp;

    /// Milliseconds since 1970 UTC.
    fn wall_ms(&self) -> i64 {
        self.stamp().wall_ms
    }
}

/// The machine's real clocks.
pub struct SystemClock {
    boot: BootId,
    is_synced: fn() -> bool,
}

impl SystemClock {
    /// Reads the kernel's boot id once; `is_synced` is asked at each stamp.
    #[must_use]
    pub fn new(is_synced: fn() -> bool) -> Self {
        let boot = std::fs::read_to_string("/proc/sys/kernel/random/boot_id")
            .ok()
            .and_then(|text| text.trim().parse().ok())
            .unwrap_or_else(BootId::random);
        Self { boot, is_synced }
    }
}

impl Clock for SystemClock {
    fn stamp(&self) -> Stamp {
        let since = |clock| clock_gettime(clock).map_or(Duration::ZERO, Duration::from);
        Stamp {
            boot: self.boot,
            uptime_ms: millis(since(ClockId::CLOCK_BOOTTIME)),
            wall_ms: i64::try_from(millis(since(ClockId::CLOCK_REALTIME))).unwrap_or(i64::MAX),
            is_synced: (self.is_synced)(),
        }
    }
}

/// A clock that moves only when told to.
pub struct ManualClock(Mutex<Stamp>);

impl ManualClock {
    /// Starts at the given moment.
    #[must_use]
    pub fn new(stamp: Stamp) -> Self {
        Self(Mutex::new(stamp))
    }

    /// Lets time pass.
    pub fn advance(&self, by: Duration) {
        self.change(|stamp| {
            stamp.uptime_ms += millis(by);
            stamp.wall_ms += i64::try_from(millis(by)).unwrap_or(0);
        });
    }

    /// Changes any of the clocks, as a clock step or a reboot does.
    pub fn change(&self, change: impl FnOnce(&mut Stamp)) {
        change(&mut self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner));
    }
}

impl Clock for ManualClock {
    fn stamp(&self) -> Stamp {
        *self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_real_clocks_move_forward_and_keep_their_boot_id() {
        let clock = SystemClock::new(|| true);
        let (earlier, later) = (clock.stamp(), clock.stamp());
        assert_eq!(earlier.boot, later.boot);
        assert!(earlier.uptime_ms <= later.uptime_ms);
        assert!(earlier.wall_ms > 1_700_000_000_000);
    }
}
