//! Drives [`crate::anchor`]: looks at the clocks every ten seconds, takes the hub's word from the uplink, and
//! remembers the last time that the hub told.
//!
//! The memory is one line in a file of the agent's folder, replaced atomically and at most once an hour, to
//! spare the card. Losing it is harmless: the time the program was built takes its place.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio_util::sync::CancellationToken;
use vigie_shared::clock::Clock;
use vigie_shared::file::replace_private;
use vigie_shared::lifecycle::Lifecycle;
use vigie_shared::wire::Reading;

use crate::anchor::{Anchor, TrustedTime};
use crate::collectors::{Outlet, pause};

/// Time between two looks at the clocks.
const LOOK: Duration = Duration::from_secs(10);

/// Least progress of the hub's time that is worth a write.
const WRITE_MS_MIN: i64 = 3_600_000;

/// Most readings that wait for the next look.
const PENDING_MAX: usize = 16;

/// When this program was built, milliseconds since 1970 UTC.
#[must_use]
pub fn built_ms() -> i64 {
    env!("VIGIE_BUILT_S").parse::<i64>().map_or(0, |seconds| seconds.saturating_mul(1000))
}

/// The time to judge by in a program that cannot ask the running agent, milliseconds since 1970 UTC: the system's,
/// unless that lies before this program was built.
#[must_use]
pub fn believable_ms(wall_ms: i64) -> i64 {
    wall_ms.max(built_ms())
}

/// The agent's sense of time: shared by the uplink, which hears the hub, and by whoever judges certificates.
pub struct Timekeeper {
    clock: Arc<dyn Clock>,
    path: PathBuf,
    state: Mutex<State>,
}

struct State {
    anchor: Anchor,
    trusted: TrustedTime,
    pending: Vec<Reading>,
    hub_ms: Option<i64>,
    written_ms: Option<i64>,
}

impl Timekeeper {
    /// Starts from the memory in `folder`; a missing or damaged one counts as none.
    #[must_use]
    pub fn open(folder: &Path, clock: Arc<dyn Clock>) -> Self {
        let path = folder.join("hub-time");
        let written_ms = fs::read_to_string(&path).ok().and_then(|text| text.trim().parse().ok());
        let state = State {
            anchor: Anchor::default(),
            trusted: TrustedTime::new(built_ms(), written_ms),
            pending: Vec::new(),
            hub_ms: None,
            written_ms,
        };
        Self { clock, path, state: Mutex::new(state) }
    }

    /// Takes the hub's word for the time, in milliseconds since 1970 UTC, that came within `round_trip` of the
    /// question. Cheap: what follows from it is recorded at the next look.
    pub fn on_hub_time(&self, hub_ms: i64, round_trip: Duration) {
        let now = self.clock.stamp();
        let mut state = self.state();
        state.trusted.on_hub_time(hub_ms, now);
        state.hub_ms = state.hub_ms.max(Some(hub_ms));
        let anchor = state.anchor.on_hub_time(hub_ms, round_trip, now);
        state.keep(anchor);
    }

    /// The time to judge certificates at, milliseconds since 1970 UTC.
    #[must_use]
    pub fn trusted_now_ms(&self) -> i64 {
        self.state().trusted.now_ms(self.clock.stamp())
    }

    /// Starts looking at the clocks, as a task of its own.
    pub fn spawn(self: &Arc<Self>, outlet: Arc<dyn Outlet>, lifecycle: &Lifecycle) {
        let (keeper, stop) = (Arc::clone(self), lifecycle.stopping());
        lifecycle.spawn("timekeeper", async move {
            keeper.run(outlet.as_ref(), stop).await;
            Ok(())
        });
    }

    /// Looks at the clocks again and again until told to stop.
    async fn run(&self, outlet: &dyn Outlet, stop: CancellationToken) {
        let mut is_failing = false;
        loop {
            for reading in self.look() {
                outlet.append(reading).await;
            }
            is_failing = self.report(&self.remember().await, is_failing);
            if !pause(LOOK, &stop).await {
                return;
            }
        }
    }

    /// Logs once when writing begins to fail and once when it works again; returns whether it fails.
    fn report(&self, written: &io::Result<()>, was_failing: bool) -> bool {
        match written {
            Err(error) if !was_failing => {
                tracing::warn!("cannot remember the hub's time in `{}`: {error}", self.path.display());
            }
            Ok(()) if was_failing => tracing::info!("remembers the hub's time again"),
            Ok(()) | Err(_) => {}
        }
        written.is_err()
    }

    fn look(&self) -> Vec<Reading> {
        let now = self.clock.stamp();
        let mut state = self.state();
        let seen = state.anchor.on_stamp(now);
        state.keep(seen);
        std::mem::take(&mut state.pending)
    }

    /// Writes the hub's time if it moved on by [`WRITE_MS_MIN`].
    async fn remember(&self) -> io::Result<()> {
        let (hub_ms, written_ms) = {
            let state = self.state();
            (state.hub_ms, state.written_ms)
        };
        let Some(hub_ms) = hub_ms else { return Ok(()) };
        if written_ms.is_some_and(|written_ms| hub_ms.saturating_sub(written_ms) < WRITE_MS_MIN) {
            return Ok(());
        }
        let path = self.path.clone();
        tokio::task::spawn_blocking(move || replace_private(&path, format!("{hub_ms}\n").as_bytes())).await??;
        self.state().written_ms = Some(hub_ms);
        Ok(())
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn keep(&mut self, readings: impl IntoIterator<Item = Reading>) {
        let room = PENDING_MAX.saturating_sub(self.pending.len());
        self.pending.extend(readings.into_iter().take(room));
    }
}

#[cfg(test)]
mod tests {
    use vigie_shared::clock::ManualClock;
    use vigie_shared::id::BootId;
    use vigie_shared::wire::Stamp;
    use vigie_shared::wire::reading::{ClockAnchor, TimeSource};

    use super::*;
    use crate::testing::Kept;

    const HUB_MS: i64 = 4_000_000_000_000;

    fn clock() -> Arc<ManualClock> {
        let boot = BootId([1; 16]);
        Arc::new(ManualClock::new(Stamp { boot, uptime_ms: 20_000, wall_ms: 20_000, is_synced: false }))
    }

    fn anchors(kept: &Kept) -> Vec<ClockAnchor> {
        let readings = kept.readings().into_iter();
        readings.filter_map(|r| if let Reading::ClockAnchor(a) = r { Some(a) } else { None }).collect()
    }

    #[tokio::test(start_paused = true)]
    async fn the_hubs_word_is_recorded_and_survives_a_restart() {
        let (folder, clock) = (tempfile::tempdir().unwrap(), clock());
        let keeper = Timekeeper::open(folder.path(), clock.clone());
        assert_eq!(keeper.trusted_now_ms(), built_ms());
        let (kept, stop) = (Kept::default(), CancellationToken::new());

        tokio::join!(keeper.run(&kept, stop.clone()), async {
            keeper.on_hub_time(HUB_MS, Duration::from_millis(40));
            kept.until(|kept| !kept.readings().is_empty()).await;
            stop.cancel();
        });

        let [told] = anchors(&kept).try_into().unwrap();
        assert_eq!((told.wall_ms, told.source), (HUB_MS + 20, TimeSource::Hub));
        clock.advance(Duration::from_secs(5));
        assert_eq!(keeper.trusted_now_ms(), HUB_MS + 5_000);
        assert_eq!(Timekeeper::open(folder.path(), clock).trusted_now_ms(), HUB_MS);
    }

    #[tokio::test(start_paused = true)]
    async fn a_synchronisation_is_noticed_at_the_next_look() {
        let (folder, clock) = (tempfile::tempdir().unwrap(), clock());
        let keeper = Timekeeper::open(folder.path(), clock.clone());
        let (kept, stop) = (Kept::default(), CancellationToken::new());

        tokio::join!(keeper.run(&kept, stop.clone()), async {
            tokio::task::yield_now().await;
            clock.change(|stamp| {
                stamp.wall_ms = HUB_MS;
                stamp.is_synced = true;
            });
            kept.until(|kept| !kept.readings().is_empty()).await;
            stop.cancel();
        });

        let [synced] = anchors(&kept).try_into().unwrap();
        assert_eq!((synced.step_ms, synced.source), (HUB_MS - 20_000, TimeSource::System));
    }

    #[tokio::test]
    async fn the_card_is_written_once_an_hour_at_most() {
        let folder = tempfile::tempdir().unwrap();
        let keeper = Timekeeper::open(folder.path(), clock());
        let remembered = async |hub_ms| {
            keeper.on_hub_time(hub_ms, Duration::ZERO);
            keeper.remember().await.unwrap();
            fs::read_to_string(folder.path().join("hub-time")).unwrap()
        };
        assert_eq!(remembered(HUB_MS).await, format!("{HUB_MS}\n"));
        assert_eq!(remembered(HUB_MS + WRITE_MS_MIN - 1).await, format!("{HUB_MS}\n"));
        assert_eq!(remembered(HUB_MS + WRITE_MS_MIN).await, format!("{}\n", HUB_MS + WRITE_MS_MIN));
    }

    #[test]
    fn a_damaged_memory_counts_as_none() {
        let folder = tempfile::tempdir().unwrap();
        for damage in ["", "yesterday", "99999999999999999999999"] {
            fs::write(folder.path().join("hub-time"), damage).unwrap();
            assert_eq!(Timekeeper::open(folder.path(), clock()).trusted_now_ms(), built_ms());
        }
    }
}
