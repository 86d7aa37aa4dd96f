//! Laws of media.

use vigie_shared::id::BootId;
use vigie_shared::wire::reading::{MediaFile, MediaStretch};

use super::*;
use crate::store::Media as _;
use crate::store::media::{Holding, Medium, Told};
use crate::store::projections::{Anchor, Undated};

fn medium(byte: u8, added_ms: i64) -> Medium {
    let name = format!("{byte}.mp4");
    Medium { sha256: [byte; 32], name, size_bytes: 1 << 40, added_ms, account: "owner".to_owned() }
}

fn told(id: &str, (after, through): (&str, Option<&str>), files: &[(&str, u8)]) -> Told {
    let file = |(path, byte): &(&str, u8)| MediaFile { path: (*path).to_owned(), sha256: [*byte; 32], size_bytes: 7 };
    let files = files.iter().map(file).collect();
    let stretch = MediaStretch { after: after.to_owned(), through: through.map(str::to_owned), files };
    Told { site: site(id), at_ms: 1_100, stretch }
}

async fn hear(store: &impl Store, told: Told, undated: Option<Undated>) {
    store.apply(Step { media: vec![Derived { value: told, undated }], ..Step::default() }).await.unwrap();
}

async fn paths(store: &impl Store, id: &str) -> Vec<(String, u8)> {
    let holdings = store.holdings(&site(id), "", 100).await.unwrap();
    holdings.into_iter().map(|holding| (holding.path, holding.sha256[0])).collect()
}

pub(super) async fn media_are_kept_once_and_listed_newest_first(subject: &impl Subject) {
    let store = subject.open();
    assert!(store.add_medium(&medium(1, 10)).await.unwrap());
    assert!(store.add_medium(&medium(2, 20)).await.unwrap());
    assert!(!store.add_medium(&Medium { name: "other".to_owned(), ..medium(1, 30) }).await.unwrap());
    assert_eq!(store.media(10).await.unwrap(), [medium(2, 20), medium(1, 10)]);
    assert_eq!(store.media(1).await.unwrap(), [medium(2, 20)]);
    let store = subject.reopen(store).await;
    assert_eq!(store.medium(&[1; 32]).await.unwrap(), Some(medium(1, 10)));
    assert!(store.remove_medium(&[1; 32]).await.unwrap() && !store.remove_medium(&[1; 32]).await.unwrap());
    assert_eq!(store.medium(&[1; 32]).await.unwrap(), None);
}

pub(super) async fn a_stretch_replaces_what_lay_in_it_and_nothing_else(subject: &impl Subject) {
    let store = subject.open();
    hear(&store, told("a", ("", None), &[("a.mp4", 1), ("b.mp4", 2), ("c.mp4", 3)]), None).await;
    hear(&store, told("b", ("", None), &[("b.mp4", 2)]), None).await;
    hear(&store, told("a", ("a.mp4", Some("b.mp4")), &[("aa.mp4", 4)]), None).await;
    let of = |list: &[(&str, u8)]| list.iter().map(|(path, byte)| ((*path).to_owned(), *byte)).collect::<Vec<_>>();
    assert_eq!(paths(&store, "a").await, of(&[("a.mp4", 1), ("aa.mp4", 4), ("c.mp4", 3)]));
    assert_eq!(paths(&store, "b").await, of(&[("b.mp4", 2)]));

    let holders = store.holders(&[2; 32], 10).await.unwrap();
    let holding = Holding { site: site("b"), path: "b.mp4".to_owned(), sha256: [2; 32], size_bytes: 7, told_ms: 1_100 };
    assert_eq!(holders, [holding]);
    let page = store.holdings(&site("a"), "a.mp4", 1).await.unwrap();
    assert_eq!(page[0].path, "aa.mp4");

    hear(&store, told("a", ("", None), &[]), None).await;
    assert_eq!(paths(&store, "a").await, of(&[]));
    store.forget_projections().await.unwrap();
    assert_eq!(paths(&store, "b").await, of(&[]));
}

pub(super) async fn an_anchor_dates_what_was_told(subject: &impl Subject) {
    let store = subject.open();
    let boot = BootId([3; 16]);
    let undated = Some(Undated { boot, believed_ms: 1_000 });
    let told_ms = async |path: &str| {
        let all = store.holdings(&site("a"), "", 10).await.unwrap();
        all.into_iter().find(|holding| holding.path == path).unwrap().told_ms
    };
    hear(&store, told("a", ("", None), &[("a.mp4", 1)]), undated).await;
    assert_eq!(told_ms("a.mp4").await, 1_100, "as the box believed");
    let anchor = Anchor { site: site("a"), boot, began_ms: 500_000 };
    store.apply(Step { anchors: vec![anchor], ..Step::default() }).await.unwrap();
    assert_eq!(told_ms("a.mp4").await, 500_100);
    hear(&store, told("a", ("a.mp4", None), &[("b.mp4", 1)]), undated).await;
    assert_eq!(told_ms("b.mp4").await, 500_100, "what comes after the anchor is dated at once");
}
