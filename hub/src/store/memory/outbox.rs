//! The outbox in memory.

use std::collections::BTreeMap;

use async_trait::async_trait;

use super::Memory;
use crate::mail::letter::{Letter, LetterState, NewLetter, Way};
use crate::store::StoreError;
use crate::store::outbox::{LetterCount, LetterFilter, Outbox};

/// Letters by their number, and secrets by their name.
#[derive(Debug, Clone, Default)]
pub(super) struct LetterTable {
    letters: BTreeMap<i64, Letter>,
    last: i64,
    secrets: BTreeMap<String, String>,
}

impl LetterTable {
    fn waiting(&self, way: Way) -> impl Iterator<Item = &Letter> {
        self.letters.values().filter(move |letter| letter.name.way == way && letter.state == LetterState::Waiting)
    }

    /// Whether an older one waits for the same reader about the same.
    fn is_behind(&self, letter: &Letter) -> bool {
        self.waiting(letter.name.way).any(|first| {
            first.no < letter.no && first.name.about == letter.name.about && first.name.reader == letter.name.reader
        })
    }
}

#[async_trait]
impl Outbox for Memory {
    async fn put_letters(&self, letters: &[NewLetter]) -> Result<usize, StoreError> {
        self.write(|state| {
            let table = &mut state.outbox;
            let mut added = 0;
            for new in letters {
                if table.letters.values().any(|letter| letter.name == new.name) {
                    continue;
                }
                table.last += 1;
                table.letters.insert(table.last, new.clone().into_letter(table.last));
                added += 1;
            }
            Ok(added)
        })
    }

    async fn save_letters(&self, letters: &[Letter]) -> Result<(), StoreError> {
        self.write(|state| {
            for letter in letters {
                if let Some(known) = state.outbox.letters.get_mut(&letter.no) {
                    *known = letter.clone();
                }
            }
            Ok(())
        })
    }

    async fn due_letters(&self, way: Way, now_ms: i64, limit: usize) -> Result<Vec<Letter>, StoreError> {
        Ok(self.read(|state| {
            let is_due = |letter: &&Letter| letter.sending_ms.is_none() && letter.next_try_ms <= now_ms;
            let due = state.outbox.waiting(way).filter(is_due);
            due.filter(|letter| !state.outbox.is_behind(letter)).take(limit).cloned().collect()
        }))
    }

    async fn next_letter_ms(&self, way: Way, now_ms: i64) -> Result<Option<i64>, StoreError> {
        Ok(self.read(|state| {
            state.outbox.waiting(way).map(|letter| letter.next_try_ms).filter(|next_ms| *next_ms > now_ms).min()
        }))
    }

    async fn letters_midway(&self, way: Way) -> Result<Vec<Letter>, StoreError> {
        let is_midway = |letter: &&Letter| letter.sending_ms.is_some();
        Ok(self.read(|state| state.outbox.waiting(way).filter(is_midway).cloned().collect()))
    }

    async fn letter(&self, no: i64) -> Result<Option<Letter>, StoreError> {
        Ok(self.read(|state| state.outbox.letters.get(&no).cloned()))
    }

    async fn letters(
        &self,
        filter: &LetterFilter,
        before: Option<i64>,
        limit: usize,
    ) -> Result<Vec<Letter>, StoreError> {
        let is_asked = |letter: &&Letter| {
            before.is_none_or(|before| letter.no < before)
                && filter.way.is_none_or(|way| letter.name.way == way)
                && filter.state.is_none_or(|state| letter.state == state)
                && filter.about.as_ref().is_none_or(|about| letter.name.about == *about)
                && filter.reader.as_ref().is_none_or(|reader| letter.name.reader == *reader)
        };
        Ok(self.read(|state| state.outbox.letters.values().rev().filter(is_asked).take(limit).cloned().collect()))
    }

    async fn retry_letter(&self, no: i64, (now_ms, expires_ms): (i64, i64)) -> Result<bool, StoreError> {
        self.write(|state| {
            let can_move = |letter: &&mut Letter| letter.state != LetterState::Sent && letter.sending_ms.is_none();
            let Some(letter) = state.outbox.letters.get_mut(&no).filter(can_move) else { return Ok(false) };
            (letter.state, letter.attempts) = (LetterState::Waiting, 0);
            (letter.next_try_ms, letter.expires_ms, letter.changed_ms) = (now_ms, expires_ms, now_ms);
            Ok(true)
        })
    }

    async fn letter_counts(&self) -> Result<Vec<LetterCount>, StoreError> {
        let mut counts: BTreeMap<(Way, LetterState), u64> = BTreeMap::new();
        self.read(|state| {
            for letter in state.outbox.letters.values() {
                *counts.entry((letter.name.way, letter.state)).or_default() += 1;
            }
        });
        Ok(counts.into_iter().map(|((way, state), count)| LetterCount { way, state, count }).collect())
    }

    async fn forget_letters(&self, before_ms: i64, limit: usize) -> Result<usize, StoreError> {
        self.write(|state| {
            let is_old = |letter: &&Letter| letter.state != LetterState::Waiting && letter.changed_ms < before_ms;
            let letters = &mut state.outbox.letters;
            let old: Vec<i64> = letters.values().filter(is_old).take(limit).map(|letter| letter.no).collect();
            old.iter().for_each(|no| drop(letters.remove(no)));
            Ok(old.len())
        })
    }

    async fn letter_secret(&self, name: &str) -> Result<Option<String>, StoreError> {
        Ok(self.read(|state| state.outbox.secrets.get(name).cloned()))
    }

    async fn put_letter_secret(&self, name: &str, value: Option<&str>) -> Result<(), StoreError> {
        self.write(|state| {
            match value {
                Some(value) => drop(state.outbox.secrets.insert(name.to_owned(), value.to_owned())),
                None => drop(state.outbox.secrets.remove(name)),
            }
            Ok(())
        })
    }
}
