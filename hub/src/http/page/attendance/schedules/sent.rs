//! Pure: how far a schedule is on each of its terminals, by the commands that brought it there.

use std::collections::BTreeMap;

use serde_json::Value;
use vigie_shared::wire::command::{Command, CommandKind};

use crate::attendance::profile::WeekBegins;
use crate::attendance::{Schedule, Shift};
use crate::http::terminals::schedule::in_its_words;
use crate::store::commands::{CommandState, StoredCommand};

/// How an agent begins what it says of a terminal that said nothing.
const NO_ANSWER: &str = "no answer";

/// How far a schedule is on a terminal, the first to look at first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Standing {
    /// A day is on its way.
    Pending,
    /// The terminal did not say what became of a day.
    NoAnswer,
    /// A day was not taken.
    Refused,
    /// It was taken as it was before it was changed.
    Changed,
    /// Every day was taken.
    Accepted,
    /// It was never sent there.
    NotSent,
}

/// What became of one day that was sent.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct SentDay {
    words: Value,
    state: CommandState,
    /// What the box said.
    pub(super) detail: String,
    /// When it came so far, milliseconds since 1970 UTC.
    pub(super) changed_ms: i64,
}

/// The days that were sent to terminals last, by serial number and the terminal's own number of the weekday.
pub(super) fn sent(commands: &[StoredCommand]) -> BTreeMap<String, BTreeMap<i64, SentDay>> {
    let mut sent: BTreeMap<String, BTreeMap<i64, SentDay>> = BTreeMap::new();
    // The newest come first.
    for stored in commands {
        let Ok(Command { kind: CommandKind::SetTerminalSchedule(order), .. }) = Command::open(&stored.body) else {
            continue;
        };
        let words: Value = serde_json::from_str(&order.schedule).unwrap_or_default();
        let Some(weekday) = words.get("weekday").and_then(Value::as_i64) else { continue };
        sent.entry(order.terminal).or_default().entry(weekday).or_insert_with(|| SentDay {
            words,
            state: stored.state,
            detail: stored.detail.clone(),
            changed_ms: stored.changed_ms,
        });
    }
    sent
}

/// How far a schedule is on a terminal to which these days were sent, and the day that says so.
pub(super) fn standing<'a>(
    schedule: &Schedule,
    begins: WeekBegins,
    sent: Option<&'a BTreeMap<i64, SentDay>>,
) -> (Standing, Option<&'a SentDay>) {
    let Some(sent) = sent else { return (Standing::NotSent, None) };
    let of_day = |(weekday, shift): (&i8, &Shift)| {
        let words = in_its_words(*weekday, shift, begins);
        let day = words.get("weekday").and_then(Value::as_i64).and_then(|number| sent.get(&number));
        match day {
            None => (Standing::Changed, None),
            Some(day) => (day.standing(&words), Some(day)),
        }
    };
    let all = schedule.days.iter().map(of_day);
    let newest_last = |(standing, day): &(Standing, Option<&SentDay>)| {
        (*standing, std::cmp::Reverse(day.map_or(0, |day| day.changed_ms)))
    };
    all.min_by_key(newest_last).unwrap_or((Standing::NotSent, None))
}

impl SentDay {
    fn standing(&self, wanted: &Value) -> Standing {
        match self.state {
            CommandState::Waiting | CommandState::Sent | CommandState::Running => Standing::Pending,
            CommandState::Silent | CommandState::Unknown => Standing::NoAnswer,
            CommandState::Failed if self.detail.starts_with(NO_ANSWER) => Standing::NoAnswer,
            CommandState::Failed | CommandState::Refused | CommandState::RolledBack | CommandState::Cancelled => {
                Standing::Refused
            }
            CommandState::Succeeded if self.words != *wanted => Standing::Changed,
            CommandState::Succeeded => Standing::Accepted,
        }
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::time;
    use vigie_shared::id::CommandId;
    use vigie_shared::wire::command::{CommandHeader, SetTerminalSchedule};

    use super::*;

    fn office(hour: i8) -> Schedule {
        let shift = Shift { starts: time(hour, 0, 0, 0), ends: time(17, 0, 0, 0), pause: None, tolerance_min: 5 };
        Schedule { days: [(1, shift), (2, shift)].into(), ..Schedule::empty("office") }
    }

    /// The commands that bring a schedule to a terminal, each so far.
    fn given(schedule: &Schedule, states: [(CommandState, &str); 2]) -> Vec<StoredCommand> {
        let of_day = |((weekday, shift), (state, detail)): ((&i8, &Shift), (CommandState, &str))| {
            let words = in_its_words(*weekday, shift, WeekBegins::default()).to_string();
            let order = SetTerminalSchedule { terminal: "ZX1".to_owned(), schedule: words };
            let header =
                CommandHeader { site: "metz".parse().unwrap(), id: CommandId([1; 16]), issued_ms: 5, expires_ms: 9 };
            let command = Command { header, is_dry_run: false, kind: CommandKind::SetTerminalSchedule(order) };
            StoredCommand { state, detail: detail.to_owned(), ..StoredCommand::waiting(&command, "lea", None) }
        };
        schedule.days.iter().zip(states).map(of_day).collect()
    }

    fn stands(schedule: &Schedule, commands: &[StoredCommand]) -> Standing {
        standing(schedule, WeekBegins::default(), sent(commands).get("ZX1")).0
    }

    #[test]
    fn the_worst_of_its_days_says_how_far_a_schedule_is() {
        let (done, no_answer) = ((CommandState::Succeeded, ""), (CommandState::Failed, "no answer: it may not know"));
        for (second, expected) in [
            (done, Standing::Accepted),
            ((CommandState::Sent, ""), Standing::Pending),
            ((CommandState::Silent, ""), Standing::NoAnswer),
            (no_answer, Standing::NoAnswer),
            ((CommandState::Failed, "not supported"), Standing::Refused),
            ((CommandState::Refused, "expired"), Standing::Refused),
        ] {
            assert_eq!(stands(&office(8), &given(&office(8), [done, second])), expected, "{second:?}");
        }
        assert_eq!(stands(&office(8), &[]), Standing::NotSent);
    }

    #[test]
    fn a_schedule_that_was_changed_since_is_told_until_it_is_sent_again() {
        let done = [(CommandState::Succeeded, ""); 2];
        let old = given(&office(8), done);
        assert_eq!(stands(&office(9), &old), Standing::Changed);
        let all: Vec<StoredCommand> = given(&office(9), done).into_iter().chain(old).collect();
        assert_eq!(stands(&office(9), &all), Standing::Accepted);
    }
}
