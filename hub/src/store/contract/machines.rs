//! Laws of machines.

use super::*;
use crate::store::Machines as _;
use crate::store::machines::tests::{row, told};
use crate::store::machines::{Machine, Told};
use crate::store::upkeep::Class;

const HOUR: i64 = 60 * 60 * 1000;

async fn hear(store: &impl Store, machines: Vec<Told>) {
    store.apply(Step { machines, ..Step::default() }).await.unwrap();
}

async fn all(store: &impl Store) -> Vec<Machine> {
    store.machines(None, 99).await.unwrap()
}

fn mac_at(id: &str, at_ms: i64) -> Told {
    told(id, at_ms, &row(7, Some(1), Some("C02XL0AA")))
}

pub(super) async fn words_about_a_machine_merge_whatever_their_order(subject: &impl Subject) {
    let store = subject.open();
    let passing = told("a", 40, &row(9, Some(9), None));
    hear(&store, vec![mac_at("a", 30), passing.clone(), mac_at("a", 10)]).await;
    hear(&store, vec![mac_at("a", 20)]).await;
    let store = subject.reopen(store).await;

    let shown = all(&store).await;

    let names: Vec<_> = shown.iter().map(|one| (one.id.as_str(), one.first_ms, one.met.at_ms)).collect();
    assert_eq!(names, [("02:00:00:00:00:09", 40, 40), ("C02XL0AA", 10, 30)]);
    assert_eq!(shown[0], passing.machine);
    assert_eq!(store.machine("C02XL0AA").await.unwrap(), Some(shown[1].clone()));
    assert_eq!(store.machine("C02XL0BB").await.unwrap(), None);
    assert_eq!(store.machines(None, 1).await.unwrap()[0].id, "02:00:00:00:00:09", "the last that was met");
}

pub(super) async fn a_machine_is_listed_where_it_was_last_met(subject: &impl Subject) {
    let store = subject.open();
    hear(&store, vec![mac_at("a", 10), told("b", 20, &row(8, Some(1), None))]).await;
    assert_eq!(store.machines(Some(&site("a")), 9).await.unwrap(), []);
    let moved = store.machines(Some(&site("b")), 9).await.unwrap();
    assert_eq!(moved[0].names(), ["C02XL0AA", "02:00:00:00:00:01"]);
    assert_eq!(store.machine("02:00:00:00:00:01").await.unwrap(), Some(moved[0].clone()), "found by its card");
}

pub(super) async fn a_machines_past_has_one_row_per_hour_and_day(subject: &impl Subject) {
    let store = subject.open();
    let times = [HOUR + 50, HOUR + 10, HOUR + 90, 2 * HOUR, 24 * HOUR + 5];
    hear(&store, times.map(|at_ms| mac_at("a", at_ms)).into()).await;
    hear(&store, vec![told("a", HOUR + 95, &row(7, Some(1), None))]).await;
    let names = ["C02XL0AA".to_owned()];
    let hours = async |from_ms, to_ms, limit| {
        let rows = store.machine_hours(&names, (from_ms, to_ms), limit).await.unwrap();
        rows.iter().map(|hour| hour.at_ms).collect::<Vec<_>>()
    };
    assert_eq!(hours(0, i64::MAX, 9).await, [HOUR + 90, 2 * HOUR, 24 * HOUR + 5]);
    assert_eq!(hours(2 * HOUR, 24 * HOUR + 5, 9).await, [2 * HOUR]);
    assert_eq!(hours(0, i64::MAX, 1).await, [HOUR + 90]);
    let days = store.machine_days(&names, (0, i64::MAX), 9).await.unwrap();
    assert_eq!(days.iter().map(|day| day.at_ms).collect::<Vec<_>>(), [2 * HOUR, 24 * HOUR + 5]);
    assert_eq!(store.machine_hours(&["other".to_owned()], (0, i64::MAX), 9).await.unwrap(), []);
}

pub(super) async fn settled_machines_outlive_a_rebuild_until_their_time_is_over(subject: &impl Subject) {
    let store = subject.open();
    commit(&store, records("a", 1, 1, 9)).await;
    let step =
        |through, machines| Step { machines, cursors: vec![dated(cursor("a", 1, through, 1))], ..Step::default() };
    let passing = told("a", 10, &row(9, Some(9), None));
    store.apply(step(9, vec![mac_at("a", 10), passing.clone(), mac_at("a", 2 * HOUR)])).await.unwrap();
    store.settle(step(4, vec![mac_at("a", 10), passing])).await.unwrap();

    store.forget_projections().await.unwrap();

    let names = ["C02XL0AA".to_owned()];
    let hours = async || store.machine_hours(&names, (0, i64::MAX), 9).await.unwrap().len();
    assert_eq!((all(&store).await.len(), hours().await), (2, 1), "what follows the settled records is followed again");
    hear(&store, vec![mac_at("a", 2 * HOUR)]).await;
    assert_eq!(hours().await, 2);

    assert_eq!(store.forget(Class::PassingMachines, HOUR, 9).await.unwrap(), 1);
    assert_eq!((all(&store).await.len(), hours().await), (1, 2));
    assert!(store.forget(Class::Machines, HOUR, 9).await.unwrap() > 0);
    assert_eq!((all(&store).await.len(), hours().await), (1, 1));
    while store.forget(Class::Machines, 3 * HOUR, 9).await.unwrap() > 0 {}
    store.forget_projections().await.unwrap();
    assert_eq!((all(&store).await, hours().await), (Vec::new(), 0));
}

pub(super) async fn a_forgotten_machine_comes_back_only_by_later_words(subject: &impl Subject) {
    let store = subject.open();
    hear(&store, vec![mac_at("a", 10), told("a", 20, &row(7, Some(1), None))]).await;
    let names = all(&store).await[0].names();

    assert!(store.forget_machine(&names, 100).await.unwrap());
    assert!(!store.forget_machine(&names, 100).await.unwrap());

    hear(&store, vec![mac_at("a", 10), mac_at("a", 99)]).await;
    store.forget_projections().await.unwrap();
    assert_eq!(all(&store).await, []);
    hear(&store, vec![mac_at("a", 100)]).await;
    assert_eq!(all(&store).await[0].first_ms, 100);
    assert_eq!(store.machine_hours(&names, (0, i64::MAX), 9).await.unwrap().len(), 1);
}
