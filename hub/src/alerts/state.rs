//! Pure: how an alert moves: pending until it lasted long enough, firing until it is clearly over, suspended while
//! nobody can tell.

use super::alert::{Alert, Grade, Mark, Stage};
use super::news::Words;
use super::rules::Seen;

/// What is no longer seen for so long, though its box is heard, is gone.
const GONE_MS: i64 = 10 * 60 * 1000;

/// Whether an alert is worth keeping.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keep {
    /// It is.
    Yes,
    /// It never fired, and will not.
    No,
}

/// What a look at the facts says of an alert.
#[derive(Debug)]
pub struct Look<'a> {
    /// What the rule saw.
    pub seen: &'a Seen,
    /// For how long it must be so before it fires, milliseconds.
    pub after_ms: i64,
    /// What the hub holds of its site.
    pub mark: Option<Mark>,
    /// The moment.
    pub now_ms: i64,
}

impl Alert {
    /// The rule saw it, right or wrong.
    pub fn on_seen(&mut self, look: &Look<'_>) -> Keep {
        (self.is_suspended, self.absent_ms) = (false, None);
        match self.stage {
            Stage::Pending => return self.wait(look),
            Stage::Firing => match lasting(self.grade, look.seen) {
                Some(grade) => self.describe(grade, look.seen),
                None => self.end(look.now_ms, None),
            },
            Stage::Over => self.return_again(look),
        }
        Keep::Yes
    }

    /// Nobody can tell, because its box is not heard: it neither fires nor ends.
    pub fn on_suspended(&mut self) -> Keep {
        match self.stage {
            Stage::Pending => return Keep::No,
            Stage::Firing => (self.is_suspended, self.absent_ms) = (true, None),
            Stage::Over => self.returning_ms = None,
        }
        Keep::Yes
    }

    /// Its box is heard, and its rule does not see it.
    pub fn on_absent(&mut self, now_ms: i64) -> Keep {
        self.is_suspended = false;
        let since_ms = *self.absent_ms.get_or_insert(now_ms);
        if now_ms.saturating_sub(since_ms) < GONE_MS && self.stage == Stage::Firing {
            return Keep::Yes;
        }
        self.on_gone(now_ms, Words { en: "It is no longer seen.".into(), fr: "On ne le voit plus.".into() })
    }

    /// Nobody looks at it any more, for that reason.
    pub fn on_gone(&mut self, now_ms: i64, why: Words) -> Keep {
        match self.stage {
            Stage::Pending => return Keep::No,
            Stage::Firing => self.end(now_ms, Some(why)),
            Stage::Over => self.returning_ms = None,
        }
        Keep::Yes
    }

    fn wait(&mut self, look: &Look<'_>) -> Keep {
        let Some(grade) = look.seen.reached else { return Keep::No };
        self.describe(grade, look.seen);
        if look.now_ms.saturating_sub(self.since_ms) >= look.after_ms {
            self.fire(look);
        }
        Keep::Yes
    }

    fn return_again(&mut self, look: &Look<'_>) {
        let Some(grade) = look.seen.reached else {
            self.returning_ms = None;
            return;
        };
        let since_ms = *self.returning_ms.get_or_insert(look.seen.since_ms.unwrap_or(look.now_ms));
        if look.now_ms.saturating_sub(since_ms) >= look.after_ms {
            self.describe(grade, look.seen);
            self.fire(look);
        }
    }

    fn fire(&mut self, look: &Look<'_>) {
        (self.stage, self.fired_ms, self.mark) = (Stage::Firing, look.now_ms, look.mark);
        (self.ended_ms, self.returning_ms, self.ending) = (None, None, None);
        (self.is_end_told, self.is_ending_open) = (false, false);
    }

    fn end(&mut self, now_ms: i64, ending: Option<Words>) {
        (self.stage, self.ended_ms) = (Stage::Over, Some(now_ms));
        // Its rule may have something to say of it.
        (self.is_ending_open, self.ending) = (ending.is_none(), ending);
        (self.is_suspended, self.absent_ms, self.returning_ms) = (false, None, None);
        (self.acknowledged, self.silence) = (None, None);
    }

    fn describe(&mut self, grade: Grade, seen: &Seen) {
        if grade > self.grade {
            // Whoever took a warning on has not taken on what became of it.
            self.acknowledged = None;
        }
        self.grade = grade;
        self.name.clone_from(&seen.name);
        self.text.clone_from(&seen.text);
    }
}

/// How grave what fires is from here on: what was reached, or what is not yet clearly over.
fn lasting(present: Grade, seen: &Seen) -> Option<Grade> {
    seen.reached.max(seen.holds.map(|holds| holds.min(present)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::alerts::alert::Key;

    const MINUTE_MS: i64 = 60_000;

    fn seen(reached: Option<Grade>, holds: Option<Grade>) -> Seen {
        Seen { reached, holds, ..Seen::default() }
    }

    fn alert() -> Alert {
        let key = Key { rule: "temperature".to_owned(), site: None, subject: String::new() };
        Alert::pending(1, key, String::new(), 0)
    }

    fn look(alert: &mut Alert, seen: &Seen, minute: i64) -> (Keep, Stage) {
        let look = Look { seen, after_ms: 5 * MINUTE_MS, mark: None, now_ms: minute * MINUTE_MS };
        let keep = alert.on_seen(&look);
        (keep, alert.stage)
    }

    #[test]
    fn it_fires_when_it_lasted_long_enough_and_not_before() {
        let (mut one, wrong) = (alert(), seen(Some(Grade::WARNING), Some(Grade::WARNING)));
        assert_eq!(look(&mut one, &wrong, 4), (Keep::Yes, Stage::Pending));
        assert_eq!(look(&mut one, &wrong, 5), (Keep::Yes, Stage::Firing));
        assert_eq!(look(&mut alert(), &seen(None, Some(Grade::WARNING)), 9), (Keep::No, Stage::Pending));
    }

    #[test]
    fn between_the_two_limits_it_stays_what_it_is() {
        let mut one = alert();
        look(&mut one, &seen(Some(Grade::CRITICAL), Some(Grade::CRITICAL)), 5);
        look(&mut one, &seen(Some(Grade::WARNING), Some(Grade::CRITICAL)), 6);
        assert_eq!(one.grade, Grade::CRITICAL, "not yet clearly less");
        look(&mut one, &seen(Some(Grade::WARNING), Some(Grade::WARNING)), 7);
        assert_eq!(one.grade, Grade::WARNING);
        look(&mut one, &seen(None, Some(Grade::CRITICAL)), 8);
        assert_eq!((one.stage, one.grade), (Stage::Firing, Grade::WARNING), "and does not become graver by it");
        look(&mut one, &seen(None, None), 9);
        assert_eq!((one.stage, one.ended_ms), (Stage::Over, Some(9 * MINUTE_MS)));
    }

    #[test]
    fn while_its_box_is_not_heard_it_neither_fires_nor_ends() {
        let (mut one, wrong) = (alert(), seen(Some(Grade::WARNING), None));
        assert_eq!(one.on_suspended(), Keep::No, "what did not fire is looked at anew when the box is back");
        look(&mut one, &wrong, 5);
        assert_eq!(one.on_suspended(), Keep::Yes);
        assert_eq!((one.stage, one.state()), (Stage::Firing, "suspended"));
        look(&mut one, &wrong, 60);
        assert_eq!(one.state(), "firing");
    }

    #[test]
    fn what_is_not_seen_for_ten_minutes_is_gone_and_says_so() {
        let mut one = alert();
        look(&mut one, &seen(Some(Grade::WARNING), None), 5);
        one.on_absent(6 * MINUTE_MS);
        one.on_absent(15 * MINUTE_MS);
        assert_eq!(one.stage, Stage::Firing);
        one.on_absent(16 * MINUTE_MS);
        assert_eq!((one.stage, one.ending.is_some()), (Stage::Over, true));
    }

    #[test]
    fn who_took_a_warning_on_has_not_taken_on_what_became_of_it() {
        let (mut one, wrong) = (alert(), seen(Some(Grade::WARNING), None));
        look(&mut one, &wrong, 5);
        let ack = super::super::alert::Acknowledgement { account: "anna".into(), at_ms: 1, note: String::new() };
        one.acknowledged = Some(ack);
        look(&mut one, &wrong, 6);
        assert_eq!(one.state(), "acknowledged");
        look(&mut one, &seen(Some(Grade::CRITICAL), None), 7);
        assert_eq!(one.state(), "firing");
    }

    #[test]
    fn what_comes_back_must_last_again() {
        let (mut one, wrong, right) = (alert(), seen(Some(Grade::WARNING), None), seen(None, None));
        look(&mut one, &wrong, 5);
        look(&mut one, &right, 6);
        look(&mut one, &wrong, 7);
        assert_eq!(look(&mut one, &right, 8).1, Stage::Over);
        look(&mut one, &wrong, 9);
        assert_eq!(look(&mut one, &wrong, 13).1, Stage::Over);
        assert_eq!(look(&mut one, &wrong, 14).1, Stage::Firing);
        assert_eq!((one.ended_ms, one.fired_ms), (None, 14 * MINUTE_MS));
    }
}
