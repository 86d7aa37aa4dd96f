//! A video from somebody's hand to several boxes.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use serde_json::Value;
use vigie_shared::lifecycle::Lifecycle;
use vigie_tests::chaos::{Chaos, Weather};
use vigie_tests::processes::wait_for;

use crate::scene::{Scene, play_configured};

/// A hub that takes files of at most a gigabyte.
const SETTINGS: &str = "[media]\nfile_size_max = \"1GiB\"";
/// Bytes of a file that is too large; the file has no content that would fill a disk.
const TOO_LARGE_BYTES: u64 = 1_300_000_000;
/// The box that sleeps.
const ASLEEP: &str = "brest";

/// Writes a file to send.
fn file(folder: &Path, name: &str, content: &[u8]) -> PathBuf {
    let path = folder.join(name);
    std::fs::write(&path, content).unwrap();
    path
}

/// What begins as an MP4 does.
fn video() -> Vec<u8> {
    let noise = (0..100_000_u32).flat_map(|number| number.wrapping_mul(2_654_435_761).to_le_bytes());
    b"\0\0\0\x20ftypisom".iter().copied().chain(noise).collect()
}

/// Chooses a file on the page and sends it.
async fn send(scene: &Scene, file: &Path) {
    scene.open("/media").await;
    scene.browser.find("#file").await.send_keys(file.to_str().unwrap()).await.unwrap();
    scene.browser.click("form[data-upload] button").await;
}

async fn media(scene: &Scene) -> Vec<Value> {
    scene.hub.get("/api/v1/media").await.unwrap()["items"].as_array().unwrap().clone()
}

/// A box with the local application's folders.
async fn add_box(scene: &mut Scene, site: &str) {
    let root = scene.hub.folder.join(format!("app-{site}"));
    std::fs::create_dir_all(root.join("webapp")).unwrap();
    let settings = format!(
        "[app]\nroot = {root:?}\n[collect.media]\npoll = \"1s\"\n[commands.deploy_video]\nfree_bytes_min = \"1MiB\""
    );
    let mut real = scene.register(site, &settings).await;
    if site != ASLEEP {
        real.start().unwrap();
    }
    scene.boxes.push(real);
}

/// Puts a cable of its own between the first box and the hub's HTTPS, through which little passes.
async fn slow_down(scene: &mut Scene, lifecycle: &Lifecycle) -> Chaos {
    let cable = Chaos::start(SocketAddr::from(([127, 0, 0, 1], scene.hub.boxes_port)), lifecycle).await.unwrap();
    cable.set(Weather::Slow);
    let first = scene.boxes.first_mut().unwrap();
    first.kill();
    let path = first.folder.join("data/identity/identity.json");
    let mut identity: Value = serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
    identity["hub"] = cable.address().to_string().into();
    std::fs::write(&path, identity.to_string()).unwrap();
    first.start().unwrap();
    cable
}

/// The cells of the matrix: site, and whether the medium is there.
async fn matrix(scene: &Scene) -> Vec<(String, String)> {
    let script = "return [...document.querySelectorAll('.matrix tbody tr')].map(row =>
        [row.querySelector('th').textContent.trim(), row.querySelector('td:last-child').textContent.trim()]);";
    let rows = scene.browser.run(script).await;
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let mut rows: Vec<(String, String)> =
        rows.as_array().into_iter().flatten().map(|row| (text(&row[0]), text(&row[1]))).collect();
    rows.sort();
    rows
}

#[tokio::test(flavor = "multi_thread")]
async fn journey_16_a_video_is_refused_or_sent_deployed_cancelled_where_a_box_sleeps_and_shown_where_it_is() {
    play_configured(SETTINGS, async |scene: &mut Scene| {
        let lifecycle = Lifecycle::new();
        let folder = tempfile::tempdir().unwrap();
        scene.furnish().await;
        scene.hub.post("/api/v1/sites", &serde_json::json!({ "id": "nancy", "name": "Nancy" })).await.unwrap();
        for site in ["metz", "rennes", "nancy", ASLEEP] {
            add_box(scene, site).await;
        }
        let cable = slow_down(scene, &lifecycle).await;
        scene.speak("fr").await;
        scene.log_in("max").await;

        let large = folder.path().join("long.mp4");
        std::fs::File::create(&large).unwrap().set_len(TOO_LARGE_BYTES).unwrap();
        send(scene, &large).await;
        scene.browser.wait_for_text("Rien n’a été envoyé").await;
        assert!(scene.browser.text().await.contains("1,3 Go"), "{}", scene.browser.text().await);
        send(scene, &file(folder.path(), "lie.mp4", b"MZ\x90\0 this is a program")).await;
        scene.browser.wait_for_text("Ce fichier n’est pas ce que dit son nom").await;
        assert_eq!(media(scene).await, Vec::<Value>::new());

        send(scene, &file(folder.path(), "promo.mp4", &video())).await;
        scene.browser.wait_for_text("promo.mp4").await;
        scene.browser.click("#results tbody th a").await;
        scene.browser.wait_for_text("Déployer vers des sites").await;
        for site in ["metz", "rennes", "nancy", ASLEEP] {
            scene.browser.click(&format!("input[type=checkbox][value={site}]")).await;
        }
        scene.browser.click("#form-commands_create button").await;
        scene.confirm().await;
        scene.browser.wait_for_text("4 faits").await;

        scene.open("/media").await;
        let moves = wait_for("progress", async || {
            scene.browser.client.refresh().await.unwrap();
            scene.browser.count("#under-way progress").await > 0
        });
        assert!(moves.await.is_ok(), "no progress is shown:\n{}", scene.browser.text().await);
        cable.set(Weather::Fair);
        scene.browser.click("#under-way form[action='/act/commands_cancel'] button").await;
        scene.browser.wait_for_text("Commande reprise").await;
        scene.open("/media").await;
        scene.browser.reload_until("Aucun déploiement de média en cours, aucun échec").await;

        scene.browser.click("a[href='/media/matrix']").await;
        let expected = [("Brest", "non"), ("Metz", "Y est"), ("Nancy", "Y est"), ("Rennes", "Y est")];
        let expected = expected.map(|(site, is)| (site.to_owned(), is.to_owned())).to_vec();
        let is_right = wait_for("the matrix", async || {
            scene.browser.client.refresh().await.unwrap();
            matrix(scene).await == expected
        });
        assert!(is_right.await.is_ok(), "{:?}", matrix(scene).await);
        lifecycle.stop();
    })
    .await;
}
