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
    let (site, lane, queue): (SiteId, _, _) = ("metz".parse().unwrap(), Lane::Ledger, QueueId([1; 16]));
    let state = QueueState { site: site.clone(), lane, queue, through: 5, born_ms: 1 };
    store.commit(Arc::new(Commit { queues: vec![state], ..Commit::default() })).await.unwrap();
    let cursor = Cursor { site, lane, queue, through: 5, complete_ms: Some(complete_ms) };
    let step = Step {
        punches: punches.into_iter().map(|value| Derived { value, undated: None }).collect(),
        terminals: vec![terminal("metz", "ZX1", 1)],
        cursors: vec![Derived { value: cursor, undated: None }],
        ..Step::default()
    };
    store.apply(step).await.unwrap();
    store
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
