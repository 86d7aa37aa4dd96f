//! The people of a dump: one row per terminal there, one person here.

use std::collections::BTreeMap;

use super::Person;
use super::dump::{Known, Numbered};
use super::report::Report;

/// Joins the rows of one person on several terminals: the same number and the same name.
pub(super) fn merged(users: &[Numbered], known: &Known, report: &mut Report) -> Vec<Person> {
    let mut people: BTreeMap<u64, BTreeMap<String, Person>> = BTreeMap::new();
    for Numbered { fields: user, .. } in users {
        let serial = user.reference(&["terminal", "device"]).and_then(|name| known.get(&name));
        let number = user.int(&["enrollid", "enroll_id", "user_id"]).and_then(|number| u64::try_from(number).ok());
        let (Some(serial), Some(number)) = (serial, number.filter(|number| *number > 0)) else {
            report.leave("people without a number or a terminal", "nothing can be joined to them");
            continue;
        };
        let Some(name) = user.text(&["name", "full_name", "username"]) else {
            report.leave("people without a name", "their terminals know them, the hub learns them from there");
            continue;
        };
        let same = people.entry(number).or_default().entry(name.to_lowercase()).or_insert_with(|| Person {
            id: number.to_string(),
            name,
            numbers: Vec::new(),
        });
        let place = (serial.clone(), number);
        if !same.numbers.contains(&place) {
            same.numbers.push(place);
        }
    }
    let mut all = Vec::new();
    for (number, mut same) in people {
        if same.len() > 1 {
            let names: Vec<&str> = same.values().map(|person| person.name.as_str()).collect();
            report.note(format!(
                "The number {number} is several people, each on its own terminals: {}. They are kept apart; join them by \
                 hand if they are one.",
                names.join(", ")
            ));
            for person in same.values_mut() {
                let terminal = person.numbers.first().map_or("", |(terminal, _)| terminal);
                person.id = format!("{number} on {terminal}");
            }
        }
        all.extend(same.into_values());
    }
    report.take("people", all.len());
    all
}
