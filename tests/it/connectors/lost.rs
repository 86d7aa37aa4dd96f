//! Case 5: the row is stored and the answer is lost; nobody may have it twice where it can be looked for, and where it
//! cannot, everybody can see that he may.

use vigie_hub::connectors::job::JobState;
use vigie_hub::connectors::settings::Connector;
use vigie_tests::hr::Setup;
use vigie_tests::hr::dialect::{Kind, Manners, Results};
use vigie_tests::hr::reply::{Delivery, Reply};
use vigie_tests::hr::script::{On, Plan, Trick};

use super::desk::{Desk, Shipped, count};

/// Every way in which an answer is lost after the row was stored.
fn ways() -> Vec<Trick> {
    vec![
        Trick::Deliver(Delivery::Reset),
        Trick::Deliver(Delivery::Stall),
        Trick::Deliver(Delivery::Drip),
        Trick::Deliver(Delivery::Cut),
        Trick::Deliver(Delivery::CutChunked),
        Trick::Lie(Reply::page(500)),
        Trick::Lie(Reply::page(502)),
        Trick::Lie(Reply::page(504)),
    ]
}

/// Nobody waits long for an answer that does not come.
fn hasty(connector: &mut Connector) {
    connector.timeout_ms = Some(700);
}

/// Each way meets the first row of somebody else; at the end everything is there once.
async fn one_record_remains(shipped: Shipped, manners: Manners) {
    let desk = Desk::with(shipped, Setup { manners, ..shipped.system(20) }, hasty).await;
    let people = u64::try_from(ways().len()).unwrap();
    desk.working_day(people).await;
    for (person, way) in (1..).zip(ways()) {
        desk.hr.plan(Plan::on(On::Row(shipped.words(person)), way).times(1));
    }

    let jobs = desk.settle().await;

    assert_eq!(count(&jobs, JobState::Sent), jobs.len(), "{jobs:#?}");
    assert!(jobs.iter().all(|job| job.maybe_twice.is_none()), "{jobs:#?}");
    assert_eq!(desk.hr.look(|books| books.twice().len()), 0);
    for person in 1..=people {
        let held = desk.hr.look(|books| books.of(person).len());
        assert_eq!(held, if shipped == Shipped::Erpnext { 2 } else { 1 }, "person {person}");
    }
    desk.close().await;
}

#[tokio::test]
async fn case_05_stored_then_lost_is_refused_as_a_duplicate_and_ends_as_one_record_in_erpnext() {
    one_record_remains(Shipped::Erpnext, Manners { speaks_french: true, ..Manners::default() }).await;
}

#[tokio::test]
async fn case_05_stored_then_lost_is_probed_and_ends_as_one_record_in_odoo() {
    one_record_remains(Shipped::Odoo, Manners { speaks_french: true, ..Manners::default() }).await;
}

#[tokio::test]
async fn case_05_stored_then_lost_is_probed_and_ends_as_one_record_where_kimai_would_double_it() {
    one_record_remains(Shipped::Kimai, Manners::default()).await;
}

#[tokio::test]
async fn case_05_stored_then_lost_is_probed_and_ends_as_one_record_where_kimai_refuses_overlaps() {
    one_record_remains(Shipped::Kimai, Manners { refuses_overlap: true, ..Manners::default() }).await;
}

#[tokio::test]
async fn case_05_a_lost_out_is_probed_and_closes_its_record_once_in_odoo() {
    let desk = Desk::with(Shipped::Odoo, Shipped::Odoo.system(5), hasty).await;
    desk.working_day(1).await;
    desk.hr.plan(Plan::next_push(Trick::Deliver(Delivery::Stall)).after(1));

    let jobs = desk.settle().await;

    assert_eq!(count(&jobs, JobState::Sent), 2, "{jobs:#?}");
    let records = desk.hr.records();
    assert_eq!(records.len(), 1);
    assert_eq!(records[0].to.as_deref(), Some("2031-05-06 17:00:01"));
    desk.close().await;
}

#[tokio::test]
async fn case_05_what_cannot_be_looked_for_goes_twice_and_says_so_in_the_default_format() {
    let desk = Desk::with(Shipped::Default, Shipped::Default.system(5), hasty).await;
    desk.working_day(1).await;
    desk.hr.plan(Plan::next_push(Trick::Deliver(Delivery::Stall)));

    let jobs = desk.settle().await;

    assert_eq!(count(&jobs, JobState::Sent), 2, "{jobs:#?}");
    let twice = desk.hr.look(|books| books.twice().len());
    assert_eq!(twice, 2, "the receiver keeps everything that it is sent");
    for job in jobs {
        let why = job.maybe_twice.expect("whoever looks at the job sees that it may be there twice");
        assert!(!why.is_empty());
    }
    let keys: Vec<_> = desk
        .hr
        .asked_for(Kind::Push)
        .iter()
        .map(|asked| asked.request.header("idempotency-key").map(str::to_owned))
        .collect();
    assert!(keys.iter().all(Option::is_some), "a receiver that looks at the key can tell: {keys:?}");
    desk.close().await;
}

#[tokio::test]
async fn case_05_a_receiver_that_knows_its_rows_has_each_once_in_the_default_format() {
    let manners = Manners { results: Results::ByRow, refuses_overlap: true, ..Manners::default() };
    let desk = Desk::with(Shipped::Default, Setup { manners, ..Shipped::Default.system(5) }, hasty).await;
    desk.working_day(5).await;
    for way in ways() {
        desk.hr.plan(Plan::next_push(way));
    }

    let jobs = desk.settle().await;

    assert_eq!(count(&jobs, JobState::Sent), 10, "{jobs:#?}");
    assert_eq!(desk.hr.look(|books| (books.records().count(), books.twice().len())), (10, 0));
    assert!(jobs.iter().all(|job| job.maybe_twice.is_none()), "{jobs:#?}");
    desk.close().await;
}

#[tokio::test]
async fn case_05_only_rows_whose_answer_was_lost_are_marked_as_perhaps_twice() {
    let desk = Desk::with(Shipped::Default, Shipped::Default.system(5), hasty).await;
    desk.working_day(1).await;
    desk.settle().await;
    desk.hr.plan(Plan::next_push(Trick::Lose(Delivery::Reset)));
    desk.punch(&[(2, "2031-05-06 18:00:00", super::desk::Way::In)]).await;

    let jobs = desk.settle().await;

    let marked: Vec<u64> = jobs.iter().filter(|job| job.maybe_twice.is_some()).map(|job| job.enrol_id).collect();
    assert_eq!(marked, [2], "a reset tells nobody whether the row arrived");
    assert_eq!(desk.hr.look(|books| books.of(2).len()), 1);
    desk.close().await;
}
