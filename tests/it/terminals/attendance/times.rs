//! Times that cannot be, that stand still, or that come twice.

use serde_json::{Value, json};
use vigie_shared::wire::reading::{AlarmKind, LogRow};

use super::super::scene::{Scene, ZX, log, row};
use super::{NOW, is_unreadable, rest, told};

#[tokio::test]
async fn case_26_a_row_of_the_year_2000_is_kept_as_it_is_and_the_clock_is_reported() {
    let scene = Scene::start();
    let mut line = scene.registered(ZX).await;

    let answer = line.ask(log(ZX, &json!([row(7, "2000-01-01 00:00:00")]))).await.unwrap();

    assert_eq!(answer["result"], true);
    assert_eq!(scene.rows()[0].local_time, "2000-01-01 00:00:00");
    assert_eq!(scene.rows()[0].flags & (LogRow::LIVE | LogRow::UNREADABLE), 0);
    scene.until("the alarm", |scene| scene.has_alarm(AlarmKind::TerminalClock, ZX)).await;
}

#[tokio::test]
async fn case_27_rows_of_the_future_are_kept_as_they_are_and_are_not_live() {
    let future = json!([row(7, "2032-05-06 08:00:00"), row(7, "2031-05-06 08:05:00")]);
    let (answer, rows) = told(log(ZX, &future)).await;

    assert_eq!((&answer["result"], &answer["count"]), (&json!(true), &json!(2)));
    assert_eq!(rows[0].local_time, "2032-05-06 08:00:00");
    assert_eq!(rows[1].local_time, "2031-05-06 08:05:00");
    assert!(rows.iter().all(|row| row.flags & (LogRow::LIVE | LogRow::UNREADABLE) == 0));
}

#[tokio::test]
async fn case_28_a_row_without_a_readable_time_is_set_aside_whole_and_the_others_are_stored() {
    for bad in [json!("2031-02-30 25:61:00"), json!(""), Value::Null, json!(1_700_000_000)] {
        let mut odd = row(8, NOW);
        odd["time"] = bad.clone();
        if bad.is_null() {
            odd.as_object_mut().unwrap().remove("time");
        }
        let (answer, rows) = told(log(ZX, &json!([row(7, NOW), odd, row(9, NOW)]))).await;

        assert_eq!((&answer["result"], &answer["count"]), (&json!(true), &json!(3)), "{bad}");
        assert_eq!(rows.iter().map(is_unreadable).collect::<Vec<_>>(), [false, true, false], "{bad}");
        assert_eq!(rows[1].local_time, "", "never replaced");
        assert!(rows[1].rest.contains("\"enrollid\":8") || rows[1].enrol_id == Some(8), "{}", rows[1].rest);
        if bad.as_str().is_some_and(|bad| !bad.is_empty()) || bad.is_number() {
            assert_eq!(rest(&rows[1])["time"], bad);
        }
    }
}

#[tokio::test]
async fn case_29_a_frozen_clock_loses_no_row_is_marked_and_reported() {
    let scene = Scene::start();
    let mut line = scene.registered(ZX).await;
    for index in 1..=10 {
        let mut message: Value = serde_json::from_str(&log(ZX, &json!([row(7, NOW)]))).unwrap();
        message["logindex"] = json!(index);
        assert_eq!(line.ask(message.to_string()).await.unwrap()["result"], true);
    }

    let rows = scene.rows();
    assert_eq!(rows.len(), 10);
    assert_ne!(rows[9].flags & LogRow::FROZEN_CLOCK, 0);
    assert_eq!(rows[0].flags & LogRow::FROZEN_CLOCK, 0);
    scene.until("the alarm", |scene| scene.has_alarm(AlarmKind::TerminalClock, ZX)).await;
}

#[tokio::test]
async fn case_51_the_hour_that_comes_twice_and_the_one_that_never_was_keep_their_local_time_and_their_zone() {
    let rows = json!([row(7, "2030-10-27 02:30:00"), row(7, "2031-03-30 02:30:00")]);
    let scene = Scene::start();
    let mut line = scene.registered(ZX).await;

    let answer = line.ask(log(ZX, &rows)).await.unwrap();

    assert_eq!(answer["result"], true);
    let times: Vec<String> = scene.rows().into_iter().map(|row| row.local_time).collect();
    assert_eq!(times, ["2030-10-27 02:30:00", "2031-03-30 02:30:00"]);
    assert!(scene.logs().iter().all(|log| log.zone == "Europe/Paris"));
    assert!(scene.rows().iter().all(|row| !is_unreadable(row)));
}
