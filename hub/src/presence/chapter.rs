//! Pure: the course of a day's worth, chapter by chapter: from when on it was what, and who said so.

use serde::{Deserialize, Serialize};

use super::revise::Mark;
use super::value::Value;

/// Chapters that are kept of a day: nobody decides so often of one.
pub const CHAPTERS_MAX: usize = 40;

/// What a day was worth from a moment on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Chapter {
    /// From when on, milliseconds since 1970 UTC.
    pub at_ms: i64,
    /// What the world was told of it last.
    pub revision: u32,
    /// What it was worth by its policy.
    pub value: Value,
    /// What counted: a person's decision if there was one, else the value.
    pub told: Value,
    /// How sure it was.
    pub mark: Mark,
    /// Minutes of all sessions together.
    pub minutes: i64,
    /// Who decided of it, and why; none if nobody did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decided: Option<Decided>,
}

/// A person's decision.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decided {
    /// Who decided.
    pub account: String,
    /// Why.
    pub comment: String,
}

/// Adds a chapter, unless it says what the last one says. Of too many the oldest go.
#[must_use]
pub fn added(mut chapters: Vec<Chapter>, chapter: Chapter) -> Vec<Chapter> {
    let says = |one: &Chapter| (one.value, one.told, one.mark, one.decided.clone());
    if chapters.last().is_none_or(|last| says(last) != says(&chapter)) {
        chapters.push(chapter);
    }
    let too_many = chapters.len().saturating_sub(CHAPTERS_MAX);
    chapters.drain(..too_many);
    chapters
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn chapter(at_ms: i64, told: Value) -> Chapter {
        Chapter { at_ms, revision: 1, value: Value::Half, told, mark: Mark::Final, minutes: 40, decided: None }
    }

    #[test]
    fn a_decision_is_a_chapter_of_its_own_and_the_same_again_is_none() {
        let decided = Some(Decided { account: "lea".to_owned(), comment: "left the phone at home".to_owned() });
        let first = added(Vec::new(), chapter(1, Value::Half));
        let second = added(first.clone(), Chapter { decided: decided.clone(), ..chapter(2, Value::Half) });
        let third = added(second.clone(), Chapter { minutes: 41, decided, ..chapter(3, Value::Half) });
        assert_eq!((first.len(), second.len(), third.len()), (1, 2, 2));
    }

    proptest! {
        #[test]
        fn the_last_chapter_says_what_holds_and_their_number_is_bounded(
            values in prop::collection::vec(prop::sample::select(Value::ALL.to_vec()), 1..120),
        ) {
            let chapters = values.iter().zip(0..).fold(Vec::new(), |all, (told, at_ms)| added(all, chapter(at_ms, *told)));
            prop_assert_eq!(chapters.last().map(|last| last.told), values.last().copied());
            prop_assert!(chapters.len() <= CHAPTERS_MAX && chapters.windows(2).all(|pair| pair[0].told != pair[1].told));
        }
    }
}
