//! What a third party says and hears of presence beside the days: the devices that it knows, and who is on a LAN at
//! this moment; pure.

use serde::Deserialize;

use super::request::{RawRequest, Request};
use super::template::{Scope, Template};
use super::tree::{Wrong, below};

/// `[presence]` in a mapping file.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RawPresence {
    devices: Option<RawRequest>,
    heartbeat: Option<RawRequest>,
}

/// How a third party is asked for devices and told of those on a LAN.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct PresenceMapping {
    /// Lists devices with their owners, as rows separated by tabs.
    pub devices: Option<Request>,
    /// Tells who is on a site's LAN.
    pub heartbeat: Option<Request>,
}

impl PresenceMapping {
    /// Reads and checks the block; what is wrong goes to `wrongs`.
    #[must_use]
    pub fn read(raw: &RawPresence, path: &mut Vec<String>, wrongs: &mut Vec<Wrong>) -> Self {
        let mut request = |key: &str, raw: Option<&RawRequest>, scope: &Scope| {
            raw.map(|raw| below(path, key, |path| Request::read(raw, scope, path, wrongs)))
        };
        Self {
            devices: request("devices", raw.devices.as_ref(), &Scope::settings()),
            heartbeat: request("heartbeat", raw.heartbeat.as_ref(), &Scope::beat()),
        }
    }

    /// Every template in it.
    #[must_use]
    pub fn templates(&self) -> Vec<&Template> {
        [&self.devices, &self.heartbeat].into_iter().flatten().flat_map(Request::templates).collect()
    }
}
