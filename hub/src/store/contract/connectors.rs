//! Laws of connectors and jobs: secrets come back and leave with their connector, a row is queued once, order and
//! waiting are per person.

use std::collections::BTreeMap;

use serde_json::json;

use super::*;
use crate::connectors::job::{Job, JobState, NewJob, Row, RowKey};
use crate::connectors::people::Person;
use crate::connectors::settings::tests::connector;
use crate::connectors::settings::{Standing, Stopped};
use crate::store::StoreError;
use crate::store::connectors::{Connectors as _, RUNS_MAX, Run, RunKind};
use crate::store::jobs::{JobFilter, JobMove, Jobs as _};

pub(crate) fn new(key: u8, enrol_id: u64, at_ms: i64) -> NewJob {
    NewJob::pending(RowKey([key; 16]), enrol_id, Row { at_ms, granted: true, ..Row::default() })
}

fn person(enrol_id: u64) -> Person {
    let remote = json!({ "id": enrol_id + 1000 });
    Person {
        enrol_id,
        name: Some("Ama".to_owned()),
        is_enabled: true,
        admin: None,
        weekzone: Some(1),
        group: None,
        remote,
    }
}

async fn due(store: &impl Store, now_ms: i64) -> Vec<u8> {
    store.due_jobs("hr", now_ms, 100).await.unwrap().iter().map(|job| job.key.0[0]).collect()
}

pub(super) async fn a_connector_is_kept_with_its_secrets_and_goes_with_them(subject: &impl Subject) {
    let store = subject.open();
    store.add_connector(&connector("hr")).await.unwrap();
    store.add_connector(&connector("other")).await.unwrap();
    assert!(matches!(store.add_connector(&connector("hr")).await, Err(StoreError::Conflict(_))));
    let secrets = |token: Option<&str>| BTreeMap::from([("token".to_owned(), token.map(str::to_owned))]);
    store.put_connector_secrets("hr", &secrets(Some("s3cret"))).await.unwrap();
    let stopped = Some(Stopped { reason: "no".to_owned(), since_ms: 5 });
    let standing = Standing { stopped, cursor: 7, ..Standing::default() };
    store.put_standing("hr", &standing).await.unwrap();
    store.add_jobs("hr", &[new(1, 7, 10)], 0).await.unwrap();

    let store = subject.reopen(store).await;
    assert_eq!(store.connector("hr").await.unwrap(), Some((connector("hr"), standing)));
    assert_eq!(
        store.connector_secrets("hr").await.unwrap(),
        BTreeMap::from([("token".to_owned(), "s3cret".to_owned())])
    );
    assert_eq!(store.connector_secrets("other").await.unwrap(), BTreeMap::new());
    let off = crate::connectors::settings::Connector { is_on: false, ..connector("hr") };
    assert!(store.put_connector(&off).await.unwrap() && !store.put_connector(&connector("none")).await.unwrap());
    store.put_connector_secrets("hr", &secrets(None)).await.unwrap();
    assert_eq!(store.connector_secrets("hr").await.unwrap(), BTreeMap::new());

    assert!(store.remove_connector("hr").await.unwrap() && !store.remove_connector("hr").await.unwrap());
    assert_eq!(store.connectors().await.unwrap().len(), 1);
    assert_eq!(store.jobs(&JobFilter::default(), None, 10).await.unwrap(), []);
}

pub(super) async fn people_are_written_and_marked_but_never_removed(subject: &impl Subject) {
    let store = subject.open();
    store.add_connector(&connector("hr")).await.unwrap();
    store.save_people("hr", (&[person(7), person(8)], &[]), 1).await.unwrap();
    store.save_people("hr", (&[], &[8, 99]), 2).await.unwrap();

    let store = subject.reopen(store).await;
    let people = store.listed_people("hr").await.unwrap();
    assert_eq!(
        people.values().map(|one| (one.person.enrol_id, one.is_gone, one.changed_ms)).collect::<Vec<_>>(),
        [(7, false, 1), (8, true, 2)]
    );
    assert_eq!(people[&7].person, person(7));
    store.save_people("hr", (&[person(8)], &[]), 3).await.unwrap();
    assert!(!store.listed_people("hr").await.unwrap()[&8].is_gone, "who is listed again is back");
}

pub(super) async fn only_the_last_rounds_are_remembered(subject: &impl Subject) {
    let store = subject.open();
    store.add_connector(&connector("hr")).await.unwrap();
    for began_ms in 0..i64::try_from(RUNS_MAX).unwrap() + 5 {
        let counts = BTreeMap::from([("sent".to_owned(), 3)]);
        let run = Run { kind: RunKind::Push, began_ms, ended_ms: began_ms + 1, counts, error: Some("why".to_owned()) };
        store.add_run("hr", &run).await.unwrap();
    }
    let runs = store.runs("hr", 1000).await.unwrap();
    assert_eq!((runs.len(), runs[0].began_ms), (RUNS_MAX, i64::try_from(RUNS_MAX).unwrap() + 4));
    assert_eq!((runs[0].kind, runs[0].counts["sent"], runs[0].error.as_deref()), (RunKind::Push, 3, Some("why")));
}

pub(super) async fn a_row_is_queued_once_whatever_became_of_it(subject: &impl Subject) {
    let store = subject.open();
    store.add_connector(&connector("hr")).await.unwrap();
    assert_eq!(store.add_jobs("hr", &[new(1, 7, 10), new(2, 7, 20), new(1, 7, 10)], 5).await.unwrap(), 2);
    let mut job = store.due_jobs("hr", 5, 1).await.unwrap().remove(0);
    job.state = JobState::Sent;
    (job.remote_id, job.maybe_twice, job.attempts) = (Some(json!({ "id": 3 })), Some("lost".to_owned()), 4);
    store.save_jobs(std::slice::from_ref(&job)).await.unwrap();

    let store = subject.reopen(store).await;
    assert_eq!(store.add_jobs("hr", &[new(1, 7, 10), new(2, 7, 20)], 9).await.unwrap(), 0);
    assert_eq!(store.add_jobs("none", &[new(1, 7, 10)], 9).await.unwrap(), 0);
    assert_eq!(store.job(job.no).await.unwrap(), Some(job.clone()));
    assert_eq!(store.job_of_remote("hr", &json!({ "id": 3 })).await.unwrap(), Some(job.no));
    assert_eq!(store.job_of_remote("hr", &json!({ "id": 4 })).await.unwrap(), None);
    let found = |filter: JobFilter| {
        let store = &store;
        async move { store.jobs(&filter, None, 10).await.unwrap().iter().map(|job| job.key.0[0]).collect::<Vec<_>>() }
    };
    let all = JobFilter::default;
    for (filter, rows) in [
        (JobFilter { only_maybe_twice: true, ..all() }, vec![1]),
        (JobFilter { state: Some(JobState::Pending), ..all() }, vec![2]),
        (JobFilter { connector: Some("none".to_owned()), ..all() }, vec![]),
        (JobFilter { enrol_id: Some(7), ..all() }, vec![2, 1]),
        (JobFilter { enrol_id: Some(u64::MAX), ..all() }, vec![]),
    ] {
        assert_eq!(found(filter).await, rows);
    }
    assert_eq!(store.jobs(&JobFilter::default(), Some(job.no + 1), 10).await.unwrap(), [job]);
    let counts: Vec<_> = store.job_counts().await.unwrap().into_iter().map(|one| (one.state, one.count)).collect();
    assert_eq!(counts, [(JobState::Pending, 1), (JobState::Sent, 1)]);
}

pub(super) async fn whoever_waits_holds_up_only_himself(subject: &impl Subject) {
    let store = subject.open();
    store.add_connector(&connector("hr")).await.unwrap();
    let jobs = [new(3, 7, 30), new(1, 7, 10), new(2, 8, 20), new(4, 9, 40)];
    store.add_jobs("hr", &jobs, 0).await.unwrap();
    assert_eq!(due(&store, 0).await, [1, 2, 3, 4]);
    let set = |job: &mut Job, state, next_try_ms| (job.state, job.next_try_ms) = (state, next_try_ms);
    let mut all = store.due_jobs("hr", 0, 10).await.unwrap();
    set(&mut all[0], JobState::Failed, 100);
    set(&mut all[3], JobState::Parked, 0);
    store.save_jobs(&all).await.unwrap();
    store.add_jobs("hr", &[new(5, 9, 50)], 0).await.unwrap();

    assert_eq!(due(&store, 99).await, [2], "7 waits for its time, 9 for people");
    assert_eq!(store.next_try_ms("hr", 99).await.unwrap(), Some(100));
    assert_eq!(due(&store, 100).await, [1, 2, 3]);
    assert_eq!(store.unpark("hr", 100).await.unwrap(), 1);
    assert_eq!(due(&store, 100).await, [1, 2, 3, 4, 5]);
    (all[0].is_postponed, all[0].next_try_ms) = (true, 200);
    store.save_jobs(&all[..1]).await.unwrap();
    assert_eq!(due(&store, 150).await, [2, 3, 4, 5], "a late row lets the later ones pass");
}

pub(super) async fn what_waits_from_the_beginning_holds_up_nobody_and_no_list_frees_it(subject: &impl Subject) {
    let store = subject.open();
    store.add_connector(&connector("hr")).await.unwrap();
    let forgotten = NewJob { state: JobState::Parked, why: Some("no OUT".to_owned()), ..new(1, 7, 10) };
    store.add_jobs("hr", &[forgotten, new(2, 7, 20)], 0).await.unwrap();
    assert_eq!(due(&store, 0).await, [2]);
    assert_eq!(store.unpark("hr", 0).await.unwrap(), 0);
    let of_person = store.person_jobs("hr", 7, 0).await.unwrap();
    assert_eq!(of_person.iter().map(|job| job.last_error.as_deref()).collect::<Vec<_>>(), [Some("no OUT"), None]);
    assert_eq!(store.person_jobs("hr", 7, 11).await.unwrap().len(), 1);
    let at = async |rows: &[(u64, i64)]| {
        let found = store.jobs_at("hr", &rows.iter().copied().collect()).await.unwrap();
        found.iter().map(|job| (job.enrol_id, job.row.at_ms)).collect::<Vec<_>>()
    };
    assert_eq!(at(&[(7, 20), (7, 10), (8, 10), (9, 10)]).await, [(7, 10), (7, 20)]);
    assert!(at(&[]).await.is_empty());
}

pub(super) async fn people_move_jobs_only_from_where_they_are_and_settled_ones_end(subject: &impl Subject) {
    let store = subject.open();
    store.add_connector(&connector("hr")).await.unwrap();
    store.add_jobs("hr", &[new(1, 7, 10), new(2, 7, 20)], 0).await.unwrap();
    let no = store.due_jobs("hr", 0, 1).await.unwrap()[0].no;
    let skip = JobMove {
        no,
        from: vec![JobState::Pending],
        to: JobState::Skipped,
        why: Some("paid by hand".to_owned()),
        now_ms: 5,
    };
    assert!(store.move_job(&skip).await.unwrap() && !store.move_job(&skip).await.unwrap());
    let skipped = store.job(no).await.unwrap().unwrap();
    assert_eq!(
        (skipped.state, skipped.last_error.as_deref(), skipped.changed_ms),
        (JobState::Skipped, Some("paid by hand"), 5)
    );
    let retry = JobMove { from: vec![JobState::Skipped], to: JobState::Pending, why: None, now_ms: 6, ..skip };
    assert!(store.move_job(&retry).await.unwrap());
    assert_eq!(store.job(no).await.unwrap().unwrap().last_error.as_deref(), Some("paid by hand"));

    assert_eq!(store.forget_jobs(100, 10).await.unwrap(), 0, "open jobs stay");
    store.move_job(&JobMove { from: vec![JobState::Pending], to: JobState::Dead, now_ms: 7, ..retry }).await.unwrap();
    assert_eq!((store.forget_jobs(7, 10).await.unwrap(), store.forget_jobs(8, 10).await.unwrap()), (0, 1));
}
