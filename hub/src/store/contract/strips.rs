//! Laws of strips.

use jiff::civil::{Date, date};
use vigie_shared::id::BootId;

use super::*;
use crate::presence::Strip;
use crate::presence::span::Span;
use crate::store::Strips as _;
use crate::store::presence::{Sights, StripFilter, StripPlace, Trace};
use crate::store::projections::{Anchor, Undated};
use crate::store::upkeep::Class;

const BOOT: BootId = BootId([3; 16]);
const MINUTE: i64 = 60_000;
const DAY: i64 = 24 * 60 * MINUTE;

pub(super) fn span(from_min: i64, to_min: i64) -> Span {
    Span { from_ms: from_min * MINUTE, to_ms: to_min * MINUTE, sources: 1 }
}

pub(super) fn sights(id: &str, device: &str, spans: &[Span]) -> Sights {
    let device = device.to_owned();
    Sights { trace: Trace::Device, site: site(id), device, spans: spans.to_vec(), received_ms: 9 * DAY }
}

pub(super) fn everything() -> StripFilter {
    StripFilter { trace: Trace::Device, site: None, device: None, from: date(1970, 1, 1), through: date(1970, 12, 31) }
}

fn first() -> Date {
    date(1970, 1, 1)
}

async fn tell(store: &impl Store, sights: Vec<Sights>) {
    let sights = sights.into_iter().map(dated).collect();
    store.apply(Step { sights, ..Step::default() }).await.unwrap();
}

pub(super) async fn shown(store: &impl Store, filter: &StripFilter) -> Vec<Strip> {
    store.strips(filter, None, 1000).await.unwrap()
}

pub(super) async fn strips_unite_whatever_comes_twice_or_late(subject: &impl Subject) {
    let store = subject.open();
    let (morning, later, noon) = (span(480, 490), span(494, 500), span(720, 730));
    tell(&store, vec![sights("a", "x", &[noon])]).await;
    tell(&store, vec![sights("a", "x", &[later, morning]), sights("a", "x", &[noon])]).await;
    tell(&store, vec![sights("a", "x", &[morning])]).await;
    let strip = Strip { site: site("a"), device: "x".to_owned(), date: first(), spans: vec![span(480, 500), noon] };
    assert_eq!(shown(&store, &everything()).await, std::slice::from_ref(&strip));
    let store = subject.reopen(store).await;
    assert_eq!(shown(&store, &everything()).await, [strip]);
}

pub(super) async fn pages_of_strips_miss_none_and_repeat_none(subject: &impl Subject) {
    let store = subject.open();
    let mut expected = Vec::new();
    for day in 0..3 {
        for device in ["x", "y", "z"] {
            for id in ["b", "a"] {
                tell(&store, vec![sights(id, device, &[span(day * 1440, day * 1440 + 5)])]).await;
                let date = date(1970, 1, 1 + i8::try_from(day).unwrap());
                expected.push(StripPlace { date, device: device.to_owned(), site: site(id) });
            }
        }
    }
    expected.sort();
    for limit in [1, 4, 18, 50] {
        let (mut seen, mut after) = (Vec::new(), None);
        loop {
            let page = store.strips(&everything(), after.as_ref(), limit).await.unwrap();
            assert!(page.len() <= limit);
            let Some(last) = page.last() else { break };
            after = Some(StripPlace::of(last));
            seen.extend(page.iter().map(StripPlace::of));
        }
        assert_eq!(seen, expected, "pages of {limit}");
    }
    let one = StripFilter {
        site: Some(site("b")),
        device: Some("y".to_owned()),
        from: date(1970, 1, 2),
        through: date(1970, 1, 3),
        ..everything()
    };
    let dates: Vec<Date> = shown(&store, &one).await.iter().map(|strip| strip.date).collect();
    assert_eq!(dates, [date(1970, 1, 2), date(1970, 1, 3)]);
    let nowhere = StripFilter { site: Some(site("nowhere")), ..everything() };
    assert_eq!(shown(&store, &nowhere).await, []);
}

pub(super) async fn what_observers_saw_stands_apart_from_devices(subject: &impl Subject) {
    let store = subject.open();
    let of = |trace, spans: &[Span]| Sights { trace, ..sights("a", "lan", spans) };
    tell(&store, vec![of(Trace::Clear, &[span(0, 60)]), of(Trace::Blind, &[span(60, 90)])]).await;
    assert_eq!(shown(&store, &everything()).await, []);
    let blind = shown(&store, &StripFilter { trace: Trace::Blind, ..everything() }).await;
    assert_eq!((blind[0].device.as_str(), blind[0].spans.as_slice()), ("lan", [span(60, 90)].as_slice()));
}

pub(super) async fn undated_sights_are_held_back_until_their_boots_anchor(subject: &impl Subject) {
    let store = subject.open();
    // The box believed that it started in minute 1; it did five minutes before midnight of the second day.
    let undated = Some(Undated { boot: BOOT, believed_ms: MINUTE });
    let waiting = |spans: &[Span]| Derived { value: sights("a", "x", spans), undated };
    store.apply(Step { sights: vec![waiting(&[span(2, 3), span(9, 10)])], ..Step::default() }).await.unwrap();
    assert_eq!(shown(&store, &everything()).await, []);
    let began_ms = 2 * DAY - 5 * MINUTE;
    let anchor = Anchor { site: site("a"), boot: BOOT, began_ms };
    let elsewhere = Anchor { site: site("b"), boot: BOOT, began_ms: 5 };
    store.apply(Step { anchors: vec![elsewhere, anchor], ..Step::default() }).await.unwrap();
    store.apply(Step { sights: vec![waiting(&[span(30, 31), span(2, 3)])], ..Step::default() }).await.unwrap();
    let spans: Vec<_> = shown(&store, &everything()).await.into_iter().map(|strip| (strip.date, strip.spans)).collect();
    let (eve, next) = (2 * 1440 - 5, 2 * 1440);
    assert_eq!(
        spans,
        [
            (date(1970, 1, 2), vec![span(eve + 1, eve + 2)]),
            (date(1970, 1, 3), vec![span(next + 3, next + 4), span(next + 24, next + 25)]),
        ]
    );
}

pub(super) async fn settled_and_imported_sights_outlive_a_rebuild_until_their_time_is_over(subject: &impl Subject) {
    let store = subject.open();
    commit(&store, records("a", 1, 1, 9)).await;
    let undated = Some(Undated { boot: BOOT, believed_ms: 0 });
    let late = Derived { value: sights("a", "late", &[span(1, 2)]), undated };
    let step = |sights, through| Step { sights, cursors: vec![dated(cursor("a", 1, through, 1))], ..Step::default() };
    let settled = vec![dated(sights("a", "settled", &[span(1, 2)])), late];
    let mut whole = settled.clone();
    whole.push(dated(sights("a", "held", &[span(1, 2)])));
    store.apply(step(whole, 9)).await.unwrap();
    store.settle(step(settled, 4)).await.unwrap();
    store.add_sights(&[sights("a", "imported", &[span(1, 2)])]).await.unwrap();

    store.forget_projections().await.unwrap();

    let devices =
        async || -> Vec<String> { shown(&store, &everything()).await.into_iter().map(|strip| strip.device).collect() };
    assert_eq!(devices().await, ["imported", "settled"]);
    let anchor = Anchor { site: site("a"), boot: BOOT, began_ms: MINUTE };
    store.apply(Step { anchors: vec![anchor], ..Step::default() }).await.unwrap();
    assert_eq!(devices().await, ["imported", "late", "settled"]);
    assert_eq!(store.forget(Class::Strips, DAY - 1, 99).await.unwrap(), 0, "its day is not over");
    assert!(store.forget(Class::Strips, DAY, 99).await.unwrap() > 0);
    store.forget_projections().await.unwrap();
    assert_eq!(devices().await, Vec::<String>::new());
}
