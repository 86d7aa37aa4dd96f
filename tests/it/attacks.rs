//! Everything that is known to kill or confuse the embedded broker, sent through the real gateway. After each
//! attack an honest box must get a message through, and one back.
//!
//! [`broker`] plays the inputs that kill the broker when it listens alone; [`isolation`] tries to be another
//! site; [`trust`] comes with wrong, old and revoked certificates; [`limits`] sends too much, too little or
//! nothing.

mod broker;
mod isolation;
mod limits;
mod trust;

use vigie_tests::border::{Border, BorderConfig, BoxKeys};
use vigie_tests::wire_client::{WireClient, packets};

/// A border with an attacker, who has a genuine certificate for `siteA`, and an honest box.
async fn scene(config: BorderConfig) -> (Border, BoxKeys, BoxKeys) {
    let border = Border::start(config).await.unwrap();
    let (attacker, honest) = (border.add_box("siteA").await.unwrap(), border.add_box("honest").await.unwrap());
    (border, attacker, honest)
}

/// How many connections ended for this reason so far.
fn ended(border: &Border, reason: &str) -> u64 {
    border.gateway.figures().ended_total[reason]
}

/// Waits until so many connections have ended for this reason.
async fn wait_ended(border: &Border, reason: &str, at_least: u64) {
    let all = async {
        while ended(border, reason) < at_least {
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
    };
    let waited = tokio::time::timeout(vigie_tests::wire_client::PATIENCE, all).await;
    assert!(
        waited.is_ok(),
        "{} of {at_least} ended as {reason}: {:?}",
        ended(border, reason),
        border.gateway.figures()
    );
}

/// Connects as the attacker and says `bytes`; the gateway must close the connection.
async fn say_and_be_cut(border: &Border, attacker: &BoxKeys, bytes: &[u8]) {
    let mut client = border.connect(attacker).await.unwrap();
    // The gateway may close while we are still speaking.
    drop(client.send(bytes).await);
    client.closed().await.unwrap();
}

/// Begins a connection with `bytes` instead of a proper CONNECT; returns the answer.
async fn begin_with(border: &Border, attacker: &BoxKeys, bytes: &[u8]) -> Option<(u8, Vec<u8>)> {
    let mut client = WireClient::dial(border.mqtt, &border.tls(Some(attacker)).unwrap()).await.unwrap();
    drop(client.send(bytes).await);
    client.receive().await.unwrap()
}

const REFUSED: Option<(u8, [u8; 2])> = Some((0x20, [0, 5]));

fn assert_refused(answer: Option<(u8, Vec<u8>)>, what: &str) {
    assert_eq!(answer.map(|(header, body)| (header, body.try_into().unwrap())), REFUSED, "{what}");
}

/// Half-random bytes that look more or less like packets.
fn garbage(seed: u64) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut next = move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        u8::try_from(state >> 56).unwrap()
    };
    let templates = [
        packets::connect("siteA", 60),
        packets::publish(0, "/tenants/siteA/up/live", b"hello"),
        packets::publish(2, "/tenants/siteA/up/ledger", b"hello"),
        packets::subscribe(&[("/tenants/siteA/down/#", 0)]),
        packets::PING.to_vec(),
        (0..next() / 2).map(|_| next()).collect(),
    ];
    let mut bytes: Vec<u8> = (0..4).flat_map(|_| templates[usize::from(next()) % templates.len()].clone()).collect();
    for _ in 0..next() % 8 {
        let at = (usize::from(next()) << 8 | usize::from(next())) % bytes.len().max(1);
        if let Some(byte) = bytes.get_mut(at) {
            *byte = next();
        }
    }
    bytes
}
