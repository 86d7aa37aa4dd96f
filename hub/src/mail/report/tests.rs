//! When the report of a week is due, and what is in it.

use std::sync::Arc;

use jiff::civil::{date, time};
use vigie_shared::clock::ManualClock;
use vigie_shared::wire::reading::HostSample;

use super::*;
use crate::mail::desk::tests::{clock, mail};
use crate::mail::desk::{Desk, Parts};
use crate::mail::letters::storage::Limits;
use crate::store::projections::{Derived, MetricSample, Step};
use crate::store::{Memory, Outbox as _, Projections as _, Sites as _};
use crate::webhook::WebhooksConfig;

const MONDAY: WeekTime = WeekTime { day: Weekday::Monday, at: time(8, 0, 0, 0) };

fn paris() -> TimeZone {
    TimeZone::get("Europe/Paris").unwrap()
}

fn ms(text: &str) -> i64 {
    text.parse::<Timestamp>().unwrap().as_millisecond()
}

#[test]
fn a_report_is_due_from_its_time_on_and_for_a_day() {
    let week = Due { from: date(2026, 11, 16), through: date(2026, 11, 22) };
    // Paris is an hour before UTC in winter.
    assert_eq!(due(MONDAY, &paris(), ms("2026-11-23T06:59:00Z")), None);
    assert_eq!(due(MONDAY, &paris(), ms("2026-11-23T07:00:00Z")), Some(week));
    assert_eq!(due(MONDAY, &paris(), ms("2026-11-24T07:00:00Z")), Some(week));
    assert_eq!(due(MONDAY, &paris(), ms("2026-11-24T07:01:00Z")), None);
    let friday = WeekTime { day: Weekday::Friday, at: time(16, 30, 0, 0) };
    assert_eq!(due(friday, &paris(), ms("2026-11-27T15:30:00Z")), Some(week), "the last whole week");
    let sunday = WeekTime { day: Weekday::Sunday, at: time(20, 0, 0, 0) };
    assert_eq!(due(sunday, &paris(), ms("2026-11-29T19:00:00Z")), Some(week));
}

#[test]
fn a_disk_is_full_when_its_room_has_shrunk_away() {
    let hours =
        |rows: &[(i64, u64)]| full_days(&rows.iter().map(|(hour, free)| (hour * HOUR_MS, *free)).collect::<Vec<_>>());
    assert_eq!(hours(&[(0, 100), (48, 80)]), Some(8));
    assert_eq!(hours(&[(0, 100), (48, 100)]), None);
    assert_eq!(hours(&[(0, 80), (48, 100)]), None);
    assert_eq!(hours(&[(0, 100), (5, 1)]), None, "five hours say nothing");
    assert_eq!(hours(&[]), None);
}

/// A desk with one site whose box told of half the hours of the week before 2026-11-23.
async fn scene(recipients: &str) -> (Desk, Arc<Memory>, Arc<ManualClock>) {
    let (store, clock) = (Arc::new(Memory::default()), clock());
    let created_ms = ms("2026-01-01T00:00:00Z");
    for (id, name) in [("metz", "Metz"), ("brest", "Brest")] {
        let site = Site::new(id.parse().unwrap(), name.to_owned(), "Europe/Paris".to_owned(), created_ms);
        store.add_site(&site).await.unwrap();
    }
    let begin_ms = ms("2026-11-15T23:00:00Z");
    let sample =
        |hour: i64| MetricSample { at_ms: begin_ms + hour * HOUR_MS, is_dated: true, host: HostSample::default() };
    let told = |hour| Derived { value: ("metz".parse().unwrap(), sample(hour)), undated: None };
    store.apply(Step { metrics: (0..84).map(told).collect(), ..Step::default() }).await.unwrap();
    let (mail, webhooks) = (mail(recipients), WebhooksConfig::default());
    let parts =
        Parts { store: store.clone(), clock: clock.clone(), mail, webhooks, machines: None, limits: Limits::default() };
    (Desk::new(parts).unwrap(), store, clock)
}

#[tokio::test]
async fn who_asked_for_it_gets_one_report_of_their_sites() {
    let recipients = "\"a@x.org\", { address = \"b@x.org\", weekly = true, lang = \"en\", sites = [\"metz\"] }";
    let (desk, store, clock) = scene(recipients).await;
    clock.change(|stamp| stamp.wall_ms = ms("2026-11-23T06:00:00Z"));
    assert_eq!(round(&desk).await.unwrap(), 0, "it is not yet time");
    clock.advance(Duration::from_secs(3700));

    assert_eq!(round(&desk).await.unwrap(), 1);
    assert_eq!(round(&desk).await.unwrap(), 0, "once");

    let letter = store.letter(1).await.unwrap().unwrap();
    assert_eq!((letter.name.reader.as_str(), letter.name.about.as_str()), ("b@x.org", "week-2026-11-16"));
    let text = letter.content.text;
    assert!(text.contains("- Metz [Critical] · 50%") && !text.contains("Brest"), "{text}");
    assert!(text.contains("fewer than 5 people here") && text.contains("No incident was reported"), "{text}");
}
