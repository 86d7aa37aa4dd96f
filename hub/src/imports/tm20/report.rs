//! What was taken from a dump and what was not, in plain words.

use std::collections::BTreeMap;
use std::fmt;

/// Kinds of things that a report names: a hostile file must not fill it.
const KINDS_MAX: usize = 200;

/// Something that was not taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Left {
    /// What.
    pub what: String,
    /// How many.
    pub count: u64,
    /// Why.
    pub why: String,
}

/// What was taken and what was not.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Report {
    /// What was taken, and how many.
    pub taken: Vec<(String, u64)>,
    /// What was not.
    pub left: Vec<Left>,
    /// What a person should know or do.
    pub notes: Vec<String>,
    places: BTreeMap<(String, String), usize>,
}

impl Report {
    pub(super) fn take(&mut self, what: &str, count: usize) {
        self.taken.push((what.to_owned(), count as u64));
    }

    /// One more of something that is not taken.
    pub(super) fn leave(&mut self, what: &str, why: &str) {
        let key = (what.to_owned(), why.to_owned());
        if let Some(left) = self.places.get(&key).and_then(|place| self.left.get_mut(*place)) {
            left.count += 1;
        } else if self.left.len() < KINDS_MAX {
            self.places.insert(key, self.left.len());
            self.left.push(Left { what: what.to_owned(), count: 1, why: why.to_owned() });
        }
    }

    pub(super) fn note(&mut self, note: String) {
        if self.notes.len() < KINDS_MAX {
            self.notes.push(note);
        }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "Taken:")?;
        for (what, count) in &self.taken {
            writeln!(f, "  {count:>8}  {what}")?;
        }
        if !self.left.is_empty() {
            writeln!(f, "Not taken:")?;
            for Left { what, count, why } in &self.left {
                writeln!(f, "  {count:>8}  {what}: {why}")?;
            }
        }
        for note in &self.notes {
            writeln!(f, "{note}")?;
        }
        Ok(())
    }
}
