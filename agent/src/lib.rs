//! The agent: collects who and what is at a site, keeps it through any outage, delivers it to the hub.
//!
//! Reading order: [`collectors`] bring readings to the [`journal`], which owns the durable [`queue`]; [`outbox`]
//! decides what goes to the hub and [`uplink`] sends it; [`commands`] does what the hub asks; [`identity`] says as whom; [`timekeeper`] keeps the time.
//! [`run`] puts them together, and nothing else knows them all.

pub mod anchor;
pub mod app;
pub mod cli;
pub mod collectors;
pub mod commands;
pub mod config;
pub mod control;
pub mod device_register;
pub mod diagnosis;
pub mod digest;
pub mod download;
pub mod folder;
pub mod host_names;
pub mod hub_https;
pub mod identity;
pub mod journal;
pub mod layers;
pub mod local_page;
pub mod machines;
pub mod media;
pub mod naming;
pub mod outbox;
pub mod pairing;
pub mod previous;
pub mod privileged;
pub mod proof;
pub mod queue;
mod reception;
pub mod runner;
pub mod site_conf;
pub mod space;
pub mod status;
pub mod sys;
pub mod terminals;
#[cfg(test)]
mod testing;
pub mod timekeeper;
pub mod unit;
pub mod update;
pub mod uplink;

use std::sync::Arc;

use anyhow::Context as _;
use tokio::sync::{Notify, mpsc, watch};
use vigie_shared::clock::{Clock, SystemClock};
use vigie_shared::file::make_private_folder;
use vigie_shared::id::InstanceId;
use vigie_shared::lifecycle::Lifecycle;

use crate::collectors::lan::netlink;
use crate::collectors::{CollectConfig, Collector, Context, Outlet};
use crate::config::AgentConfig;
use crate::host_names::HostNames;
use crate::hub_https::HubHttps;
use crate::identity::Identity;
use crate::journal::{Journal, JournalOptions, OnDamage};
use crate::layers::trial::Upkeep;
use crate::local_page::request::OwnNames;
use crate::naming::{DeviceNames, Register};
use crate::pairing::PairingPage;
use crate::privileged::Privileges;
use crate::proof::Proof;
use crate::reception::Reception;
use crate::status::Board;
use crate::terminals::{Limits, Terminals};
use crate::timekeeper::Timekeeper;
use crate::update::declared;
use crate::update::trial;
use crate::uplink::Uplink;

/// The version of this program: the workspace's, or what whoever builds it says in `VIGIE_VERSION`.
pub const VERSION: &str = match option_env!("VIGIE_VERSION") {
    Some(version) => version,
    None => env!("CARGO_PKG_VERSION"),
};

/// Commands that wait between the uplink and the desk, up to 32 KiB each.
const COMMANDS_MAX: usize = 16;

/// What an agent is given besides its settings.
pub struct Parts {
    /// More collectors than it has by itself.
    pub collectors: Vec<Box<dyn Collector>>,
    /// Who carries out the acts that need root.
    pub privileges: Arc<dyn Privileges>,
    /// How it may change its own settings; none if another program has them.
    pub upkeep: Option<Upkeep>,
}

impl Default for Parts {
    fn default() -> Self {
        Self { collectors: Vec::new(), privileges: Arc::new(privileged::Absent), upkeep: None }
    }
}

/// Starts the agent; it runs until the lifecycle stops.
///
/// # Errors
///
/// Words for people on what could not be started: another agent runs here, the folder cannot be written….
pub fn run(config: &AgentConfig, lifecycle: &Lifecycle) -> anyhow::Result<()> {
    run_with(config, lifecycle, Parts::default())
}

/// Starts the agent with other parts than it has by itself.
///
/// # Errors
///
/// As [`run`].
pub fn run_with(config: &AgentConfig, lifecycle: &Lifecycle, parts: Parts) -> anyhow::Result<()> {
    make_private(&config.data)?;
    let door = control::open(&config.socket)?;
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::new(sys::clock_is_synchronised));
    let options = JournalOptions {
        folder: config.queue_folder(),
        config: config.queue.clone(),
        clock: Arc::clone(&clock),
        on_damage: OnDamage::SetAside,
    };
    let journal = Journal::start(options, lifecycle).context("open the queue")?;
    let before = proof::standing(&journal);
    let naming = device_names(config, Arc::clone(&clock));
    let names = start_collectors((config, Arc::clone(&naming)), &journal, parts.collectors, lifecycle);

    let outlet: Arc<dyn Outlet> = Arc::new(journal.clone());
    let time = Arc::new(Timekeeper::open(&config.data, Arc::clone(&clock)));
    let hub = Arc::new(HubHttps::new(config.identity_folder(), Arc::clone(&time)));
    let terminals = start_terminals(config, &journal, Arc::clone(&hub), lifecycle)?;
    time.spawn(Arc::clone(&outlet), lifecycle);
    start_devices((config, naming), (&hub, &time), Arc::clone(&clock), lifecycle);
    let board = Board::default();
    let (commands, command_queue) = mpsc::channel(COMMANDS_MAX);
    let uplink = Uplink {
        identity_folder: config.identity_folder(),
        live: journal.live_receiver(),
        commands,
        journal: journal.clone(),
        board: board.clone(),
        clock: Arc::clone(&clock),
        time: Arc::clone(&time),
        instance: InstanceId::random(),
    };
    if config.hub.enabled {
        lifecycle.spawn("uplink", uplink.run(lifecycle.clone()));
    } else {
        tracing::info!("this box collects only: `hub.enabled` is false");
    }
    let proof = Proof { before, journal: journal.clone(), board: board.clone() };
    if let Some(upkeep) = parts.upkeep.clone().filter(|upkeep| upkeep.trial.is_some()) {
        let limit = config.commands.update_config.confirm_within;
        let pulse = pulse(standalone(config), config.collect.clone(), Arc::clone(&outlet));
        lifecycle.spawn("pulse", pulse);
        lifecycle.spawn("settings", layers::trial::decide(upkeep, proof.clone(), limit, lifecycle.clone()));
    }
    let context = commands::Context {
        clock: Arc::clone(&clock),
        data: config.data.clone(),
        settings: Arc::new(config.clone()),
        privileges: parts.privileges,
        hub,
        time,
        board: board.clone(),
        upkeep: parts.upkeep,
        terminals: terminals.clone(),
    };
    let (settings, privileges) = (Arc::clone(&context.settings), Arc::clone(&context.privileges));
    let folder = privileged::SOFTWARE_FOLDER.as_ref();
    lifecycle.spawn("trial", trial::prove(proof, Arc::clone(&privileges), folder, lifecycle.stopping()));
    lifecycle.spawn("repair", declared::repair(settings, privileges));
    let driver = commands::driver::Driver::open(context, outlet)?;
    lifecycle.spawn("commands", driver.run(command_queue, lifecycle.stopping()));

    let reception = Arc::new(Reception { config: config.clone(), journal, board, clock, collectors: names, terminals });
    local_page::start(&config.local_page, Arc::clone(&reception) as Arc<dyn local_page::Source>, lifecycle);
    lifecycle.spawn("control", control::serve(door, reception, lifecycle.clone()));
    tracing::info!(data = %config.data.display(), "the agent runs");
    Ok(())
}

/// Starts the server for time clocks.
fn start_terminals(
    config: &AgentConfig,
    journal: &Journal,
    hub: Arc<HubHttps>,
    lifecycle: &Lifecycle,
) -> anyhow::Result<Terminals> {
    let parts = terminals::Parts {
        data: config.data.clone(),
        clock: Arc::clone(journal.clock()),
        ledger: Arc::new(journal.clone()),
        uploads: hub,
        limits: Limits::default(),
    };
    Terminals::start(&config.terminals, parts, lifecycle)
}

/// Starts what keeps devices' names right, and the page by which they say whose they are.
fn start_devices(
    (config, naming): (&AgentConfig, Arc<DeviceNames>),
    (hub, time): (&Arc<HubHttps>, &Arc<Timekeeper>),
    clock: Arc<dyn Clock>,
    lifecycle: &Lifecycle,
) {
    let claimed = Arc::new(Notify::new());
    if config.hub.enabled {
        let (folder, told) = (config.data.clone(), Arc::clone(&claimed));
        let follow = device_register::follow(naming, Arc::clone(hub), folder, told, lifecycle.stopping());
        lifecycle.spawn("devices", follow);
    }
    let page = PairingPage {
        neighbours: Arc::new(netlink::Table),
        registrar: Arc::new(pairing::Hub { https: Arc::clone(hub), time: Arc::clone(time), claimed }),
        clock,
        own: OwnNames::of_this_machine(),
    };
    pairing::start(&config.pairing, page, lifecycle);
}

/// Starts the collectors that are enabled, and more; returns their names.
fn start_collectors(
    (config, naming): (&AgentConfig, Arc<DeviceNames>),
    journal: &Journal,
    more: Vec<Box<dyn Collector>>,
    lifecycle: &Lifecycle,
) -> Vec<String> {
    let depths = journal.clone();
    let clock = Arc::clone(journal.clock());
    let context = Context { lane_depths: Arc::new(move || depths.depths()), ..context(config, naming, clock) };
    let mut collectors = collectors::build(&config.collect, &context);
    collectors.extend(more);
    let names = collectors.iter().map(|collector| collector.name().to_owned()).collect();
    for collector in collectors {
        drop(runner::drive(collector, Arc::new(journal.clone()), lifecycle));
    }
    names
}

/// One sample of the box, whatever the settings say of samples: a trial needs a record that the hub can confirm.
async fn pulse(context: Context, config: CollectConfig, outlet: Arc<dyn Outlet>) -> anyhow::Result<()> {
    let Some(mut host) = collectors::build_one("host", &config, &context) else { return Ok(()) };
    match host.once().await {
        Ok(readings) => {
            for reading in readings {
                outlet.append(reading).await;
            }
        }
        Err(error) => tracing::warn!("the box could not be sampled: {error:#}"),
    }
    Ok(())
}

/// What collectors need when no agent runs: for looking once.
#[must_use]
pub fn standalone(config: &AgentConfig) -> Context {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::new(sys::clock_is_synchronised));
    context(config, device_names(config, Arc::clone(&clock)), clock)
}

/// Names devices by what the hub said last.
fn device_names(config: &AgentConfig, clock: Arc<dyn Clock>) -> Arc<DeviceNames> {
    let names = DeviceNames::new(config.devices.clone(), clock);
    if let Ok(Some(identity)) = Identity::load(&config.identity_folder()) {
        names.set_register(Register::new(Some(identity.pseudonym_key()), device_register::kept(&config.data)));
    }
    Arc::new(names)
}

fn context(config: &AgentConfig, naming: Arc<DeviceNames>, clock: Arc<dyn Clock>) -> Context {
    Context {
        clock,
        naming,
        host_names: Arc::new(HostNames::default()),
        lane_depths: Arc::new(Vec::new),
        sweep_bell: watch::Sender::default(),
        app: config.app.clone(),
        software: config.software.clone(),
        data: config.data.clone(),
    }
}

/// The data folder holds secrets and what was collected: for the agent's user only.
fn make_private(folder: &std::path::Path) -> anyhow::Result<()> {
    make_private_folder(folder)
        .with_context(|| format!("make the data folder {}; is its parent writable for this user?", folder.display()))
}
