//! One site tries to be another.

use vigie_hub::gateway::{BoxEvent, Ending};
use vigie_shared::wire::{Down, Topic};
use vigie_tests::border::BorderConfig;
use vigie_tests::wire_client::packets;

use super::*;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_box_publishes_as_itself_only() {
    let (border, attacker, honest) = scene(BorderConfig::default()).await;
    let foreign = [
        "/tenants/honest/up/live",
        "/tenants/siteAB/up/live",
        "/tenants/site/up/live",
        "/tenants/siteA/down/receipt",
        "/tenants/siteA/up/other",
        "/tenants/siteA/up/live/x",
        "/tenants//up/live",
        "tenants/siteA/up/live",
        "vigie/v1/siteA/state",
    ];
    for topic in foreign {
        let own = packets::publish(0, "/tenants/siteA/up/live", b"own");
        say_and_be_cut(&border, &attacker, &[own, packets::publish(0, topic, b"foreign")].concat()).await;
        assert_eq!(border.next_message().await.unwrap().payload, b"own"[..], "{topic}: what came before is passed on");
    }
    wait_ended(&border, "foreign_publish", 9).await;
    border.prove_alive(&honest).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_box_hears_only_what_is_for_it() {
    let (border, attacker, honest) = scene(BorderConfig::default()).await;
    for filter in [
        "#",
        "+/+/#",
        "/tenants/#",
        "/tenants/+/down/#",
        "/tenants/siteAB/down/#",
        "/tenants/honest/down/#",
        "/tenants/siteA/up/#",
        "/tenants/siteA/down/+/#",
        "/tenants/siteA/#",
    ] {
        say_and_be_cut(&border, &attacker, &packets::subscribe(&[(filter, 0)])).await;
    }
    wait_ended(&border, "foreign_subscribe", 9).await;

    let longer = border.add_box("siteAB").await.unwrap();
    let (mut near, mut far) = (border.connect(&attacker).await.unwrap(), border.connect(&longer).await.unwrap());
    near.subscribe("siteA").await.unwrap();
    far.subscribe("siteAB").await.unwrap();
    let receipt = |site: &BoxKeys| Topic::Down(site.site.clone(), Down::Receipt);
    border.downlink.publish(&receipt(&longer), b"for siteAB".to_vec()).unwrap();
    border.downlink.publish(&receipt(&attacker), b"for siteA".to_vec()).unwrap();
    let (_, first_near) = near.receive().await.unwrap().unwrap();
    let (_, first_far) = far.receive().await.unwrap().unwrap();
    assert!(first_near.ends_with(b"for siteA") && first_far.ends_with(b"for siteAB"));
    border.prove_alive(&honest).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_newest_connection_wins_and_the_hub_is_told() {
    let (border, keys, honest) = scene(BorderConfig::default()).await;
    let mut old = border.connect(&keys).await.unwrap();
    let BoxEvent::Connected { connection: first, serial, .. } = border.next_event().await.unwrap() else {
        panic!("expected a connection")
    };
    let mut new = border.connect(&keys).await.unwrap();
    old.closed().await.unwrap();

    let mut events = Vec::new();
    for _ in 0..3 {
        events.push(border.next_event().await.unwrap());
    }
    let second = events
        .iter()
        .find_map(|event| match event {
            BoxEvent::TakenOver { old, new, .. } if *old == first => Some(*new),
            _ => None,
        })
        .expect("the takeover must be told");
    let site = keys.site.clone();
    assert!(events.contains(&BoxEvent::Disconnected { site, connection: first, ending: Ending::TakenOver }));
    assert!(
        events.iter().any(|event| matches!(event, BoxEvent::Connected { connection, .. } if *connection == second))
    );
    assert!(first < second && serial == keys.serial);
    assert_eq!(border.gateway.connected(), std::slice::from_ref(&keys.site));
    new.send(&packets::PING).await.unwrap();
    assert_eq!(new.receive().await.unwrap(), Some((0xd0, Vec::new())));
    border.prove_alive(&honest).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_said_before_a_goodbye_arrives() {
    let (border, keys, _honest) = scene(BorderConfig::default()).await;
    for round in 0..20u8 {
        let mut client = border.connect(&keys).await.unwrap();
        client.subscribe("siteA").await.unwrap();
        let last = packets::publish(2, "/tenants/siteA/up/ledger", &[round; 1000]);
        client.send(&[&last[..], &packets::DISCONNECT].concat()).await.unwrap();
        drop(client);
        assert_eq!(border.next_message().await.unwrap().payload, [round; 1000][..]);
    }
}
