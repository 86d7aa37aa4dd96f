//! `ERPNext` with Frappe HR: one punch per call, local times, 417 for everything that is not valid.

use serde_json::{Value, json};

use super::{Kind, Manners, number, number_in};
use crate::hr::books::{Books, Employee, Record, moved};
use crate::hr::http::Request;
use crate::hr::reply::Reply;

const PEOPLE: &str = "/api/resource/Employee";
const CHECKINS: &str = "/api/resource/Employee Checkin";
const PUSH: &str = "employee_checkin.add_log_based_on_employee_field";
/// Rows on a page, if nobody asks for more.
const PAGE: usize = 20;

pub(super) fn kind(request: &Request) -> Kind {
    match (request.method.as_str(), request.path.as_str()) {
        ("GET", PEOPLE) => Kind::People,
        ("DELETE", _) => Kind::Undo,
        ("GET", _) => Kind::Probe,
        _ => Kind::Push,
    }
}

pub(super) fn answer(books: &mut Books, manners: &Manners, request: &Request) -> Reply {
    if request.header("expect").is_some() {
        return Reply::empty(417);
    }
    match (kind(request), request.path.as_str()) {
        (Kind::People, _) => people(books, manners, request),
        (Kind::Probe, CHECKINS) => checkins(books, request),
        (Kind::Undo, path) => {
            let id = path.strip_prefix(CHECKINS).and_then(|name| name.rsplit('-').next()?.parse().ok());
            if id.is_some_and(|id| books.remove(id)) {
                Reply::json(202, &json!({ "message": "ok" }))
            } else {
                Reply::json(404, &json!({ "exc_type": "DoesNotExistError" }))
            }
        }
        (Kind::Push, path) if path.ends_with(PUSH) => push(books, manners, &request.json()),
        _ => Reply::json(404, &json!({ "exc_type": "DoesNotExistError" })),
    }
}

fn employee(person: &Employee) -> String {
    format!("HR-EMP-{:05}", person.id())
}

fn checkin(id: u64) -> String {
    format!("EMP-CKIN-05-2031-{id:06}")
}

/// The filters of a query, `[[field, operator, value], …]`.
fn filters(request: &Request) -> Vec<(String, String, Value)> {
    let parsed: Vec<Vec<Value>> =
        request.field("filters").and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default();
    let text = |value: Option<&Value>| value.and_then(Value::as_str).unwrap_or_default().to_owned();
    parsed.iter().map(|one| (text(one.first()), text(one.get(1)), one.last().cloned().unwrap_or(Value::Null))).collect()
}

fn people(books: &Books, manners: &Manners, request: &Request) -> Reply {
    let offset = number_in(request, "limit_start").unwrap_or(0);
    let limit = number_in(request, "limit_page_length").unwrap_or(PAGE);
    let Some(page) = manners.list.page(&books.people, offset, limit) else { return Reply::empty(404) };
    let data = page.iter().map(|person| {
        json!({
            "name": employee(person), "employee_name": person.name, "attendance_device_id": person.number.to_string(),
            "status": if person.is_active { "Active" } else { "Left" },
        })
    });
    Reply::json(200, &json!({ "data": data.collect::<Vec<_>>() }))
}

fn checkins(books: &Books, request: &Request) -> Reply {
    let filters = filters(request);
    let fits = |record: &&Record| {
        filters.iter().all(|(field, operator, value)| {
            let value = value.as_str().unwrap_or_default();
            match (field.as_str(), operator.as_str()) {
                ("time", ">=") => record.from.as_str() >= value,
                ("time", "<=") => record.from.as_str() <= value,
                ("time", "<") => record.from.as_str() < value,
                ("time", _) => record.from == value,
                ("employee", _) => books.people.iter().any(|one| one.number == record.person && employee(one) == value),
                ("log_type", _) => record.way.as_deref() == Some(value),
                _ => true,
            }
        })
    };
    let all: Vec<Value> = books
        .records()
        .filter(fits)
        .map(|record| {
            let person = books.people.iter().find(|person| person.number == record.person).map(employee);
            json!({ "name": checkin(record.id), "employee": person, "time": record.from, "log_type": record.way })
        })
        .collect();
    let (start, limit) =
        (number_in(request, "limit_start").unwrap_or(0), number_in(request, "limit_page_length").unwrap_or(PAGE));
    let page: Vec<&Value> = all.iter().skip(start).take(limit).collect();
    Reply::json(200, &json!({ "data": page }))
}

fn push(books: &mut Books, manners: &Manners, said: &Value) -> Reply {
    let field = &said["employee_field_value"];
    let Some(person) = number(field) else { return invalid(manners, &unknown(manners, field), "ValidationError") };
    let Some(employee) = books.people.iter().find(|one| one.number == person).cloned() else {
        return invalid(manners, &unknown(manners, field), "ValidationError");
    };
    if !employee.is_active {
        let words = if manners.speaks_french { "Cette personne n'est plus active" } else { "Not an active person" };
        return invalid(manners, words, "InactiveEmployeeStatusError");
    }
    let Some(time) = said["timestamp"].as_str().and_then(|time| moved(time, manners.ahead_minutes)) else {
        return Reply::json(500, &json!({ "exc_type": "ParserError", "exc": "[\"Traceback: time\"]" }));
    };
    let way = said["log_type"].as_str().map(str::to_owned);
    if let Some(held) = books.of(person).into_iter().find(|record| record.from == time && record.way == way) {
        let name = checkin(held.id);
        // Within a JSON string within a JSON string, with a link whose quotes are escaped each time.
        let link = format!("<a href=\"/app/employee-checkin/{name}\">{name}</a>");
        let words = if manners.speaks_french { "Un pointage identique existe :" } else { "There is the same one:" };
        return invalid(manners, &format!("{words} {link}"), "ValidationError");
    }
    let record = Record { way, ..Record::new(person, time, said.clone()) };
    let id = books.store(record);
    let message = json!({ "name": checkin(id), "employee_name": employee.name, "time": said["timestamp"] });
    Reply::json(200, &json!({ "message": message }))
}

fn unknown(manners: &Manners, value: &Value) -> String {
    let words = if manners.speaks_french { "Personne ne correspond à" } else { "Nobody fits" };
    format!("{words} « attendance_device_id » : {value}")
}

/// 417, with the message encoded twice and the traceback only where the site shows them.
fn invalid(manners: &Manners, message: &str, exception: &str) -> Reply {
    let once = json!({ "message": message, "indicator": "red", "raise_exception": 1 }).to_string();
    let mut body = json!({ "_server_messages": json!([once]).to_string() });
    if manners.tells_tracebacks {
        let trace = format!("Traceback (most recent call last):\n  {exception}: {message}");
        body["exc"] = Value::from(json!([trace]).to_string());
        body["exc_type"] = Value::from(exception);
    }
    Reply::json(417, &body)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn books() -> Books {
        Books::new(vec![Employee::new(7), Employee { is_active: false, ..Employee::new(8) }], Vec::new())
    }

    fn punch(person: &str, time: &str) -> Value {
        json!({ "employee_field_value": person, "timestamp": time, "log_type": "IN" })
    }

    #[test]
    fn a_second_equal_punch_is_refused_with_a_link_encoded_twice() {
        let (mut books, manners) = (books(), Manners { speaks_french: true, ..Manners::default() });
        assert_eq!(push(&mut books, &manners, &punch("7", "2031-05-06 08:00:00")).status, 200);

        let reply = push(&mut books, &manners, &punch("7", "2031-05-06 08:00:00"));

        assert_eq!((reply.status, books.of(7).len()), (417, 1));
        let text = String::from_utf8(reply.body).unwrap();
        assert!(text.contains(r#"\\\"/app/employee-checkin/EMP-CKIN-"#), "{text}");
        assert!(!text.contains("exc_type"));
    }

    #[test]
    fn nobody_and_nobody_any_more_are_both_417() {
        let (mut books, manners) = (books(), Manners { tells_tracebacks: true, ..Manners::default() });
        for (person, word) in [("9", "attendance_device_id"), ("8", "InactiveEmployeeStatusError")] {
            let reply = push(&mut books, &manners, &punch(person, "2031-05-06 08:00:00"));
            assert_eq!(reply.status, 417);
            assert!(String::from_utf8(reply.body).unwrap().contains(word));
        }
    }

    #[test]
    fn rows_are_listed_by_their_time() {
        let mut books = books();
        for time in ["2031-05-06 08:00:00", "2031-05-07 08:00:00"] {
            push(&mut books, &Manners::default(), &punch("7", time));
        }
        let query = vec![("filters".to_owned(), r#"[["time",">=","2031-05-07 00:00:00"]]"#.to_owned())];
        let reply = checkins(&books, &Request { query, ..Request::default() });
        assert_eq!(serde_json::from_slice::<Value>(&reply.body).unwrap()["data"].as_array().unwrap().len(), 1);
    }
}
