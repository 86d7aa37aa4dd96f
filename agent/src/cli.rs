//! The command line: `vigie-agent <verb>`, each verb with examples in its help and `--json` where it answers.
//!
//! Exit codes: 0 done, 1 not done or something is wrong (said on standard error), 2 the words were not
//! understood, 75 the agent is to be started again (new settings), 78 the configuration is wrong (the service manager
//! then does not try again).

mod collect;
mod config;
mod diagnose;
mod machine;
mod privileged;
pub mod queue;
mod register;
pub mod scan;
mod self_test;
mod status;
mod terminal;
mod update;
mod user;

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context as _;
use clap::{Parser, Subcommand};
use vigie_shared::config::{self as settings, Sources};
use vigie_shared::lifecycle::Lifecycle;

use crate::Parts;
use crate::config::AgentConfig;
use crate::control::{self, Ask};
use crate::layers::trial::{Restart, Upkeep};
use crate::layers::{self, Layers};
use crate::privileged::door::RootHelper;

/// The configuration is wrong: `EX_CONFIG` of sysexits.
pub const EXIT_CONFIG: u8 = 78;

/// The agent ends in order to be started again: `EX_TEMPFAIL` of sysexits.
pub const EXIT_AGAIN: u8 = 75;

/// Where the configuration lies unless somebody says otherwise.
const CONFIG_FILE: &str = "/etc/vigie/agent.toml";

/// How long work that blocks may delay the end.
const BLOCKED_MAX: std::time::Duration = std::time::Duration::from_secs(2);

/// Watches over a field site: who and what is here, kept through any outage, delivered to the hub.
#[derive(Parser)]
#[command(name = "vigie-agent", version, max_term_width = 100)]
#[command(
    after_help = "Examples:\n  vigie-agent scan\n  vigie-agent register vigie1-…\n  vigie-agent run\n  vigie-agent status --json"
)]
pub struct Cli {
    /// The configuration file.
    #[arg(long, global = true, value_name = "FILE", help = format!("The configuration file [default: {CONFIG_FILE}]"))]
    config: Option<PathBuf>,
    /// Checks that this build works on this machine, and ends.
    #[arg(long, hide = true)]
    self_test: bool,
    #[command(subcommand)]
    verb: Option<Verb>,
}

#[derive(Subcommand)]
enum Verb {
    /// Collect and deliver until told to stop.
    Run,
    /// Become a site's box, with the token that `vigie-hub site add` printed or with an account.
    Register(Box<register::RegisterArgs>),
    /// Renew the box's certificate with the identity that it has.
    Resync(register::ResyncArgs),
    /// Say what is wrong, in words, with the cure.
    Diagnose(diagnose::DiagnoseArgs),
    /// Show how the running agent is doing.
    Status(status::StatusArgs),
    /// Show who is on the LAN now; needs no hub and no configuration.
    Scan(scan::ScanArgs),
    /// Look once with one collector and print what it sees.
    Collect(collect::CollectArgs),
    /// Look into the queue, check it, export it, give up records.
    Queue(queue::QueueArgs),
    /// Show or check the configuration.
    Config(config::ConfigArgs),
    /// Show the time clocks that call here; admit or refuse one.
    Terminal(terminal::TerminalArgs),
    /// Look at the owner's Macs and PCs over SSH; keys and trust.
    Machine(machine::MachineArgs),
    /// Install software by hand, and put earlier versions back.
    Update(update::UpdateArgs),
    /// Carry out what needs root; the service manager starts it, with a socket as standard input.
    #[command(hide = true)]
    Privileged,
    /// Print a completion script for a shell.
    Completions {
        /// Which shell.
        shell: clap_complete::Shell,
    },
    /// Print the version.
    Version,
}

/// Understands the words, does what they say, and tells the exit code.
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    match dispatch(cli) {
        Ok(code) => code,
        Err(error) => fail(&error),
    }
}

#[expect(clippy::print_stderr, reason = "the last words of a command line go to standard error")]
fn fail(error: &anyhow::Error) -> ExitCode {
    if error.downcast_ref::<settings::ConfigErrors>().is_some() {
        eprintln!("the configuration is wrong:\n{error}");
        return ExitCode::from(EXIT_CONFIG);
    }
    eprintln!("vigie-agent: {error:#}");
    ExitCode::FAILURE
}

fn dispatch(cli: Cli) -> anyhow::Result<ExitCode> {
    let sources = sources(cli.config);
    if cli.self_test {
        return self_test::run();
    }
    let Some(verb) = cli.verb else {
        <Cli as clap::CommandFactory>::command().print_help().context("print the help")?;
        return Ok(ExitCode::from(2));
    };
    match verb {
        Verb::Run => run(sources),
        Verb::Register(args) => {
            let request = register::read(&args)?;
            register::register(&load_as_owner(&sources)?, request, &args)
        }
        Verb::Resync(args) => register::resync(&load_as_owner(&sources)?, &args),
        Verb::Diagnose(args) => diagnose::run(&sources, &args),
        Verb::Status(args) => status::run(&load(&sources)?, &args),
        Verb::Scan(args) => scan::run(&args),
        Verb::Collect(args) => collect::run(&load(&sources)?, &args),
        Verb::Queue(args) => match args.export_file() {
            Some(file) => queue::export::run(&load(&sources)?, file, args.json),
            None => queue_verb(&load_as_owner(&sources)?, &args),
        },
        Verb::Config(args) => config::run(&sources, &args),
        Verb::Terminal(args) => terminal::run(&load(&sources)?, &args),
        Verb::Machine(args) if args.writes() => machine::run(&load_as_owner(&sources)?, &args),
        Verb::Machine(args) => machine::run(&load(&sources)?, &args),
        Verb::Update(args) => update::run(&load(&sources)?, &args),
        Verb::Privileged => privileged::run(),
        Verb::Completions { shell } => {
            let mut command = <Cli as clap::CommandFactory>::command();
            clap_complete::generate(shell, &mut command, "vigie-agent", &mut std::io::stdout());
            Ok(ExitCode::SUCCESS)
        }
        Verb::Version => print_line(&format!("vigie-agent {}", crate::VERSION)),
    }
}

fn run(sources: Sources) -> anyhow::Result<ExitCode> {
    let (config, trial) = layers::start(&sources)?;
    vigie_shared::telemetry::start_with(&config.log, &config.log_file)?;
    let runtime = runtime()?;
    let ended = runtime.block_on(async {
        let lifecycle = Lifecycle::from_signals().context("listen for signals")?;
        let restart = Restart::new(&lifecycle);
        let upkeep = Upkeep::new(sources, Layers::of(&config.data), trial, restart.clone());
        let privileges = Arc::new(RootHelper::default());
        let parts = Parts { privileges, upkeep: Some(upkeep), ..Parts::default() };
        crate::run_with(&config, &lifecycle, parts)?;
        lifecycle.ready();
        anyhow::Ok((lifecycle.wait().await, restart.is_wanted()))
    });
    // A look at a dead network mount may never return; it must not keep the process.
    runtime.shutdown_timeout(BLOCKED_MAX);
    match ended? {
        (_, true) => begin_anew(),
        (code, false) => Ok(code),
    }
}

/// A service manager starts the agent again; without one it becomes itself anew.
fn begin_anew() -> anyhow::Result<ExitCode> {
    use std::os::unix::process::CommandExt as _;
    if vigie_shared::telemetry::is_managed() {
        return Ok(ExitCode::from(EXIT_AGAIN));
    }
    // The very program that runs, even if another one lies in its place by now.
    let error = std::process::Command::new("/proc/self/exe").args(std::env::args_os().skip(1)).exec();
    Err(error).context("start anew")
}

/// A running agent answers about its queue itself; it alone may have the lanes open.
fn queue_verb(config: &AgentConfig, args: &queue::QueueArgs) -> anyhow::Result<ExitCode> {
    let ask_agent = |verb: &queue::QueueVerb| {
        let question = match verb {
            queue::QueueVerb::Status => Ask::QueueStatus,
            queue::QueueVerb::Verify => Ask::QueueVerify,
            // It has a way of its own, above.
            queue::QueueVerb::Export { .. } => return Ok(None),
            queue::QueueVerb::Drop { lane, through, .. } => Ask::QueueDrop { lane: *lane, through: *through },
        };
        runtime()?.block_on(control::ask(&config.socket, &question))
    };
    queue::run(&config.queue_folder(), &config.queue, args, &ask_agent)
}

fn sources(file: Option<PathBuf>) -> Sources {
    Sources {
        is_required: file.is_some(),
        file: file.unwrap_or_else(|| PathBuf::from(CONFIG_FILE)),
        env_prefix: crate::config::ENV_PREFIX,
    }
}

fn load(sources: &Sources) -> anyhow::Result<AgentConfig> {
    Ok(layers::load(sources)?)
}

/// Loads the settings, and becomes the user whose folder the agent's is.
fn load_as_owner(sources: &Sources) -> anyhow::Result<AgentConfig> {
    let config = load(sources)?;
    user::become_owner(&config.data)?;
    Ok(config)
}

/// The agent's runtime: one thread is plenty, blocking work has its own.
fn runtime() -> anyhow::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_current_thread().enable_all().build().context("start the runtime")
}

fn print_line(text: &str) -> anyhow::Result<ExitCode> {
    use std::io::Write as _;
    writeln!(std::io::stdout(), "{text}").context("write the answer")?;
    Ok(ExitCode::SUCCESS)
}

fn print_json<T: serde::Serialize>(value: &T) -> anyhow::Result<ExitCode> {
    print_line(&serde_json::to_string_pretty(value).context("write JSON")?)
}
