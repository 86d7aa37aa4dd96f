//! Runs collectors: one task each, and one voice when a source fails.
//!
//! An *episode* begins with a look that fails and ends with one that works. It costs one log line at either end
//! and, if it lasts, one alarm, however many looks it swallows. A collector that panics or gives up takes the
//! process down: that is the lifecycle's rule, not this file's.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use vigie_shared::lifecycle::Lifecycle;
use vigie_shared::wire::reading::{AlarmKind, BoxAlarm};
use vigie_shared::wire::{Live, Reading};

use crate::collectors::{Collector, Outlet};

/// Looks that fail in a row before somebody is told: one may be chance, three are not.
const FAILURES_TO_ALARM: u64 = 3;

/// Longest account of an error in an alarm, in characters.
const ERROR_CHARS_MAX: usize = 300;

/// What a collector did since it started.
#[derive(Default)]
pub struct Tally {
    /// Looks at the source.
    looks: AtomicU64,
    /// Looks that failed.
    failures: AtomicU64,
    /// Readings handed over.
    readings: AtomicU64,
    episode: Mutex<Episode>,
}

impl Tally {
    /// Looks at the source since the start.
    #[must_use]
    pub fn looks(&self) -> u64 {
        self.looks.load(Ordering::Relaxed)
    }

    /// Looks that failed since the start.
    #[must_use]
    pub fn failures(&self) -> u64 {
        self.failures.load(Ordering::Relaxed)
    }

    /// Readings handed over since the start.
    #[must_use]
    pub fn readings(&self) -> u64 {
        self.readings.load(Ordering::Relaxed)
    }

    /// Whether the last look failed.
    #[must_use]
    pub fn is_failing(&self) -> bool {
        self.episode.lock().unwrap_or_else(PoisonError::into_inner).failures > 0
    }

    fn count(&self, is_failure: bool) -> Turn {
        self.looks.fetch_add(1, Ordering::Relaxed);
        self.failures.fetch_add(u64::from(is_failure), Ordering::Relaxed);
        self.episode.lock().unwrap_or_else(PoisonError::into_inner).on_look(is_failure)
    }
}

/// Starts the collector as a task of its own and returns its counters.
pub fn drive(mut collector: Box<dyn Collector>, outlet: Arc<dyn Outlet>, lifecycle: &Lifecycle) -> Arc<Tally> {
    let (name, stop) = (collector.name(), lifecycle.stopping());
    let tally = Arc::new(Tally::default());
    let watched = Watched { name, outlet, tally: Arc::clone(&tally) };
    lifecycle.spawn(name, async move { collector.run(&watched, stop).await });
    tally
}

/// Pure: how many looks in a row have failed.
#[derive(Debug, Default)]
struct Episode {
    failures: u64,
}

/// What a look changed.
#[derive(Debug, PartialEq, Eq)]
enum Turn {
    Began,
    Lasts,
    Ended { failures: u64 },
    Nothing,
}

impl Episode {
    fn on_look(&mut self, is_failure: bool) -> Turn {
        if !is_failure {
            return match std::mem::take(&mut self.failures) {
                0 => Turn::Nothing,
                failures => Turn::Ended { failures },
            };
        }
        self.failures += 1;
        match self.failures {
            1 => Turn::Began,
            FAILURES_TO_ALARM => Turn::Lasts,
            _ => Turn::Nothing,
        }
    }
}

/// The outlet of one collector: passes everything on, counts it, and turns failures into episodes.
struct Watched {
    name: &'static str,
    outlet: Arc<dyn Outlet>,
    tally: Arc<Tally>,
}

#[async_trait]
impl Outlet for Watched {
    async fn append(&self, reading: Reading) {
        self.tally.readings.fetch_add(1, Ordering::Relaxed);
        self.outlet.append(reading).await;
    }

    async fn keep(&self, reading: Reading) -> bool {
        self.tally.readings.fetch_add(1, Ordering::Relaxed);
        self.outlet.keep(reading).await
    }

    async fn settle(&self) -> bool {
        self.outlet.settle().await
    }

    fn live(&self, live: Live) {
        self.outlet.live(live);
    }

    async fn looked(&self, result: &anyhow::Result<()>) {
        let turn = self.tally.count(result.is_err());
        match (turn, result) {
            (Turn::Began, Err(error)) => tracing::warn!(collector = self.name, "cannot see: {error:#}"),
            (Turn::Lasts, Err(error)) => self.outlet.append(alarm(self.name, error)).await,
            (Turn::Ended { failures }, _) => tracing::info!(collector = self.name, failures, "sees again"),
            (Turn::Began | Turn::Lasts | Turn::Nothing, _) => {}
        }
    }
}

fn alarm(name: &str, error: &anyhow::Error) -> Reading {
    let cause: String = format!("{error:#}").chars().take(ERROR_CHARS_MAX).collect();
    let text = format!(
        "The collector `{name}` has failed {FAILURES_TO_ALARM} times in a row: {cause}. \
         Everything it saw before is safe, the other collectors go on, and it keeps trying. \
         On the box, `vigie-agent collect {name} --once` shows whether the cause is gone."
    );
    Reading::Alarm(BoxAlarm { kind: AlarmKind::CollectorFailing, text })
}

#[cfg(test)]
mod tests {
    use std::process::ExitCode;

    use proptest::prelude::*;
    use tokio_util::sync::CancellationToken;

    use super::*;

    /// Plays looks, then one reading, then waits for the stop.
    struct Script(Vec<bool>);

    #[async_trait]
    impl Collector for Script {
        fn name(&self) -> &'static str {
            "script"
        }

        async fn once(&mut self) -> anyhow::Result<Vec<Reading>> {
            Ok(Vec::new())
        }

        async fn run(&mut self, outlet: &dyn Outlet, stop: CancellationToken) -> anyhow::Result<()> {
            for works in &self.0 {
                let result = if *works { Ok(()) } else { Err(anyhow::anyhow!("no such file")) };
                outlet.looked(&result).await;
            }
            outlet.append(Reading::Host(Default::default())).await;
            stop.cancelled().await;
            Ok(())
        }
    }

    #[derive(Default)]
    struct Kept {
        readings: Mutex<Vec<Reading>>,
        is_done: CancellationToken,
    }

    #[async_trait]
    impl Outlet for Kept {
        async fn append(&self, reading: Reading) {
            if matches!(reading, Reading::Host(_)) {
                self.is_done.cancel();
            }
            self.readings.lock().unwrap().push(reading);
        }

        fn live(&self, _live: Live) {}
    }

    /// The alarms that a series of looks causes, and the counters after it.
    async fn alarms_of(looks: &[bool]) -> (usize, Arc<Tally>) {
        let (lifecycle, kept) = (Lifecycle::new(), Arc::new(Kept::default()));
        let outlet: Arc<dyn Outlet> = kept.clone();

        let tally = drive(Box::new(Script(looks.to_vec())), outlet, &lifecycle);
        kept.is_done.cancelled().await;
        lifecycle.stop();

        assert_eq!(lifecycle.wait().await, ExitCode::SUCCESS);
        let alarms = kept.readings.lock().unwrap().iter().filter(|r| matches!(r, Reading::Alarm(_))).count();
        (alarms, tally)
    }

    #[tokio::test(start_paused = true)]
    async fn a_source_that_fails_once_or_twice_is_not_worth_an_alarm() {
        let (alarms, tally) = alarms_of(&[false, false, true, false, true]).await;
        assert_eq!(alarms, 0);
        assert_eq!((tally.looks(), tally.failures(), tally.readings()), (5, 3, 1));
        assert!(!tally.is_failing());
    }

    #[tokio::test(start_paused = true)]
    async fn a_source_that_stays_broken_causes_one_alarm_per_episode() {
        let broken = [false; 10];
        let (alarms, tally) = alarms_of(&[&broken[..], &[true], &broken[..]].concat()).await;
        assert_eq!(alarms, 2);
        assert!(tally.is_failing());
    }

    #[tokio::test(start_paused = true)]
    async fn a_collector_that_panics_ends_the_process() {
        struct Panicking;

        #[async_trait]
        impl Collector for Panicking {
            fn name(&self) -> &'static str {
                "panicking"
            }

            async fn once(&mut self) -> anyhow::Result<Vec<Reading>> {
                Ok(Vec::new())
            }

            async fn run(&mut self, _outlet: &dyn Outlet, _stop: CancellationToken) -> anyhow::Result<()> {
                panic!("planned")
            }
        }
        let lifecycle = Lifecycle::new();

        drive(Box::new(Panicking), Arc::new(Kept::default()), &lifecycle);

        assert_eq!(lifecycle.wait().await, ExitCode::FAILURE);
    }

    proptest! {
        #[test]
        fn every_episode_ends_once_with_the_number_of_its_failures(looks: Vec<bool>) {
            let mut episode = Episode::default();
            let turns: Vec<Turn> = looks.iter().map(|works| episode.on_look(!works)).collect();
            let ended: u64 = turns.iter().map(|t| if let Turn::Ended { failures } = t { *failures } else { 0 }).sum();
            let failed = looks.iter().filter(|works| !**works).count() as u64;
            prop_assert_eq!(ended + episode.failures, failed);
            let count = |turn: Turn| turns.iter().filter(|t| **t == turn).count();
            prop_assert!(count(Turn::Lasts) <= count(Turn::Began));
        }
    }
}
