//! Dumps as they come, whole, strange and hostile.

use jiff::civil::{date, time};
use proptest::prelude::*;
use serde_json::{Value, json};
use vigie_shared::wire::reading::LogRow;

use super::*;

fn terms() -> Terms {
    Terms { zone: TimeZone::get("Europe/Paris").unwrap(), takes_secrets: false, today: date(2031, 5, 6) }
}

fn row(model: &str, pk: u64, fields: &Value) -> Value {
    json!({ "model": format!("devices.{model}"), "pk": pk, "fields": fields })
}

fn terminal(pk: u64, serial: &str) -> Value {
    row("terminal", pk, &json!({ "sn": serial, "is_active": true, "is_whitelisted": true }))
}

fn user(terminal: u64, number: u64, name: &str) -> Value {
    row("biometricuser", number, &json!({ "terminal": terminal, "enrollid": number, "name": name }))
}

fn hours(terminal: u64, weekday: u64, times: (&str, &str)) -> Value {
    let (starts, ends) = times;
    let fields = json!({
        "terminal": terminal, "name": "Standard", "weekday": weekday, "check_in_time": starts, "check_out_time": ends,
        "break_start_time": null, "break_end_time": null, "tolerance_minutes": 10, "is_active": true,
    });
    row("terminalschedule", weekday, &fields)
}

fn log(status: &str, local_time: &str) -> Value {
    let raw = json!({ "enrollid": 7, "time": local_time, "mode": 1, "inout": 0, "event": 0 });
    // The old server's in/out is its own.
    let fields = json!({
        "terminal": 1, "user": 7, "enrollid": 7, "time": "2031-05-06T06:01:09Z", "mode": 1, "inout": 1, "event": 0,
        "image": "AAAA", "raw_payload": raw, "sync_status": status, "sync_attempts": 1, "synced_at": null, "sync_error": "",
    });
    row("attendancelog", 456, &fields)
}

fn is_marked(legacy: &Legacy, serial: &str, row: &LogRow) -> bool {
    let sent = legacy.sent.get(serial).map(Vec::as_slice).unwrap_or_default();
    sent.iter().any(|sent| sent.keys.contains(&PunchKey::of(serial, row)))
}

fn read_rows(rows: &[Value]) -> Legacy {
    read(Value::from(rows).to_string().as_bytes(), &terms()).unwrap()
}

fn said(local_time: &str) -> LogRow {
    let local_time = local_time.to_owned();
    LogRow { enrol_id: Some(7), local_time, mode: Some(1), in_out: Some(0), event: Some(0), ..LogRow::default() }
}

#[test]
fn a_sent_punch_is_known_under_the_name_that_a_replayed_log_gives_it() {
    let legacy = read_rows(&[log("sent", "2031-05-06 08:01:09"), terminal(1, "TM20-001")]);

    assert!(is_marked(&legacy, "TM20-001", &said("2031-05-06 08:01:09")));
    let without_event = LogRow { event: None, ..said("2031-05-06 08:01:09") };
    assert!(is_marked(&legacy, "TM20-001", &without_event));
    assert!(!is_marked(&legacy, "TM20-001", &said("2031-05-06 08:01:10")));
    assert!(!is_marked(&legacy, "TM20-002", &said("2031-05-06 08:01:09")));
}

#[test]
fn where_only_the_old_moment_is_kept_it_is_read_in_the_terminals_zone() {
    let mut punch = log("sent", "");
    punch["fields"]["raw_payload"] = json!({});
    let legacy = read_rows(&[terminal(1, "TM20-001"), punch]);

    assert!(is_marked(&legacy, "TM20-001", &said("2031-05-06 08:01:09")));
    assert!(legacy.report.notes[0].contains("Europe/Paris"), "{:?}", legacy.report.notes);
}

#[test]
fn what_was_not_sent_is_told_with_its_day_and_kept_out_of_the_marks() {
    let config = row("thirdpartyconfig", 3, &json!({ "name": "RH", "base_url": "https://hr.example" }));
    let mapping = row("terminalthirdpartymapping", 1, &json!({ "terminal": 1, "config": 3 }));
    let unsent = log("failed", "2031-05-05 08:00:00");
    let again = log("pending", "2031-05-06 08:01:09");

    let legacy =
        read_rows(&[terminal(1, "TM20-001"), config, mapping, log("sent", "2031-05-06 08:01:09"), unsent, again]);

    assert_eq!(legacy.sent["TM20-001"].len(), 1);
    assert!(!is_marked(&legacy, "TM20-001", &said("2031-05-05 08:00:00")));
    assert_eq!(legacy.connectors[0].oldest_unsent_ms, Some(1_935_813_669_000));
    assert_eq!(legacy.connectors[0].terminals, ["TM20-001"]);
    assert!(legacy.report.notes[0].starts_with("1 punches had not been sent"), "{:?}", legacy.report.notes);
}

#[test]
fn one_person_on_two_terminals_is_one_person() {
    let rows =
        [terminal(1, "A"), terminal(2, "B"), user(1, 7, "Ama"), user(2, 7, "ama "), user(1, 8, ""), user(9, 8, "Bo")];

    let legacy = read_rows(&rows);

    let numbers = vec![("A".to_owned(), 7), ("B".to_owned(), 7)];
    assert_eq!(legacy.people, [Person { id: "7".to_owned(), name: "Ama".to_owned(), numbers }]);
    assert_eq!(legacy.report.left.iter().map(|left| left.count).sum::<u64>(), 2);
}

#[test]
fn one_number_with_two_names_is_two_people() {
    let legacy = read_rows(&[terminal(1, "A"), terminal(2, "B"), user(1, 7, "Ama"), user(2, 7, "Bo")]);
    let ids: Vec<&str> = legacy.people.iter().map(|person| person.id.as_str()).collect();
    assert_eq!(ids, ["7 on A", "7 on B"]);
    assert!(legacy.report.notes[0].contains("Ama, Bo"));
}

#[test]
fn alike_terminals_share_a_schedule_and_others_get_their_own_name() {
    let week = |terminal| [hours(terminal, 0, ("08:00:00", "17:00")), hours(terminal, 6, ("22:00:00", "06:00:00"))];
    let mut rows = vec![terminal(1, "A"), terminal(2, "B"), terminal(3, "C")];
    rows.extend(week(1).into_iter().chain(week(2)));
    rows.push(hours(3, 0, ("09:00:00", "18:00:00")));

    let schedules = read_rows(&rows).schedules;

    let told: Vec<(&str, usize)> = schedules.iter().map(|one| (one.name.as_str(), one.terminals.len())).collect();
    assert_eq!(told, [("Standard (A)", 2), ("Standard (C)", 1)]);
    let monday = Shift { starts: time(8, 0, 0, 0), ends: time(17, 0, 0, 0), pause: None, tolerance_min: 10 };
    assert_eq!(schedules[0].days[&1], monday);
    assert!(schedules[0].days.contains_key(&7));
}

#[test]
fn two_halves_of_a_day_become_one_with_a_break() {
    let rows = [terminal(1, "A"), hours(1, 0, ("14:00:00", "18:00:00")), hours(1, 0, ("08:00:00", "12:00:00"))];
    let day = read_rows(&rows).schedules[0].days[&1];
    assert_eq!((day.starts, day.ends), (time(8, 0, 0, 0), time(18, 0, 0, 0)));
    assert_eq!(day.pause, Some((time(12, 0, 0, 0), time(14, 0, 0, 0))));
}

#[test]
fn hours_of_another_season_are_left_and_said() {
    let mut summer = hours(1, 0, ("07:00:00", "14:00:00"));
    summer["fields"]["effective_from"] = json!("2031-07-01");
    let legacy = read_rows(&[terminal(1, "A"), summer]);
    assert_eq!(legacy.schedules, []);
    assert!(legacy.report.to_string().contains("1  working hours of another season"), "{}", legacy.report);
}

#[test]
fn a_secret_is_read_only_if_asked_and_shown_never() {
    let config = json!({ "name": "RH", "base_url": "https://hr.example", "auth_type": "api_key", "auth_header_name": "X-Key",
        "auth_token": "hunter2", "sync_interval_minutes": 30, "timeout_seconds": "20", "extra_headers": {} });
    let rows = [terminal(1, "A"), row("thirdpartyconfig", 3, &config)];

    let quiet = read_rows(&rows);
    let asked = read(Value::from(&rows[..]).to_string().as_bytes(), &Terms { takes_secrets: true, ..terms() }).unwrap();

    assert_eq!(quiet.connectors[0].secret, None);
    assert_eq!(asked.connectors[0].secret.as_ref().unwrap().0, "hunter2");
    assert_eq!((asked.connectors[0].interval_min, asked.connectors[0].timeout_s), (30, 20));
    assert_eq!(asked.connectors[0].auth, Auth::Key("X-Key".to_owned()));
    assert!(!format!("{asked:?}{}", asked.report).contains("hunter2"));
}

#[test]
fn natural_keys_and_other_app_labels_are_understood() {
    let rows = json!([
        { "model": "Clocks.Terminal", "fields": { "serial_number": "A" } },
        { "model": "clocks.terminaluser", "fields": { "terminal": ["A"], "enrollid": "7", "name": "Ama" } },
        { "model": "clocks.thirdpartyconfig", "fields": { "name": "RH", "base_url": "https://hr.example" } },
        { "model": "clocks.terminalthirdpartymapping", "fields": { "terminal": ["A"], "config": ["RH"] } },
    ]);
    let legacy = read(rows.to_string().as_bytes(), &terms()).unwrap();
    assert_eq!(legacy.people[0].numbers, [("A".to_owned(), 7)]);
    assert_eq!(legacy.connectors[0].terminals, ["A"]);
}

#[test]
fn what_is_not_known_is_counted_by_its_name() {
    let credential = row("biometriccredential", 1, &json!({ "record": "template" }));
    let account = json!({ "model": "auth.user", "pk": 1, "fields": { "password": "hash" } });
    let canteen = json!({ "model": "canteen.meal", "pk": 1, "fields": {} });
    let legacy = read_rows(&[terminal(1, "A"), credential, account, canteen.clone(), canteen]);

    insta::assert_snapshot!(legacy.report);
}

#[test]
fn what_is_no_dump_is_refused_with_the_cure() {
    for text in ["", "{}", "[{\"model\":\"devices.terminal\"", "[1]", "<html>"] {
        let refused = read(text.as_bytes(), &terms()).unwrap_err().to_string();
        assert!(refused.contains("dumpdata --output"), "{text}: {refused}");
    }
    let foreign = read(r#"[{"model":"shop.order","pk":1,"fields":{}}]"#.as_bytes(), &terms()).unwrap_err();
    assert!(foreign.to_string().ends_with("it holds 1 × shop.order"));
}

#[test]
fn a_file_without_end_is_refused_before_it_fills_the_memory() {
    let endless = "[".as_bytes().chain(std::io::repeat(b' '));
    assert!(matches!(dump::gather(endless, 100_000), Err(Unreadable::TooLong)));
}

proptest! {
    #[test]
    fn no_file_makes_it_fall_over(models in proptest::collection::vec("[a-z]{0,20}", 0..8), text in "\\PC{0,30}") {
        let names = ["terminal", "biometricuser", "terminalschedule", "attendancelog", "terminalthirdpartymapping"];
        let strange = json!({ "sn": text, "terminal": text, "enrollid": text, "time": text, "weekday": text, "raw_payload": text });
        let mut rows: Vec<Value> = names.iter().map(|name| row(name, 1, &strange)).collect();
        rows.extend(models.iter().map(|model| row(model, 1, &strange)));
        rows.push(terminal(1, "A"));
        let legacy = read(Value::from(rows).to_string().as_bytes(), &terms());
        prop_assert!(legacy.is_ok());
    }
}
