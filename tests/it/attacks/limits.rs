//! Too much, too little, too often, or nothing at all.

use std::time::Duration;

use tokio::net::TcpStream;
use vigie_hub::gateway::GatewayConfig;
use vigie_tests::border::BorderConfig;
use vigie_tests::wire_client::{WireClient, packets};

use super::*;

fn with(gateway: GatewayConfig) -> BorderConfig {
    BorderConfig { gateway, ..BorderConfig::default() }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_says_nothing_is_cut_when_his_time_is_over() {
    let limit = Duration::from_millis(200);
    let gateway = GatewayConfig { handshake_limit: limit, connect_limit: limit, ..GatewayConfig::default() };
    let (border, attacker, honest) = scene(with(gateway)).await;
    let _no_tls = TcpStream::connect(border.mqtt).await.unwrap();
    let mut no_connect = WireClient::dial(border.mqtt, &border.tls(Some(&attacker)).unwrap()).await.unwrap();
    let mut half_connect = WireClient::dial(border.mqtt, &border.tls(Some(&attacker)).unwrap()).await.unwrap();
    half_connect.send(&packets::connect("siteA", 60)[..7]).await.unwrap();
    no_connect.closed().await.unwrap();
    half_connect.closed().await.unwrap();
    wait_ended(&border, "handshake_slow", 1).await;
    wait_ended(&border, "connect_slow", 2).await;
    border.prove_alive(&honest).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_falls_silent_or_trickles_is_cut_after_one_and_a_half_keep_alives() {
    let (border, attacker, honest) = scene(BorderConfig::default()).await;
    let tls = border.tls(Some(&attacker)).unwrap();
    let mut client = WireClient::dial(border.mqtt, &tls).await.unwrap();
    client.send(&packets::connect("siteA", 1)).await.unwrap();
    assert_eq!(client.receive().await.unwrap(), Some((0x20, vec![0, 0])));
    // One byte of a large message now and then is not a sign of life.
    let message = packets::publish(0, "/tenants/siteA/up/live", &[1; 20_000]);
    for byte in &message {
        if client.send(&[*byte]).await.is_err() || ended(&border, "idle") > 0 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    wait_ended(&border, "idle", 1).await;
    border.prove_alive(&honest).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_largest_message_passes_and_one_byte_more_does_not() {
    let (border, attacker, honest) = scene(BorderConfig::default()).await;
    let mut client = border.connect(&attacker).await.unwrap();
    let largest = vec![7; vigie_shared::wire::delivery::MESSAGE_BYTES_MAX];
    client.send(&packets::publish(0, "/tenants/siteA/up/observations", &largest)).await.unwrap();
    assert_eq!(border.next_message().await.unwrap().payload, largest);
    let too_large = [&largest[..], &[7]].concat();
    say_and_be_cut(&border, &attacker, &packets::publish(0, "/tenants/siteA/up/observations", &too_large)).await;
    // A huge announcement is not waited for.
    say_and_be_cut(&border, &attacker, &[0x30, 0xff, 0xff, 0xff, 0x7f]).await;
    wait_ended(&border, "too_long", 2).await;
    border.prove_alive(&honest).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_sends_faster_than_allowed_waits_and_loses_nothing() {
    let gateway = GatewayConfig { messages_per_second: 100, ..GatewayConfig::default() };
    let (border, attacker, honest) = scene(with(gateway)).await;
    let mut client = border.connect(&attacker).await.unwrap();
    for number in 0..250u32 {
        let message = packets::publish(0, "/tenants/siteA/up/live", &number.to_be_bytes());
        client.send(&message).await.unwrap();
    }
    for number in 0..250u32 {
        assert_eq!(border.next_message().await.unwrap().payload, number.to_be_bytes()[..]);
    }
    assert!(border.gateway.figures().throttled_total > 0);
    border.prove_alive(&honest).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_site_cannot_take_all_connections() {
    let (border, attacker, honest) = scene(BorderConfig::default()).await;
    let tls = border.tls(Some(&attacker)).unwrap();
    let mut waiting = Vec::new();
    for _ in 0..12 {
        waiting.push(WireClient::dial(border.mqtt, &tls).await.unwrap());
    }
    wait_ended(&border, "site_full", 8).await;
    border.prove_alive(&honest).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn when_strangers_fill_the_room_the_oldest_goes() {
    let gateway = GatewayConfig { strangers_max: 16, ..GatewayConfig::default() };
    let (border, _attacker, honest) = scene(with(gateway)).await;
    let mut strangers = Vec::new();
    for _ in 0..64 {
        strangers.push(TcpStream::connect(border.mqtt).await.unwrap());
    }
    wait_ended(&border, "crowded_out", 48).await;
    border.prove_alive(&honest).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_gateway_stops_with_boxes_connected() {
    let (border, attacker, _honest) = scene(BorderConfig::default()).await;
    let mut client = border.connect(&attacker).await.unwrap();
    let _silent = TcpStream::connect(border.mqtt).await.unwrap();
    border.lifecycle.stop();
    client.closed().await.unwrap();
    let Border { lifecycle, .. } = border;
    assert_eq!(lifecycle.wait().await, std::process::ExitCode::SUCCESS);
}
