//! Commands with the real programs: stored before sent, executed at most once, always ended.

use std::time::Duration;

use serde_json::{Value, json};
use vigie_tests::effort;
use vigie_tests::processes::{BoxProcess, HubProcess, wait_for};

struct Stage {
    hub: HubProcess,
    one: BoxProcess,
    _folder: tempfile::TempDir,
}

impl Stage {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut hub = HubProcess::new(folder.path()).unwrap();
        hub.start().await.unwrap();
        let one = BoxProcess::enrol(&hub, "cmd01", folder.path()).await.unwrap();
        Self { hub, one, _folder: folder }
    }

    async fn give(&self, body: Value) -> String {
        let made = self.hub.post("/api/v1/sites/cmd01/commands", &body).await.unwrap();
        made["id"].as_str().unwrap().to_owned()
    }

    async fn look(&self, id: &str) -> Value {
        self.hub.get(&format!("/api/v1/sites/cmd01/commands/{id}")).await.unwrap()
    }

    /// The command after it ended.
    async fn ended(&self, id: &str) -> Value {
        wait_for("the end of the command", async || self.look(id).await["is_over"] == true).await.unwrap();
        self.look(id).await
    }

    /// Whether the box has begun the command, by its book.
    fn has_begun(&self, id: &str) -> bool {
        self.one.folder.join("data/commands/book").join(format!("{id}.json")).exists()
    }

    fn acts(&self) -> String {
        std::fs::read_to_string(self.one.acts()).unwrap_or_default()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_box_says_what_it_is_and_the_command_line_waits_for_it() {
    let mut stage = Stage::new().await;
    stage.one.start().unwrap();
    let said = stage.hub.run_verb(&["command", "send", "cmd01", "get_system_info", "--wait", "--json"]).await.unwrap();
    let command: Value = serde_json::from_str(&said).unwrap();
    assert_eq!(command["state"], "succeeded", "{said}");
    assert!(command["answer"]["hardware"]["memory_total_bytes"].as_u64().unwrap() > 0);

    let foreign = stage.give(json!({ "type": "restart_service", "data": { "service": "ssh" } })).await;
    assert_eq!(stage.ended(&foreign).await["state"], "refused");
    let reboot = ["command", "send", "cmd01", "reboot", "--wait"];
    let failed = stage.hub.run_verb(&reboot).await.unwrap_err().to_string();
    assert!(failed.contains("the part that runs as root does not answer"), "{failed}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kill_between_the_book_and_the_effect_never_executes_later() {
    let mut stage = Stage::new().await;
    std::fs::write(stage.one.hold(), "").unwrap();
    stage.one.start_acting().unwrap();
    let id = stage.give(json!({ "type": "restart_service", "data": { "service": "neopro-app" } })).await;
    wait_for("the page in the book", async || stage.has_begun(&id)).await.unwrap();

    stage.one.kill();
    std::fs::remove_file(stage.one.hold()).unwrap();
    stage.one.start_acting().unwrap();

    assert_eq!(stage.ended(&id).await["state"], "unknown");
    let next = stage.give(json!({ "type": "restart_service", "data": { "service": "neopro-admin" } })).await;
    assert_eq!(stage.ended(&next).await["state"], "succeeded");
    let acts = stage.acts();
    assert!(!acts.contains("neopro-app") && acts.matches("neopro-admin").count() == 1, "{acts}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kill_after_the_effect_does_not_repeat_it() {
    let mut stage = Stage::new().await;
    stage.one.start_acting().unwrap();
    let id = stage.give(json!({ "type": "reboot" })).await;
    wait_for("the act", async || stage.acts().contains("reboot")).await.unwrap();
    assert_eq!(stage.look(&id).await["is_over"], false);

    stage.one.kill();
    stage.one.start_acting().unwrap();

    let ended = stage.ended(&id).await;
    assert_eq!(ended["state"], "failed", "the machine did not restart: {ended}");
    assert_eq!(stage.acts().matches("reboot").count(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hub_that_restarts_between_storing_and_sending_sends_later() {
    let mut stage = Stage::new().await;
    let id = stage.give(json!({ "type": "restart_service", "data": { "service": "neopro-app" } })).await;
    let late = stage.give(json!({ "type": "reboot", "expires": "1s" })).await;
    assert_eq!(stage.look(&id).await["state"], "waiting");
    stage.hub.kill();
    tokio::time::sleep(Duration::from_secs(1)).await;
    stage.hub.start().await.unwrap();

    stage.one.start_acting().unwrap();

    assert_eq!(stage.ended(&id).await["state"], "succeeded");
    assert_eq!(stage.ended(&late).await["state"], "refused");
    assert!(!stage.acts().contains("reboot"), "expired");
}

#[tokio::test(flavor = "multi_thread")]
async fn many_at_once_all_end_while_the_box_is_cut_off_in_the_middle() {
    let mut stage = Stage::new().await;
    stage.one.start_acting().unwrap();
    let count = effort(150, 1_000);
    let mut ids = Vec::new();
    for number in 0..count {
        let body =
            json!({ "type": "restart_service", "data": { "service": "neopro-app" }, "dry_run": number % 10 != 0 });
        ids.push(stage.give(body).await);
        if number == count / 2 {
            stage.one.kill();
            stage.one.start_acting().unwrap();
        }
    }
    for id in &ids {
        stage.ended(id).await;
    }
    assert!(stage.acts().lines().count() <= count / 10, "each at most once");
}
