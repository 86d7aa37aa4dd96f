//! The gateway's limits.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use vigie_shared::units;
use vigie_shared::wire::delivery::MESSAGE_BYTES_MAX;

/// What the gateway grants. The defaults leave honest boxes alone: nobody needs to change them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct GatewayConfig {
    /// Connections at once, all together. Keep it below twice the broker's `boxes_max`.
    pub connections_max: usize,
    /// Connections at once that have not shown a certificate yet; the oldest goes when one more comes.
    pub strangers_max: usize,
    /// Connections at once of one site, those included that are just being replaced.
    pub connections_per_site_max: usize,
    /// How long the TLS handshake may take.
    #[serde(with = "units::duration")]
    pub handshake_limit: Duration,
    /// How long the first packet may take after it.
    #[serde(with = "units::duration")]
    pub connect_limit: Duration,
    /// How long a peer may take nothing of what is sent to it.
    #[serde(with = "units::duration")]
    pub write_limit: Duration,
    /// Largest message.
    #[serde(with = "units::bytes")]
    pub message_size_max: u64,
    /// Packets of one site per second; more than that waits.
    pub messages_per_second: u32,
    /// Bytes of one site per second; more than that waits.
    #[serde(with = "units::bytes")]
    pub bytes_per_second: u64,
}

impl Default for GatewayConfig {
    fn default() -> Self {
        Self {
            connections_max: 1_900,
            strangers_max: 512,
            connections_per_site_max: 4,
            handshake_limit: Duration::from_secs(10),
            connect_limit: Duration::from_secs(10),
            write_limit: Duration::from_secs(20),
            message_size_max: MESSAGE_BYTES_MAX as u64,
            messages_per_second: 5_000,
            bytes_per_second: 32 << 20,
        }
    }
}

impl GatewayConfig {
    /// Largest message that is passed on, bytes: what is configured, but never more than the wire allows.
    pub(super) fn message_bytes_max(&self) -> usize {
        usize::try_from(self.message_size_max).unwrap_or(usize::MAX).min(MESSAGE_BYTES_MAX)
    }
}
