//! The section `home_assistant` of `hub.toml`.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::announce::REBOOT;

/// What Home Assistant is told, and where.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct HomeAssistantConfig {
    /// The broker, as in `mqtts://homeassistant.local:8883`; `mqtt://` goes in clear. Nothing is told without one.
    pub broker: Option<String>,
    /// The name under which the hub logs in there.
    pub user: Option<String>,
    /// A file with the password, for the hub's user only.
    pub password_file: Option<PathBuf>,
    /// Whether Home Assistant may come to the operators' MQTT instead, with an account's name and its token.
    pub operators: bool,
    /// A file with the broker's CA in PEM, if the system does not trust it.
    pub ca_file: Option<PathBuf>,
    /// What Home Assistant looks for devices under.
    pub discovery_prefix: String,
    /// Whether Home Assistant may restart boxes and their services.
    pub buttons: bool,
    /// The services that get a button; a box restarts only those that its owner listed there.
    pub services: Vec<String>,
    /// Where people reach the dashboard, as in `https://vigie.example.org`.
    pub dashboard: Option<String>,
}

impl Default for HomeAssistantConfig {
    fn default() -> Self {
        Self {
            broker: None,
            operators: false,
            user: None,
            password_file: None,
            ca_file: None,
            discovery_prefix: "homeassistant".to_owned(),
            buttons: false,
            services: Vec::new(),
            dashboard: None,
        }
    }
}

impl HomeAssistantConfig {
    /// The type and the body of the command that a button stands for; none if there is no such button.
    pub(super) fn order(&self, button: &str) -> Option<(&'static str, Vec<u8>)> {
        let is_told = button == REBOOT || self.services.iter().any(|service| service == button);
        (self.buttons && is_told).then(|| match button {
            REBOOT => ("reboot", Vec::new()),
            service => ("restart_service", json!({ "service": service }).to_string().into_bytes()),
        })
    }
}
