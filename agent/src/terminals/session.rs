//! One connection of a terminal: what its messages mean, what may be sent to it, and when it has to go.
//!
//! Pure. A terminal registers before anything else; then its serial number is bound to the connection. Answers carry
//! nothing but the name of the command, so one command is in flight at a time, and an answer that comes too late is never
//! taken for the next command's. Whoever is silent, floods, or talks nonsense loses the connection.

mod flight;

use std::collections::VecDeque;

use super::frame::{Frame, Unreadable, Verb};
use super::limits::Limits;
use super::serial::Serial;

pub use flight::{Answered, Request};
use flight::{Flight, Late};

/// Commands that wait on one connection; more are refused to whoever asks.
pub const WAITING_MAX: usize = 64;

/// The longest time between two counts of pings and pongs.
const CONTROLS_MS: u64 = 10_000;

/// What a message means.
#[derive(Debug, PartialEq, Eq)]
pub enum Meaning {
    /// The terminal registers under this number: [`Session::bind`] follows if it may.
    Registers(Serial),
    /// It asks or reports; it must be answered.
    Says,
    /// It must be answered that nothing is done before it is registered, or that this is no proper message.
    Refused(&'static str),
    /// It answers a command.
    Answers(u64, Answered),
    /// Nothing that anybody waits for.
    Nothing,
    /// The connection ends.
    Ends(Close),
}

/// Why the box ends a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Close {
    /// It did not register in time.
    Unregistered,
    /// It was not heard for too long.
    Silent,
    /// Another connection of the same terminal took its place.
    TakenOver,
    /// It spoke for another terminal than it registered as.
    OtherSerial,
    /// It broke the rules too often.
    Unruly,
    /// A message was too large.
    TooLarge,
    /// It broke the rules of the transport.
    Protocol,
    /// It may not deliver any more.
    Refused,
    /// The agent stops.
    Stopping,
}

impl Close {
    /// The close code of the transport.
    #[must_use]
    pub fn code(self) -> u16 {
        match self {
            Self::Unregistered | Self::OtherSerial | Self::Unruly | Self::Refused => 1008,
            Self::Silent | Self::TakenOver => 1000,
            Self::Stopping => 1001,
            Self::Protocol => 1002,
            Self::TooLarge => 1009,
        }
    }

    /// Why, in words.
    #[must_use]
    pub fn reason(self) -> &'static str {
        match self {
            Self::Unregistered => "it did not register in time",
            Self::Silent => "it was silent for too long",
            Self::TakenOver => "another connection of the same terminal took its place",
            Self::OtherSerial => "it spoke for another terminal than it registered as",
            Self::Unruly => "it broke the rules too often",
            Self::TooLarge => "a message was too large",
            Self::Protocol => "it broke the rules of WebSocket",
            Self::Refused => "it may not deliver",
            Self::Stopping => "the agent stops",
        }
    }
}

/// What to do because time has passed.
#[derive(Debug, PartialEq)]
pub enum Due {
    /// Send this text.
    Send(String),
    /// Send a ping.
    Ping,
    /// This request ended without an answer.
    Unanswered(u64),
    /// End the connection.
    End(Close),
}

/// One connection.
#[derive(Debug)]
pub struct Session {
    limits: Limits,
    serial: Option<Serial>,
    opened_ms: u64,
    heard_ms: u64,
    pinged_ms: u64,
    violations: u32,
    refusals: u32,
    controls: u32,
    controls_since_ms: u64,
    waiting: VecDeque<Request>,
    flight: Option<Flight>,
    late: Vec<Late>,
}

impl Session {
    /// A connection that was just opened; `now_ms` is of a clock that never goes back, as everywhere here.
    #[must_use]
    pub fn new(limits: Limits, now_ms: u64) -> Self {
        Self {
            limits,
            serial: None,
            opened_ms: now_ms,
            heard_ms: now_ms,
            pinged_ms: now_ms,
            violations: 0,
            refusals: 0,
            controls: 0,
            controls_since_ms: now_ms,
            waiting: VecDeque::new(),
            flight: None,
            late: Vec::new(),
        }
    }

    /// The terminal, once it is registered.
    #[must_use]
    pub fn serial(&self) -> Option<&Serial> {
        self.serial.as_ref()
    }

    /// A message came, understood or not.
    pub fn on_message(&mut self, message: &Result<Frame, Unreadable>, now_ms: u64) -> Meaning {
        self.heard_ms = now_ms;
        let Ok(frame) = message else { return self.on_violation(Meaning::Nothing) };
        if let Some(end) = self.check_serial(frame) {
            return end;
        }
        match &frame.verb {
            Verb::Cmd(cmd) if cmd == "reg" => match frame.text("sn").and_then(|sn| sn.trim().parse().ok()) {
                Some(serial) => Meaning::Registers(serial),
                None => self.on_violation(Meaning::Refused("no serial number")),
            },
            Verb::Cmd(_) if self.serial.is_some() => Meaning::Says,
            Verb::Cmd(_) => self.on_violation(Meaning::Refused("register first")),
            Verb::Ret(ret) => match self.take_answer(ret, frame, now_ms) {
                Some(request) => Meaning::Answers(request, Answered::of(frame)),
                None => self.on_violation(Meaning::Nothing),
            },
        }
    }

    /// A registered terminal speaks for itself only.
    fn check_serial(&self, frame: &Frame) -> Option<Meaning> {
        let (bound, said) = (self.serial.as_ref()?, frame.fields.get("sn").filter(|sn| !sn.is_null())?);
        let is_same = said.as_str().is_some_and(|said| said.trim() == bound.as_str());
        (!is_same).then_some(Meaning::Ends(Close::OtherSerial))
    }

    /// The terminal may deliver: from here on the connection is its own.
    pub fn bind(&mut self, serial: Serial) {
        self.serial = Some(serial);
        self.refusals = 0;
    }

    /// The terminal may not deliver. True: it asked often enough on this connection.
    pub fn refuse(&mut self) -> bool {
        self.refusals = self.refusals.saturating_add(1);
        self.refusals >= self.limits.violations_max
    }

    /// A message broke a rule; its meaning stands unless there were too many.
    pub fn on_violation(&mut self, meaning: Meaning) -> Meaning {
        self.violations = self.violations.saturating_add(1);
        if self.violations > self.limits.violations_max { Meaning::Ends(Close::Unruly) } else { meaning }
    }

    /// Messages that broke the rules on this connection.
    #[must_use]
    pub fn violations(&self) -> u32 {
        self.violations
    }

    /// A ping or pong came. True: there are too many of them.
    pub fn on_control(&mut self, now_ms: u64) -> bool {
        self.heard_ms = now_ms;
        if now_ms.saturating_sub(self.controls_since_ms) > CONTROLS_MS {
            (self.controls, self.controls_since_ms) = (0, now_ms);
        }
        self.controls = self.controls.saturating_add(1);
        self.controls > self.limits.controls_max
    }

    /// Takes a command for the terminal; false if there is no room.
    pub fn ask(&mut self, request: Request) -> bool {
        let has_room = self.waiting.len() < WAITING_MAX;
        if has_room {
            self.waiting.push_back(request);
        }
        has_room
    }

    /// What is to be done now; ask again until there is nothing.
    pub fn poll(&mut self, now_ms: u64) -> Option<Due> {
        if self.serial.is_none() && now_ms >= self.opened_ms + self.limits.register_ms() {
            return Some(Due::End(Close::Unregistered));
        }
        if now_ms >= self.heard_ms + self.limits.silence_ms() {
            return Some(Due::End(Close::Silent));
        }
        if let Some(due) = self.poll_flight(now_ms) {
            return Some(due);
        }
        if now_ms >= self.pinged_ms + self.limits.ping_ms() {
            self.pinged_ms = now_ms;
            return Some(Due::Ping);
        }
        None
    }

    /// When [`Session::poll`] has something to say at the latest.
    #[must_use]
    pub fn next_at_ms(&self) -> u64 {
        let registers = self.serial.is_none().then(|| self.opened_ms + self.limits.register_ms());
        let flight = self.flight.as_ref().map(|flight| flight.until_ms);
        let ping = self.pinged_ms + self.limits.ping_ms();
        [registers, flight].into_iter().flatten().fold(ping.min(self.heard_ms + self.limits.silence_ms()), u64::min)
    }

    /// What is asked and was not answered: it ends with the connection.
    pub fn abandon(&mut self) -> Vec<u64> {
        let flight = self.flight.take().map(|flight| flight.request.id);
        flight.into_iter().chain(self.waiting.drain(..).map(|request| request.id)).collect()
    }
}

#[cfg(test)]
mod tests;
