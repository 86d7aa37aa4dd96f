//! Rows out of turn and times that happen twice: cases 10 and 11.

use vigie_hub::connectors::job::JobState;
use vigie_hub::connectors::settings::Connector;
use vigie_tests::hr::Setup;
use vigie_tests::hr::books::Record;
use vigie_tests::hr::dialect::{Kind, Manners};

use super::desk::{Desk, Shipped, Way, count};

/// The spans that a system holds of one person.
fn spans(desk: &Desk, person: u64) -> Vec<(String, Option<String>)> {
    let mut spans: Vec<(String, Option<String>)> = desk
        .hr
        .look(|books| books.of(person).into_iter().map(|Record { from, to, .. }| (from.clone(), to.clone())).collect());
    spans.sort();
    spans
}

fn span(from: &str, to: &str) -> (String, Option<String>) {
    (from.to_owned(), Some(to.to_owned()))
}

#[tokio::test]
async fn case_10_a_forgotten_out_holds_up_only_its_person_in_odoo() {
    let desk = Desk::open(Shipped::Odoo).await;
    desk.punch(&[(1, "2031-05-05 08:00:00", Way::In), (1, "2031-05-06 08:00:00", Way::In)]).await;
    desk.punch(&[(2, "2031-05-06 08:00:00", Way::In), (2, "2031-05-06 17:00:00", Way::Out)]).await;

    let jobs = desk.settle().await;

    assert_eq!(spans(&desk, 2), [span("2031-05-06 08:00:00", "2031-05-06 17:00:00")]);
    let held = jobs.iter().filter(|job| job.enrol_id == 1 && job.state != JobState::Sent);
    let told: Vec<_> = held.map(|job| job.last_error.clone()).collect();
    assert!(told.iter().all(Option::is_some), "whoever looks sees why: {told:?}");
    assert!(!spans(&desk, 1).iter().any(|(_, to)| to.is_some()), "no OUT is invented: {:?}", spans(&desk, 1));
    desk.close().await;
}

#[tokio::test]
async fn case_10_an_out_without_in_is_shown_and_holds_up_nobody_in_odoo() {
    let desk = Desk::open(Shipped::Odoo).await;
    desk.punch(&[(1, "2031-05-06 07:00:00", Way::Out), (1, "2031-05-06 08:00:00", Way::In)]).await;
    desk.punch(&[(1, "2031-05-06 17:00:00", Way::Out), (2, "2031-05-06 08:00:00", Way::In)]).await;

    let jobs = desk.settle().await;

    assert_eq!(spans(&desk, 1), [span("2031-05-06 08:00:00", "2031-05-06 17:00:00")]);
    assert_eq!(spans(&desk, 2).len(), 1);
    let lone: Vec<_> = jobs.iter().filter(|job| job.state != JobState::Sent).collect();
    assert_eq!(lone.len(), 1, "{jobs:#?}");
    assert!(lone[0].last_error.as_ref().unwrap().contains("no IN"), "{lone:?}");
    desk.close().await;
}

#[tokio::test]
async fn case_10_yesterdays_punches_that_come_late_repair_instead_of_blocking_in_odoo() {
    let desk = Desk::open(Shipped::Odoo).await;
    desk.punch(&[(1, "2031-05-06 08:00:00", Way::In)]).await;
    desk.settle().await;

    desk.punch(&[(1, "2031-05-05 08:00:00", Way::In), (1, "2031-05-05 17:00:00", Way::Out)]).await;
    desk.serve().await;
    desk.punch(&[(2, "2031-05-06 08:00:00", Way::In)]).await;
    desk.serve().await;
    assert_eq!(spans(&desk, 2).len(), 1, "other people go on");
    desk.punch(&[(1, "2031-05-06 17:00:00", Way::Out)]).await;

    let jobs = desk.settle().await;

    assert_eq!(count(&jobs, JobState::Sent), jobs.len(), "{jobs:#?}");
    let expected =
        [span("2031-05-05 08:00:00", "2031-05-05 17:00:00"), span("2031-05-06 08:00:00", "2031-05-06 17:00:00")];
    assert_eq!(spans(&desk, 1), expected);
    desk.close().await;
}

#[tokio::test]
async fn case_10_an_open_span_is_not_sent_until_its_out_comes_in_kimai() {
    let desk = Desk::open(Shipped::Kimai).await;
    desk.punch(&[(1, "2031-05-06 18:00:00", Way::In), (2, "2031-05-06 08:00:00", Way::In)]).await;
    desk.punch(&[(2, "2031-05-06 17:00:00", Way::Out)]).await;
    desk.settle().await;
    assert_eq!((spans(&desk, 1).len(), spans(&desk, 2).len()), (0, 1));

    desk.punch(&[(1, "2031-05-06 19:00:00", Way::Out)]).await;
    desk.settle().await;

    assert_eq!(spans(&desk, 1), [span("2031-05-06T18:00:00", "2031-05-06T19:00:00")]);
    desk.close().await;
}

#[tokio::test]
async fn case_10_yesterdays_punches_that_come_late_become_a_span_of_their_own_in_kimai() {
    let desk = Desk::open(Shipped::Kimai).await;
    desk.working_day(1).await;
    desk.settle().await;

    desk.punch(&[(1, "2031-05-05 17:00:00", Way::Out), (1, "2031-05-05 08:00:00", Way::In)]).await;
    let jobs = desk.settle().await;

    assert_eq!(count(&jobs, JobState::Sent), 2, "{jobs:#?}");
    assert_eq!(spans(&desk, 1)[0], span("2031-05-05T08:00:00", "2031-05-05T17:00:00"));
    desk.close().await;
}

#[tokio::test]
async fn case_10_a_late_out_repairs_a_span_that_was_sent_in_kimai() {
    let desk = Desk::open(Shipped::Kimai).await;
    desk.punch(&[(1, "2031-05-06 08:00:00", Way::In), (1, "2031-05-06 18:00:00", Way::Out)]).await;
    desk.settle().await;

    // A second terminal was offline: she went for lunch.
    desk.punch(&[(1, "2031-05-06 12:00:00", Way::Out), (1, "2031-05-06 13:00:00", Way::In)]).await;
    desk.settle().await;

    let expected =
        [span("2031-05-06T08:00:00", "2031-05-06T12:00:00"), span("2031-05-06T13:00:00", "2031-05-06T18:00:00")];
    assert_eq!(spans(&desk, 1), expected);
    desk.close().await;
}

fn in_paris(connector: &mut Connector) {
    connector.zone = Some("Europe/Paris".to_owned());
}

/// A connector whose system lives in Paris, in the night when clocks go back.
async fn autumn(shipped: Shipped, manners: Manners) -> Desk {
    let desk = Desk::with(shipped, Setup { manners, ..shipped.system(20) }, in_paris).await;
    desk.clock.change(|stamp| stamp.wall_ms = super::desk::moment_ms("2031-10-26T20:00:00Z"));
    // The terminal's own zone has no such night, so that its rows are certain.
    desk.in_zone("UTC")
}

#[tokio::test]
async fn case_11_the_hour_that_happens_twice_is_told_in_local_time_in_erpnext() {
    let desk = autumn(Shipped::Erpnext, Manners { refuses_zulu: true, ..Manners::default() }).await;
    desk.punch(&[(1, "2031-10-26 00:30:00", Way::In), (1, "2031-10-26 01:30:00", Way::Out)]).await;

    let jobs = desk.settle().await;

    assert_eq!(count(&jobs, JobState::Sent), 2, "{jobs:#?}");
    let told: Vec<_> = desk.hr.records().into_iter().map(|record| (record.from, record.way)).collect();
    let at = "2031-10-26 02:30:00".to_owned();
    assert_eq!(told, [(at.clone(), Some("IN".to_owned())), (at, Some("OUT".to_owned()))]);
    desk.close().await;
}

#[tokio::test]
async fn case_11_the_hour_that_happens_twice_is_no_negative_span_in_kimai() {
    let desk = autumn(Shipped::Kimai, Manners { refuses_zulu: true, ..Manners::default() }).await;
    // 02:45 in summer time, 02:15 in winter time: half an hour of work.
    desk.punch(&[(1, "2031-10-26 00:45:00", Way::In), (1, "2031-10-26 01:15:00", Way::Out)]).await;
    desk.punch(&[(2, "2031-10-26 00:30:00", Way::In), (2, "2031-10-26 07:00:00", Way::Out)]).await;

    let jobs = desk.settle().await;

    for asked in desk.hr.asked_for(Kind::Push) {
        let said = asked.request.json();
        assert!(said["begin"].as_str() <= said["end"].as_str(), "{said}");
    }
    assert_eq!(spans(&desk, 2), [span("2031-10-26T02:30:00", "2031-10-26T08:00:00")]);
    let hers: Vec<_> = jobs.iter().filter(|job| job.enrol_id == 1).collect();
    let is_seen = hers.iter().any(|job| job.state == JobState::Sent || job.last_error.is_some());
    assert!(is_seen, "what cannot be told is shown with a reason: {hers:#?}");
    desk.close().await;
}

#[tokio::test]
async fn case_11_times_are_utc_whatever_the_night_in_odoo() {
    let desk = autumn(Shipped::Odoo, Manners { refuses_zulu: true, ..Manners::default() }).await;
    desk.punch(&[(1, "2031-10-26 00:45:00", Way::In), (1, "2031-10-26 01:15:00", Way::Out)]).await;
    desk.settle().await;
    assert_eq!(spans(&desk, 1), [span("2031-10-26 00:45:00", "2031-10-26 01:15:00")]);
    desk.close().await;
}

#[tokio::test]
async fn case_11_a_night_shift_is_one_span_over_midnight_in_kimai_and_odoo() {
    for (shipped, t) in [(Shipped::Kimai, 'T'), (Shipped::Odoo, ' ')] {
        let desk = Desk::open(shipped).await;
        desk.punch(&[(1, "2031-05-05 22:00:00", Way::In), (1, "2031-05-06 06:00:00", Way::Out)]).await;
        desk.settle().await;
        let expected = span(&format!("2031-05-05{t}22:00:00"), &format!("2031-05-06{t}06:00:00"));
        assert_eq!(spans(&desk, 1), [expected], "{shipped:?}");
        desk.close().await;
    }
}

#[tokio::test]
async fn case_11_two_punches_in_one_minute_are_not_lost_silently_in_kimai() {
    let desk = Desk::open(Shipped::Kimai).await;
    desk.punch(&[(1, "2031-05-06 08:00:10", Way::In), (1, "2031-05-06 08:00:50", Way::Out)]).await;

    let jobs = desk.settle().await;

    assert_eq!(count(&jobs, JobState::Sent), 1, "{jobs:#?}");
    assert_eq!(spans(&desk, 1), [span("2031-05-06T08:00:00", "2031-05-06T08:00:00")]);
    desk.close().await;
}

#[tokio::test]
async fn case_11_two_punches_in_one_minute_are_two_rows_in_erpnext_and_the_default_format() {
    for shipped in [Shipped::Erpnext, Shipped::Default] {
        let desk = Desk::open(shipped).await;
        desk.punch(&[(1, "2031-05-06 08:00:10", Way::In), (1, "2031-05-06 08:00:50", Way::Out)]).await;
        desk.settle().await;
        assert_eq!(desk.hr.look(|books| books.of(1).len()), 2, "{shipped:?}");
        desk.close().await;
    }
}

#[tokio::test]
async fn case_11_a_bare_400_for_a_z_is_shown_and_loses_nothing_in_the_default_format() {
    let desk = Desk::open(Shipped::Default).await;
    desk.hr.behave(|manners| manners.refuses_zulu = true);
    desk.working_day(2).await;

    let jobs = desk.settle().await;

    assert_eq!(count(&jobs, JobState::Dead), 4, "{jobs:#?}");
    assert!(jobs.iter().all(|job| job.last_error.as_ref().is_some_and(|said| said.contains("400"))), "{jobs:#?}");
    desk.close().await;
}
