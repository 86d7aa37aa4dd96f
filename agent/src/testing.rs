//! What the collectors' own tests share: an outlet that remembers, and a context of simple parts.

use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use tokio::sync::{Notify, watch};
use vigie_shared::clock::SystemClock;
use vigie_shared::id::CommandId;
use vigie_shared::mac::Mac;
use vigie_shared::wire::reading::{DeviceRef, OwnedDevice};
use vigie_shared::wire::{Live, Reading};

use crate::collectors::{Context, Naming, Outlet};
use crate::commands;
use crate::config::AgentConfig;
use crate::host_names::HostNames;
use crate::hub_https::HubHttps;
use crate::privileged::{Privileges, Refusal, Verb};
use crate::status::Board;
use crate::timekeeper::Timekeeper;

/// Remembers everything, and lets a test wait for it.
#[derive(Default)]
pub(crate) struct Kept {
    readings: Mutex<Vec<Reading>>,
    lives: Mutex<Vec<Live>>,
    looks: Mutex<Vec<Result<(), String>>>,
    is_full: AtomicBool,
    refused: AtomicUsize,
    changed: Notify,
}

impl Kept {
    pub(crate) fn readings(&self) -> Vec<Reading> {
        self.readings.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn lives(&self) -> Vec<Live> {
        self.lives.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// From here on nothing finds room any more.
    pub(crate) fn fill(&self) {
        self.is_full.store(true, Ordering::Relaxed);
    }

    /// How many readings found no room.
    pub(crate) fn refused(&self) -> usize {
        self.refused.load(Ordering::Relaxed)
    }

    /// How the looks so far ended; an error as its text.
    pub(crate) fn looks(&self) -> Vec<Result<(), String>> {
        self.looks.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Waits until the condition holds; it is asked after every change.
    pub(crate) async fn until(&self, is_met: impl Fn(&Self) -> bool) {
        loop {
            let changed = self.changed.notified();
            if is_met(self) {
                return;
            }
            changed.await;
        }
    }

    fn remember<T>(&self, list: &Mutex<Vec<T>>, item: T) {
        list.lock().unwrap_or_else(PoisonError::into_inner).push(item);
        self.changed.notify_one();
    }
}

#[async_trait]
impl Outlet for Kept {
    async fn append(&self, reading: Reading) {
        Outlet::keep(self, reading).await;
    }

    async fn keep(&self, reading: Reading) -> bool {
        if self.is_full.load(Ordering::Relaxed) {
            self.refused.fetch_add(1, Ordering::Relaxed);
            self.changed.notify_one();
            return false;
        }
        self.remember(&self.readings, reading);
        true
    }

    fn live(&self, live: Live) {
        self.remember(&self.lives, live);
    }

    async fn looked(&self, result: &anyhow::Result<()>) {
        self.remember(&self.looks, result.as_ref().copied().map_err(|error| format!("{error:#}")));
    }
}

/// Names every device openly, but excludes those whose address ends in `ff`.
pub(crate) struct Open;

impl Naming for Open {
    fn names_openly(&self) -> bool {
        true
    }

    fn device(&self, mac: Mac, ip: Option<IpAddr>, name: Option<String>) -> Option<DeviceRef> {
        (mac.0[5] != 0xff).then_some(DeviceRef::Owned(OwnedDevice { mac, ip, name }))
    }
}

/// The real clock, open names, and lanes that hold nothing.
pub(crate) fn context() -> Context {
    Context {
        clock: Arc::new(SystemClock::new(|| true)),
        naming: Arc::new(Open),
        host_names: Arc::new(HostNames::default()),
        lane_depths: Arc::new(Vec::new),
        sweep_bell: watch::Sender::default(),
        app: AgentConfig::default().app,
        software: AgentConfig::default().software,
        data: std::env::temp_dir(),
    }
}

/// Carries out everything, which means: remembers it.
#[derive(Default)]
pub(crate) struct Acts(Mutex<Vec<Verb>>);

impl Acts {
    pub(crate) fn done(&self) -> Vec<Verb> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

#[async_trait]
impl Privileges for Acts {
    async fn act(&self, verb: Verb) -> Result<(), Refusal> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(verb);
        Ok(())
    }
}

/// What commands need, with everything in one folder and acts that are only remembered.
pub(crate) fn command_context(settings: AgentConfig, acts: Arc<Acts>) -> commands::Context {
    let clock = Arc::new(SystemClock::new(|| true));
    let time = Arc::new(Timekeeper::open(&settings.data, clock.clone()));
    commands::Context {
        clock,
        time: Arc::clone(&time),
        data: settings.data.clone(),
        hub: Arc::new(HubHttps::new(settings.identity_folder(), time)),
        settings: Arc::new(settings),
        privileges: acts,
        board: Board::default(),
        upkeep: None,
        terminals: crate::terminals::Terminals::default(),
    }
}

/// A command that begins, with a book that forgets.
pub(crate) fn underway(outlet: Arc<dyn Outlet>) -> commands::Underway {
    commands::Underway::new(CommandId([7; 16]), outlet, Arc::new(Forgetful))
}

struct Forgetful;

#[async_trait]
impl commands::Notebook for Forgetful {
    async fn note(&self, _command: CommandId, _note: serde_json::Value) -> anyhow::Result<()> {
        Ok(())
    }
}
