//! Registered and excluded devices, end to end: what is said on the hub decides how a box names them and whether it
//! stores them; and a device that claims a person over the boxes' HTTPS.

use reqwest::{Client, StatusCode};
use serde_json::{Value, json};
use vigie_hub::store::presence::Pairing;
use vigie_hub::store::{Registry as _, Sites as _};
use vigie_shared::devices::{CLAIMS_PATH, DEVICES_PATH, DeviceRegister};
use vigie_shared::enrol::HUB_NAME;
use vigie_shared::id::to_hex;
use vigie_shared::mac::Mac;
use vigie_shared::pseudonym::PseudonymKey;
use vigie_tests::border::{Border, BorderConfig, BoxKeys};
use vigie_tests::processes::{BoxProcess, HubProcess, wait_for};

const PHONE: &str = "8e:1b:7c:00:11:22";
const OBJECTOR: &str = "3c:22:fb:00:00:07";
const GUEST: &str = "3c:22:fb:00:00:09";

/// A Kea server's leases of three devices that came just now.
fn leases() -> String {
    let expires = jiff::Timestamp::now().as_second() + 3_600;
    let line = |mac: &str, last: u8| format!("10.0.0.{last},{mac},,3600,{expires},1,0,0,,0\n");
    let head = "address,hwaddr,client_id,valid_lifetime,expire,subnet_id,fqdn_fwd,fqdn_rev,hostname,state\n";
    [head.to_owned(), line(PHONE, 7), line(OBJECTOR, 8), line(GUEST, 9)].concat()
}

async fn seen(hub: &HubProcess, kind: &str) -> usize {
    let devices = hub.get("/api/v1/devices?site=devices01").await.unwrap();
    devices["items"].as_array().unwrap().iter().filter(|device| device["kind"] == kind).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_registered_device_is_known_and_an_excluded_one_is_not_stored_at_all() {
    let folder = tempfile::tempdir().unwrap();
    let mut hub = HubProcess::new(folder.path()).unwrap();
    hub.start().await.unwrap();
    let mut victim = BoxProcess::enrol(&hub, "devices01", folder.path()).await.unwrap();
    hub.run_verb(&["person", "set", "E1", "--name", "Ama"]).await.unwrap();
    let added = ["device", "add", "8E-1B-7C-00-11-22", "--site", "devices01", "--person", "E1"];
    assert!(hub.run_verb(&added).await.unwrap().contains("private"));
    hub.run_verb(&["device", "exclude", OBJECTOR, "--site", "devices01"]).await.unwrap();
    let file = folder.path().join("leases");
    let settings = |files: &str| {
        format!(
            "[collect.host]\nenabled = false\n[collect.lan]\nenabled = false\n[collect.leases]\npoll = \"1s\"\n{files}"
        )
    };
    victim.configure(&settings(&format!("files = [\"{}\"]", file.display()))).unwrap();
    victim.start().unwrap();
    let register = victim.folder.join("data/devices.json");
    wait_for("the register on the box", async || register.exists()).await.unwrap();

    std::fs::write(&file, leases()).unwrap();

    wait_for("both devices that may be seen", async || seen(&hub, "known").await + seen(&hub, "passing").await == 2)
        .await
        .unwrap();
    assert_eq!((seen(&hub, "known").await, seen(&hub, "passing").await), (1, 1));

    // The box remembers while the hub is gone: a new arrival of the same devices names them the same.
    victim.kill();
    hub.kill();
    victim.start().unwrap();
    wait_for("sightings that wait", async || victim.waiting().is_some_and(|waiting| waiting > 0)).await.unwrap();
    hub.start().await.unwrap();
    wait_for("an empty queue", async || victim.waiting() == Some(0)).await.unwrap();
    let both = async || (seen(&hub, "known").await, seen(&hub, "passing").await);
    wait_for("the guest's name of the new process", async || both().await == (1, 2)).await.unwrap();
    let shown = hub.get("/api/v1/devices?site=devices01").await.unwrap().to_string();
    assert!(!shown.contains("8e:1b") && !shown.contains("3c:22"), "{shown}");
}

async fn border() -> (Border, BoxKeys) {
    let border = Border::start(BorderConfig::default()).await.unwrap();
    let keys = border.add_box("rennes01").await.unwrap();
    (border, keys)
}

fn client(border: &Border, keys: Option<&BoxKeys>) -> Client {
    let tls = rustls::ClientConfig::clone(&border.tls(keys).unwrap());
    Client::builder().tls_backend_preconfigured(tls).resolve(HUB_NAME, border.https).build().unwrap()
}

fn url(border: &Border, path: &str) -> String {
    format!("https://{HUB_NAME}:{}{path}", border.https.port())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_claim_needs_a_box_a_link_of_its_site_and_a_device() {
    let (border, keys) = border().await;
    let (site, now_ms) = ("rennes01".parse().unwrap(), jiff::Timestamp::now().as_millisecond());
    let pairing = Pairing {
        secret_sha256: ring::digest::digest(&ring::digest::SHA256, &[9; 16]).as_ref().try_into().unwrap(),
        site,
        person: "E1".to_owned(),
        expires_ms: now_ms + 60_000,
    };
    border.sites.add_pairing(&pairing, now_ms).await.unwrap();
    let claim = |secret: u8, mac: &str| json!({ "secret": to_hex(&[secret; 16]), "mac": mac, "seen_ms": now_ms });
    let post = async |keys: Option<&BoxKeys>, body: &Value| {
        client(&border, keys).post(url(&border, CLAIMS_PATH)).json(body).send().await.unwrap().status()
    };
    assert_eq!(post(None, &claim(9, PHONE)).await, StatusCode::UNAUTHORIZED);
    assert_eq!(post(Some(&keys), &claim(8, PHONE)).await, StatusCode::FORBIDDEN);
    assert_eq!(post(Some(&keys), &claim(9, "ff:ff:ff:ff:ff:ff")).await, StatusCode::BAD_REQUEST);
    assert_eq!(border.sites.claims().await.unwrap(), []);
    for _ in 0..2 {
        assert_eq!(post(Some(&keys), &claim(9, PHONE)).await, StatusCode::NO_CONTENT);
    }
    let claims = border.sites.claims().await.unwrap();
    let mac: Mac = PHONE.parse().unwrap();
    assert_eq!((claims.len(), claims[0].mac, claims[0].person.as_str()), (1, mac, "E1"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_register_is_for_its_own_box_and_is_not_sent_again_unless_it_changed() {
    let (border, keys) = border().await;
    let site = "rennes01".parse().unwrap();
    let key = PseudonymKey::new(&border.sites.pseudonym_secret(&site).await.unwrap());
    let mac: Mac = PHONE.parse().unwrap();
    let device = key.name(mac).to_string();
    let label = "Phone".to_owned();
    let registered = vigie_hub::store::presence::Registered { site, device, mac, label, added_ms: 1 };
    border.sites.register_device(&registered).await.unwrap();
    let client = client(&border, Some(&keys));
    let first = client.get(url(&border, DEVICES_PATH)).send().await.unwrap();
    let tag = first.headers()["etag"].clone();
    let register: DeviceRegister = first.json().await.unwrap();
    assert_eq!(register, DeviceRegister { known: [key.name(mac)].into(), excluded: [].into() });
    let ask = async || {
        client.get(url(&border, DEVICES_PATH)).header("if-none-match", tag.clone()).send().await.unwrap().status()
    };
    assert_eq!(ask().await, StatusCode::NOT_MODIFIED);
    border.sites.forget_device(&registered.site, &registered.device).await.unwrap();
    assert_eq!(ask().await, StatusCode::OK);
}
