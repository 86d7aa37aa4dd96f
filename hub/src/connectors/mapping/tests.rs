//! Mapping files: those that come with the hub, and what is refused with line, field and cure.

use serde_json::json;

use super::shipped::SHIPPED;
use super::*;
use crate::connectors::outcome::Verdict;
use crate::connectors::outcome::{Answer, judge};
use crate::connectors::template::Values;

fn load(text: &str) -> Result<Mapping, MappingErrors> {
    Mapping::load("own.toml", text)
}

const LEAST: &str = "[connector]\nname = 'x'\n[push]\nunit = 'punch'\nsend = { method = 'POST', path = '/x' }\n";

#[test]
fn every_mapping_that_comes_with_the_hub_is_right() {
    for (name, text) in SHIPPED {
        let mapping = Mapping::load(name, text).unwrap_or_else(|errors| panic!("{errors}"));
        assert_eq!(mapping.name, name);
        let is_of_presence = mapping.push.as_ref().is_some_and(|push| push.unit == Unit::Presence);
        assert!((mapping.people.is_some() || is_of_presence) && mapping.push.is_some());
    }
}

#[test]
fn the_default_format_is_exactly_that_of_the_guide() {
    let mapping = Mapping::load("default", shipped::shipped("default").unwrap()).unwrap();
    let values = Values::new(TimeZone::UTC)
        .with("terminal_sn", "TM20-001")
        .with("enrollid", 123)
        .with("user_name", "John Doe")
        .with_moment("time", Some(1_767_090_600_000))
        .with("mode", 0)
        .with("inout", 0)
        .with("event", 0)
        .with("temperature", 36.5)
        .with("granted", true)
        .with("log_id", 456);
    let push = mapping.push.unwrap();
    let row = push.row.unwrap().render(&values).unwrap().unwrap();
    let cfg = json!({ "attendance_endpoint": "/api/v1/attendance" });
    let values = values.with("rows", vec![row]).with("batch.key", "k").with_root("cfg", cfg);

    let call = push.send.unwrap().call(&values).unwrap();

    let expected = json!({ "attendance": [{
        "terminal_sn": "TM20-001", "enrollid": 123, "user_name": "John Doe", "time": "2025-12-30T10:30:00Z",
        "mode": 0, "inout": 0, "event": 0, "temperature": 36.5, "access_granted": true, "log_id": 456,
    }] });
    assert_eq!((call.path.as_str(), call.body), ("/api/v1/attendance", Some(expected)));
    assert_eq!(call.headers, [("Idempotency-Key".to_owned(), "k".to_owned())]);
}

#[test]
fn success_that_says_error_is_none_in_any_shipped_mapping() {
    let text = r#"{"error":{"code":200,"message":"no"}}"#;
    let answer =
        Answer { status: 200, json: serde_json::from_str(text).ok(), text: text.to_owned(), ..Answer::default() };
    for name in ["default", "odoo", "kimai"] {
        let push = Mapping::load(name, shipped::shipped(name).unwrap()).unwrap().push.unwrap();
        for on in [On::Send, On::In, On::Out] {
            assert_eq!(judge(&push.outcome, on, &answer, false), Verdict::Reject, "{name}");
        }
    }
}

#[test]
fn only_what_requests_need_of_people_is_asked_for() {
    let fields =
        |name: &str| Mapping::load(name, shipped::shipped(name).unwrap()).unwrap().push.unwrap().person_fields();
    assert_eq!((fields("odoo"), fields("kimai")), (vec!["id".to_owned()], vec!["id".to_owned()]));
    assert!(fields("erpnext").is_empty() && fields("default").is_empty());
}

#[test]
fn an_unknown_key_is_named_with_its_line() {
    let error = load(&format!("{LEAST}probe_befor_send = true\n")).unwrap_err();
    assert_eq!(error.0[0].line, Some(6));
    assert!(
        error.to_string().contains("probe_befor_send") && error.to_string().contains("probe_before_send"),
        "{error}"
    );
}

#[test]
fn everything_that_is_wrong_is_said_at_once_with_line_and_field() {
    let text = "[connector]\nname = 'x'\nzone = 'Mars'\n\n[push]\nunit = 'punch'\nmax = 5000\n\n\
                [push.send]\nmethod = 'POST'\npath = '/x'\n\n[push.send.body]\ntime = '{tme|utc}'\nlist = ['{start}']\n";

    let errors = load(text).unwrap_err();

    let places: Vec<(Option<usize>, &str)> = errors.0.iter().map(|fault| (fault.line, fault.field.as_str())).collect();
    let expected = [
        (Some(3), "connector.zone"),
        (Some(5), "push.row"),
        (Some(7), "push.max"),
        (Some(14), "push.send.body.time"),
        (Some(15), "push.send.body.list.0"),
    ];
    assert_eq!(places, expected, "{errors}");
    assert!(errors.to_string().starts_with("own.toml line 3: connector.zone: `Mars` is no zone"));
}

#[test]
fn what_must_go_together_is_asked_for() {
    for (text, word) in [
        ("[connector]\nname = 'x'\n", "neither [people] nor [push]"),
        ("[connector]\nname = 'x'\n[push]\nunit = 'event'\n", "`in` and `out`"),
        ("[connector]\nname = 'x'\n[push]\nunit = 'span'\n", "`send`"),
        (&format!("{LEAST}probe_before_send = true\n"), "`probe`"),
        (&format!("{LEAST}where = {{ salary = 1 }}\n"), "`salary`"),
        (&LEAST.replace("path = '/x'", "path = '/x/{person.id}'"), "[people]"),
        (&LEAST.replace("name = 'x'", "name = 'x'\nrate = '5'"), "50/min"),
        (&LEAST.replace("name = 'x'", "name = 'x'\nbase = 'hr.example.org'"), "https://"),
        ("nonsense", "expected"),
    ] {
        let error = load(text).unwrap_err().to_string();
        assert!(error.contains(word), "{text}\n{error}");
    }
    assert!(load(&"#".repeat(FILE_BYTES_MAX + 1)).is_err());
}

#[test]
fn a_rate_reads_back() {
    for text in ["5/s", "50/min", "1000/h"] {
        assert_eq!(String::from(Rate::try_from(text.to_owned()).unwrap()), text);
    }
    assert!(Rate::try_from("0/s".to_owned()).is_err());
}
