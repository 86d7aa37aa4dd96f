//! Laws of alerts: a look is kept as a whole, history stays apart from what is present, news are told once.

use super::*;
use crate::alerts::alert::{Alert, Key, Stage as Far};
use crate::alerts::book::Turn;
use crate::alerts::incident::{Incident, IncidentStage};
use crate::alerts::news::{News, Phase, Severity};
use crate::alerts::silence::{Matcher, Silence};
use crate::store::Alerts as _;
use crate::store::alerts::AlertFilter;
use crate::store::upkeep::Class;

fn alert(no: u64, id: &str, rule: &str, fired_ms: i64) -> Alert {
    let key = Key { rule: rule.to_owned(), site: Some(site(id)), subject: String::new() };
    let stage = if fired_ms > 0 { Far::Firing } else { Far::Pending };
    Alert { fired_ms, stage, ..Alert::pending(no, key, "A place".to_owned(), 1) }
}

fn over(alert: &Alert, ended_ms: i64) -> Alert {
    Alert { stage: Far::Over, ended_ms: Some(ended_ms), ..alert.clone() }
}

fn incident(id: &str, closed_ms: Option<i64>) -> Incident {
    Incident {
        id: id.to_owned(),
        stage: if closed_ms.is_some() { IncidentStage::Closed } else { IncidentStage::Open },
        began_ms: 1,
        opened_ms: Some(2),
        told_ms: Some(2),
        closed_ms,
        number: 1,
        severity: Severity::Critical,
    }
}

fn news(incident: &str, number: u32, at_ms: i64) -> News {
    let (incident, phase, severity) = (incident.to_owned(), Phase::Opened, Severity::Critical);
    News { incident, number, phase, severity, began_ms: 1, at_ms, lines: Vec::new(), more: 0 }
}

fn numbers(alerts: &[Alert]) -> Vec<u64> {
    alerts.iter().map(|alert| alert.no).collect()
}

async fn save(store: &impl Store, turn: Turn) {
    store.save_alerts(&turn, &[]).await.unwrap();
}

pub(super) async fn a_look_is_kept_as_a_whole_and_history_apart(subject: &impl Subject) {
    let store = subject.open();
    assert_eq!(store.next_alert().await.unwrap(), 1);
    let (one, two, three) = (alert(1, "a", "disk", 5), alert(2, "b", "disk", 6), alert(3, "a", "memory", 0));
    let saved = vec![one.clone(), two.clone(), three.clone()];
    let first = Turn { saved, incidents: vec![incident("i1", None)], news: vec![news("i1", 1, 9)], ..Turn::default() };
    store.save_alerts(&first, &[entry(9, None, "Incident i1 began.")]).await.unwrap();
    let graver = Alert { incident: Some("i1".to_owned()), ..two.clone() };
    let past = vec![over(&one, 7)];
    save(&store, Turn { saved: vec![graver.clone()], past: past.clone(), dropped: vec![3], ..Turn::default() }).await;

    let store = subject.reopen(store).await;
    assert_eq!(store.present_alerts().await.unwrap(), std::slice::from_ref(&graver));
    assert_eq!(store.alert(1).await.unwrap(), Some(past[0].clone()));
    assert_eq!(store.alert(3).await.unwrap(), None, "it never fired");
    assert_eq!(store.next_alert().await.unwrap(), 3);
    assert_eq!(store.incidents_since(0).await.unwrap(), [incident("i1", None)]);
    assert_eq!(store.news_of("i1").await.unwrap(), [news("i1", 1, 9)]);
    assert_eq!(store.entries(None, 9).await.unwrap().len(), 1);
}

pub(super) async fn pages_of_alerts_are_newest_first_and_as_they_were_asked(subject: &impl Subject) {
    let store = subject.open();
    let fired = |no: u64| {
        let (id, rule) =
            (if no.is_multiple_of(3) { "b" } else { "a" }, if no.is_multiple_of(2) { "disk" } else { "memory" });
        alert(no, id, rule, 5)
    };
    let saved = (1..=6).map(fired).collect();
    save(&store, Turn { saved, ..Turn::default() }).await;
    save(&store, Turn { saved: vec![alert(7, "a", "disk", 0)], ..Turn::default() }).await;
    let in_incident = Alert { incident: Some("i1".to_owned()), ..alert(8, "b", "disk", 9) };
    save(&store, Turn { past: vec![over(&in_incident, 9)], ..Turn::default() }).await;

    let asked = async |filter: AlertFilter, before| numbers(&store.alerts(&filter, before, 3).await.unwrap());
    assert_eq!(asked(AlertFilter::default(), None).await, [8, 6, 5]);
    assert_eq!(asked(AlertFilter::default(), Some(5)).await, [4, 3, 2]);
    assert_eq!(asked(AlertFilter { site: Some(site("b")), ..AlertFilter::default() }, None).await, [8, 6, 3]);
    assert_eq!(asked(AlertFilter { rule: Some("memory".to_owned()), ..AlertFilter::default() }, None).await, [5, 3, 1]);
    let of_incident = AlertFilter { incident: Some("i1".to_owned()), ..AlertFilter::default() };
    assert_eq!(asked(of_incident, None).await, [8]);
}

pub(super) async fn news_are_untold_until_somebody_took_them_over(subject: &impl Subject) {
    let store = subject.open();
    let incidents = vec![incident("i1", None), incident("i2", None)];
    let told = vec![news("i1", 1, 9), news("i2", 1, 7), news("i1", 2, 12)];
    save(&store, Turn { incidents, news: told.clone(), ..Turn::default() }).await;
    let order = |all: Vec<News>| all.into_iter().map(|one| (one.incident, one.number)).collect::<Vec<_>>();
    let name = |incident: &str, number| (incident.to_owned(), number);
    assert_eq!(order(store.untold(2).await.unwrap()), [name("i2", 1), name("i1", 1)]);
    store.mark_told("i2", 1).await.unwrap();
    save(&store, Turn { news: vec![told[1].clone()], ..Turn::default() }).await;
    let store = subject.reopen(store).await;
    assert_eq!(order(store.untold(9).await.unwrap()), [name("i1", 1), name("i1", 2)], "the same again is not new");
}

pub(super) async fn silences_have_numbers_and_an_end(subject: &impl Subject) {
    let store = subject.open();
    let matcher = Matcher { site: Some(site("a")), rule: Some("disk".to_owned()), subject: None };
    let silence = |until_ms| Silence {
        no: 99,
        matcher: matcher.clone(),
        until_ms,
        note: "moving".to_owned(),
        account: "anna".to_owned(),
        made_ms: 1,
    };
    let (first, second) =
        (store.add_silence(&silence(10)).await.unwrap(), store.add_silence(&silence(20)).await.unwrap());
    assert!(first < second);
    let store = subject.reopen(store).await;
    assert_eq!(store.silences(10).await.unwrap(), [Silence { no: second, ..silence(20) }]);
    assert_eq!(store.silences(9).await.unwrap().len(), 2);
    assert!(store.remove_silence(second).await.unwrap() && !store.remove_silence(second).await.unwrap());
    assert!(store.add_silence(&silence(30)).await.unwrap() > second, "no number comes again");
}

pub(super) async fn only_what_is_over_is_forgotten(subject: &impl Subject) {
    let store = subject.open();
    let (lasting, ended, newer) = (alert(1, "a", "disk", 5), alert(2, "a", "memory", 5), alert(3, "b", "memory", 5));
    let past = vec![over(&ended, 10), over(&newer, 30)];
    let incidents = vec![incident("i1", Some(10)), incident("i2", None), incident("i3", Some(30))];
    let told = ["i1", "i2", "i3"].map(|id| news(id, 1, 9)).to_vec();
    save(&store, Turn { saved: vec![lasting], past, incidents, news: told, ..Turn::default() }).await;
    while store.forget(Class::Alerts, 20, 1).await.unwrap() > 0 {}
    assert_eq!(numbers(&store.alerts(&AlertFilter::default(), None, 9).await.unwrap()), [3, 1]);
    let left: Vec<String> = store.incidents(None, 9).await.unwrap().into_iter().map(|one| one.id).collect();
    assert_eq!(left, ["i3", "i2"]);
    assert_eq!(store.news_of("i1").await.unwrap(), []);
    assert_eq!(store.news_of("i3").await.unwrap().len(), 1);
    assert_eq!(store.incidents_since(29).await.unwrap().len(), 2);
    assert_eq!(store.incidents(Some("i3"), 9).await.unwrap().len(), 1);
}
