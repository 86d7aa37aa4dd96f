//! Laws of projections and upkeep.

use vigie_shared::id::BootId;
use vigie_shared::wire::reading::HostSample;

use super::*;
use crate::store::projections::{Anchor, BoxEntry, CoverageSpan, MetricSample, Undated};
use crate::store::upkeep::{Class, HourlySample};

const BOOT: BootId = BootId([3; 16]);

fn waiting<T>(value: T, believed_ms: i64) -> Derived<T> {
    Derived { value, undated: Some(Undated { boot: BOOT, believed_ms }) }
}

fn sample(at_ms: i64, is_dated: bool) -> MetricSample {
    MetricSample { at_ms, is_dated, host: HostSample { uptime_s: 60, ..HostSample::default() } }
}

fn span(from_ms: i64, to_ms: i64) -> CoverageSpan {
    CoverageSpan { network: "lan".to_owned(), from_ms, to_ms, blind: None }
}

async fn samples(store: &impl Store) -> Vec<(i64, bool)> {
    let all = store.metrics(&site("a"), i64::MIN / 2, i64::MAX / 2, 100).await.unwrap();
    all.iter().map(|sample| (sample.at_ms, sample.is_dated)).collect()
}

pub(super) async fn devices_merge(subject: &impl Subject) {
    let store = subject.open();
    let named = Device { name: Some("printer".to_owned()), sources: 2, flags: 1, ..device("a", "x", 50, 60) };
    for one in [named.clone(), device("a", "x", 10, 20), device("a", "x", 70, 80)] {
        store.apply(Step { devices: vec![dated(one)], ..Step::default() }).await.unwrap();
    }

    let all = store.devices(None, None, 10).await.unwrap();
    assert_eq!(all, [Device { first_seen_ms: 10, last_seen_ms: 80, sightings: 3, sources: 3, ..named }]);
}

pub(super) async fn pages_of_devices_miss_none_and_repeat_none(subject: &impl Subject) {
    let store = subject.open();
    let mut expected = Vec::new();
    for id in ["a", "b", "c"] {
        for name in ["1", "2", "3", "4"] {
            let waits = waiting(device(id, name, 10, 20), 0);
            let step = Step { devices: vec![dated(device(id, name, 10, 20)), waits], ..Step::default() };
            store.apply(step).await.unwrap();
            expected.push((site(id), name.to_owned()));
        }
    }
    for limit in [1, 3, 5, 12, 50] {
        let (mut seen, mut after) = (Vec::new(), None);
        loop {
            let page = store.devices(None, after.clone(), limit).await.unwrap();
            assert!(page.len() <= limit);
            let Some(last) = page.last() else { break };
            after = Some((last.site.clone(), last.id.clone()));
            seen.extend(page.into_iter().map(|device| (device.site, device.id)));
        }
        assert_eq!(seen, expected, "pages of {limit}");
    }
    let of_b = store.devices(Some(&site("b")), Some((site("b"), "2".to_owned())), 10).await.unwrap();
    assert_eq!(of_b.iter().map(|device| device.id.as_str()).collect::<Vec<_>>(), ["3", "4"]);
}

pub(super) async fn an_anchor_dates_what_waited_for_it(subject: &impl Subject) {
    let store = subject.open();
    commit(&store, records("a", 1, 1, 9)).await;
    // The box believed that it started at 1 000; it did at 500 000.
    let step = Step {
        devices: vec![waiting(device("a", "x", 1_010, 1_020), 1_000), dated(device("a", "x", 400_000, 400_001))],
        metrics: vec![waiting((site("a"), sample(1_030, false)), 1_000), dated((site("a"), sample(7, true)))],
        coverage: vec![waiting((site("a"), span(1_000, 1_060)), 1_000)],
        cursors: vec![waiting(cursor("a", 1, 5, 1_030), 1_000)],
        ..Step::default()
    };
    store.apply(step).await.unwrap();

    assert_eq!(samples(&store).await, [(7, true), (1_030, false)]);
    assert_eq!(store.devices(None, None, 9).await.unwrap()[0].first_seen_ms, 1_010, "as the box believed");
    assert_eq!(store.coverage(&site("a"), 0, 2_000, 9).await.unwrap(), [span(1_000, 1_060)]);
    assert_eq!(store.cursors().await.unwrap(), [cursor("a", 1, 5, 1_030)]);

    let anchor = Anchor { site: site("a"), boot: BOOT, began_ms: 500_000 };
    let other_site = Anchor { site: site("b"), boot: BOOT, began_ms: 1 };
    store.apply(Step { anchors: vec![other_site, anchor], ..Step::default() }).await.unwrap();

    assert_eq!(samples(&store).await, [(7, true), (500_030, true)]);
    let x = &store.devices(None, None, 9).await.unwrap()[0];
    assert_eq!((x.first_seen_ms, x.last_seen_ms, x.sightings), (400_000, 500_020, 2));
    assert_eq!(store.coverage(&site("a"), 0, 600_000, 9).await.unwrap(), [span(500_000, 500_060)]);
    assert_eq!(store.cursors().await.unwrap(), [cursor("a", 1, 5, 500_030)]);
    assert_eq!(store.anchors(&site("a")).await.unwrap(), [(BOOT, 500_000)]);
}

pub(super) async fn what_comes_after_the_anchor_is_dated_at_once(subject: &impl Subject) {
    let store = subject.open();
    let anchor = |began_ms| Anchor { site: site("a"), boot: BOOT, began_ms };
    store.apply(Step { anchors: vec![anchor(500_000)], ..Step::default() }).await.unwrap();
    store.apply(Step { anchors: vec![anchor(600_000)], ..Step::default() }).await.unwrap();

    let late = waiting((site("a"), sample(1_030, false)), 1_000);
    store.apply(Step { metrics: vec![late], ..Step::default() }).await.unwrap();

    assert_eq!(samples(&store).await, [(500_030, true)], "the first anchor counts");
}

pub(super) async fn a_records_entry_is_written_once(subject: &impl Subject) {
    let store = subject.open();
    commit(&store, records("a", 1, 1, 9)).await;
    let alarm = BoxEntry { queue: queue(1), seq: 4, entry: entry(1, Some("a"), "disk full") };
    let other = BoxEntry { seq: 5, ..alarm.clone() };
    for entries in [vec![alarm.clone()], vec![alarm.clone(), other]] {
        store.apply(Step { entries, ..Step::default() }).await.unwrap();
    }
    store.forget_projections().await.unwrap();
    store.apply(Step { entries: vec![alarm], ..Step::default() }).await.unwrap();

    assert_eq!(store.entries(None, 9).await.unwrap().len(), 2);
}

pub(super) async fn forgetting_projections_keeps_the_facts(subject: &impl Subject) {
    let store = subject.open();
    commit(&store, records("a", 1, 1, 3)).await;
    store
        .apply(Step {
            devices: vec![dated(device("a", "x", 1, 2))],
            metrics: vec![dated((site("a"), sample(7, true)))],
            coverage: vec![dated((site("a"), span(1, 2)))],
            anchors: vec![Anchor { site: site("a"), boot: BOOT, began_ms: 1 }],
            cursors: vec![dated(cursor("a", 1, 3, 7))],
            ..Step::default()
        })
        .await
        .unwrap();

    store.forget_projections().await.unwrap();

    assert!(store.cursors().await.unwrap().is_empty());
    assert!(store.devices(None, None, 9).await.unwrap().is_empty());
    assert!(samples(&store).await.is_empty());
    assert!(store.coverage(&site("a"), 0, 9, 9).await.unwrap().is_empty());
    assert!(store.anchors(&site("a")).await.unwrap().is_empty());
    assert_eq!(seqs(&store, "a", 1).await, [1, 2, 3]);
}

pub(super) async fn what_is_derived_ends(subject: &impl Subject) {
    let store = subject.open();
    let known = Device { kind: DeviceKind::Known, ..device("a", "known", 1, 2) };
    store
        .apply(Step {
            devices: vec![dated(known.clone()), dated(device("a", "old", 1, 2)), dated(device("a", "new", 1, 99))],
            ..Step::default()
        })
        .await
        .unwrap();
    for at_ms in 0..4 {
        store.write(&entry(at_ms, None, "x")).await.unwrap();
    }

    assert_eq!(store.forget(Class::PassingDevices, 50, 10).await.unwrap(), 1);
    assert_eq!(store.forget(Class::Diary, 3, 10).await.unwrap(), 3);
    assert_eq!(store.forget(Class::Credentials, 3, 10).await.unwrap(), 0);

    let ids: Vec<_> = store.devices(None, None, 9).await.unwrap().into_iter().map(|device| device.id).collect();
    assert_eq!(ids, ["known", "new"]);
    assert_eq!(store.entries(None, 9).await.unwrap().len(), 1);
}

pub(super) async fn samples_of_settled_records_stay_in_their_hour(subject: &impl Subject) {
    const HOUR_MS: i64 = HourlySample::HOUR_MS;
    let store = subject.open();
    commit(&store, records("a", 1, 1, 9)).await;
    let sample = |at_ms, cpu_permille| {
        let host = HostSample { cpu_permille, memory_available_bytes: 9, ..HostSample::default() };
        dated((site("a"), MetricSample { at_ms, is_dated: true, host }))
    };
    let samples = [sample(1, 100), sample(2, 300), sample(HOUR_MS, 500), sample(3 * HOUR_MS, 700)];
    store.apply(Step { metrics: samples.to_vec(), ..Step::default() }).await.unwrap();
    follow(&store, "a", 1, 9).await;

    for (through, sample) in (1..).zip(&samples[..3]) {
        let cursors = vec![dated(cursor("a", 1, through, 1))];
        store.settle(Step { metrics: vec![sample.clone()], cursors, ..Step::default() }).await.unwrap();
    }

    let hours = store.hours(&site("a"), 0, i64::MAX, 9).await.unwrap();
    let figures: Vec<_> =
        hours.iter().map(|hour| (hour.at_ms, hour.samples, hour.cpu_permille_mean(), hour.cpu_permille_max)).collect();
    assert_eq!(figures, [(0, 2, Some(200), 300), (HOUR_MS, 1, Some(500), 500)]);
    let left = store.metrics(&site("a"), 0, i64::MAX, 9).await.unwrap();
    assert_eq!(left.iter().map(|sample| sample.at_ms).collect::<Vec<_>>(), [3 * HOUR_MS]);
    assert_eq!(store.forget(Class::HourlyMetrics, HOUR_MS, 10).await.unwrap(), 1);
    assert_eq!(store.hours(&site("a"), 0, i64::MAX, 9).await.unwrap().len(), 1);
}

pub(super) async fn what_settled_records_amount_to_outlives_a_rebuild(subject: &impl Subject) {
    let store = subject.open();
    commit(&store, records("a", 1, 1, 9)).await;
    let known = Device { kind: DeviceKind::Known, ..device("a", "known", 10, 20) };
    // The box believed that it started at 1 000; it did at 500 000, and a later record says so.
    let rest = Step {
        devices: vec![
            dated(known.clone()),
            waiting(Device { id: "late".to_owned(), ..known.clone() }, 1_000),
            dated(device("a", "passing", 1, 2)),
        ],
        metrics: vec![dated((site("a"), sample(7, true)))],
        coverage: vec![dated((site("a"), span(1, 2)))],
        cursors: vec![waiting(cursor("a", 1, 4, 1_030), 1_000)],
        ..Step::default()
    };
    let mut whole = rest.clone();
    whole.cursors[0].value.through = 9;
    whole.coverage.push(dated((site("a"), span(5, 6))));
    store.apply(whole).await.unwrap();
    store.settle(rest).await.unwrap();
    assert_eq!(store.coverage(&site("a"), 0, 99, 9).await.unwrap(), [span(5, 6)], "coverage goes with its record");

    store.forget_projections().await.unwrap();

    let ids = async || {
        store
            .devices(None, None, 9)
            .await
            .unwrap()
            .into_iter()
            .map(|one| (one.id, one.first_seen_ms))
            .collect::<Vec<_>>()
    };
    assert_eq!(ids().await, [("known".to_owned(), 10), ("late".to_owned(), 10)]);
    assert_eq!(store.cursors().await.unwrap(), [cursor("a", 1, 4, 1_030)]);
    let anchor = Anchor { site: site("a"), boot: BOOT, began_ms: 500_000 };
    store.apply(Step { anchors: vec![anchor], ..Step::default() }).await.unwrap();
    assert_eq!(ids().await[1].1, 499_010, "dated as it would have been before");
    assert_eq!(store.cursors().await.unwrap(), [cursor("a", 1, 4, 500_030)]);
}
