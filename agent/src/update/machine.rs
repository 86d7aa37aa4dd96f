//! Pure: in which order another version of the owner's software takes the place of the one before, and what is to be
//! done after an interruption at any point of it.
//!
//! Every phase is in the journal before its first effect. A phase is done again from its beginning after an
//! interruption, or taken back; both are harmless for each. So the software ends whole: as it was, or the new version.

use serde::{Deserialize, Serialize};

/// How often the proof of a version may be interrupted before it counts as failed: a version that takes the machine
/// down would otherwise be started for ever.
pub const PROOFS_MAX: u8 = 2;

/// Where an installation is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "phase", rename_all = "snake_case")]
pub enum Phase {
    /// The new version is unpacked beside; nothing that runs is touched.
    Preparing,
    /// The services are stopped.
    Stopping,
    /// The new version takes the place, entry by entry.
    Switching,
    /// The services are started, and the health check is asked.
    Proving {
        /// How often that was interrupted.
        interruptions: u8,
    },
    /// The new version stays: what it replaced becomes a backup.
    Keeping,
    /// The version before takes its place again, and the services are started.
    Undoing {
        /// Why, for people.
        reason: String,
    },
}

/// What comes next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Next {
    /// Note this phase, then do its work.
    Enter(Phase),
    /// Clean up: it is over.
    End(Ending),
}

/// How it ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ending {
    /// The new version is in its place and works.
    Kept,
    /// Nothing was touched.
    Untouched(String),
    /// The version before is in its place and runs.
    TakenBack(String),
    /// The disk or the services refuse; the journal stays, and the next start or command tries again.
    Stuck(String),
}

/// What comes after the work of a phase.
#[must_use]
pub fn after(phase: &Phase, worked: Result<(), String>) -> Next {
    use Phase::{Keeping, Preparing, Proving, Stopping, Switching, Undoing};
    match (phase, worked) {
        (Preparing, Ok(())) => Next::Enter(Stopping),
        (Stopping, Ok(())) => Next::Enter(Switching),
        (Switching, Ok(())) => Next::Enter(Proving { interruptions: 0 }),
        (Proving { .. }, Ok(())) => Next::Enter(Keeping),
        (Keeping, Ok(())) => Next::End(Ending::Kept),
        (Undoing { reason }, Ok(())) => Next::End(Ending::TakenBack(reason.clone())),
        (Preparing, Err(reason)) => Next::End(Ending::Untouched(reason)),
        (Stopping | Switching | Proving { .. }, Err(reason)) => Next::Enter(Undoing { reason }),
        (Keeping, Err(error)) => {
            Next::End(Ending::Stuck(format!("the new version runs, but its backup could not be put away: {error}")))
        }
        (Undoing { reason }, Err(error)) => {
            Next::End(Ending::Stuck(format!("{reason}; and the version before could not be put back: {error}")))
        }
    }
}

/// What is to be done when a journal is found: somebody was interrupted in this phase.
#[must_use]
pub fn resume(phase: &Phase) -> Next {
    let interrupted = || "it was interrupted, by a power cut or a stop of the agent".to_owned();
    match phase {
        Phase::Preparing => Next::End(Ending::Untouched(interrupted())),
        Phase::Stopping | Phase::Switching => Next::Enter(Phase::Undoing { reason: interrupted() }),
        Phase::Proving { interruptions } if *interruptions >= PROOFS_MAX => Next::Enter(Phase::Undoing {
            reason: "it was interrupted again and again while it had to prove itself".to_owned(),
        }),
        Phase::Proving { interruptions } => Next::Enter(Phase::Proving { interruptions: interruptions + 1 }),
        Phase::Keeping => Next::Enter(Phase::Keeping),
        Phase::Undoing { reason } => Next::Enter(Phase::Undoing { reason: reason.clone() }),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// What happens to the work of one phase.
    #[derive(Debug, Clone, Copy)]
    enum Fate {
        Works,
        Fails,
        Interrupted,
    }

    proptest! {
        /// Whatever fails or is interrupted, it ends; and it is kept only after a proof, taken back only by undoing.
        #[test]
        fn it_always_ends_and_says_the_truth(
            fates in proptest::collection::vec(prop_oneof![Just(Fate::Works), Just(Fate::Fails), Just(Fate::Interrupted)], 0..40)
        ) {
            let mut fates = fates.into_iter();
            let mut phase = Phase::Preparing;
            let (mut was_switched, mut was_proved, mut was_undone) = (false, false, false);
            for _ in 0..60 {
                let next = match fates.next().unwrap_or(Fate::Works) {
                    Fate::Works => {
                        was_switched |= phase == Phase::Switching;
                        was_proved |= matches!(phase, Phase::Proving { .. });
                        was_undone |= matches!(phase, Phase::Undoing { .. });
                        after(&phase, Ok(()))
                    }
                    Fate::Fails => {
                        was_switched |= phase == Phase::Switching;
                        after(&phase, Err("it does not work".to_owned()))
                    }
                    Fate::Interrupted => {
                        was_switched |= phase == Phase::Switching;
                        resume(&phase)
                    }
                };
                match next {
                    Next::Enter(next) => phase = next,
                    Next::End(Ending::Kept) => { prop_assert!(was_proved && !was_undone); return Ok(()); }
                    Next::End(Ending::Untouched(_)) => { prop_assert!(!was_switched); return Ok(()); }
                    Next::End(Ending::TakenBack(_)) => { prop_assert!(was_undone); return Ok(()); }
                    Next::End(Ending::Stuck(_)) => phase = match resume(&phase) {
                        Next::Enter(phase) => phase,
                        Next::End(_) => return Err(TestCaseError::fail("a stuck installation was given up")),
                    },
                }
            }
            prop_assert!(false, "it does not end");
        }
    }

    #[test]
    fn a_version_that_takes_the_machine_down_is_not_started_for_ever() {
        let mut phase = Phase::Proving { interruptions: 0 };
        let mut starts = 0;
        while let Phase::Proving { .. } = phase {
            starts += 1;
            let Next::Enter(next) = resume(&phase) else { panic!("given up") };
            phase = next;
        }
        assert_eq!(starts, u32::from(PROOFS_MAX) + 1);
        assert!(matches!(phase, Phase::Undoing { .. }));
    }

    #[test]
    fn the_journal_is_written_like_this() {
        let text = |phase: &Phase| serde_json::to_string(phase).unwrap();
        assert_eq!(text(&Phase::Switching), r#"{"phase":"switching"}"#);
        assert_eq!(text(&Phase::Proving { interruptions: 1 }), r#"{"phase":"proving","interruptions":1}"#);
        assert_eq!(text(&Phase::Undoing { reason: "x".to_owned() }), r#"{"phase":"undoing","reason":"x"}"#);
    }
}
