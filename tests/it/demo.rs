//! The demo as somebody sees it who typed one command.

use reqwest::Client;
use serde_json::Value;
use vigie_tests::processes::{Program, free_port, wait_for};

/// What the demo's owner sees.
struct Visitor {
    http: Client,
    base: String,
    token: String,
}

impl Visitor {
    async fn text(&self, path: &str) -> String {
        let asked = self.http.get(format!("{}{path}", self.base)).header("authorization", &self.token);
        asked.send().await.unwrap().text().await.unwrap()
    }

    async fn items(&self, path: &str) -> Vec<Value> {
        let said: Value = serde_json::from_str(&self.text(path).await).unwrap();
        said["items"].as_array().unwrap().clone()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_demo_shows_a_fleet_says_what_it_is_and_goes_on() {
    let parent = tempfile::tempdir().unwrap();
    let (folder, port) = (parent.path().join("demo"), free_port().unwrap());
    let (data, admin) = (folder.to_str().unwrap(), format!("127.0.0.1:{port}"));
    let words = ["--data", data, "demo", "--days", "3", "--admin", &admin];
    let mut program = Program::start("vigie-hub", &words, &parent.path().join("demo.log")).unwrap();
    let is_shown =
        wait_for("the demo", async || program.said().contains("Dashboard") || program.ended().is_some()).await;
    assert!(is_shown.is_ok() && program.ended().is_none(), "{}", program.said());
    let header = std::fs::read_to_string(folder.join("curl-header")).unwrap();
    let token = header.trim().trim_start_matches("Authorization: ").to_owned();
    drop(rustls::crypto::ring::default_provider().install_default());
    let http = Client::builder().no_proxy().build().unwrap();
    let visitor = Visitor { http, base: format!("http://{admin}"), token };

    let sites = visitor.items("/api/v1/sites").await;
    assert_eq!(sites.len(), 12);
    let reach = |id: &str| sites.iter().find(|site| site["id"] == id).unwrap()["reach"].clone();
    assert_eq!((reach("metz"), reach("grenoble")), ("reachable".into(), "silent".into()));
    assert!(visitor.text("/login").await.contains("class=\"demo\""), "each page says that nothing is real");
    // How many are there depends on the hour; that the question is answered does not.
    let now: Value = serde_json::from_str(&visitor.text("/api/v1/presence/now").await).unwrap();
    assert!(now["at"].is_string() && now["people"].is_u64(), "{now}");
    assert_eq!(visitor.items("/api/v1/people").await.len(), 46);
    assert_eq!(visitor.items("/api/v1/machines").await.len(), 14);
    assert_eq!(visitor.items("/api/v1/rollouts").await[0]["boxes"]["failed"], 1);
    let yesterday = (jiff::Timestamp::now() - jiff::SignedDuration::from_hours(24)).strftime("%Y-%m-%d");
    assert_eq!(visitor.items(&format!("/api/v1/presence/days?from={yesterday}&through={yesterday}")).await.len(), 24);

    let newest = async || visitor.items("/api/v1/punches?limit=1").await[0]["key"].clone();
    let before = newest().await;
    wait_for("somebody at the door", async || newest().await != before).await.unwrap();
    assert!(program.stop().await.unwrap(), "{}", program.said());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_of_something_else_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("vigie.db"), "real").unwrap();
    let data = folder.path().to_str().unwrap();
    let mut program = Program::start("vigie-hub", &["--data", data, "demo"], &folder.path().join("demo.log")).unwrap();
    wait_for("the refusal", async || program.ended().is_some()).await.unwrap();
    assert!(program.said().contains("nothing of it was touched"), "{}", program.said());
    assert_eq!(std::fs::read_to_string(folder.path().join("vigie.db")).unwrap(), "real");
}
