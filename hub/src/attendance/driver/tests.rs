//! Days from a store.

use jiff::civil::date;

use super::*;
use crate::attendance::book::Mark;
use crate::attendance::{Person, Schedule};
use crate::store::attendance::Told;
use crate::store::contract::attendance::{MORNING, terminal, told};
use crate::store::facts::{Commit, QueueState};
use crate::store::projections::{Cursor, Derived, Step};
use crate::store::{Facts as _, Memory, Projections as _, Timetable as _};
use vigie_shared::id::QueueId;

const DAY_MS: i64 = 24 * 60 * 60 * 1000;

async fn store_with(punches: Vec<Told>, complete_ms: i64) -> Memory {
    let store = Memory::default();
    reach(&store, Lane::Ledger, complete_ms).await;
    let step = Step {
        punches: punches.into_iter().map(|value| Derived { value, undated: None }).collect(),
        terminals: vec![terminal("metz", "ZX1", 1)],
        ..Step::default()
    };
    store.apply(step).await.unwrap();
    store
}

/// Everything of a lane has arrived until that moment.
async fn reach(store: &Memory, lane: Lane, complete_ms: i64) {
    let (site, queue): (SiteId, _) = ("metz".parse().unwrap(), QueueId([lane as u8; 16]));
    let state = QueueState { site: site.clone(), lane, queue, through: 5, born_ms: 1 };
    store.commit(Arc::new(Commit { queues: vec![state], ..Commit::default() })).await.unwrap();
    let cursor = Cursor { site, lane, queue, through: 5, complete_ms: Some(complete_ms) };
    let cursors = vec![Derived { value: cursor, undated: None }];
    store.apply(Step { cursors, ..Step::default() }).await.unwrap();
}

/// The terminal's box tells how it is.
async fn tell(store: &Memory, change: impl FnOnce(&mut Terminal)) {
    let mut told = terminal("metz", "ZX1", 1);
    change(&mut told);
    store.apply(Step { terminals: vec![told], ..Step::default() }).await.unwrap();
}

fn at(terminal: &str, number: u64, hour: i64) -> Told {
    told(terminal, number, &format!("2031-05-06 {hour:02}:00:00"), MORNING)
}

#[tokio::test]
async fn days_of_all_of_a_terminal_and_of_one_person_are_told_apart() {
    let punches = vec![at("ZX1", 7, 8), at("ZX1", 8, 8), at("ZX2", 7, 8)];
    let store = store_with(punches, MORNING).await;
    let numbers = vec![("ZX2".to_owned(), 7)];
    store.put_person(&Person { id: "e1".to_owned(), name: "Ama".to_owned(), numbers }).await.unwrap();
    let dates = (date(2031, 5, 6), date(2031, 5, 6));
    let count =
        async |scope: Scope| days(&store, &BTreeMap::new(), (&scope, dates), MORNING).await.map(|days| days.len());
    assert_eq!(count(Scope::All).await.unwrap(), 3, "terminals that told nothing of themselves count too");
    assert_eq!(count(Scope::Terminal("ZX1".to_owned())).await.unwrap(), 2);
    assert_eq!(count(Scope::Person("ZX1/7".to_owned())).await.unwrap(), 1);
    assert_eq!(count(Scope::Person("e1".to_owned())).await.unwrap(), 1);
    assert!(matches!(count(Scope::Person("nobody".to_owned())).await, Err(DaysError::NobodyKnown)));
    let shared = Schedule {
        terminals: vec!["ZX1".to_owned(), "ZX3".to_owned()],
        has_common_numbers: true,
        ..Schedule::empty("shared")
    };
    store.put_schedule(&shared).await.unwrap();
    assert_eq!(count(Scope::Person("ZX3/7".to_owned())).await.unwrap(), 1, "the number is looked for on all");
}

#[tokio::test]
async fn a_day_is_closed_when_the_ledger_says_so_and_stays_closed() {
    let store = store_with(vec![at("ZX1", 7, 8)], MORNING + 2 * DAY_MS).await;
    let now_ms = MORNING + 3 * DAY_MS;
    assert_eq!(close(&store, &BTreeMap::new(), now_ms).await.unwrap(), 39, "all but yesterday's and today's");
    assert_eq!(close(&store, &BTreeMap::new(), now_ms).await.unwrap(), 0);
    let dates = (date(2031, 5, 6), date(2031, 5, 6));
    let shown = days(&store, &BTreeMap::new(), (&Scope::All, dates), now_ms).await.unwrap();
    assert_eq!(shown[0].mark, Mark::Final);
    assert_eq!(store.closings(dates.0, dates.1).await.unwrap()[0].closed_ms, now_ms);
}

#[tokio::test]
async fn no_day_is_final_while_its_terminal_has_rows_that_nobody_acknowledged() {
    let store = store_with(vec![at("ZX1", 7, 8)], MORNING + 2 * DAY_MS).await;
    tell(&store, |told| (told.seq, told.state.unsent) = (2, Some(3))).await;
    let now_ms = MORNING + 3 * DAY_MS;
    assert_eq!(close(&store, &BTreeMap::new(), now_ms).await.unwrap(), 0);

    tell(&store, |told| (told.seq, told.state.unsent) = (3, Some(0))).await;
    assert_eq!(close(&store, &BTreeMap::new(), now_ms).await.unwrap(), 39);
}

#[tokio::test]
async fn no_day_is_final_behind_the_last_word_of_a_terminal_that_is_away() {
    let store = store_with(vec![at("ZX1", 7, 8)], MORNING + 2 * DAY_MS).await;
    let heard_ms = Some(MORNING - DAY_MS);
    tell(&store, |told| (told.seq, told.heard_ms, told.state.is_connected) = (2, heard_ms, false)).await;
    let now_ms = MORNING + 3 * DAY_MS;
    let dates = (date(2031, 5, 6), date(2031, 5, 6));

    close(&store, &BTreeMap::new(), now_ms).await.unwrap();

    let mark = async || days(&store, &BTreeMap::new(), (&Scope::All, dates), now_ms).await.unwrap()[0].mark;
    assert_eq!(mark().await, Mark::Provisional);
    tell(&store, |told| told.seq = 3).await;
    close(&store, &BTreeMap::new(), now_ms).await.unwrap();
    assert_eq!(mark().await, Mark::Final, "it came back and had nothing more to tell");
}

#[tokio::test]
async fn a_terminal_counts_as_connected_only_as_far_as_its_box_has_told() {
    let store = store_with(vec![at("ZX1", 7, 8)], MORNING + 2 * DAY_MS).await;
    reach(&store, Lane::Observations, MORNING - DAY_MS).await;
    let now_ms = MORNING + 3 * DAY_MS;
    let before = close(&store, &BTreeMap::new(), now_ms).await.unwrap();

    reach(&store, Lane::Observations, MORNING + 2 * DAY_MS).await;
    let after = close(&store, &BTreeMap::new(), now_ms).await.unwrap();

    assert_eq!((before, after), (36, 3), "how it was since then may still be on its way");
}
