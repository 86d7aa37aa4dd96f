//! What templates make of values, and what they refuse when they are read.

use proptest::prelude::*;
use serde_json::json;

use super::*;

/// 2031-10-26 00:30:00 UTC: in Paris 02:30 comes twice that night, and this is the first.
const TWICE_MS: i64 = 1_950_741_000_000;

fn zone() -> jiff::tz::TimeZone {
    jiff::tz::TimeZone::get("Europe/Paris").unwrap()
}

fn values() -> Values {
    Values::new(zone())
        .with_moment("time", Some(TWICE_MS + 59_900))
        .with_moment("end", None)
        .with("enrollid", 7)
        .with("dir", "in")
        .with("user_name", Value::Null)
        .with("seconds", 93_784)
        .with_root("person", json!({ "id": "42", "work": { "plan": 3 } }))
}

fn rendered(text: &str) -> Option<Value> {
    Template::parse(text, &Scope::request()).unwrap().render(&values()).unwrap()
}

fn refused(text: &str) -> String {
    Template::parse(text, &Scope::request()).unwrap_err()
}

#[test]
fn a_single_expression_keeps_its_type_and_everything_else_is_text() {
    assert_eq!(rendered("{enrollid}"), Some(json!(7)));
    assert_eq!(rendered("n{enrollid}"), Some(json!("n7")));
    assert_eq!(rendered("{enrollid|str}"), Some(json!("7")));
    assert_eq!(rendered("{person.id|int}"), Some(json!(42)));
    assert_eq!(rendered("{person.work.plan}"), Some(json!(3)));
    assert_eq!(rendered("{{{enrollid}}}"), Some(json!("{7}")));
}

#[test]
fn a_moment_is_told_in_utc_or_in_the_zone_and_the_repeated_hour_by_its_offset() {
    for (template, expected) in [
        ("{time}", json!("2031-10-26T00:30:59Z")),
        ("{time|utc|fmt(%Y-%m-%d %H:%M:%S)}", json!("2031-10-26 00:30:59")),
        ("{time|local|fmt(%Y-%m-%d %H:%M:%S)}", json!("2031-10-26 02:30:59")),
        ("{time|local|iso}", json!("2031-10-26T02:30:59+02:00")),
        ("{time|local|minute|fmt(%H:%M:%S)}", json!("02:30:00")),
        ("{time|epoch}", json!(1_950_741_059)),
        ("{time|local|offset_hours}", json!(2)),
        ("{time|utc|offset_hours}", json!(0)),
        ("{zone}", json!("Europe/Paris")),
    ] {
        assert_eq!(rendered(template), Some(expected), "{template}");
    }
    let later = Values::new(zone()).with_moment("time", Some(TWICE_MS + 3_600_000));
    let iso = Template::parse("{time|local|iso}", &Scope::row()).unwrap();
    assert_eq!(iso.render(&later).unwrap(), Some(json!("2031-10-26T02:30:00+01:00")));
}

#[test]
fn lengths_of_time_are_written_as_third_parties_want_them() {
    assert_eq!(rendered("{seconds|hms}"), Some(json!("26:03:04")));
    assert_eq!(rendered("{seconds|dhms}"), Some(json!("1.02:03:04")));
    assert_eq!(rendered("{seconds|iso_duration}"), Some(json!("PT93784S")));
}

#[test]
fn what_is_missing_is_an_error_a_default_or_a_dropped_field() {
    let missing = Template::parse("{user_name}", &Scope::row()).unwrap().render(&values()).unwrap_err();
    assert!(missing.0.contains("user_name|opt"), "{missing}");
    assert_eq!(rendered("{user_name|opt}"), None);
    assert_eq!(rendered("by {user_name|opt}"), None);
    assert_eq!(rendered("{user_name|default(?)}"), Some(json!("?")));
    assert_eq!(rendered("{end|local|fmt(%H:%M)|opt}"), None);
    assert_eq!(rendered("{cfg.none|opt}"), None);
}

#[test]
fn a_table_gives_literals_and_nothing_for_what_it_does_not_have() {
    assert_eq!(rendered("{dir|map(in=IN,out=OUT)|opt}"), Some(json!("IN")));
    assert_eq!(rendered("{dir|map(in=true)}"), Some(json!(true)));
    assert_eq!(rendered("{dir|map(in=1,out=2)}"), Some(json!(1)));
    assert_eq!(rendered("{dir|map(out=OUT)|opt}"), None);
    assert_eq!(rendered("{dir|map(out=OUT)|default(false)}"), Some(json!(false)));
}

#[test]
fn what_can_never_work_is_refused_when_it_is_read() {
    for (text, word) in [
        ("{tme}", "`time`"),
        ("{time", "closing brace"),
        ("time}", "`}}`"),
        ("{}", "not a name"),
        ("{time|upper}", "no filter"),
        ("{time|fmt(%)}", "fmt("),
        ("{time|fmt(%Y}", "closing parenthesis"),
        ("{dir|utc}", "for moments"),
        ("{time|utc|iso|local}", "for moments"),
        ("{dir|map(in)}", "map("),
        ("{time|int}", "epoch"),
        ("{time|hms}", "seconds"),
        ("{dir|opt|str}", "last filter"),
        ("{dir|cut(0)}", "cut(250)"),
        ("{page.offset}", "`secret.…`"),
    ] {
        let error = refused(text);
        assert!(error.contains(word), "{text}: {error}");
    }
}

#[test]
fn values_in_a_path_cannot_leave_their_place() {
    let template = Template::parse("/users/{person.id}/x", &Scope::request()).unwrap();
    let values = Values::new(zone()).with_root("person", json!({ "id": "../a?b" }));
    assert_eq!(template.text(&values, |text| text.replace('/', "%2F")).unwrap().unwrap(), "/users/..%2Fa?b/x");
}

proptest! {
    #[test]
    fn no_text_panics_and_plain_text_reads_back(text in "\\PC{0,80}") {
        if let Ok(template) = Template::parse(&text, &Scope::row())
            && !text.contains(['{', '}'])
        {
            prop_assert_eq!(template.render(&values()).unwrap(), Some(Value::String(text)));
        }
    }

    #[test]
    fn a_minute_is_cut_off_and_never_rounded_up(ms in -4_000_000_000_000i64..4_000_000_000_000) {
        let values = Values::new(zone()).with_moment("time", Some(ms));
        let epoch = |text| Template::parse(text, &Scope::row()).unwrap().render(&values).unwrap().unwrap().as_i64().unwrap();
        let (minute, exact) = (epoch("{time|minute|epoch}"), epoch("{time|epoch}"));
        prop_assert!(minute <= exact && exact - minute < 60 && minute % 60 == 0);
    }
}
