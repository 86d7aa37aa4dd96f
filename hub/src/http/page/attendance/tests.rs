//! Attendance as operators of both languages see it.

use axum::http::StatusCode;
use serde_json::json;

use crate::http::page::shown;
use crate::http::testing::{Stage, Who};
use crate::store::accounts::Role;
use crate::text::Lang;

async fn late() -> Stage {
    let stage = Stage::new().await;
    stage.add_attendance().await;
    stage
}

#[tokio::test]
async fn who_came_late_stands_above_who_did_not() {
    let stage = late().await;
    for lang in Lang::ALL {
        let ask = stage.get("/attendance?date=2031-05-06").by(Who::Socket);
        let page = ask.header("accept-language", lang.code()).send().await;
        assert_eq!(page.status, StatusCode::OK, "{}", page.text);
        insta::assert_snapshot!(format!("attendance_{}", lang.code()), shown(&page.text));
    }
    let none = stage.get("/attendance?date=2031-05-06&state=absent").by(Who::Socket).send().await.text;
    assert!(none.contains("href=\"/attendance\"") && none.contains("class=\"empty\""));
    let wrong = stage.get("/attendance?date=yesterday").by(Who::Socket).send().await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
}

#[tokio::test]
async fn the_pay_office_gets_days_that_nothing_changes_any_more() {
    let stage = late().await;
    let csv = stage.get("/attendance.csv?date=2031-05-06").by(Who::Socket).header("accept-language", "en").send().await;
    assert_eq!((csv.status, csv.header("content-type")), (StatusCode::OK, "text/csv; charset=utf-8"));
    assert!(
        csv.text.starts_with("\u{feff}Name,Day,In,Out,Worked (min),") && !csv.text.contains("provisional"),
        "{}",
        csv.text
    );
    let french = stage.get("/attendance.csv?date=2031-05-06&which=all").by(Who::Socket);
    let french = french.header("accept-language", "fr").send().await.text;
    assert!(french.starts_with("\u{feff}Nom;Jour;Entrée;Sortie;Durée (min);"), "{french}");
    let stage = Stage::new().await;
    assert_eq!(stage.get("/attendance.csv").role(Role::Viewer).send().await.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn a_day_that_lacks_a_punch_is_to_settle_and_not_for_the_pay_office() {
    let stage = late().await;
    stage.clock.advance(std::time::Duration::from_secs(2 * 86_400));
    let came =
        json!({ "terminal": "ZX1", "number": 8, "at": "2031-05-06T08:00:00Z", "direction": "in", "comment": "x" });
    let added = stage.post("/api/v1/punches").json(&came).role(Role::Operator).send().await;
    assert_eq!(added.status, StatusCode::CREATED, "{}", added.text);

    let page =
        stage.get("/attendance?date=2031-05-06").role(Role::Operator).header("accept-language", "en").send().await;
    let csv = async |which: &str| {
        let path = format!("/attendance.csv?date=2031-05-06&which={which}");
        stage.get(&path).role(Role::Operator).header("accept-language", "en").send().await.text
    };

    let text = shown(&page.text);
    assert!(text.contains("missing out") && text.contains("/act/punches_add"), "{text}");
    assert!(
        text.contains("name=\"number\" value=\"8\"") && text.contains("name=\"direction\" value=\"out\""),
        "{text}"
    );
    let is_of_8 = |line: &str| line.starts_with("ZX1/8,");
    assert!(csv("all").await.lines().any(is_of_8) && !csv("").await.lines().any(is_of_8), "{}", csv("all").await);
}

#[tokio::test]
async fn a_schedule_is_a_week_that_operators_edit_and_viewers_read() {
    let stage = late().await;
    for lang in Lang::ALL {
        let page = stage.get("/schedules").by(Who::Socket).header("accept-language", lang.code()).send().await;
        assert_eq!(page.status, StatusCode::OK);
        insta::assert_snapshot!(format!("schedules_{}", lang.code()), shown(&page.text));
        assert!(page.text.contains("name=\"days.tuesday.starts\" value=\"08:00\""));
    }
    let empty = Stage::new().await;
    let reader = empty.get("/schedules").role(Role::Viewer).send().await;
    assert!(reader.status == StatusCode::OK && !reader.text.contains("schedules_put"));
}
