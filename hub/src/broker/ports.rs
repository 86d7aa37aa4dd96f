//! The hub's ends of the broker, the same for whatever broker stands behind them.

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use tokio::sync::mpsc;
use vigie_shared::wire::Topic;

/// How large the broker is made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct BrokerConfig {
    /// Boxes that may be connected at once. Their windows all fit the broker's log, 64 KiB each, so that a hub
    /// that stops reading for a moment loses nothing.
    pub boxes_max: usize,
    /// Messages that may wait for the hub's reader, up to 32 KiB each.
    pub uplink_messages_max: usize,
    /// Receipts and commands that may wait for the broker.
    pub downlink_messages_max: usize,
}

impl BrokerConfig {
    /// What one box may send beyond the last receipt, bytes.
    pub(super) const WINDOW_BYTES: usize = 64 * 1024;

    /// Connections that the gateway may open: a box that reconnects has two for a moment.
    pub(super) fn connections_max(&self) -> usize {
        self.boxes_max.saturating_mul(2).max(64)
    }
}

impl Default for BrokerConfig {
    fn default() -> Self {
        Self { boxes_max: 1_000, uplink_messages_max: 1_024, downlink_messages_max: 16_384 }
    }
}

/// Something that a box said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// Its topic; the gateway has made sure that the site in it is the sender's.
    pub topic: String,
    /// Its body.
    pub payload: Bytes,
}

/// Says something to boxes. Clones share one queue; order is kept.
#[derive(Debug, Clone)]
pub struct Downlink(mpsc::Sender<Parcel>);

/// Why nothing was said. Receipts and commands are repeated by their protocol, so that the loss is harmless.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DownlinkError {
    /// Too many messages wait already.
    #[error("too many messages wait for the broker")]
    Full,
    /// The process is stopping.
    #[error("the broker is gone")]
    Closed,
}

#[derive(Debug)]
pub(super) struct Parcel {
    pub(super) topic: String,
    pub(super) payload: Vec<u8>,
}

impl Downlink {
    pub(super) fn new(messages_max: usize) -> (Self, mpsc::Receiver<Parcel>) {
        let (tx, rx) = mpsc::channel(messages_max.max(1));
        (Self(tx), rx)
    }

    /// Publishes without waiting: for async code.
    ///
    /// # Errors
    ///
    /// Every [`DownlinkError`].
    pub fn publish(&self, topic: &Topic, payload: Vec<u8>) -> Result<(), DownlinkError> {
        self.hand_over(topic.to_string(), payload)
    }

    /// Publishes, waiting while too many messages wait already: for threads.
    ///
    /// # Errors
    ///
    /// [`DownlinkError::Closed`].
    ///
    /// # Panics
    ///
    /// If called by async code, which must not wait like this.
    pub fn publish_blocking(&self, topic: &Topic, payload: Vec<u8>) -> Result<(), DownlinkError> {
        let parcel = Parcel { topic: topic.to_string(), payload };
        self.0.blocking_send(parcel).map_err(|_closed| DownlinkError::Closed)
    }

    /// Kills the broker's router by the one message known to do so, for tests of what follows.
    #[doc(hidden)]
    pub fn kill_router(&self) -> Result<(), DownlinkError> {
        self.hand_over("é".to_owned(), Vec::new())
    }

    fn hand_over(&self, topic: String, payload: Vec<u8>) -> Result<(), DownlinkError> {
        self.0.try_send(Parcel { topic, payload }).map_err(|error| match error {
            mpsc::error::TrySendError::Full(_) => DownlinkError::Full,
            mpsc::error::TrySendError::Closed(_) => DownlinkError::Closed,
        })
    }
}
