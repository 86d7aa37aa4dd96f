//! Laws of registered devices, their owners and their claims; and of those who were erased.

use vigie_shared::mac::Mac;

use super::strips::{everything, shown, sights, span};
use super::*;
use crate::attendance::Person;
use crate::presence::{Counts, Ownership};
use crate::store::presence::{
    Claim, Dispute, Erased, Exclusion, Look, Override, OwnershipFilter, Profile, Registered, StoredDay,
};
use crate::store::upkeep::Class;
use crate::store::{Days as _, Disputes as _, Registry as _, Strips as _};

const PHONE: Mac = Mac([0x8e, 0x1b, 0x7c, 0, 0x11, 0x22]);

fn registered(id: &str, device: &str, label: &str) -> Registered {
    Registered { site: site(id), device: device.to_owned(), mac: PHONE, label: label.to_owned(), added_ms: 5 }
}

fn owns(person: &str, from_ms: i64, to_ms: Option<i64>) -> Ownership {
    let (site, device, person) = (Some(site("a")), "x".to_owned(), person.to_owned());
    Ownership { device, site, person, from_ms, to_ms, counts: Counts::Yes, grace_min: None }
}

fn claim(id: &str, person: &str, made_ms: i64) -> Claim {
    let (id, device, person) = (id.to_owned(), "x".to_owned(), person.to_owned());
    Claim { id, site: site("a"), device, mac: PHONE, person, made_ms }
}

fn person(id: &str) -> Person {
    Person { id: id.to_owned(), name: "Ama".to_owned(), numbers: Vec::new() }
}

async fn owners(store: &impl Store) -> Vec<(String, i64, Option<i64>)> {
    let all = store.ownerships(&OwnershipFilter::default()).await.unwrap();
    all.into_iter().map(|one| (one.person, one.from_ms, one.to_ms)).collect()
}

pub(super) async fn a_device_is_registered_named_anew_and_forgotten(subject: &impl Subject) {
    let store = subject.open();
    store.register_device(&registered("b", "x", "Phone")).await.unwrap();
    store.register_device(&registered("a", "x", "Phone")).await.unwrap();
    let anew = Registered { added_ms: 99, ..registered("a", "x", "Laptop") };
    store.register_device(&anew).await.unwrap();
    let store = subject.reopen(store).await;
    store.forget_projections().await.unwrap();
    assert_eq!(store.registered(None).await.unwrap(), [registered("a", "x", "Laptop"), registered("b", "x", "Phone")]);
    assert!(store.own(&owns("ama", 1, None)).await.unwrap());
    assert!(store.forget_device(&site("a"), "x").await.unwrap());
    assert!(!store.forget_device(&site("a"), "x").await.unwrap());
    assert_eq!(store.registered(Some(&site("a"))).await.unwrap(), []);
    assert_eq!(owners(&store).await, []);
}

pub(super) async fn no_device_has_two_owners_at_one_time(subject: &impl Subject) {
    let store = subject.open();
    assert!(store.own(&owns("ama", 100, Some(200))).await.unwrap());
    for (from_ms, to_ms) in [(100, Some(200)), (150, None), (50, Some(101)), (199, Some(300)), (0, None)] {
        assert!(!store.own(&owns("bo", from_ms, to_ms)).await.unwrap(), "{from_ms} to {to_ms:?}");
    }
    assert!(store.own(&owns("bo", 200, None)).await.unwrap() && store.own(&owns("cy", 0, Some(100))).await.unwrap());
    let of = |person: &str, from_ms, to_ms| (person.to_owned(), from_ms, to_ms);
    let all = [of("cy", 0, Some(100)), of("ama", 100, Some(200)), of("bo", 200, None)];
    assert_eq!(owners(&store).await, all);
    let elsewhere = Ownership { site: Some(site("b")), ..owns("bo", 0, None) };
    assert!(store.own(&elsewhere).await.unwrap(), "another site's key names another device");
    let of_bo = OwnershipFilter { person: Some("bo".to_owned()), site: Some(site("b")), device: None };
    assert_eq!(store.ownerships(&of_bo).await.unwrap(), [elsewhere]);
}

pub(super) async fn a_device_is_handed_over_or_given_back_at_a_moment(subject: &impl Subject) {
    let store = subject.open();
    let of = |person: &str, from_ms, to_ms| (person.to_owned(), from_ms, to_ms);
    assert!(store.own(&owns("ama", 100, None)).await.unwrap());
    assert!(store.hand_over(&owns("bo", 200, None)).await.unwrap());
    assert!(!store.hand_over(&owns("cy", 150, None)).await.unwrap(), "bo owns it later in that time");
    assert_eq!(owners(&store).await, [of("ama", 100, Some(200)), of("bo", 200, None)]);
    assert!(store.hand_over(&owns("cy", 200, None)).await.unwrap(), "whoever began just then never had it");
    assert_eq!(owners(&store).await, [of("ama", 100, Some(200)), of("cy", 200, None)]);
    assert!(store.disown(Some(&site("a")), "x", 300).await.unwrap());
    assert!(!store.disown(Some(&site("a")), "x", 300).await.unwrap());
    assert_eq!(owners(&store).await, [of("ama", 100, Some(200)), of("cy", 200, Some(300))]);
}

pub(super) async fn an_excluded_device_loses_its_address_and_its_owner(subject: &impl Subject) {
    let store = subject.open();
    store.register_device(&registered("a", "x", "Phone")).await.unwrap();
    store.own(&owns("ama", 100, None)).await.unwrap();
    store.add_claim(&claim("1", "bo", 5)).await.unwrap();
    let exclusion = Exclusion { site: site("a"), device: "x".to_owned(), label: "Objected".to_owned(), made_ms: 150 };
    store.exclude(&exclusion).await.unwrap();
    assert_eq!(store.registered(None).await.unwrap(), []);
    assert_eq!(store.claims().await.unwrap(), []);
    assert_eq!(owners(&store).await, [("ama".to_owned(), 100, Some(150))]);
    assert_eq!(store.exclusions(Some(&site("a"))).await.unwrap(), [exclusion]);
    assert_eq!(store.exclusions(Some(&site("b"))).await.unwrap(), []);
    assert!(store.include(&site("a"), "x").await.unwrap() && !store.include(&site("a"), "x").await.unwrap());
}

pub(super) async fn a_profile_goes_with_its_person_and_an_address_is_one_persons(subject: &impl Subject) {
    let store = subject.open();
    for id in ["ama", "bo"] {
        store.put_person(&person(id)).await.unwrap();
    }
    let profile =
        |id: &str, email: &str| Profile { person: id.to_owned(), email: Some(email.to_owned()), shows_name: true };
    store.put_profile(&profile("ama", "old@example.org")).await.unwrap();
    store.put_profile(&profile("ama", "ama@example.org")).await.unwrap();
    let taken = store.put_profile(&profile("bo", "AMA@example.org")).await.unwrap_err();
    assert!(!taken.to_string().contains("ama"), "{taken}");
    store.put_profile(&Profile { email: None, ..profile("bo", "") }).await.unwrap();
    assert_eq!(store.profiles().await.unwrap().len(), 2);
    store.remove_person("ama").await.unwrap();
    let left: Vec<String> = store.profiles().await.unwrap().into_iter().map(|one| one.person).collect();
    assert_eq!(left, ["bo"]);
}

pub(super) async fn a_claim_waits_once_until_somebody_decides_or_its_time_is_over(subject: &impl Subject) {
    let store = subject.open();
    for one in [claim("2", "bo", 7), claim("1", "ama", 5), claim("3", "ama", 6)] {
        store.add_claim(&one).await.unwrap();
    }
    let store = subject.reopen(store).await;
    assert_eq!(store.claims().await.unwrap(), [claim("1", "ama", 5), claim("2", "bo", 7)]);
    assert!(store.remove_claim("1").await.unwrap() && !store.remove_claim("1").await.unwrap());
    assert_eq!(store.forget(Class::Claims, 8, 9).await.unwrap(), 1);
}

pub(super) async fn of_who_was_erased_only_the_worth_of_days_stays(subject: &impl Subject) {
    let (store, date) = (subject.open(), jiff::civil::date(1970, 1, 1));
    let (person_id, account) = ("ama".to_owned(), "lea".to_owned());
    store.put_person(&person("ama")).await.unwrap();
    store.register_device(&registered("a", "x", "Phone")).await.unwrap();
    store.own(&owns("ama", 0, None)).await.unwrap();
    let look = Look { at_ms: 1, account: account.clone(), person: person_id.clone(), what: "day".to_owned() };
    store.note_look(&look).await.unwrap();
    let comment = "was there".to_owned();
    let decision = Override { person: person_id, date, value: 1.0, comment, account, made_ms: 1 };
    store.put_override(&decision).await.unwrap();
    let (text, account) = ("I was there".to_owned(), "ama".to_owned());
    let dispute = Dispute { person: "ama".to_owned(), date, text, account, made_ms: 1, answer: None };
    store.put_dispute(&dispute).await.unwrap();
    let day = super::days::day("ama", date, 0.5, 1);
    store.put_person_days(std::slice::from_ref(&day)).await.unwrap();

    store.erase(&erased()).await.unwrap();
    store.erase(&erased()).await.unwrap();

    let store = subject.reopen(store).await;
    assert_eq!((store.people().await.unwrap(), store.registered(None).await.unwrap()), (Vec::new(), Vec::new()));
    assert_eq!((owners(&store).await, store.looks(None, 9).await.unwrap()), (Vec::new(), Vec::new()));
    assert_eq!(store.overrides(None, date, date).await.unwrap(), []);
    assert_eq!(store.disputes(None, false, 9).await.unwrap(), []);
    let tombstone = StoredDay { person: "erased1".to_owned(), body: "{}".to_owned(), ..day };
    assert_eq!(store.person_days(&super::days::all(), None, 9).await.unwrap(), [tombstone]);
    assert_eq!(store.erasures().await.unwrap(), [erased()]);
}

pub(super) async fn what_was_seen_of_the_erased_does_not_come_back(subject: &impl Subject) {
    let store = subject.open();
    let seen = || vec![dated(sights("a", "x", &[span(1, 2)])), dated(sights("a", "other", &[span(1, 2)]))];
    let known = Device { kind: DeviceKind::Known, ..device("a", "x", 60_000, 120_000) };
    let step = || Step { sights: seen(), devices: vec![dated(known.clone())], ..Step::default() };
    store.apply(step()).await.unwrap();
    store.add_sights(&[sights("app", "ama", &[span(1, 2)])]).await.unwrap();

    store.erase(&erased()).await.unwrap();

    store.forget_projections().await.unwrap();
    store.apply(step()).await.unwrap();
    let devices: Vec<String> = shown(&store, &everything()).await.into_iter().map(|strip| strip.device).collect();
    assert_eq!((devices, store.devices(None, None, 9).await.unwrap()), (vec!["other".to_owned()], Vec::new()));
    let later = vec![dated(sights("a", "x", &[span(11, 12)]))];
    store.apply(Step { sights: later, ..Step::default() }).await.unwrap();
    assert_eq!(shown(&store, &everything()).await.len(), 2, "who comes again is a new person's device");
}

/// Ama is erased ten minutes after the beginning.
fn erased() -> Erased {
    Erased {
        person: "ama".to_owned(),
        erased_ms: 10 * 60_000,
        tombstone: "erased1".to_owned(),
        devices: vec![(site("a"), "x".to_owned())],
    }
}
