//! Settings of the boxes' HTTPS.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use vigie_shared::units;

/// Limits, and the way to the gateway.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct BoxesConfig {
    /// Where boxes reach MQTT; by default the host at which they reached this listener.
    pub mqtt_host: Option<String>,
    /// The port at which boxes reach MQTT.
    pub mqtt_port: u16,
    /// Connections at once; the oldest goes when one more comes.
    pub connections_max: usize,
    /// How long the TLS handshake, and then each request's head, may take.
    #[serde(with = "units::duration")]
    pub handshake_limit: Duration,
    /// How long a connection may last.
    #[serde(with = "units::duration")]
    pub connection_limit: Duration,
    /// How long a connection of a box with a certificate may last, and so a download before it must go on anew.
    #[serde(with = "units::duration")]
    pub download_limit: Duration,
    /// Downloads at once; more are asked to come again.
    pub downloads_max: usize,
    /// Largest body of a request.
    #[serde(with = "units::bytes")]
    pub body_size_max: u64,
    /// Refused secrets after which an address must wait; one is forgiven every ten seconds.
    pub refusals_max: u32,
}

impl Default for BoxesConfig {
    fn default() -> Self {
        Self {
            mqtt_host: None,
            mqtt_port: 8883,
            connections_max: 256,
            handshake_limit: Duration::from_secs(10),
            connection_limit: Duration::from_secs(60),
            download_limit: Duration::from_secs(2 * 3600),
            downloads_max: 64,
            body_size_max: 16 * 1024,
            refusals_max: 10,
        }
    }
}
