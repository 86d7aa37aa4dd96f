//! What was used of a file and what was not. A problem never repeats the line: that may name a device or a person.

use std::fmt;

/// Most lines that are listed one by one; all are counted.
pub const PROBLEMS_MAX: usize = 100;

/// A line that was not used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Problem {
    /// Its number, from 1.
    pub line: u64,
    /// What is wrong with it.
    pub reason: &'static str,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.reason)
    }
}

/// What was used of a file and what was not.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Report {
    /// Lines of the file.
    pub lines: u64,
    /// Sights among them.
    pub sights: u64,
    /// Lines that were not used.
    pub refused: u64,
    /// The first of them, at most [`PROBLEMS_MAX`].
    pub problems: Vec<Problem>,
    /// Different devices that were kept.
    pub devices: u64,
    /// Different devices that nobody registered, so that they were not kept.
    pub strangers: u64,
    /// Hosts without an address of their own, as the one that wrote the file.
    pub nameless: u64,
}

impl Report {
    /// Notes that the line that is read cannot be used.
    pub(super) fn refuse(&mut self, reason: &'static str) {
        self.refused += 1;
        if self.problems.len() < PROBLEMS_MAX {
            self.problems.push(Problem { line: self.lines, reason });
        }
    }
}
