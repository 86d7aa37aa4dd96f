//! Pure: days that lack a punch, and what is needed to add it.

use super::finding::is_missing;
use super::{DayRow, Writer, zoned};
use crate::attendance::Person;
use crate::attendance::book::{PersonDay, Who};
use crate::attendance::day::Finding;
use crate::store::attendance::Direction;

/// A day that lacks a punch.
pub(super) struct MissingRow {
    pub(super) name: String,
    pub(super) what: &'static str,
    pub(super) came: String,
    pub(super) left: String,
    /// The terminal on which the other one was made.
    pub(super) terminal: String,
    /// The number under which it knows the person; none if nobody can say.
    pub(super) number: Option<String>,
    /// `in` or `out`.
    pub(super) direction: &'static str,
    pub(super) zone: String,
    /// What the form calls the moment.
    pub(super) at_field: String,
    /// What sets its form apart.
    pub(super) form: String,
}

impl Writer {
    /// The punch that a day lacks, if it lacks one.
    pub(super) fn missing(&self, one: &PersonDay, people: &[Person]) -> Option<MissingRow> {
        let finding = one.day.findings.iter().copied().find(|finding| is_missing(*finding))?;
        let terminal = one.day.strip.first().map(|step| step.terminal.clone()).unwrap_or_default();
        let number = number(&one.who, &terminal, people).map(|number| number.to_string());
        let DayRow { name, came, left, .. } = self.day(one);
        Some(MissingRow {
            name,
            what: self.finding(finding),
            came,
            left,
            form: format!("add-{terminal}-{}", number.as_deref().unwrap_or_default()),
            terminal,
            number,
            direction: match finding {
                Finding::MissingPunch { direction: Direction::In } => "in",
                _ => "out",
            },
            zone: one.zone.clone(),
            at_field: zoned("at", "at", &one.zone),
        })
    }
}

/// The number under which a terminal knows somebody.
fn number(who: &Who, terminal: &str, people: &[Person]) -> Option<u64> {
    match who {
        Who::Number(_, number) => Some(*number),
        Who::Person(id) => {
            let person = people.iter().find(|person| person.id == *id)?;
            person.numbers.iter().find(|(known, _)| known == terminal).map(|(_, number)| *number)
        }
    }
}
