//! Rollouts with the real programs: a canary that fails keeps the rest as it is, and a good release reaches everybody.

use std::path::PathBuf;

use serde_json::{Value, json};
use vigie_tests::packages::player;
use vigie_tests::processes::{BoxProcess, HubProcess, wait_for};

const SITES: [&str; 2] = ["roll01", "roll02"];

struct Stage {
    hub: HubProcess,
    _boxes: Vec<BoxProcess>,
    folder: tempfile::TempDir,
}

impl Stage {
    /// A hub, a release key, and two boxes with a player whose health check wants the word `well` in its file.
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut hub = HubProcess::new(folder.path()).unwrap();
        hub.start().await.unwrap();
        std::fs::create_dir(folder.path().join("keys")).unwrap();
        let key = folder.path().join("key");
        hub.run_verb(&["release", "keygen", key.to_str().unwrap()]).await.unwrap();
        std::fs::copy(folder.path().join("key.pub"), folder.path().join("keys/key.pub")).unwrap();
        let mut stage = Self { hub, _boxes: Vec::new(), folder };
        for site in SITES {
            let one = stage.start_box(site).await;
            stage._boxes.push(one);
        }
        stage
    }

    async fn start_box(&self, site: &str) -> BoxProcess {
        let mut one = BoxProcess::enrol(&self.hub, site, self.folder.path()).await.unwrap();
        let place = self.state(site);
        std::fs::create_dir_all(place.parent().unwrap()).unwrap();
        std::fs::write(&place, "well 1.0.0").unwrap();
        let settings = format!(
            "[collect.host]\nenabled = false\n[collect.lan]\nenabled = false\n[collect.leases]\nenabled = false\n\
             [collect.software]\npoll = \"1s\"\n[commands.update_software]\nrelease_keys = {:?}\n\
             [software.player]\nfolder = {:?}\nservices = [\"neopro-app\"]\nhealth_timeout = \"3s\"\n\
             health = [\"/bin/grep\", \"-q\", \"well\", {place:?}]\n",
            self.folder.path().join("keys"),
            self.folder.path().join(format!("player-{site}")),
        );
        one.configure(&settings).unwrap();
        one.start_acting().unwrap();
        one
    }

    /// The file that says which player a box has, and whether that works.
    fn state(&self, site: &str) -> PathBuf {
        self.folder.path().join(format!("player-{site}/app/state"))
    }

    fn states(&self) -> Vec<String> {
        SITES.iter().map(|site| std::fs::read_to_string(self.state(site)).unwrap()).collect()
    }

    async fn release(&self, version: &str, health: &str) {
        let package = self.folder.path().join(format!("player-{version}"));
        std::fs::write(&package, player(version, health)).unwrap();
        let (package, key) = (package.to_str().unwrap(), self.folder.path().join("key"));
        let words = ["release", "sign", package, "--name", "player", "--version", version, "--key"];
        self.hub.run_verb(&[&words[..], &[key.to_str().unwrap()]].concat()).await.unwrap();
        self.hub.run_verb(&["release", "add", package]).await.unwrap();
    }

    async fn start(&self, version: &str) -> String {
        let words = ["rollout", "start", "player", version, "--canary-site", SITES[0], "--soak", "1s", "--json"];
        let made: Value = serde_json::from_str(&self.hub.run_verb(&words).await.unwrap()).unwrap();
        made["id"].as_str().unwrap().to_owned()
    }

    async fn look(&self, id: &str) -> Value {
        self.hub.get(&format!("/api/v1/rollouts/{id}")).await.unwrap()
    }

    async fn behind(&self) -> Vec<Value> {
        let found = self.hub.get("/api/v1/releases/outdated").await.unwrap();
        let items = found["items"].as_array().unwrap().clone();
        let player = items.into_iter().find(|item| item["software"] == "player");
        player.map(|item| item["behind"].as_array().unwrap().clone()).unwrap_or_default()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sick_release_stops_at_the_canary_and_a_good_one_reaches_everybody_through_a_kill_of_the_hub() {
    let mut stage = Stage::new().await;
    stage.release("2.0.0", "sick").await;
    wait_for("both boxes to tell what they have", async || stage.behind().await.len() == 2).await.unwrap();

    let sick = stage.start("2.0.0").await;
    wait_for("the pause", async || stage.look(&sick).await["paused"].is_object()).await.unwrap();
    let paused = stage.look(&sick).await;
    assert_eq!((&paused["stage"], &paused["boxes"]["failed"]), (&json!("canary"), &json!(1)), "{paused}");
    let rest = stage.hub.get(&format!("/api/v1/sites/{}/commands", SITES[1])).await.unwrap();
    assert_eq!(rest["items"], json!([]), "the rest is untouched");
    assert_eq!(stage.states(), ["well 1.0.0", "well 1.0.0"]);
    stage.hub.run_verb(&["rollout", "cancel", &sick[..8]]).await.unwrap();

    stage.release("2.1.0", "well").await;
    let good = stage.start("2.1.0").await;
    wait_for("the canary", async || stage.look(&good).await["boxes"]["done"] != 0).await.unwrap();
    stage.hub.kill();
    stage.hub.start().await.unwrap();
    wait_for("the end", async || stage.look(&good).await["stage"] == "done").await.unwrap();
    assert_eq!(stage.states(), ["well 2.1.0", "well 2.1.0"]);
    let given = stage.hub.get(&format!("/api/v1/sites/{}/commands", SITES[1])).await.unwrap();
    assert_eq!(given["items"].as_array().unwrap().len(), 1, "{given}");
    wait_for("nobody to be behind", async || stage.behind().await.is_empty()).await.unwrap();
}
