//! What an owner sets for presence, in `hub.toml`.

use std::path::PathBuf;
use std::time::Duration;

use jiff::civil::{Time, time};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use vigie_shared::units::{self, ms};

use super::online::Limits;
use super::spaceapi::Space;

/// The section `presence` of `hub.toml`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PresenceConfig {
    /// The name of the policy by which days are valued; of its versions the one that holds on a day.
    pub policy: String,
    /// When days are closed, by each site's own clock.
    #[serde(with = "of_day")]
    pub close_at: Time,
    /// When the hub checks itself, by its own clock.
    #[serde(with = "of_day")]
    pub check_at: Time,
    /// Whoever was seen on a LAN so long ago at most is here.
    #[serde(with = "units::duration")]
    pub online_lan: Duration,
    /// Whoever was active in an application so long ago at most is here.
    #[serde(with = "units::duration")]
    pub online_app: Duration,
    /// Whoever comes is here after a strong sight or two weak ones so far apart at most; after any sight if it is `0s`.
    #[serde(with = "units::duration")]
    pub arrival: Duration,
    /// How often connectors that want it are told who is on a LAN.
    #[serde(with = "units::duration")]
    pub heartbeat_every: Duration,
    /// A folder into which another program puts requests to compute days anew.
    pub requests: Option<PathBuf>,
    /// What the hub's `SpaceAPI` document says of the space; there is none without.
    pub space: Option<Space>,
}

impl Default for PresenceConfig {
    fn default() -> Self {
        let Limits { lan_ms, app_ms, arrival_ms } = Limits::default();
        let duration = |ms: i64| Duration::from_millis(ms.unsigned_abs());
        Self {
            policy: "slots10".to_owned(),
            close_at: time(22, 15, 0, 0),
            check_at: time(3, 0, 0, 0),
            online_lan: duration(lan_ms),
            online_app: duration(app_ms),
            arrival: duration(arrival_ms),
            heartbeat_every: Duration::from_secs(3 * 60),
            requests: None,
            space: None,
        }
    }
}

impl PresenceConfig {
    /// How long after a last sight somebody is still here.
    #[must_use]
    pub fn limits(&self) -> Limits {
        Limits { lan_ms: ms(self.online_lan), app_ms: ms(self.online_app), arrival_ms: ms(self.arrival) }
    }
}

/// A time of the day as `22:15`.
pub(crate) mod of_day {
    use super::{Deserialize as _, Deserializer, Serializer, Time};

    pub(crate) fn serialize<S: Serializer>(time: &Time, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&time.strftime("%H:%M"))
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Time, D::Error> {
        let text = String::deserialize(deserializer)?;
        let wrong = |_| serde::de::Error::custom(format!("`{text}` is no time of the day; write it like \"22:15\""));
        Time::strptime("%H:%M", text.trim()).map_err(wrong)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_as_people_do_and_nonsense_is_refused_with_an_example() {
        let text = "close_at = \"23:30\"\nonline_lan = \"5m\"\narrival = \"0s\"";
        let config: PresenceConfig = toml::from_str(text).unwrap();
        let limits = config.limits();
        assert_eq!((config.close_at, limits.lan_ms, limits.arrival_ms), (time(23, 30, 0, 0), 300_000, 0));
        let error = toml::from_str::<PresenceConfig>("close_at = \"late\"").unwrap_err().to_string();
        assert!(error.contains("`late`") && error.contains("22:15"), "{error}");
    }
}
