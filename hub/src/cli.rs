//! The command line: what an owner types. Verbs that ask or change a running hub go through its unix socket; only
//! `init`, `backup --offline` and `restore` open files.
//!
//! One file per noun; [`output`] writes tables or JSON, [`client`] speaks with the hub, [`Root`] starts one or opens its files.

mod alert;
mod attendance;
mod audit;
mod backup;
pub mod client;
mod command;
mod connector;
mod device;
mod devices;
mod diary;
mod exit;
mod import;
mod job;
mod machine;
mod mail;
mod media;
pub mod output;
mod person;
mod presence;
mod rebuild;
mod release;
mod rollout;
mod schedule;
mod scope;
mod site;
mod terminal;
#[cfg(test)]
mod tests;
mod token;
mod user;

use std::process::ExitCode;

use async_trait::async_trait;
use clap::{Args, CommandFactory as _, Parser, Subcommand};

use self::exit::EXIT_CODES;
pub use self::exit::VerbError;
use self::output::Output;
pub use self::scope::Scope;
use crate::demo::DemoArgs;
use crate::http::document;
use crate::up::UpArgs;

const EXAMPLES: &str = "Examples:
  vigie-hub up                                  try it: a hub and an agent on this machine
  vigie-hub demo                                look around in a simulated fleet
  vigie-hub site add rennes01 --name Rennes     add a site, print the token for its box
  vigie-hub site list                           what is wrong, and where?";

/// Keeps watch over field sites: receives what boxes send, keeps it, shows it.
#[derive(Debug, Parser)]
#[command(name = "vigie-hub", version, after_help = format!("{EXAMPLES}\n\n{EXIT_CODES}"))]
pub struct Cli {
    /// What holds for every verb.
    #[command(flatten)]
    pub scope: Scope,
    /// What to do.
    #[command(subcommand)]
    pub verb: Verb,
}

pub(crate) use self::backup::care;
pub use self::backup::{BackupArgs, RestoreArgs};

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Start everything at once: a hub and an agent on this machine. For a first look.
    Up(UpArgs),
    /// Show a simulated fleet, to look around in. Nothing of it is real; it has a folder of its own.
    Demo(DemoArgs),
    /// Start the hub, in the foreground.
    Run(RunArgs),
    /// Prepare a data folder: database, own certificate authority, first login.
    Init(InitArgs),
    /// Add, show, revoke and replace sites.
    #[command(subcommand)]
    Site(site::SiteVerb),
    /// Ask boxes to do something, and see what became of it.
    #[command(subcommand)]
    Command(command::CommandVerb),
    /// Keep videos for boxes, put them there, and see what lies where.
    #[command(subcommand)]
    Media(media::MediaVerb),
    /// The owner's Macs and PCs: how they are and how they were.
    #[command(subcommand)]
    Machine(machine::MachineVerb),
    /// Time clocks: who may deliver, how they are, who is enrolled.
    #[command(subcommand)]
    Terminal(terminal::TerminalVerb),
    /// Who was there when: days, punches, and what is decided of those in doubt.
    #[command(subcommand)]
    Attendance(attendance::AttendanceVerb),
    /// When people are expected, and on which days nobody is.
    #[command(subcommand)]
    Schedule(schedule::ScheduleVerb),
    /// Whose devices are whose, and which must not be seen.
    #[command(subcommand)]
    Device(device::DeviceVerb),
    /// Who is who, under which number on which terminal; pairing, export and erasing.
    #[command(subcommand)]
    Person(person::PersonVerb),
    /// Who is here, who was, what days are worth and why.
    #[command(subcommand)]
    Presence(presence::PresenceVerb),
    /// Make, list and end API tokens for programs.
    #[command(subcommand)]
    Token(token::TokenVerb),
    /// Add, list, change and remove accounts of people.
    #[command(subcommand)]
    User(user::UserVerb),
    /// Sign, add and list packages of software for boxes; list outdated boxes, pin versions.
    #[command(subcommand)]
    Release(release::ReleaseVerb),
    /// Bring a release to a few boxes first, then to the rest.
    #[command(subcommand)]
    Rollout(rollout::RolloutVerb),
    /// Add, change, try and serve third parties: punches go to them, people come from them.
    #[command(subcommand)]
    Connector(Box<connector::ConnectorVerb>),
    /// Rows on their way to third parties: list, count, retry, skip.
    #[command(subcommand)]
    Job(job::JobVerb),
    /// What is wrong: list, take on, silence; rules and incidents.
    #[command(subcommand)]
    Alert(alert::AlertVerb),
    /// What people and programs are told of: try it, list, show, retry.
    #[command(subcommand)]
    Mail(mail::MailVerb),
    /// Who asked for which change, and who looked at whose presence.
    #[command(subcommand)]
    Audit(audit::AuditVerb),
    /// What happened to the fleet, newest first.
    Diary(diary::DiaryArgs),
    /// What was seen on the sites' networks.
    Devices(devices::DevicesArgs),
    /// Copy everything that the hub keeps, while it runs.
    Backup(BackupArgs),
    /// Take in what boxes wrote on a stick with `vigie-agent queue export`.
    Import(import::ImportArgs),
    /// Compute everything that is shown anew from the records, while the hub runs.
    Rebuild(rebuild::RebuildArgs),
    /// Put a backup back. The hub must not run.
    Restore(RestoreArgs),
    /// Print completions for a shell, as in: vigie-hub completions bash > /etc/bash_completion.d/vigie-hub
    Completions {
        /// Which shell.
        shell: clap_complete::Shell,
    },
    /// Print the version.
    Version,
    /// Print the OpenAPI document of the HTTP API.
    #[command(hide = true)]
    Openapi,
}

/// How to start the hub.
#[derive(Debug, Clone, Default, Args)]
#[command(after_help = "Example:\n  vigie-hub run --config /etc/vigie/hub.toml")]
pub struct RunArgs {}

/// How to prepare a data folder.
#[derive(Debug, Clone, Default, Args)]
#[command(after_help = "Example:\n  vigie-hub init --data /srv/vigie")]
pub struct InitArgs {}

/// What starts a hub or opens its files.
#[async_trait]
pub trait Root: Sync {
    /// Starts a hub and an agent; returns when they have stopped.
    ///
    /// # Errors
    ///
    /// If they cannot start.
    async fn up(&self, scope: &Scope, args: &UpArgs) -> anyhow::Result<ExitCode>;

    /// Starts a hub with a simulated fleet; returns when it has stopped.
    ///
    /// # Errors
    ///
    /// If it cannot start, or the folder is not a demo's.
    async fn demo(&self, scope: &Scope, args: &DemoArgs) -> anyhow::Result<ExitCode>;

    /// Starts the hub; returns when it has stopped.
    ///
    /// # Errors
    ///
    /// If it cannot start.
    async fn run(&self, scope: &Scope, args: &RunArgs) -> anyhow::Result<ExitCode>;

    /// Prepares a data folder; returns what to tell the owner.
    ///
    /// # Errors
    ///
    /// If it cannot be prepared.
    async fn init(&self, scope: &Scope, args: &InitArgs) -> anyhow::Result<String>;

    /// Copies the files of a hub that does not run; returns what to tell the owner.
    ///
    /// # Errors
    ///
    /// If the hub runs, or the copy fails.
    async fn backup_offline(&self, scope: &Scope, args: &BackupArgs) -> anyhow::Result<String>;

    /// Puts a backup back; returns what to tell the owner.
    ///
    /// # Errors
    ///
    /// If the hub runs, or the backup is damaged; nothing was changed then.
    async fn restore(&self, scope: &Scope, args: &RestoreArgs) -> anyhow::Result<String>;
}

/// Does what was typed; returns the exit code. Errors go to `output` too.
pub async fn dispatch(cli: Cli, root: &dyn Root, output: &mut Output<'_>) -> ExitCode {
    match act(&cli, root, output).await {
        Ok(code) => code,
        Err(error) => {
            output.error(&error.to_string());
            ExitCode::from(error.exit_code())
        }
    }
}

async fn act(cli: &Cli, root: &dyn Root, output: &mut Output<'_>) -> Result<ExitCode, VerbError> {
    let scope = &cli.scope;
    match &cli.verb {
        Verb::Up(args) => return Ok(root.up(scope, args).await?),
        Verb::Demo(args) => return Ok(root.demo(scope, args).await?),
        Verb::Run(args) => return Ok(root.run(scope, args).await?),
        Verb::Init(args) => output.text(&root.init(scope, args).await?)?,
        Verb::Site(verb) => site::act(&scope.hub()?, verb, output).await?,
        Verb::Command(verb) => return command::act(&scope.hub()?, verb, output).await,
        Verb::Media(verb) => return media::act(&scope.hub()?, verb, output).await,
        Verb::Machine(verb) => return machine::act(&scope.hub()?, verb, output).await,
        Verb::Terminal(verb) => return terminal::act(&scope.hub()?, verb, output).await,
        Verb::Attendance(verb) => attendance::act(&scope.hub()?, verb, output).await?,
        Verb::Schedule(verb) => schedule::act(&scope.hub()?, verb, output).await?,
        Verb::Device(verb) => device::act(&scope.hub()?, verb, output).await?,
        Verb::Person(verb) => person::act(&scope.hub()?, verb, output).await?,
        Verb::Presence(verb) => return presence::act(&scope.hub()?, verb, output).await,
        Verb::Token(verb) => token::act(&scope.hub()?, verb, output).await?,
        Verb::User(verb) => user::act(&scope.hub()?, verb, output).await?,
        Verb::Release(verb) => release::act(scope, verb, output).await?,
        Verb::Rollout(verb) => rollout::act(&scope.hub()?, verb, output).await?,
        Verb::Connector(verb) => connector::act(scope, verb, output).await?,
        Verb::Job(verb) => job::act(&scope.hub()?, verb, output).await?,
        Verb::Alert(verb) => alert::act(&scope.hub()?, verb, output).await?,
        Verb::Mail(verb) => mail::act(scope, verb, output).await?,
        Verb::Audit(verb) => audit::act(&scope.hub()?, verb, output).await?,
        Verb::Diary(args) => diary::act(&scope.hub()?, args, output).await?,
        Verb::Devices(args) => devices::act(&scope.hub()?, args, output).await?,
        Verb::Backup(args) if args.offline => output.text(&root.backup_offline(scope, args).await?)?,
        Verb::Backup(args) => backup::act(&scope.hub()?, args, output).await?,
        Verb::Import(args) => return import::act(scope, args, output).await,
        Verb::Rebuild(_) => rebuild::act(&scope.hub()?, output).await?,
        Verb::Restore(args) => output.text(&root.restore(scope, args).await?)?,
        Verb::Completions { shell } => output.text(&completions(*shell))?,
        Verb::Version => output.text(concat!("vigie-hub ", env!("CARGO_PKG_VERSION")))?,
        Verb::Openapi => output.text(document().trim_end())?,
    }
    Ok(ExitCode::SUCCESS)
}

fn completions(shell: clap_complete::Shell) -> String {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "vigie-hub", &mut script);
    String::from_utf8_lossy(&script).trim_end().to_owned()
}
