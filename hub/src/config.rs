//! Everything that an owner can set on a hub. Each part's section stands beside the part.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::alerts::rules::AlertsConfig;
use crate::boxes::BoxesConfig;
use crate::broker::BrokerConfig;
use crate::clean_desk::config::CleanDeskConfig;
use crate::connectors::config::ConnectorsConfig;
use crate::dead_man::DeadManConfig;
use crate::gateway::GatewayConfig;
use crate::home_assistant::HomeAssistantConfig;
use crate::http::config::AdminConfig;
use crate::machines::config::MachinesConfig;
use crate::mail::config::MailConfig;
use crate::operators::OperatorsConfig;
use crate::presence::config::PresenceConfig;
use crate::retention::RetentionConfig;
use crate::shelf::ShelfConfig;
use crate::webhook::WebhooksConfig;

/// Environment variables that begin like this override the file: `VIGIE_HUB__LISTEN__ADMIN=127.0.0.1:9090`.
pub const ENV_PREFIX: &str = "VIGIE_HUB__";

/// Where the configuration lies unless somebody says otherwise.
pub const CONFIG_FILE: &str = "/etc/vigie/hub.toml";

/// The hub's settings.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct HubConfig {
    /// Where the hub keeps everything.
    pub data: PathBuf,
    /// How much to log: `error`, `warn`, `info`, `debug`, `trace`, or a filter.
    pub log: String,
    /// The name or address by which boxes reach this hub; printed into enrolment tokens. The default is the
    /// address that `listen.boxes` names, or else that of this machine on its main network.
    pub public_address: Option<String>,
    /// Where the hub listens.
    pub listen: ListenConfig,
    /// TLS of the dashboard and the API.
    pub admin: AdminConfig,
    /// Limits of the boxes' HTTPS.
    pub boxes: BoxesConfig,
    /// Limits of the boxes' MQTT.
    pub gateway: GatewayConfig,
    /// Limits of the operators' MQTT.
    pub operators: OperatorsConfig,
    /// How large the embedded broker is made.
    pub broker: BrokerConfig,
    /// Room for what boxes may be given.
    pub media: ShelfConfig,
    /// Room for packages of software.
    pub releases: ShelfConfig,
    /// Third parties: whom to call, how often to try.
    pub connectors: ConnectorsConfig,
    /// Who was there, who is there.
    pub presence: PresenceConfig,
    /// The door by which older programs read machines.
    pub machines: MachinesConfig,
    /// What can be wrong, and how people are told of it.
    pub alerts: AlertsConfig,
    /// Mail: by which server, to whom.
    pub mail: MailConfig,
    /// Programs that are told of incidents.
    pub webhooks: WebhooksConfig,
    /// Who watches this hub from outside.
    pub dead_man: DeadManConfig,
    /// What Home Assistant is told, and by which broker.
    pub home_assistant: HomeAssistantConfig,
    /// The message that appears on machines once a week.
    pub clean_desk: CleanDeskConfig,
    /// How long what is kept.
    pub retention: RetentionConfig,
}

/// Addresses and ports.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ListenConfig {
    /// Dashboard and API for people and programs. Loopback until `admin` says how TLS comes before it.
    pub admin: String,
    /// HTTPS for boxes: enrolment, renewal. Serves nothing else.
    pub boxes: String,
    /// MQTT for boxes, with client certificates.
    pub mqtt: String,
    /// MQTT for people's programs, with API tokens. Loopback until opened.
    pub operators: String,
}

impl Default for HubConfig {
    fn default() -> Self {
        Self {
            data: PathBuf::from("/var/lib/vigie/hub"),
            log: "info".to_owned(),
            public_address: None,
            listen: ListenConfig::default(),
            admin: AdminConfig::default(),
            boxes: BoxesConfig::default(),
            gateway: GatewayConfig::default(),
            operators: OperatorsConfig::default(),
            broker: BrokerConfig::default(),
            media: ShelfConfig::default(),
            releases: ShelfConfig::default(),
            connectors: ConnectorsConfig::default(),
            presence: PresenceConfig::default(),
            machines: MachinesConfig::default(),
            alerts: AlertsConfig::default(),
            mail: MailConfig::default(),
            webhooks: WebhooksConfig::default(),
            dead_man: DeadManConfig::default(),
            home_assistant: HomeAssistantConfig::default(),
            clean_desk: CleanDeskConfig::default(),
            retention: RetentionConfig::default(),
        }
    }
}

impl Default for ListenConfig {
    fn default() -> Self {
        Self {
            admin: "127.0.0.1:8080".to_owned(),
            boxes: "0.0.0.0:8443".to_owned(),
            mqtt: "0.0.0.0:8883".to_owned(),
            operators: "127.0.0.1:8884".to_owned(),
        }
    }
}

impl HubConfig {
    /// The address by which boxes reach this hub, without a port.
    #[must_use]
    pub fn boxes_host(&self) -> String {
        let bound = self.listen.boxes.parse::<std::net::SocketAddr>().ok().map(|address| address.ip());
        let only = bound.filter(|address| !address.is_unspecified());
        self.public_address.clone().unwrap_or_else(|| only.unwrap_or_else(main_address).to_string())
    }
}

/// The address that this machine would use to reach the rest of the world; nothing is sent to find out.
fn main_address() -> std::net::IpAddr {
    // A documentation address: routed like any other, owned by nobody.
    let routed = std::net::UdpSocket::bind("0.0.0.0:0").and_then(|socket| {
        socket.connect("192.0.2.1:9")?;
        socket.local_addr()
    });
    routed.map_or(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), |address| address.ip())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn boxes_are_told_the_address_that_the_hub_listens_at() {
        let mut config = HubConfig::default();
        assert_ne!(config.boxes_host(), "0.0.0.0");
        config.listen.boxes = "127.0.0.1:8443".to_owned();
        assert_eq!(config.boxes_host(), "127.0.0.1");
        config.public_address = Some("hub.example.org".to_owned());
        assert_eq!(config.boxes_host(), "hub.example.org");
    }
}
