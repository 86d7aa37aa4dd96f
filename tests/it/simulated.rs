//! The fleet in memory, through random histories: nothing is lost, nothing counts twice, everything comes to rest.

use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestError, TestRng, TestRunner};
use vigie_tests::effort;
use vigie_tests::fleet::{Bug, Event, Fleet};

const BOXES: usize = 2;

fn any_event() -> impl Strategy<Value = Event> {
    let of = 0..BOXES;
    prop_oneof![
        6 => (of.clone(), 0..2usize, 1..60usize).prop_map(|(of, lane, count)| Event::Append { of, lane, count }),
        4 => of.clone().prop_map(|of| Event::Connect { of }),
        2 => of.clone().prop_map(|of| Event::Cut { of }),
        2 => (of.clone(), 1..4usize).prop_map(|(of, count)| Event::LoseUp { of, count }),
        2 => (of.clone(), 1..4usize).prop_map(|(of, count)| Event::LoseDown { of, count }),
        1 => of.clone().prop_map(|of| Event::RepeatUp { of }),
        1 => of.clone().prop_map(|of| Event::CrashBox { of }),
        1 => Just(Event::CrashHub),
        1 => Just(Event::BackUp),
        1 => Just(Event::Restore),
        1 => (of, 1..40u64).prop_map(|(of, count)| Event::Drop { of, count }),
        8 => (100..5_000u64).prop_map(|ms| Event::Wait { ms }),
    ]
}

/// Plays random histories; the first that goes wrong, made small.
fn play(bug: Option<Bug>, cases: u32) -> Result<(), String> {
    let config = Config { cases, failure_persistence: None, max_shrink_iters: 200, ..Config::default() };
    let histories = prop::collection::vec(any_event(), 1..80);
    // The short run plays the same histories each time: what it says of a change is no matter of luck.
    let is_long = bug.is_none() && effort(0, 1) == 1;
    let rng = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let mut runner = if is_long { TestRunner::new(config) } else { TestRunner::new_with_rng(config, rng) };
    let outcome = runner.run(&histories, |history| Fleet::play(BOXES, bug, &history).map_err(TestCaseError::fail));
    match outcome {
        Ok(()) => Ok(()),
        Err(TestError::Fail(reason, history)) => Err(format!("{reason}\nhistory: {history:#?}")),
        Err(TestError::Abort(reason)) => Err(format!("aborted: {reason}")),
    }
}

fn cases() -> u32 {
    u32::try_from(effort(1_000, 20_000)).unwrap()
}

#[test]
fn every_record_is_stored_once_or_named_in_a_gap_whatever_happens() {
    if let Err(failure) = play(None, cases()) {
        panic!("{failure}");
    }
}

#[test]
fn every_planted_mistake_is_noticed() {
    let unnoticed: Vec<Bug> = Bug::ALL.into_iter().filter(|bug| play(Some(*bug), cases() * 2).is_ok()).collect();
    assert!(unnoticed.is_empty(), "these mistakes would go unnoticed: {unnoticed:?}");
}
