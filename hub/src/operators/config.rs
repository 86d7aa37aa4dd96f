//! The limits of the operators' MQTT.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use vigie_shared::units;

/// What programs of people are granted.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct OperatorsConfig {
    /// Connections at once, all together.
    pub connections_max: usize,
    /// Connections at once that have not logged in yet; the oldest goes when one more comes.
    pub strangers_max: usize,
    /// Connections at once from one address.
    pub connections_per_address_max: usize,
    /// How long the TLS handshake may take.
    #[serde(with = "units::duration")]
    pub handshake_limit: Duration,
    /// How long the login may take after it.
    #[serde(with = "units::duration")]
    pub connect_limit: Duration,
    /// How long a peer may take nothing of what is sent to it.
    #[serde(with = "units::duration")]
    pub write_limit: Duration,
    /// Largest message.
    #[serde(with = "units::bytes")]
    pub message_size_max: u64,
    /// Packets of one connection per second; more than that waits.
    pub messages_per_second: u32,
    /// Filters of one connection.
    pub subscriptions_max: usize,
    /// Messages that may wait for a reader; who is further behind is cut, and sees at the next login how things are.
    pub waiting_messages_max: usize,
}

impl Default for OperatorsConfig {
    fn default() -> Self {
        Self {
            connections_max: 256,
            strangers_max: 64,
            connections_per_address_max: 64,
            handshake_limit: Duration::from_secs(10),
            connect_limit: Duration::from_secs(10),
            write_limit: Duration::from_secs(20),
            message_size_max: 64 << 10,
            messages_per_second: 50,
            subscriptions_max: 32,
            waiting_messages_max: 4_096,
        }
    }
}

impl OperatorsConfig {
    /// Largest message, bytes.
    pub(super) fn message_bytes_max(&self) -> usize {
        usize::try_from(self.message_size_max).unwrap_or(usize::MAX)
    }
}
