//! Attendance as operators of both languages see it.

use axum::http::StatusCode;

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
    let csv = stage.get("/attendance.csv?date=2031-05-06").by(Who::Socket).send().await;
    assert_eq!((csv.status, csv.header("content-type")), (StatusCode::OK, "text/csv; charset=utf-8"));
    assert!(csv.text.starts_with("person,date,in,out,") && !csv.text.contains("provisional"), "{}", csv.text);
    let stage = Stage::new().await;
    assert_eq!(stage.get("/attendance.csv").role(Role::Viewer).send().await.status, StatusCode::FORBIDDEN);
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
