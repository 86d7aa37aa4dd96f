//! What the owner sets about his Macs and PCs: section `collect.machines`.

use std::path::PathBuf;
use std::time::Duration;

use ipnet::Ipv4Net;
use jiff::civil::Date;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};
use vigie_shared::units;

/// Shorter periods are taken as this: every look costs each machine a login.
pub const EVERY_MIN: Duration = Duration::from_secs(60);

/// Most connections at once; each takes some 200 kB of the box's memory.
const AT_ONCE_MAX: usize = 64;

/// Why there is nothing to look for, or no leave to.
pub const NOT_OWNED: &str = "machines are read only where the owner declares the equipment on the network his own: set \
                             `inventory = true` in the section `devices` if every machine here is, or switch \
                             `collect.machines` off";

/// Section `collect.machines`. All of it is the owner's alone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Whether the collector runs, and messages may be shown.
    pub enabled: bool,
    /// Time between two looks; at least a minute.
    #[serde(with = "units::duration")]
    pub every: Duration,
    /// The account on the machines.
    pub user: String,
    /// The private key to log in with (OpenSSH, Ed25519 or ECDSA); without it, the one that `vigie-agent machine key` makes.
    pub key_file: Option<PathBuf>,
    /// A file with the account's password; it is offered only to machines whose host key was pinned before.
    pub password_file: Option<PathBuf>,
    /// Through this day, the first host key that a machine shows is pinned; otherwise `vigie-agent machine trust` pins.
    #[serde(deserialize_with = "day")]
    pub trust_new_until: Option<Date>,
    /// The interfaces to look on; without any, all that lead to a LAN.
    pub interfaces: Vec<String>,
    /// The ranges to look in; without any, the private networks up to /22 that the box is on.
    pub ranges: Vec<Ipv4Net>,
    /// Only these machines: addresses, or names that they announce. Addresses on other networks are possible.
    pub hosts: Vec<String>,
    /// Only machines with this text in their name, upper and lower case alike.
    pub name_filter: Option<String>,
    /// The port of their SSH server.
    pub port: u16,
    /// Connections at once, 1 to 64.
    pub at_once: usize,
    /// Longest wait for the connection, for the login, and for the answers.
    #[serde(with = "units::duration")]
    pub connect_timeout: Duration,
    /// Longest time for keys and login.
    #[serde(with = "units::duration")]
    pub login_timeout: Duration,
    /// Longest time for all answers.
    #[serde(with = "units::duration")]
    pub read_timeout: Duration,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            enabled: false,
            every: Duration::from_secs(600),
            user: "vigie".to_owned(),
            key_file: None,
            password_file: None,
            trust_new_until: None,
            interfaces: Vec::new(),
            ranges: Vec::new(),
            hosts: Vec::new(),
            name_filter: None,
            port: 22,
            at_once: 64,
            connect_timeout: Duration::from_secs(5),
            login_timeout: Duration::from_secs(15),
            read_timeout: Duration::from_secs(45),
        }
    }
}

impl Config {
    /// Connections at once, within bounds.
    #[must_use]
    pub fn at_once(&self) -> usize {
        self.at_once.clamp(1, AT_ONCE_MAX)
    }

    /// Whether the owner lets the first host key be pinned on this day.
    #[must_use]
    pub fn trusts_new_on(&self, today: Date) -> bool {
        self.trust_new_until.is_some_and(|until| today <= until)
    }

    /// Whether one of a machine's names passes the filter.
    #[must_use]
    pub fn wants(&self, names: &[&str]) -> bool {
        self.name_filter.as_ref().is_none_or(|part| {
            let part = part.to_lowercase();
            names.iter().any(|name| name.to_lowercase().contains(&part))
        })
    }
}

/// A day as `2026-12-01`.
fn day<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Date>, D::Error> {
    let text = Option::<String>::deserialize(deserializer)?;
    let wrong = |text: &str| D::Error::custom(format!("`{text}` is no day; write it like \"2026-12-01\""));
    text.map(|text| text.trim().parse().map_err(|_error| wrong(&text))).transpose()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_setting_is_answered_with_the_right_form() {
        for (text, expected) in [
            (r#"{"host": []}"#, "`hosts`"),
            (r#"{"every": 60}"#, "\"30s\""),
            (r#"{"trust_new_until": "tomorrow"}"#, "tomorrow"),
        ] {
            let error = serde_json::from_str::<Config>(text).unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
        }
    }

    #[test]
    fn first_keys_are_trusted_through_the_owners_day_and_never_without_one() {
        let day = |text: &str| text.parse::<Date>().unwrap();
        let config: Config = serde_json::from_str(r#"{"trust_new_until": "2026-12-01"}"#).unwrap();
        assert!(config.trusts_new_on(day("2026-12-01")));
        assert!(!config.trusts_new_on(day("2026-12-02")));
        assert!(!Config::default().trusts_new_on(day("2026-12-01")));
    }

    #[test]
    fn the_name_filter_keeps_one_organisations_machines() {
        let config: Config = serde_json::from_str(r#"{"name_filter": "smartelia"}"#).unwrap();
        assert!(config.wants(&["printer", "SMARTELIA-12"]));
        assert!(!config.wants(&["mac-de-marie"]) && !config.wants(&[]));
        assert!(Config::default().wants(&[]));
    }
}
