//! Revisions: what is kept of a day, and when the world is told of it.
//!
//! A day is computed as often as anybody likes. The world is told once of each value: a revision is made when the value
//! is another one than that which was told last, also when it vanishes, and never otherwise.

use serde::{Deserialize, Serialize};

use super::day::Day;
use super::value::Value;
pub use crate::attendance::book::Mark;

/// What is kept of a day beside the day itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kept {
    /// Counts what the world was told of the day; 0 if there was nothing to tell.
    pub revision: u32,
    /// What the day is worth by its policy.
    pub value: Value,
    /// What the world is told: a person's decision if there is one, else the value.
    pub told: Value,
    /// How sure it is.
    pub mark: Mark,
}

/// What to do with a day that was computed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Everything is as it is kept.
    Nothing,
    /// Keep it; the world has nothing to learn.
    Keep(Kept),
    /// Keep it, and tell the world under its revision.
    Tell(Kept),
}

/// Compares a day with what is kept of it. `decided` is what a person decided instead; the value stays beside it.
#[must_use]
pub fn revise(former: Option<(Kept, &Day)>, day: &Day, decided: Option<Value>) -> Step {
    let told = decided.unwrap_or(day.value);
    let Some((kept, known)) = former else {
        let mark = if day.is_complete { Mark::Final } else { Mark::Provisional };
        let kept = Kept { revision: u32::from(told != Value::Zero), value: day.value, told, mark };
        return if told == Value::Zero { Step::Keep(kept) } else { Step::Tell(kept) };
    };
    let is_other = (kept.value, kept.told) != (day.value, told);
    let mark = match kept.mark {
        Mark::Provisional if day.is_complete => Mark::Final,
        Mark::Provisional => Mark::Provisional,
        Mark::Final if is_other => Mark::Amended,
        Mark::Final => Mark::Final,
        Mark::Amended => Mark::Amended,
    };
    let has_nothing_to_tell = kept.revision == 0 && told == Value::Zero;
    if is_other && !has_nothing_to_tell {
        return Step::Tell(Kept { revision: kept.revision.saturating_add(1), value: day.value, told, mark });
    }
    let kept_now = Kept { value: day.value, told, mark, ..kept };
    if (kept_now, day) == (kept, known) { Step::Nothing } else { Step::Keep(kept_now) }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use proptest::prelude::*;

    use super::*;
    use crate::presence::day::Answer;

    fn day(value: Value, minutes: i64, is_complete: bool) -> Day {
        Day {
            date: date(2026, 6, 1),
            policy: "slots10".to_owned(),
            version: 1,
            value,
            answer: Answer::Present,
            minutes,
            slots: Vec::new(),
            devices: Vec::new(),
            sites: Vec::new(),
            flags: Vec::new(),
            unseen: Vec::new(),
            is_complete,
        }
    }

    /// Keeps days one after the other and says what the world was told.
    fn told(days: &[(Day, Option<Value>)]) -> (Vec<Kept>, Option<(Kept, Day)>) {
        let mut kept: Option<(Kept, Day)> = None;
        let mut told = Vec::new();
        for (day, decided) in days {
            match revise(kept.as_ref().map(|(kept, day)| (*kept, day)), day, *decided) {
                Step::Nothing => {}
                Step::Keep(new) => kept = Some((new, day.clone())),
                Step::Tell(new) => {
                    told.push(new);
                    kept = Some((new, day.clone()));
                }
            }
        }
        (told, kept)
    }

    #[test]
    fn a_day_without_a_value_is_kept_and_not_told_until_it_has_one() {
        let days = [(day(Value::Zero, 0, true), None), (day(Value::Half, 40, true), None)];
        let (told, _) = told(&days);
        assert_eq!(told.len(), 1);
        assert_eq!((told[0].revision, told[0].told, told[0].mark), (1, Value::Half, Mark::Amended));
    }

    #[test]
    fn what_was_provisional_becomes_final_without_telling_anybody() {
        let (told, kept) = told(&[(day(Value::Half, 40, false), None), (day(Value::Half, 45, true), None)]);
        assert_eq!(told.len(), 1);
        let (kept, day) = kept.unwrap();
        assert_eq!((kept.revision, kept.mark, day.minutes), (1, Mark::Final, 45));
    }

    #[test]
    fn a_decision_is_told_and_taken_back() {
        let half = day(Value::Half, 40, true);
        let days = [(half.clone(), None), (half.clone(), Some(Value::Full)), (half, None)];
        let (told, _) = told(&days);
        let all: Vec<_> = told.iter().map(|kept| (kept.revision, kept.value, kept.told)).collect();
        assert_eq!(all, [(1, Value::Half, Value::Half), (2, Value::Half, Value::Full), (3, Value::Half, Value::Half)]);
    }

    fn value() -> impl Strategy<Value = Value> {
        proptest::sample::select(Value::ALL.to_vec())
    }

    proptest! {
        #[test]
        fn computing_the_same_again_changes_nothing_and_each_new_value_is_one_revision(
            days in proptest::collection::vec((value(), 0..3_i64, proptest::bool::ANY, proptest::option::of(value())), 1..20),
        ) {
            let days: Vec<(Day, Option<Value>)> =
                days.into_iter().map(|(value, minutes, complete, decided)| (day(value, minutes, complete), decided)).collect();
            let twice: Vec<(Day, Option<Value>)> = days.iter().flat_map(|one| [one.clone(), one.clone()]).collect();
            let (once, kept) = told(&days);
            prop_assert_eq!(&(once.clone(), kept), &told(&twice));
            let all = days.iter().map(|(day, decided)| (day.value, decided.unwrap_or(day.value)));
            let mut last = (Value::Zero, Value::Zero);
            let mut changes = Vec::new();
            for one in all {
                if one != last && !(changes.is_empty() && one.1 == Value::Zero) {
                    changes.push(one);
                }
                last = one;
            }
            let first = once.first().map_or(1, |kept| kept.revision);
            prop_assert!(once.iter().zip(first..).all(|(kept, revision)| kept.revision == revision));
            let words: Vec<_> = once.iter().map(|kept| (kept.value, kept.told)).collect();
            prop_assert_eq!(words, changes);
        }
    }
}
