//! Laws of people's days, of what was decided of them, and of who looked.

use std::slice::from_ref;

use jiff::civil::{Date, date};

use super::*;
use crate::attendance::book::Mark;
use crate::store::Days as _;
use crate::store::presence::{DayFilter, Look, Override, PolicyText, PresenceEnd, StoredDay};
use crate::store::upkeep::Class;

pub(crate) fn day(person: &str, date: Date, value: f64, revision: u32) -> StoredDay {
    StoredDay {
        person: person.to_owned(),
        date,
        body: format!("{{\"revision\":{revision}}}"),
        value: Some(value),
        revision,
        mark: Mark::Provisional,
        published_revision: 0,
        published_ms: None,
    }
}

pub(super) fn all() -> DayFilter {
    DayFilter { person: None, from: date(1970, 1, 1), through: date(1970, 12, 31), only_unpublished: false }
}

pub(super) async fn a_day_is_replaced_by_newer_revisions_and_published_once(subject: &impl Subject) {
    let (store, on) = (subject.open(), date(1970, 5, 1));
    let newer = StoredDay { mark: Mark::Amended, value: None, ..day("ama", on, 0.5, 2) };
    store.put_person_days(&[day("ama", on, 0.5, 1), newer.clone(), day("ama", on, 1.0, 1)]).await.unwrap();
    let waits = DayFilter { only_unpublished: true, ..all() };
    assert_eq!(store.person_days(&waits, None, 9).await.unwrap(), from_ref(&newer));
    assert!(store.note_published(("ama", on), 2, 77).await.unwrap());
    assert!(
        !store.note_published(("ama", on), 2, 78).await.unwrap()
            && !store.note_published(("bo", on), 1, 1).await.unwrap()
    );
    store.put_person_days(from_ref(&newer)).await.unwrap();
    let store = subject.reopen(store).await;
    let published = StoredDay { published_revision: 2, published_ms: Some(77), ..newer };
    assert_eq!(store.person_days(&all(), None, 9).await.unwrap(), [published]);
    assert_eq!(store.person_days(&waits, None, 9).await.unwrap(), []);
    store.put_person_days(&[day("ama", on, 0.0, 3)]).await.unwrap();
    assert_eq!(store.person_days(&waits, None, 9).await.unwrap()[0].published_revision, 2);
    assert_eq!(store.forget(Class::PersonDays, 400 * 86_400_000, 9).await.unwrap(), 1);
}

pub(super) async fn pages_of_days_miss_none_and_repeat_none(subject: &impl Subject) {
    let store = subject.open();
    let mut expected = Vec::new();
    for number in 1..4 {
        for person in ["ama", "bo", "cy"] {
            store.put_person_days(&[day(person, date(1970, 5, number), 1.0, 1)]).await.unwrap();
            expected.push((date(1970, 5, number), person.to_owned()));
        }
    }
    for limit in [1, 4, 9, 50] {
        let (mut seen, mut after) = (Vec::new(), None);
        loop {
            let page = store.person_days(&all(), after.clone(), limit).await.unwrap();
            let Some(last) = page.last() else { break };
            after = Some((last.date, last.person.clone()));
            seen.extend(page.into_iter().map(|day| (day.date, day.person)));
        }
        assert_eq!(seen, expected, "pages of {limit}");
    }
    let of_bo = DayFilter { person: Some("bo".to_owned()), from: date(1970, 5, 2), ..all() };
    assert_eq!(store.person_days(&of_bo, None, 9).await.unwrap().len(), 2);
}

pub(super) async fn a_decision_stands_beside_its_day_until_it_is_taken_back(subject: &impl Subject) {
    let (store, on) = (subject.open(), date(1970, 5, 1));
    let decision = |person: &str, value| Override {
        person: person.to_owned(),
        date: on,
        value,
        comment: "was there".to_owned(),
        account: "lea".to_owned(),
        made_ms: 5,
    };
    for one in [decision("bo", 1.0), decision("ama", 0.5), decision("ama", 1.0)] {
        store.put_override(&one).await.unwrap();
    }
    assert_eq!(store.overrides(None, on, on).await.unwrap(), [decision("ama", 1.0), decision("bo", 1.0)]);
    assert_eq!(store.overrides(Some("bo"), on, on).await.unwrap().len(), 1);
    assert_eq!(store.overrides(None, on, date(1970, 4, 1)).await.unwrap(), []);
    assert!(store.remove_override("bo", on).await.unwrap() && !store.remove_override("bo", on).await.unwrap());
}

pub(super) async fn ends_policies_and_looks_are_kept_as_they_were_said(subject: &impl Subject) {
    let store = subject.open();
    let end = |person: &str, account: &str, at_ms| PresenceEnd {
        person: person.to_owned(),
        at_ms,
        account: account.to_owned(),
        made_ms: 9,
    };
    store.end_presences(&[end("bo", "lea", 20), end("ama", "lea", 10)]).await.unwrap();
    store.end_presences(&[end("ama", "tom", 10)]).await.unwrap();
    assert_eq!(store.presence_ends(10, 20).await.unwrap(), [end("ama", "lea", 10)]);
    assert_eq!(store.forget(Class::Strips, 15, 9).await.unwrap(), 1);

    let policy =
        |version, body: &str| PolicyText { name: "slots10".to_owned(), version, body: body.to_owned(), made_ms: 1 };
    store.add_policy(&policy(2, "{}")).await.unwrap();
    store.add_policy(&policy(1, "{}")).await.unwrap();
    assert!(store.add_policy(&policy(1, "[]")).await.is_err());
    assert_eq!(store.policies().await.unwrap(), [policy(1, "{}"), policy(2, "{}")]);

    let look = |at_ms, person: &str| Look {
        at_ms,
        account: "lea".to_owned(),
        person: person.to_owned(),
        what: "day".to_owned(),
    };
    for (at_ms, person) in [(1, "ama"), (2, "bo"), (3, "ama")] {
        store.note_look(&look(at_ms, person)).await.unwrap();
    }
    assert_eq!(store.looks(Some("ama"), 9).await.unwrap(), [look(3, "ama"), look(1, "ama")]);
    assert_eq!(store.looks(None, 1).await.unwrap(), [look(3, "ama")]);
    assert_eq!(store.forget(Class::Looks, 3, 9).await.unwrap(), 2);
}
