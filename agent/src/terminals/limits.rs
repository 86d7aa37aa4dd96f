//! How long terminals may take and how much they may ask of the box. Tests shorten these; no setting does.

use std::time::Duration;

/// The limits of connections.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// For the HTTP head that opens a connection.
    pub head_within: Duration,
    /// For the registration.
    pub register_within: Duration,
    /// Between two pings.
    pub ping_every: Duration,
    /// Silence after which a connection is given up.
    pub silence_max: Duration,
    /// For an answer to a command.
    pub answer_within: Duration,
    /// For an answer to a command that carries a photo or a template.
    pub long_answer_within: Duration,
    /// After a command was given up, an answer of its name may still be its own.
    pub late_within: Duration,
    /// For the ledger to take rows: less than a terminal's own patience of 20 s.
    pub store_within: Duration,
    /// For a terminal to take what is sent to it.
    pub write_within: Duration,
    /// How often everything is told of a terminal that does not change.
    pub state_every: Duration,
    /// Messages of one connection that may break the rules.
    pub violations_max: u32,
    /// Pings and pongs within ten seconds.
    pub controls_max: u32,
    /// Connections at the same time.
    pub connections_max: usize,
    /// Of those, without a registration from one address: a whole site may share one.
    pub unregistered_per_address_max: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            head_within: Duration::from_secs(10),
            register_within: Duration::from_secs(30),
            ping_every: Duration::from_secs(30),
            silence_max: Duration::from_secs(90),
            answer_within: Duration::from_secs(10),
            long_answer_within: Duration::from_secs(20),
            late_within: Duration::from_secs(60),
            store_within: Duration::from_secs(15),
            write_within: Duration::from_secs(10),
            state_every: Duration::from_secs(3_600),
            violations_max: 20,
            controls_max: 100,
            connections_max: 640,
            unregistered_per_address_max: 400,
        }
    }
}

impl Limits {
    pub(super) fn register_ms(&self) -> u64 {
        millis(self.register_within)
    }

    pub(super) fn ping_ms(&self) -> u64 {
        millis(self.ping_every)
    }

    pub(super) fn silence_ms(&self) -> u64 {
        millis(self.silence_max)
    }

    pub(super) fn late_ms(&self) -> u64 {
        millis(self.late_within)
    }
}

/// A duration in milliseconds.
pub(super) fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
