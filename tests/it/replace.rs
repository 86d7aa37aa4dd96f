//! A box that takes another one's place, with the real programs: it gets what the hub gave the old one.

use std::path::PathBuf;

use serde_json::{Value, json};
use vigie_tests::processes::{BoxProcess, HubProcess, wait_for};

const SITE: &str = "hall01";

/// A box of the site with the local application's folders; `name` is that of its folder.
fn equip(one: &BoxProcess) {
    std::fs::create_dir_all(app(one, "webapp")).unwrap();
    one.configure(&format!(
        "[app]\nroot = \"{}\"\n[collect.media]\npoll = \"1s\"\n[commands.deploy_video]\nfree_bytes_min = \"1MiB\"\n\
         [collect.host]\nenabled = false\n[collect.lan]\nenabled = false\n[collect.leases]\nenabled = false",
        app(one, "").display()
    ))
    .unwrap();
}

fn app(one: &BoxProcess, path: &str) -> PathBuf {
    one.folder.join("neopro").join(path)
}

/// Whether every command of the site has succeeded, and how many there are.
async fn done(hub: &HubProcess) -> (bool, usize) {
    let page = hub.get(&format!("/api/v1/sites/{SITE}/commands")).await.unwrap();
    let items = page["items"].as_array().unwrap();
    let bad = items.iter().find(|one| one["is_over"] == true && one["state"] != "succeeded");
    assert!(bad.is_none(), "{bad:?}");
    (items.iter().all(|one| one["state"] == "succeeded"), items.len())
}

async fn give(hub: &HubProcess, kind: &str, data: Value) {
    let body = json!({ "type": kind, "data": data });
    hub.post(&format!("/api/v1/sites/{SITE}/commands"), &body).await.unwrap();
    wait_for("the end of the command", async || done(hub).await.0).await.unwrap();
}

async fn paths(hub: &HubProcess) -> Vec<String> {
    let page = hub.get(&format!("/api/v1/sites/{SITE}/media")).await.unwrap();
    page["items"].as_array().unwrap().iter().map(|one| one["path"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_box_gets_the_settings_the_configuration_and_the_videos_of_the_old_one() {
    let folder = tempfile::tempdir().unwrap();
    let mut hub = HubProcess::new(folder.path()).unwrap();
    hub.start().await.unwrap();
    let mut old = BoxProcess::enrol(&hub, SITE, folder.path()).await.unwrap();
    equip(&old);
    old.start().unwrap();
    wait_for("the old box", async || old.is_connected()).await.unwrap();
    give(&hub, "update_config", json!({ "target": "agent", "configuration": { "queue": { "records_max": 5000 } } }))
        .await;
    give(&hub, "update_config", json!({ "configuration": { "version": "7", "categories": [] } })).await;
    let video = folder.path().join("a.mp4");
    std::fs::write(&video, b"a video").unwrap();
    hub.run_verb(&["media", "add", video.to_str().unwrap()]).await.unwrap();
    hub.run_verb(&["media", "deploy", "a.mp4", SITE, "--category", "T", "--subcategory", "P"]).await.unwrap();
    std::fs::create_dir_all(app(&old, "videos/T")).unwrap();
    std::fs::write(app(&old, "videos/T/by-hand.mp4"), b"nobody else has this").unwrap();
    wait_for("the word about both videos", async || paths(&hub).await.len() == 2).await.unwrap();
    wait_for("the deployment", async || done(&hub).await == (true, 3)).await.unwrap();
    let secret = |one: &BoxProcess| {
        let text = std::fs::read_to_string(one.folder.join("data/identity/identity.json")).unwrap();
        serde_json::from_str::<Value>(&text).unwrap()["pseudonym_secret"].clone()
    };
    let names = secret(&old);
    drop(old);

    let made: Value = serde_json::from_str(&hub.run_verb(&["site", "replace", SITE, "--json"]).await.unwrap()).unwrap();
    let list = |field: &str, word: &str| {
        let items = made["plan"][field].as_array().unwrap().iter();
        items.map(|one| one[word].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(list("moves", "what"), ["settings", "configuration", "video"]);
    assert!(list("left", "what").contains(&"T/by-hand.mp4".to_owned()), "{made}");
    let told = hub.run_verb(&["site", "replace", SITE, "--dry-run"]).await.unwrap();
    assert!(told.contains("1 video") && told.contains("T/by-hand.mp4"), "{told}");

    let mut new = BoxProcess::unregistered("new", folder.path()).unwrap();
    equip(&new);
    new.run_verb(&["register", made["token"].as_str().unwrap()]).await.unwrap();
    assert_eq!(secret(&new), names, "registered devices keep their names");
    new.start().unwrap();
    wait_for("everything on the new box", async || done(&hub).await == (true, 6)).await.unwrap();

    assert_eq!(std::fs::read(app(&new, "videos/T/P/a.mp4")).unwrap(), b"a video");
    let listed: Value =
        serde_json::from_str(&std::fs::read_to_string(app(&new, "webapp/configuration.json")).unwrap()).unwrap();
    assert_eq!((&listed["version"], &listed["categories"][0]["name"]), (&json!("7"), &json!("T")));
    let settings = new.run_verb(&["config", "show", "--json"]).await.unwrap();
    assert_eq!(serde_json::from_str::<Value>(&settings).unwrap()["queue"]["records_max"], 5000);
    wait_for("the new disk's word", async || paths(&hub).await == ["T/P/a.mp4"]).await.unwrap();
}
