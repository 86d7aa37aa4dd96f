//! Case 9: answers from somewhere else, redirects and login pages.

use vigie_hub::connectors::job::JobState;
use vigie_tests::hr::dialect::Kind;
use vigie_tests::hr::reply::Reply;
use vigie_tests::hr::script::{On, Plan, Trick};
use vigie_tests::hr::{HrServer, Setup};

use super::desk::{Desk, Shipped, Way, count};

/// A redirect to another host gets nothing, and is no success.
async fn a_redirect_is_not_followed(shipped: Shipped) {
    let desk = Desk::open(shipped).await;
    let elsewhere = HrServer::start(Setup::default(), &desk.lifecycle).await.unwrap();
    desk.working_day(1).await;
    let moved = Reply::moved(&format!("{}/login", elsewhere.base()));
    desk.hr.plan(Plan::on(On::Kind(Kind::Push), Trick::Refuse(moved)));

    let jobs = desk.settle().await;

    assert_eq!(count(&jobs, JobState::Sent), 0);
    assert!(desk.standing().await.stopped.is_some());
    assert!(elsewhere.asked().is_empty(), "{:?}", elsewhere.asked());
    desk.hr.calm();
    desk.sync().await;
    assert_eq!(count(&desk.settle().await, JobState::Sent), jobs.len());
    desk.close().await;
}

#[tokio::test]
async fn case_09_a_redirect_gets_no_credentials_and_is_no_success_in_the_default_format() {
    a_redirect_is_not_followed(Shipped::Default).await;
}

#[tokio::test]
async fn case_09_a_redirect_gets_no_credentials_and_is_no_success_in_erpnext() {
    a_redirect_is_not_followed(Shipped::Erpnext).await;
}

#[tokio::test]
async fn case_09_a_redirect_gets_no_credentials_and_is_no_success_in_odoo() {
    a_redirect_is_not_followed(Shipped::Odoo).await;
}

#[tokio::test]
async fn case_09_a_redirect_gets_no_credentials_and_is_no_success_in_kimai() {
    a_redirect_is_not_followed(Shipped::Kimai).await;
}

/// A login page with 200 stops the connector; nothing counts as sent.
async fn a_login_page_is_no_success(shipped: Shipped) {
    let desk = Desk::open(shipped).await;
    desk.working_day(1).await;
    desk.hr.plan(Plan::on(On::Kind(Kind::Push), Trick::Refuse(Reply::page(200))));

    let jobs = desk.settle().await;
    assert_eq!(count(&jobs, JobState::Sent), 0);
    assert!(desk.standing().await.stopped.is_some());

    desk.hr.calm();
    desk.sync().await;
    assert_eq!(count(&desk.settle().await, JobState::Sent), jobs.len());
    assert_eq!(desk.hr.look(|books| books.twice().len()), 0);
    desk.close().await;
}

#[tokio::test]
async fn case_09_a_login_page_with_200_stops_and_nothing_is_lost_in_the_default_format() {
    a_login_page_is_no_success(Shipped::Default).await;
}

#[tokio::test]
async fn case_09_a_login_page_with_200_stops_and_nothing_is_lost_in_erpnext() {
    a_login_page_is_no_success(Shipped::Erpnext).await;
}

#[tokio::test]
async fn case_09_a_login_page_with_200_stops_and_nothing_is_lost_in_odoo() {
    a_login_page_is_no_success(Shipped::Odoo).await;
}

#[tokio::test]
async fn case_09_a_login_page_with_200_stops_and_nothing_is_lost_in_kimai() {
    a_login_page_is_no_success(Shipped::Kimai).await;
}

/// A mapping that may follow: the sheet's script answers from another host, by a GET without body or credentials.
#[tokio::test]
async fn case_09_where_following_is_declared_the_other_host_gets_neither_body_nor_credentials() {
    let mapping = r#"
        [connector]
        name = "sheet"
        follow = true
        [auth]
        kind = "bearer"
        token = "{secret.token}"
        [push]
        unit = "punch"
        send = { method = "POST", path = "/rows", body = { attendance = [{ enrollid = "{enrollid}", time = "{time|utc|iso}" }] } }
        outcome = [{ status = ["2xx"], eq = { "/status" = "error" }, then = "reject" }]
    "#;
    let desk = Desk::own(mapping, Shipped::Default.system(0), &[("token", "K")]).await;
    let elsewhere = HrServer::start(Setup::default(), &desk.lifecycle).await.unwrap();
    desk.punch(&[(7, "2031-05-06 08:00:00", Way::In)]).await;
    desk.hr.plan(Plan::next_push(Trick::Refuse(Reply::moved(&format!("{}/answer", elsewhere.base())))));
    elsewhere.plan(Plan::on(On::Any, Trick::Refuse(Reply::page(200))));

    let jobs = desk.settle().await;

    assert_eq!(count(&jobs, JobState::Sent), 0, "a page is no success");
    let asked = elsewhere.asked();
    assert_eq!(asked.len(), 1);
    assert_eq!(asked[0].request.method, "GET");
    assert!(asked[0].request.body.is_empty() && asked[0].request.header("authorization").is_none());
    desk.close().await;
}
