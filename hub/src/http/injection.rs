//! Evil text in every field that takes text: no page and no file carries it out.
//!
//! Each exchange of the OpenAPI document is made again with one of its texts replaced. What is refused is harmless; what is
//! kept is read by every page that the first page leads to, and by every file for a spreadsheet.

use std::collections::{BTreeSet, VecDeque};

use axum::http::StatusCode;
use serde_json::Value;

use super::openapi::examples::{Exchange, exchanges};
use super::testing::exchanges::{Operation, parsed};
use super::testing::{Answer, Stage, Who};

/// Texts that are code somewhere: in a page, in an attribute, in SQL, in a spreadsheet, in a header.
const EVIL: [&str; 6] = [
    "<script>alert(1)</script>",
    "\"'><img src=x onerror=alert(1)>",
    "x'; DROP TABLE site; --",
    "=HYPERLINK(\"http://evil.example\")",
    "@SUM(1+1)*cmd|' /C calc'!A0",
    "x\r\nSet-Cookie: evil=1",
];
/// What no page may hold as it is.
const MARKUP: [&str; 2] = ["<script>alert(1)", "<img src=x"];
/// Files for spreadsheets.
const FILES: [&str; 1] = ["/api/v1/machines.csv"];
/// Pages that are read: far more than there are kinds.
const PAGES_MAX: usize = 400;
/// They end what others need.
const LEFT_OUT: [&str; 4] = ["person_erase", "sites_revoke", "sites_remove", "rebuild_start"];

/// Where the texts of a JSON value are.
fn texts(value: &Value, at: &str, found: &mut Vec<String>) {
    match value {
        Value::String(_) => found.push(at.to_owned()),
        Value::Array(rows) => {
            rows.iter().enumerate().for_each(|(number, row)| texts(row, &format!("{at}/{number}"), found));
        }
        Value::Object(fields) => {
            fields.iter().for_each(|(name, field)| texts(field, &format!("{at}/{}", name.replace('/', "~1")), found));
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// The exchange with each of its texts replaced by this one.
fn spoilt(exchange: &Exchange, evil: &str) -> Vec<Exchange> {
    let Some(body) = exchange.body.as_ref().filter(|body| body.is_object()) else { return Vec::new() };
    let mut places = Vec::new();
    texts(body, "", &mut places);
    let with = |place: &String| {
        let mut body = body.clone();
        if let Some(text) = body.pointer_mut(place) {
            *text = Value::String(evil.to_owned());
        }
        Exchange { body: Some(body), ..exchange.clone() }
    };
    places.iter().map(with).collect()
}

/// Asks for everything once as it should be, and once with each text spoilt; how many of those were kept.
async fn tell(stage: &Stage, evil: &str) -> usize {
    let operations = parsed().1;
    let (mut made, mut kept): (Vec<Exchange>, usize) = (Vec::new(), 0);
    for exchange in exchanges().into_iter().filter(|one| !is_left_out(&operations[&one.operation])) {
        let operation = &operations[&exchange.operation];
        for one in spoilt(&exchange, evil) {
            let answer = stage.make(operation, &one, &made).await;
            assert!(answer.status != StatusCode::INTERNAL_SERVER_ERROR, "{}: {answer:?}", exchange.operation);
            assert_eq!(answer.header("set-cookie"), "", "{}", exchange.operation);
            kept += usize::from(answer.status.is_success());
        }
        let answer = stage.make(operation, &exchange, &made).await;
        made.push(Exchange { answer: serde_json::from_str(&answer.text).ok(), ..exchange });
    }
    kept
}

fn is_left_out(operation: &Operation) -> bool {
    operation.method == axum::http::Method::DELETE || LEFT_OUT.contains(&operation.name())
}

async fn get(stage: &Stage, path: &str) -> Answer {
    stage.get(path).by(Who::Socket).send().await
}

/// Every page that can be reached from the first one by links.
pub(super) async fn pages(stage: &Stage) -> Vec<(String, Answer)> {
    let (mut waiting, mut known) = (VecDeque::from(["/".to_owned()]), BTreeSet::new());
    let mut pages = Vec::new();
    while let Some(path) = waiting.pop_front() {
        if pages.len() >= PAGES_MAX || !known.insert(path.clone()) {
            continue;
        }
        let answer = get(stage, &path).await;
        if answer.header("content-type").starts_with("text/html") {
            waiting.extend(links(&answer.text));
            pages.push((path, answer));
        }
    }
    pages
}

/// The addresses of our own pages that a page links to.
fn links(page: &str) -> Vec<String> {
    let aims = page.split("href=\"").skip(1).filter_map(|rest| rest.split('"').next());
    let is_page = |aim: &&str| {
        aim.starts_with('/') && !aim.starts_with("//") && !aim.starts_with("/api/") && !aim.starts_with("/assets/")
    };
    let plain = |aim: &str| {
        let aim = aim.split('#').next().unwrap_or_default();
        aim.replace("&amp;", "&").replace("&#38;", "&").replace("&#x26;", "&")
    };
    aims.filter(is_page).map(plain).collect()
}

/// Whether a spreadsheet would compute a cell of this file.
fn computes(file: &str) -> Option<&str> {
    let cells = file.lines().flat_map(|line| line.split([',', ';', '\t']));
    cells.map(|cell| cell.trim_start_matches('"')).find(|cell| {
        // A negative number is one, and nothing else begins so.
        cell.starts_with(['=', '@', '+', '-']) && cell.parse::<f64>().is_err()
    })
}

#[tokio::test]
async fn no_page_carries_out_what_somebody_typed() {
    for evil in EVIL {
        let stage = Stage::whole().await;
        let kept = tell(&stage, evil).await;
        assert!(kept > 0 || evil.contains('\n'), "nothing took `{evil}`");

        let pages = pages(&stage).await;

        assert!(pages.len() > 3, "only {} pages were found", pages.len());
        for (path, page) in pages {
            assert!(!page.status.is_server_error(), "{path}: {}", page.status);
            for markup in MARKUP {
                assert!(!page.text.contains(markup), "{path} holds {markup} as it was typed");
            }
        }
    }
}

#[tokio::test]
async fn no_file_for_a_spreadsheet_computes_what_somebody_typed() {
    for evil in EVIL {
        let stage = Stage::whole().await;
        tell(&stage, evil).await;
        for path in FILES {
            let file = get(&stage, path).await;
            assert!(file.header("content-type").starts_with("text/csv"), "{path}: {file:?}");
            assert_eq!(computes(&file.text), None, "{path}");
        }
    }
}

#[test]
fn a_cell_that_computes_and_a_link_that_leads_on_are_found() {
    assert_eq!(computes("a,-1.5,\"=1+1\"\n"), Some("=1+1\""));
    assert_eq!(computes("a,-1.5,'=1+1\n"), None);
    assert_eq!(links("<a href=\"/x?a=1&amp;b=2#c\"><a href=\"/api/v1/x\"><a href=\"//y\">"), ["/x?a=1&b=2"]);
}

#[tokio::test]
async fn a_list_is_never_taken_for_an_object() {
    let stage = Stage::new().await;
    for (name, operation) in parsed().1 {
        let of_body = operation
            .sent()
            .filter(|(kind, content)| *kind == "application/json" && content["schema"]["$ref"].as_str().is_some());
        if of_body.is_none() {
            continue;
        }
        let path = operation.path.replace(['{', '}'], "");
        for list in ["[]", "[null,null,null,null,null,null,null,null]"] {
            let ask = stage.request(operation.method.clone(), &path).by(Who::Socket);
            let answer = ask.bytes("application/json", list.into()).send().await;
            assert!(answer.status.is_client_error(), "{name} took {list}: {}", answer.text);
        }
    }
}
