//! Laws of facts.

use super::*;
use crate::store::facts::{Gap, GapReason};
use vigie_shared::wire::frame::crc;

pub(super) async fn a_commit_is_read_back_in_order(subject: &impl Subject) {
    let store = subject.open();
    commit(&store, records("a", 1, 1, 3)).await;
    commit(&store, records("a", 1, 4, 5)).await;
    commit(&store, records("b", 1, 1, 1)).await;

    assert_eq!(seqs(&store, "a", 1).await, [1, 2, 3, 4, 5]);
    assert_eq!(seqs(&store, "b", 1).await, [1], "two sites may use one queue id");
    let page = store.records(&site("a"), queue(1), 3, 2).await.unwrap();
    assert_eq!(page.iter().map(|record| record.seq).collect::<Vec<_>>(), [3, 4]);
    assert_eq!(page[0].bytes, frame("a 1 3"));
    assert_eq!((page[0].received_ms, page[1].received_ms), (3_000, 5_000));
    assert_eq!(page[0].lane, Lane::Telemetry);
}

pub(super) async fn a_commit_with_a_conflict_changes_nothing(subject: &impl Subject) {
    let store = subject.open();
    commit(&store, records("a", 1, 1, 3)).await;

    let mut bad = records("new", 7, 1, 4);
    let conflict = records("a", 1, 3, 4);
    bad.arrivals.extend(conflict.arrivals);
    bad.queues.extend(conflict.queues);
    bad.entries.push(entry(1, Some("a"), "never"));
    let error = store.commit(Arc::new(bad.clone())).await.unwrap_err();

    assert!(matches!(error, crate::store::StoreError::Conflict(_)), "{error}");
    assert_eq!(seqs(&store, "a", 1).await, [1, 2, 3]);
    assert!(seqs(&store, "new", 7).await.is_empty());
    assert_eq!(store.queues().await.unwrap().len(), 1);
    assert_eq!(store.queues().await.unwrap()[0].through, 3);
    assert!(store.entries(None, 10).await.unwrap().is_empty());
    // What failed leaves no trace that hinders the next one.
    commit(&store, records("new", 7, 1, 4)).await;
    assert_eq!(seqs(&store, "new", 7).await, [1, 2, 3, 4]);
}

pub(super) async fn the_checksum_of_a_held_record_is_known(subject: &impl Subject) {
    let store = subject.open();
    commit(&store, records("a", 1, 1, 3)).await;

    assert_eq!(store.record_crc(&site("a"), queue(1), 2).await.unwrap(), crc(&frame("a 1 2")));
    assert_eq!(store.record_crc(&site("a"), queue(1), 4).await.unwrap(), None);
    assert_eq!(store.record_crc(&site("a"), queue(2), 2).await.unwrap(), None);
    assert_eq!(store.record_crc(&site("b"), queue(1), 2).await.unwrap(), None);
}

pub(super) async fn queues_and_gaps_are_remembered(subject: &impl Subject) {
    let store = subject.open();
    let gap = |from, to, reason| Gap {
        site: site("a"),
        lane: Lane::Telemetry,
        queue: queue(1),
        from,
        to,
        reason,
        noticed_ms: 7,
    };
    let mut first = records("a", 1, 4, 5);
    first.gaps = vec![gap(1, 2, GapReason::HubRestored), gap(3, 3, GapReason::Dropped)];
    commit(&store, first.clone()).await;
    let mut second = records("a", 1, 8, 8);
    second.gaps = vec![gap(6, 7, GapReason::Damaged)];
    commit(&store, second.clone()).await;

    let gaps = store.gaps(&site("a")).await.unwrap();
    assert_eq!(gaps, [first.gaps, second.gaps].concat());
    let queues = store.queues().await.unwrap();
    assert_eq!(queues, [QueueState { through: 8, ..first.queues[0].clone() }]);
    assert!(store.gaps(&site("b")).await.unwrap().is_empty());
}

pub(super) async fn what_is_on_disk_survives_a_restart(subject: &impl Subject) {
    let store = subject.open();
    store.add_site(&place("a")).await.unwrap();
    commit(&store, records("a", 1, 1, 3)).await;
    let secret = store.pseudonym_secret(&site("a")).await.unwrap();
    follow(&store, "a", 1, 2).await;
    store.write(&entry(1, Some("a"), "kept")).await.unwrap();

    let store = subject.reopen(store).await;

    assert_eq!(seqs(&store, "a", 1).await, [1, 2, 3]);
    assert_eq!(store.queues().await.unwrap(), records("a", 1, 1, 3).queues);
    assert_eq!(store.sites().await.unwrap(), [place("a")]);
    assert_eq!(store.pseudonym_secret(&site("a")).await.unwrap(), secret);
    assert_eq!(store.cursors().await.unwrap(), [cursor("a", 1, 2, 1)]);
    assert_eq!(store.entries(None, 9).await.unwrap(), [entry(1, Some("a"), "kept")]);
    commit(&store, records("a", 1, 4, 4)).await;
    assert_eq!(seqs(&store, "a", 1).await, [1, 2, 3, 4]);
}

pub(super) async fn old_records_are_forgotten_once_they_were_followed(subject: &impl Subject) {
    let store = subject.open();
    for seq in 1..=6 {
        commit(&store, records("a", 1, seq, seq)).await;
    }
    let ripe = async |lane, before_ms, limit| {
        let due = store.ripe(lane, before_ms, limit).await.unwrap();
        due.iter().map(|record| record.seq).collect::<Vec<_>>()
    };
    let settle = async |through| {
        let rest = Step { cursors: vec![dated(cursor("a", 1, through, 1))], ..Step::default() };
        store.settle(rest).await.unwrap()
    };
    assert!(ripe(Lane::Telemetry, 5_000, 100).await.is_empty(), "nobody has followed them yet");
    assert_eq!(settle(2).await, 0);
    follow(&store, "a", 1, 3).await;

    assert!(ripe(Lane::Ledger, 5_000, 100).await.is_empty());
    assert_eq!(ripe(Lane::Telemetry, 2_500, 100).await, [1, 2], "the third is too young");
    assert_eq!(ripe(Lane::Telemetry, 5_000, 2).await, [1, 2]);
    assert_eq!(settle(2).await, 2);
    assert_eq!(ripe(Lane::Telemetry, 5_000, 2).await, [3]);
    assert_eq!(settle(3).await, 1);
    assert!(ripe(Lane::Telemetry, 5_000, 2).await.is_empty());
    assert_eq!(seqs(&store, "a", 1).await, [4, 5, 6]);
    assert_eq!(store.queues().await.unwrap()[0].through, 6);
}
