//! Laws of releases, of what boxes run, and of pins.

use vigie_shared::package::Manifest;
use vigie_shared::wire::reading::{SoftwareList, SoftwareVersion};

use super::*;
use crate::store::Releases as _;
use crate::store::releases::{Installed, Pin, Release, Told};

fn release(version: &str, added_ms: i64) -> Release {
    Release { manifest: Manifest::unsigned("player", version, "any", version.as_bytes()), added_ms }
}

async fn hear(store: &impl Store, id: &str, at_ms: i64, software: &[(&str, Option<&str>)]) {
    let one = |(name, version): &(&str, Option<&str>)| SoftwareVersion {
        name: (*name).to_owned(),
        version: version.map(str::to_owned),
    };
    let list = SoftwareList { processor: "arm".to_owned(), software: software.iter().map(one).collect() };
    let told = Told { site: site(id), at_ms, list };
    store.apply(Step { software: vec![told], ..Step::default() }).await.unwrap();
}

async fn installed(store: &impl Store, software: Option<&str>) -> Vec<(String, String, Option<String>, i64)> {
    let rows = store.installed(software).await.unwrap();
    let row = |row: Installed| {
        assert_eq!(row.processor, "arm");
        (row.software, row.site.to_string(), row.version, row.since_ms)
    };
    rows.into_iter().map(row).collect()
}

pub(super) async fn a_release_is_known_by_its_bytes(subject: &impl Subject) {
    let store = subject.open();
    for one in [release("1", 10), release("2", 30), release("1.5", 20)] {
        store.put_release(&one).await.unwrap();
    }
    let signed =
        Release { manifest: Manifest { signature: Some("s".to_owned()), ..release("1", 10).manifest }, added_ms: 40 };
    store.put_release(&signed).await.unwrap();
    let store = subject.reopen(store).await;
    assert_eq!(store.releases().await.unwrap(), [signed.clone(), release("2", 30), release("1.5", 20)]);
    assert!(store.remove_release(&signed.manifest.sha256).await.unwrap());
    assert!(!store.remove_release(&signed.manifest.sha256).await.unwrap());
    assert_eq!(store.releases().await.unwrap().len(), 2);
}

pub(super) async fn what_boxes_run_is_what_they_told_last(subject: &impl Subject) {
    let store = subject.open();
    hear(&store, "b", 10, &[("player", Some("1")), ("radio", None)]).await;
    hear(&store, "a", 10, &[("player", Some("1"))]).await;
    hear(&store, "b", 20, &[("player", Some("1")), ("radio", Some("3"))]).await;
    let row = |software: &str, id: &str, version: &str, since_ms| {
        (software.to_owned(), id.to_owned(), Some(version.to_owned()), since_ms)
    };
    let expected = [row("player", "a", "1", 10), row("player", "b", "1", 10), row("radio", "b", "3", 20)];
    assert_eq!(installed(&store, None).await, expected);

    hear(&store, "b", 30, &[("player", Some("2"))]).await;
    store.forget_projections().await.unwrap();
    hear(&store, "b", 15, &[("player", Some("1"))]).await;
    let store = subject.reopen(store).await;
    let expected = [row("player", "a", "1", 10), row("player", "b", "2", 30)];
    assert_eq!(installed(&store, None).await, expected, "what is older, as when all is derived anew, changes nothing");
    assert_eq!(installed(&store, Some("radio")).await, []);
}

pub(super) async fn a_pin_stays_until_it_is_taken_away(subject: &impl Subject) {
    let store = subject.open();
    let pin = |id: &str, software: &str, version: &str| Pin {
        site: site(id),
        software: software.to_owned(),
        version: version.to_owned(),
        account: "anna".to_owned(),
        reason: "a match tonight".to_owned(),
        since_ms: 5,
    };
    for one in [pin("b", "player", "1"), pin("a", "radio", "1"), pin("a", "player", "1"), pin("a", "player", "2")] {
        store.put_pin(&one).await.unwrap();
    }
    let store = subject.reopen(store).await;
    let all = [pin("a", "player", "2"), pin("a", "radio", "1"), pin("b", "player", "1")];
    assert_eq!(store.pins(None).await.unwrap(), all);
    assert_eq!(store.pins(Some(&site("b"))).await.unwrap(), all[2..]);
    assert!(store.remove_pin(&site("a"), "player").await.unwrap());
    assert!(!store.remove_pin(&site("a"), "player").await.unwrap());
    assert_eq!(store.pins(Some(&site("a"))).await.unwrap(), all[1..2]);
}
