//! Laws of the queue: order per person, poison ends alone, nothing is given up in silence.

use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::connectors::job::{NewJob, Row, RowKey};

fn job(no: i64, enrol_id: u64) -> Job {
    let row = Row { at_ms: no, granted: true, ..Row::default() };
    NewJob::pending(RowKey([u8::try_from(no.rem_euclid(250)).unwrap(); 16]), enrol_id, row).into_job(no, "c", 0)
}

fn around(now_ms: i64, passed_ms: Option<i64>) -> Around {
    Around { now_ms, chance: 1, passed_ms, has_probe: false, patience: Patience::default() }
}

fn later(cause: Cause) -> End {
    End::Later("why".to_owned(), cause)
}

proptest! {
    #[test]
    fn batches_keep_order_and_size_and_lose_nobody(attempts in prop::collection::vec(0u32..6, 0..300), rows_max in 1usize..200) {
        let jobs: Vec<Job> = attempts.iter().zip(0..).map(|(attempts, no)| Job { attempts: *attempts, ..job(no, 1) }).collect();
        let batches = batches(jobs.clone(), rows_max);
        prop_assert!(batches.iter().all(|batch| !batch.is_empty() && batch.len() <= rows_max));
        prop_assert_eq!(batches.concat(), jobs);
    }

    #[test]
    fn a_poisoned_row_is_alone_after_few_halvings(length in 2usize..1000, poison in 0usize..1000) {
        let poison = i64::try_from(poison % length).unwrap();
        let mut batch: Vec<Job> = (0..i64::try_from(length).unwrap()).map(|no| job(no, 1)).collect();
        let mut requests = 0;
        while batch.len() > 1 {
            let [first, second] = halves(batch);
            prop_assert!(!first.is_empty() && !second.is_empty());
            batch = if first.iter().any(|job| job.no == poison) { first } else { second };
            requests += 1;
        }
        prop_assert!(requests <= 10);
        prop_assert_eq!(batch[0].no, poison);
    }

    #[test]
    fn a_job_that_fails_is_always_tried_again_or_shown_as_dead(causes in prop::collection::vec(0u8..5, 1..40), passed: bool) {
        let mut job = job(1, 1);
        for (cause, at) in causes.into_iter().zip(1i64..) {
            let cause = [Cause::NotTaken, Cause::Lost, Cause::Broke, Cause::Late, Cause::Throttled][usize::from(cause)];
            settle(&mut job, later(cause), &around(at, passed.then_some(at)));
            prop_assert!(job.last_error.is_some());
            match job.state {
                JobState::Dead => break,
                state => prop_assert!(state.is_open() && job.next_try_ms >= at),
            }
        }
    }
}

#[test]
fn rows_that_failed_go_in_smaller_company_and_unsure_ones_alone() {
    let failed = |no, attempts| Job { attempts, ..job(no, 1) };
    let unsure = Job { unsure: Some("lost".to_owned()), ..job(99, 1) };
    let due: Vec<Job> =
        (0..10).map(|no| failed(no, 0)).chain((10..20).map(|no| failed(no, 3))).chain([unsure]).collect();
    let sizes: Vec<usize> = batches(due, 100).iter().map(Vec::len).collect();
    assert_eq!(sizes, [10, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1]);
}

#[test]
fn an_answer_that_was_lost_is_marked_only_if_the_row_had_to_go_again() {
    let mut lost = job(1, 1);
    settle(&mut lost, later(Cause::Lost), &around(5, None));
    assert_eq!(
        (lost.state, lost.unsure.as_deref(), lost.maybe_twice.as_deref()),
        (JobState::Failed, Some("why"), None)
    );

    let mut again = lost.clone();
    settle(&mut again, End::Delivered(Some(json!(7))), &around(9, None));
    assert_eq!((again.state, again.remote_id), (JobState::Sent, Some(json!(7))));
    assert!(again.maybe_twice.unwrap().starts_with("why"));

    let mut known = lost.clone();
    settle(&mut known, End::Duplicate(None), &around(9, None));
    assert_eq!((known.state, known.maybe_twice), (JobState::Sent, None), "the server says that it has it once");

    let mut probed = lost;
    settle(&mut probed, End::Delivered(None), &Around { has_probe: true, ..around(9, None) });
    assert_eq!(probed.maybe_twice, None, "it was looked for and was not there");
}

#[test]
fn a_server_that_broke_may_have_stored_the_row_and_one_that_was_not_reached_has_not() {
    for (cause, is_marked) in [(Cause::Broke, true), (Cause::NotTaken, false), (Cause::Late, false)] {
        let mut row = job(1, 1);
        settle(&mut row, later(cause), &around(5, None));
        assert_eq!((row.unsure.as_deref(), row.maybe_twice.as_deref()), (None, None), "{cause:?}");
        settle(&mut row, later(Cause::NotTaken), &around(7, None));

        settle(&mut row, End::Delivered(None), &around(9, None));

        assert_eq!(row.maybe_twice.is_some(), is_marked, "{cause:?}");
    }
}

#[test]
fn a_row_that_was_lost_again_and_again_is_not_given_up_at_the_first_break() {
    let mut row = job(1, 1);
    for at in 1..=i64::from(BREAKS_MAX) {
        settle(&mut row, later(Cause::Broke), &around(3 * at, Some(3 * at)));
        settle(&mut row, later(Cause::Lost), &around(3 * at + 1, Some(3 * at + 1)));
    }
    assert_eq!((row.state, row.breaks), (JobState::Failed, 0));
}

#[test]
fn a_row_that_breaks_the_server_is_given_up_only_if_others_pass() {
    for (passed_ms, state) in [(None, JobState::Failed), (Some(0), JobState::Failed), (Some(3), JobState::Dead)] {
        let mut job = job(1, 1);
        for at in 1..=i64::from(BREAKS_MAX) {
            settle(&mut job, later(Cause::Broke), &around(at, passed_ms));
        }
        assert_eq!(job.state, state, "{passed_ms:?}");
    }
}

#[test]
fn a_row_that_breaks_the_server_for_a_week_is_given_up_with_its_tries_though_nothing_else_passes() {
    let mut job = job(1, 1);
    let hours = BROKEN_MS_MAX / 3_600_000;
    let mut ended = None;
    for hour in 0..=hours {
        settle(&mut job, later(Cause::Broke), &around(hour * 3_600_000, None));
        ended = ended.or((job.state == JobState::Dead).then_some(hour));
    }
    assert_eq!((ended, i64::from(job.attempts), job.last_error.as_deref()), (Some(hours), hours + 1, Some("why")));
}

#[test]
fn a_server_that_cannot_be_reached_breaks_over_nothing() {
    let mut job = job(1, 1);
    for day in 0..30 {
        settle(&mut job, later(Cause::NotTaken), &around(day * BROKEN_MS_MAX, None));
    }
    settle(&mut job, later(Cause::Broke), &around(30 * BROKEN_MS_MAX, None));
    assert_eq!(job.state, JobState::Failed);
}

#[test]
fn being_throttled_costs_no_try() {
    let mut job = job(1, 1);
    settle(&mut job, later(Cause::Throttled), &around(5, None));
    assert_eq!((job.state, job.attempts, job.next_try_ms), (JobState::Pending, 0, 5));
}

#[test]
fn who_is_behind_a_waiting_row_waits_unless_that_row_is_late() {
    let mut waiting = Waiting::default();
    let mut failed = job(1, 1);
    settle(&mut failed, later(Cause::NotTaken), &around(5, None));
    let mut late = job(2, 2);
    settle(&mut late, later(Cause::Late), &around(5, None));
    [&failed, &late].into_iter().for_each(|job| waiting.note(job));
    assert!(waiting.must_wait(1) && !waiting.must_wait(2));
}

#[test]
fn ten_refusals_of_three_people_stop_and_give_their_rows_back() {
    let mut health = Health::default();
    let stopped: Vec<_> = (0..10).filter_map(|no| health.on_rejected(&job(no, no.unsigned_abs() % 3))).collect();
    assert_eq!(stopped, [(0..10).collect::<Vec<i64>>()]);

    let two_people = (0..50).filter_map(|no| health.on_rejected(&job(no, no.unsigned_abs() % 2)));
    assert_eq!(two_people.count(), 0, "two people may both have gone");
    health.on_passed(7);
    let interrupted = (0..9).filter_map(|no| health.on_rejected(&job(no, no.unsigned_abs()))).count();
    assert_eq!((interrupted, health.passed_ms()), (0, Some(7)));
}

#[test]
fn what_is_taken_back_ends_as_skipped() {
    let mut undone = Job { wish: Wish::Undo, ..job(1, 1) };
    settle(&mut undone, End::Delivered(None), &around(5, None));
    assert_eq!(undone.state, JobState::Skipped);
}
