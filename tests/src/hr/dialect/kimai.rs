//! Kimai: working times as spans, local times, no overlap check unless it is switched on.

use serde_json::{Value, json};

use super::{Kind, Manners, number};
use crate::hr::books::{Books, Record, moved};
use crate::hr::http::Request;
use crate::hr::reply::Reply;

const ROWS: &str = "/api/timesheets";
/// Fields that a row may have: any other is refused.
const FIELDS: &[&str] = &["begin", "end", "project", "activity", "user", "description", "tags"];

pub(super) fn kind(request: &Request) -> Kind {
    match (request.method.as_str(), request.path.as_str()) {
        ("GET", "/api/users") => Kind::People,
        ("GET", _) => Kind::Probe,
        ("DELETE", _) => Kind::Undo,
        _ => Kind::Push,
    }
}

pub(super) fn answer(books: &mut Books, manners: &Manners, request: &Request) -> Reply {
    let id = request.path.strip_prefix(ROWS).and_then(|rest| rest.strip_prefix('/')?.parse().ok());
    match (request.method.as_str(), request.path.as_str(), id) {
        ("GET", "/api/users", _) => people(books, manners),
        ("GET", ROWS, _) => rows(books, manners, request),
        ("POST", ROWS, _) => create(books, manners, &request.json()),
        ("PATCH", _, Some(id)) => close(books, manners, (id, &request.json())),
        ("DELETE", _, Some(id)) if books.remove(id) => Reply::empty(204),
        _ => Reply::json(404, &json!({ "code": 404, "message": "Not found" })),
    }
}

fn people(books: &Books, manners: &Manners) -> Reply {
    // The whole list at once, whatever was asked.
    let Some(people) = manners.list.page(&books.people, 0, books.people.len()) else { return Reply::empty(404) };
    let all = people.iter().map(|person| {
        json!({
            "id": person.id(), "username": person.name, "alias": null, "accountNumber": person.number.to_string(),
            "enabled": person.is_active,
        })
    });
    Reply::json(200, &all.collect())
}

fn rows(books: &Books, manners: &Manners, request: &Request) -> Reply {
    let user = request.field("user").and_then(|user| user.parse().ok()).and_then(|id| books.by_id(id));
    let bound = |name: &str| request.field(name).and_then(|time| minute(manners, &Value::from(time)));
    let (from, to) = (bound("begin"), bound("end"));
    let fits = |record: &&Record| {
        user.is_none_or(|user| user.number == record.person)
            && from.as_ref().is_none_or(|from| record.from >= *from)
            && to.as_ref().is_none_or(|to| record.from <= *to)
    };
    let all: Vec<Value> = books.records().filter(fits).map(|record| shown(books, record)).collect();
    let at = |name: &str, otherwise| request.field(name).and_then(|text| text.parse().ok()).unwrap_or(otherwise);
    let (page, size): (usize, usize) = (at("page", 1), at("size", 50));
    let behind = page.saturating_sub(1) * size;
    if behind > 0 && behind >= all.len() {
        return Reply::json(404, &json!({ "code": 404, "message": "Not found" }));
    }
    let shown: Vec<Value> = all.into_iter().skip(behind).take(size).collect();
    Reply::json(200, &Value::from(shown))
}

fn shown(books: &Books, record: &Record) -> Value {
    let user = books.people.iter().find(|person| person.number == record.person).map(super::Employee::id);
    json!({
        "id": record.id, "user": user, "begin": record.from, "end": record.to, "project": record.said["project"],
        "activity": record.said["activity"], "description": record.said["description"],
    })
}

/// A time as this system keeps it: in its own zone, without the seconds.
fn minute(manners: &Manners, value: &Value) -> Option<String> {
    let mut time = moved(value.as_str()?.trim_end_matches('Z'), manners.ahead_minutes)?;
    time.truncate(16);
    Some(format!("{time}:00"))
}

/// 400 with the errors beside the fields that they are about.
fn refused(manners: &Manners, field: &str) -> Reply {
    let words = if manners.speaks_french { "Cette valeur n'est pas acceptée." } else { "Not an accepted value." };
    let (mut children, mut errors) = (json!({}), json!([]));
    if field.is_empty() {
        errors = json!([words]);
    } else {
        children[field] = json!({ "errors": [words] });
    }
    let errors = json!({ "errors": errors, "children": children });
    Reply::json(400, &json!({ "code": 400, "message": "Validation Failed", "errors": errors }))
}

fn create(books: &mut Books, manners: &Manners, said: &Value) -> Reply {
    let Some(fields) = said.as_object() else { return refused(manners, "") };
    if fields.keys().any(|field| !FIELDS.contains(&field.as_str())) {
        return refused(manners, "");
    }
    for field in ["project", "activity"] {
        if said[field].as_u64().is_none() {
            return refused(manners, field);
        }
    }
    let Some(person) = number(&said["user"]).and_then(|id| books.by_id(id)).map(|person| person.number) else {
        return refused(manners, "user");
    };
    let Some(from) = minute(manners, &said["begin"]) else { return refused(manners, "begin") };
    let to = match said.get("end") {
        None | Some(Value::Null) => None,
        Some(end) => match minute(manners, end) {
            Some(end) => Some(end),
            None => return refused(manners, "end"),
        },
    };
    if to.as_ref().is_some_and(|to| *to < from) {
        return refused(manners, "end");
    }
    let record = Record { to, ..Record::new(person, from, said.clone()) };
    if manners.refuses_overlap && books.of(person).into_iter().any(|held| overlaps(held, &record)) {
        return refused(manners, "begin");
    }
    let id = books.store(record);
    Reply::json(200, &books.record(id).map_or(Value::Null, |record| shown(books, record)))
}

fn overlaps(held: &Record, new: &Record) -> bool {
    let begins_within = held.to.as_ref().is_none_or(|to| *to > new.from);
    begins_within && new.to.as_ref().is_none_or(|to| *to > held.from)
}

fn close(books: &mut Books, manners: &Manners, (id, said): (u64, &Value)) -> Reply {
    let Some(to) = minute(manners, &said["end"]) else { return refused(manners, "end") };
    match books.record(id).map(|record| record.from.clone()) {
        None => Reply::json(404, &json!({ "code": 404, "message": "Not found" })),
        Some(from) if to < from => refused(manners, "end"),
        Some(_) => {
            books.close(id, &to);
            Reply::json(200, &books.record(id).map_or(Value::Null, |record| shown(books, record)))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hr::books::Employee;

    fn span() -> Value {
        json!({
            "user": 1007, "project": 1, "activity": 2, "begin": "2031-05-06T08:00:42", "end": "2031-05-06T17:00:00",
            "description": "hub k1",
        })
    }

    fn books() -> Books {
        Books::new(vec![Employee::new(7)], Vec::new())
    }

    #[test]
    fn the_same_span_is_taken_twice_unless_overlaps_are_refused() {
        let (mut books, strict) = (books(), Manners { refuses_overlap: true, ..Manners::default() });
        assert_eq!(create(&mut books, &Manners::default(), &span()).status, 200);
        assert_eq!(create(&mut books, &strict, &span()).status, 400);
        assert_eq!(create(&mut books, &Manners::default(), &span()).status, 200);
        assert_eq!(books.twice().len(), 1);
    }

    #[test]
    fn an_unknown_field_or_a_missing_project_is_refused() {
        let mut books = books();
        for change in [json!({ "key": "x" }), json!({ "project": null }), json!({ "end": "2031-05-06T07:00:00" })] {
            let mut said = span();
            said.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
            assert_eq!(create(&mut books, &Manners::default(), &said).status, 400, "{said}");
        }
    }

    #[test]
    fn a_span_is_found_by_the_minute_of_its_begin() {
        let mut books = books();
        create(&mut books, &Manners::default(), &span());
        let query = [("user", "1007"), ("begin", "2031-05-06T08:00:00"), ("end", "2031-05-06T08:00:00")];
        let query = query.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
        let request = Request { method: "GET".to_owned(), path: ROWS.to_owned(), query, ..Request::default() };
        let reply = answer(&mut books, &Manners::default(), &request);
        assert_eq!(serde_json::from_slice::<Value>(&reply.body).unwrap()[0]["id"], 1);
    }

    #[test]
    fn a_page_beyond_the_last_is_not_found() {
        let query = vec![("page".to_owned(), "2".to_owned())];
        assert_eq!(rows(&books(), &Manners::default(), &Request { query, ..Request::default() }).status, 404);
    }
}
