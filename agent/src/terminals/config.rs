//! What the owner of a box decides about time clocks. No command from the hub can change any of it.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;

use serde::{Deserialize, Serialize};
use vigie_shared::units;

use super::clock::Zone;
use super::profile::Dialect;
use super::row::Kept;
use super::serial::Serial;

/// Smallest limit of a message: a terminal whose log does not fit would send it for ever.
const MESSAGE_BYTES_MIN: u64 = 64 * 1024;

/// Largest limit of a message, bytes.
const MESSAGE_BYTES_MAX: u64 = 64 * 1024 * 1024;

/// The section `terminals`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Whether terminals may connect at all.
    pub enabled: bool,
    /// Where they connect to.
    pub listen: SocketAddr,
    /// The zone of their local times; none: the machine's.
    pub zone: Option<Zone>,
    /// The serial numbers of those that may deliver, besides those that were admitted by command.
    pub allowed: BTreeSet<Serial>,
    /// Whether a terminal that shows other hardware than before is refused.
    pub strict: bool,
    /// A path on which they may call besides `/pub/chat` and `/`.
    pub path: Option<String>,
    /// The largest message that is taken.
    pub message_max: MessageMax,
    /// Whether they tell of people who are enrolled at their keypad.
    pub enrolments: bool,
    /// Whether the box decides who may pass, for terminals that ask.
    pub approve: bool,
    /// Whether people whom the box does not know may pass.
    pub approve_unknown: bool,
    /// Keep fingerprints, faces, cards and passwords, and why.
    pub keep_templates: Option<Wish>,
    /// Keep photos of punches, and why.
    pub keep_photos: Option<Wish>,
    /// Keep body temperatures, and why.
    pub keep_temperatures: Option<Wish>,
    /// What differs on single terminals, by serial number.
    pub terminal: BTreeMap<Serial, Exception>,
}

/// Why the owner wants something kept that is thrown away otherwise.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Written", into = "Written")]
pub struct Wish(String);

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    reason: String,
}

impl Wish {
    /// The reason, in the owner's words.
    #[must_use]
    pub fn reason(&self) -> &str {
        &self.0
    }
}

impl TryFrom<Written> for Wish {
    type Error = &'static str;

    fn try_from(written: Written) -> Result<Self, Self::Error> {
        if written.reason.trim().is_empty() {
            return Err("a reason is needed for keeping what belongs to people's bodies");
        }
        Ok(Self(written.reason))
    }
}

impl From<Wish> for Written {
    fn from(wish: Wish) -> Self {
        Self { reason: wish.0 }
    }
}

/// The largest message, bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Size", into = "Size")]
pub struct MessageMax(u64);

#[derive(Serialize, Deserialize)]
struct Size(#[serde(with = "units::bytes")] u64);

impl MessageMax {
    /// In bytes.
    #[must_use]
    pub fn bytes(self) -> usize {
        usize::try_from(self.0).unwrap_or(usize::MAX)
    }
}

impl Default for MessageMax {
    fn default() -> Self {
        Self(8 << 20)
    }
}

impl TryFrom<Size> for MessageMax {
    type Error = String;

    fn try_from(size: Size) -> Result<Self, String> {
        if (MESSAGE_BYTES_MIN..=MESSAGE_BYTES_MAX).contains(&size.0) {
            return Ok(Self(size.0));
        }
        let (min, max) = (units::bytes_text(MESSAGE_BYTES_MIN), units::bytes_text(MESSAGE_BYTES_MAX));
        Err(format!("the largest message must be from {min} to {max}"))
    }
}

impl From<MessageMax> for Size {
    fn from(size: MessageMax) -> Self {
        Self(size.0)
    }
}

/// What differs on one terminal; what is not said is as for all.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Exception {
    /// The zone of its local times.
    pub zone: Option<Zone>,
    /// The family of its program; none: guessed from its model.
    pub dialect: Option<Dialect>,
    /// How many doors it has.
    pub doors: Option<u8>,
    /// Whether it knows what a schedule is.
    pub schedules: bool,
    /// Whether the box decides who may pass.
    pub approve: Option<bool>,
    /// Whether people whom the box does not know may pass.
    pub approve_unknown: Option<bool>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            enabled: false,
            listen: SocketAddr::from(([0, 0, 0, 0], 7788)),
            zone: None,
            allowed: BTreeSet::new(),
            strict: false,
            path: None,
            message_max: MessageMax::default(),
            enrolments: true,
            approve: false,
            approve_unknown: false,
            keep_templates: None,
            keep_photos: None,
            keep_temperatures: None,
            terminal: BTreeMap::new(),
        }
    }
}

/// Everything that holds for one terminal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Terms {
    /// The zone of its local times.
    pub zone: Zone,
    /// The family of its program, if the owner says it.
    pub dialect: Option<Dialect>,
    /// How many doors it has, at least 1.
    pub doors: u8,
    /// Whether it knows what a schedule is.
    pub has_schedules: bool,
    /// Whether the box decides who may pass.
    pub approves: bool,
    /// Whether people whom the box does not know may pass.
    pub approves_unknown: bool,
    /// What is kept of its rows.
    pub kept: Kept,
    /// Whether credentials are kept.
    pub keeps_templates: bool,
    /// Whether it tells of people who are enrolled at its keypad.
    pub tells_enrolments: bool,
}

impl Config {
    /// What holds for one terminal: `placed` is the zone that a command named, `machine` that of the machine.
    #[must_use]
    pub fn terms(&self, serial: &Serial, placed: Option<&Zone>, machine: &Zone) -> Terms {
        let exception = self.terminal.get(serial).cloned().unwrap_or_default();
        Terms {
            zone: exception.zone.or_else(|| placed.or(self.zone.as_ref()).cloned()).unwrap_or_else(|| machine.clone()),
            dialect: exception.dialect,
            doors: exception.doors.unwrap_or(1).max(1),
            has_schedules: exception.schedules,
            approves: exception.approve.unwrap_or(self.approve),
            approves_unknown: exception.approve_unknown.unwrap_or(self.approve_unknown),
            kept: Kept { photos: self.keep_photos.is_some(), temperatures: self.keep_temperatures.is_some() },
            keeps_templates: self.keep_templates.is_some(),
            tells_enrolments: self.enrolments,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_of_one_terminal_holds_before_what_is_said_of_all() {
        let config: Config = serde_json::from_str(
            r#"{"zone":"Europe/Paris","approve":true,"keep_temperatures":{"reason":"the doctor asked"},
                "terminal":{"ZX1":{"zone":"Asia/Kolkata","approve":false,"doors":4}}}"#,
        )
        .unwrap();
        let (utc, tokyo) = ("UTC".parse().unwrap(), "Asia/Tokyo".parse().unwrap());
        let terms = |serial: &str, placed| config.terms(&serial.parse().unwrap(), placed, &utc);
        let (one, other) = (terms("ZX1", None), terms("ZX2", None));
        assert_eq!((one.zone.name(), one.approves, one.doors), ("Asia/Kolkata", false, 4));
        assert_eq!((other.zone.name(), other.approves, other.doors), ("Europe/Paris", true, 1));
        assert!(other.kept.temperatures && !other.kept.photos);
        let (one, other) = (terms("ZX1", Some(&tokyo)), terms("ZX2", Some(&tokyo)));
        assert_eq!((one.zone.name(), other.zone.name()), ("Asia/Kolkata", "Asia/Tokyo"));
    }

    #[test]
    fn a_wrong_setting_is_named_with_what_is_right() {
        for (text, expected) in [
            (r#"{"zone":"Mars/Base"}"#, "is not a time zone"),
            (r#"{"allowed":["a b"]}"#, "is not the serial number"),
            (r#"{"keep_photos":{"reason":" "}}"#, "a reason is needed"),
            (r#"{"keep_photos":true}"#, "expected"),
            (r#"{"message_max":"1B"}"#, "from 64KiB to 64MiB"),
            (r#"{"terminal":{"ZX1":{"dialect":"other"}}}"#, "expected `classic` or `aiface`"),
        ] {
            let error = serde_json::from_str::<Config>(text).unwrap_err().to_string();
            assert!(error.contains(expected), "{text}: {error}");
        }
    }
}
