//! Every tolerance of rows, and what is never kept.

use proptest::prelude::*;
use serde_json::json;
use vigie_shared::blob::{BLOB_BYTES_MAX, BlobRef};

use super::*;

fn row_of(text: &str) -> LogRow {
    read(&serde_json::from_str::<Box<RawValue>>(text).unwrap(), Kept::default()).0
}

fn row(value: &Value) -> LogRow {
    row_of(&value.to_string())
}

fn batch(text: &str) -> Result<(u64, bool, Option<i64>), NoBatch> {
    let frame = Frame::decode(text.as_bytes()).unwrap();
    Batch::find(&frame).map(|batch| (batch.acknowledged(), batch.is_miscounted(), batch.log_index))
}

#[test]
fn a_plain_row_fills_its_fields_and_leaves_nothing() {
    let row = row(&json!({"enrollid": 1204, "time": "2031-05-06 08:01:09", "mode": 1, "inout": 0, "event": 3,
        "verifymode": 13, "name": ""}));
    let expected = LogRow {
        enrol_id: Some(1204),
        local_time: "2031-05-06 08:01:09".to_owned(),
        mode: Some(1),
        in_out: Some(0),
        event: Some(3),
        verify_mode: Some(13),
        rest: "{}".to_owned(),
        ..LogRow::default()
    };
    assert_eq!(row, expected);
}

#[test]
fn numbers_of_people_are_read_in_every_spelling_or_the_row_is_set_aside() {
    let of = |id: Value| row(&json!({"enrollid": id, "time": "2031-05-06 08:01:09"}));
    for (id, expected) in
        [(json!("12"), 12), (json!("0012"), 12), (json!(12.0), 12), (json!(999_999_999_999_u64), 999_999_999_999)]
    {
        let row = of(id.clone());
        assert_eq!((row.enrol_id, row.flags), (Some(expected), 0), "{id}");
        assert_eq!(row.rest.contains("enrollid"), !id.is_u64(), "the spelling of {id} is kept");
    }
    for id in [json!(-5), json!(1.5), json!(true), json!("12abc"), json!(1e30), Value::Null] {
        let row = of(id.clone());
        assert_eq!((row.enrol_id, row.flags), (None, LogRow::UNREADABLE), "{id}");
        assert!(row.rest.contains("08:01:09"), "the whole row is kept: {}", row.rest);
    }
}

#[test]
fn a_time_that_is_none_sets_the_row_aside_and_is_never_replaced() {
    for time in [json!("2031-02-30 25:61:00"), json!(""), json!(1_700_000_000), Value::Null, json!("yesterday")] {
        let row = row(&json!({"enrollid": 7, "time": time, "mode": 4}));
        assert_eq!((row.local_time.as_str(), row.flags), ("", LogRow::UNREADABLE), "{time}");
        assert!(row.rest.contains("\"mode\":4"), "{}", row.rest);
    }
    assert_eq!(row(&json!({"enrollid": 7, "time": "2031-5-6 8:01:09 "})).local_time, "2031-05-06 08:01:09");
    assert_eq!(row(&json!({"enrollid": 7, "time": "2000-01-01 00:00:00"})).flags, 0);
}

#[test]
fn strange_numbers_are_stored_as_they_are() {
    let row = row(&json!({"enrollid": 0, "time": "2031-05-06 08:01:09", "mode": 77, "inout": 7, "event": "300"}));
    assert_eq!((row.mode, row.in_out, row.event), (Some(77), Some(7), Some(300)));
    let row = row_of(r#"{"enrollid":1,"time":"2031-05-06 08:01:09","mode":99999999999}"#);
    assert_eq!((row.mode, row.rest.as_str()), (None, r#"{"mode":99999999999}"#));
}

#[test]
fn photos_and_temperatures_are_kept_only_if_the_owner_wants_them() {
    let value =
        json!({"enrollid": 1, "time": "2031-05-06 08:01:09", "image": "data:image/jpeg;base64,/9j/", "temp": 36.5});
    assert_eq!(row(&value).rest, "{}");
    let raw = serde_json::from_str::<Box<RawValue>>(&value.to_string()).unwrap();
    let (row, _) = read(&raw, Kept { photos: true, temperatures: true });
    assert_eq!((row.temperature_centi_c, row.rest.as_str()), (Some(3650), r#"{"image":"/9j/","temp":36.5}"#));
}

#[test]
fn what_is_no_photo_or_larger_than_any_hub_takes_is_not_kept_but_its_row_is() {
    let large = format!("/9j/{}", "A".repeat(BLOB_BYTES_MAX / 3 * 4 + 4));
    for image in [json!("iVBORw0KGgo="), json!("not base64"), json!(7), json!(large)] {
        let value = json!({"enrollid": 1, "time": "2031-05-06 08:01:09", "image": image});
        let raw = serde_json::value::to_raw_value(&value).unwrap();
        let (row, photo) = read(&raw, Kept { photos: true, temperatures: false });
        assert_eq!((row.enrol_id, row.flags, row.rest.as_str(), photo), (Some(1), 0, "{}", None));
    }
}

#[test]
fn a_photo_that_does_not_fit_its_record_is_attached_and_named_by_its_hash() {
    let large = format!("/9j/{}", "A".repeat(PHOTO_BYTES_MAX));
    let value = json!({"enrollid": 1, "time": "2031-05-06 08:01:09", "image": large});
    let raw = serde_json::value::to_raw_value(&value).unwrap();

    let (row, photo) = read(&raw, Kept { photos: true, temperatures: false });

    let blob = photo.unwrap().blob;
    assert_eq!(blob, BlobRef::of(&STANDARD.decode(&large).unwrap()));
    assert_eq!(row.rest, json!({"image": {"sha256": blob.sha256, "size_bytes": blob.size_bytes}}).to_string());
}

#[test]
fn temperatures_of_every_scale_are_the_same_and_nonsense_is_none() {
    for value in [json!(36.5), json!(365), json!(3650), json!("36.5")] {
        assert_eq!(temperature(&value), Some(3650), "{value}");
    }
    for value in [json!(-1), json!(1e9), json!({}), json!(0)] {
        assert_eq!(temperature(&value), None, "{value}");
    }
}

#[test]
fn names_are_kept_raw_but_never_forge_lines_or_fill_the_box() {
    let of = |name: &str| row(&json!({"enrollid": 1, "time": "2031-05-06 08:01:09", "name": name}));
    let html = of("<img src=x onerror=alert(1)>");
    assert_eq!((html.flags, html.rest.as_str()), (0, r#"{"name":"<img src=x onerror=alert(1)>"}"#));
    for bad in ["a\u{0}b", "a\r\nb", "\u{1b}[31m", "\u{202e}x", &"x".repeat(5_000)] {
        let row = of(bad);
        assert_eq!(row.flags, LogRow::LOSSY_TEXT, "{bad:.20?}");
        assert!(row.rest.len() < 1_200 && !row.rest.contains('\u{1b}'));
    }
    assert_eq!(row_of(r#"{"enrollid":1,"time":"2031-05-06 08:01:09","name":"\ud800"}"#).flags, LogRow::LOSSY_TEXT);
}

#[test]
fn a_row_that_says_far_too_much_keeps_its_name() {
    let mut value = json!({"enrollid": 1, "time": "2031-05-06 08:01:09", "name": "Ama"});
    for number in 0..40 {
        value[format!("field{number}")] = json!("y".repeat(200));
    }
    let row = row(&value);
    assert_eq!((row.flags, row.rest.as_str()), (LogRow::LOSSY_TEXT, r#"{"name":"Ama"}"#));
}

#[test]
fn what_is_no_row_is_set_aside_with_its_beginning() {
    for text in ["7", "null", "\"x\"", "[1]"] {
        assert!(row_of(text).flags & LogRow::UNREADABLE != 0, "{text}");
    }
}

#[test]
fn batches_are_counted_as_the_terminal_expects() {
    let row = r#"{"enrollid":1,"time":"2031-05-06 08:01:09"}"#;
    let of = |head: &str, rows: usize| {
        batch(&format!(r#"{{"cmd":"sendlog"{head},"record":[{}]}}"#, vec![row; rows].join(",")))
    };
    assert_eq!(of(r#","count":2,"logindex":31"#, 2), Ok((2, false, Some(31))));
    assert_eq!(of(r#","count":3"#, 2), Ok((2, true, None)));
    assert_eq!(of(r#","count":1"#, 2), Ok((1, true, None)));
    assert_eq!(of(r#","count":"2""#, 2), Ok((2, false, None)));
    assert_eq!(of(r#","count":2.0"#, 2), Ok((2, false, None)));
    assert_eq!(of("", 2), Ok((2, false, None)));
    assert_eq!(of(r#","count":0"#, 0), Ok((0, false, None)));
    assert_eq!(of(r#","count":-1"#, 1), Err(NoBatch::NegativeCount));
    assert_eq!(batch(&format!(r#"{{"cmd":"sendlog","count":1,"record":{row}}}"#)), Ok((1, false, None)));
    for record in ["null", "\"x\"", "7"] {
        assert_eq!(batch(&format!(r#"{{"cmd":"sendlog","count":1,"record":{record}}}"#)), Err(NoBatch::NoRows));
    }
    assert_eq!(batch(r#"{"cmd":"sendlog","count":1}"#), Err(NoBatch::NoRows));
}

proptest! {
    #[test]
    fn every_row_becomes_one_that_is_json_and_small(key in "[a-z]{1,9}", text in ".{0,600}", number in any::<f64>()) {
        let value = json!({"enrollid": number, "time": text, key: text, "temp": number, "name": [text, {"a": number}]});
        let row = row(&value);
        prop_assert!(serde_json::from_str::<Value>(&row.rest).is_ok());
        prop_assert!(row.rest.len() <= REST_BYTES_MAX);
    }
}
