//! The format of the server that Vigie replaces: `{"users": […]}` by GET, `{"attendance": […]}` by POST.
//!
//! With `enrollid` and `time` in the query, a GET lists the rows that are held, for mappings that look before they
//! send again.

use serde_json::{Value, json};

use super::{Kind, Manners, Results, number, number_in};
use crate::hr::books::{Books, Record, moved};
use crate::hr::http::Request;
use crate::hr::reply::Reply;

/// Rows of people on a page, if nobody asks for more.
const PAGE: usize = 1000;

pub(super) fn kind(request: &Request) -> Kind {
    match (request.method.as_str(), request.field("enrollid")) {
        ("GET", Some(_)) => Kind::Probe,
        ("GET", None) => Kind::People,
        ("DELETE", _) => Kind::Undo,
        _ => Kind::Push,
    }
}

pub(super) fn answer(books: &mut Books, manners: &Manners, request: &Request) -> Reply {
    match kind(request) {
        Kind::People => people(books, manners, request),
        Kind::Probe => held(books, request),
        Kind::Undo => {
            let id = request.path.rsplit('/').next().and_then(|id| id.parse().ok());
            Reply::empty(if id.is_some_and(|id| books.remove(id)) { 204 } else { 404 })
        }
        Kind::Push | Kind::Login => take(books, manners, &request.json()),
    }
}

fn people(books: &Books, manners: &Manners, request: &Request) -> Reply {
    let (offset, limit) = (number_in(request, "offset").unwrap_or(0), number_in(request, "limit").unwrap_or(PAGE));
    let Some(page) = manners.list.page(&books.people, offset, limit) else { return Reply::empty(404) };
    let users = page.iter().map(|person| {
        json!({
            "enrollid": person.number, "name": person.name, "admin": 0, "is_enabled": person.is_active,
            "weekzone": 1, "group": 0,
        })
    });
    Reply::json(200, &json!({ "users": users.collect::<Vec<_>>() }))
}

fn held(books: &Books, request: &Request) -> Reply {
    let person = number_in(request, "enrollid");
    let time = request.field("time");
    let is_meant =
        |record: &&Record| usize::try_from(record.person).ok() == person && time.is_none_or(|time| record.from == time);
    let rows = books.records().filter(is_meant).map(|record| json!({ "id": record.id, "row": record.said }));
    Reply::json(200, &json!({ "attendance": rows.collect::<Vec<_>>() }))
}

/// What became of one row.
enum Verdict {
    Stored(u64),
    Held(u64),
    Unknown,
    Refused(&'static str),
}

fn take(books: &mut Books, manners: &Manners, body: &Value) -> Reply {
    let Some(rows) = body["attendance"].as_array() else {
        return Reply::json(400, &json!({ "message": "attendance is missing" }));
    };
    let is_bad = |row: &Value| matches!(judged(books, manners, row), Verdict::Refused(_) | Verdict::Unknown);
    if manners.results == Results::None && rows.iter().any(is_bad) {
        // All or nothing, and not a word about which.
        return Reply::json(400, &json!({ "message": "invalid data" }));
    }
    let verdicts: Vec<Verdict> = rows.iter().map(|row| stored(books, manners, row)).collect();
    told(manners.results, rows, &verdicts)
}

fn judged(books: &Books, manners: &Manners, row: &Value) -> Verdict {
    let text = row.to_string();
    let Some(person) = number(&row["enrollid"]) else { return Verdict::Refused("enrollid is no number") };
    let Some(time) = row["time"].as_str().and_then(|time| moved(time, manners.ahead_minutes)) else {
        return Verdict::Refused("time is no time");
    };
    if manners.poison.iter().any(|poison| text.contains(poison.as_str())) {
        return Verdict::Refused("invalid");
    }
    if manners.knows_its_people && books.active(person).is_none() {
        return Verdict::Unknown;
    }
    let way = Some(row["inout"].to_string());
    let is_same = |record: &&&Record| record.from == time && record.way == way && manners.refuses_overlap;
    books.of(person).iter().find(is_same).map_or(Verdict::Stored(0), |record| Verdict::Held(record.id))
}

fn stored(books: &mut Books, manners: &Manners, row: &Value) -> Verdict {
    let verdict = judged(books, manners, row);
    let (Verdict::Stored(_), Some(person)) = (&verdict, number(&row["enrollid"])) else { return verdict };
    let from = moved(row["time"].as_str().unwrap_or_default(), manners.ahead_minutes).unwrap_or_default();
    let way = Some(row["inout"].to_string());
    let record = Record { way, ..Record::new(person, from, row.clone()) };
    Verdict::Stored(books.store(record))
}

fn told(results: Results, rows: &[Value], verdicts: &[Verdict]) -> Reply {
    let is_whole = verdicts.iter().all(|verdict| matches!(verdict, Verdict::Stored(_) | Verdict::Held(_)));
    let by_row = |(row, verdict): (&Value, &Verdict)| {
        let log_id = &row["log_id"];
        match verdict {
            Verdict::Stored(id) => json!({ "log_id": log_id, "status": "ok", "id": id }),
            Verdict::Held(id) => json!({ "log_id": log_id, "status": "duplicate", "id": id }),
            Verdict::Unknown => json!({ "log_id": log_id, "status": "unknown_user", "message": "no such user" }),
            Verdict::Refused(why) => json!({ "log_id": log_id, "status": "rejected", "message": why }),
        }
    };
    let mixed = |verdict: &Verdict, word: &str| match verdict {
        Verdict::Stored(id) | Verdict::Held(id) => json!({ "success": true, "id": id }),
        Verdict::Unknown => json!({ "success": false, "id": null, word: "no such user" }),
        Verdict::Refused(why) => json!({ "success": false, "id": null, word: why }),
    };
    match results {
        Results::None => Reply::json(200, &json!({})),
        Results::ByRow | Results::Short => {
            let mut all: Vec<Value> = rows.iter().zip(verdicts).map(by_row).collect();
            all.truncate(if results == Results::Short { all.len().saturating_sub(1) } else { all.len() });
            Reply::json(200, &json!({ "results": all }))
        }
        Results::Mixed400 => {
            let all: Vec<Value> = verdicts.iter().map(|verdict| mixed(verdict, "error_msg")).collect();
            let body = json!({ "success": is_whole, "error": { "message": "see the list", "detailed_message": all } });
            Reply::json(if is_whole { 200 } else { 400 }, &body)
        }
        Results::Mixed201 => {
            let all: Vec<Value> = verdicts.iter().map(|verdict| mixed(verdict, "error")).collect();
            Reply::json(201, &Value::from(all))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hr::books::Employee;

    fn row(person: u64, time: &str) -> Value {
        json!({ "enrollid": person, "time": time, "inout": 0 })
    }

    fn push(books: &mut Books, manners: &Manners, rows: &[Value]) -> (u16, Value) {
        let reply = take(books, manners, &json!({ "attendance": rows }));
        (reply.status, serde_json::from_slice(&reply.body).unwrap())
    }

    #[test]
    fn without_results_one_bad_row_refuses_the_batch() {
        let mut books = Books::default();
        let rows = [row(1, "2031-05-06T08:00:00Z"), row(2, "soon")];

        assert_eq!(push(&mut books, &Manners::default(), &rows).0, 400);
        assert_eq!(books.records().count(), 0);
        assert_eq!(push(&mut books, &Manners::default(), &rows[..1]).0, 200);
        assert_eq!(books.of(1).len(), 1);
    }

    #[test]
    fn with_results_the_good_rows_of_a_refused_batch_are_stored() {
        let rows = [row(1, "2031-05-06T08:00:00Z"), row(2, "soon"), row(3, "2031-05-06T08:00:00Z")];
        for (results, status, pointer) in [
            (Results::ByRow, 200, "/results"),
            (Results::Mixed400, 400, "/error/detailed_message"),
            (Results::Mixed201, 201, ""),
        ] {
            let (mut books, manners) = (Books::default(), Manners { results, ..Manners::default() });

            let (told, body) = push(&mut books, &manners, &rows);

            assert_eq!(told, status);
            assert_eq!(body.pointer(pointer).unwrap().as_array().unwrap().len(), 3);
            assert_eq!(books.records().map(|record| record.person).collect::<Vec<_>>(), [1, 3]);
        }
    }

    #[test]
    fn a_short_list_lacks_the_last_row() {
        let manners = Manners { results: Results::Short, ..Manners::default() };
        let rows = [row(1, "2031-05-06T08:00:00Z"), row(2, "2031-05-06T08:00:00Z")];
        assert_eq!(push(&mut Books::default(), &manners, &rows).1["results"].as_array().unwrap().len(), 1);
    }

    #[test]
    fn who_is_not_there_is_told_apart_from_what_is_wrong() {
        let manners = Manners { results: Results::ByRow, knows_its_people: true, ..Manners::default() };
        let mut books = Books::new(vec![Employee::new(1)], Vec::new());
        let (_, body) = push(&mut books, &manners, &[row(9, "2031-05-06T08:00:00Z")]);
        assert_eq!(body["results"][0]["status"], "unknown_user");
    }
}
