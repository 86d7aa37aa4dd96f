//! Odoo's rules on rows of one person.

use super::*;
use crate::hr::books::Employee;

fn books() -> Books {
    Books::new(vec![Employee::new(7), Employee::new(8)], Vec::new())
}

fn ask(books: &mut Books, method: &str, said: &Value) -> (u16, Value) {
    let path = format!("/json/2/hr.attendance/{method}");
    let request =
        Request { method: "POST".to_owned(), path, body: said.to_string().into_bytes(), ..Request::default() };
    let reply = answer(books, &Manners::default(), &request);
    (reply.status, serde_json::from_slice(&reply.body).unwrap())
}

fn into(books: &mut Books, time: &str) -> (u16, Value) {
    ask(books, "create", &json!({ "vals_list": [{ "employee_id": 1007, "check_in": time }] }))
}

fn out(books: &mut Books, id: &Value, time: &str) -> u16 {
    ask(books, "write", &json!({ "ids": [id], "vals": { "check_out": time } })).0
}

#[test]
fn an_in_opens_and_an_out_closes() {
    let mut books = books();
    let (status, ids) = into(&mut books, "2031-05-06 08:00:00");
    assert_eq!(status, 200);
    assert_eq!(out(&mut books, &ids[0], "2031-05-06 17:00:00"), 200);
    assert_eq!(books.of(7)[0].to.as_deref(), Some("2031-05-06 17:00:00"));
}

#[test]
fn a_repeated_in_a_second_in_and_an_in_inside_say_the_same() {
    let mut books = books();
    let (_, ids) = into(&mut books, "2031-05-06 08:00:00");
    let repeated = into(&mut books, "2031-05-06 08:00:00");
    let second = into(&mut books, "2031-05-06 12:00:00");
    out(&mut books, &ids[0], "2031-05-06 17:00:00");
    let inside = into(&mut books, "2031-05-06 09:00:00");

    assert_eq!(repeated.0, 422);
    assert_eq!((&repeated, &repeated), (&second, &inside));
    assert_eq!(books.of(7).len(), 1);
}

#[test]
fn an_out_before_its_in_is_refused_and_at_the_same_second_is_not() {
    let mut books = books();
    let (_, ids) = into(&mut books, "2031-05-06 08:00:00");
    assert_eq!(out(&mut books, &ids[0], "2031-05-06 07:59:59"), 422);
    assert_eq!(out(&mut books, &ids[0], "2031-05-06 08:00:00"), 200);
}

#[test]
fn one_bad_row_cancels_the_call_and_a_bad_date_is_an_unforeseen_error() {
    let mut books = books();
    let rows = json!({ "vals_list": [
        { "employee_id": 1007, "check_in": "2031-05-06 08:00:00" }, { "employee_id": 1008, "check_in": "2031-05-06T08:00:00Z" },
    ] });
    assert_eq!(ask(&mut books, "create", &rows).0, 500);
    assert_eq!(books.records().count(), 0);
    assert_eq!(ask(&mut books, "create", &json!({ "vals_list": [{ "employee_id": 1 }] })).0, 404);
}

#[test]
fn what_is_open_can_be_found() {
    let mut books = books();
    into(&mut books, "2031-05-06 08:00:00");
    let domain = json!({ "domain": [["employee_id", "=", 1007], ["check_out", "=", false]], "limit": 1 });
    assert_eq!(ask(&mut books, "search_read", &domain).1[0]["id"], 1);
}
