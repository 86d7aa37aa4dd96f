//! Machines over the API.

use axum::http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::http::testing::{Answer, NOW, Stage};
use crate::store::accounts::Role;
use crate::store::machines::Told;
use crate::store::machines::tests::{row, told};
use crate::store::projections::Step;

const HOUR: i64 = 60 * 60 * 1000;

async fn hear(stage: &Stage, machines: Vec<Told>) {
    stage.store.apply(Step { machines, ..Step::default() }).await.unwrap();
}

/// A machine with that many bytes free on its disk.
fn mac(site: &str, serial: &str, (host, free): (u8, u64)) -> Told {
    let mut row = row(host, Some(host), Some(serial));
    let disk = row.facts.as_mut().unwrap().disk.as_mut().unwrap();
    disk.free_bytes = free;
    told(site, NOW, &row)
}

pub(super) async fn stage() -> Stage {
    let stage = Stage::new().await;
    let all = vec![
        mac("metz", "C02XL0AA", (7, 67_002_470_400)),
        mac("metz", "C02XL0BB", (8, 15_000_000_000)),
        mac("brest", "C02XL0CC", (9, 29_000_000_000)),
        told("metz", NOW, &row(10, Some(10), None)),
    ];
    hear(&stage, all).await;
    stage
}

async fn get(stage: &Stage, path: &str) -> Answer {
    stage.get(&format!("/api/v1/machines{path}")).role(Role::Viewer).send().await
}

fn ids(page: &Value) -> Vec<String> {
    page["items"].as_array().unwrap().iter().map(|one| one["id"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn a_machine_shows_what_it_said_with_its_age() {
    let stage = stage().await;
    insta::assert_json_snapshot!(get(&stage, "/C02XL0AA").await.json());
    let by_card = get(&stage, "/02%3A00%3A00%3A00%3A00%3A0a").await.json();
    assert_eq!((&by_card["reach"], &by_card["facts"]), (&json!("refused"), &Value::Null));
    let unknown = get(&stage, "/C02XL0ZZ").await;
    assert_eq!((unknown.status, unknown.code().as_str()), (StatusCode::NOT_FOUND, "machine_unknown"));
}

#[tokio::test]
async fn a_list_is_searched_sorted_and_has_pages_that_miss_none() {
    let stage = stage().await;
    let by_disk = ["C02XL0BB", "C02XL0CC", "C02XL0AA", "02:00:00:00:00:0a"];
    assert_eq!(ids(&get(&stage, "?sort=disk").await.json()), by_disk, "what is not known comes last");
    assert_eq!(ids(&get(&stage, "?q=marie&site=metz&sort=-disk").await.json()), ["C02XL0AA", "C02XL0BB"]);
    let (mut seen, mut after) = (Vec::new(), String::new());
    loop {
        let page = get(&stage, &format!("?sort=disk&limit=1{after}")).await.json();
        seen.extend(ids(&page));
        match page["next"].as_str() {
            Some(next) => after = format!("&after={next}"),
            None => break,
        }
    }
    assert_eq!(seen, by_disk);
    for wrong in ["?sort=colour", "?after=x", "?limit=0"] {
        assert_eq!(get(&stage, wrong).await.status, StatusCode::UNPROCESSABLE_ENTITY, "{wrong}");
    }
}

#[tokio::test]
async fn a_spreadsheet_gets_every_machine_and_no_formula() {
    let stage = stage().await;
    let mut evil = row(11, Some(11), Some("C02XL0DD"));
    evil.facts.as_mut().unwrap().computer_name = Some("=HYPERLINK(\"http://x\")".to_owned());
    hear(&stage, vec![told("metz", NOW, &evil)]).await;

    let by_name = get(&stage, ".csv?sort=disk").await;
    let by_wish = stage.get("/api/v1/machines?sort=disk").header("accept", "text/csv").role(Role::Viewer).send().await;

    assert_eq!(by_name.header("content-type"), "text/csv; charset=utf-8");
    assert_eq!(by_name.text, by_wish.text);
    let lines: Vec<&str> = by_name.text.lines().collect();
    assert_eq!(lines.len(), 6);
    assert!(lines[1].starts_with("Mac C02XL0BB,C02XL0BB,metz,192.168.1.8,02:00:00:00:00:08,read,"), "{}", lines[1]);
    assert!(lines.iter().all(|line| line.split(',').count() >= super::HEAD.len()), "{lines:?}");
    assert!(by_name.text.contains("\"'=HYPERLINK"), "{}", by_name.text);
}

#[tokio::test]
async fn a_machines_past_has_its_hours_and_what_changed() {
    let stage = stage().await;
    let mut older = row(7, Some(7), Some("C02XL0AA"));
    older.facts.as_mut().unwrap().os_version = Some("26.0".to_owned());
    hear(&stage, vec![told("metz", NOW - 30 * HOUR, &older), told("metz", NOW - 29 * HOUR, &older)]).await;

    let past = get(&stage, "/C02XL0AA/history").await.json();

    assert_eq!(past["hours"].as_array().unwrap().len(), 3);
    assert_eq!(past["hours"][2]["disk_free_bytes"], 67_002_470_400_u64);
    let change = json!({ "at": "2026-11-20T14:05:00.000Z", "what": "os_version", "from": "26.0", "to": "26.1" });
    assert_eq!(past["changes"], json!([change]));
    let page = get(&stage, "/C02XL0AA/history?limit=1").await.json();
    assert_eq!((page["hours"].as_array().unwrap().len(), &page["next"]), (1, &past["hours"][1]["at"]));
    let refused = get(&stage, "/C02XL0AA/history?from=2026-11-20T00:00:00Z&to=2026-11-19T00:00:00Z").await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
}

#[tokio::test]
async fn a_machine_is_forgotten_until_it_is_met_again() {
    let stage = stage().await;
    let path = "/api/v1/machines/C02XL0AA";
    let forget = async || stage.request(Method::DELETE, path).role(Role::Operator).send().await.status;
    assert_eq!(forget().await, StatusCode::NO_CONTENT);
    assert_eq!(forget().await, StatusCode::NOT_FOUND);
    assert!(stage.store.entries(None, 9).await.unwrap()[0].text.contains("forgotten by operator"));
    hear(&stage, vec![told("metz", NOW + HOUR, &row(7, Some(7), Some("C02XL0AA")))]).await;
    assert_eq!(get(&stage, "/C02XL0AA").await.json()["first"], "2026-11-20T15:05:00.000Z");
}
