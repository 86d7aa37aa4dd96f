//! Laws of sites, enrolments, accounts and the diary.

use futures_util::future::join_all;
use vigie_shared::about::About;

use super::*;
use crate::store::StoreError;
use crate::store::accounts::{Account, Credential, CredentialKind, Role, Scope};
use crate::store::sites::{Certificate, Enrolment, Machine, Redeemed};

fn enrolment(id: &str, secret: u8) -> Enrolment {
    Enrolment {
        site: site(id),
        secret_sha256: [secret; 32],
        created_ms: i64::from(secret),
        expires_ms: 1_000,
        used_ms: None,
    }
}

fn certificate(id: &str, serial: &str, issued_ms: i64) -> Certificate {
    Certificate { serial: serial.to_owned(), site: site(id), issued_ms, expires_ms: 10_000, revoked_ms: None }
}

pub(super) async fn a_site_is_added_once(subject: &impl Subject) {
    let store = subject.open();
    // Facts may know a site before anybody added it.
    commit(&store, records("b", 1, 1, 1)).await;
    assert!(store.sites().await.unwrap().is_empty());

    store.add_site(&place("b")).await.unwrap();
    store.add_site(&place("a")).await.unwrap();
    let again = store.add_site(&Site { name: "other".to_owned(), ..place("a") }).await;

    assert!(matches!(again, Err(StoreError::Conflict(_))));
    assert_eq!(store.sites().await.unwrap(), [place("a"), place("b")]);
    assert_eq!(store.site(&site("a")).await.unwrap(), Some(place("a")));
    assert_eq!(store.site(&site("c")).await.unwrap(), None);
}

pub(super) async fn a_description_changes_only_from_what_it_was(subject: &impl Subject) {
    let store = subject.open();
    let about = About {
        club: "Rennes FC".to_owned(),
        town: "Rennes".to_owned(),
        region: "Bretagne".to_owned(),
        country: "France".to_owned(),
        tags: vec!["football".to_owned(), "futsal, indoor".to_owned()],
        note: "Ring twice".to_owned(),
    };
    let machine = Machine { model: "Raspberry Pi 4".to_owned(), os: "Debian 12".to_owned(), lan: None };
    let first = Site { about, machine, ..place("a") };
    store.add_site(&first).await.unwrap();
    store.add_site(&place("b")).await.unwrap();

    let second = Site { name: "Hall".to_owned(), about: About::default(), ..first.clone() };
    assert!(store.describe_site(&first, &second).await.unwrap());
    assert!(!store.describe_site(&first, &place("a")).await.unwrap(), "it is no longer so");
    assert!(!store.describe_site(&place("c"), &place("c")).await.unwrap());
    let other = Machine { model: "PC".to_owned(), os: String::new(), lan: "192.168.1.20".parse().ok() };
    assert!(store.note_machine(&site("a"), &other).await.unwrap());
    assert!(!store.note_machine(&site("c"), &other).await.unwrap());

    let store = subject.reopen(store).await;
    let expected = Site { machine: other, ..second };
    assert_eq!(store.site(&site("a")).await.unwrap(), Some(expected.clone()));
    assert!(store.describe_site(&expected, &first).await.unwrap());
    let again = store.site(&site("a")).await.unwrap().unwrap();
    assert_eq!((again.about, again.machine), (first.about, expected.machine), "the box's own words are its own");
    assert_eq!(store.site(&site("b")).await.unwrap(), Some(place("b")));
}

pub(super) async fn of_many_who_redeem_at_once_one_succeeds(subject: &impl Subject) {
    let store = subject.open();
    store.add_site(&place("a")).await.unwrap();
    store.add_enrolment(&enrolment("a", 1)).await.unwrap();

    let place = site("a");
    let answers = join_all((0..32).map(|_| store.redeem(&place, [1; 32], 500))).await;

    let answers: Vec<Redeemed> = answers.into_iter().map(Result::unwrap).collect();
    assert_eq!(answers.iter().filter(|answer| **answer == Redeemed::Good).count(), 1);
    assert_eq!(answers.iter().filter(|answer| **answer == Redeemed::Used(500)).count(), 31);
    assert_eq!(store.enrolments().await.unwrap()[0].used_ms, Some(500));
}

pub(super) async fn an_enrolment_ends_and_belongs_to_one_site(subject: &impl Subject) {
    let store = subject.open();
    store.add_site(&place("a")).await.unwrap();
    store.add_enrolment(&enrolment("a", 1)).await.unwrap();
    store.add_enrolment(&enrolment("a", 2)).await.unwrap();

    assert_eq!(store.redeem(&site("a"), [9; 32], 500).await.unwrap(), Redeemed::Unknown);
    assert_eq!(store.redeem(&site("b"), [1; 32], 500).await.unwrap(), Redeemed::Unknown);
    assert_eq!(store.redeem(&site("a"), [1; 32], 1_000).await.unwrap(), Redeemed::Expired(1_000));
    assert_eq!(store.enrolments().await.unwrap(), [enrolment("a", 2), enrolment("a", 1)]);
    assert!(matches!(store.add_enrolment(&enrolment("a", 1)).await, Err(StoreError::Conflict(_))));
}

pub(super) async fn a_revoked_site_takes_its_papers_with_it(subject: &impl Subject) {
    let store = subject.open();
    for id in ["a", "b"] {
        store.add_site(&place(id)).await.unwrap();
        store.add_certificate(&certificate(id, id, 7)).await.unwrap();
    }
    store.add_enrolment(&enrolment("a", 1)).await.unwrap();

    assert!(store.revoke_site(&site("a"), 50).await.unwrap());
    assert!(!store.revoke_site(&site("nobody"), 50).await.unwrap());

    assert_eq!(store.site(&site("a")).await.unwrap().unwrap().revoked_ms, Some(50));
    assert_eq!(store.redeem(&site("a"), [1; 32], 60).await.unwrap(), Redeemed::Expired(50));
    let revoked = Certificate { revoked_ms: Some(50), ..certificate("a", "a", 7) };
    assert_eq!(store.certificates().await.unwrap(), [revoked.clone(), certificate("b", "b", 7)]);

    store.add_certificate(&certificate("a", "a2", 8)).await.unwrap();
    assert!(store.replace_site(&site("a"), 70).await.unwrap());

    assert_eq!(store.site(&site("a")).await.unwrap().unwrap().revoked_ms, None);
    let newer = Certificate { revoked_ms: Some(70), ..certificate("a", "a2", 8) };
    assert_eq!(store.certificates().await.unwrap(), [newer, revoked, certificate("b", "b", 7)]);
    assert_eq!(store.certificate("b").await.unwrap(), Some(certificate("b", "b", 7)));
    assert_eq!(store.certificate("c").await.unwrap(), None);
    let same = store.add_certificate(&certificate("b", "a", 9)).await;
    assert!(matches!(same, Err(StoreError::Conflict(_))), "a serial number names one certificate");
}

pub(super) async fn a_sites_secret_is_its_own_and_stays(subject: &impl Subject) {
    let store = subject.open();
    let (here, there) = (site("a"), site("b"));

    let answers = join_all((0..8).map(|_| store.pseudonym_secret(&here))).await;

    let first = *answers[0].as_ref().unwrap();
    assert!(answers.into_iter().all(|answer| answer.unwrap() == first));
    assert_ne!(store.pseudonym_secret(&there).await.unwrap(), first);
}

pub(super) async fn accounts_and_credentials_are_kept_and_end(subject: &impl Subject) {
    let store = subject.open();
    let account = |name: &str, role| Account {
        name: name.to_owned(),
        password_hash: "$argon2id$…".to_owned(),
        role,
        created_ms: 1,
        person: None,
        email: None,
    };
    store.put_account(&account("zoe", Role::Viewer)).await.unwrap();
    store.put_account(&account("ann", Role::Owner)).await.unwrap();
    let (person, email) = (Some("z".to_owned()), Some("zoe@example.org".to_owned()));
    let changed = Account { person, email, ..account("zoe", Role::Member) };
    store.put_account(&Account { created_ms: 99, ..changed.clone() }).await.unwrap();
    let names: Vec<_> = store.accounts().await.unwrap().into_iter().map(|account| account.name).collect();
    assert_eq!(names, ["ann", "zoe"]);
    assert!(store.account("zoe").await.unwrap() == Some(changed), "made once, changed since");
    assert!(store.account("bob").await.unwrap().is_none());

    let credential = |secret: u8, kind, expires_ms| Credential {
        secret_sha256: [secret; 32],
        kind,
        account: "zoe".to_owned(),
        label: "a label".to_owned(),
        role: Role::Viewer,
        created_ms: i64::from(secret),
        expires_ms,
        scope: Scope { areas: ["sites".to_owned()].into(), sites: [site("a")].into() },
        used_ms: None,
    };
    let (old, new) = (credential(1, CredentialKind::Token, 50), credential(2, CredentialKind::Token, 90));
    let link = credential(3, CredentialKind::Reset, 50);
    for one in [&old, &new, &link] {
        store.add_credential(one).await.unwrap();
    }
    assert!(matches!(store.add_credential(&old).await, Err(StoreError::Conflict(_))));
    assert_eq!(store.credential([2; 32]).await.unwrap(), Some(new.clone()));
    assert_eq!(store.credentials(CredentialKind::Token).await.unwrap(), [new.clone(), old]);

    store.touch_credential([2; 32], 77).await.unwrap();
    store.remove_expired(50).await.unwrap();
    assert_eq!(store.credentials(CredentialKind::Token).await.unwrap(), [Credential { used_ms: Some(77), ..new }]);
    assert!(store.credentials(CredentialKind::Reset).await.unwrap().is_empty());
    assert!(store.remove_credential([2; 32]).await.unwrap());
    assert!(!store.remove_credential([2; 32]).await.unwrap());
}

pub(super) async fn the_diary_is_newest_first(subject: &impl Subject) {
    let store = subject.open();
    let texts = [(5, Some("a"), "one"), (9, None, "two"), (5, Some("b"), "three"), (5, Some("a"), "four")];
    for (at_ms, id, text) in texts {
        store.write(&entry(at_ms, id, text)).await.unwrap();
    }

    let read = |entries: Vec<Entry>| entries.into_iter().map(|entry| entry.text).collect::<Vec<_>>();
    assert_eq!(read(store.entries(None, 3).await.unwrap()), ["two", "four", "three"]);
    assert_eq!(read(store.entries(Some(&site("a")), 9).await.unwrap()), ["four", "one"]);
    assert!(store.entries(Some(&site("nobody")), 9).await.unwrap().is_empty());
}
