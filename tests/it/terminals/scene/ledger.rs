//! A ledger in memory that does as it is told: takes, refuses, waits, or takes and never says so.

use std::sync::Mutex;

use async_trait::async_trait;
use tokio::sync::watch;
use vigie_agent::journal::JournalError;
use vigie_agent::queue::quota::Shortage;
use vigie_agent::terminals::Ledger;
use vigie_shared::wire::delivery::Lane;
use vigie_shared::wire::reading::Reading;

/// What the ledger does with the next reading.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) enum Mood {
    /// Takes it.
    Willing,
    /// Refuses it, as a failing disk does.
    Failing,
    /// Refuses it because too many wait.
    Full,
    /// Waits until it is willing again.
    Waiting,
    /// Takes it and never says so, as a process that is killed then.
    Mute,
}

/// See the file.
pub(in super::super) struct MemoryLedger {
    readings: Mutex<Vec<Reading>>,
    asked: Mutex<usize>,
    mood: watch::Sender<Mood>,
}

impl Default for MemoryLedger {
    fn default() -> Self {
        Self { readings: Mutex::default(), asked: Mutex::default(), mood: watch::Sender::new(Mood::Willing) }
    }
}

impl MemoryLedger {
    /// Changes what happens to the rows and users that come.
    pub(in super::super) fn mood(&self, mood: Mood) {
        self.mood.send_replace(mood);
    }

    /// How many readings of the ledger's lane it was asked to take while it was not willing.
    pub(in super::super) fn asked(&self) -> usize {
        *self.asked.lock().unwrap()
    }

    /// The readings of one kind, in order.
    pub(in super::super) fn of<T>(&self, kind: impl Fn(&Reading) -> Option<T>) -> Vec<T> {
        self.readings.lock().unwrap().iter().filter_map(kind).collect()
    }

    fn take(&self, reading: Reading) {
        self.readings.lock().unwrap().push(reading);
    }
}

#[async_trait]
impl Ledger for MemoryLedger {
    async fn append(&self, reading: Reading) -> Result<(), JournalError> {
        let mood = if reading.lane() == Lane::Ledger { *self.mood.borrow() } else { Mood::Willing };
        if mood != Mood::Willing {
            *self.asked.lock().unwrap() += 1;
        }
        match mood {
            Mood::Willing => self.take(reading),
            Mood::Failing => return Err(JournalError::Storage("planned".to_owned())),
            Mood::Full => return Err(JournalError::Full(Shortage::Records)),
            Mood::Waiting => {
                let mut moods = self.mood.subscribe();
                drop(moods.wait_for(|mood| *mood == Mood::Willing).await);
                self.take(reading);
            }
            Mood::Mute => {
                self.take(reading);
                std::future::pending::<()>().await;
            }
        }
        Ok(())
    }
}
