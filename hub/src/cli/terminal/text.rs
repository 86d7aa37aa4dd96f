//! What the hub says of terminals, for people.

use serde_json::Value;

use crate::cli::output::{Output, name, word};

pub(super) fn list(output: &Output<'_>, terminals: &Value) -> String {
    let none = "No terminal yet. Point one to its site's box, port 7788, once `terminals.enabled` is set there.";
    output.table(
        &["TERMINAL", "SITE", "STANDING", "CONNECTED", "HEARD", "UNSENT", "LOG FULL"],
        terminals,
        none,
        |one| {
            let connected = if one["is_connected"] == true { "yes" } else { "no" };
            vec![
                name(&one["serial"]),
                name(&one["site"]),
                word(&one["standing"]),
                connected.to_owned(),
                output.age(&one["heard"]),
                word(&one["unsent"]),
                full(one, "log"),
            ]
        },
    )
}

/// The day on which a memory will be full.
fn full(terminal: &Value, what: &str) -> String {
    let memories = terminal["memories"].as_array().map(Vec::as_slice).unwrap_or_default();
    let memory = memories.iter().find(|memory| memory["what"] == what);
    memory.map_or("–".to_owned(), |memory| day(&memory["full"]))
}

fn day(moment: &Value) -> String {
    moment.as_str().and_then(|text| text.split('T').next()).unwrap_or("–").to_owned()
}

pub(super) fn show(output: &Output<'_>, one: &Value) -> String {
    let ahead = one["clock_ahead_ms"].as_i64().map_or("not measured".to_owned(), |ahead_ms| {
        let seconds = ahead_ms.unsigned_abs() / 1000;
        format!("{seconds} s {}", if ahead_ms < 0 { "behind" } else { "ahead" })
    });
    let mut lines = vec![
        format!("Terminal   {} at site {}, {}", name(&one["serial"]), name(&one["site"]), word(&one["standing"])),
        format!("Heard      {}, connected: {}", output.age(&one["heard"]), one["is_connected"] == true),
        format!("Make       {} {}", word(&one["model"]), word(&one["firmware"])),
        format!("Clock      {ahead}, times in {}", name(&one["zone"])),
        format!("Unsent     {}", word(&one["unsent"])),
        format!("Numbers    {}", profile(output, &one["profile"])),
    ];
    let memories = one["memories"].as_array().map(Vec::as_slice).unwrap_or_default();
    lines.extend(memories.iter().map(|memory| {
        let (what, used, capacity) = (name(&memory["what"]), word(&memory["used"]), word(&memory["capacity"]));
        let end = memory["full"].as_str().map(|_| format!(", full on {}", day(&memory["full"]))).unwrap_or_default();
        format!("Memory     {what}: {used} of {capacity}{end}")
    }));
    lines.join("\n")
}

/// What a terminal's numbers mean, on one line.
pub(super) fn profile(_: &Output<'_>, profile: &Value) -> String {
    let own = ["inout", "mode"].into_iter().flat_map(|table| {
        let numbers = profile[table].as_object().into_iter().flatten();
        numbers.map(move |(number, meaning)| format!(", {table} {number} is {}", name(meaning)))
    });
    let own: String = own.collect();
    format!("read as {}{own}; weeks begin on {}", name(&profile["family"]), name(&profile["week_begins"]))
}

pub(super) fn people(output: &Output<'_>, users: &Value) -> String {
    let none = "Nobody is known on it. `--refresh` asks the terminal.";
    output.table(&["NUMBER", "NAME", "ADMIN", "CREDENTIALS", "TOLD"], users, none, |one| {
        let slots = one["slots"].as_array().map(Vec::as_slice).unwrap_or_default();
        let slots: Vec<String> = slots.iter().map(Value::to_string).collect();
        vec![word(&one["number"]), name(&one["name"]), word(&one["admin"]), slots.join(" "), output.age(&one["told"])]
    })
}
