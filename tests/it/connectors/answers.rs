//! Answers that do not mean what their status says: cases 1, 3, 4, and of 9 the refusal in the body.

use vigie_hub::connectors::job::JobState;
use vigie_tests::hr::Setup;
use vigie_tests::hr::dialect::{Kind, Manners, Results};
use vigie_tests::hr::reply::{Delivery, Reply};
use vigie_tests::hr::script::{On, Plan, Trick};

use super::desk::{Desk, PAUSE, Shipped, Way, count};

/// A connector to a system that refuses what it has already.
async fn strict(shipped: Shipped, manners: Manners) -> Desk {
    Desk::with(shipped, Setup { manners, ..shipped.system(20) }, |_| {}).await
}

async fn a_duplicate_is_delivered(desk: Desk) {
    desk.punch(&[(7, "2031-05-06 08:00:00", Way::In)]).await;
    desk.hr.plan(Plan::next_push(Trick::Deliver(Delivery::Reset)));

    let jobs = desk.settle().await;

    assert_eq!(jobs.iter().map(|job| job.state).collect::<Vec<_>>(), [JobState::Sent]);
    assert_eq!((jobs[0].last_error.as_ref(), jobs[0].maybe_twice.as_ref()), (None, None));
    assert_eq!(desk.hr.look(|books| books.of(7).len()), 1);
    assert_eq!(desk.hr.asked_for(Kind::Push).len(), 2);
    desk.close().await;
}

#[tokio::test]
async fn case_01_a_french_duplicate_without_traceback_counts_as_delivered_in_erpnext() {
    let manners = Manners { speaks_french: true, ..Manners::default() };
    a_duplicate_is_delivered(strict(Shipped::Erpnext, manners).await).await;
}

#[tokio::test]
async fn case_01_an_english_duplicate_with_traceback_counts_as_delivered_in_erpnext() {
    let manners = Manners { tells_tracebacks: true, ..Manners::default() };
    a_duplicate_is_delivered(strict(Shipped::Erpnext, manners).await).await;
}

#[tokio::test]
async fn case_01_a_duplicate_that_is_told_by_row_counts_as_delivered_in_the_default_format() {
    let manners = Manners { results: Results::ByRow, refuses_overlap: true, ..Manners::default() };
    a_duplicate_is_delivered(strict(Shipped::Default, manners).await).await;
}

/// A row that is answered with 200 and a refusal is dead, with what was said, and the others go on.
async fn a_refusal_under_200_is_no_success(shipped: Shipped, reply: Reply, word: &str) {
    let desk = Desk::open(shipped).await;
    desk.working_day(3).await;
    desk.hr.plan(Plan::on(On::Row(shipped.words(2)), Trick::Refuse(reply)));

    let jobs = desk.settle().await;

    let refused: Vec<_> = jobs.iter().filter(|job| job.enrol_id == 2).collect();
    assert!(refused[0].last_error.as_ref().unwrap().contains(word), "{refused:?}");
    assert!(refused.iter().all(|job| job.state == JobState::Dead && job.last_error.is_some()), "{refused:?}");
    assert!(jobs.iter().filter(|job| job.enrol_id != 2).all(|job| job.state == JobState::Sent), "{jobs:#?}");
    assert_eq!(desk.hr.look(|books| books.of(2).len()), 0);
    desk.close().await;
}

#[tokio::test]
async fn case_03_an_error_of_json_rpc_under_200_is_a_refusal_in_odoo() {
    a_refusal_under_200_is_no_success(Shipped::Odoo, Reply::rpc_error(200, "no such field"), "no such field").await;
}

#[tokio::test]
async fn case_03_an_error_under_200_is_a_refusal_in_kimai() {
    let reply = Reply::typed(200, "application/json", r#"{"error":"no work information"}"#);
    a_refusal_under_200_is_no_success(Shipped::Kimai, reply, "no work information").await;
}

#[tokio::test]
async fn case_03_an_error_under_200_is_a_refusal_in_erpnext() {
    let reply = Reply::typed(200, "application/json", r#"{"error":"no work information"}"#);
    a_refusal_under_200_is_no_success(Shipped::Erpnext, reply, "no work information").await;
}

#[tokio::test]
async fn case_03_an_error_under_200_is_a_refusal_in_the_default_format() {
    let reply = Reply::typed(200, "application/json", r#"{"error":"no work information"}"#);
    a_refusal_under_200_is_no_success(Shipped::Default, reply, "no work information").await;
}

#[tokio::test]
async fn case_03_a_session_that_is_gone_stops_odoo_whose_key_cannot_be_renewed() {
    let desk = Desk::open(Shipped::Odoo).await;
    desk.punch(&[(7, "2031-05-06 08:00:00", Way::In)]).await;
    desk.hr.plan(Plan::next_push(Trick::Refuse(Reply::rpc_error(100, "session expired"))));

    let jobs = desk.settle().await;
    assert_eq!(count(&jobs, JobState::Sent), 0);
    assert!(desk.standing().await.stopped.unwrap().reason.contains("session expired"));

    desk.sync().await;
    assert_eq!(count(&desk.settle().await, JobState::Sent), 1);
    assert_eq!(desk.hr.look(|books| books.of(7).len()), 1);
    desk.close().await;
}

/// 500, 304 and 404 for one person each: dead with the body after bounded tries, the others flow.
async fn one_bad_row_each_holds_up_nobody(shipped: Shipped) {
    let desk = Desk::open(shipped).await;
    desk.working_day(8).await;
    let broken = Reply::typed(500, "application/json", r#"{"message":"month must be in 1..12"}"#);
    let gone = Reply::typed(404, "application/json", r#"{"message":"employee was deleted"}"#);
    for (person, reply) in [(2, broken), (4, Reply::empty(304)), (6, gone)] {
        desk.hr.plan(Plan::on(On::Row(shipped.words_of_in(person)), Trick::Refuse(reply)));
    }

    let jobs = desk.settle().await;

    for (person, word) in [(2, "month must be"), (4, "304"), (6, "was deleted")] {
        let mut bad = jobs.iter().filter(|job| job.enrol_id == person).peekable();
        assert!(bad.peek().is_some(), "{person}");
        let first = bad.next().unwrap();
        assert_eq!(first.state, JobState::Dead, "{first:?}");
        assert!(first.last_error.as_ref().unwrap().contains(word), "{first:?}");
        assert!(first.attempts <= 12, "{first:?}");
    }
    let good: Vec<_> = jobs.iter().filter(|job| ![2, 4, 6].contains(&job.enrol_id)).collect();
    assert!(good.iter().all(|job| job.state == JobState::Sent), "{good:#?}");
    assert_eq!(desk.hr.look(|books| books.twice().len()), 0);
    desk.close().await;
}

#[tokio::test]
async fn case_04_one_row_with_500_304_or_404_holds_up_nobody_in_the_default_format() {
    one_bad_row_each_holds_up_nobody(Shipped::Default).await;
}

#[tokio::test]
async fn case_04_one_row_with_500_304_or_404_holds_up_nobody_in_erpnext() {
    one_bad_row_each_holds_up_nobody(Shipped::Erpnext).await;
}

#[tokio::test]
async fn case_04_one_row_with_500_304_or_404_holds_up_nobody_in_odoo() {
    one_bad_row_each_holds_up_nobody(Shipped::Odoo).await;
}

#[tokio::test]
async fn case_04_one_row_with_500_304_or_404_holds_up_nobody_in_kimai() {
    one_bad_row_each_holds_up_nobody(Shipped::Kimai).await;
}

/// 403 for every row is not the rows' fault.
async fn a_wrong_right_stops_the_connector(shipped: Shipped) {
    let desk = Desk::open(shipped).await;
    desk.working_day(20).await;
    let forbidden = Reply::typed(403, "application/json", r#"{"message":"you may not"}"#);
    desk.hr.plan(Plan::on(On::Kind(Kind::Push), Trick::Refuse(forbidden)));

    let jobs = desk.settle().await;

    let stopped = desk.standing().await.stopped.expect("ten refusals over several people stop a connector");
    assert!(!stopped.reason.is_empty());
    assert!(count(&jobs, JobState::Dead) <= 12, "{} rows are dead", count(&jobs, JobState::Dead));
    assert!(count(&jobs, JobState::Pending) + count(&jobs, JobState::Failed) > 0, "{jobs:#?}");
    let asked = desk.hr.asked_for(Kind::Push).len();
    desk.clock.advance(PAUSE);
    desk.serve().await;
    assert_eq!(desk.hr.asked_for(Kind::Push).len(), asked, "a connector that stopped asks nothing");

    desk.hr.calm();
    desk.sync().await;
    let jobs = desk.settle().await;
    assert!(desk.standing().await.stopped.is_none());
    assert_eq!(count(&jobs, JobState::Pending) + count(&jobs, JobState::Failed), 0);
    desk.close().await;
}

#[tokio::test]
async fn case_04_403_for_every_row_stops_with_the_queue_intact_in_the_default_format() {
    a_wrong_right_stops_the_connector(Shipped::Default).await;
}

#[tokio::test]
async fn case_04_403_for_every_row_stops_with_the_queue_intact_in_erpnext() {
    a_wrong_right_stops_the_connector(Shipped::Erpnext).await;
}

#[tokio::test]
async fn case_04_403_for_every_row_stops_with_the_queue_intact_in_odoo() {
    a_wrong_right_stops_the_connector(Shipped::Odoo).await;
}

#[tokio::test]
async fn case_04_403_for_every_row_stops_with_the_queue_intact_in_kimai() {
    a_wrong_right_stops_the_connector(Shipped::Kimai).await;
}

#[tokio::test]
async fn case_09_a_status_error_in_the_body_is_a_refusal_in_the_default_format() {
    let reply = Reply::typed(200, "application/json", r#"{"status":"error","why":"closed period"}"#);
    a_refusal_under_200_is_no_success(Shipped::Default, reply, "closed period").await;
}
