//! Pure: a state as a shape, a word and a colour, in that order of importance.

use super::words::Words;
use crate::alerts::news::Severity;
use crate::fleet::completeness::Line;
use crate::http::reach::{Health, Reach};

/// One state of one axis.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Mark {
    /// Shape and colour: `fine`, `attention`, `critical` or `unknown`.
    pub(super) state: &'static str,
    /// The word.
    pub(super) word: &'static str,
}

/// The link's state.
#[must_use]
pub(super) fn of_reach(reach: Reach, words: &Words) -> Mark {
    match reach {
        Reach::Reachable => Mark { state: "fine", word: words.reachable },
        Reach::Late => Mark { state: "attention", word: words.late },
        Reach::Silent => Mark { state: "critical", word: words.silent },
        Reach::NeverHeard => Mark { state: "unknown", word: words.never_heard },
        Reach::Cloned => Mark { state: "critical", word: words.cloned },
        Reach::Revoked => Mark { state: "unknown", word: words.revoked },
    }
}

/// The box's state.
#[must_use]
pub(super) fn of_health(health: Health, words: &Words) -> Mark {
    match health {
        Health::Fine => Mark { state: "fine", word: words.fine },
        Health::Attention => Mark { state: "attention", word: words.attention },
        Health::Critical => Mark { state: "critical", word: words.critical },
        Health::Unknown => Mark { state: "unknown", word: words.unknown },
    }
}

/// The facts' state.
#[must_use]
pub(super) fn of_lines(lines: &[Line], words: &Words) -> Mark {
    let missing: u64 = lines.iter().map(|line| line.missing).sum();
    match (lines.is_empty(), missing) {
        (true, _) => Mark { state: "unknown", word: words.nothing_due },
        (false, 0) => Mark { state: "fine", word: words.complete },
        (false, _) => Mark { state: "attention", word: words.incomplete },
    }
}

/// How grave something is.
#[must_use]
pub(super) fn of_severity(severity: Severity, words: &Words) -> Mark {
    match severity {
        Severity::Warning => Mark { state: "attention", word: words.attention },
        Severity::Critical => Mark { state: "critical", word: words.critical },
    }
}

/// Where a row stands: the smaller, the more somebody should look.
#[must_use]
pub(super) fn urgency(reach: Reach, health: Health) -> u8 {
    match (reach, health) {
        (Reach::Cloned | Reach::Silent, _) | (_, Health::Critical) => 0,
        (Reach::Late, _) | (_, Health::Attention) => 1,
        (Reach::NeverHeard, _) => 2,
        (Reach::Reachable, _) => 3,
        (Reach::Revoked, _) => 4,
    }
}
