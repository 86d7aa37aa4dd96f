//! Port: time clocks as their boxes tell of them, and who is enrolled on them.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use vigie_shared::id::SiteId;
use vigie_shared::wire::reading::{TerminalState, TerminalUser, UserStretch};

use crate::store::StoreError;

/// Days that the history of a memory goes back: enough to see how fast it fills.
pub const ROOM_DAYS_MAX: usize = 90;

/// Memories of one terminal that are remembered: more than any has.
pub const ROOMS_MAX: usize = 16;

/// A time clock.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Terminal {
    /// Where it stands.
    pub site: SiteId,
    /// When the hub received the newest word of it, milliseconds since 1970 UTC.
    pub told_ms: i64,
    /// The position of that word in its queue.
    pub seq: u64,
    /// When it was last heard, milliseconds since 1970 UTC; none if it never was.
    pub heard_ms: Option<i64>,
    /// What its box said last.
    pub state: TerminalState,
    /// How full its memories were, one row per memory and day, by memory and day.
    pub history: Vec<RoomDay>,
}

/// How full a memory was at the end of a day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoomDay {
    /// Which memory, as in `TerminalRoom::what`.
    pub what: String,
    /// Days since 1970 UTC.
    pub day: i64,
    /// When the hub received it, milliseconds since 1970 UTC.
    pub told_ms: i64,
    /// How many it held.
    pub used: u64,
}

impl Terminal {
    /// Adds another word of the same terminal: the later one stays, the history is united.
    pub fn merge(&mut self, other: Self) {
        let history = united(std::mem::take(&mut self.history), other.history);
        if (other.told_ms, other.seq) >= (self.told_ms, self.seq) {
            (self.told_ms, self.seq, self.heard_ms, self.state) =
                (other.told_ms, other.seq, other.heard_ms.max(self.heard_ms), other.state);
        } else {
            self.heard_ms = self.heard_ms.max(other.heard_ms);
        }
        self.history = history;
    }
}

/// Of each memory and day the latest row, of each memory the newest days.
fn united(one: Vec<RoomDay>, other: Vec<RoomDay>) -> Vec<RoomDay> {
    let mut all = [one, other].concat();
    // Newest first, so that what comes later of a day is what is passed over.
    all.sort_by(|a, b| (&a.what, b.day, b.told_ms, b.used).cmp(&(&b.what, a.day, a.told_ms, a.used)));
    all.dedup_by(|later, kept| (&later.what, later.day) == (&kept.what, kept.day));
    let mut place = 0;
    let mut last = String::new();
    all.retain(|row| {
        place = if row.what == last { place + 1 } else { 0 };
        last.clone_from(&row.what);
        place < ROOM_DAYS_MAX
    });
    all
}

/// Who is enrolled, as a box told it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// Where the terminal stands.
    pub site: SiteId,
    /// Its serial number.
    pub terminal: String,
    /// When the hub received it, milliseconds since 1970 UTC.
    pub told_ms: i64,
    /// What it replaces: everybody in the stretch; only the rows themselves if there is none.
    pub stretch: Option<UserStretch>,
    /// The rows. Of a credential, only that it is there.
    pub rows: Vec<TerminalUser>,
}

/// One credential of somebody who is enrolled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Enrolled {
    /// Where the terminal stands.
    pub site: SiteId,
    /// Its serial number.
    pub terminal: String,
    /// The number under which the terminal knows the person.
    pub enrol_id: u64,
    /// Which credential, as in `TerminalUser::slot`.
    pub slot: i32,
    /// The name that the terminal shows.
    pub name: Option<String>,
    /// 0 user, 1 administrator, 2 may enrol users.
    pub admin: Option<i32>,
    /// When the hub received it, milliseconds since 1970 UTC.
    pub told_ms: i64,
}

/// The terminals' part of the store.
#[async_trait]
pub trait Terminals {
    /// Terminals of one site or of all, by site and serial number, at most `limit`.
    ///
    /// # Errors
    ///
    /// [`StoreError::Failed`].
    async fn terminals(&self, site: Option<&SiteId>, limit: usize) -> Result<Vec<Terminal>, StoreError>;

    /// Credentials on one terminal, after that number and slot in their order, at most `limit`.
    ///
    /// # Errors
    ///
    /// [`StoreError::Failed`].
    async fn enrolled(
        &self,
        terminal: &str,
        after: Option<(u64, i32)>,
        limit: usize,
    ) -> Result<Vec<Enrolled>, StoreError>;
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::store::contract::attendance::terminal;

    fn any_word() -> impl Strategy<Value = Terminal> {
        (0..9i64, 0..4u64, 0..200i64, 0..50u64).prop_map(|(told_ms, seq, day, used)| {
            let row = RoomDay { what: "log".to_owned(), day, told_ms, used };
            Terminal { told_ms, seq, history: vec![row], ..terminal("metz", "ZX1", used) }
        })
    }

    fn merged<'a>(words: impl Iterator<Item = &'a Terminal>) -> Option<Terminal> {
        words.cloned().reduce(|mut one, other| {
            one.merge(other);
            one
        })
    }

    proptest! {
        #[test]
        fn what_is_kept_and_what_follows_amount_to_the_whole(words in prop::collection::vec(any_word(), 1..120), at in 0..120usize) {
            let at = at.min(words.len());
            let (kept, rest) = (merged(words[..at].iter()), merged(words[at..].iter()));
            let parts: Vec<Terminal> = kept.into_iter().chain(rest).collect();
            prop_assert_eq!(merged(parts.iter()), merged(words.iter()));
        }

        #[test]
        fn a_history_has_one_row_per_day_and_an_end(words in prop::collection::vec(any_word(), 1..300)) {
            let history = merged(words.iter()).unwrap().history;
            let days: std::collections::BTreeSet<i64> = history.iter().map(|row| row.day).collect();
            prop_assert_eq!(days.len(), history.len());
            prop_assert!(history.len() <= ROOM_DAYS_MAX);
            prop_assert_eq!(history.iter().map(|row| row.day).max(), words.iter().map(|word| word.history[0].day).max());
        }
    }
}
