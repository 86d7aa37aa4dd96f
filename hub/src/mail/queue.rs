//! What becomes of a letter after a try; pure.
//!
//! A letter is marked on disk before it is sent. So a crash leaves exactly those marked of which nobody knows how they
//! ended: they are sent again under the same `Message-ID`, by which a reader's program knows the repetition, and people
//! are told. Nothing else is ever sent twice.

use crate::connectors::wait::Patience;
use crate::mail::letter::{Letter, LetterState};
use vigie_shared::units::ms;

/// Longest text about an error that is kept, characters.
const ERROR_LENGTH_MAX: usize = 500;

/// How a try ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Posted {
    /// It was taken.
    Taken,
    /// It was refused for good: a person must change something.
    Refused(String),
    /// It was not taken; later it may be.
    NotYet(String),
    /// It may have been taken: the connection broke when everything was said.
    Unclear(String),
}

/// What must be known of the moment.
#[derive(Debug, Clone, Copy)]
pub struct Around {
    /// The present, milliseconds since 1970 UTC.
    pub now_ms: i64,
    /// Decides the jitter.
    pub chance: u64,
    /// Between which bounds tries are repeated.
    pub patience: Patience,
}

/// Marks a letter before it is sent; to be on disk before the first byte leaves.
pub fn begin(letter: &mut Letter, now_ms: i64) {
    (letter.sending_ms, letter.changed_ms) = (Some(now_ms), now_ms);
}

/// Takes note of how a try ended.
pub fn settle(letter: &mut Letter, posted: Posted, around: &Around) {
    (letter.sending_ms, letter.changed_ms) = (None, around.now_ms);
    letter.attempts = letter.attempts.saturating_add(1);
    match posted {
        Posted::Taken => (letter.state, letter.last_error) = (LetterState::Sent, None),
        Posted::Refused(why) => (letter.state, letter.last_error) = (LetterState::Dead, Some(said(&why))),
        Posted::NotYet(why) => later(letter, &why, around),
        Posted::Unclear(why) => {
            doubt(letter, &why);
            later(letter, &why, around);
        }
    }
}

/// A letter that was marked when the process ended: it is sent again at once.
pub fn found_midway(letter: &mut Letter, now_ms: i64) {
    let why = "the hub stopped while it was being sent";
    doubt(letter, why);
    letter.attempts = letter.attempts.saturating_add(1);
    letter.last_error = Some(said(why));
    (letter.sending_ms, letter.next_try_ms, letter.changed_ms) = (None, now_ms, now_ms);
}

/// Gives a letter up whose time is over; false if it is not.
pub fn expire(letter: &mut Letter, now_ms: i64) -> bool {
    if letter.state != LetterState::Waiting || now_ms < letter.expires_ms {
        return false;
    }
    let last = letter.last_error.take().unwrap_or_else(|| "it was never tried".to_owned());
    letter.last_error = Some(said(&format!("given up, its time is over; the last try: {last}")));
    (letter.state, letter.sending_ms, letter.changed_ms) = (LetterState::Dead, None, now_ms);
    true
}

fn later(letter: &mut Letter, why: &str, around: &Around) {
    letter.last_error = Some(said(why));
    let wait = around.patience.after(letter.attempts, around.chance ^ letter.no.unsigned_abs());
    let next_ms = around.now_ms.saturating_add(ms(wait));
    // Not behind its end: then it is given up, and people are told, on time.
    letter.next_try_ms = next_ms.min(letter.expires_ms).max(around.now_ms);
}

fn doubt(letter: &mut Letter, why: &str) {
    letter.maybe_twice = Some(said(why));
}

fn said(why: &str) -> String {
    let plain = why.chars().map(|c| if c.is_control() { ' ' } else { c });
    plain.take(ERROR_LENGTH_MAX).collect()
}

#[cfg(test)]
pub(crate) mod tests {
    use std::time::Duration;

    use proptest::prelude::*;

    use super::*;
    use crate::mail::letter::{Content, Kind, LetterName, NewLetter, Way};

    const DAY_MS: i64 = 86_400_000;

    /// A letter of one name, written at 0, given up after three days.
    pub(crate) fn new(about: &str, number: u32, reader: &str) -> NewLetter {
        let name = LetterName {
            way: Way::Mail,
            kind: Kind::Incident,
            about: about.to_owned(),
            number,
            reader: reader.to_owned(),
        };
        let content = Content { subject: format!("{about} {number}"), text: "t".to_owned(), html: "h".to_owned() };
        NewLetter { name, content, thread: None, created_ms: 0, expires_ms: 3 * DAY_MS }
    }

    fn around(now_ms: i64) -> Around {
        let patience = Patience { retry_min: Duration::from_secs(60), retry_max: Duration::from_secs(3600) };
        Around { now_ms, chance: 7, patience }
    }

    #[test]
    fn a_letter_that_is_taken_is_done_and_forgets_its_errors() {
        let mut letter = new("i", 1, "a@b").into_letter(1);
        begin(&mut letter, 5);
        settle(&mut letter, Posted::NotYet("451 later".to_owned()), &around(10));
        assert!(letter.state == LetterState::Waiting && letter.next_try_ms > 10 && letter.sending_ms.is_none());

        begin(&mut letter, 100_000);
        settle(&mut letter, Posted::Taken, &around(100_000));

        let end = (letter.state, letter.attempts, letter.last_error, letter.maybe_twice);
        assert_eq!(end, (LetterState::Sent, 2, None, None));
    }

    #[test]
    fn what_may_have_arrived_is_sent_again_and_says_so_for_ever() {
        let mut letter = new("i", 1, "a@b").into_letter(1);
        begin(&mut letter, 5);
        settle(&mut letter, Posted::Unclear("cut".to_owned()), &around(10));
        begin(&mut letter, 100_000);
        settle(&mut letter, Posted::Taken, &around(100_000));
        assert_eq!((letter.state, letter.maybe_twice.as_deref()), (LetterState::Sent, Some("cut")));

        let mut letter = new("i", 1, "a@b").into_letter(1);
        begin(&mut letter, 5);
        found_midway(&mut letter, 10);
        assert!(letter.next_try_ms == 10 && letter.sending_ms.is_none() && letter.maybe_twice.is_some());
    }

    #[test]
    fn a_refusal_ends_it_and_so_does_its_time_with_the_last_reason() {
        let mut letter = new("i", 1, "a@b").into_letter(1);
        settle(&mut letter, Posted::Refused("550 no\r\nsuch user".to_owned()), &around(10));
        assert_eq!((letter.state, letter.last_error.as_deref()), (LetterState::Dead, Some("550 no  such user")));

        let mut letter = new("i", 1, "a@b").into_letter(1);
        settle(&mut letter, Posted::NotYet("no connection".to_owned()), &around(3 * DAY_MS - 1));
        assert_eq!(letter.next_try_ms, 3 * DAY_MS);
        assert!(!expire(&mut letter, 3 * DAY_MS - 1) && expire(&mut letter, 3 * DAY_MS));
        assert!(letter.state == LetterState::Dead && letter.last_error.unwrap().contains("no connection"));
    }

    proptest! {
        #[test]
        fn a_waiting_letter_is_always_tried_or_given_up_by_its_end(tries in prop::collection::vec(0..4u8, 0..80), chance: u64) {
            let mut letter = new("i", 1, "a@b").into_letter(1);
            for kind in tries {
                let now_ms = letter.next_try_ms;
                if letter.state != LetterState::Waiting || expire(&mut letter, now_ms) {
                    break;
                }
                begin(&mut letter, now_ms);
                let posted = match kind {
                    0 => Posted::Unclear("x".to_owned()),
                    _ => Posted::NotYet("y".to_owned()),
                };
                settle(&mut letter, posted, &Around { chance, ..around(now_ms) });
                prop_assert!(now_ms <= letter.next_try_ms && letter.next_try_ms <= letter.expires_ms);
                prop_assert!(letter.sending_ms.is_none());
            }
        }
    }
}
