//! Sends letters that are due: each is marked on disk before its first byte leaves, and its end is on disk before the next.

use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;
use vigie_shared::backoff::Backoff;

use super::carrier::{Carrier, Round, Unreachable};
use super::desk::Desk;
use super::letter::{Letter, LetterState, Way};
use super::queue::{self, Around, Posted};
use crate::store::diary::{Entry, Level};
use crate::store::{Store, StoreError};

/// Without anything to do, the outbox is looked at this often: somebody may have set the clock.
const LOOK: Duration = Duration::from_secs(30);

/// Letters of one round: one connection brings them.
const BATCH: usize = 50;

/// How long to wait until a failing store is tried again.
const STORE_WAIT: (Duration, Duration) = (Duration::from_millis(500), Duration::from_secs(30));

/// Sends what is due of one way.
pub struct Driver {
    desk: Desk,
    way: Way,
    carrier: Arc<dyn Carrier>,
    chance: u64,
}

impl Driver {
    /// Joins a desk and who brings its letters of one way; `chance` decides the jitter.
    #[must_use]
    pub fn new(desk: Desk, (way, carrier): (Way, Arc<dyn Carrier>), chance: u64) -> Self {
        Self { desk, way, carrier, chance }
    }

    /// Sends until the process stops; the letter that is on its way then comes to its end.
    ///
    /// # Errors
    ///
    /// None so far: a failing store is tried again.
    pub async fn run(self, stopping: CancellationToken) -> anyhow::Result<()> {
        let mut backoff = Backoff::new(STORE_WAIT.0, STORE_WAIT.1, self.chance);
        let mut was_recovered = false;
        while !stopping.is_cancelled() {
            let pause = match self.turn(&mut was_recovered, &stopping).await {
                Ok(pause) => {
                    backoff.reset();
                    pause
                }
                Err(error) => {
                    tracing::warn!("letters wait, trying again: {:#}", anyhow::Error::from(error));
                    backoff.next_wait()
                }
            };
            tokio::select! {
                () = stopping.cancelled() => {}
                () = self.desk.called(self.way) => {}
                () = tokio::time::sleep(pause) => {}
            }
        }
        Ok(())
    }

    async fn turn(&self, was_recovered: &mut bool, stopping: &CancellationToken) -> Result<Duration, StoreError> {
        if !*was_recovered {
            self.recover().await?;
            *was_recovered = true;
        }
        self.round(stopping).await
    }

    /// What was on its way when the last process ended is sent again, and nothing else.
    async fn recover(&self) -> Result<(), StoreError> {
        let mut letters = self.store().letters_midway(self.way).await?;
        for letter in &mut letters {
            tracing::warn!(letter = letter.no, "nobody knows whether this letter was sent; it is sent again");
            queue::found_midway(letter, self.now_ms());
        }
        self.store().save_letters(&letters).await
    }

    /// Sends what is due; how long nothing is.
    ///
    /// # Errors
    ///
    /// [`StoreError::Failed`].
    pub async fn round(&self, stopping: &CancellationToken) -> Result<Duration, StoreError> {
        loop {
            let mut due = self.store().due_letters(self.way, self.now_ms(), BATCH).await?;
            if due.is_empty() || stopping.is_cancelled() {
                break;
            }
            let mut settled: Vec<Letter> = due.extract_if(.., |letter| queue::expire(letter, self.now_ms())).collect();
            self.store().save_letters(&settled).await?;
            self.send(due, &mut settled, stopping).await?;
            self.tell_of_the_dead(&settled).await?;
        }
        let now_ms = self.now_ms();
        let next_ms = self.store().next_letter_ms(self.way, now_ms).await?.unwrap_or(i64::MAX);
        let wait_ms = u64::try_from(next_ms.saturating_sub(now_ms)).unwrap_or(0);
        Ok(Duration::from_millis(wait_ms).min(LOOK))
    }

    /// Sends letters one after the other, by as few connections as possible.
    async fn send(
        &self,
        due: Vec<Letter>,
        settled: &mut Vec<Letter>,
        stopping: &CancellationToken,
    ) -> Result<(), StoreError> {
        let mut open: Option<Box<dyn Round>> = None;
        let mut due = due.into_iter();
        while let Some(letter) = due.next() {
            if stopping.is_cancelled() {
                break;
            }
            let usable = open.take().filter(|round| !round.is_broken());
            let mut round = match usable {
                Some(round) => round,
                None => match self.carrier.set_out().await {
                    Ok(round) => round,
                    Err(unreachable) => {
                        let rest = std::iter::once(letter).chain(due).collect();
                        return self.postpone(rest, &unreachable).await;
                    }
                },
            };
            settled.push(self.send_one(letter, round.as_mut()).await?);
            open = Some(round);
        }
        if let Some(round) = open {
            round.end().await;
        }
        Ok(())
    }

    async fn send_one(&self, mut letter: Letter, round: &mut dyn Round) -> Result<Letter, StoreError> {
        queue::begin(&mut letter, self.now_ms());
        self.store().save_letters(std::slice::from_ref(&letter)).await?;
        let posted = round.post(&letter).await;
        tracing::debug!(letter = letter.no, ?posted, "a letter was tried");
        queue::settle(&mut letter, posted, &self.around());
        self.keep(&letter).await;
        Ok(letter)
    }

    /// Keeps how a letter ended, however long the store fails: it would be sent twice otherwise.
    async fn keep(&self, letter: &Letter) {
        let mut backoff = Backoff::new(STORE_WAIT.0, STORE_WAIT.1, self.chance);
        while let Err(error) = self.store().save_letters(std::slice::from_ref(letter)).await {
            tracing::error!(letter = letter.no, "how a letter ended cannot be kept: {:#}", anyhow::Error::from(error));
            tokio::time::sleep(backoff.next_wait()).await;
        }
    }

    /// Nobody is there: all of them are tried later.
    async fn postpone(&self, mut letters: Vec<Letter>, unreachable: &Unreachable) -> Result<(), StoreError> {
        tracing::warn!(way = self.way.word(), letters = letters.len(), "letters wait: {unreachable}");
        for letter in &mut letters {
            queue::settle(letter, Posted::NotYet(unreachable.to_string()), &self.around());
        }
        self.store().save_letters(&letters).await
    }

    async fn tell_of_the_dead(&self, settled: &[Letter]) -> Result<(), StoreError> {
        let dead: Vec<&Letter> = settled.iter().filter(|letter| letter.state == LetterState::Dead).collect();
        let Some(first) = dead.first() else { return Ok(()) };
        let text = format!(
            "{} could not be delivered and will not be tried again; the first is no. {} ({}). `vigie-hub mail list \
             --state dead` shows them, `vigie-hub mail retry` has them tried once more.",
            if dead.len() == 1 { "One letter".to_owned() } else { format!("{} letters", dead.len()) },
            first.no,
            first.last_error.as_deref().unwrap_or("no reason was given"),
        );
        let entry = Entry { at_ms: self.now_ms(), site: None, level: Level::Alarm, kind: "mail_dead".to_owned(), text };
        self.store().write(&entry).await
    }

    fn around(&self) -> Around {
        Around { now_ms: self.now_ms(), chance: self.chance, patience: self.desk.parts().mail.patience() }
    }

    fn now_ms(&self) -> i64 {
        self.desk.parts().clock.wall_ms()
    }

    fn store(&self) -> &dyn Store {
        self.desk.parts().store.as_ref()
    }
}

#[cfg(test)]
mod tests;
