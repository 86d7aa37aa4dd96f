//! Start, watch and stop: every task of a process has one owner and an end.
//!
//! A process stops *softly* on the first signal (finish what you have) and *hard* on the second one, or when
//! the grace period is over. A task that fails or panics ends the whole process on purpose, with a failure
//! code, and the service manager starts it again: a half-alive daemon is the worst state.

use std::future::Future;
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// How long tasks may take to end after a soft stop.
const GRACE: Duration = Duration::from_secs(20);

/// The owner of all tasks. Clones share the same tasks.
#[derive(Clone)]
pub struct Lifecycle {
    soft: CancellationToken,
    hard: CancellationToken,
    tracker: TaskTracker,
    has_failed: Arc<AtomicBool>,
    progress: Arc<Mutex<Vec<Arc<Tick>>>>,
    started: Instant,
}

/// Something that must happen again and again for the process to count as alive.
struct Tick {
    name: &'static str,
    silence_max: Duration,
    last_ms: AtomicU64,
}

/// Reports progress of one task to the watchdog.
#[derive(Clone)]
pub struct Progress {
    tick: Arc<Tick>,
    started: Instant,
}

impl Progress {
    /// Says: I am alive and getting on.
    pub fn tick(&self) {
        self.tick.last_ms.store(millis(self.started.elapsed()), Ordering::Relaxed);
    }
}

impl Default for Lifecycle {
    fn default() -> Self {
        Self::new()
    }
}

impl Lifecycle {
    /// Creates an owner without tasks; a test stops it by [`Lifecycle::stop`].
    #[must_use]
    pub fn new() -> Self {
        let hard = CancellationToken::new();
        Self {
            soft: hard.child_token(),
            hard,
            tracker: TaskTracker::new(),
            has_failed: Arc::default(),
            progress: Arc::default(),
            started: Instant::now(),
        }
    }

    /// Creates an owner that stops on SIGTERM and SIGINT.
    ///
    /// # Errors
    ///
    /// If the signal handlers cannot be installed.
    pub fn from_signals() -> std::io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        let lifecycle = Self::new();
        let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
        let (soft, hard) = (lifecycle.soft.clone(), lifecycle.hard.clone());
        start_task(async move {
            loop {
                tokio::select! {
                    _ = terminate.recv() => {}
                    _ = interrupt.recv() => {}
                }
                if soft.is_cancelled() {
                    tracing::warn!("second signal: stopping at once");
                    hard.cancel();
                    return;
                }
                tracing::info!("stopping; a second signal stops at once");
                soft.cancel();
            }
        });
        Ok(lifecycle)
    }

    /// Starts a task. If it fails or panics, the process stops with a failure code.
    pub fn spawn<F>(&self, name: &'static str, task: F)
    where
        F: Future<Output = anyhow::Result<()>> + Send + 'static,
    {
        let guard = FailureGuard { owner: self.clone(), name, is_armed: true };
        let hard = self.hard.clone();
        let future = async move {
            tokio::select! {
                result = task => guard.finish(result),
                () = hard.cancelled() => guard.disarm(),
            }
        };
        start_task(self.tracker.track_future(future));
    }

    /// Starts a thread for work that blocks. It must end by itself when the process stops, as when its channel
    /// closes. If it fails or panics, the process stops with a failure code.
    ///
    /// # Errors
    ///
    /// If the system gives no more threads.
    pub fn spawn_thread<F>(&self, name: &'static str, work: F) -> std::io::Result<()>
    where
        F: FnOnce() -> anyhow::Result<()> + Send + 'static,
    {
        let guard = FailureGuard { owner: self.clone(), name, is_armed: true };
        let tracked = self.tracker.token();
        std::thread::Builder::new().name(name.to_owned()).spawn(move || {
            let _tracked = tracked;
            guard.finish(work());
        })?;
        Ok(())
    }

    /// Starts a task that may end in any way without touching the others, such as one connection.
    pub fn spawn_detached<F>(&self, task: F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let hard = self.hard.clone();
        start_task(self.tracker.track_future(async move {
            tokio::select! {
                () = task => {}
                () = hard.cancelled() => {}
            }
        }));
    }

    /// The token that tasks watch: cancelled means "finish what you have".
    #[must_use]
    pub fn stopping(&self) -> CancellationToken {
        self.soft.clone()
    }

    /// Asks everything to stop, as a first signal does.
    pub fn stop(&self) {
        self.soft.cancel();
    }

    /// Registers something that must report progress at least every `silence_max`, else the watchdog is left
    /// to bite.
    #[must_use]
    pub fn progress(&self, name: &'static str, silence_max: Duration) -> Progress {
        let tick = Arc::new(Tick { name, silence_max, last_ms: AtomicU64::new(millis(self.started.elapsed())) });
        self.progress.lock().unwrap_or_else(PoisonError::into_inner).push(Arc::clone(&tick));
        Progress { tick, started: self.started }
    }

    /// Tells the service manager that everything is up.
    pub fn ready(&self) {
        notify(&[sd_notify::NotifyState::Ready]);
    }

    /// Waits for the stop and for all tasks, feeding the service manager's watchdog meanwhile.
    ///
    /// Returns failure if any task failed or had to be cut off.
    pub async fn wait(self) -> ExitCode {
        self.feed_watchdog_until_stopping().await;
        notify(&[sd_notify::NotifyState::Stopping]);
        self.tracker.close();
        let is_graceful = tokio::select! {
            () = self.tracker.wait() => true,
            () = self.hard.cancelled() => false,
            () = tokio::time::sleep(GRACE) => {
                tracing::error!(grace_s = GRACE.as_secs(), "some tasks did not end in time; cutting them off");
                self.hard.cancel();
                false
            }
        };
        if is_graceful && !self.has_failed.load(Ordering::SeqCst) { ExitCode::SUCCESS } else { ExitCode::FAILURE }
    }

    async fn feed_watchdog_until_stopping(&self) {
        let Some(period) = sd_notify::watchdog_enabled() else {
            return self.soft.cancelled().await;
        };
        let mut ticks = tokio::time::interval(period / 3);
        loop {
            tokio::select! {
                () = self.soft.cancelled() => return,
                _ = ticks.tick() => {}
            }
            match self.silent_part() {
                None => notify(&[sd_notify::NotifyState::Watchdog]),
                Some(name) => tracing::error!(part = name, "no progress; the watchdog will restart this process"),
            }
        }
    }

    /// The first part that has been silent for longer than it promised.
    fn silent_part(&self) -> Option<&'static str> {
        let now_ms = millis(self.started.elapsed());
        let parts = self.progress.lock().unwrap_or_else(PoisonError::into_inner);
        let is_silent =
            |tick: &&Arc<Tick>| now_ms.saturating_sub(tick.last_ms.load(Ordering::Relaxed)) > millis(tick.silence_max);
        parts.iter().find(is_silent).map(|tick| tick.name)
    }
}

/// Stops the process if its task ends otherwise than well, a panic included.
struct FailureGuard {
    owner: Lifecycle,
    name: &'static str,
    is_armed: bool,
}

impl FailureGuard {
    fn finish(self, result: anyhow::Result<()>) {
        match result {
            Ok(()) => self.disarm(),
            Err(error) => tracing::error!(task = self.name, "stopping because a task failed: {error:#}"),
        }
    }

    fn disarm(mut self) {
        self.is_armed = false;
    }
}

impl Drop for FailureGuard {
    fn drop(&mut self) {
        if self.is_armed {
            self.owner.has_failed.store(true, Ordering::SeqCst);
            self.owner.soft.cancel();
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "this is the one place that starts tasks")]
fn start_task<F: Future<Output = ()> + Send + 'static>(future: F) {
    // The tracker waits for the task; nobody needs its handle.
    drop(tokio::spawn(future));
}

fn notify(states: &[sd_notify::NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(states) {
        tracing::debug!("the service manager was not told: {error}");
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_failing_task_stops_the_others_and_the_exit_code_says_so() {
        let lifecycle = Lifecycle::new();
        let stopping = lifecycle.stopping();
        lifecycle.spawn("patient", async move {
            stopping.cancelled().await;
            Ok(())
        });
        lifecycle.spawn("failing", async { anyhow::bail!("planned") });
        assert_eq!(lifecycle.wait().await, ExitCode::FAILURE);
    }

    #[tokio::test(start_paused = true)]
    async fn a_panicking_task_stops_the_process() {
        let lifecycle = Lifecycle::new();
        lifecycle.spawn("panicking", async { panic!("planned") });
        assert_eq!(lifecycle.wait().await, ExitCode::FAILURE);
    }

    #[tokio::test(start_paused = true)]
    async fn a_panicking_thread_stops_the_process() {
        let lifecycle = Lifecycle::new();
        lifecycle.spawn_thread("panicking", || panic!("planned")).unwrap();
        assert_eq!(lifecycle.wait().await, ExitCode::FAILURE);
    }

    #[tokio::test(start_paused = true)]
    async fn a_task_that_ignores_the_stop_is_cut_off_after_the_grace_period() {
        let lifecycle = Lifecycle::new();
        lifecycle.spawn("deaf", std::future::pending());
        lifecycle.stop();
        assert_eq!(lifecycle.wait().await, ExitCode::FAILURE);
    }

    #[tokio::test(start_paused = true)]
    async fn a_clean_stop_succeeds() {
        let lifecycle = Lifecycle::new();
        lifecycle.spawn("short", async { Ok(()) });
        lifecycle.stop();
        assert_eq!(lifecycle.wait().await, ExitCode::SUCCESS);
    }

    #[tokio::test(start_paused = true)]
    async fn a_part_without_progress_is_named() {
        let lifecycle = Lifecycle::new();
        let journal = lifecycle.progress("journal", Duration::from_secs(30));
        tokio::time::advance(Duration::from_secs(29)).await;
        assert_eq!(lifecycle.silent_part(), None);
        tokio::time::advance(Duration::from_secs(2)).await;
        assert_eq!(lifecycle.silent_part(), Some("journal"));
        journal.tick();
        assert_eq!(lifecycle.silent_part(), None);
    }
}
