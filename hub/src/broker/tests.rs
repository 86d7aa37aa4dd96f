//! The real broker on loopback, through its real ends.

use std::process::ExitCode;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::*;

/// The same for a payload whose length needs three bytes.
fn long_publish(topic: &str, payload: &[u8]) -> Vec<u8> {
    let length = 2 + topic.len() + payload.len();
    let low = |shift: usize| u8::try_from(length >> shift & 0x7f).unwrap();
    let mut packet = vec![0x30, low(0) | 0x80, low(7) | 0x80, low(14)];
    packet.extend_from_slice(&u16::try_from(topic.len()).unwrap().to_be_bytes());
    packet.extend_from_slice(topic.as_bytes());
    packet.extend_from_slice(payload);
    packet
}

async fn broker() -> (Broker, Lifecycle) {
    let lifecycle = Lifecycle::new();
    let broker = Broker::start(&BrokerConfig::default(), &lifecycle).await.unwrap();
    (broker, lifecycle)
}

/// A QoS 0 publish, as a box sends it.
fn publish(topic: &str, payload: &[u8]) -> Vec<u8> {
    let mut packet = vec![0x30, u8::try_from(2 + topic.len() + payload.len()).unwrap()];
    packet.extend_from_slice(&u16::try_from(topic.len()).unwrap().to_be_bytes());
    packet.extend_from_slice(topic.as_bytes());
    packet.extend_from_slice(payload);
    packet
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn messages_pass_both_ways_and_the_stop_is_clean() {
    let (broker, lifecycle) = broker().await;
    let mut link = broker.backend.open(60).await.unwrap();
    let (mut from_broker, mut to_broker) = link.split();
    let subscribe = b"\x82\x1a\x00\x01\x00\x15/tenants/siteA/down/#\x00";
    to_broker.write_all(subscribe).await.unwrap();
    let mut suback = [0; 5];
    from_broker.read_exact(&mut suback).await.unwrap();
    to_broker.write_all(&publish("/tenants/siteA/up/live", b"hello")).await.unwrap();

    let uplink = broker.uplink;
    let message = tokio::task::spawn_blocking(move || uplink.recv().unwrap()).await.unwrap();
    let topic = Topic::Down("siteA".parse().unwrap(), vigie_shared::wire::Down::Receipt);
    broker.downlink.publish(&topic, b"receipt".to_vec()).unwrap();
    let expected = publish("/tenants/siteA/down/receipt", b"receipt");
    let mut received = vec![0; expected.len()];
    from_broker.read_exact(&mut received).await.unwrap();

    assert_eq!((message.topic.as_str(), &message.payload[..]), ("/tenants/siteA/up/live", &b"hello"[..]));
    assert_eq!(received, expected);
    lifecycle.stop();
    assert_eq!(lifecycle.wait().await, ExitCode::SUCCESS);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dead_router_ends_the_process_with_a_failure() {
    let (broker, lifecycle) = broker().await;
    broker.downlink.kill_router().unwrap();
    assert_eq!(lifecycle.wait().await, ExitCode::FAILURE);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_local_process_without_the_secret_is_refused() {
    let (broker, _lifecycle) = broker().await;
    let mut stream = tokio::net::TcpStream::connect(broker.backend.address()).await.unwrap();
    stream.write_all(b"\x10\x0d\x00\x04MQTT\x04\x02\x00\x3c\x00\x01x").await.unwrap();
    assert_eq!(stream.read(&mut [0; 8]).await.unwrap(), 0, "the broker must close without an answer");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reader_that_stalls_loses_nothing_while_every_window_is_on_its_way() {
    let config = BrokerConfig { boxes_max: 512, uplink_messages_max: 1, ..BrokerConfig::default() };
    let lifecycle = Lifecycle::new();
    let broker = Broker::start(&config, &lifecycle).await.unwrap();
    let message_bytes = 30_000;
    let count = config.boxes_max * BrokerConfig::WINDOW_BYTES / message_bytes;
    let mut link = broker.backend.open(60).await.unwrap();
    let (mut from_broker, mut to_broker) = link.split();
    for number in 0..count {
        let number = u32::try_from(number).unwrap().to_be_bytes();
        let payload = [&number[..], &vec![7; message_bytes - 4]].concat();
        to_broker.write_all(&long_publish("/tenants/siteA/up/ledger", &payload)).await.unwrap();
    }
    // The answer to a ping says that the broker has taken everything before it.
    to_broker.write_all(&[0xc0, 0]).await.unwrap();
    from_broker.read_exact(&mut [0; 2]).await.unwrap();

    let uplink = broker.uplink;
    let patience = std::time::Duration::from_secs(30);
    let received = tokio::task::spawn_blocking(move || {
        (0..count).map(|_| uplink.recv_timeout(patience).unwrap().payload).collect::<Vec<_>>()
    });
    for (number, payload) in received.await.unwrap().iter().enumerate() {
        assert_eq!(payload[..4], u32::try_from(number).unwrap().to_be_bytes());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_a_burst_the_last_message_arrives() {
    let (broker, _lifecycle) = broker().await;
    let mut link = broker.backend.open(60).await.unwrap();
    let (mut from_broker, mut to_broker) = link.split();
    to_broker.write_all(b"\x82\x1a\x00\x01\x00\x15/tenants/siteA/down/#\x00").await.unwrap();
    from_broker.read_exact(&mut [0; 5]).await.unwrap();
    let topic = Topic::Down("siteA".parse().unwrap(), vigie_shared::wire::Down::Receipt);
    for number in 0..5_000u32 {
        broker.downlink.publish(&topic, number.to_be_bytes().to_vec()).unwrap();
    }
    let mut packet = vec![0; publish("/tenants/siteA/down/receipt", &[0; 4]).len()];
    while !packet.ends_with(&4_999u32.to_be_bytes()) {
        let read = tokio::time::timeout(std::time::Duration::from_secs(30), from_broker.read_exact(&mut packet));
        read.await.unwrap().unwrap();
    }
}

#[test]
fn the_log_holds_the_windows_of_all_boxes() {
    for boxes_max in [1, 1_000, 5_000] {
        let config = BrokerConfig { boxes_max, ..BrokerConfig::default() };
        let router = router_config(&config);
        let held_bytes = (router.max_segment_count - 1) * router.max_segment_size;
        assert!(boxes_max * BrokerConfig::WINDOW_BYTES <= held_bytes);
    }
}
