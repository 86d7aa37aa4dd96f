//! What stands in a row: people, codes, temperatures, names.

use serde_json::json;
use vigie_shared::wire::reading::LogRow;

use super::super::scene::{Scene, ZX, log, row};
use super::{NOW, is_unreadable, rest, told, told_with, with};

#[tokio::test]
async fn case_24_a_row_of_the_door_keeps_the_number_0_and_its_event() {
    let (answer, rows) = told(log(ZX, &json!([with(&json!({ "enrollid": 0, "event": 5, "mode": 0 }))]))).await;

    assert_eq!(answer["result"], true);
    assert_eq!((rows[0].enrol_id, rows[0].event), (Some(0), Some(5)));
}

#[tokio::test]
async fn case_25_an_unrecognised_face_keeps_its_number_and_is_acknowledged() {
    let (answer, rows) = told(log(ZX, &json!([with(&json!({ "enrollid": 99_999_999, "event": 2 }))]))).await;

    assert_eq!(answer["result"], true);
    assert_eq!((rows[0].enrol_id, rows[0].event), (Some(99_999_999), Some(2)));
}

#[tokio::test]
async fn case_34_a_number_of_a_person_may_be_text_and_is_kept_as_it_was_said() {
    for raw in [json!("12"), json!("0012"), json!(12.0)] {
        let (answer, rows) = told(log(ZX, &json!([with(&json!({ "enrollid": raw }))]))).await;
        assert_eq!((&answer["result"], rows[0].enrol_id), (&json!(true), Some(12)), "{raw}");
        assert_eq!(rest(&rows[0])["enrollid"], raw);
    }
}

#[tokio::test]
async fn case_35_what_is_no_number_of_a_person_is_set_aside_and_acknowledged() {
    for raw in [json!(-5), json!(1.5), json!(true), json!("12abc"), json!(1e30)] {
        let rows = json!([with(&json!({ "enrollid": raw })), row(8, NOW)]);
        let (answer, rows) = told(log(ZX, &rows)).await;
        assert_eq!((&answer["result"], &answer["count"]), (&json!(true), &json!(2)), "{raw}");
        assert_eq!(rows.iter().map(is_unreadable).collect::<Vec<_>>(), [true, false], "{raw}");
        assert_eq!(rest(&rows[0])["enrollid"], raw);
    }
}

#[tokio::test]
async fn case_36_a_number_of_twelve_digits_is_kept_exactly() {
    let (answer, rows) = told(log(ZX, &json!([row(999_999_999_999, NOW)]))).await;
    assert_eq!((&answer["result"], rows[0].enrol_id), (&json!(true), Some(999_999_999_999)));
}

#[tokio::test]
async fn case_37_unknown_codes_are_stored_as_they_are() {
    let odd = json!({ "mode": 77, "inout": 7, "event": 300, "verifymode": 13 });
    let (answer, rows) = told(log(ZX, &json!([with(&odd)]))).await;

    assert_eq!(answer["result"], true);
    let row = &rows[0];
    assert_eq!((row.mode, row.in_out, row.event, row.verify_mode), (Some(77), Some(7), Some(300), Some(13)));
}

/// Keeps what is dropped by default.
const KEEP_TEMPERATURES: &str = "keep_temperatures = { reason = \"the canteen's rules\" }";

#[tokio::test]
async fn case_38_a_temperature_in_any_unit_is_understood_where_it_is_kept_and_dropped_elsewhere() {
    for raw in [json!(36.5), json!(3650), json!(365), json!("36.5")] {
        let message = log(ZX, &json!([with(&json!({ "temp": raw }))]));
        let (answer, rows) = told_with(KEEP_TEMPERATURES, &message).await;
        assert_eq!((&answer["result"], rows[0].temperature_centi_c), (&json!(true), Some(3650)), "{raw}");
        assert_eq!(rest(&rows[0])["temp"], raw);

        let (answer, rows) = told(message).await;
        assert_eq!((&answer["result"], rows[0].temperature_centi_c), (&json!(true), None));
        assert!(!rows[0].rest.contains("36"), "{}", rows[0].rest);
    }
}

#[tokio::test]
async fn case_39_a_senseless_temperature_is_none_and_its_row_is_stored() {
    for raw in [json!(-1), json!(1e9), json!({})] {
        let (answer, rows) = told_with(KEEP_TEMPERATURES, log(ZX, &json!([with(&json!({ "temp": raw }))]))).await;
        assert_eq!((&answer["result"], rows[0].temperature_centi_c), (&json!(true), None), "{raw}");
        assert!(!is_unreadable(&rows[0]));
    }
}

#[tokio::test]
async fn case_40_a_row_of_somebody_unknown_is_stored_and_acknowledged() {
    let (answer, rows) = told(log(ZX, &json!([row(424_242, NOW)]))).await;
    assert_eq!((&answer["result"], rows[0].enrol_id), (&json!(true), Some(424_242)));
}

#[tokio::test]
async fn case_45_names_with_html_and_formulas_are_stored_as_they_are() {
    for name in ["<img src=x onerror=alert(1)>", "=HYPERLINK(\"http://x\")"] {
        let (answer, rows) = told(log(ZX, &json!([with(&json!({ "name": name }))]))).await;
        assert_eq!((&answer["result"], &rest(&rows[0])["name"]), (&json!(true), &json!(name)));
    }
}

#[tokio::test]
async fn case_46_names_that_no_text_may_hold_are_cleaned_and_shortened() {
    let long = "é".repeat(5_000);
    for name in [r"A\u0000B", r"A\ud800B", &long, r"A\u202eB", r"A\u2067B"] {
        let message = log(ZX, &json!([with(&json!({ "name": "@" }))])).replace('@', name);
        let (answer, rows) = told(message).await;

        assert_eq!(answer["result"], true, "{name:.20}");
        assert_ne!(rows[0].flags & LogRow::LOSSY_TEXT, 0, "{name:.20}");
        assert_eq!(rows[0].enrol_id, Some(7));
        let kept = rest(&rows[0])["name"].as_str().unwrap().to_owned();
        assert!(kept.chars().count() <= 1_000 && !kept.contains(['\0', '\u{202e}', '\u{2067}']), "{kept:.20}");
    }
}

#[tokio::test]
async fn case_47_a_name_that_is_not_utf8_is_replaced_marked_and_acknowledged() {
    let scene = Scene::start();
    let mut line = scene.registered(ZX).await;
    let text = log(ZX, &json!([with(&json!({ "name": "A@B" }))]));
    let bytes: Vec<u8> = text.bytes().map(|byte| if byte == b'@' { 0xff } else { byte }).collect();

    let answer = line.ask(bytes).await.unwrap();

    assert_eq!(answer["result"], true);
    let rows = scene.rows();
    assert_ne!(rows[0].flags & LogRow::LOSSY_TEXT, 0);
    assert_eq!(rest(&rows[0])["name"], "A\u{fffd}B");
    line.settled().await.unwrap();
}
