//! Photos of punches: thrown away unless wanted, and never in the way of their rows.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use vigie_agent::terminals::Limits;
use vigie_shared::blob::BlobRef;
use vigie_tests::processes::{BoxProcess, HubProcess, free_port, wait_for};
use vigie_tests::terminals::Line;

use super::super::scene::{Scene, ZX, log, registration, row};
use super::{NOW, rest, told_with, with};

/// Photos stay only where the owner says why.
const KEEP_PHOTOS: &str = "keep_photos = { reason = \"colleagues punched for each other\" }\nmessage_max = \"32MiB\"";

/// A photo of this size, as terminals write it: no small one, so it does not fit a record.
fn photo(bytes: usize) -> (Vec<u8>, String) {
    let mut content = vec![0xff, 0xd8, 0xff, 0xe0];
    content.resize(bytes, 7);
    let text = STANDARD.encode(&content);
    (content, text)
}

fn punch(image: &str) -> Value {
    json!([with(&json!({ "image": image })), row(8, NOW)])
}

#[tokio::test]
async fn case_48_a_row_is_stored_whatever_its_photo_is_and_no_photo_leaves_the_box_unless_wanted() {
    let images = [
        "/9j/4AAQSkZJRgABAQEASABIAAD/2wBD".to_owned(),
        "data:image/jpeg;base64,/9j/4AAQSkZJRgABAQEASABIAAD/2wBD".to_owned(),
        "not base64 at all: ééé".to_owned(),
        "iVBORw0KGgoAAAANSUhEUgAAAAEAAAAB".to_owned(),
        "A".repeat(20 * 1024 * 1024),
    ];
    for image in images {
        let rows = json!([with(&json!({ "image": image })), row(8, NOW)]);
        let (answer, rows) = told_with("message_max = \"32MiB\"", log(ZX, &rows)).await;

        assert_eq!((&answer["result"], &answer["count"]), (&json!(true), &json!(2)), "{image:.20}");
        assert_eq!(rows.iter().map(|row| row.enrol_id).collect::<Vec<_>>(), [Some(7), Some(8)]);
        let beginning = image.get(..16).unwrap();
        assert!(!rows.iter().any(|row| row.rest.contains(beginning)), "{image:.20}");
    }
}

#[tokio::test]
async fn a_wanted_photo_follows_its_row_by_its_hash_through_an_outage_and_a_power_cut() {
    let scene = Scene::with(KEEP_PHOTOS, Limits::default());
    let mut line = scene.registered(ZX).await;
    let (content, text) = photo(150_000);
    scene.hub.cut(true);

    let answer = line.ask(log(ZX, &punch(&text))).await.unwrap();

    assert_eq!((&answer["result"], &answer["count"]), (&json!(true), &json!(2)));
    let (blob, rows) = (BlobRef::of(&content), scene.rows());
    assert_eq!(rest(&rows[0])["image"], json!({ "sha256": blob.sha256, "size_bytes": blob.size_bytes }));
    scene.until("the photo waits on the box", |scene| scene.waiting() == 1).await;
    assert!(scene.hub.blobs().is_empty());

    let scene = scene.killed_and_started();
    scene.hub.cut(false);
    let scene = scene.killed_and_started();
    scene.until("the photo is at the hub", |scene| scene.hub.blobs().contains(&content)).await;
    scene.until("the box is rid of it", |scene| scene.waiting() == 0).await;
}

#[tokio::test]
async fn no_answer_waits_for_a_photo_that_the_hub_is_slow_to_take() {
    let scene = Scene::with(KEEP_PHOTOS, Limits::default());
    let mut line = scene.registered(ZX).await;
    scene.hub.hold();

    for bytes in [100_000, 120_000, 140_000] {
        let answer = line.ask(log(ZX, &punch(&photo(bytes).1))).await.unwrap();
        assert_eq!(answer["result"], true);
    }

    scene.until("they wait on the box", |scene| scene.waiting() == 3).await;
    assert!(scene.hub.blobs().is_empty());
}

#[tokio::test]
async fn a_photo_that_no_hub_takes_is_left_out_and_its_row_is_stored() {
    let image = photo(17 << 20).1;
    let (answer, rows) = told_with(KEEP_PHOTOS, log(ZX, &punch(&image))).await;

    assert_eq!(answer["result"], true);
    assert_eq!((rows.len(), &rest(&rows[0])["image"]), (2, &Value::Null));
}

#[tokio::test]
async fn a_wanted_template_that_is_too_long_for_a_record_reaches_the_hub_by_its_hash() {
    let scene = Scene::with("keep_templates = { reason = \"terminals are replaced often\" }", Limits::default());
    let mut line = scene.registered(ZX).await;
    let template = "aa(12)bb".repeat(5_000);
    let message = json!({ "cmd": "senduser", "sn": ZX, "enrollid": 7, "backupnum": 20, "record": template });

    let answer = line.ask(message.to_string()).await.unwrap();

    assert_eq!(answer["result"], true);
    let record = scene.users()[0].rows[0].record.clone().unwrap();
    assert_eq!(record, format!("sha256:{}", BlobRef::of(template.as_bytes()).sha256));
    scene.until("the template is at the hub", |scene| scene.hub.blobs() == [template.as_bytes()]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_real_hub_shows_the_photo_with_its_punch_and_keeps_it_for_its_site() {
    let folder = tempfile::tempdir().unwrap();
    let mut hub = HubProcess::new(folder.path()).unwrap();
    hub.start().await.unwrap();
    let mut clocks = BoxProcess::enrol(&hub, "clocks01", folder.path()).await.unwrap();
    let address = std::net::SocketAddr::from(([127, 0, 0, 1], free_port().unwrap()));
    let off = "[collect.host]\nenabled = false\n[collect.lan]\nenabled = false\n[collect.leases]\nenabled = false";
    let on = format!("[terminals]\nenabled = true\nlisten = \"{address}\"\nallowed = [\"{ZX}\"]\n{KEEP_PHOTOS}");
    clocks.configure(&format!("{off}\n{on}")).unwrap();
    clocks.start().unwrap();
    wait_for("the terminals' port", async || Line::open(address, "/pub/chat").await.is_ok()).await.unwrap();
    let mut line = Line::open(address, "/pub/chat").await.unwrap();
    assert_eq!(line.ask(registration(ZX)).await.unwrap()["result"], true);
    let (content, text) = photo(150_000);

    assert_eq!(line.ask(log(ZX, &json!([with(&json!({ "image": text }))]))).await.unwrap()["result"], true);

    let blob = BlobRef::of(&content);
    let kept = folder.path().join("data/blobs").join(clocks.site.as_str()).join(&blob.sha256);
    wait_for("the photo", async || std::fs::read(&kept).is_ok_and(|kept| kept == content)).await.unwrap();
    let shown = async || hub.get("/api/v1/punches").await.is_ok_and(|all| all["items"][0]["photo"] == blob.sha256);
    wait_for("the punch", shown).await.unwrap();
}
