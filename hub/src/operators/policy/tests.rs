//! The policy's laws, and every rule with an example that breaks it.

use proptest::prelude::*;

use super::*;
use crate::operators::tests::{connect, packet, publish};

#[test]
fn an_account_and_its_token_are_looked_at() {
    for flags in [0b1100_0010, 0b1100_0000] {
        let bytes = connect("MQTT", 4, flags, 60, &["node-red", "lea", "vgt_x"]);
        let (name, token) = ("lea".to_owned(), "vgt_x".to_owned());
        let knock = Knock { bytes: bytes.len(), keep_alive_s: 60, name, token };
        assert!(!format!("{knock:?}").contains("vgt_x"), "secrets are not shown");
        assert_eq!(open(&bytes, None), Opening::Knock(knock));
        assert_eq!(open(&bytes[..bytes.len() - 1], None), Opening::Incomplete);
    }
}

#[test]
fn what_nobody_gets_is_refused_with_its_code() {
    use Refusal::{ClientId, NotAuthorised, Protocol};
    for (what, bytes, why) in [
        ("MQTT 3.1", connect("MQIsdp", 3, 0xc2, 60, &["a", "lea", "t"]), Protocol),
        ("MQTT 5", connect("MQTT", 5, 0xc2, 60, &["", "a", "lea", "t"]), Protocol),
        ("kept without a name", connect("MQTT", 4, 0xc0, 60, &["", "lea", "t"]), ClientId),
        ("a will", connect("MQTT", 4, 0xc6, 60, &["a", "topic", "gone", "lea", "t"]), NotAuthorised),
        ("no keep-alive", connect("MQTT", 4, 0xc2, 0, &["a", "lea", "t"]), NotAuthorised),
        ("a long keep-alive", connect("MQTT", 4, 0xc2, 3_601, &["a", "lea", "t"]), NotAuthorised),
        ("nobody", connect("MQTT", 4, 0x02, 60, &["a"]), NotAuthorised),
        ("no password", connect("MQTT", 4, 0x82, 60, &["a", "lea"]), NotAuthorised),
    ] {
        assert_eq!(open(&bytes, None), Opening::Refused(why), "{what}");
    }
}

#[test]
fn what_is_no_connect_gets_no_answer() {
    for bytes in [
        &b"GET / HTTP/1.1\r\n\r\n"[..],
        &publish(0, "vigie/v1/metz/commands/reboot", b""),
        &connect("MQTT", 4, 0xc3, 60, &["a", "lea", "t"]),
        &connect("MQTT", 4, 0xc2, 60, &["a", "lea"]),
        &connect("MQTT", 4, 0xc2, 60, &["a", "lea", "t", "more"]),
        &[0x10, 0],
    ] {
        assert_eq!(open(bytes, None), Opening::Broken(End::Malformed), "{bytes:?}");
    }
    assert_eq!(open(&[0x10, 0xff, 0xff, 0x7f], None), Opening::Broken(End::TooLong));
}

#[test]
fn wishes_are_read_one_by_one() {
    let command = publish(0b0010, "vigie/v1/metz/commands/reboot", b"{}");
    let bytes = [command.clone(), packet(0x82, &[0, 7, 0, 1, b'x', 1]), packet(0xa2, &[0, 8, 0, 1, b'x'])].concat();
    let address = Address { site: "metz".to_owned(), kind: "reboot".to_owned() };
    let letter = Letter { address, id: Some(9), is_retained: false, is_repeated: false, payload: b"{}".to_vec() };
    assert_eq!(next(&bytes, 99, None), Ok(Some((Wish::Command(letter), command.len()))));
    let rest = &bytes[command.len()..];
    let subscribe = Wish::Subscribe { id: 7, filters: vec![b"x".to_vec()] };
    assert_eq!(next(rest, 99, None), Ok(Some((subscribe, 8))));
    let unsubscribe = Wish::Unsubscribe { id: 8, filters: vec![b"x".to_vec()] };
    assert_eq!(next(&rest[8..], 99, None), Ok(Some((unsubscribe, 7))));
    assert_eq!(next(&[0xc0, 0], 99, None), Ok(Some((Wish::Ping, 2))));
    assert_eq!(next(&[0xc0], 99, None), Ok(None));
}

#[test]
fn what_has_no_use_ends_the_connection() {
    for (what, bytes, end) in [
        ("DISCONNECT", packet(0xe0, &[]), End::Goodbye),
        ("a second CONNECT", connect("MQTT", 4, 0xc2, 60, &["a", "lea", "t"]), End::ForeignPacket),
        ("CONNACK", packet(0x20, &[0, 0]), End::ForeignPacket),
        ("PUBACK", packet(0x40, &[0, 1]), End::ForeignPacket),
        ("PUBREL", packet(0x62, &[0, 1]), End::ForeignPacket),
        ("QoS 2", publish(0b0100, "vigie/v1/metz/commands/reboot", b""), End::ForeignPublish),
        ("a box's topic", publish(0, "/tenants/metz/down/command", b""), End::ForeignPublish),
        ("what the hub tells", publish(0, "vigie/v1/metz/state", b"{}"), End::ForeignPublish),
        ("not UTF-8", packet(0x30, &[0, 1, 0xff]), End::ForeignPublish),
        ("too much", publish(0, "vigie/v1/metz/commands/reboot", &[b' '; 21]), End::TooLong),
        ("a huge announcement", vec![0x30, 0xff, 0xff, 0x7f], End::TooLong),
        ("no filter", packet(0x82, &[0, 1]), End::Malformed),
        ("no filter to end", packet(0xa2, &[0, 1]), End::Malformed),
        ("no identifier", packet(0xa2, &[0, 0, 0, 1, b'x']), End::Malformed),
    ] {
        assert_eq!(next(&bytes, 20, None), Err(end), "{what}");
    }
}

proptest! {
    #[test]
    fn garbage_never_panics(bytes: Vec<u8>) {
        check_laws(&bytes);
    }

    #[test]
    fn a_changed_packet_keeps_the_laws(
        flags in 0..16u8,
        topic in "vigie/v1/[a-z+/]{0,6}/commands/\\PC{0,6}",
        at: prop::sample::Index,
        to: u8,
    ) {
        let hello = connect("MQTT", 4, 0xc2, 60, &["a", "lea", "x"]);
        for mut bytes in [publish(flags, &topic, b"{}"), [hello, publish(flags, &topic, b"{}")].concat()] {
            check_laws(&bytes);
            let at = at.index(bytes.len());
            bytes[at] = to;
            check_laws(&bytes);
        }
    }
}
