//! The policy's laws, and every rule with an example that breaks it.

use proptest::prelude::*;

use super::*;

fn policy() -> Policy {
    Policy::new("siteA".parse().unwrap(), 1024)
}

fn packet(header: u8, body: &[u8]) -> Vec<u8> {
    let mut packet = vec![header];
    let mut length = body.len();
    loop {
        let low = u8::try_from(length & 0x7f).unwrap();
        length >>= 7;
        packet.push(if length == 0 { low } else { low | 0x80 });
        if length == 0 {
            break;
        }
    }
    packet.extend_from_slice(body);
    packet
}

fn text(text: &[u8]) -> Vec<u8> {
    [&u16::try_from(text.len()).unwrap().to_be_bytes()[..], text].concat()
}

fn publish(flags: u8, topic: &str, payload: &[u8]) -> Vec<u8> {
    let id: &[u8] = if flags & 0b110 == 0 { &[] } else { &[0, 1] };
    packet(0x30 | flags, &[&text(topic.as_bytes())[..], id, payload].concat())
}

fn subscribe(filters: &[(&str, u8)]) -> Vec<u8> {
    let filters = filters.iter().flat_map(|(filter, qos)| [text(filter.as_bytes()), vec![*qos]].concat());
    packet(0x82, &[0, 1].into_iter().chain(filters).collect::<Vec<_>>())
}

fn connect(protocol: &str, level: u8, flags: u8, keep_alive_s: u16, client_id: &str) -> Vec<u8> {
    let mut body = text(protocol.as_bytes());
    body.extend([level, flags]);
    body.extend(keep_alive_s.to_be_bytes());
    body.extend(text(client_id.as_bytes()));
    packet(0x10, &body)
}

#[test]
fn an_honest_box_passes() {
    let hello = connect("MQTT", 4, 2, 60, "siteA");
    assert_eq!(policy().open(&hello), Opening::Accepted { bytes: hello.len(), keep_alive_s: 60 });
    let packets = [
        subscribe(&[("/tenants/siteA/down/#", 0)]),
        subscribe(&[("/tenants/siteA/down/receipt", 0), ("/tenants/siteA/down/command", 0)]),
        publish(0, "/tenants/siteA/up/hello", b"x"),
        publish(0b0010, "/tenants/siteA/up/ledger", &[7; 1024]),
        publish(0b1010, "/tenants/siteA/up/live", b"x"),
        packet(0xc0, &[]),
    ];
    let bytes = packets.concat();
    assert_eq!(policy().scan(&bytes), Scan { allowed_bytes: bytes.len(), frames: 6, end: None });
}

#[test]
fn a_connect_that_asks_for_more_is_refused() {
    for (what, bytes) in [
        ("MQTT 3.1", connect("MQIsdp", 3, 2, 60, "siteA")),
        ("MQTT 5", connect("MQTT", 5, 2, 60, "siteA")),
        ("persistent session", connect("MQTT", 4, 0, 60, "siteA")),
        ("will", connect("MQTT", 4, 6, 60, "siteA")),
        ("user name", connect("MQTT", 4, 0x82, 60, "siteA")),
        ("reserved flag", connect("MQTT", 4, 3, 60, "siteA")),
        ("no keep-alive", connect("MQTT", 4, 2, 0, "siteA")),
        ("long keep-alive", connect("MQTT", 4, 2, 601, "siteA")),
        ("another client id", connect("MQTT", 4, 2, 60, "siteAB")),
        ("no client id", connect("MQTT", 4, 2, 60, "")),
    ] {
        assert_eq!(policy().open(&bytes), Opening::Refused, "{what}");
    }
}

#[test]
fn what_does_not_begin_with_connect_is_not_answered() {
    let long = connect("MQTT", 4, 2, 60, &"x".repeat(200));
    for bytes in [&b"GET / HTTP/1.1\r\n\r\n"[..], &publish(0, "/tenants/siteA/up/live", b"x"), &[0x10, 0], &long] {
        assert_eq!(policy().open(bytes), Opening::Broken, "{bytes:?}");
    }
}

#[test]
fn what_is_not_the_boxs_own_ends_the_connection() {
    for (what, bytes, end) in [
        ("another site", publish(0, "/tenants/siteB/up/live", b"x"), End::ForeignPublish),
        ("a longer name", publish(0, "/tenants/siteAB/up/live", b"x"), End::ForeignPublish),
        ("a shorter name", publish(0, "/tenants/site/up/live", b"x"), End::ForeignPublish),
        ("the way down", publish(0, "/tenants/siteA/down/receipt", b"x"), End::ForeignPublish),
        ("no prefix", publish(0, "up/live", b"x"), End::ForeignPublish),
        ("a new topic", publish(0, "/tenants/siteA/up/new", b"x"), End::ForeignPublish),
        ("not ASCII", publish(0, "éé", b"x"), End::ForeignPublish),
        ("retained", publish(1, "/tenants/siteA/up/live", b"x"), End::ForeignPublish),
        ("QoS 2", publish(0b0100, "/tenants/siteA/up/live", b"x"), End::ForeignPublish),
        ("empty", publish(0, "/tenants/siteA/up/live", b""), End::ForeignPublish),
        ("everything", subscribe(&[("#", 0)]), End::ForeignSubscribe),
        ("all sites", subscribe(&[("/tenants/+/down/#", 0)]), End::ForeignSubscribe),
        ("another site's", subscribe(&[("/tenants/siteAB/down/#", 0)]), End::ForeignSubscribe),
        ("the way up", subscribe(&[("/tenants/siteA/up/#", 0)]), End::ForeignSubscribe),
        ("shared", subscribe(&[("$share/g//tenants/siteA/down/#", 0)]), End::ForeignSubscribe),
        ("QoS 1", subscribe(&[("/tenants/siteA/down/#", 1)]), End::ForeignSubscribe),
        ("own and foreign", subscribe(&[("/tenants/siteA/down/#", 0), ("#", 0)]), End::ForeignSubscribe),
        ("a second CONNECT", connect("MQTT", 4, 2, 60, "siteA"), End::ForeignPacket),
        ("CONNACK", packet(0x20, &[0, 0]), End::ForeignPacket),
        ("PUBACK", packet(0x40, &[0, 1]), End::ForeignPacket),
        ("UNSUBSCRIBE", packet(0xa2, &[0, 1, 0, 1, b'x']), End::ForeignPacket),
        ("AUTH", packet(0xf0, &[]), End::ForeignPacket),
        ("DISCONNECT", packet(0xe0, &[]), End::Goodbye),
        ("DISCONNECT of MQTT 5", packet(0xe0, &[0, 0]), End::Malformed),
        ("QoS 3", publish(0b0110, "/tenants/siteA/up/live", b"x"), End::Malformed),
        ("no filter", packet(0x82, &[0, 1]), End::Malformed),
        ("wrong flags", packet(0x80, &[0, 1, 0, 1, b'x', 0]), End::Malformed),
        ("endless length", vec![0x30, 0xff, 0xff, 0xff, 0xff, 1], End::Malformed),
        ("a huge announcement", vec![0x30, 0xff, 0xff, 0xff, 0x7f], End::TooLong),
        ("too much", publish(0, "/tenants/siteA/up/live", &[0; 1025]), End::TooLong),
    ] {
        let bytes = [packet(0xc0, &[]), bytes].concat();
        assert_eq!(policy().scan(&bytes), Scan { allowed_bytes: 2, frames: 1, end: Some(end) }, "{what}");
    }
}

fn any_packet() -> impl Strategy<Value = Vec<u8>> {
    let topic = prop_oneof![
        Just("/tenants/siteA/up/ledger".to_owned()),
        Just("/tenants/siteAB/up/ledger".to_owned()),
        "/tenants/site[AB]/(up|down)/(live|receipt|#)",
        "\\PC{0,40}",
    ];
    prop_oneof![
        (0..16u8, topic.clone(), prop::collection::vec(any::<u8>(), 0..300))
            .prop_map(|(flags, topic, payload)| publish(flags, &topic, &payload)),
        prop::collection::vec((topic, 0..4u8), 0..4)
            .prop_map(|filters| subscribe(&filters.iter().map(|(f, q)| (f.as_str(), *q)).collect::<Vec<_>>())),
        Just(packet(0xc0, &[])),
        (any::<u8>(), prop::collection::vec(any::<u8>(), 0..40)).prop_map(|(header, body)| packet(header, &body)),
    ]
}

proptest! {
    #[test]
    fn garbage_never_panics_and_nothing_foreign_passes(bytes: Vec<u8>) {
        check_laws(&bytes);
    }

    #[test]
    fn the_way_bytes_arrive_does_not_matter(packets in prop::collection::vec(any_packet(), 0..12), step in 1..64u8) {
        let bytes = packets.concat();
        let whole = policy().scan(&bytes);
        prop_assert_eq!(scan_in_steps(&policy(), &bytes, step.into()), whole);
        check_laws(&bytes);
    }

    #[test]
    fn a_changed_packet_never_passes_as_foreign(packet in any_packet(), at: prop::sample::Index, to: u8) {
        let mut bytes = packet;
        let at = at.index(bytes.len());
        bytes[at] = to;
        check_laws(&bytes);
    }
}
