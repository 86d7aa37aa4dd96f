//! The box's own pulse: processor, memory, temperature, disks, network, and what the agent itself costs.
//!
//! A heartbeat for those who watch, a sample for the record. Works without any privilege. A figure that the machine cannot give is 0 or absent; nothing here can stop
//! the agent. A mount that does not answer costs one waiting thread, never the pulse: the disks of the last
//! answer are shown until it answers again.

mod machine;
mod own;
mod select;

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use tokio::task::JoinHandle;
use tokio::time::{Interval, MissedTickBehavior};
use tokio_util::sync::CancellationToken;
use vigie_shared::clock::Clock;
use vigie_shared::units;
use vigie_shared::wire::reading::{Disk, HostSample};
use vigie_shared::wire::{Heartbeat, Live, Reading};

use self::machine::{Machine, Pulse};
use self::select::Mount;
use super::{Collector, Context, LaneDepths, Outlet, pause};

/// How long the disks may take to answer before the pulse goes on without them.
const DISKS_WAIT: Duration = Duration::from_secs(2);

/// Section `collect.host`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Whether the collector runs.
    pub enabled: bool,
    /// Time between two heartbeats; at least one second.
    #[serde(with = "units::duration")]
    pub heartbeat: Duration,
    /// Time between two samples for the record; at least one second.
    #[serde(with = "units::duration")]
    pub sample: Duration,
    /// A part of the label of the temperature sensor to show; without it, the hottest processor sensor.
    pub temperature_sensor: Option<String>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            enabled: true,
            heartbeat: Duration::from_secs(30),
            sample: Duration::from_secs(300),
            temperature_sensor: None,
        }
    }
}

/// Makes the collector.
#[must_use]
pub fn new(config: &Config, context: &Context) -> Box<dyn Collector> {
    Box::new(Host::new(config, &context.clock, &context.lane_depths))
}

/// How the box is at this moment, for whoever asks once.
///
/// # Errors
///
/// If the kernel refuses its figures.
pub async fn now(config: &Config, clock: &Arc<dyn Clock>) -> anyhow::Result<HostSample> {
    let no_depths: LaneDepths = Arc::new(Vec::new);
    let mut machine = Machine::open()?;
    tokio::time::sleep(Machine::CPU_INTERVAL).await;
    let (sample, problem) = Host::new(config, clock, &no_depths).sample(machine.pulse()).await;
    problem.map(|()| sample)
}

struct Host {
    config: Config,
    clock: Arc<dyn Clock>,
    lane_depths: LaneDepths,
    disks: Disks,
}

#[async_trait]
impl Collector for Host {
    fn name(&self) -> &'static str {
        "host"
    }

    async fn once(&mut self) -> anyhow::Result<Vec<Reading>> {
        let mut machine = Machine::open()?;
        tokio::time::sleep(Machine::CPU_INTERVAL).await;
        let (sample, problem) = self.sample(machine.pulse()).await;
        problem.map(|()| vec![Reading::Host(sample)])
    }

    async fn run(&mut self, outlet: &dyn Outlet, stop: CancellationToken) -> anyhow::Result<()> {
        let Some(mut machine) = open(outlet, &stop).await else { return Ok(()) };
        if !pause(Machine::CPU_INTERVAL, &stop).await {
            return Ok(());
        }
        let (mut beats, mut samples) = (every(self.config.heartbeat), every(self.config.sample));
        loop {
            let is_sample = tokio::select! {
                biased;
                () = stop.cancelled() => return Ok(()),
                _ = samples.tick() => true,
                _ = beats.tick() => false,
            };
            let (sample, problem) = self.sample(machine.pulse()).await;
            outlet.looked(&problem).await;
            if is_sample {
                outlet.append(Reading::Host(sample)).await;
            } else {
                let heartbeat = Heartbeat { stamp: self.clock.stamp(), host: sample, lanes: (self.lane_depths)() };
                outlet.live(Live::Heartbeat(heartbeat));
            }
        }
    }
}

impl Host {
    fn new(config: &Config, clock: &Arc<dyn Clock>, lane_depths: &LaneDepths) -> Self {
        Self {
            config: config.clone(),
            clock: Arc::clone(clock),
            lane_depths: Arc::clone(lane_depths),
            disks: Disks { ask: machine::disks, pending: None, known: Vec::new() },
        }
    }

    /// A sample, complete but for the disks if these do not answer.
    async fn sample(&mut self, pulse: Pulse) -> (HostSample, anyhow::Result<()>) {
        let (disks, problem) = self.disks.look(DISKS_WAIT).await;
        let sample = HostSample {
            cpu_permille: select::permille(pulse.cpu_percent),
            load_milli: select::load_milli(pulse.load),
            memory_total_bytes: pulse.memory_total_bytes,
            memory_available_bytes: pulse.memory_available_bytes,
            temperature_milli_c: select::temperature_milli_c(&pulse.sensors, self.config.temperature_sensor.as_deref()),
            uptime_s: self.clock.stamp().uptime_ms / 1000,
            disks,
            links: select::links(pulse.links),
            agent: own::agent_use(),
        };
        (sample, problem)
    }
}

/// Opens the machine, as often as it takes; none means stop.
async fn open(outlet: &dyn Outlet, stop: &CancellationToken) -> Option<Machine> {
    loop {
        match Machine::open() {
            Ok(machine) => return Some(machine),
            Err(error) => outlet.looked(&Err(error)).await,
        }
        if !pause(Duration::from_secs(30), stop).await {
            return None;
        }
    }
}

/// Ticks at once and then at each period. Ticks that a busy or sleeping machine missed are left out.
fn every(period: Duration) -> Interval {
    let mut interval = tokio::time::interval(period.max(Duration::from_secs(1)));
    interval.set_missed_tick_behavior(MissedTickBehavior::Delay);
    interval
}

/// Asks the disks on a thread of their own, and never twice at a time.
struct Disks {
    ask: fn() -> anyhow::Result<Vec<Mount>>,
    pending: Option<JoinHandle<anyhow::Result<Vec<Mount>>>>,
    known: Vec<Disk>,
}

impl Disks {
    /// The disks as they last answered, and why they did not answer this time.
    async fn look(&mut self, wait: Duration) -> (Vec<Disk>, anyhow::Result<()>) {
        let ask = self.ask;
        let pending = self.pending.get_or_insert_with(|| tokio::task::spawn_blocking(ask));
        let problem = match tokio::time::timeout(wait, pending).await {
            Err(_elapsed) => Err(anyhow::anyhow!(
                "a mounted file system does not answer, so the sizes of disks are old: look for a dead network mount"
            )),
            Ok(answer) => {
                self.pending = None;
                answer.context("ask the disks").and_then(|mounts| {
                    self.known = select::disks(&mounts?);
                    Ok(())
                })
            }
        };
        (self.known.clone(), problem)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

    use vigie_shared::wire::{Lane, LaneDepth};

    use super::*;
    use crate::testing::{Kept, context};

    #[tokio::test]
    async fn one_look_shows_the_real_machine() {
        let readings = new(&Config::default(), &context()).once().await.unwrap();

        let [Reading::Host(sample)] = readings.as_slice() else { panic!("{readings:?}") };
        assert!(sample.memory_available_bytes <= sample.memory_total_bytes, "{sample:?}");
        assert!(sample.memory_total_bytes > 1 << 20, "{sample:?}");
        assert!(sample.disks.iter().all(|disk| disk.available_bytes <= disk.total_bytes), "{sample:?}");
        assert!(sample.agent.pss_bytes > 0, "{sample:?}");
        assert!(sample.links.iter().all(|link| link.name != "lo"), "{sample:?}");
    }

    #[tokio::test]
    async fn the_first_sample_and_the_first_heartbeat_come_at_once() {
        let depth = LaneDepth {
            lane: Lane::Telemetry,
            queue: vigie_shared::id::QueueId::random(),
            waiting: 7,
            bytes: 0,
            dropped: 0,
            oldest_s: 0,
        };
        let context = Context { lane_depths: Arc::new(move || vec![depth]), ..context() };
        let (kept, stop) = (Kept::default(), CancellationToken::new());
        let mut collector = new(&Config::default(), &context);

        tokio::join!(
            async {
                kept.until(|kept| !kept.readings().is_empty() && !kept.lives().is_empty()).await;
                stop.cancel();
            },
            async { collector.run(&kept, stop.clone()).await.unwrap() }
        );

        assert!(matches!(kept.readings().as_slice(), [Reading::Host(_)]));
        let lives = kept.lives();
        let [Live::Heartbeat(heartbeat)] = lives.as_slice() else { panic!("{lives:?}") };
        assert_eq!(heartbeat.lanes, [depth]);
        assert!(heartbeat.stamp.uptime_ms > 0);
    }

    #[tokio::test]
    async fn a_mount_that_hangs_costs_one_thread_and_no_pulse() {
        static ASKED: AtomicU32 = AtomicU32::new(0);
        static IS_DEAD: AtomicBool = AtomicBool::new(false);
        #[expect(clippy::unnecessary_wraps, reason = "the real question can fail")]
        fn ask() -> anyhow::Result<Vec<Mount>> {
            ASKED.fetch_add(1, Ordering::SeqCst);
            while IS_DEAD.load(Ordering::SeqCst) {
                std::thread::yield_now();
            }
            let (file_system, path) = ("ext4".to_owned(), "/".to_owned());
            Ok(vec![Mount { device: Some(1), file_system, path, total_bytes: 10, available_bytes: 5 }])
        }
        let mut disks = Disks { ask, pending: None, known: Vec::new() };
        let patience = Duration::from_secs(60);
        assert_eq!(disks.look(patience).await.0.len(), 1);

        IS_DEAD.store(true, Ordering::SeqCst);
        for _ in 0..5 {
            let (known, problem) = disks.look(Duration::from_millis(1)).await;
            assert_eq!(known.len(), 1, "the last answer is lost");
            assert!(problem.unwrap_err().to_string().contains("does not answer"));
        }
        assert_eq!(ASKED.load(Ordering::SeqCst), 2, "a second thread waits for the same mount");

        IS_DEAD.store(false, Ordering::SeqCst);
        assert!(disks.look(patience).await.1.is_ok());
    }
}
