//! What the operators' listener has seen since its start, for metrics.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};

use super::policy::End;
use crate::gateway;

gateway::endings! {
    /// The program said goodbye.
    Goodbye = "goodbye",
    /// The connection broke or was closed without a goodbye.
    Lost = "lost",
    /// Nothing whole came for one and a half keep-alives.
    Idle = "idle",
    /// The program took nothing of what was sent to it.
    Stalled = "stalled",
    /// It read so slowly that messages would have been left out.
    Lagged = "lagged",
    /// Its token or account ended.
    Revoked = "revoked",
    /// The hub stopped.
    Stopping = "stopping",
    /// All connections were taken.
    Full = "full",
    /// Its address had too many connections at once.
    AddressFull = "address_full",
    /// It had not logged in yet when too many others came.
    CrowdedOut = "crowded_out",
    /// The TLS handshake failed, or it was not TLS at all.
    HandshakeFailed = "handshake_failed",
    /// The TLS handshake took too long.
    HandshakeSlow = "handshake_slow",
    /// The login took too long.
    ConnectSlow = "connect_slow",
    /// The first packet asked for what nobody gets, such as another version of MQTT.
    ConnectRefused = "connect_refused",
    /// Name or token was wrong.
    LoginWrong = "login_wrong",
    /// Too many logins were tried.
    LoginTooOften = "login_too_often",
    /// The store failed when it was needed.
    StoreFailed = "store_failed",
    /// It sent what is not MQTT.
    Malformed = "malformed",
    /// It sent, or announced, more than a message may have.
    TooLong = "too_long",
    /// It sent a packet that has no use here.
    ForeignPacket = "foreign_packet",
    /// It published where no commands are given, or at QoS 2.
    ForeignPublish = "foreign_publish",
}

impl From<End> for Ending {
    fn from(end: End) -> Self {
        match end {
            End::Goodbye => Self::Goodbye,
            End::Malformed => Self::Malformed,
            End::TooLong => Self::TooLong,
            End::ForeignPacket => Self::ForeignPacket,
            End::ForeignPublish => Self::ForeignPublish,
        }
    }
}

/// What reading and writing come to.
impl From<gateway::Ending> for Ending {
    fn from(ending: gateway::Ending) -> Self {
        if ending == gateway::Ending::Stalled { Self::Stalled } else { Self::Lost }
    }
}

/// The listener's figures at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OperatorsFigures {
    /// Connections that are open, of whatever kind.
    pub open: usize,
    /// Connections that have not logged in yet.
    pub strangers: usize,
    /// Connections accepted.
    pub accepted_total: u64,
    /// Commands taken.
    pub commands_total: u64,
    /// Commands not taken.
    pub refused_total: u64,
    /// Messages sent.
    pub published_total: u64,
    /// Filters that were not granted.
    pub filters_refused_total: u64,
    /// Times that a program had to wait because it sent more than its rate.
    pub throttled_total: u64,
    /// Connections that ended, by reason; every reason is there.
    pub ended_total: BTreeMap<&'static str, u64>,
}

#[derive(Default)]
pub(super) struct Counters {
    pub(super) accepted: AtomicU64,
    pub(super) commands: AtomicU64,
    pub(super) refused: AtomicU64,
    pub(super) published: AtomicU64,
    pub(super) filters_refused: AtomicU64,
    pub(super) throttled: AtomicU64,
    ended: [AtomicU64; Ending::ALL.len()],
}

/// Adds one to a counter.
pub(super) fn count(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::Relaxed);
}

impl Counters {
    pub(super) fn end(&self, ending: Ending) {
        if let Some(counter) = self.ended.get(ending as usize) {
            count(counter);
        }
    }

    /// The figures that are counted; those that are states are the caller's.
    pub(super) fn figures(&self) -> OperatorsFigures {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        OperatorsFigures {
            open: 0,
            strangers: 0,
            accepted_total: read(&self.accepted),
            commands_total: read(&self.commands),
            refused_total: read(&self.refused),
            published_total: read(&self.published),
            filters_refused_total: read(&self.filters_refused),
            throttled_total: read(&self.throttled),
            ended_total: Ending::ALL.iter().zip(&self.ended).map(|(way, count)| (way.as_str(), read(count))).collect(),
        }
    }
}
