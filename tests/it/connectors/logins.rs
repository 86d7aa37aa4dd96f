//! Case 8: credentials that end, rotate and lock.

use vigie_hub::connectors::driver::Occasion;
use vigie_hub::connectors::job::JobState;
use vigie_hub::store::Connectors as _;
use vigie_tests::hr::Setup;
use vigie_tests::hr::dialect::Kind;
use vigie_tests::hr::door::Access;
use vigie_tests::hr::reply::{Delivery, Reply};
use vigie_tests::hr::script::{On, Plan, Trick};

use super::desk::{Desk, NAME, PAUSE, Shipped, Way, count};

/// A receiver of single rows that wants a fetched token.
fn mapping(auth: &str) -> String {
    format!(
        r#"
        [connector]
        name = "tokens"
        [auth]
        {auth}
        [push]
        unit = "punch"
        send = {{ method = "POST", path = "/rows", body = {{ attendance = [{{ enrollid = "{{enrollid}}", time = "{{time|utc|iso}}" }}] }} }}
        outcome = [{{ status = ["2xx"], eq = {{ "/error/code" = 100 }}, then = "reauth" }}]
    "#
    )
}

const REFRESH: &str = r#"kind = "refresh"
        path = "/oauth/token"
        client_id = "hub"
        client_secret = "{secret.client}""#;

async fn rotating() -> Desk {
    let [client, secret, refresh] = ["hub", "s", "first"].map(str::to_owned);
    let access = Access::Tokens { client, secret, refresh };
    let setup = Setup { access, ..Setup::default() };
    Desk::own(&mapping(REFRESH), setup, &[("client", "s"), ("refresh_token", "first")]).await
}

#[tokio::test]
async fn case_08_a_token_that_ends_in_mid_batch_is_refreshed_once_and_kept_before_it_is_used() {
    let desk = rotating().await;
    desk.working_day(2).await;
    desk.serve().await;
    assert_eq!(desk.hr.logins(), 1);

    desk.hr.expire_tokens();
    desk.punch(&[(3, "2031-05-06 18:00:00", Way::In), (4, "2031-05-06 18:00:01", Way::In)]).await;
    let jobs = desk.settle().await;

    assert_eq!(count(&jobs, JobState::Sent), 6, "{jobs:#?}");
    assert_eq!(desk.hr.logins(), 2);
    let secrets = desk.store.connector_secrets(NAME).await.unwrap();
    assert_eq!(secrets["refresh_token"], "refresh-2");
    assert_eq!(desk.hr.look(|books| books.twice().len()), 0);
    desk.close().await;
}

#[tokio::test]
async fn case_08_two_rounds_at_once_refresh_one_after_the_other() {
    let desk = rotating().await;
    desk.working_day(2).await;
    desk.serve().await;
    desk.hr.expire_tokens();
    desk.punch(&[(3, "2031-05-06 18:00:00", Way::In)]).await;

    let (one, other) = tokio::join!(desk.exchange.serve(NAME, Occasion::Due), desk.exchange.serve(NAME, Occasion::Due));

    one.unwrap();
    other.unwrap();
    let jobs = desk.settle().await;
    assert_eq!(count(&jobs, JobState::Sent), 5, "a second refresh would have ended the first: {jobs:#?}");
    assert_eq!(desk.hr.logins(), 2);
    desk.close().await;
}

#[tokio::test]
async fn case_08_a_grant_that_is_gone_stops_without_a_storm_and_keeps_the_queue() {
    let desk = rotating().await;
    desk.hr.revoke_tokens();
    desk.working_day(2).await;

    for _ in 0..10 {
        desk.serve().await;
        desk.clock.advance(PAUSE);
    }

    assert!(desk.standing().await.stopped.unwrap().reason.contains("invalid_grant"));
    assert_eq!(desk.hr.logins(), 1);
    let jobs = desk.jobs().await;
    assert_eq!(count(&jobs, JobState::Pending) + count(&jobs, JobState::Failed), 4, "{jobs:#?}");
    desk.close().await;
}

#[tokio::test]
async fn case_08_a_refresh_whose_answer_is_lost_does_not_become_a_storm() {
    let desk = rotating().await;
    desk.hr.plan(Plan::on(On::Kind(Kind::Login), Trick::Deliver(Delivery::Reset)).times(1));
    desk.working_day(1).await;

    for _ in 0..10 {
        desk.serve().await;
        desk.clock.advance(PAUSE);
    }

    // The first refresh was taken and its answer lost; the second shows the old token, which ends everything.
    assert!(desk.standing().await.stopped.is_some());
    assert!(desk.hr.logins() <= 2, "{} logins", desk.hr.logins());
    assert_eq!(count(&desk.jobs().await, JobState::Dead), 0);
    desk.close().await;
}

#[tokio::test]
async fn case_03_a_session_that_is_gone_under_200_leads_to_one_login() {
    let auth = r#"kind = "login"
        token = "/access"
        request = { method = "POST", path = "/api/auth/login/", body = { username = "hub", password = "{secret.password}" } }"#;
    let [client, secret, refresh] = ["hub", "s", "unused"].map(str::to_owned);
    let setup = Setup { access: Access::Tokens { client, secret, refresh }, ..Setup::default() };
    let desk = Desk::own(&mapping(auth), setup, &[("password", "s")]).await;
    desk.punch(&[(1, "2031-05-06 08:00:00", Way::In), (2, "2031-05-06 08:00:01", Way::In)]).await;
    desk.hr.plan(Plan::next_push(Trick::Refuse(Reply::rpc_error(100, "session expired"))).after(1));

    let jobs = desk.settle().await;

    assert_eq!(count(&jobs, JobState::Sent), 2, "{jobs:#?}");
    assert_eq!(desk.hr.logins(), 2);
    assert_eq!(desk.hr.look(|books| books.twice().len()), 0);
    desk.close().await;
}

/// A fixed key that is refused stops the connector at once, before the address is locked out.
async fn a_wrong_key_stops_at_once(shipped: Shipped) {
    let desk = Desk::with(shipped, Setup { access: Access::bearer("another"), ..shipped.system(20) }, |_| {}).await;
    desk.working_day(5).await;

    for _ in 0..10 {
        desk.serve().await;
        desk.clock.advance(PAUSE);
    }

    assert!(desk.standing().await.stopped.is_some());
    assert!(desk.hr.asked().len() < 5, "{} requests with a wrong key", desk.hr.asked().len());
    let jobs = desk.jobs().await;
    assert!(count(&jobs, JobState::Dead) == 0 && !jobs.is_empty(), "{jobs:#?}");
    desk.close().await;
}

#[tokio::test]
async fn case_08_a_wrong_key_stops_before_the_address_is_locked_in_the_default_format() {
    a_wrong_key_stops_at_once(Shipped::Default).await;
}

#[tokio::test]
async fn case_08_a_wrong_key_stops_before_the_address_is_locked_in_erpnext() {
    a_wrong_key_stops_at_once(Shipped::Erpnext).await;
}

#[tokio::test]
async fn case_08_a_wrong_key_stops_before_the_address_is_locked_in_odoo() {
    a_wrong_key_stops_at_once(Shipped::Odoo).await;
}

#[tokio::test]
async fn case_08_a_wrong_key_stops_before_the_address_is_locked_in_kimai() {
    a_wrong_key_stops_at_once(Shipped::Kimai).await;
}
