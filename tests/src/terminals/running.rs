//! A terminal that runs: its device, driven over one connection after the other until the lifecycle stops.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use tokio::sync::{Notify, watch};
use tokio::time::Instant;
use vigie_shared::clock::{Clock as _, SystemClock};
use vigie_shared::lifecycle::Lifecycle;

use super::device::{Act, Device, Make};
use super::fault::Fault;
use super::latency::Latencies;
use super::line::{Heard, Line};

/// Where every terminal connects to.
const PATH: &str = "/pub/chat";
/// How long a test waits for a terminal; one that waits this long has failed.
const PATIENCE: Duration = Duration::from_secs(60);
/// A timer that never comes due.
const NEVER_MS: u64 = 3_600_000;

/// A running terminal. Clones are the same one.
#[derive(Clone)]
pub struct Terminal {
    shared: Arc<Shared>,
}

struct Shared {
    state: Mutex<State>,
    wake: Notify,
    changes: watch::Sender<u64>,
    started: Instant,
}

struct State {
    device: Device,
    /// What a finger made the device do; at most one batch and one user are in flight.
    acts: Vec<Act>,
    said_at: Option<Instant>,
    latencies: Latencies,
}

impl Terminal {
    /// Switches a terminal on; its clock is as right as its faults let it.
    #[must_use]
    pub fn start(make: Make, server: SocketAddr, lifecycle: &Lifecycle) -> Self {
        let local_ms = SystemClock::new(|| true).wall_ms();
        let device = Device::new(make, local_ms, 0);
        Self::start_device(device, server, lifecycle)
    }

    /// Switches a terminal on that was prepared: with a backlog, with users.
    #[must_use]
    pub fn start_device(device: Device, server: SocketAddr, lifecycle: &Lifecycle) -> Self {
        let state = State { device, acts: Vec::new(), said_at: None, latencies: Latencies::default() };
        let shared = Arc::new(Shared {
            state: Mutex::new(state),
            wake: Notify::new(),
            changes: watch::Sender::new(0),
            started: Instant::now(),
        });
        let (running, stopping) = (Arc::clone(&shared), lifecycle.stopping());
        lifecycle.spawn_detached(async move {
            tokio::select! {
                () = running.run(server) => {}
                () = stopping.cancelled() => {}
            }
        });
        Self { shared }
    }

    /// Somebody puts a finger on it.
    pub fn punch(&self, enrol_id: u64) {
        self.shared.act(|device, now_ms| device.punch(enrol_id, now_ms));
        self.shared.wake.notify_one();
    }

    /// Looks at the device, or changes it.
    pub fn with<T>(&self, look: impl FnOnce(&mut Device) -> T) -> T {
        let found = look(&mut self.shared.state().device);
        self.shared.wake.notify_one();
        found
    }

    /// From a batch to its acknowledgement, all so far.
    #[must_use]
    pub fn latencies(&self) -> Latencies {
        self.shared.state().latencies.clone()
    }

    /// Waits until something is so.
    ///
    /// # Errors
    ///
    /// If it is not so in time; `what` names it.
    pub async fn until(&self, what: &str, mut is_so: impl FnMut(&Device) -> bool) -> anyhow::Result<()> {
        let mut changes = self.shared.changes.subscribe();
        let so = async {
            while !is_so(&self.shared.state().device) {
                // The sender lives as long as this terminal.
                drop(changes.changed().await);
            }
        };
        let waited = tokio::time::timeout(PATIENCE, so).await;
        waited.map_err(|_elapsed| anyhow::anyhow!("{what} did not happen in {} s", PATIENCE.as_secs()))
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("nobody panics while looking at a terminal")
    }

    fn now_ms(&self) -> u64 {
        u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    /// Lets the device act, and takes the time of its batches.
    fn act(&self, turn: impl FnOnce(&mut Device, u64) -> Vec<Act>) {
        let now_ms = self.now_ms();
        let state = &mut *self.state();
        let (acknowledged, was_waiting) = (state.device.acknowledged, state.device.is_waiting());
        let acts = turn(&mut state.device, now_ms);
        state.acts.extend(acts);
        let is_answered = state.device.acknowledged > acknowledged;
        if is_answered && let Some(said_at) = state.said_at.take() {
            state.latencies.add(u64::try_from(said_at.elapsed().as_micros()).unwrap_or(u64::MAX));
        }
        if state.device.is_waiting() && (is_answered || !was_waiting) {
            state.said_at = Some(Instant::now());
        }
        self.changes.send_modify(|count| *count += 1);
    }

    async fn run(&self, server: SocketAddr) {
        let reconnect_ms = self.state().device.make().timers.reconnect_ms;
        loop {
            if let Err(error) = self.session(server).await {
                tracing::debug!("a terminal's connection ended: {error:#}");
            }
            self.state().acts.clear();
            self.act(|device, now_ms| {
                device.on_disconnected(now_ms);
                Vec::new()
            });
            tokio::time::sleep(Duration::from_millis(reconnect_ms)).await;
        }
    }

    async fn session(&self, server: SocketAddr) -> anyhow::Result<()> {
        let faults = self.state().device.make().faults.clone();
        // Held until the session ends.
        let _second = if faults.has(Fault::SecondConnection) { Some(self.second(server).await?) } else { None };
        let mut line = Line::open(server, PATH).await?;
        line.answers_pings = !faults.has(Fault::NoPong);
        self.act(Device::on_connected);
        loop {
            let acts = std::mem::take(&mut self.state().acts);
            for act in acts {
                match act {
                    Act::Say(text) => line.say(text).await?,
                    Act::HangUp => return Ok(()),
                }
            }
            let now_ms = self.now_ms();
            let due_ms = self.state().device.due_ms().unwrap_or(now_ms + NEVER_MS).saturating_sub(now_ms);
            tokio::select! {
                heard = line.hear() => match heard? {
                    Heard::Message(bytes) => self.act(|device, now_ms| device.on_message(&bytes, now_ms)),
                    Heard::Closed(_) => return Ok(()),
                    Heard::Ping | Heard::Pong(_) => {}
                },
                () = self.wake.notified() => self.act(Device::poll),
                () = tokio::time::sleep(Duration::from_millis(due_ms)) => self.act(Device::poll),
            }
        }
    }

    /// Another connection that registered under the same serial number and then says nothing.
    async fn second(&self, server: SocketAddr) -> anyhow::Result<Line> {
        let registration = self.state().device.registration(self.now_ms());
        let mut line = Line::open(server, PATH).await?;
        line.ask(registration).await?;
        Ok(line)
    }
}

#[cfg(test)]
mod tests;
