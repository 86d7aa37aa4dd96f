//! Whatever steps come, the adapters agree on every answer.

use proptest::prelude::*;
use vigie_shared::id::BootId;
use vigie_shared::wire::reading::HostSample;

use super::*;
use crate::store::projections::{Anchor, CoverageSpan, MetricSample, Undated};

fn undated() -> impl Strategy<Value = Option<Undated>> {
    let boot =
        (1..4u8, 0..3i64).prop_map(|(boot, guess)| Undated { boot: BootId([boot; 16]), believed_ms: guess * 50 });
    prop::option::of(boot)
}

fn derived<T: std::fmt::Debug>(value: impl Strategy<Value = T>) -> impl Strategy<Value = Vec<Derived<T>>> {
    let one = (value, undated()).prop_map(|(value, undated)| Derived { value, undated });
    prop::collection::vec(one, 0..4)
}

fn any_site() -> impl Strategy<Value = SiteId> {
    "[ab]".prop_map(|id| site(&id))
}

fn any_device() -> impl Strategy<Value = Device> {
    ("[ab]", "[xyz]", 0..200i64, 0..50i64, any::<u8>())
        .prop_map(|(id, name, first, span, flags)| Device { flags, ..device(&id, &name, first, first + span) })
}

fn any_sample() -> impl Strategy<Value = (SiteId, MetricSample)> {
    (any_site(), 0..100i64, 0..3u64).prop_map(|(site, at_ms, uptime_s)| {
        (site, MetricSample { at_ms, is_dated: true, host: HostSample { uptime_s, ..HostSample::default() } })
    })
}

fn any_span() -> impl Strategy<Value = (SiteId, CoverageSpan)> {
    let blind = prop::option::of("[ab]");
    (any_site(), "[lm]", 0..100i64, 0..20i64, blind).prop_map(|(site, network, from_ms, span, blind)| {
        (site, CoverageSpan { network, from_ms, to_ms: from_ms + span, blind })
    })
}

fn any_cursor() -> impl Strategy<Value = Cursor> {
    let time = prop::option::of(0..100i64);
    ("[ab]", 1..3u8, 0..9u64, time)
        .prop_map(|(id, queue, through, complete_ms)| Cursor { complete_ms, ..cursor(&id, queue, through, 0) })
}

fn any_anchor() -> impl Strategy<Value = Anchor> {
    (any_site(), 1..4u8, 100..300i64).prop_map(|(site, boot, began_ms)| Anchor {
        site,
        boot: BootId([boot; 16]),
        began_ms,
    })
}

fn any_step() -> impl Strategy<Value = Step> {
    let anchors = prop::collection::vec(any_anchor(), 0..2);
    (derived(any_device()), derived(any_sample()), derived(any_span()), derived(any_cursor()), anchors).prop_map(
        |(devices, metrics, coverage, cursors, anchors)| Step {
            devices,
            metrics,
            coverage,
            cursors,
            anchors,
            ..Step::default()
        },
    )
}

/// Everything that the projections show.
async fn shown(store: &impl Store) -> Vec<String> {
    let mut all = vec![format!("{:?}", store.devices(None, None, 100).await.unwrap())];
    for id in ["a", "b"] {
        all.push(format!("{:?}", store.metrics(&site(id), -1_000, 1_000, 100).await.unwrap()));
        all.push(format!("{:?}", store.coverage(&site(id), -1_000, 1_000, 100).await.unwrap()));
        all.push(format!("{:?}", store.anchors(&site(id)).await.unwrap()));
        all.push(format!("{:?}", store.hours(&site(id), -1_000, 1_000, 100).await.unwrap()));
    }
    let mut cursors = store.cursors().await.unwrap();
    cursors.sort_by_key(|cursor| (cursor.site.clone(), cursor.queue));
    all.push(format!("{cursors:?}"));
    all
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn the_adapters_agree(steps in prop::collection::vec((any_step(), 0..8u8), 1..8)) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let (memory, file) = runtime.block_on(async {
            let subject = InFile::new();
            let (memory, file) = (InMemory.open(), subject.open());
            for id in ["a", "b"] {
                for number in 1..3 {
                    commit(&memory, records(id, number, 1, 9)).await;
                    commit(&file, records(id, number, 1, 9)).await;
                }
            }
            for (step, what) in steps {
                memory.apply(step.clone()).await.unwrap();
                file.apply(step.clone()).await.unwrap();
                if what < 3 {
                    assert_eq!(memory.settle(step.clone()).await.unwrap(), file.settle(step).await.unwrap());
                } else if what == 3 {
                    memory.forget_projections().await.unwrap();
                    file.forget_projections().await.unwrap();
                }
            }
            (shown(&memory).await, shown(&file).await)
        });
        prop_assert_eq!(memory, file);
    }
}
