//! The outbox against a hub that loses, repeats and disputes.

use super::*;

const QUEUE: QueueId = QueueId([1; 16]);

fn state(first: u64, last: u64) -> LaneState {
    LaneState { lane: Lane::Ledger, queue: QUEUE, first, last }
}

fn receipt(through: u64) -> Answer {
    Answer::Receipt { lane: Lane::Ledger, queue: QUEUE, through, hub_ms: 0 }
}

fn start() -> Instant {
    tokio::time::Instant::now().into_std()
}

fn opened(first: u64, last: u64, through: u64, now: Instant) -> Outbox {
    let mut outbox = Outbox::new(&[state(first, last)], Window::default(), now);
    assert_eq!(outbox.poll(now), Some(Act::Hello));
    outbox.on_hello_sent(now);
    outbox.on_answer(&receipt(through), now);
    outbox
}

fn request(outbox: &mut Outbox, now: Instant) -> Option<(u64, u64)> {
    match outbox.poll(now) {
        Some(Act::Send(request)) => Some((request.from, request.records_max)),
        Some(Act::Hello | Act::Reconnect) | None => None,
    }
}

#[test]
fn nothing_is_sent_before_the_hub_has_answered_the_hello() {
    let now = start();
    let mut outbox = Outbox::new(&[state(1, 10)], Window::default(), now);
    assert_eq!(outbox.poll(now), Some(Act::Hello));
    outbox.on_hello_sent(now);
    assert_eq!(outbox.poll(now), None);
}

#[test]
fn a_lost_hello_is_said_again() {
    let now = start();
    let mut outbox = Outbox::new(&[state(1, 10)], Window::default(), now);
    outbox.on_hello_sent(now);
    assert_eq!(outbox.poll_timeout(), Some(now + RESEND_AFTER));
    assert_eq!(outbox.poll(now + RESEND_AFTER), Some(Act::Hello));
}

#[test]
fn sending_starts_after_what_the_hub_holds_and_stops_at_the_window() {
    let now = start();
    let mut outbox = opened(1, 1_000, 7, now);
    assert_eq!(request(&mut outbox, now), Some((8, 400)));
    outbox.on_sent(Lane::Ledger, 300, 1_000, now);
    assert_eq!(request(&mut outbox, now), Some((301, 107)));
    outbox.on_sent(Lane::Ledger, 407, 1_000, now);
    assert_eq!(request(&mut outbox, now), None);
    assert_eq!(outbox.flying_records(), 400);
}

#[test]
fn a_receipt_opens_the_window_and_trims() {
    let now = start();
    let mut outbox = opened(1, 1_000, 0, now);
    outbox.on_sent(Lane::Ledger, 400, 1_000, now);
    let verdict = outbox.on_answer(&receipt(400), now);
    assert_eq!(verdict, Verdict::Trim { lane: Lane::Ledger, queue: QUEUE, through: 400 });
    assert_eq!(request(&mut outbox, now), Some((401, 400)));
}

#[test]
fn without_progress_everything_after_the_receipt_goes_again() {
    let now = start();
    let mut outbox = opened(1, 100, 10, now);
    outbox.on_sent(Lane::Ledger, 100, 1_000, now);
    assert_eq!(request(&mut outbox, now + RESEND_AFTER / 2), None);
    assert_eq!(request(&mut outbox, now + RESEND_AFTER), Some((11, 400)));
}

#[test]
fn late_foreign_and_impossible_receipts_change_nothing() {
    let now = start();
    let mut outbox = opened(1, 100, 10, now);
    assert_eq!(outbox.on_answer(&receipt(5), now), Verdict::Nothing);
    assert_eq!(outbox.on_answer(&receipt(101), now), Verdict::Nothing);
    let foreign = Answer::Receipt { lane: Lane::Ledger, queue: QueueId([2; 16]), through: 50, hub_ms: 0 };
    assert_eq!(outbox.on_answer(&foreign, now), Verdict::Nothing);
}

#[test]
fn a_receipt_for_what_this_connection_never_sent_trims_nothing() {
    let now = start();
    let mut outbox = opened(1, 100, 10, now);
    outbox.on_sent(Lane::Ledger, 20, 1_000, now);
    assert_eq!(outbox.on_answer(&receipt(50), now), Verdict::Nothing);
    assert_ne!(outbox.on_answer(&receipt(20), now), Verdict::Nothing);
}

#[test]
fn records_that_were_dropped_meanwhile_are_skipped() {
    let now = start();
    let mut outbox = opened(1, 100, 10, now);
    outbox.on_lane(state(60, 120), now);
    assert_eq!(request(&mut outbox, now), Some((60, 400)));
}

#[test]
fn a_lane_that_gave_up_all_it_had_says_hello_until_the_hub_knows() {
    let now = start();
    let mut outbox = opened(1, 1, 0, now);
    outbox.on_lane(state(2, 1), now);
    let later = now + RESEND_AFTER;
    assert_eq!(outbox.poll_timeout(), Some(later));
    assert_eq!(outbox.poll(later), Some(Act::Hello));
    outbox.on_hello_sent(later);
    assert_ne!(outbox.on_answer(&receipt(1), later), Verdict::Nothing);
    assert_eq!(outbox.poll_timeout(), None);
}

#[test]
fn a_renewed_queue_says_hello_again() {
    let now = start();
    let mut outbox = opened(1, 100, 100, now);
    let renewed = LaneState { queue: QueueId([2; 16]), ..state(1, 3) };
    assert_eq!(
        outbox.on_answer(&Answer::Renew { lane: Lane::Ledger, queue: QUEUE }, now),
        Verdict::Renew { lane: Lane::Ledger, queue: QUEUE }
    );
    outbox.on_lane(renewed, now);
    assert_eq!(outbox.poll(now), Some(Act::Hello));
}

#[test]
fn a_lane_that_comes_back_says_hello_and_is_sent() {
    let now = start();
    let mut outbox = opened(1, 10, 10, now);
    outbox.on_lane(LaneState { lane: Lane::Telemetry, ..state(1, 5) }, now);
    assert_eq!(outbox.poll(now), Some(Act::Hello));
    outbox.on_hello_sent(now);
    outbox.on_answer(&Answer::Receipt { lane: Lane::Telemetry, queue: QUEUE, through: 0, hub_ms: 0 }, now);
    assert!(matches!(outbox.poll(now), Some(Act::Send(Request { lane: Lane::Telemetry, .. }))));
}

#[test]
fn a_connection_without_answers_is_given_up() {
    let now = start();
    let mut outbox = opened(1, 100, 10, now);
    outbox.on_sent(Lane::Ledger, 100, 1_000, now);
    assert_eq!(outbox.poll(now + GIVE_UP_AFTER), Some(Act::Reconnect));
}

#[test]
fn an_idle_connection_is_kept() {
    let now = start();
    let mut outbox = opened(1, 10, 10, now);
    assert_eq!(outbox.poll(now + 100 * GIVE_UP_AFTER), None);
    assert_eq!(outbox.poll_timeout(), None);
}

#[test]
fn the_ledger_goes_before_the_other_lanes() {
    let now = start();
    let lanes: Vec<LaneState> = Lane::ALL.iter().rev().map(|lane| LaneState { lane: *lane, ..state(1, 5) }).collect();
    let mut outbox = Outbox::new(&lanes, Window::default(), now);
    for lane in Lane::ALL {
        outbox.on_answer(&Answer::Receipt { lane, queue: QUEUE, through: 0, hub_ms: 0 }, now);
    }
    assert!(matches!(outbox.poll(now), Some(Act::Send(Request { lane: Lane::Ledger, .. }))));
}
