//! What the gateway has seen since its start, for metrics.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};

use super::policy::End;

/// Declares the ways in which a connection can end, each with its name in metrics.
macro_rules! endings {
    ($($(#[$doc:meta])* $ending:ident = $name:literal,)+) => {
        /// Why a connection ended.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Ending {
            $($(#[$doc])* $ending,)+
        }

        impl Ending {
            /// Every way, in the order of their declaration.
            pub const ALL: &'static [Self] = &[$(Self::$ending,)+];

            /// The way as one stable word.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$ending => $name,)+
                }
            }
        }
    };
}

pub(crate) use endings;

endings! {
    /// The box said goodbye.
    Goodbye = "goodbye",
    /// The connection broke or was closed without a goodbye.
    Lost = "lost",
    /// Nothing whole came for one and a half keep-alives.
    Idle = "idle",
    /// The box took nothing of what was sent to it.
    Stalled = "stalled",
    /// A newer connection of the same site replaced it.
    TakenOver = "taken_over",
    /// The site or the certificate was revoked.
    Revoked = "revoked",
    /// The certificate ended while the box was connected.
    Expired = "expired",
    /// The hub stopped.
    Stopping = "stopping",
    /// All connections were taken.
    Full = "full",
    /// It had not shown a certificate yet when too many others came.
    CrowdedOut = "crowded_out",
    /// Its site had too many connections at once.
    SiteFull = "site_full",
    /// The TLS handshake failed: no certificate, another CA, expired, or not TLS at all.
    HandshakeFailed = "handshake_failed",
    /// The TLS handshake took too long.
    HandshakeSlow = "handshake_slow",
    /// The certificate names no site.
    Nameless = "nameless",
    /// There is no such site.
    UnknownSite = "unknown_site",
    /// The store could not say whether the box may connect.
    Undecided = "undecided",
    /// The first packet took too long.
    ConnectSlow = "connect_slow",
    /// The first packet asked for what boxes do not get.
    ConnectRefused = "connect_refused",
    /// It sent what is not MQTT.
    Malformed = "malformed",
    /// It sent, or announced, more than a message may have.
    TooLong = "too_long",
    /// It sent a packet that boxes have no use for.
    ForeignPacket = "foreign_packet",
    /// It published where it may not, or as it may not.
    ForeignPublish = "foreign_publish",
    /// It subscribed to what is not its own.
    ForeignSubscribe = "foreign_subscribe",
    /// The broker did not take the connection, or closed it.
    Broker = "broker",
}

impl From<End> for Ending {
    fn from(end: End) -> Self {
        match end {
            End::Goodbye => Self::Goodbye,
            End::Malformed => Self::Malformed,
            End::TooLong => Self::TooLong,
            End::ForeignPacket => Self::ForeignPacket,
            End::ForeignPublish => Self::ForeignPublish,
            End::ForeignSubscribe => Self::ForeignSubscribe,
        }
    }
}

/// The gateway's figures at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GatewayFigures {
    /// Connections that are open, of whatever kind.
    pub open: usize,
    /// Boxes that are connected.
    pub connected: usize,
    /// Connections that have not shown a certificate yet.
    pub strangers: usize,
    /// Connections accepted.
    pub accepted_total: u64,
    /// Packets passed on to the broker.
    pub up_packets_total: u64,
    /// Bytes passed on to the broker.
    pub up_bytes_total: u64,
    /// Bytes passed on to boxes.
    pub down_bytes_total: u64,
    /// Times that a box had to wait because it sent more than its rate.
    pub throttled_total: u64,
    /// Connections that ended, by reason; every reason is there.
    pub ended_total: BTreeMap<&'static str, u64>,
}

#[derive(Default)]
pub(super) struct Counters {
    pub(super) accepted: AtomicU64,
    pub(super) up_packets: AtomicU64,
    pub(super) up_bytes: AtomicU64,
    pub(super) down_bytes: AtomicU64,
    pub(super) throttled: AtomicU64,
    ended: [AtomicU64; Ending::ALL.len()],
}

/// Adds to a counter.
pub(super) fn add(counter: &AtomicU64, amount: u64) {
    counter.fetch_add(amount, Ordering::Relaxed);
}

impl Counters {
    pub(super) fn end(&self, ending: Ending) {
        if let Some(counter) = self.ended.get(ending as usize) {
            add(counter, 1);
        }
    }

    /// The figures that are counted; those that are states are the caller's.
    pub(super) fn figures(&self) -> GatewayFigures {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        GatewayFigures {
            open: 0,
            connected: 0,
            strangers: 0,
            accepted_total: read(&self.accepted),
            up_packets_total: read(&self.up_packets),
            up_bytes_total: read(&self.up_bytes),
            down_bytes_total: read(&self.down_bytes),
            throttled_total: read(&self.throttled),
            ended_total: Ending::ALL.iter().zip(&self.ended).map(|(way, count)| (way.as_str(), read(count))).collect(),
        }
    }
}
