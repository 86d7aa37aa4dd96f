//! What a box can be asked, and the parameters of each.
//!
//! The same structs are read from JSON: of people, of programs, and in the spelling of the agent that Vigie
//! replaces (`videoUrl` beside `video_url`). Unknown fields are refused by name.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::fields;

mod machine;
mod terminal;

pub use machine::ShowMessage;
pub use terminal::{
    AdmitTerminal, DeleteTerminalUsers, EraseTerminal, Erased, GetTerminalInfo, GetTerminalLog, GetTerminalUsers,
    OpenDoor, RebootTerminal, SetTerminalSchedule, SetTerminalTime, SetTerminalUsers, SetTerminalZone, WantedUser,
};

/// Declares every kind: what it does, its name in JSON, and the struct of its parameters.
macro_rules! kinds {
    ($($(#[doc = $about:literal])+ $name:literal => $kind:ident,)+) => {
        /// What a box can be asked. New kinds are appended at the end.
        #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
        pub enum CommandKind {
            $($(#[doc = $about])+ $kind($kind),)+
        }

        impl CommandKind {
            /// The name of every kind.
            pub const NAMES: &'static [&'static str] = &[$($name),+];

            /// The kind's name, as in JSON, topics and the owner's list.
            #[must_use]
            pub fn name(&self) -> &'static str {
                match self {
                    $(Self::$kind(_) => $name,)+
                }
            }

            /// Reads the parameters of the kind of that name; none if there is no such kind.
            pub(super) fn read(name: &str, data: Value) -> Option<Result<Self, serde_path_to_error::Error<serde_json::Error>>> {
                match name {
                    $($name => Some(serde_path_to_error::deserialize(data).map(Self::$kind)),)+
                    _ => None,
                }
            }

            pub(super) fn written(&self) -> serde_json::Result<Value> {
                match self {
                    $(Self::$kind(parameters) => serde_json::to_value(parameters),)+
                }
            }
        }
    };
}

kinds! {
    /// Hardware, model, system, network and current metrics.
    "get_system_info" => GetSystemInfo,
    /// Restart the machine.
    "reboot" => Reboot,
    /// Restart a service of the owner's list.
    "restart_service" => RestartService,
    /// Lines of a log of the owner's list.
    "get_logs" => GetLogs,
    /// Put a video where the local application finds it.
    "deploy_video" => DeployVideo,
    /// Take a video away.
    "delete_video" => DeleteVideo,
    /// Install another version of the agent or of the owner's software, and undo it if it does not work.
    "update_software" => UpdateSoftware,
    /// Replace the local application's configuration, or the agent's settings.
    "update_config" => UpdateConfig,
    /// What a time clock is, and how its clock, its memories and its doors are set.
    "get_terminal_info" => GetTerminalInfo,
    /// Who is enrolled on a time clock.
    "get_terminal_users" => GetTerminalUsers,
    /// Put people on a time clock, or change what it knows of them.
    "set_terminal_users" => SetTerminalUsers,
    /// Take people, or one credential of each, from a time clock.
    "delete_terminal_users" => DeleteTerminalUsers,
    /// Read a time clock's log once more, of a period or what nobody acknowledged.
    "get_terminal_log" => GetTerminalLog,
    /// Set a time clock's clock.
    "set_terminal_time" => SetTerminalTime,
    /// Restart a time clock.
    "reboot_terminal" => RebootTerminal,
    /// Open a door of a time clock.
    "open_door" => OpenDoor,
    /// Bring a schedule to a time clock that knows what a schedule is; few do.
    "set_terminal_schedule" => SetTerminalSchedule,
    /// Let a time clock deliver, or refuse it.
    "admit_terminal" => AdmitTerminal,
    /// Erase what a time clock holds.
    "erase_terminal" => EraseTerminal,
    /// Show a message on the screens of the owner's Macs and PCs, where somebody is logged in.
    "show_message" => ShowMessage,
    /// Say in which zone a time clock stands, so that its local times are read right.
    "set_terminal_zone" => SetTerminalZone,
}

/// Needs nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GetSystemInfo {}

/// Needs nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reboot {}

/// Which service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RestartService {
    /// Its name on the owner's list, without `.service`.
    pub service: String,
}

/// Which log, and which part of it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct GetLogs {
    /// A service of the owner's list, whose journal is read. With neither service nor source: the agent's own.
    pub service: Option<String>,
    /// A file of the owner's list, by the name it has there.
    pub source: Option<String>,
    /// The newest so many lines; 100 if not said.
    pub lines: Option<u32>,
    /// Nothing older, milliseconds since 1970 UTC. In JSON also RFC 3339.
    #[serde(alias = "since", with = "fields::moment")]
    pub since_ms: Option<i64>,
    /// Nothing newer, milliseconds since 1970 UTC. In JSON also RFC 3339.
    #[serde(alias = "until", with = "fields::moment")]
    pub until_ms: Option<i64>,
    /// Only lines with this text, upper and lower case alike.
    pub contains: Option<String>,
    /// At most so many bytes, the newest; the owner's own limit holds as well.
    #[serde(alias = "sizeBytesMax")]
    pub size_bytes_max: Option<u64>,
}

/// Which video, and where to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeployVideo {
    /// Where to fetch it: `https://…`, or a path of the hub, `/…`.
    #[serde(alias = "videoUrl")]
    pub video_url: String,
    /// The name of the file on the box.
    pub filename: String,
    /// The name that people gave it.
    #[serde(default, alias = "originalName")]
    pub original_name: Option<String>,
    /// The folder, and the category in the application's configuration.
    pub category: String,
    /// The folder below, and the sub-category.
    #[serde(default, alias = "subCategory")]
    pub subcategory: Option<String>,
    /// The name that the sender's own list has for it.
    #[serde(default, alias = "videoId")]
    pub video_id: Option<String>,
    /// How long it plays, seconds; in JSON also with a fraction, which is rounded.
    #[serde(default, alias = "duration", with = "fields::seconds")]
    pub duration_s: Option<u32>,
    /// How large it is; a download that is larger is given up.
    #[serde(default, alias = "sizeBytes", alias = "size")]
    pub size_bytes: Option<u64>,
    /// The SHA-256 of its content, 64 hexadecimal digits.
    #[serde(default)]
    pub sha256: Option<String>,
}

/// Which video.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeleteVideo {
    /// The name of the file on the box.
    pub filename: String,
    /// Its folder.
    pub category: String,
    /// The folder below.
    #[serde(default, alias = "subCategory")]
    pub subcategory: Option<String>,
}

/// Which software, in which version, and when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UpdateSoftware {
    /// `agent`, or the name of the software in the owner's settings; none: the only one declared there.
    #[serde(default)]
    pub target: Option<String>,
    /// Where to fetch the package: `https://…`, or a path of the hub, `/…`.
    #[serde(alias = "updateUrl")]
    pub update_url: String,
    /// The version that it brings.
    pub version: String,
    /// The package's SHA-256, 64 hexadecimal digits.
    #[serde(default)]
    pub checksum: Option<String>,
    /// The package's signature by a release key, as the release was signed.
    #[serde(default)]
    pub signature: Option<String>,
    /// How large the package is.
    #[serde(default, alias = "sizeBytes", alias = "size")]
    pub size_bytes: Option<u64>,
    /// Now, or at the box's preferred hour.
    #[serde(default)]
    pub when: When,
    /// Wait while people are present, as far as the box knows.
    #[serde(default, alias = "unlessPresent")]
    pub unless_present: bool,
}

/// When to begin.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum When {
    /// At once.
    #[default]
    Now,
    /// At the hour that the box's owner prefers.
    #[serde(alias = "preferredHour")]
    PreferredHour,
}

/// What to put in place of what.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UpdateConfig {
    /// Whose configuration.
    #[serde(default)]
    pub target: ConfigTarget,
    /// The whole new configuration, JSON text. In JSON it stands as it is, not as text.
    #[serde(with = "fields::json_text")]
    pub configuration: String,
}

/// Whose configuration.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ConfigTarget {
    /// The local application's `configuration.json`.
    #[default]
    #[serde(alias = "application")]
    App,
    /// The agent's own settings.
    Agent,
}
