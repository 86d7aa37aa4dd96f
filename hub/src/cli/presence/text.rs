//! What the hub says of presence, for people.

use serde_json::{Value, json};

use crate::cli::output::{Output, name, word};

/// Differences and changes that are printed one by one.
const ROWS_MAX: usize = 200;

/// Letters of a pseudonym that tell a person's devices apart.
const SHORT: usize = 8;

/// The rows of a page.
pub(super) fn items(page: &Value) -> &[Value] {
    page["items"].as_array().map(Vec::as_slice).unwrap_or_default()
}

pub(super) fn status(output: &Output<'_>, status: &Value) -> String {
    let now = &status["now"];
    let open = status["sessions"].as_array().map_or(0, Vec::len);
    let few = |count: &Value| count.as_u64().map_or("fewer than 5".to_owned(), |count| count.to_string());
    let mut text = format!(
        "{open} sessions are open. The public is told: {} people, {} of them in an application; {} passing devices.",
        few(&now["people"]),
        few(&now["in_application"]),
        few(&now["passing_devices"])
    );
    for site in now["unseen"].as_array().into_iter().flatten() {
        let since = if site["since"].is_null() { "it was set up".to_owned() } else { output.moment(&site["since"]) };
        text.push_str(&format!("\nNobody can say who is at {} since {since}.", name(&site["site"])));
    }
    let sessions = json!({ "items": status["sessions"] });
    if !items(&sessions).is_empty() {
        text.push('\n');
        text.push_str(&table(output, &sessions));
    }
    text
}

/// A list of sessions under a heading.
pub(super) fn sessions(output: &Output<'_>, sessions: &Value, heading: &str) -> String {
    format!("{heading}\n{}", table(output, sessions))
}

fn table(output: &Output<'_>, sessions: &Value) -> String {
    output.table(&["PERSON", "WHERE", "SEEN", "SURE"], sessions, "No session is open.", |one| {
        let place = if one["site"].is_null() { "in an application".to_owned() } else { name(&one["site"]) };
        let sure = if one["is_ghost"] == true { "nobody can see there" } else { "yes" };
        vec![name(&one["person"]), place, output.age(&one["seen"]), sure.to_owned()]
    })
}

pub(super) fn findings(output: &Output<'_>, found: &Value) -> String {
    output.table(&["LOOKED AT", "WELL", "FOUND", "TOOK"], found, "Nothing was looked at.", |one| {
        let well = if one["is_well"] == true { "yes" } else { "NO" };
        vec![name(&one["what"]), well.to_owned(), name(&one["says"]), format!("{} ms", one["took_ms"])]
    })
}

pub(super) fn days(output: &Output<'_>, days: &Value) -> String {
    let heads = ["DATE", "PERSON", "WORTH", "DECIDED", "ANSWER", "SLOTS", "MINUTES", "SURE", "REVISION", "TOLD"];
    output.table(&heads, days, "No day is kept of that time; days are closed in the evening.", |day| {
        vec![
            name(&day["date"]),
            name(&day["person"]),
            word(&day["value"]),
            word(&day["decided"]),
            word(&day["answer"]),
            word(&day["slots"]),
            word(&day["minutes"]),
            word(&day["mark"]),
            day["revision"].to_string(),
            if day["published_revision"] == day["revision"] { "yes" } else { "not yet" }.to_owned(),
        ]
    })
}

/// A day with every slot.
pub(super) fn explain(output: &Output<'_>, shown: &Value) -> String {
    let day = &shown["day"];
    let mut text = format!(
        "{}: {}, worth {} by {} version {} ({} slots, {} minutes)",
        name(&day["date"]),
        word(&day["answer"]),
        day["value"],
        name(&day["policy"]),
        day["version"],
        day["slots"].as_array().map_or(0, Vec::len),
        day["minutes"]
    );
    match &shown["kept"] {
        Value::Null => text.push_str("\nIt is not closed yet."),
        kept => text.push_str(&format!(
            "\nKept: {}, {}, revision {}, told through {}.",
            word(&kept["value"]),
            word(&kept["mark"]),
            kept["revision"],
            kept["published_revision"]
        )),
    }
    if let Some(decision) = shown["decision"].as_object() {
        let said = |key: &str| decision.get(key).map_or_else(String::new, word);
        text.push_str(&format!("\n{} decided: {} ({}).", said("account"), said("value"), said("comment")));
    }
    for site in day["sites"].as_array().into_iter().flatten() {
        for session in site["sessions"].as_array().into_iter().flatten() {
            let (from, to) = (output.moment(&session["from"]), output.moment(&session["to"]));
            text.push_str(&format!("\n  {}  {from} to {to}, by {}", name(&site["site"]), list(&session["sources"])));
        }
    }
    for flag in day["flags"].as_array().into_iter().flatten() {
        text.push_str(&format!("\n  flag: {}", word(&flag["is"])));
    }
    for unseen in day["unseen"].as_array().into_iter().flatten() {
        let (from, to) = (output.moment(&unseen["from"]), output.moment(&unseen["to"]));
        let why = if unseen["reason"].is_null() { "nothing was told".to_owned() } else { name(&unseen["reason"]) };
        text.push_str(&format!("\n  not seen: {}  {from} to {to}: {why}", name(&unseen["site"])));
    }
    for slot in day["slots"].as_array().into_iter().flatten() {
        text.push_str(&format!("\n  {}", slot_text(output, slot)));
    }
    text
}

fn slot_text(output: &Output<'_>, slot: &Value) -> String {
    let seen = slot["seen"].as_array().into_iter().flatten().map(|seen| {
        let device: String = name(&seen["device"]).chars().take(SHORT).collect();
        format!("{device} at {} by {}", name(&seen["site"]), list(&seen["sources"]))
    });
    format!("{}  {}", output.moment(&slot["at"]), seen.collect::<Vec<_>>().join(", "))
}

fn list(words: &Value) -> String {
    let words = words.as_array().into_iter().flatten().map(word);
    words.collect::<Vec<_>>().join(" and ")
}

pub(super) fn policies(output: &Output<'_>, policies: &Value) -> String {
    output.table(&["NAME", "VERSION", "IN USE", "FROM", "WINDOW", "RULE"], policies, "There is no policy.", |one| {
        let policy = &one["policy"];
        let rule = &policy["rule"];
        let settings = rule.as_object().into_iter().flatten().filter(|(key, _)| *key != "is");
        let settings = settings.map(|(key, value)| format!("{key} {}", word(value))).collect::<Vec<_>>().join(", ");
        vec![
            name(&policy["name"]),
            policy["version"].to_string(),
            if one["is_in_use"] == true { "yes" } else { "" }.to_owned(),
            word(&policy["from"]),
            name(&policy["window"]),
            format!("{}: {settings}", name(&rule["is"])),
        ]
    })
}

/// Who would gain or lose what.
pub(super) fn balance(output: &Output<'_>, balance: &Value) -> String {
    let days = |halves: &Value| format!("{}", halves.as_f64().unwrap_or(0.0) / 2.0);
    let shares: Vec<Value> = balance["shares"]
        .as_object()
        .into_iter()
        .flatten()
        .map(|(person, share)| {
            json!({ "person": person, "gains": days(&share["gained_halves"]), "loses": days(&share["lost_halves"]) })
        })
        .collect();
    let mut text = format!(
        "{} of {} days of {} people would be worth something else. Nothing was changed.\n",
        balance["changed"], balance["days"], balance["people"]
    );
    let rows = json!({ "items": shares });
    text.push_str(&output.table(&["PERSON", "GAINS", "LOSES"], &rows, "Nobody would gain or lose.", |one| {
        vec![name(&one["person"]), name(&one["gains"]), name(&one["loses"])]
    }));
    let changes = balance["changes"].as_array().map(Vec::as_slice).unwrap_or_default();
    for change in changes.iter().take(ROWS_MAX) {
        text.push_str(&format!(
            "\n{}  {}: {} becomes {} ({} slots, {} minutes)",
            name(&change["date"]),
            name(&change["person"]),
            change["was"],
            change["becomes"],
            change["slots"],
            change["minutes"]
        ));
    }
    if changes.len() > ROWS_MAX {
        text.push_str(&format!("\nand {} more; --json has them all", changes.len() - ROWS_MAX));
    }
    text
}

/// How our days differ from the old ones, and why.
pub(super) fn differences(output: &Output<'_>, found: &Value) -> String {
    let mut text = format!(
        "{} days were compared, {} are the same.\n",
        found["compared"],
        found["compared"].as_u64().unwrap_or(0).saturating_sub(items(found).len() as u64)
    );
    text.push_str(&output.table(&["DATE", "PERSON", "HERE", "THERE", "WHY"], found, "Nothing differs.", |one| {
        let causes = one["causes"].as_array().into_iter().flatten().map(name);
        vec![
            name(&one["date"]),
            name(&one["person"]),
            one["ours"].to_string(),
            one["theirs"].to_string(),
            causes.collect::<Vec<_>>().join("; "),
        ]
    }));
    for person in found["unknown"].as_array().into_iter().flatten() {
        text.push_str(&format!("\nNobody here has the e-mail address of line {person}."));
    }
    text
}
