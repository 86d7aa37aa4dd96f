//! The thread of one lane: the only owner of its queue.
//!
//! It takes what waits in its channel, writes it in one batch with one flush, and answers all who asked. What
//! needs no answer is gathered in memory first, bounded in time and size. When the process stops, everything is
//! written, and the thread goes on for a moment so that what others do last still finds its place.

use std::time::Duration;

use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::Instant;
use vigie_shared::lifecycle::Progress;
use vigie_shared::wire::reading::BoxAlarm;
use vigie_shared::wire::{Lane, Reading, Record, Stamp};

use super::alarms::LaneAlarms;
use super::held::{Held, Pace};
use super::shared::{Request, Shared, View};
use super::{JournalError, Slice};
use crate::queue::keeper::{Keeper, Notice};
use crate::queue::quota::Shortage;
use crate::queue::{Extent, Limit, QueueError};

/// Longest silence that counts as alive: a slow card may take this long over one flush.
pub(super) const SILENCE_MAX: Duration = Duration::from_secs(180);

/// How often a lane looks after itself.
const TEND_INTERVAL: Duration = Duration::from_secs(10);

/// How long records wait after the disk refused them; the keeper has a back-off of its own.
const RETRY_INTERVAL: Duration = Duration::from_secs(1);

/// After a stop: ends when nobody has asked for anything for this long, and after the other in any case.
const LINGER: Duration = Duration::from_millis(500);
const LINGER_MAX: Duration = Duration::from_secs(5);

/// What wakes the thread.
enum Event {
    Request(Request),
    Alarm(BoxAlarm),
    Time,
    Stopping,
    End,
}

/// One lane's thread.
pub(super) struct LaneThread {
    keeper: Keeper,
    shared: Shared,
    requests: mpsc::Receiver<Request>,
    alarms_in: Option<mpsc::Receiver<BoxAlarm>>,
    alarms: LaneAlarms,
    view: watch::Sender<Option<View>>,
    held: Held,
    tend_at: Instant,
    stop_by: Option<Instant>,
    pace: Pace,
}

impl LaneThread {
    pub(super) fn new(
        keeper: Keeper,
        shared: Shared,
        requests: mpsc::Receiver<Request>,
        alarms_in: Option<mpsc::Receiver<BoxAlarm>>,
        view: watch::Sender<Option<View>>,
    ) -> Self {
        let alarms = LaneAlarms::new(keeper.lane());
        let (held, tend_at, stop_by) = (Held::default(), Instant::now(), None);
        let pace = Pace::new(shared.flush_interval);
        let mut thread = Self { keeper, shared, requests, alarms_in, alarms, view, held, tend_at, stop_by, pace };
        thread.publish();
        thread
    }

    /// Serves until the process stops.
    ///
    /// # Errors
    ///
    /// If the storage engine broke down in a way that only a new process heals.
    pub(super) fn run(mut self, progress: &Progress) -> anyhow::Result<()> {
        // A runtime of its own, for timers and channels only: the queue may block it as long as a card takes.
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build()?;
        let result = runtime.block_on(self.serve(progress));
        self.write_quietly();
        self.keeper.close();
        result
    }

    async fn serve(&mut self, progress: &Progress) -> anyhow::Result<()> {
        loop {
            progress.tick();
            match self.next_event().await {
                Event::Request(request) => self.on_request(request),
                Event::Alarm(alarm) => self.hold(self.encode(alarm)),
                Event::Time => {}
                Event::Stopping => self.stop_by = Some(Instant::now() + LINGER_MAX),
                Event::End => return Ok(()),
            }
            // Not only when time wakes us: a channel that is never empty must not starve it.
            self.on_time()?;
            self.tell_alarms();
            self.publish();
        }
    }

    async fn next_event(&mut self) -> Event {
        let wake = self.held.due.map_or(self.tend_at, |due| due.min(self.tend_at));
        let end = self.stop_by.map(|stop_by| stop_by.min(Instant::now() + LINGER));
        tokio::select! {
            biased;
            request = self.requests.recv() => request.map_or(Event::End, Event::Request),
            Some(alarm) = next_alarm(&mut self.alarms_in) => Event::Alarm(alarm),
            () = self.shared.stopping.cancelled(), if end.is_none() => Event::Stopping,
            () = tokio::time::sleep_until(end.unwrap_or(wake)), if end.is_some() => Event::End,
            () = tokio::time::sleep_until(wake) => Event::Time,
        }
    }

    fn on_request(&mut self, request: Request) {
        let mut next = Some(request);
        while let Some(request) = next.take() {
            match request {
                Request::Append { record, answer: None } => self.hold(record),
                Request::Append { record, answer: Some(answer) } => {
                    self.held.bytes += record.len();
                    self.held.records.push(record);
                    self.held.answers.push(answer);
                    if !self.held.is_full() {
                        next = self.requests.try_recv().ok();
                    }
                }
                other => {
                    // Whoever appended first has waited longest.
                    self.answer_held();
                    self.on_question(other);
                }
            }
        }
        self.answer_held();
    }

    fn on_question(&mut self, request: Request) {
        let now = self.shared.now();
        // What is shown changes before the answer does: whoever was answered may look at once.
        match request {
            Request::Append { .. } => {}
            Request::Read { from, limit, answer } => {
                let read = self.keeper.read(from, limit, now);
                self.publish();
                reply(answer, self.slice(read));
            }
            Request::Peek { from, limit, answer } => {
                let read = self.keeper.peek(from, limit, now);
                reply(answer, self.slice(read));
            }
            Request::Trim { queue, through } => {
                if let Err(error) = self.keeper.trim(queue, through, now) {
                    tracing::debug!(lane = %self.keeper.lane(), "a receipt was not applied: {error}");
                }
            }
            Request::Renew { queue, answer } => {
                let renewed = self.keeper.renew(queue, now);
                self.publish();
                reply(answer, renewed.map_err(JournalError::from));
            }
            Request::Discard { through, answer } => {
                self.write_quietly();
                let discarded = self.keeper.discard(through, now);
                self.publish();
                reply(answer, discarded.map_err(JournalError::from));
            }
            Request::Flush { answer } => reply(answer, self.write_held()),
        }
    }

    /// What was read, with what the lane says about itself at that moment.
    fn slice(&self, read: Result<crate::queue::Slice, QueueError>) -> Result<Slice, JournalError> {
        let crate::queue::Slice { start, records } = read?;
        let Extent { queue, first, below, .. } = self.keeper.extent().ok_or(JournalError::Stopped)?;
        Ok(Slice { queue, first, below, start, records })
    }

    /// Takes a record that nobody waits for.
    fn hold(&mut self, record: Vec<u8>) {
        self.held.take(record, self.pace.wait());
        let lost = self.held.shorten();
        if lost > 0 {
            self.alarms.on_notice(Notice::Dropped { count: lost, shortage: Shortage::Disk });
        }
    }

    fn on_time(&mut self) -> anyhow::Result<()> {
        let now = Instant::now();
        if self.held.due.is_some_and(|due| due <= now) || self.stop_by.is_some() {
            self.write_quietly();
        }
        if self.tend_at <= now {
            self.tend_at = now + TEND_INTERVAL;
            self.keeper.tend(self.shared.now())?;
        }
        Ok(())
    }

    /// Writes everything at once if somebody waits for it.
    fn answer_held(&mut self) {
        if !self.held.answers.is_empty() {
            self.write_quietly();
        }
    }

    /// Writes what is held. A failure keeps it or was answered, and is logged where it happened.
    fn write_quietly(&mut self) {
        drop(self.write_held());
    }

    /// Writes what is held in one batch. On failure, what nobody waits for is kept for the next time.
    fn write_held(&mut self) -> Result<(), JournalError> {
        if self.held.records.is_empty() {
            return Ok(());
        }
        let result = self.keeper.append(&self.held.records, self.shared.now());
        let answers = std::mem::take(&mut self.held.answers);
        self.pace.has_written |= result.is_ok();
        match &result {
            Ok(()) => self.held = Held::default(),
            Err(_) if !answers.is_empty() => self.held = Held::default(),
            Err(error) => {
                tracing::debug!(lane = %self.keeper.lane(), "records wait in memory: {error}");
                self.held.is_failing = true;
                self.held.due = Some(Instant::now() + RETRY_INTERVAL);
            }
        }
        let said = |result: &Result<(), QueueError>| match result {
            Ok(()) => Ok(()),
            Err(QueueError::Full(shortage)) => Err(JournalError::Full(*shortage)),
            Err(error) => Err(JournalError::Storage(crate::queue::keeper::causes(error))),
        };
        self.publish();
        answers.into_iter().for_each(|answer| reply(answer, said(&result)));
        said(&result)
    }

    /// Passes on what the keeper has to tell, to the observations lane.
    fn tell_alarms(&mut self) {
        for notice in self.keeper.take_notices() {
            tracing::warn!(lane = %self.keeper.lane(), "the lane has something to tell: {notice:?}");
            self.alarms.on_notice(notice);
        }
        for alarm in self.alarms.poll(Instant::now().into_std()) {
            if self.keeper.lane() == Lane::Observations {
                self.hold(self.encode(alarm));
            } else if self.shared.alarms.try_send(alarm).is_err() {
                tracing::warn!(lane = %self.keeper.lane(), "an alarm found no place; it stands in the log only");
            }
        }
    }

    fn encode(&self, alarm: BoxAlarm) -> Vec<u8> {
        Record { stamp: self.shared.clock.stamp(), reading: Reading::Alarm(alarm) }.encode()
    }

    /// Shows the others what the lane holds, if that has changed.
    fn publish(&mut self) {
        let Some(extent) = self.keeper.extent() else { return };
        let shown = *self.view.borrow();
        if shown.is_some_and(|view| view.extent == extent) {
            return;
        }
        let is_same_head =
            shown.is_some_and(|view| (view.extent.queue, view.extent.first) == (extent.queue, extent.first));
        let oldest = match shown.and_then(|view| view.oldest) {
            Some(oldest) if is_same_head => Some(oldest),
            _ => self.oldest(extent),
        };
        let view = View { extent, size_bytes: self.keeper.size_bytes(), oldest };
        self.view.send_replace(Some(view));
        self.shared.changed.send_modify(|changes| *changes += 1);
    }

    fn oldest(&mut self, extent: Extent) -> Option<Stamp> {
        let one = Limit { records_max: 1, bytes_max: 0 };
        let waits = extent.waiting() > 0;
        let slice = waits.then(|| self.keeper.peek(extent.first, one, self.shared.now()).ok()).flatten()?;
        Record::decode(slice.records.first()?).ok().map(|record| record.stamp)
    }
}

/// The next alarm of any lane, where this lane is the one that takes them.
async fn next_alarm(alarms_in: &mut Option<mpsc::Receiver<BoxAlarm>>) -> Option<BoxAlarm> {
    alarms_in.as_mut()?.recv().await
}

/// Answers; whoever asked may be gone.
fn reply<T>(to: oneshot::Sender<T>, answer: T) {
    drop(to.send(answer));
}
