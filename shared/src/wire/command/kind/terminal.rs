//! What a box can be asked about its time clocks.

use serde::{Deserialize, Serialize};

use crate::wire::command::fields;

/// Which terminal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GetTerminalInfo {
    /// Its serial number.
    pub terminal: String,
}

/// Which terminal, and of whom.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GetTerminalUsers {
    /// Its serial number.
    pub terminal: String,
    /// Only this person; none: everybody.
    #[serde(default, alias = "enrollid")]
    pub enrol_id: Option<u64>,
    /// Ask for everybody's name too, which takes a question each.
    #[serde(default)]
    pub names: bool,
}

/// Which terminal, and whom to put on it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SetTerminalUsers {
    /// Its serial number.
    pub terminal: String,
    /// The people; what is not said of them stays as it is.
    pub users: Vec<WantedUser>,
}

/// One person as a terminal should know them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct WantedUser {
    /// The number under which the terminal knows the person, from 1.
    #[serde(alias = "enrollid")]
    pub enrol_id: u64,
    /// The name that the terminal shows.
    pub name: Option<String>,
    /// 0 user, 1 administrator, 2 may enrol users.
    pub admin: Option<i32>,
    /// Whether the terminal lets the person in.
    pub is_enabled: Option<bool>,
    /// Which week of access hours holds, from 1.
    pub weekzone: Option<i32>,
    /// The group for doors that need several people, 0 to 9; 0 is none.
    pub group: Option<i32>,
    /// From when on, the terminal's local time, `YYYY-MM-DD HH:MM:SS`.
    pub starts: Option<String>,
    /// Until when, the terminal's local time.
    pub ends: Option<String>,
    /// Which credential `record` is: 0 to 9 fingers, 10 password, 11 card, 20 to 27 face, 30 to 37 palm, 50 photo.
    #[serde(alias = "backupnum")]
    pub slot: Option<i32>,
    /// The credential, verbatim.
    pub record: Option<String>,
}

/// Which terminal, and whom to take from it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeleteTerminalUsers {
    /// Its serial number.
    pub terminal: String,
    /// The numbers of the people.
    pub enrol_ids: Vec<u64>,
    /// Only this credential of each; none: the whole person.
    #[serde(default, alias = "backupnum")]
    pub slot: Option<i32>,
}

/// Which terminal, and which part of its log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GetTerminalLog {
    /// Its serial number.
    pub terminal: String,
    /// From this day on, local, `YYYY-MM-DD`. With neither day: what nobody acknowledged yet.
    #[serde(default)]
    pub from: Option<String>,
    /// Through this day, local, `YYYY-MM-DD`.
    #[serde(default)]
    pub to: Option<String>,
}

/// Which terminal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SetTerminalTime {
    /// Its serial number.
    pub terminal: String,
}

/// Which terminal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RebootTerminal {
    /// Its serial number.
    pub terminal: String,
}

/// Which terminal, and which door.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OpenDoor {
    /// Its serial number.
    pub terminal: String,
    /// The door, 1 to 4; may be left out where the terminal has a single one.
    #[serde(default)]
    pub door: Option<u8>,
}

/// Which terminal, and what it should know.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SetTerminalSchedule {
    /// Its serial number.
    pub terminal: String,
    /// The schedule in the terminal's own words, JSON text. In JSON it stands as it is, not as text.
    #[serde(with = "fields::json_text")]
    pub schedule: String,
}

/// Which terminal, and whether it may deliver.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AdmitTerminal {
    /// Its serial number.
    pub terminal: String,
    /// True: it may; false: it is refused.
    pub is_admitted: bool,
}

/// Which terminal, and the zone of its clock.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SetTerminalZone {
    /// Its serial number.
    pub terminal: String,
    /// The zone of its local times by its name in the IANA database, such as `Europe/Paris`; none: the box's own again.
    #[serde(default)]
    pub zone: Option<String>,
}

/// Which terminal, and what to erase on it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EraseTerminal {
    /// Its serial number.
    pub terminal: String,
    /// What.
    pub what: Erased,
}

/// What can be erased on a terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Erased {
    /// Everybody who is enrolled.
    Users,
    /// Its log.
    Log,
    /// The rights of all its administrators.
    Admins,
    /// Everybody and the log; its settings stay.
    Everything,
}
