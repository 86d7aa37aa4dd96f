//! The owner's two lists: which commands are obeyed, and which services they may touch.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use vigie_shared::wire::CommandKind;

/// Reading what the box is can never be forbidden: without it nobody could say why something is.
const ALWAYS: &str = "get_system_info";

/// What opens, stops or empties something at a door: obeyed only if the owner says so.
const ON_REQUEST: [&str; 3] = ["erase_terminal", "open_door", "reboot_terminal"];

/// The unit of this agent, which answers to its predecessor's name as well.
pub(crate) const OWN_UNIT: &str = "vigie-agent";

/// The name under which the agent that Vigie replaces was restarted.
const OWN_UNIT_BEFORE: &str = "neopro-sync-agent";

/// The services that may be touched unless the owner says otherwise: those of the boxes' players.
pub(crate) const SERVICES: [&str; 3] = ["neopro-app", "neopro-admin", OWN_UNIT_BEFORE];

/// Commands that are obeyed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "BTreeSet<String>")]
pub struct Allowed(BTreeSet<String>);

impl Allowed {
    /// Whether the owner lets this box obey the command.
    #[must_use]
    pub fn includes(&self, name: &str) -> bool {
        name == ALWAYS || self.0.contains(name)
    }
}

impl Default for Allowed {
    fn default() -> Self {
        let is_default = |name: &&&str| **name != ALWAYS && !ON_REQUEST.contains(*name);
        Self(CommandKind::NAMES.iter().filter(is_default).map(|name| (*name).to_owned()).collect())
    }
}

impl TryFrom<BTreeSet<String>> for Allowed {
    type Error = String;

    fn try_from(names: BTreeSet<String>) -> Result<Self, String> {
        match names.iter().find(|name| !CommandKind::NAMES.contains(&name.as_str())) {
            Some(unknown) => Err(format!("unknown command `{unknown}`; known are {}", CommandKind::NAMES.join(", "))),
            None => Ok(Self(names)),
        }
    }
}

/// Services that commands may touch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Vec<String>")]
pub struct Services(Vec<String>);

impl Services {
    /// The unit behind a service's name, if the owner lists it. The agent's own unit is always listed.
    #[must_use]
    pub fn unit(&self, name: &str) -> Option<String> {
        let name = name.strip_suffix(".service").unwrap_or(name);
        let is_listed = self.0.iter().any(|listed| listed == name);
        match name {
            OWN_UNIT => Some(OWN_UNIT.to_owned()),
            OWN_UNIT_BEFORE if is_listed => Some(OWN_UNIT.to_owned()),
            _ => is_listed.then(|| name.to_owned()),
        }
    }

    /// Why a service may not be touched, with those that may.
    #[must_use]
    pub fn refusal(&self, name: &str) -> String {
        let shown: String = name.chars().take(64).collect();
        format!("`{shown}` is not a service that the owner of this box lists; listed are {}", self.0.join(", "))
    }
}

impl Default for Services {
    fn default() -> Self {
        Self(SERVICES.map(str::to_owned).to_vec())
    }
}

impl TryFrom<Vec<String>> for Services {
    type Error = String;

    fn try_from(names: Vec<String>) -> Result<Self, String> {
        let fits = |name: &str| {
            let may = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.@:".contains(&byte);
            (1..=128).contains(&name.len()) && name.bytes().all(may) && !name.starts_with(['-', '.'])
        };
        let strip = |name: &String| name.strip_suffix(".service").unwrap_or(name).to_owned();
        let names: Vec<String> = names.iter().map(strip).collect();
        match names.iter().find(|name| !fits(name)) {
            Some(bad) => Err(format!("`{bad}` is not the name of a service")),
            None => Ok(Self(names)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_are_those_of_the_agent_that_was_replaced() {
        let allowed = Allowed::default();
        assert!(CommandKind::NAMES.iter().all(|name| allowed.includes(name) != ON_REQUEST.contains(name)));
        let services = Services::default();
        assert_eq!(services.unit("neopro-app.service").as_deref(), Some("neopro-app"));
        assert_eq!(services.unit("neopro-sync-agent").as_deref(), Some(OWN_UNIT));
        assert_eq!(services.unit("ssh"), None);
    }

    #[test]
    fn what_the_box_is_may_always_be_asked() {
        let none = Allowed::try_from(BTreeSet::new()).unwrap();
        assert!(none.includes("get_system_info"));
        assert!(!none.includes("reboot"));
    }
}
