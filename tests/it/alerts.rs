//! An outage as people live it: a hundred boxes' connections, a hub, mailboxes.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::task::JoinSet;
use vigie_agent::identity::{Identity, enrol};
use vigie_shared::enrol::Said;
use vigie_shared::lifecycle::Lifecycle;
use vigie_tests::load::{Recipe, live};
use vigie_tests::processes::{HubProcess, wait_for};
use vigie_tests::smtp::{Setup, SmtpServer};

const BOXES: usize = 100;
const READERS: [&str; 2] = ["anna@example.org", "bruno@example.org"];

/// A hub for which seconds are what minutes are for others, and which writes by that server.
async fn hub(folder: &Path, server: &SmtpServer) -> HubProcess {
    let mut hub = HubProcess::new(folder).unwrap();
    hub.configure(&format!(
        "[mail]\nserver = \"localhost\"\nport = {}\nsecurity = \"none\"\nfrom = \"vigie@example.org\"\nrecipients = \
         {READERS:?}\n[alerts.site_offline]\nafter = \"6s\"\n[alerts.telling]\nfirst_wait = \"3s\"\nover_after = \"1s\"",
        server.port()
    ))
    .unwrap();
    hub.start().await.unwrap();
    hub
}

async fn enrol_all(hub: &HubProcess) -> Vec<Identity> {
    let mut identities = Vec::new();
    for number in 0..BOXES {
        let invited = hub.post("/api/v1/sites", &json!({ "id": format!("club{number:03}") })).await.unwrap();
        let token = invited["token"].as_str().unwrap().parse().unwrap();
        identities.push(enrol::register(&token, Said::default(), enrol::box_facts(), 0).await.unwrap().identity);
    }
    identities
}

/// Connects every box, which then sends a pulse more often than anybody need, and waits until the hub has heard each.
async fn connect(hub: &HubProcess, identities: &[Identity]) -> JoinSet<anyhow::Result<()>> {
    let recipe = Recipe { record_bytes: 200, mqtt_port: hub.mqtt_port };
    let mut connected = JoinSet::new();
    for identity in identities {
        let identity = identity.clone();
        connected.spawn(async move { live(&identity, recipe, Duration::from_millis(500)).await });
    }
    wait_for("all boxes", async || reachable(hub).await == BOXES).await.unwrap();
    connected
}

async fn reachable(hub: &HubProcess) -> usize {
    let page = hub.get("/api/v1/sites?limit=1000").await.unwrap();
    page["items"].as_array().unwrap().iter().filter(|site| site["reach"] == "reachable").count()
}

async fn incidents(hub: &HubProcess) -> Vec<Value> {
    hub.get("/api/v1/incidents?limit=100").await.unwrap()["items"].as_array().unwrap().clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_outage_of_a_hundred_boxes_is_two_mails_for_each_reader_one_when_it_begins_and_one_when_it_ends() {
    let (folder, lifecycle) = (tempfile::tempdir().unwrap(), Lifecycle::new());
    let server = SmtpServer::start(Setup::default(), &lifecycle).await.unwrap();
    let hub = hub(folder.path(), &server).await;
    let identities = enrol_all(&hub).await;
    let mut connected = connect(&hub, &identities).await;

    connected.shutdown().await;
    server.wait_for(READERS.len()).await.unwrap();
    let _connected = connect(&hub, &identities).await;
    server.wait_for(2 * READERS.len()).await.unwrap();

    wait_for("the end of all incidents", async || {
        incidents(&hub).await.iter().all(|incident| !incident["closed"].is_null())
    })
    .await
    .unwrap();
    assert_eq!(incidents(&hub).await.len(), 1);
    let mut told: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for mail in server.taken() {
        told.entry(mail.to.clone()).or_default().push(mail.header("Subject"));
    }
    assert_eq!(told.keys().map(String::as_str).collect::<Vec<_>>(), READERS);
    assert!(told.values().all(|subjects| subjects.len() == 2 && subjects[0] != subjects[1]), "{told:?}");
    lifecycle.stop();
}
