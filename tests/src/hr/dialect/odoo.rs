//! Odoo 19 by `/json/2`: an IN creates a row, an OUT completes it; overlaps are refused, in the user's language.

mod domain;

use serde_json::{Value, json};

use super::{Kind, Manners, number};
use crate::hr::books::{Books, Record, moved};
use crate::hr::http::Request;
use crate::hr::reply::Reply;

/// Rows of a list, if nobody asks for fewer.
const PAGE: usize = 1000;

pub(super) fn kind(request: &Request) -> Kind {
    match request.path.as_str() {
        "/json/2/hr.employee/search_read" => Kind::People,
        path if path.ends_with("/search_read") || path.ends_with("/search") => Kind::Probe,
        path if path.ends_with("/unlink") => Kind::Undo,
        _ => Kind::Push,
    }
}

pub(super) fn answer(books: &mut Books, manners: &Manners, request: &Request) -> Reply {
    let said = request.json();
    if !said.is_object() {
        return fault(400, "werkzeug.exceptions.BadRequest", "no JSON object");
    }
    match request.path.as_str() {
        "/json/2/hr.employee/search_read" => people(books, manners, &said),
        "/json/2/hr.attendance/search_read" => rows(books, &said),
        "/json/2/hr.attendance/create" => create(books, manners, &said),
        "/json/2/hr.attendance/write" => write(books, manners, &said),
        "/json/2/hr.attendance/unlink" => {
            for id in ids(&said) {
                books.remove(id);
            }
            Reply::json(200, &json!(true))
        }
        path => fault(404, "werkzeug.exceptions.NotFound", path),
    }
}

fn fault(status: u16, name: &str, message: &str) -> Reply {
    Reply::json(
        status,
        &json!({ "name": name, "message": message, "arguments": [message], "context": {}, "debug": "" }),
    )
}

fn refused(manners: &Manners) -> Reply {
    // A repeated IN, an IN while open and a forgotten OUT: one text for all.
    let words =
        if manners.speaks_french { "Présence déjà ouverte ou superposée" } else { "Open or overlapping row" };
    fault(422, "odoo.exceptions.ValidationError", words)
}

fn ids(said: &Value) -> Vec<u64> {
    said["ids"].as_array().into_iter().flatten().filter_map(number).collect()
}

fn page<'a>(all: &'a [Value], said: &Value) -> &'a [Value] {
    let at = |name: &str| number(&said[name]).and_then(|number| usize::try_from(number).ok());
    let rest = all.get(at("offset").unwrap_or(0)..).unwrap_or_default();
    &rest[..at("limit").unwrap_or(PAGE).min(rest.len())]
}

fn people(books: &Books, manners: &Manners, said: &Value) -> Reply {
    let at = |name: &str| number(&said[name]).and_then(|number| usize::try_from(number).ok());
    let shown: Vec<_> = books.people.iter().filter(|person| person.is_active).cloned().collect();
    let page = manners.list.page(&shown, at("offset").unwrap_or(0), at("limit").unwrap_or(PAGE));
    let Some(page) = page else { return fault(404, "werkzeug.exceptions.NotFound", "no such page") };
    let all = page.iter().map(
        |person| json!({ "id": person.id(), "name": person.name, "barcode": person.number.to_string(), "pin": false }),
    );
    Reply::json(200, &all.collect())
}

/// A row as the system shows it: what is empty is false.
fn shown(books: &Books, record: &Record) -> Value {
    let person = books.people.iter().find(|person| person.number == record.person);
    let employee = person.map(|person| json!([person.id(), person.name]));
    json!({
        "id": record.id, "employee_id": employee, "check_in": record.from,
        "check_out": record.to.as_deref().map_or(Value::Bool(false), Value::from),
    })
}

fn rows(books: &Books, said: &Value) -> Reply {
    let terms = said["domain"].as_array().map(Vec::as_slice).unwrap_or_default();
    let all: Vec<Value> = books.records().map(|record| shown(books, record)).collect();
    let fitting: Vec<Value> = all.into_iter().filter(|row| domain::fits(terms, row)).collect();
    Reply::json(200, &Value::from(page(&fitting, said)))
}

/// A time as this system takes it, in its own zone; none if it is written otherwise.
fn time(manners: &Manners, value: &Value) -> Option<String> {
    let text = value.as_str().filter(|text| text.len() == 19 && !text.contains('T'))?;
    moved(text, manners.ahead_minutes)
}

fn create(books: &mut Books, manners: &Manners, said: &Value) -> Reply {
    let rows = match &said["vals_list"] {
        Value::Array(rows) => rows.clone(),
        one @ Value::Object(_) => vec![one.clone()],
        _ => return fault(500, "builtins.TypeError", "vals_list is missing"),
    };
    // One call is one transaction: all is judged before anything is stored.
    let mut records: Vec<Record> = Vec::new();
    for row in rows {
        let Some(person) = number(&row["employee_id"]).and_then(|id| books.by_id(id)).map(|person| person.number)
        else {
            return fault(404, "odoo.exceptions.MissingError", "no such record");
        };
        let Some(from) = time(manners, &row["check_in"]) else {
            return fault(500, "builtins.ValueError", "time data does not match");
        };
        let to = row.get("check_out").filter(|to| to.is_string()).and_then(|to| time(manners, to));
        let new = Record { to, ..Record::new(person, from, row) };
        let others = books.of(person).into_iter().chain(records.iter().filter(|other| other.person == person));
        if others.into_iter().any(|other| overlaps(other, &new)) {
            return refused(manners);
        }
        records.push(new);
    }
    let ids: Vec<u64> = records.into_iter().map(|record| books.store(record)).collect();
    Reply::json(200, &json!(ids))
}

/// Whether two rows of one person may not both be there. Two open ones never may.
fn overlaps(held: &Record, new: &Record) -> bool {
    match (&held.to, &new.to) {
        (None, None) => true,
        (None, Some(to)) => *to > held.from,
        (Some(to), None) => *to > new.from && held.from <= new.from,
        (Some(held_to), Some(to)) => *held_to > new.from && *to > held.from,
    }
}

fn write(books: &mut Books, manners: &Manners, said: &Value) -> Reply {
    let vals = said.get("vals").filter(|vals| vals.is_object()).or_else(|| said.get("values"));
    let Some(vals) = vals else { return fault(500, "builtins.TypeError", "vals is missing") };
    let ids = ids(said);
    let Some(to) = time(manners, &vals["check_out"]) else {
        return fault(500, "builtins.ValueError", "time data does not match");
    };
    for id in &ids {
        let Some(record) = books.record(*id) else {
            return fault(404, "odoo.exceptions.MissingError", "no such record");
        };
        let (person, begin) = (record.person, record.from.clone());
        let is_crossed = books.of(person).into_iter().any(|other| {
            let ends_later = other.to.as_ref().is_none_or(|other_to| *other_to > begin);
            other.id != *id && other.from < to && ends_later
        });
        if to < begin || is_crossed {
            return refused(manners);
        }
    }
    for id in ids {
        books.close(id, &to);
    }
    Reply::json(200, &json!(true))
}

#[cfg(test)]
mod tests;
