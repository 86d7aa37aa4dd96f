//! Settings from the hub with the real programs: they stay if the hub is still reached, and are undone if not.

use serde_json::{Value, json};
use vigie_tests::processes::{BoxProcess, HubProcess, wait_for};

const QUIET: &str =
    "[collect.host]\nenabled = false\n[collect.lan]\nenabled = false\n[collect.leases]\nenabled = false\n";

struct Stage {
    hub: HubProcess,
    one: BoxProcess,
    _folder: tempfile::TempDir,
}

impl Stage {
    /// A connected box that gives new settings so much time.
    async fn new(confirm_within: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut hub = HubProcess::new(folder.path()).unwrap();
        hub.start().await.unwrap();
        let mut one = BoxProcess::enrol(&hub, "set01", folder.path()).await.unwrap();
        let limit = format!("{QUIET}[commands.update_config]\nconfirm_within = \"{confirm_within}\"");
        one.configure(&limit).unwrap();
        one.start().unwrap();
        Self { hub, one, _folder: folder }
    }

    async fn give(&self, settings: Value) -> String {
        let data = json!({ "target": "agent", "configuration": settings });
        let body = json!({ "type": "update_config", "data": data });
        self.hub.post("/api/v1/sites/set01/commands", &body).await.unwrap()["id"].as_str().unwrap().to_owned()
    }

    /// How the command ended: its state and its sentence.
    async fn ended(&self, id: &str) -> (String, String) {
        let path = format!("/api/v1/sites/set01/commands/{id}");
        wait_for("the end of the command", async || self.hub.get(&path).await.unwrap()["is_over"] == true)
            .await
            .unwrap();
        let command = self.hub.get(&path).await.unwrap();
        (command["state"].as_str().unwrap().to_owned(), command.to_string())
    }

    /// Where the setting comes from, as the owner is told.
    async fn origin(&self, setting: &str) -> String {
        let said = self.one.run_verb(&["config", "show", "--origin", "--json"]).await.unwrap();
        let settings: Vec<Value> = serde_json::from_str(&said).unwrap();
        let found = settings.iter().find(|one| one["name"] == setting).unwrap();
        format!("{} from {}", found["value"], found["origin"].as_str().unwrap())
    }

    fn is_on_trial(&self) -> bool {
        self.one.folder.join("data/settings/trial.json").exists()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn settings_with_which_the_hub_is_reached_stay_also_after_a_kill_in_the_middle() {
    let mut stage = Stage::new("60s").await;
    let first = stage.give(json!({ "log": "debug" })).await;
    let (state, said) = stage.ended(&first).await;
    assert_eq!(state, "succeeded", "{said}");
    assert_eq!(stage.origin("log").await, format!("\"debug\" from command {first}"));
    assert!(stage.origin("collect.lan.enabled").await.contains("agent.toml:"));
    assert_eq!(stage.origin("queue.records_max").await, "200000 from default");

    let second = stage.give(json!({ "log": "trace", "collect": { "host": { "sample": "1m" } } })).await;
    wait_for("the trial", async || stage.is_on_trial()).await.unwrap();
    stage.one.kill();
    stage.one.start().unwrap();
    let (state, said) = stage.ended(&second).await;
    assert_eq!(state, "succeeded", "{said}");
    assert_eq!(stage.origin("log").await, format!("\"trace\" from command {second}"));
    assert!(!stage.is_on_trial());

    let local = stage.give(json!({ "commands": { "allowed": ["reboot"] } })).await;
    let (state, said) = stage.ended(&local).await;
    assert!(state == "refused" && said.contains("`commands` is decided on the box alone"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn settings_with_which_the_hub_is_not_reached_are_undone_by_the_box_itself() {
    let mut stage = Stage::new("3s").await;
    let full = stage.give(json!({ "queue": { "free_bytes_min": "900000GiB" } })).await;
    let (state, said) = stage.ended(&full).await;
    assert!(state == "refused" && said.contains("the queue would take nothing"), "{said}");

    let id = stage.give(json!({ "queue": { "records_max": 5000 } })).await;
    wait_for("the trial", async || stage.is_on_trial()).await.unwrap();
    stage.one.kill();
    stage.hub.kill();
    stage.one.start().unwrap();
    wait_for("the end of the trial", async || !stage.is_on_trial()).await.unwrap();
    stage.hub.start().await.unwrap();

    let (state, said) = stage.ended(&id).await;
    assert_eq!(state, "rolled_back", "{said}");
    assert!(said.contains("did not confirm a record"), "{said}");
    assert_eq!(stage.origin("queue.records_max").await, "200000 from default");
    wait_for("the hub again", async || stage.one.is_connected()).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn settings_with_which_the_agent_does_not_even_start_are_undone() {
    let mut stage = Stage::new("60s").await;
    let id = stage.give(json!({ "log": "vigie=nope" })).await;
    wait_for("the trial", async || stage.is_on_trial()).await.unwrap();
    while stage.is_on_trial() {
        wait_for("the end of the agent, or of the trial", async || {
            !stage.is_on_trial() || stage.one.program().ended().is_some()
        })
        .await
        .unwrap();
        if stage.one.program().ended().is_some() {
            stage.one.start().unwrap();
        }
    }
    let (state, said) = stage.ended(&id).await;
    assert_eq!(state, "rolled_back", "{said}");
    assert_eq!(stage.origin("log").await, "\"info\" from default");
}
