//! Wrong, old, foreign and revoked certificates.

use vigie_hub::gateway::{BoxEvent, Ending};
use vigie_hub::pki::Pki;
use vigie_hub::store::Sites as _;
use vigie_shared::clock::{Clock as _, SystemClock};
use vigie_tests::border::{BorderConfig, BoxKeys};

use super::*;

const YEAR_MS: i64 = 365 * 24 * 3600 * 1000;

fn now_ms() -> i64 {
    SystemClock::new(|| true).wall_ms()
}

/// Dials with these keys; the gateway must not let them in.
async fn assert_not_let_in(border: &Border, keys: Option<&BoxKeys>) {
    let tls = border.tls(keys).unwrap();
    // With TLS 1.3 the client is done before the server has judged: then the first read tells.
    let Ok(mut client) = WireClient::dial(border.mqtt, &tls).await else { return };
    drop(client.send(&packets::connect("siteA", 60)).await);
    assert_eq!(client.receive().await.unwrap_or(None), None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn certificates_of_nobody_of_strangers_and_of_the_past_are_not_let_in() {
    let (border, attacker, honest) = scene(BorderConfig::default()).await;
    let foreign_folder = tempfile::tempdir().unwrap();
    let foreign = Pki::open(foreign_folder.path(), now_ms()).unwrap();
    assert_not_let_in(&border, None).await;
    assert_not_let_in(&border, Some(&BoxKeys::sign(&foreign, &attacker.site, now_ms()).unwrap())).await;
    let expired = border.sign_box(&attacker.site, now_ms() - 3 * YEAR_MS).await.unwrap();
    assert_not_let_in(&border, Some(&expired)).await;
    wait_ended(&border, "handshake_failed", 3).await;
    border.prove_alive(&honest).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_site_that_does_not_exist_is_refused() {
    let (border, _attacker, honest) = scene(BorderConfig::default()).await;
    let ghost = border.sign_box(&"ghost".parse().unwrap(), now_ms()).await.unwrap();
    assert!(border.connect(&ghost).await.is_err());
    wait_ended(&border, "unknown_site", 1).await;
    border.prove_alive(&honest).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_revocation_cuts_at_once_and_for_good() {
    let (border, keys, honest) = scene(BorderConfig::default()).await;
    let mut client = border.connect(&keys).await.unwrap();
    assert!(matches!(border.next_event().await.unwrap(), BoxEvent::Connected { .. }));
    border.sites.revoke_site(&keys.site, now_ms()).await.unwrap();
    border.gateway.drop_site(&keys.site);
    client.closed().await.unwrap();
    let event = border.next_event().await.unwrap();
    assert!(matches!(event, BoxEvent::Disconnected { ending: Ending::Revoked, .. }), "{event:?}");
    assert!(border.connect(&keys).await.is_err());
    border.prove_alive(&honest).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connection_ends_with_its_certificate_and_a_renewed_one_comes_in() {
    let (border, keys, honest) = scene(BorderConfig::default()).await;
    let life_ms = keys.expires_ms - now_ms();
    let ending = border.sign_box(&keys.site, now_ms() - life_ms + 5_000).await.unwrap();
    let mut client = border.connect(&ending).await.unwrap();
    assert!(matches!(border.next_event().await.unwrap(), BoxEvent::Connected { .. }));
    client.closed().await.unwrap();
    assert!(now_ms() >= ending.expires_ms, "cut before its time");
    let event = border.next_event().await.unwrap();
    assert!(matches!(event, BoxEvent::Disconnected { ending: Ending::Expired, .. }), "{event:?}");
    let renewed = border.sign_box(&keys.site, now_ms()).await.unwrap();
    border.prove_alive(&renewed).await.unwrap();
    border.prove_alive(&honest).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_replaced_box_is_out_and_its_successor_in() {
    let (border, old, honest) = scene(BorderConfig::default()).await;
    let mut client = border.connect(&old).await.unwrap();
    border.sites.replace_site(&old.site, now_ms()).await.unwrap();
    let new = border.sign_box(&old.site, now_ms()).await.unwrap();
    border.gateway.drop_serial(&old.serial);
    client.closed().await.unwrap();
    assert!(border.connect(&old).await.is_err());
    border.prove_alive(&new).await.unwrap();
    border.prove_alive(&honest).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_a_ca_is_replaced_boxes_of_both_are_let_in() {
    let (old_folder, new_folder) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let old = Pki::open(old_folder.path(), now_ms()).unwrap();
    let bundle = [Pki::open(new_folder.path(), now_ms()).unwrap().ca_pem(), old.ca_pem()].concat();
    std::fs::write(new_folder.path().join("ca.pem"), bundle).unwrap();

    let border = Border::start_in(new_folder, BorderConfig::default()).await.unwrap();
    let of_new = border.add_box("siteA").await.unwrap();
    let of_old = BoxKeys::sign(&old, &of_new.site, now_ms()).unwrap();
    border.prove_alive(&of_old).await.unwrap();
    border.prove_alive(&of_new).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_renewed_server_certificate_is_served_without_a_restart() {
    let (border, keys, _honest) = scene(BorderConfig::default()).await;
    let mut before = border.connect(&keys).await.unwrap();
    border.pki.renew_server_certificate(now_ms()).unwrap();
    before.send(&packets::PING).await.unwrap();
    assert_eq!(before.receive().await.unwrap(), Some((0xd0, Vec::new())));
    border.prove_alive(&keys).await.unwrap();
}
