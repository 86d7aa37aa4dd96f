//! Days of people as tables, as CSV, and explained.

use jiff::tz::TimeZone;
use serde_json::Value;

use super::super::VerbError;
use super::super::client::Hub;
use super::super::output::{Output, name, word};
use super::Form;
use crate::csv::{csv, of};
use crate::http::time::Time;

const HEADS: [&str; 9] = ["DATE", "PERSON", "NUMBER", "STATE", "EXPECTED", "CAME", "LEFT", "WORKED", "SURE"];

pub(super) async fn print(hub: &Hub, query: &str, form: &Form, output: &mut Output<'_>) -> Result<(), VerbError> {
    let days = hub.get(&format!("/api/v1/attendance?{query}")).await?;
    if form.csv {
        output.text(&days_csv(&days))?;
        return Ok(());
    }
    let show = if form.explain { explain } else { list };
    output.answer(&days, show)?;
    Ok(())
}

const NONE: &str = "Nobody was there, and nobody was expected. `vigie-hub schedule list` shows who is when.";

fn items(days: &Value) -> &[Value] {
    days["items"].as_array().map(Vec::as_slice).unwrap_or_default()
}

fn list(output: &Output<'_>, days: &Value) -> String {
    output.table(&HEADS, days, NONE, cells)
}

fn cells(day: &Value) -> Vec<String> {
    let (came, left) = ends(day);
    let expected = match &day["expected_from"] {
        Value::Null => "–".to_owned(),
        from => format!("{}–{}", clock(from, day), clock(&day["expected_to"], day)),
    };
    let mark = if day["mark"] == "final" { "yes".to_owned() } else { word(&day["mark"]) };
    vec![name(&day["date"]), who(day), word(&day["number"]), state(day), expected, came, left, hours(day), mark]
}

/// Who, as well as anybody said.
fn who(day: &Value) -> String {
    [&day["name"], &day["person"]].into_iter().find_map(Value::as_str).unwrap_or("–").to_owned()
}

/// The first coming and the last going.
fn ends(day: &Value) -> (String, String) {
    let strip = day["strip"].as_array().map(Vec::as_slice).unwrap_or_default();
    let moment = |step: Option<&Value>| step.map_or("–".to_owned(), |step| clock(&step["at"], day));
    let came = strip.iter().find(|step| step["direction"] == "in");
    let left = strip.iter().rev().find(|step| step["direction"] == "out");
    (moment(came), moment(left))
}

/// A moment as clocks at the place show it.
fn clock(moment: &Value, day: &Value) -> String {
    let time = moment.as_str().and_then(|text| text.parse::<Time>().ok());
    let zone = day["zone"].as_str().and_then(|zone| TimeZone::get(zone).ok()).unwrap_or(TimeZone::UTC);
    let moment = time.and_then(|time| jiff::Timestamp::from_millisecond(time.0).ok());
    moment.map_or("–".to_owned(), |moment| moment.to_zoned(zone).strftime("%H:%M").to_string())
}

fn hours(day: &Value) -> String {
    let minutes = day["worked_min"].as_i64().unwrap_or(0);
    format!("{}:{:02}", minutes / 60, minutes % 60)
}

/// Everything that was found, in words.
fn state(day: &Value) -> String {
    let findings = day["findings"].as_array().map(Vec::as_slice).unwrap_or_default();
    findings.iter().map(words).collect::<Vec<_>>().join(", ")
}

fn words(finding: &Value) -> String {
    let minutes = finding["minutes"].as_i64().unwrap_or(0);
    match finding["is"].as_str().unwrap_or_default() {
        "late" => format!("late by {minutes} min"),
        "late_from_break" => format!("back from the break {minutes} min late"),
        "left_early" => format!("left {minutes} min early"),
        "missing_punch" if finding["direction"] == "in" => "no punch when coming".to_owned(),
        "missing_punch" => "no punch when going".to_owned(),
        "pending" => "goes on".to_owned(),
        _ => word(&finding["is"]),
    }
}

fn explain(_: &Output<'_>, days: &Value) -> String {
    let told: Vec<String> = items(days).iter().map(told).collect();
    if told.is_empty() { NONE.to_owned() } else { told.join("\n\n") }
}

/// One day with its punches, each with the rule that it was taken by.
fn told(day: &Value) -> String {
    let head =
        format!("{}  {}: {} ({} h, {})", name(&day["date"]), who(day), state(day), hours(day), word(&day["mark"]));
    let strip = day["strip"].as_array().map(Vec::as_slice).unwrap_or_default();
    let steps = strip.iter().map(|step| {
        let why = match step["rule"].as_str().unwrap_or_default() {
            "terminal_says" => "the terminal says so",
            "begins" => "the first of the day",
            "alternates" => "the opposite of the one before",
            _ => "repeats the one before",
        };
        let way = step["direction"].as_str().unwrap_or("passed over");
        format!("  {}  {way}: {why} (terminal {})", clock(&step["at"], day), name(&step["terminal"]))
    });
    std::iter::once(head).chain(steps).collect::<Vec<_>>().join("\n")
}

fn days_csv(days: &Value) -> String {
    let heads = [
        "date",
        "person",
        "terminal",
        "number",
        "name",
        "state",
        "findings",
        "expected_from",
        "expected_to",
        "came",
        "left",
        "worked_min",
        "mark",
    ];
    let row = |day: &Value| {
        let (came, left) = ends(day);
        let shown = |text: String| if text == "–" { String::new() } else { text };
        let moment = |key: &str| if day[key].is_null() { String::new() } else { clock(&day[key], day) };
        let mut row: Vec<String> =
            ["date", "person", "terminal", "number", "name", "state"].map(|key| of(&day[key])).into();
        row.extend([state(day), moment("expected_from"), moment("expected_to"), shown(came), shown(left)]);
        row.extend([of(&day["worked_min"]), of(&day["mark"])]);
        row
    };
    csv(&heads, items(days).iter().map(row))
}
