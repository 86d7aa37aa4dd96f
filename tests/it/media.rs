//! Videos with the real programs: from a file in somebody's hand to a box's disk, and back off it.

use std::net::SocketAddr;
use std::path::PathBuf;

use reqwest::{Client, Response, StatusCode};
use serde_json::{Value, json};
use vigie_hub::store::Sites as _;
use vigie_shared::blob::MEDIA_PATH;
use vigie_shared::enrol::HUB_NAME;
use vigie_shared::id::to_hex;
use vigie_shared::lifecycle::Lifecycle;
use vigie_tests::border::{Border, BorderConfig, BoxKeys};
use vigie_tests::chaos::{Chaos, Weather};
use vigie_tests::processes::{BoxProcess, HubProcess, wait_for};

/// A box with the local application's folders, and a cable of its own to the hub's HTTPS.
struct Stage {
    hub: HubProcess,
    one: BoxProcess,
    cable: Chaos,
    lifecycle: Lifecycle,
    folder: tempfile::TempDir,
}

impl Stage {
    async fn new() -> Self {
        let (folder, lifecycle) = (tempfile::tempdir().unwrap(), Lifecycle::new());
        let mut hub = HubProcess::new(folder.path()).unwrap();
        hub.start().await.unwrap();
        let one = BoxProcess::enrol(&hub, "media01", folder.path()).await.unwrap();
        let cable = Chaos::start(SocketAddr::from(([127, 0, 0, 1], hub.boxes_port)), &lifecycle).await.unwrap();
        let path = one.folder.join("data/identity/identity.json");
        let mut identity: Value = serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
        identity["hub"] = cable.address().to_string().into();
        std::fs::write(&path, identity.to_string()).unwrap();
        let this = Self { hub, one, cable, lifecycle, folder };
        std::fs::create_dir_all(this.app("webapp")).unwrap();
        let root = this.app("");
        this.one
            .configure(&format!(
                "[app]\nroot = \"{}\"\n[collect.media]\npoll = \"1s\"\n[commands.deploy_video]\nfree_bytes_min = \"1MiB\"\n\
                 [collect.host]\nenabled = false\n[collect.lan]\nenabled = false\n[collect.leases]\nenabled = false",
                root.display()
            ))
            .unwrap();
        this
    }

    fn app(&self, path: &str) -> PathBuf {
        self.folder.path().join("neopro").join(path)
    }

    /// Gives the hub a video by its command line.
    async fn add(&self, name: &str, content: &[u8]) {
        let file = self.folder.path().join(name);
        std::fs::write(&file, content).unwrap();
        self.hub.run_verb(&["media", "add", file.to_str().unwrap()]).await.unwrap();
    }

    /// The one command of the box, after it ended.
    async fn ended(&self) -> Value {
        let newest = async || self.hub.get("/api/v1/sites/media01/commands?limit=1").await.unwrap()["items"][0].clone();
        wait_for("the end of the command", async || newest().await["is_over"] == true).await.unwrap();
        newest().await
    }

    /// What the hub believes to lie on the box's disk.
    async fn held(&self) -> Vec<(String, String)> {
        let page = self.hub.get("/api/v1/sites/media01/media").await.unwrap();
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        page["items"].as_array().unwrap().iter().map(|one| (text(&one["path"]), text(&one["sha256"]))).collect()
    }
}

fn content() -> Vec<u8> {
    (0..500_000_u32).flat_map(|number| number.wrapping_mul(2_654_435_761).to_le_bytes()).collect()
}

fn hash(content: &[u8]) -> String {
    to_hex(ring::digest::digest(&ring::digest::SHA256, content).as_ref())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_video_arrives_through_a_cut_link_and_a_kill_and_goes_again() {
    let mut stage = Stage::new().await;
    stage.add("entrainement.mp4", &content()).await;
    stage.cable.set(Weather::Slow);
    stage.one.start().unwrap();
    let where_to = ["--category", "Technique", "--subcategory", "Passes"];
    let deploy = ["media", "deploy", "entrainement.mp4", "media01"];
    stage.hub.run_verb(&[&deploy[..], &where_to[..]].concat()).await.unwrap();
    let partial = stage.app("videos/Technique/Passes/.entrainement.mp4.vigie-part");
    let size = || std::fs::metadata(&partial).map_or(0, |known| known.len());
    wait_for("a part of the video", async || size() > 0).await.unwrap();

    stage.cable.set(Weather::Cut);
    stage.one.kill();
    let kept = size();
    assert!(kept > 0 && kept < 2_000_000, "it was cut in the middle: {kept}");
    stage.cable.set(Weather::Fair);
    stage.one.start().unwrap();

    let ended = stage.ended().await;
    assert_eq!(ended["state"], "succeeded", "{ended}");
    let place = "videos/Technique/Passes/entrainement.mp4";
    assert_eq!(std::fs::read(stage.app(place)).unwrap(), content());
    let listed: Value =
        serde_json::from_str(&std::fs::read_to_string(stage.app("webapp/configuration.json")).unwrap()).unwrap();
    let video = &listed["categories"][0]["subCategories"][0]["videos"][0];
    assert_eq!((&video["name"], &video["path"]), (&json!("entrainement"), &json!(place)));
    let expected = [("Technique/Passes/entrainement.mp4".to_owned(), hash(&content()))];
    wait_for("the word about the disk", async || stage.held().await == expected).await.unwrap();
    let shown = stage.hub.run_verb(&["media", "where", "entrainement.mp4"]).await.unwrap();
    assert!(shown.contains("media01"), "{shown}");

    // The same once more: nothing is fetched.
    let again = stage.hub.run_verb(&[&deploy[..], &where_to[..], &["--wait", "--json"]].concat()).await.unwrap();
    let again: Value = serde_json::from_str(&again).unwrap();
    assert_eq!(again["answer"]["fetched"], false, "{again}");

    let data = json!({ "filename": "entrainement.mp4", "category": "Technique", "subcategory": "Passes" });
    let delete = json!({ "type": "delete_video", "data": data });
    stage.hub.post("/api/v1/sites/media01/commands", &delete).await.unwrap();
    assert_eq!(stage.ended().await["state"], "succeeded");
    assert!(!stage.app("videos/Technique").exists());
    wait_for("the word that it is gone", async || stage.held().await.is_empty()).await.unwrap();
    stage.lifecycle.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dry_run_says_what_would_happen_and_a_medium_that_is_gone_ends_the_command() {
    let mut stage = Stage::new().await;
    stage.add("a.mp4", &content()).await;
    stage.one.start().unwrap();
    let deploy = ["media", "deploy", "a.mp4", "media01", "--category", "T"];
    let said = stage.hub.run_verb(&[&deploy[..], &["--dry-run", "--wait", "--json"]].concat()).await.unwrap();
    let said: Value = serde_json::from_str(&said).unwrap();
    let answer = &said["answer"];
    assert_eq!((&answer["bytes"], &answer["already_there"]), (&json!(2_000_000), &json!(false)), "{said}");
    assert!(!stage.app("videos").exists());

    stage.one.kill();
    stage.hub.run_verb(&deploy).await.unwrap();
    stage.hub.run_verb(&["media", "delete", "a.mp4"]).await.unwrap();
    stage.one.start().unwrap();
    let ended = stage.ended().await;
    assert_eq!(ended["state"], "failed");
    assert!(ended["detail"].as_str().unwrap().contains("does not have it"), "{ended}");
    assert_eq!(std::fs::read_dir(stage.app("videos")).map_or(0, Iterator::count), 0, "nothing is left");
    stage.lifecycle.stop();
}

fn client(border: &Border, keys: Option<&BoxKeys>) -> Client {
    let tls = rustls::ClientConfig::clone(&border.tls(keys).unwrap());
    Client::builder().tls_backend_preconfigured(tls).resolve(HUB_NAME, border.https).build().unwrap()
}

async fn ask(border: &Border, keys: Option<&BoxKeys>, hash: &str, range: &str) -> Response {
    let url = format!("https://{HUB_NAME}:{}{MEDIA_PATH}{hash}", border.https.port());
    client(border, keys).get(url).header("range", range).send().await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn only_boxes_get_media_and_they_get_the_part_that_they_ask_for() {
    let border = Border::start(BorderConfig::default()).await.unwrap();
    let keys = border.add_box("media01").await.unwrap();
    let mut growing = border.media.begin().await.unwrap();
    growing.add(&content()).await.unwrap();
    growing.keep(None).await.unwrap();
    let hash = hash(&content());

    let part = ask(&border, Some(&keys), &hash, "bytes=1999990-").await;
    assert_eq!(part.status(), StatusCode::PARTIAL_CONTENT);
    assert_eq!(part.headers()["content-range"], "bytes 1999990-1999999/2000000");
    assert_eq!(part.headers()["etag"], format!("\"{hash}\"").as_str());
    assert_eq!(part.bytes().await.unwrap(), content()[1_999_990..]);
    assert_eq!(ask(&border, Some(&keys), &hash, "").await.bytes().await.unwrap(), content());
    let past = ask(&border, Some(&keys), &hash, "bytes=2000000-").await;
    assert_eq!(
        (past.status(), &past.headers()["content-range"]),
        (StatusCode::RANGE_NOT_SATISFIABLE, &"bytes */2000000".parse().unwrap())
    );

    for (keys, hash, status) in [
        (None, hash.as_str(), StatusCode::UNAUTHORIZED),
        (Some(&keys), "00", StatusCode::NOT_FOUND),
        (Some(&keys), &"00".repeat(32), StatusCode::NOT_FOUND),
        (Some(&keys), "..%2f..%2fstore.key", StatusCode::NOT_FOUND),
    ] {
        assert_eq!(ask(&border, keys, hash, "").await.status(), status, "{hash}");
    }
    border.sites.revoke_site(&keys.site, 1).await.unwrap();
    assert_eq!(ask(&border, Some(&keys), &hash, "").await.status(), StatusCode::FORBIDDEN);
    border.lifecycle.stop();
}
