//! One terminal, pure: its session with the server, its timers and its faults. It takes the time and says what to do.

mod session;

use std::collections::VecDeque;

use serde_json::{Value, json};

use super::clock::DeviceClock;
use super::dialect::Dialect;
use super::fault::{Fault, Faults};
use super::memory::{LOG_CAPACITY, Memory, Row};
use super::orders::Pages;
use super::speech;

/// Commands and decisions that a terminal remembers for whoever looks.
const REMEMBERED_MAX: usize = 10_000;
/// Rows that an overlapping batch says again.
const OVERLAP: usize = 3;
/// Rows of one message with [`Fault::HugeBatch`].
const HUGE_BATCH: usize = 10_000;

/// How patient a terminal is; the defaults were measured on real ones.
#[derive(Debug, Clone)]
pub struct Timers {
    /// An unanswered registration is said again after this.
    pub register_again_ms: u64,
    /// A connection with unacknowledged rows ends after this.
    pub rows_patience_ms: u64,
    /// An unacknowledged user is said again after this.
    pub user_again_ms: u64,
    /// Pause before the next connection.
    pub reconnect_ms: u64,
    /// How late a late reply is.
    pub late_ms: u64,
}

impl Default for Timers {
    fn default() -> Self {
        Self {
            register_again_ms: 20_000,
            rows_patience_ms: 20_000,
            user_again_ms: 5_000,
            reconnect_ms: 1_000,
            late_ms: 25_000,
        }
    }
}

/// What a terminal does next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Act {
    /// Says this text.
    Say(Vec<u8>),
    /// Hangs up without a word.
    HangUp,
}

/// What the server decided about one punch in approval mode.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// Whose punch.
    pub enrol_id: u64,
    /// Whether the door opened.
    pub is_let_in: bool,
    /// Whether the server said so; without one, nobody gets in.
    pub is_by_server: bool,
    /// From the punch to the door.
    pub after_ms: u64,
}

/// Rows that wait for their acknowledgement.
#[derive(Debug, Clone)]
struct InFlight {
    from: usize,
    through: usize,
    index: i64,
    said_at_ms: u64,
    /// Acknowledgements to come: 2 if the batch was said twice.
    answers: u8,
}

/// What a terminal is made with.
#[derive(Debug, Clone)]
pub struct Make {
    /// Its serial number.
    pub serial: String,
    /// Its family.
    pub dialect: Dialect,
    /// What is wrong with it.
    pub faults: Faults,
    /// How patient it is.
    pub timers: Timers,
    /// Whether it asks the server before it opens the door.
    pub asks_first: bool,
    /// Rows of one message.
    pub rows_per_message: usize,
    /// Whether it knows what a schedule is; few do.
    pub knows_schedules: bool,
}

impl Make {
    /// An honest terminal of the classic family.
    #[must_use]
    pub fn honest(serial: &str) -> Self {
        Self {
            serial: serial.to_owned(),
            dialect: Dialect::Classic,
            faults: Faults::default(),
            timers: Timers::default(),
            asks_first: false,
            rows_per_message: 50,
            knows_schedules: false,
        }
    }
}

/// One terminal.
#[derive(Debug)]
pub struct Device {
    make: Make,
    /// Everything that survives a reboot.
    pub memory: Memory,
    /// What time it believes it is.
    pub clock: DeviceClock,
    /// Commands that it heard, the last ones.
    pub commands: VecDeque<Value>,
    /// What was decided about punches, the last ones.
    pub decisions: VecDeque<Decision>,
    /// Batches of rows that were acknowledged.
    pub acknowledged: u64,
    /// Connections that ended.
    pub hang_ups: u64,
    pages: Pages,
    is_connected: bool,
    is_registered: bool,
    pushes_users: bool,
    pushes_rows: bool,
    registered_at_ms: u64,
    in_flight: Option<InFlight>,
    user_in_flight: Option<((u64, i64), u64)>,
    asked_at_ms: Option<(usize, u64)>,
    late: VecDeque<(u64, Vec<u8>)>,
}

impl Device {
    /// A terminal that was just switched on; `local_ms` is the true local time.
    #[must_use]
    pub fn new(make: Make, local_ms: i64, now_ms: u64) -> Self {
        Self {
            clock: DeviceClock::new(local_ms, &make.faults, now_ms),
            make,
            memory: Memory::new(),
            commands: VecDeque::new(),
            decisions: VecDeque::new(),
            acknowledged: 0,
            hang_ups: 0,
            pages: Pages::default(),
            is_connected: false,
            is_registered: false,
            pushes_users: false,
            pushes_rows: true,
            registered_at_ms: 0,
            in_flight: None,
            user_in_flight: None,
            asked_at_ms: None,
            late: VecDeque::new(),
        }
    }

    /// What it was made with.
    #[must_use]
    pub fn make(&self) -> &Make {
        &self.make
    }

    /// Whether the server has accepted it on this connection.
    #[must_use]
    pub fn is_registered(&self) -> bool {
        self.is_registered
    }

    /// Whether rows wait for their acknowledgement.
    #[must_use]
    pub fn is_waiting(&self) -> bool {
        self.in_flight.is_some()
    }

    /// Somebody puts a finger on it. Without the server, one that asks first lets nobody in.
    pub fn punch(&mut self, enrol_id: u64, now_ms: u64) -> Vec<Act> {
        if !self.memory.is_enabled || self.memory.rows.len() >= LOG_CAPACITY {
            return Vec::new();
        }
        let (mode, time) = (self.make.dialect.usual_mode(), self.clock.read(now_ms));
        self.memory.rows.push(Row { enrol_id, time, mode, in_out: 0, event: 0 });
        if self.make.asks_first {
            if self.is_registered && self.in_flight.is_none() && self.memory.unread() == 1 {
                self.asked_at_ms = Some((self.memory.rows.len() - 1, now_ms));
            } else {
                self.decide(Decision { enrol_id, is_let_in: false, is_by_server: false, after_ms: 0 });
            }
        }
        self.push(now_ms)
    }

    /// The registration as it is said on each connection.
    #[must_use]
    pub fn registration(&self, now_ms: u64) -> Vec<u8> {
        let (used, unread) = (self.memory.rows.len(), self.memory.unread());
        let mut message = json!({
            "cmd": "reg", "sn": self.make.serial, "cpusn": format!("CPU{}", self.make.serial),
            "devinfo": {
                "modelname": self.make.dialect.model(), "usersize": 3000, "logsize": LOG_CAPACITY,
                "useduser": self.memory.users.len(), "usedlog": used, "usednewlog": unread,
                "firmware": "TEST V1.0", "time": self.clock.read(now_ms), "mac": "00-01-A9-0C-0D-0E"
            }
        });
        if self.make.dialect == Dialect::Classic
            && let Value::Object(fields) = &mut message
        {
            fields.remove("cpusn");
        }
        speech::write(message, &self.make.faults)
    }

    fn decide(&mut self, decision: Decision) {
        remember(&mut self.decisions, decision);
    }
}

fn remember<T>(list: &mut VecDeque<T>, item: T) {
    if list.len() >= REMEMBERED_MAX {
        list.pop_front();
    }
    list.push_back(item);
}

#[cfg(test)]
mod tests;
