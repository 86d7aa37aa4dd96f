//! What the hub says to operators' programs, as bytes of MQTT 3.1.1. Pure.

/// CONNACK: come in; nothing is remembered of earlier connections.
pub(super) const WELCOME: [u8; 4] = [0x20, 2, 0, 0];

/// PINGRESP.
pub(super) const PONG: [u8; 2] = [0xd0, 0];

/// The return code of a filter that is not granted.
pub(super) const NOT_GRANTED: u8 = 0x80;

/// Why a connection is not accepted, as CONNACK says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refusal {
    /// Only MQTT 3.1.1 is spoken here.
    Protocol = 1,
    /// A session that is to be kept needs a name.
    ClientId = 2,
    /// Not now; later is better.
    Unavailable = 3,
    /// Name and token are not right, or the connection asks for what nobody gets.
    NotAuthorised = 5,
}

/// CONNACK: no.
pub(super) fn refusal(why: Refusal) -> [u8; 4] {
    [0x20, 2, 0, why as u8]
}

/// PUBACK.
pub(super) fn puback(id: u16) -> [u8; 4] {
    let [high, low] = id.to_be_bytes();
    [0x40, 2, high, low]
}

/// UNSUBACK.
pub(super) fn unsuback(id: u16) -> [u8; 4] {
    let [high, low] = id.to_be_bytes();
    [0xb0, 2, high, low]
}

/// SUBACK: what became of each filter, in their order.
pub(super) fn suback(id: u16, codes: &[u8]) -> Vec<u8> {
    packet(0x90, &[&id.to_be_bytes(), codes])
}

/// PUBLISH at QoS 0. `is_retained` says that it is how things are, not that they just changed.
pub(super) fn publish(topic: &str, payload: &[u8], is_retained: bool) -> Vec<u8> {
    // Topics are the hub's own, far below 64 KiB.
    let length = u16::try_from(topic.len()).unwrap_or(u16::MAX).to_be_bytes();
    packet(0x30 | u8::from(is_retained), &[&length, topic.as_bytes(), payload])
}

fn packet(header: u8, parts: &[&[u8]]) -> Vec<u8> {
    let mut packet = vec![header];
    let mut rest: usize = parts.iter().map(|part| part.len()).sum();
    loop {
        let low = u8::try_from(rest & 0x7f).unwrap_or_default();
        rest >>= 7;
        packet.push(if rest == 0 { low } else { low | 0x80 });
        if rest == 0 {
            break;
        }
    }
    parts.iter().for_each(|part| packet.extend_from_slice(part));
    packet
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::gateway::frames::{self, Frame};

    #[test]
    fn answers_name_what_they_answer() {
        assert_eq!(refusal(Refusal::NotAuthorised), [0x20, 2, 0, 5]);
        assert_eq!((puback(258), unsuback(258)), ([0x40, 2, 1, 2], [0xb0, 2, 1, 2]));
        assert_eq!(suback(258, &[0, NOT_GRANTED]), [0x90, 4, 1, 2, 0, 0x80]);
    }

    proptest! {
        #[test]
        fn a_message_reads_back_whatever_its_length(topic in "[a-z/]{1,40}", length in 0..40_000usize, is_retained: bool) {
            let bytes = publish(&topic, &vec![7; length], is_retained);
            let (frame, read) = frames::first(&bytes, usize::MAX).unwrap().unwrap();
            prop_assert_eq!(read, bytes.len());
            let Frame::Publish(message) = frame else { panic!("{frame:?}") };
            prop_assert_eq!((message.topic, message.payload.len()), (topic.as_bytes(), length));
            prop_assert_eq!((message.is_retained, message.qos), (is_retained, 0));
        }
    }
}
