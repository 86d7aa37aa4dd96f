//! Starting a journal: open the lanes, give each its thread.

use std::path::PathBuf;
use std::sync::Arc;

use tokio::sync::{mpsc, watch};
use vigie_shared::clock::Clock;
use vigie_shared::lifecycle::Lifecycle;
use vigie_shared::wire::Lane;
use vigie_shared::wire::reading::BoxAlarm;

use super::lane::{self, LaneThread};
use super::shared::{Shared, thread_name};
use super::{Journal, LaneHandle, QueueConfig, live};
use crate::queue::QueueError;
use crate::queue::durable::{self, DurableOptions};
use crate::queue::keeper::{Keeper, Moment};
use crate::queue::volume::{DiskVolume, Volume};

/// Requests that may wait for one lane's thread. Each holds at most one record.
const REQUESTS_MAX: usize = 64;

/// Alarms of all lanes that may wait for the observations lane.
const ALARMS_MAX: usize = 32;

/// What a journal is built from.
pub struct JournalOptions {
    /// The folder of the lanes' folders.
    pub folder: PathBuf,
    /// The owner's settings.
    pub config: QueueConfig,
    /// Stamps the readings.
    pub clock: Arc<dyn Clock>,
    /// What to do with a lane that is damaged.
    pub on_damage: OnDamage,
}

/// What to do with a lane that is damaged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnDamage {
    /// Set it aside and start a new one.
    SetAside,
    /// Leave it alone and fail.
    Fail,
}

impl Journal {
    /// Opens the lanes, in this thread, and starts their threads.
    ///
    /// # Errors
    ///
    /// [`QueueError::Busy`] if another agent has the folder; [`QueueError::Storage`] if it cannot be made or no
    /// thread can be started; [`QueueError::Corrupt`] only with [`OnDamage::Fail`]. A disk that is full or fails
    /// for the moment is no error.
    pub fn start(options: JournalOptions, lifecycle: &Lifecycle) -> Result<Self, QueueError> {
        let (changed, changes) = watch::channel(0);
        let (alarms, alarms_in) = mpsc::channel(ALARMS_MAX);
        let shared = Shared {
            clock: Arc::clone(&options.clock),
            flush_interval: options.config.flush_interval,
            changed: Arc::new(changed),
            alarms,
            stopping: lifecycle.stopping(),
        };
        let mut alarms_in = Some(alarms_in);
        let mut lanes = Vec::new();
        for keeper in open_lanes(&options, shared.now())? {
            // All lanes' alarms are observations.
            let alarms_in = if keeper.lane() == Lane::Observations { alarms_in.take() } else { None };
            lanes.push(start_lane(keeper, shared.clone(), alarms_in, lifecycle).map_err(QueueError::Storage)?);
        }
        let (live, stopping) = (live::LiveSender::default(), lifecycle.stopping());
        Ok(Self { lanes: lanes.into(), changes, live, clock: options.clock, stopping })
    }
}

/// Opens every lane before any is served, so that a folder in use is noticed before anything starts.
fn open_lanes(options: &JournalOptions, now: Moment) -> Result<Vec<Keeper>, QueueError> {
    let quota = options.config.quota();
    let volume: Arc<dyn Volume> = Arc::new(DiskVolume::new(&options.folder).map_err(QueueError::Storage)?);
    let open = |lane: Lane| {
        let folder = options.folder.join(lane.as_str());
        let place = DurableOptions { folder, set_aside_bytes_max: quota.bytes_max / 2 };
        let opener = match options.on_damage {
            OnDamage::SetAside => durable::opener(place),
            OnDamage::Fail => durable::inspector(place),
        };
        Keeper::open(lane, quota, opener, Arc::clone(&volume), now)
    };
    Lane::ALL.into_iter().map(open).collect()
}

fn start_lane(
    keeper: Keeper,
    shared: Shared,
    alarms_in: Option<mpsc::Receiver<BoxAlarm>>,
    lifecycle: &Lifecycle,
) -> std::io::Result<LaneHandle> {
    let lane = keeper.lane();
    let name = thread_name(lane);
    let (requests, requests_in) = mpsc::channel(REQUESTS_MAX);
    let (view, views) = watch::channel(None);
    let thread = LaneThread::new(keeper, shared, requests_in, alarms_in, view);
    let progress = lifecycle.progress(name, lane::SILENCE_MAX);
    lifecycle.spawn_thread(name, move || thread.run(&progress))?;
    Ok(LaneHandle { lane, requests, view: views })
}
