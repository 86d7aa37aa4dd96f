//! Case 7: a third party that says "not now".

use std::time::Duration;

use jiff::Timestamp;
use vigie_hub::connectors::job::JobState;
use vigie_shared::clock::Clock as _;
use vigie_tests::hr::dialect::Kind;
use vigie_tests::hr::reply::Reply;
use vigie_tests::hr::script::{On, Plan, Trick};

use super::desk::{Desk, Shipped, count};

/// The wait that a 429 leads to, and that nothing is asked meanwhile.
async fn wait_after(desk: &Desk, retry_after: Option<&str>) -> Duration {
    desk.hr.plan(Plan::next_push(Trick::Refuse(Reply::too_many(retry_after))));
    desk.serve().await;
    let until_ms = desk.standing().await.wait_until_ms.expect("a 429 makes the connector wait");
    let asked = desk.hr.asked().len();
    desk.serve().await;
    assert_eq!(desk.hr.asked().len(), asked, "nothing is asked before the time");
    let wait = Duration::from_millis(u64::try_from(until_ms - desk.clock.wall_ms()).unwrap());
    desk.clock.advance(wait);
    wait
}

async fn waits_as_told_and_drops_nothing(shipped: Shipped) {
    let desk = Desk::open(shipped).await;
    desk.sync().await;
    desk.working_day(3).await;

    let told = wait_after(&desk, Some("37")).await;
    assert!((37_000..=45_000).contains(&told.as_millis()), "{told:?}");
    let at = Timestamp::from_millisecond(desk.clock.wall_ms() + 90_000).unwrap();
    let date = at.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string();
    let until_date = wait_after(&desk, Some(&date)).await;
    assert!((89_000..=105_000).contains(&until_date.as_millis()), "{until_date:?}");
    for said in [None, Some("soon")] {
        let own = wait_after(&desk, said).await;
        assert!(own > Duration::ZERO && own < Duration::from_secs(60), "{said:?}: {own:?}");
    }

    let jobs = desk.settle().await;
    assert_eq!(count(&jobs, JobState::Sent), jobs.len(), "{jobs:#?}");
    assert_eq!(desk.hr.look(|books| books.twice().len()), 0);
    desk.close().await;
}

#[tokio::test]
async fn case_07_a_429_waits_as_told_by_seconds_by_date_or_not_at_all_in_the_default_format() {
    waits_as_told_and_drops_nothing(Shipped::Default).await;
}

#[tokio::test]
async fn case_07_a_429_waits_as_told_by_seconds_by_date_or_not_at_all_in_erpnext() {
    waits_as_told_and_drops_nothing(Shipped::Erpnext).await;
}

#[tokio::test]
async fn case_07_a_429_waits_as_told_by_seconds_by_date_or_not_at_all_in_odoo() {
    waits_as_told_and_drops_nothing(Shipped::Odoo).await;
}

#[tokio::test]
async fn case_07_a_429_waits_as_told_by_seconds_by_date_or_not_at_all_in_kimai() {
    waits_as_told_and_drops_nothing(Shipped::Kimai).await;
}

/// Rows go before people, and between the pages of a long list.
async fn people_do_not_starve_rows(shipped: Shipped) {
    let desk = Desk::with(shipped, shipped.system(900), |_| {}).await;
    desk.sync().await;
    desk.working_day(2).await;
    desk.hr.plan(Plan::on(On::Kind(Kind::People), Trick::Refuse(Reply::too_many(Some("3600")))).after(1));

    desk.sync().await;

    let jobs = desk.jobs().await;
    assert_eq!(count(&jobs, JobState::Sent), jobs.len(), "{jobs:#?}");
    assert!(desk.standing().await.wait_until_ms.is_some(), "one limit holds for people and rows");
    desk.close().await;
}

#[tokio::test]
async fn case_07_a_long_list_of_people_does_not_starve_rows_in_erpnext() {
    people_do_not_starve_rows(Shipped::Erpnext).await;
}

#[tokio::test]
async fn case_07_a_long_list_of_people_does_not_starve_rows_in_odoo() {
    people_do_not_starve_rows(Shipped::Odoo).await;
}
