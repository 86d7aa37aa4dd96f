//! What the hub says of connectors, for people.

use serde_json::{Value, json};

use crate::cli::output::{Output, name, word};

/// A connector in a few lines.
pub(super) fn line(one: &Value) -> String {
    let terminals = one["terminals"].as_array().map(Vec::len).unwrap_or_default();
    let whose = if terminals == 0 { "all terminals".to_owned() } else { format!("{terminals} terminals") };
    let mut text = format!(
        "{}: {}, {}, {}, of {whose}; {}",
        name(&one["name"]),
        name(&one["mapping"]),
        if one["is_on"] == true { "on" } else { "off" },
        name(&one["interval"]),
        counts(&one["jobs"])
    );
    for (key, says) in [("stopped", "stopped"), ("people_note", "people")] {
        if let Some(why) = one[key].as_str() {
            text.push_str(&format!("\n{says}: {why}"));
        }
    }
    text
}

pub(super) fn list(output: &Output<'_>, all: &Value) -> String {
    let none = "there are no connectors; add one: vigie-hub connector add --help";
    output.table(&["name", "mapping", "state", "last passed", "jobs"], all, none, |one| {
        let state = match (one["is_on"] == true, one["stopped"].is_null()) {
            (false, _) => "off",
            (true, false) => "stopped",
            (true, true) => "works",
        };
        vec![
            name(&one["name"]),
            name(&one["mapping"]),
            state.to_owned(),
            output.age(&one["passed_at"]),
            counts(&one["jobs"]),
        ]
    })
}

pub(super) fn told(report: &Value) -> String {
    let done = counts(&report["counts"]);
    match report["halted"].as_str() {
        Some(why) => format!("{done}\nit went no further: {why}"),
        None => done,
    }
}

pub(super) fn counts(counts: &Value) -> String {
    let counts = counts.as_object().into_iter().flatten().filter(|(_, count)| count.as_u64() != Some(0));
    let text = counts.map(|(what, count)| format!("{count} {what}")).collect::<Vec<_>>().join(", ");
    if text.is_empty() { "nothing".to_owned() } else { text }
}

pub(super) fn people(output: &Output<'_>, answer: &Value) -> String {
    let mut rows = Vec::new();
    for what in ["added", "changed", "gone"] {
        for one in answer[what].as_array().into_iter().flatten() {
            rows.push(json!({ "what": what, "person": one }));
        }
    }
    let table =
        output.table(&["what", "number", "name", "enabled"], &json!({ "items": rows }), "nothing changes", |row| {
            let person = &row["person"];
            vec![name(&row["what"]), word(&person["enrol_id"]), name(&person["name"]), word(&person["is_enabled"])]
        });
    let mut text = format!("{} people are listed\n\n{table}", answer["listed"]);
    if let Some(held) = answer["held"].as_str() {
        text.push_str(&format!("\n\nnobody goes: {held} (--confirmed)"));
    }
    for oddity in answer["oddities"].as_array().into_iter().flatten() {
        text.push_str(&format!("\n{}", name(oddity)));
    }
    text
}

pub(super) fn differences(output: &Output<'_>, answer: &Value) -> String {
    let times =
        |all: &Value| all.as_array().into_iter().flatten().map(|at| output.moment(at)).collect::<Vec<_>>().join(", ");
    let heads = ["number", "day", "ours", "theirs", "missing there", "only there"];
    let table = output.table(&heads, answer, "they are the same", |one| {
        let (missing, foreign) = (times(&one["missing"]), times(&one["foreign"]));
        vec![word(&one["enrol_id"]), name(&one["day"]), word(&one["ours"]), word(&one["theirs"]), missing, foreign]
    });
    match answer["strangers"].as_u64() {
        Some(0) | None => table,
        Some(count) => format!("{table}\n\n{count} records there belong to nobody who is known here"),
    }
}

pub(super) fn on_terminals(output: &Output<'_>, answer: &Value) -> String {
    let count = |value: &Value| value.as_array().map(Vec::len).unwrap_or_default().to_string();
    let heads = ["terminal", "site", "new there", "set", "only there", "commands"];
    output.table(&heads, answer, "there are no terminals", |one| {
        let counts = ["added", "set", "foreign", "commands"].map(|key| count(&one[key]));
        [name(&one["terminal"]), name(&one["site"])].into_iter().chain(counts).collect()
    })
}
