//! The inputs that kill the broker when it listens alone.

use std::time::Duration;

use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;
use vigie_hub::broker::BrokerConfig;
use vigie_hub::gateway::GatewayConfig;
use vigie_shared::wire::{Down, Topic};
use vigie_tests::border::BorderConfig;
use vigie_tests::effort;
use vigie_tests::wire_client::{WireClient, packets};

use super::*;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_hundred_silent_peers_block_nobody() {
    let (border, attacker, honest) = scene(BorderConfig::default()).await;
    let tls = border.tls(Some(&attacker)).unwrap();
    let mut silent = Vec::new();
    for _ in 0..200 {
        silent.push(TcpStream::connect(border.mqtt).await.unwrap());
    }
    let mut half = Vec::new();
    for _ in 0..3 {
        half.push(WireClient::dial(border.mqtt, &tls).await.unwrap());
    }
    border.prove_alive(&honest).await.unwrap();
    assert_eq!(ended(&border, "handshake_slow"), 0, "the silent ones must still be there");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn client_ids_that_poison_the_broker_do_not_reach_it() {
    let (border, attacker, honest) = scene(BorderConfig::default()).await;
    for id in ["a/b", "a+", "#", "$x", "", "siteAB", "siteA/x"] {
        for _ in 0..2 {
            let answer = begin_with(&border, &attacker, &packets::connect(id, 60)).await;
            assert_refused(answer, id);
        }
    }
    border.prove_alive(&honest).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn reaching_the_limit_of_connections_and_trying_again_harms_nobody() {
    let gateway = GatewayConfig { connections_max: 8, ..GatewayConfig::default() };
    let (border, attacker, honest) = scene(BorderConfig { gateway, ..BorderConfig::default() }).await;
    let mut held = Vec::new();
    for _ in 0..20 {
        held.push(TcpStream::connect(border.mqtt).await.unwrap());
    }
    wait_ended(&border, "full", 12).await;
    drop(held);
    wait_ended(&border, "handshake_failed", 8).await;
    drop(border.connect(&attacker).await.unwrap());
    border.prove_alive(&honest).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_brokers_own_limit_is_never_reached() {
    let broker = BrokerConfig { boxes_max: 1, ..BrokerConfig::default() };
    let (border, _attacker, honest) = scene(BorderConfig { broker, ..BorderConfig::default() }).await;
    let mut held = Vec::new();
    for number in 0..70 {
        let keys = border.add_box(&format!("box{number}")).await.unwrap();
        held.push(border.connect(&keys).await);
    }
    assert!(held.iter().filter(|connected| connected.is_ok()).count() >= 60);
    wait_ended(&border, "broker", 6).await;
    drop(held);
    wait_ended(&border, "lost", 60).await;
    border.prove_alive(&honest).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn resets_between_connect_and_connack_use_nothing_up() {
    let (border, attacker, honest) = scene(BorderConfig::default()).await;
    let tls = border.tls(Some(&attacker)).unwrap();
    for round in 0..effort(300, 3_000) {
        let mut client = WireClient::dial(border.mqtt, &tls).await.unwrap();
        client.send(&packets::connect("siteA", 60)).await.unwrap();
        client.reset().unwrap();
        if round % 100 == 99 {
            border.prove_alive(&honest).await.unwrap();
        }
    }
    border.prove_alive(&honest).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn mqtt_5_is_refused() {
    let (border, attacker, honest) = scene(BorderConfig::default()).await;
    let properties = [&[0][..], &packets::text("siteA")].concat();
    for _ in 0..2 {
        assert_refused(begin_with(&border, &attacker, &packets::connect_with(5, 2, 60, &properties)).await, "5");
        let with_property = packets::publish(0, "/tenants/siteA/up/live", b"\x02\x01\x01x");
        let both = [packets::connect_with(5, 2, 60, &properties), with_property].concat();
        assert_refused(begin_with(&border, &attacker, &both).await, "5 with a property");
    }
    border.prove_alive(&honest).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn packets_that_only_a_server_sends_end_the_connection() {
    let (border, attacker, honest) = scene(BorderConfig::default()).await;
    for kind in [0, 2, 4, 5, 6, 7, 9, 10, 11, 13, 15] {
        for body in [&[][..], &[0, 0], &[0, 1, 0]] {
            let packet = packets::packet(kind << 4, body);
            assert_eq!(begin_with(&border, &attacker, &packet).await, None, "type {kind} first");
            say_and_be_cut(&border, &attacker, &packet).await;
            // The same once more: it is the second time that kills.
            say_and_be_cut(&border, &attacker, &packet).await;
        }
    }
    border.prove_alive(&honest).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn topics_that_kill_the_router_do_not_reach_it() {
    let (border, attacker, honest) = scene(BorderConfig::default()).await;
    for topic in ["é", "éa/b", "€", "", "\u{0}", "/tenants/siteA/up/é", "t/#", "+"] {
        say_and_be_cut(&border, &attacker, &packets::publish(0, topic, b"x")).await;
    }
    wait_ended(&border, "foreign_publish", 8).await;
    border.prove_alive(&honest).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn shared_subscriptions_and_persistent_sessions_are_not_to_be_had() {
    let (border, attacker, honest) = scene(BorderConfig::default()).await;
    for _ in 0..3 {
        let persistent = packets::connect_with(4, 0, 60, &packets::text("siteA"));
        assert_refused(begin_with(&border, &attacker, &persistent).await, "clean = false");
        let shared = packets::subscribe(&[("$share/group//tenants/siteA/down/#", 0)]);
        say_and_be_cut(&border, &attacker, &shared).await;
        let acknowledged = packets::subscribe(&[("/tenants/siteA/down/#", 1)]);
        say_and_be_cut(&border, &attacker, &acknowledged).await;
    }
    border.prove_alive(&honest).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn goodbyes_and_wrong_acknowledgements_under_load_do_not_kill_the_router() {
    let (border, attacker, honest) = scene(BorderConfig::default()).await;
    let topic = Topic::Down(attacker.site.clone(), Down::Receipt);
    for round in 0..effort(60, 600) {
        let mut client = border.connect(&attacker).await.unwrap();
        client.subscribe("siteA").await.unwrap();
        for _ in 0..300 {
            // A full queue is load enough.
            let _has_room = border.downlink.publish(&topic, vec![7; 200]).is_ok();
        }
        let wrong_acknowledgement = packets::packet(0x40, &[0, 9]);
        let last: &[u8] = if round % 2 == 0 { &packets::DISCONNECT } else { &wrong_acknowledgement };
        client.send(last).await.unwrap();
        client.closed().await.unwrap();
    }
    border.prove_alive(&honest).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dead_peer_with_a_full_buffer_does_not_take_its_successor_along() {
    let write_limit = Duration::from_millis(300);
    let gateway = GatewayConfig { write_limit, ..GatewayConfig::default() };
    let (border, attacker, honest) = scene(BorderConfig { gateway, ..BorderConfig::default() }).await;
    let topic = Topic::Down(attacker.site.clone(), Down::Receipt);
    let mut dead = border.connect(&attacker).await.unwrap();
    dead.subscribe("siteA").await.unwrap();
    // Nobody reads: the gateway gives up after its write limit, whatever the buffers hold.
    let flood = async {
        while ended(&border, "stalled") == 0 {
            let _has_room = border.downlink.publish(&topic, vec![7; 30_000]).is_ok();
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(vigie_tests::wire_client::PATIENCE, flood).await.unwrap();

    let mut successor = border.connect(&attacker).await.unwrap();
    drop(dead);
    successor.subscribe("siteA").await.unwrap();
    successor.send(&packets::PING).await.unwrap();
    while successor.receive().await.unwrap().unwrap().0 != 0xd0 {}
    border.prove_alive(&honest).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn garbage_harms_nobody() {
    let (border, attacker, honest) = scene(BorderConfig::default()).await;
    let tls = border.tls(Some(&attacker)).unwrap();
    let connections = u64::try_from(effort(400, 4_000)).unwrap();
    for seed in 0..connections {
        let bytes = garbage(seed);
        match seed % 4 {
            0 => TcpStream::connect(border.mqtt).await.unwrap().write_all(&bytes).await.unwrap(),
            1 => {
                let mut client = WireClient::dial(border.mqtt, &tls).await.unwrap();
                drop(client.send(&bytes).await);
            }
            _ => {
                let mut client = border.connect(&attacker).await.unwrap();
                drop(client.send(&bytes).await);
            }
        }
        if seed % 100 == 99 {
            border.prove_alive(&honest).await.unwrap();
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn if_the_router_dies_all_the_same_the_process_ends() {
    let (border, _attacker, honest) = scene(BorderConfig::default()).await;
    let _connected = border.connect(&honest).await.unwrap();
    border.downlink.kill_router().unwrap();
    let ended = tokio::time::timeout(vigie_tests::wire_client::PATIENCE, border.lifecycle.clone().wait()).await;
    assert_eq!(ended.unwrap(), std::process::ExitCode::FAILURE);
}
