//! Answers that travel or dress badly: compressed, cut, marked, huge, of wrong types, over TLS that nobody trusts, from a
//! server in another zone.

use vigie_hub::connectors::job::JobState;
use vigie_tests::hr::Setup;
use vigie_tests::hr::dialect::{Kind, Manners};
use vigie_tests::hr::reply::{Delivery, Dress, Reply};
use vigie_tests::hr::script::{On, Plan, Trick};
use vigie_tests::hr::tls::Tls;

use super::desk::{Desk, PAUSE, Shipped, count, moment_ms};

/// Most of an answer that is kept, bytes, with the words around it.
const SAID_BYTES_MAX: usize = 4096;

/// Answers that are right once they are unwrapped.
const DRESSES: &[Trick] = &[
    Trick::Dress(Dress::Gzip),
    Trick::Dress(Dress::Bom),
    Trick::Dress(Dress::DuplicateKeys),
    Trick::Dress(Dress::NumbersAsText),
    Trick::Deliver(Delivery::Chunked),
];

/// Whatever an answer is wrapped in, each row is there once and counts as sent.
async fn a_wrapped_answer_is_understood(shipped: Shipped) {
    for trick in DRESSES {
        let desk = Desk::open(shipped).await;
        desk.working_day(2).await;
        desk.hr.plan(Plan::on(On::Any, trick.clone()));

        let jobs = desk.settle().await;

        assert_eq!(count(&jobs, JobState::Sent), jobs.len(), "{trick:?}: {jobs:#?}");
        assert!(!jobs.is_empty() && jobs.iter().all(|job| job.maybe_twice.is_none()), "{trick:?}: {jobs:#?}");
        assert_eq!(desk.hr.look(|books| books.twice().len()), 0, "{trick:?}");
        desk.close().await;
    }
}

#[tokio::test]
async fn wrapped_answers_are_understood_in_the_default_format() {
    a_wrapped_answer_is_understood(Shipped::Default).await;
}

#[tokio::test]
async fn wrapped_answers_are_understood_in_erpnext() {
    a_wrapped_answer_is_understood(Shipped::Erpnext).await;
}

#[tokio::test]
async fn wrapped_answers_are_understood_in_odoo() {
    a_wrapped_answer_is_understood(Shipped::Odoo).await;
}

#[tokio::test]
async fn wrapped_answers_are_understood_in_kimai() {
    a_wrapped_answer_is_understood(Shipped::Kimai).await;
}

/// Ten megabytes of error: a little of it is kept, and the row goes later.
async fn a_huge_error_is_kept_small(shipped: Shipped) {
    let desk = Desk::open(shipped).await;
    desk.sync().await;
    desk.working_day(1).await;
    desk.hr.plan(Plan::next_push(Trick::Refuse(Reply::huge(500, 10 * 1024 * 1024))));
    desk.serve().await;

    let failed = desk.jobs().await.into_iter().find_map(|job| job.last_error).expect("the error is shown");
    assert!(failed.len() <= SAID_BYTES_MAX, "{} bytes are kept", failed.len());
    let jobs = desk.settle().await;
    assert_eq!(count(&jobs, JobState::Sent), jobs.len(), "{jobs:#?}");
    desk.close().await;
}

#[tokio::test]
async fn ten_megabytes_of_error_are_kept_small_in_the_default_format() {
    a_huge_error_is_kept_small(Shipped::Default).await;
}

#[tokio::test]
async fn ten_megabytes_of_error_are_kept_small_in_erpnext() {
    a_huge_error_is_kept_small(Shipped::Erpnext).await;
}

#[tokio::test]
async fn ten_megabytes_of_error_are_kept_small_in_odoo() {
    a_huge_error_is_kept_small(Shipped::Odoo).await;
}

#[tokio::test]
async fn ten_megabytes_of_error_are_kept_small_in_kimai() {
    a_huge_error_is_kept_small(Shipped::Kimai).await;
}

/// A certificate that nobody vouches for gets no credentials and no rows.
#[tokio::test]
async fn a_certificate_that_is_not_trusted_gets_nothing_and_nothing_is_lost() {
    for tls in [Tls::Valid, Tls::WrongName, Tls::Expired, Tls::Plain] {
        let setup = Setup { tls: Some(tls), ..Shipped::Erpnext.system(5) };
        let desk = Desk::with(Shipped::Erpnext, setup, |_| {}).await;
        desk.working_day(1).await;

        for _ in 0..3 {
            desk.serve().await;
            desk.clock.advance(PAUSE);
        }

        assert!(desk.hr.asked().is_empty(), "{tls:?}: {:?}", desk.hr.asked());
        let jobs = desk.jobs().await;
        assert_eq!(jobs.len(), 2);
        assert!(jobs.iter().all(|job| job.state != JobState::Dead && job.maybe_twice.is_none()), "{tls:?}: {jobs:#?}");
        assert!(jobs.iter().any(|job| job.last_error.is_some()), "{tls:?}: nobody sees why: {jobs:#?}");
        desk.close().await;
    }
}

/// A server that takes local times for another zone: the reconciliation shows it.
async fn a_wrong_zone_shows_in_the_reconciliation(shipped: Shipped) {
    let manners = Manners { ahead_minutes: 60, ..Manners::default() };
    let desk = Desk::with(shipped, Setup { manners, ..shipped.system(5) }, |_| {}).await;
    desk.working_day(1).await;
    desk.settle().await;
    desk.sync().await;

    let period = (moment_ms("2031-05-06T00:00:00Z"), moment_ms("2031-05-07T00:00:00Z"));
    let told = desk.exchange.reconcile(super::desk::NAME, period).await.unwrap();

    assert_eq!(told.differences.len(), 1, "{told:?}");
    assert!(!told.differences[0].missing_ms.is_empty() && !told.differences[0].foreign_ms.is_empty(), "{told:?}");
    desk.close().await;
}

#[tokio::test]
async fn a_server_in_another_zone_shows_in_the_reconciliation_with_erpnext() {
    a_wrong_zone_shows_in_the_reconciliation(Shipped::Erpnext).await;
}

#[tokio::test]
async fn a_server_in_another_zone_shows_in_the_reconciliation_with_odoo() {
    a_wrong_zone_shows_in_the_reconciliation(Shipped::Odoo).await;
}

/// An honest server has what was sent.
async fn an_honest_server_agrees(shipped: Shipped) {
    let desk = Desk::open(shipped).await;
    desk.working_day(3).await;
    desk.settle().await;
    desk.sync().await;
    let period = (moment_ms("2031-05-06T00:00:00Z"), moment_ms("2031-05-07T00:00:00Z"));
    let told = desk.exchange.reconcile(super::desk::NAME, period).await.unwrap();
    assert!(told.differences.is_empty() && told.strangers == 0, "{told:?}");
    assert!(desk.hr.asked_for(Kind::Probe).iter().any(|asked| asked.was_answered));
    desk.close().await;
}

#[tokio::test]
async fn an_honest_server_agrees_with_what_was_sent_in_erpnext() {
    an_honest_server_agrees(Shipped::Erpnext).await;
}

#[tokio::test]
async fn an_honest_server_agrees_with_what_was_sent_in_odoo() {
    an_honest_server_agrees(Shipped::Odoo).await;
}
