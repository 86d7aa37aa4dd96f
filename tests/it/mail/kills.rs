//! A hub that is killed while it sends: what was midway goes again and says so, and nothing else goes twice.

use serde_json::{Value, json};
use vigie_shared::lifecycle::Lifecycle;
use vigie_tests::effort;
use vigie_tests::processes::{HubProcess, wait_for};
use vigie_tests::smtp::{Act, Setup, SmtpServer};

const PEOPLE: u32 = 6;

/// A server and a hub that writes to some people through it.
async fn scene(acts: &[Act]) -> (SmtpServer, HubProcess, tempfile::TempDir, Lifecycle) {
    let (folder, lifecycle) = (tempfile::tempdir().unwrap(), Lifecycle::new());
    let server = SmtpServer::start(Setup { acts: acts.to_vec(), ..Setup::default() }, &lifecycle).await.unwrap();
    let mut hub = HubProcess::new(folder.path()).unwrap();
    let people: Vec<String> = (0..PEOPLE).map(|number| format!("p{number}@example.org")).collect();
    hub.configure(&format!(
        "[mail]\nserver = \"localhost\"\nport = {}\nsecurity = \"none\"\nfrom = \"vigie@example.org\"\nrecipients = \
         {people:?}\nretry_min = \"20ms\"\nretry_max = \"200ms\"\ntimeout = \"30s\"",
        server.port()
    ))
    .unwrap();
    hub.start().await.unwrap();
    (server, hub, folder, lifecycle)
}

async fn mails(hub: &HubProcess) -> Vec<Value> {
    let page = hub.get("/api/v1/mails?limit=1000").await.unwrap();
    page["items"].as_array().unwrap().clone()
}

/// Waits until everything was sent, and compares the mailboxes with what the hub says of them.
async fn check(server: &SmtpServer, hub: &HubProcess, letters: usize) {
    wait_for("an empty outbox", async || mails(hub).await.iter().all(|mail| mail["state"] == "sent")).await.unwrap();
    let (mails, counts) = (mails(hub).await, server.counts());
    assert_eq!((mails.len(), counts.len()), (letters, letters), "nothing was lost");
    let twice: u32 = counts.values().filter(|count| **count > 1).count().try_into().unwrap();
    let doubtful: u32 = mails.iter().filter(|mail| !mail["maybe_twice"].is_null()).count().try_into().unwrap();
    assert!(twice <= doubtful, "{twice} arrived twice, {doubtful} admit that they may have");
    for ((to, _), count) in counts.iter().filter(|(_, count)| **count > 1) {
        let is_admitted = mails.iter().any(|mail| mail["to"] == *to.as_str() && !mail["maybe_twice"].is_null());
        assert!(is_admitted, "{to} got a letter {count} times");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hub_killed_before_the_servers_word_sends_that_letter_again_and_no_other() {
    let (server, mut hub, _folder, lifecycle) = scene(&[Act::Take, Act::Take, Act::StallBeforeWord]).await;
    hub.post("/api/v1/mails/test", &json!({ "template": "incident" })).await.unwrap();
    server.wait_for_stall(1).await.unwrap();

    hub.kill();
    hub.start().await.unwrap();

    check(&server, &hub, 6).await;
    let counts: Vec<u32> = server.counts().into_values().collect();
    assert_eq!((counts.iter().sum::<u32>(), counts.iter().max()), (7, Some(&2)));
    let doubtful: Vec<Value> = mails(&hub).await.into_iter().filter(|mail| !mail["maybe_twice"].is_null()).collect();
    assert_eq!(doubtful.len(), 1);
    assert_eq!(doubtful[0]["to"], "p2@example.org");
    lifecycle.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hub_killed_before_the_letter_sends_it_once() {
    let (server, mut hub, _folder, lifecycle) = scene(&[Act::StallBeforeLetter]).await;
    hub.post("/api/v1/mails/test", &json!({ "template": "storage" })).await.unwrap();
    server.wait_for_stall(1).await.unwrap();

    hub.kill();
    hub.start().await.unwrap();

    check(&server, &hub, 6).await;
    assert_eq!(server.counts().into_values().max(), Some(1));
    lifecycle.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_at_any_moment_the_hub_loses_no_letter_and_doubles_none_unsaid() {
    let (server, mut hub, _folder, lifecycle) = scene(&[]).await;
    let rounds = effort(4, 40);
    for round in 0..rounds {
        hub.post("/api/v1/mails/test", &json!({})).await.unwrap();
        server.wait_for(server.taken().len() + 1 + round % 40).await.unwrap();
        hub.kill();
        hub.start().await.unwrap();
    }
    check(&server, &hub, 42 * rounds).await;
    lifecycle.stop();
}
