//! Laws of punches, terminals and who is enrolled.

use vigie_shared::id::BootId;
use vigie_shared::wire::reading::{
    LogOrigin, LogRow, Standing, TerminalHardware, TerminalLog, TerminalRoom, TerminalState, TerminalUser, UserStretch,
};

use super::*;
use crate::attendance::row::{self, Arrived};
use crate::store::attendance::{Doubt, Punch, PunchFigures, PunchFilter, PunchKey, Review, Told};
use crate::store::projections::{Anchor, Undated};
use crate::store::terminals::{self, Enrolled, RoomDay, Terminal};
use crate::store::upkeep::Class;

/// 2031-05-06T08:00:00Z.
pub(crate) const MORNING: i64 = 1_935_820_800_000;
const SECOND: i64 = 1000;

/// A terminal with a log of that many rows.
pub(crate) fn terminal(id: &str, serial: &str, used: u64) -> Terminal {
    let room = TerminalRoom { what: "log".to_owned(), used: Some(used), capacity: Some(1_000) };
    let state = TerminalState {
        terminal: serial.to_owned(),
        standing: Standing::Admitted,
        is_connected: true,
        heard_ago_s: Some(0),
        address: None,
        hardware: TerminalHardware::default(),
        zone: "UTC".to_owned(),
        clock_ahead_ms: None,
        room: vec![room],
        unsent: Some(0),
        violations: 0,
    };
    Terminal { site: site(id), told_ms: MORNING, seq: 1, heard_ms: Some(MORNING), state, history: Vec::new() }
}

/// A row of a log in UTC, received at that moment.
pub(crate) fn told(serial: &str, enrol_id: u64, local_time: &str, received_ms: i64) -> Told {
    let row = LogRow { enrol_id: Some(enrol_id), local_time: local_time.to_owned(), ..LogRow::default() };
    let log = TerminalLog {
        terminal: serial.to_owned(),
        zone: "UTC".to_owned(),
        clock_ahead_ms: None,
        origin: LogOrigin::Pushed,
        log_index: None,
        rows: Vec::new(),
    };
    row::punch(&site("metz"), &log, &row, Arrived { told_ms: Some(received_ms), received_ms })
}

fn at(second: i64) -> Told {
    told("ZX1", 7, &format!("2031-05-06 08:00:{second:02}"), MORNING + 60 * SECOND)
}

async fn hear(store: &impl Store, punches: Vec<Told>) {
    let punches = punches.into_iter().map(|value| Derived { value, undated: None }).collect();
    store.apply(Step { punches, ..Step::default() }).await.unwrap();
}

async fn all(store: &impl Store) -> Vec<Punch> {
    store.punches_after(0, 100).await.unwrap()
}

fn cursor(through: u64) -> Derived<Cursor> {
    let cursor = Cursor { site: site("metz"), lane: Lane::Ledger, queue: queue(1), through, complete_ms: None };
    Derived { value: cursor, undated: None }
}

pub(super) async fn rows_that_say_the_same_are_one_punch(subject: &impl Subject) {
    let store = subject.open();
    let late = Told { punch: Punch { received_ms: MORNING + 90 * SECOND, ..at(1).punch }, ..at(1) };
    hear(&store, vec![late.clone(), at(1), at(2), at(1)]).await;
    hear(&store, vec![late]).await;
    let shown = all(&store).await;
    assert_eq!(shown.iter().map(|punch| punch.seen).collect::<Vec<_>>(), [4, 1]);
    assert_eq!(shown[0].received_ms, MORNING + 60 * SECOND, "the first to be received stays");
    assert_eq!(shown[0].at_ms, Some(MORNING + SECOND));
    let store = subject.reopen(store).await;
    assert_eq!(store.punch(at(1).punch.key).await.unwrap(), Some(shown[0].clone()));
    assert_eq!(store.punch(PunchKey([9; 16])).await.unwrap(), None);
    assert_eq!(store.punches_after(shown[0].order, 9).await.unwrap(), shown[1..]);
}

pub(super) async fn pages_of_punches_are_newest_first_and_miss_none(subject: &impl Subject) {
    let store = subject.open();
    hear(&store, [3, 1, 4, 5, 9, 2, 6].map(at).into()).await;
    hear(&store, vec![told("ZX1", 8, "2031-05-06 08:00:05", MORNING), told("ZX1", 7, "nonsense", MORNING)]).await;
    for limit in [1, 2, 5, 50] {
        let (mut seen, mut after) = (Vec::new(), None);
        loop {
            let page = store.punches(&PunchFilter::default(), after, limit).await.unwrap();
            let Some(last) = page.last() else { break };
            after = Some((last.moment_ms(), last.order));
            seen.extend(page.iter().map(|punch| (punch.moment_ms() - MORNING) / SECOND));
        }
        assert_eq!(seen, [9, 6, 5, 5, 4, 3, 2, 1, 0], "pages of {limit}");
    }
}

pub(super) async fn a_punch_is_found_by_whatever_is_asked_of_it(subject: &impl Subject) {
    let store = subject.open();
    hear(&store, vec![at(1), at(30), told("ZX2", 7, "2031-05-06 08:00:02", MORNING)]).await;
    hear(&store, vec![told("ZX1", 0, "2031-05-06 08:00:03", MORNING), told("ZX1", 9, "2000-01-01 00:00:00", MORNING)])
        .await;
    let count = async |filter: PunchFilter| store.punches(&filter, None, 99).await.unwrap().len();
    assert_eq!(count(PunchFilter::default()).await, 5);
    assert_eq!(count(PunchFilter { site: Some(site("metz")), ..PunchFilter::default() }).await, 5);
    assert_eq!(count(PunchFilter { site: Some(site("brest")), ..PunchFilter::default() }).await, 0);
    assert_eq!(count(PunchFilter { terminal: Some("ZX1".to_owned()), ..PunchFilter::default() }).await, 4);
    assert_eq!(count(PunchFilter { enrol_id: Some(7), ..PunchFilter::default() }).await, 3);
    assert_eq!(count(PunchFilter { only_counting: true, ..PunchFilter::default() }).await, 3);
    assert_eq!(count(PunchFilter { only_in_doubt: true, ..PunchFilter::default() }).await, 1);
    let (from_ms, to_ms) = (Some(MORNING + 2 * SECOND), Some(MORNING + 30 * SECOND));
    assert_eq!(count(PunchFilter { from_ms, to_ms, ..PunchFilter::default() }).await, 2);
    assert_eq!(store.punch_figures().await.unwrap(), PunchFigures { rows: 5, in_doubt: 1 });
}

pub(super) async fn a_decision_moves_and_counts_and_survives_a_rebuild(subject: &impl Subject) {
    let store = subject.open();
    let reset = told("ZX1", 7, "2000-01-01 00:00:00", MORNING);
    let key = reset.punch.key;
    hear(&store, vec![reset.clone(), at(1)]).await;
    let before = all(&store).await;
    assert_eq!((before[0].counts, before[0].doubts.as_slice()), (false, [Doubt::ClockReset].as_slice()));
    let review = Review {
        key,
        is_accepted: true,
        at_ms: Some(MORNING),
        account: "lea".to_owned(),
        comment: "she was here".to_owned(),
        made_ms: MORNING + SECOND,
    };
    store.put_review(&review).await.unwrap();
    let shown = store.punches_after(before[1].order, 9).await.unwrap();
    assert_eq!(
        (shown.len(), shown[0].counts, shown[0].at_ms),
        (1, true, Some(MORNING)),
        "whoever follows sees it again"
    );
    let within = PunchFilter { from_ms: Some(MORNING), to_ms: Some(MORNING + 1), ..PunchFilter::default() };
    assert_eq!(store.punches(&within, None, 9).await.unwrap(), shown);
    assert_eq!(store.punch_figures().await.unwrap().in_doubt, 0);

    store.forget_projections().await.unwrap();
    assert_eq!(all(&store).await, []);
    hear(&store, vec![reset]).await;
    let again = all(&store).await;
    assert_eq!((again.len(), again[0].counts), (1, true));
    assert!(again[0].order > shown[0].order, "no place is given twice");
    assert_eq!(store.reviews(9).await.unwrap(), [review]);
    assert!(store.remove_review(key).await.unwrap() && !store.remove_review(key).await.unwrap());
    assert!(!store.punch(key).await.unwrap().unwrap().counts);
}

pub(super) async fn an_anchor_corrects_what_a_wrong_clock_told(subject: &impl Subject) {
    let store = subject.open();
    let boot = BootId([3; 16]);
    // The box believed that it was 1970; its terminal is 10 s ahead of the truth.
    let (believed_ms, began_ms) = (5_000, MORNING - 100 * SECOND);
    let clock_ahead_ms = Some(began_ms - believed_ms + 10 * SECOND);
    let waiting = Derived { value: Told { clock_ahead_ms, ..at(20) }, undated: Some(Undated { boot, believed_ms }) };
    store.apply(Step { punches: vec![waiting.clone()], ..Step::default() }).await.unwrap();
    assert_eq!(all(&store).await[0].at_ms, Some(MORNING + 20 * SECOND), "the terminal's word until then");
    let anchor = Anchor { site: site("metz"), boot, began_ms };
    store.apply(Step { anchors: vec![anchor], ..Step::default() }).await.unwrap();
    let corrected = all(&store).await;
    assert_eq!((corrected[0].at_ms, corrected[0].meant_ms), (Some(MORNING + 10 * SECOND), Some(MORNING + 20 * SECOND)));
    let second = Derived { value: Told { clock_ahead_ms, ..at(30) }, ..waiting };
    store.apply(Step { punches: vec![second], ..Step::default() }).await.unwrap();
    assert_eq!(
        all(&store).await[1].at_ms,
        Some(MORNING + 20 * SECOND),
        "what comes after the anchor is corrected at once"
    );
}

pub(super) async fn a_punch_that_no_terminal_told_is_there_once_and_survives_a_rebuild(subject: &impl Subject) {
    let store = subject.open();
    hear(&store, vec![at(1)]).await;
    assert!(!store.add_punch(&at(1)).await.unwrap(), "a terminal told it");
    assert!(store.add_punch(&at(2)).await.unwrap() && !store.add_punch(&at(2)).await.unwrap());
    let shown = async || -> Vec<_> { all(&store).await.into_iter().map(|punch| (punch.at_ms, punch.seen)).collect() };
    assert_eq!(shown().await, [(Some(MORNING + SECOND), 1), (Some(MORNING + 2 * SECOND), 1)]);

    store.forget_projections().await.unwrap();
    assert_eq!(shown().await, [(Some(MORNING + 2 * SECOND), 1)], "records bring the other one back");
}

pub(super) async fn settled_punches_outlive_a_rebuild_until_their_time_is_over(subject: &impl Subject) {
    let store = subject.open();
    let step = |punches: Vec<Told>, through| Step {
        punches: punches.into_iter().map(|value| Derived { value, undated: None }).collect(),
        cursors: vec![cursor(through)],
        ..Step::default()
    };
    store.apply(step(vec![at(1), at(1), at(2)], 3)).await.unwrap();
    store.settle(step(vec![at(1), at(1)], 2)).await.unwrap();
    let shown = async || -> Vec<_> { all(&store).await.into_iter().map(|punch| (punch.at_ms, punch.seen)).collect() };
    let before = shown().await;
    store.forget_projections().await.unwrap();
    assert_eq!(shown().await, before[..1]);
    store.apply(step(vec![at(2)], 3)).await.unwrap();
    assert_eq!(shown().await, before);
    let end_ms = MORNING + 60 * SECOND;
    assert_eq!(store.forget(Class::Punches, end_ms, 99).await.unwrap(), 0);
    assert!(store.forget(Class::Punches, end_ms + 1, 99).await.unwrap() > 0);
    store.forget_projections().await.unwrap();
    assert_eq!(shown().await, []);
}

pub(super) async fn a_terminal_is_what_was_told_last_and_outlives_its_records(subject: &impl Subject) {
    let store = subject.open();
    let row = |day, used| RoomDay { what: "log".to_owned(), day, told_ms: MORNING, used };
    let word =
        |told_ms, used, day| Terminal { told_ms, history: vec![row(day, used)], ..terminal("metz", "ZX1", used) };
    let step = |told| Step { terminals: vec![told], cursors: vec![cursor(1)], ..Step::default() };
    store.apply(step(word(MORNING + 2, 20, 2))).await.unwrap();
    store.apply(step(word(MORNING + 1, 10, 1))).await.unwrap();
    store.apply(step(terminal("brest", "ZX2", 5))).await.unwrap();
    let shown = store.terminals(Some(&site("metz")), 9).await.unwrap();
    assert_eq!((shown.len(), shown[0].state.room[0].used), (1, Some(20)));
    assert_eq!(shown[0].history, [row(2, 20), row(1, 10)]);
    assert_eq!(store.terminals(None, 9).await.unwrap().len(), 2);
    assert_eq!(store.terminals(None, 1).await.unwrap()[0].site, site("brest"));

    store.settle(step(word(MORNING + 1, 10, 1))).await.unwrap();
    store.forget_projections().await.unwrap();
    assert_eq!(store.terminals(None, 9).await.unwrap()[0].history, [row(1, 10)]);
    store.apply(step(word(MORNING + 2, 20, 2))).await.unwrap();
    assert_eq!(store.terminals(None, 9).await.unwrap(), shown);
}

fn user(enrol_id: u64, name: &str) -> TerminalUser {
    TerminalUser { enrol_id, name: Some(name.to_owned()), slot: 0, ..TerminalUser::default() }
}

fn users(told_ms: i64, stretch: Option<(u64, u64)>, rows: Vec<TerminalUser>) -> terminals::Told {
    let stretch = stretch.map(|(from, through)| UserStretch { from, through });
    terminals::Told { site: site("metz"), terminal: "ZX1".to_owned(), told_ms, stretch, rows }
}

pub(super) async fn a_stretch_of_users_replaces_what_lay_in_it(subject: &impl Subject) {
    let store = subject.open();
    let step = |told| Step { enrolled: vec![told], cursors: vec![cursor(1)], ..Step::default() };
    let names = async || -> Vec<(u64, String)> {
        let all = store.enrolled("ZX1", None, 99).await.unwrap();
        all.into_iter().map(|row| (row.enrol_id, row.name.unwrap_or_default())).collect()
    };
    let is = |rows: &[(u64, &str)]| rows.iter().map(|(id, name)| (*id, (*name).to_owned())).collect::<Vec<_>>();
    store.apply(step(users(1, Some((0, u64::MAX)), vec![user(1, "Ama"), user(2, "Bo"), user(9, "Cy")]))).await.unwrap();
    store.apply(step(users(2, None, vec![user(3, "Di"), TerminalUser { name: None, ..user(9, "") }]))).await.unwrap();
    assert_eq!(names().await, is(&[(1, "Ama"), (2, "Bo"), (3, "Di"), (9, "Cy")]));
    store.apply(step(users(3, Some((2, 5)), vec![user(4, "Ed")]))).await.unwrap();
    assert_eq!(names().await, is(&[(1, "Ama"), (4, "Ed"), (9, "Cy")]));
    store.apply(step(users(2, Some((0, 8)), vec![user(4, "old")]))).await.unwrap();
    assert_eq!(names().await, is(&[(4, "Ed"), (9, "Cy")]), "what was told later stays");
    let page: Vec<Enrolled> = store.enrolled("ZX1", Some((4, 0)), 1).await.unwrap();
    assert_eq!((page.len(), page[0].enrol_id), (1, 9));
    assert_eq!(store.enrolled("ZX2", None, 9).await.unwrap(), []);

    store.settle(step(users(1, None, vec![user(1, "Ama")]))).await.unwrap();
    store.forget_projections().await.unwrap();
    assert_eq!(names().await, is(&[(1, "Ama")]));
}

pub(super) async fn pending_terminals_are_forgotten_and_admitted_ones_stay(subject: &impl Subject) {
    let store = subject.open();
    let mut pending = terminal("metz", "ZX2", 1);
    pending.state.standing = Standing::Pending;
    store.apply(Step { terminals: vec![terminal("metz", "ZX1", 1), pending], ..Step::default() }).await.unwrap();
    assert_eq!(store.forget(Class::PendingTerminals, MORNING, 9).await.unwrap(), 0);
    assert_eq!(store.forget(Class::PendingTerminals, MORNING + 1, 9).await.unwrap(), 1);
    let left = store.terminals(None, 9).await.unwrap();
    assert_eq!(left.iter().map(|one| one.state.terminal.as_str()).collect::<Vec<_>>(), ["ZX1"]);
}
