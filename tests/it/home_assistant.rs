//! What a broker of a home keeps of the hub, with Mosquitto as the broker and as the one who listens.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Stdio;

use serde_json::Value;
use tokio::process::{Child, Command};
use vigie_tests::not_run;
use vigie_tests::processes::{HubProcess, free_port, wait_for};

/// A broker as a home has one, and what it keeps.
struct Home {
    port: u16,
    broker: Option<Child>,
}

impl Home {
    fn start(&mut self, folder: &Path) {
        let config = folder.join("mosquitto.conf");
        std::fs::write(&config, format!("listener {} 127.0.0.1\nallow_anonymous true\n", self.port)).unwrap();
        let mut command = Command::new("mosquitto");
        command.arg("-c").arg(&config).stdout(Stdio::null()).stderr(Stdio::null()).kill_on_drop(true);
        self.broker = Some(command.spawn().unwrap());
    }

    fn program(&self, name: &str) -> Command {
        let mut command = Command::new(name);
        command.args(["-h", "127.0.0.1", "-p", &self.port.to_string()]).kill_on_drop(true);
        command
    }

    async fn publish(&self, topic: &str, payload: &str, is_kept: bool) -> bool {
        let mut command = self.program("mosquitto_pub");
        command.args(["-t", topic, "-m", payload, "-q", "1"]).args(is_kept.then_some("-r"));
        command.stderr(Stdio::null()).status().await.unwrap().success()
    }

    /// Everything that the broker keeps.
    async fn kept(&self) -> BTreeMap<String, String> {
        let mut command = self.program("mosquitto_sub");
        let listened =
            command.args(["-t", "#", "-v", "--retained-only", "-W", "1"]).stderr(Stdio::null()).output().await;
        let text = String::from_utf8(listened.unwrap().stdout).unwrap();
        let pair = |line: &str| line.split_once(' ').map(|(topic, payload)| (topic.to_owned(), payload.to_owned()));
        text.lines().filter_map(pair).collect()
    }

    async fn wait_until(&self, what: &str, is_so: impl Fn(&BTreeMap<String, String>) -> bool) {
        let waited = wait_for(what, async || is_so(&self.kept().await)).await;
        if waited.is_err() {
            panic!("{what}; the broker keeps {:#?}", self.kept().await);
        }
    }
}

fn has_broker() -> bool {
    let found =
        |program| std::process::Command::new(program).arg("-h").stdout(Stdio::null()).stderr(Stdio::null()).status();
    found("mosquitto").is_ok() && found("mosquitto_sub").is_ok()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_homes_broker_keeps_the_sites_and_nothing_of_those_that_are_gone() {
    if !has_broker() {
        return not_run("needs mosquitto and mosquitto_sub (packages mosquitto, mosquitto-clients)");
    }
    let folder = tempfile::tempdir().unwrap();
    let mut home = Home { port: free_port().unwrap(), broker: None };
    let mut hub = HubProcess::new(folder.path()).unwrap();
    let settings = "[home_assistant]\nbuttons = true\nservices = [\"player\"]";
    hub.configure(&format!("{settings}\nbroker = \"mqtt://127.0.0.1:{}\"", home.port)).unwrap();
    hub.start().await.unwrap();
    let door = hub.get("/api/v1/enrolments/door").await.unwrap();
    let id = door["fingerprint"].as_str().unwrap().get(..8).unwrap().to_owned();
    let device = |node: &str| format!("homeassistant/device/vigie_{id}_{node}/config");
    let (status, foreign) = (format!("vigie/{id}/status"), "homeassistant/device/lamp/config".to_owned());

    hub.kill();
    home.start(folder.path());
    wait_for("the broker", async || home.publish(&foreign, "{}", true).await).await.unwrap();
    home.publish(&device("ghost"), "{}", true).await;
    home.publish(&format!("vigie/{id}/sites/ghost/press/reboot"), "PRESS", true).await;
    hub.start().await.unwrap();
    hub.run_verb(&["site", "add", "metz", "--name", "Metz"]).await.unwrap();

    home.wait_until("the site, and no ghost", |kept| {
        kept.contains_key(&device("metz")) && !kept.keys().any(|topic| topic.contains("ghost"))
    })
    .await;
    let kept = home.kept().await;
    assert_eq!((&kept[&status], &kept[&foreign]), (&"online".to_owned(), &"{}".to_owned()));
    let config: Value = serde_json::from_str(&kept[&device("metz")]).unwrap();
    assert_eq!(config["device"]["name"], "Metz");
    let state: Value = serde_json::from_str(&kept[config["state_topic"].as_str().unwrap()]).unwrap();
    assert_eq!(state["reachable"], "off", "nobody has heard its box yet: {state}");

    home.publish(&format!("vigie/{id}/sites/metz/press/player"), "PRESS", false).await;
    home.publish(&format!("vigie/{id}/sites/metz/press/sshd"), "PRESS", false).await;
    let commands = async || hub.get("/api/v1/sites/metz/commands").await.unwrap()["items"].clone();
    wait_for("the command", async || commands().await.as_array().unwrap().len() == 1).await.unwrap();
    let command = commands().await[0].clone();
    assert_eq!((&command["type"], &command["data"]["service"]), (&"restart_service".into(), &"player".into()));
    assert_eq!(command["account"], "home-assistant");

    home.publish(&device("metz"), "", true).await;
    home.publish("homeassistant/status", "online", false).await;
    home.wait_until("everything told again", |kept| kept.contains_key(&device("metz"))).await;
    hub.kill();
    home.wait_until("the hub's will", |kept| kept[&status] == "offline").await;
}
