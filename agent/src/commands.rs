//! Port: what the hub may ask of the box.
//!
//! Adding a command is one file in `commands/`, one line in `registry!` below, and one variant of the wire's
//! [`CommandKind`]. The line declares its module, its section of the configuration and who executes it.
//!
//! The file provides three things: `Config` (defaults, unknown keys refused), `new` (takes its `Config` and the
//! [`Context`], opens nothing) and an [`Act`]. Acts know the context and what is [`Underway`], never each other.
//! Everything around them is done once for all: signature, owner's list, order, at most once, restarts, outcome.

mod answer;
mod at_terminal;
pub mod book;
mod common;
pub mod desk;
pub mod driver;
mod underway;
mod writer;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use vigie_shared::clock::Clock;
use vigie_shared::wire::{Command, CommandKind, command};

use crate::config::AgentConfig;
use crate::hub_https::HubHttps;
use crate::layers::trial::Upkeep;
use crate::privileged::Privileges;
use crate::status::Board;
use crate::terminals::Terminals;
use crate::timekeeper::Timekeeper;

pub use answer::{Answer, Failure};
pub use common::{Allowed, Services};
pub(crate) use common::{OWN_UNIT, SERVICES};
pub use underway::{Notebook, Underway};

/// Longest time that a command may take if it does not say otherwise.
const TIME_MAX: Duration = Duration::from_secs(30 * 60);

/// What a command may use of the rest of the agent.
#[derive(Clone)]
pub struct Context {
    /// The machine's clocks.
    pub clock: Arc<dyn Clock>,
    /// What is known of the true time.
    pub time: Arc<Timekeeper>,
    /// The agent's data folder; a command keeps its own things in a folder of its name.
    pub data: PathBuf,
    /// Everything that the owner set; his lists of services among them.
    pub settings: Arc<AgentConfig>,
    /// Acts that need root.
    pub privileges: Arc<dyn Privileges>,
    /// HTTPS to the hub, as this box.
    pub hub: Arc<HubHttps>,
    /// How the way to the hub is: connected, last receipt.
    pub board: Board,
    /// How the agent may change its own settings; none if another program has them.
    pub upkeep: Option<Upkeep>,
    /// The time clocks that deliver here.
    pub terminals: Terminals,
}

/// Executes one kind of command. Dropping a future of it must leave nothing half done that looks whole: that is
/// how it is stopped when its time is up or the agent ends.
#[async_trait]
pub trait Act: Send + Sync {
    /// The parameters in the wire's command.
    type Parameters: Send + Sync;

    /// Does it. The command is in the box's book before this is called, and is never called twice for it,
    /// unless [`Act::settle`] asks for it.
    ///
    /// # Errors
    ///
    /// [`Failure`]: how it ended instead.
    async fn run(&self, parameters: &Self::Parameters, underway: &Underway) -> Result<Answer, Failure>;

    /// Says what would happen, and changes nothing.
    ///
    /// # Errors
    ///
    /// [`Failure`]: how it would end instead.
    async fn dry_run(&self, _parameters: &Self::Parameters) -> Result<Answer, Failure> {
        Err(Failure::Refused("this command cannot be tried without being done".to_owned()))
    }

    /// Finds out, after a restart of agent or machine, how a command ended that had begun.
    async fn settle(&self, _parameters: &Self::Parameters, _past: &Past, _underway: &Underway) -> Settled {
        Settled::Ended(Err(Failure::Failed("the agent was stopped in the middle of it".to_owned())))
    }

    /// Why it must not begin yet, for people; none if it may. Asked again and again while the command waits;
    /// others overtake it meanwhile.
    fn hold(&self, _parameters: &Self::Parameters) -> Option<String> {
        None
    }

    /// Whether it only reads: then it does not wait for others.
    fn is_read(&self) -> bool {
        false
    }

    /// Longest time that it may take; then it is stopped and has failed.
    fn time_max(&self) -> Duration {
        TIME_MAX
    }
}

/// What is known of a command that had begun when the agent stopped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Past {
    /// What it noted last by [`Underway::note`].
    pub note: Option<Value>,
    /// Whether the machine was restarted since, not only the agent.
    pub has_rebooted: bool,
}

/// What became of a command that had begun when the agent stopped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Settled {
    /// It ended like this.
    Ended(Result<Answer, Failure>),
    /// Doing it again from the start is harmless and ends it properly.
    Again,
    /// Nobody can tell; the reason is for people.
    Unknown(String),
}

/// Declares every command: the first sentence of its file, its name and the wire's kind.
macro_rules! registry {
    ($(#[doc = $about:literal] $name:ident: $kind:ident,)+) => {
        $(pub mod $name;)+

        /// The section `commands` of the configuration: what this box's owner lets the hub do.
        #[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
        #[serde(default, deny_unknown_fields)]
        pub struct CommandsConfig {
            /// The commands that are obeyed; `get_system_info` always is.
            pub allowed: Allowed,
            /// The services that may be restarted and whose logs may be read, without `.service`.
            pub services: Services,
            $(#[doc = $about] pub $name: $name::Config,)+
        }

        /// Every command: its name and what it does, in one sentence.
        pub const CATALOGUE: &[(&str, &str)] = &[$((stringify!($name), $about.trim_ascii())),+];

        /// One executor for every kind of command.
        pub struct Crew {
            $($name: Box<dyn Act<Parameters = command::$kind>>,)+
        }

        impl Crew {
            /// Makes the executors; opens nothing.
            #[must_use]
            pub fn new(config: &CommandsConfig, context: &Context) -> Self {
                Self { $($name: Box::new($name::new(&config.$name, context)),)+ }
            }

            /// Executes a command, or only says what would happen.
            ///
            /// # Errors
            ///
            /// [`Failure`]: how it ended instead.
            pub async fn run(&self, command: &Command, underway: &Underway) -> Result<Answer, Failure> {
                match &command.kind {
                    $(CommandKind::$kind(parameters) if command.is_dry_run => self.$name.dry_run(parameters).await,
                    CommandKind::$kind(parameters) => self.$name.run(parameters, underway).await,)+
                }
            }

            /// Finds out how a command ended that had begun when the agent stopped.
            pub async fn settle(&self, command: &Command, past: &Past, underway: &Underway) -> Settled {
                match &command.kind {
                    $(CommandKind::$kind(parameters) => self.$name.settle(parameters, past, underway).await,)+
                }
            }

            /// Why a command must not begin yet.
            #[must_use]
            pub fn hold(&self, command: &Command) -> Option<String> {
                match &command.kind {
                    $(CommandKind::$kind(parameters) => self.$name.hold(parameters),)+
                }
            }

            /// Whether a command only reads, so that it need not wait for others.
            #[must_use]
            pub fn is_read(&self, command: &Command) -> bool {
                command.is_dry_run || match &command.kind {
                    $(CommandKind::$kind(_) => self.$name.is_read(),)+
                }
            }

            /// Longest time that a command may take.
            #[must_use]
            pub fn time_max(&self, command: &Command) -> Duration {
                match &command.kind {
                    $(CommandKind::$kind(_) => self.$name.time_max(),)+
                }
            }
        }
    };
}

registry! {
    /// Says what the box is: hardware, model, system, network and current metrics.
    get_system_info: GetSystemInfo,
    /// Restarts the machine.
    reboot: Reboot,
    /// Restarts a service of the owner's list.
    restart_service: RestartService,
    /// Reads lines of a service's journal or of a log file on the owner's list.
    get_logs: GetLogs,
    /// Puts a video where the local application finds it.
    deploy_video: DeployVideo,
    /// Takes a video away.
    delete_video: DeleteVideo,
    /// Installs another version of the agent or of the owner's software, and undoes it if it does not work.
    update_software: UpdateSoftware,
    /// Replaces the local application's configuration, or the agent's settings.
    update_config: UpdateConfig,
    /// Says what a time clock is, and how its clock, its memories and its doors are set.
    get_terminal_info: GetTerminalInfo,
    /// Reads who is enrolled on a time clock, and tells the hub.
    get_terminal_users: GetTerminalUsers,
    /// Puts people on a time clock, or changes what it knows of them, and says truthfully what became of each.
    set_terminal_users: SetTerminalUsers,
    /// Takes people, or one credential of each, from a time clock, and looks whether they are gone.
    delete_terminal_users: DeleteTerminalUsers,
    /// Reads a time clock's log once more, page by page, each on the disk before the next.
    get_terminal_log: GetTerminalLog,
    /// Sets a time clock's clock to the box's, if the box's own can be believed.
    set_terminal_time: SetTerminalTime,
    /// Restarts a time clock.
    reboot_terminal: RebootTerminal,
    /// Opens a door of a time clock: once, and never again by itself.
    open_door: OpenDoor,
    /// Brings a schedule to a time clock that knows what a schedule is; few do.
    set_terminal_schedule: SetTerminalSchedule,
    /// Lets a time clock deliver, or refuses it.
    admit_terminal: AdmitTerminal,
    /// Erases what a time clock holds.
    erase_terminal: EraseTerminal,
    /// Shows a message on the owner's Macs and PCs, where somebody is logged in, and counts who has seen it.
    show_message: ShowMessage,
    /// Says in which zone a time clock stands; kept through a restart.
    set_terminal_zone: SetTerminalZone,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_its_executor_under_its_own_name() {
        let names: Vec<&str> = CATALOGUE.iter().map(|(name, _)| *name).collect();
        assert_eq!(names, CommandKind::NAMES);
    }

    #[test]
    fn the_catalogue_says_what_the_files_say() {
        for (name, about) in CATALOGUE {
            let path = format!("{}/src/commands/{name}.rs", env!("CARGO_MANIFEST_DIR"));
            let text = std::fs::read_to_string(path).unwrap();
            let heading: Vec<&str> = text.lines().map_while(|line| line.strip_prefix("//! ")).collect();
            assert!(heading.join(" ").starts_with(about), "{name}: {about:?}");
        }
    }

    #[test]
    fn a_wrong_setting_is_answered_with_the_right_ones() {
        for (text, expected) in [
            (r#"{"allowed": ["rebot"]}"#, "unknown command `rebot`; known are get_system_info, reboot"),
            (r#"{"services": ["../x"]}"#, "is not the name of a service"),
            (r#"{"reboott": {}}"#, "expected one of `allowed`, `services`, `get_system_info`"),
        ] {
            let error = serde_json::from_str::<CommandsConfig>(text).unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
        }
    }
}
