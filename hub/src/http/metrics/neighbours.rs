//! The files for Prometheus and Grafana that come with the hub ask only for what `/metrics` shows.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::http::testing::{Stage, live};
use crate::store::accounts::Role;

const DASHBOARD: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../packaging/grafana/vigie.json"));
const RULES: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../packaging/prometheus/vigie.rules.yml"));

/// The names of ours in a text, without what a summary adds.
fn names(text: &str) -> BTreeSet<String> {
    let is_part = |c: char| c.is_ascii_lowercase() || c == '_';
    let words = text.split(|c| !is_part(c)).filter(|word| word.starts_with("vigie_") || word.starts_with("process_"));
    words.map(|word| word.trim_end_matches("_sum").trim_end_matches("_count").to_owned()).collect()
}

fn expressions(dashboard: &Value) -> Vec<String> {
    let panels = dashboard["panels"].as_array().unwrap().iter();
    let targets = panels.flat_map(|panel| panel["targets"].as_array().unwrap());
    let asked = targets.map(|target| target["expr"].as_str().unwrap().to_owned());
    let variables = dashboard["templating"]["list"].as_array().unwrap().iter();
    asked.chain(variables.filter_map(|one| one["query"]["query"].as_str().map(str::to_owned))).collect()
}

async fn shown() -> BTreeSet<String> {
    let stage = Stage::new().await;
    let metz = stage.add_site("metz", "Metz").await;
    stage.fleet.tell(&metz, live());
    let text = stage.get("/metrics").role(Role::Viewer).send().await.text;
    let mut shown: BTreeSet<String> =
        text.lines().filter_map(|line| line.strip_prefix("# TYPE ")?.split(' ').next()).map(str::to_owned).collect();
    // The stage's double of the other parts shows one counter only; their own are these.
    shown.extend(
        crate::http::meters::of_ingest(&crate::ingest::Counters::default()).iter().map(|one| one.name.to_owned()),
    );
    let commits = crate::ingest::driver::Commits::default();
    shown.extend(crate::http::meters::of_commits(&commits).iter().map(|one| one.name.to_owned()));
    shown
}

#[tokio::test]
async fn every_metric_that_dashboard_and_rules_name_is_shown() {
    let shown = shown().await;
    let asked: BTreeSet<String> = expressions(&serde_json::from_str(DASHBOARD).unwrap())
        .iter()
        .flat_map(|expression| names(expression))
        .chain(RULES.lines().filter_map(|line| line.trim().strip_prefix("expr:")).flat_map(names))
        .collect();
    assert!(asked.len() > 20, "{asked:?}");
    let missing: Vec<&String> = asked.difference(&shown).collect();
    assert!(missing.is_empty(), "{missing:?} are asked for; shown are {shown:?}");
}

#[test]
fn panels_have_numbers_of_their_own_and_stand_side_by_side() {
    let dashboard: Value = serde_json::from_str(DASHBOARD).unwrap();
    let panels = dashboard["panels"].as_array().unwrap();
    let ids: BTreeSet<u64> = panels.iter().map(|panel| panel["id"].as_u64().unwrap()).collect();
    assert_eq!(ids.len(), panels.len());
    let place = |panel: &Value, key: &str| panel["gridPos"][key].as_u64().unwrap();
    let mut taken = BTreeSet::new();
    for panel in panels {
        assert!(place(panel, "x") + place(panel, "w") <= 24, "{panel}");
        for x in 0..place(panel, "w") {
            for y in 0..place(panel, "h") {
                assert!(taken.insert((place(panel, "x") + x, place(panel, "y") + y)), "{panel}");
            }
        }
    }
}

#[test]
fn every_rule_says_what_is_wrong_and_what_to_do() {
    let count = |word: &str| RULES.lines().filter(|line| line.trim_start().starts_with(word)).count();
    let rules = count("- alert:");
    assert!(rules > 5);
    for word in ["expr:", "labels:", "summary:", "description:"] {
        assert_eq!(count(word), rules, "{word}");
    }
}
