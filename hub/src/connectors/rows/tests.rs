//! What punches become: wanted or not, in spans or days, and what a late one changes.

use vigie_shared::wire::reading::LogRow;

use super::*;
use crate::connectors::settings::tests::connector;

const HOUR: i64 = 3_600_000;

/// A punch of a person at an hour since 1970, as the terminal `T1` told it.
pub(crate) fn punch(enrol_id: u64, at_ms: i64, direction: Option<Direction>) -> Punch {
    let row = LogRow { enrol_id: Some(enrol_id), local_time: at_ms.to_string(), ..LogRow::default() };
    let in_out = match direction {
        Some(Direction::In) => 0,
        Some(Direction::Out) => 1,
        None => 9,
    };
    Punch {
        order: 0,
        key: PunchKey::of("T1", &row),
        site: "metz".parse().unwrap(),
        terminal: "T1".to_owned(),
        enrol_id: Some(enrol_id),
        name: Some("Ama".to_owned()),
        local_time: row.local_time,
        zone: "UTC".to_owned(),
        meant_ms: Some(at_ms),
        at_ms: Some(at_ms),
        received_ms: at_ms,
        mode: Some(0),
        in_out: Some(in_out),
        event: Some(0),
        temperature_centi_c: Some(3650),
        photo: None,
        means: None,
        access: None,
        kind: PunchKind::Person,
        direction,
        doubts: Vec::new(),
        counts: true,
        seen: 1,
    }
}

fn push(mapping: &str) -> PushMapping {
    let mapping = crate::connectors::settings::MappingChoice::Shipped(mapping.to_owned());
    Connector { mapping, ..connector("hr") }.mapping().unwrap().push.unwrap()
}

fn look(now_ms: i64) -> Look<'static> {
    static UTC: TimeZone = TimeZone::UTC;
    Look { enrol_id: 7, from_ms: 0, now_ms, zone: &UTC }
}

fn stored(jobs: Vec<NewJob>, state: JobState) -> Vec<Job> {
    let job = |(no, new): (i64, NewJob)| Job { state, remote_id: Some(no.into()), ..new.into_job(no, "hr", 0) };
    (1..).zip(jobs).map(job).collect()
}

#[test]
fn only_counting_rows_of_people_after_the_start_are_wanted() {
    let (connector, kimai) = (Connector { start_at_ms: 5 * HOUR, ..connector("hr") }, push("kimai"));
    let good = punch(7, 8 * HOUR, None);
    assert!(is_wanted(&connector, &kimai, &good));
    for wrong in [
        Punch { at_ms: Some(4 * HOUR), ..good.clone() },
        Punch { at_ms: None, ..good.clone() },
        Punch { counts: false, ..good.clone() },
        Punch { kind: PunchKind::Door, ..good.clone() },
        Punch { enrol_id: None, ..good.clone() },
        Punch { access: Some(false), ..good.clone() },
    ] {
        assert!(!is_wanted(&connector, &kimai, &wrong), "{wrong:?}");
    }
    let elsewhere = Connector { terminals: vec!["T2".to_owned()], ..connector.clone() };
    assert!(!is_wanted(&elsewhere, &kimai, &good));
    assert!(
        is_wanted(&connector, &push("default"), &Punch { access: Some(false), ..good }),
        "the default format tells of refusals"
    );
}

#[test]
fn an_event_gets_the_direction_that_its_neighbours_give_it() {
    let punches = [8, 12, 13].map(|hour| punch(7, hour * HOUR, None));
    let fresh = BTreeSet::from([punches[1].key]);

    let jobs = single(&push("odoo"), &fresh, &punches);
    assert_eq!(jobs.len(), 1);
    assert_eq!((jobs[0].row.dir.as_deref(), jobs[0].key), (Some("out"), RowKey(punches[1].key.0)));
    assert_eq!(
        single(&push("erpnext"), &fresh, &punches)[0].row.dir,
        None,
        "a plain punch says what the terminal said"
    );
}

#[test]
fn a_late_punch_takes_back_what_was_sent_and_sends_what_is_right() {
    let kimai = push("kimai");
    let all = [8, 12, 13, 17].map(|hour| punch(7, hour * HOUR, None));
    let before = [&all[0], &all[3]];
    let sent = stored(joined(&kimai, &before, &look(18 * HOUR)), JobState::Sent);
    assert_eq!((sent.len(), sent[0].row.at_ms, sent[0].row.end_ms), (1, 8 * HOUR, Some(17 * HOUR)));

    let now = joined(&kimai, &all.iter().collect::<Vec<_>>(), &look(18 * HOUR));
    let turn = compare(&kimai, now, &sent, &look(18 * HOUR));

    let spans: Vec<_> = turn.add.iter().map(|job| (job.row.at_ms / HOUR, job.row.end_ms.unwrap() / HOUR)).collect();
    assert_eq!(spans, [(8, 12), (13, 17)]);
    assert_eq!(
        (turn.change.len(), turn.change[0].wish, turn.change[0].state),
        (1, crate::connectors::job::Wish::Undo, JobState::Pending)
    );
}

#[test]
fn what_cannot_be_taken_back_is_left_to_a_person() {
    let kimai = PushMapping { undo: None, ..push("kimai") };
    let all = [8, 12, 13, 17].map(|hour| punch(7, hour * HOUR, None));
    let sent = stored(joined(&kimai, &[&all[0], &all[3]], &look(18 * HOUR)), JobState::Sent);

    let turn =
        compare(&kimai, joined(&kimai, &all.iter().collect::<Vec<_>>(), &look(18 * HOUR)), &sent, &look(18 * HOUR));

    assert!(turn.change.is_empty() && turn.add.iter().all(|job| job.state == JobState::Dead), "{turn:?}");
}

#[test]
fn the_same_punches_again_change_nothing_and_a_skipped_row_stays_skipped() {
    let kimai = push("kimai");
    let all = [8, 12, 40].map(|hour| punch(7, hour * HOUR, None));
    let wanted = joined(&kimai, &all.iter().collect::<Vec<_>>(), &look(80 * HOUR));
    assert_eq!(wanted.iter().map(|job| job.state).collect::<Vec<_>>(), [JobState::Pending, JobState::Parked]);
    for state in JobState::ALL {
        let turn = compare(&kimai, wanted.clone(), &stored(wanted.clone(), state), &look(80 * HOUR));
        assert_eq!(turn, Turn::default(), "{state:?}");
    }
}

#[test]
fn a_row_that_was_replaced_comes_back_when_it_is_right_again() {
    let kimai = push("kimai");
    let all = [8, 12].map(|hour| punch(7, hour * HOUR, None));
    let wanted = joined(&kimai, &all.iter().collect::<Vec<_>>(), &look(20 * HOUR));
    let mut replaced = stored(wanted.clone(), JobState::Pending);
    let gone = compare(&kimai, Vec::new(), &replaced, &look(20 * HOUR));
    assert_eq!(gone.change[0].state, JobState::Skipped);
    replaced[0] = gone.change[0].clone();

    let back = compare(&kimai, wanted, &replaced, &look(20 * HOUR));
    assert_eq!(back.change[0].state, JobState::Pending);
}

#[test]
fn a_day_is_sent_again_when_it_changes() {
    let day = PushMapping { unit: Unit::Day, ..push("kimai") };
    let all = [8, 12, 13, 17].map(|hour| punch(7, hour * HOUR, None));
    let sent = stored(joined(&day, &[&all[0], &all[1]], &look(12 * HOUR)), JobState::Sent);

    let turn = compare(&day, joined(&day, &all.iter().collect::<Vec<_>>(), &look(18 * HOUR)), &sent, &look(18 * HOUR));

    assert!(turn.add.is_empty());
    assert_eq!((turn.change[0].no, turn.change[0].state, turn.change[0].row.spans.len()), (1, JobState::Pending, 2));
}
