//! A bad cable between a real box and a real hub: whatever the weather, everything arrives once the sky is clear.

use std::net::SocketAddr;
use std::time::Duration;

use vigie_shared::lifecycle::Lifecycle;
use vigie_tests::chaos::{Chaos, Weather};
use vigie_tests::processes::{BoxProcess, HubProcess, wait_for};
use vigie_tests::punches::{compare, listed};
use vigie_tests::stored::Stored;

/// Long enough for a connection to be made, used and missed.
const SPELL: Duration = Duration::from_millis(1_500);

/// Sends the box's MQTT through the proxy: the hub's address in its identity is changed, as an owner's
/// port forwarding would.
fn reroute(victim: &BoxProcess, port: u16) {
    let path = victim.folder.join("data/identity/identity.json");
    let mut identity: serde_json::Value = serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
    identity["broker_port"] = port.into();
    std::fs::write(&path, identity.to_string()).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn through_cuts_stalls_and_silence_everything_arrives_once() {
    let folder = tempfile::tempdir().unwrap();
    let lifecycle = Lifecycle::new();
    let mut hub = HubProcess::new(folder.path()).unwrap();
    hub.start().await.unwrap();
    let mut victim = BoxProcess::enrol(&hub, "storm01", folder.path()).await.unwrap();
    let cable = Chaos::start(SocketAddr::from(([127, 0, 0, 1], hub.mqtt_port)), &lifecycle).await.unwrap();
    reroute(&victim, cable.address().port());

    victim.start_punching().unwrap();
    wait_for("a connection", async || victim.is_connected()).await.unwrap();
    for weather in [Weather::Cut, Weather::Slow, Weather::HalfOpen, Weather::Cut, Weather::Stalled] {
        cable.set(weather);
        tokio::time::sleep(SPELL).await;
        cable.set(Weather::Cut);
        cable.set(Weather::Fair);
        wait_for("a connection after the spell", async || victim.is_connected()).await.unwrap();
    }
    assert_eq!(victim.program().ended(), None, "the box ended by itself:\n{}", victim.program().said());

    victim.kill();
    victim.drain().await.unwrap();
    assert!(hub.program().stop().await.unwrap(), "{}", hub.program().said());
    let held = Stored::open(&folder.path().join("data")).unwrap().punches(&victim.site).await.unwrap();
    assert!(compare(&listed(&victim.list()).unwrap(), &held).unwrap() > 0);
    lifecycle.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_silent_link_is_noticed_and_replaced_without_help() {
    let folder = tempfile::tempdir().unwrap();
    let lifecycle = Lifecycle::new();
    let mut hub = HubProcess::new(folder.path()).unwrap();
    hub.start().await.unwrap();
    let mut victim = BoxProcess::enrol(&hub, "silent01", folder.path()).await.unwrap();
    let cable = Chaos::start(SocketAddr::from(([127, 0, 0, 1], hub.mqtt_port)), &lifecycle).await.unwrap();
    reroute(&victim, cable.address().port());
    victim.start_punching().unwrap();
    wait_for("a connection", async || victim.is_connected()).await.unwrap();

    // The box's words pass, the hub's are swallowed: no receipt comes, and nothing is reset.
    cable.set(Weather::HalfOpen);
    wait_for("the box to give the connection up", async || !victim.is_connected()).await.unwrap();

    cable.set(Weather::Fair);
    wait_for("a new connection", async || victim.is_connected()).await.unwrap();
    lifecycle.stop();
}
