//! Echo messages (pings) of both families as bytes: writes the question, and tells our answer from everything else.
//!
//! A token that is drawn for each socket stands in the payload. The kernel rewrites the identifier of a datagram
//! socket, and a raw socket hears everybody's pings; and who never got a question cannot know its token.

use etherparse::{IcmpEchoHeader, Icmpv4Header, Icmpv4Slice, Icmpv4Type, Icmpv6Header, Icmpv6Slice, Icmpv6Type};
use etherparse::{IpNumber, Ipv4HeaderSlice};

/// What tells our questions from others'.
pub type Token = [u8; 8];

/// The longest message worth reading, with an IPv4 header of any length before it, bytes.
pub const DATAGRAM_BYTES_MAX: usize = 128;

const FIRST: IcmpEchoHeader = IcmpEchoHeader { id: 0, seq: 1 };

/// Which of the two protocols.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protocol {
    /// ICMP over IPv4.
    V4,
    /// ICMP over IPv6.
    V6,
}

/// Writes the question "are you there?". Over IPv6 the kernel fills in the checksum, which
/// covers addresses.
#[must_use]
pub fn request(protocol: Protocol, token: Token) -> Vec<u8> {
    let mut message = match protocol {
        Protocol::V4 => Icmpv4Header::with_checksum(Icmpv4Type::EchoRequest(FIRST), &token).to_bytes().to_vec(),
        Protocol::V6 => Icmpv6Header::new(Icmpv6Type::EchoRequest(FIRST)).to_bytes().to_vec(),
    };
    message.extend(token);
    message
}

/// Whether a message, which begins with its ICMP header, answers the question with this token.
#[must_use]
pub fn is_answer(protocol: Protocol, message: &[u8], token: Token) -> bool {
    let payload = match protocol {
        Protocol::V4 => Icmpv4Slice::from_slice(message)
            .ok()
            .and_then(|slice| matches!(slice.icmp_type(), Icmpv4Type::EchoReply(_)).then(|| slice.payload())),
        Protocol::V6 => Icmpv6Slice::from_slice(message)
            .ok()
            .and_then(|slice| matches!(slice.icmp_type(), Icmpv6Type::EchoReply(_)).then(|| slice.payload())),
    };
    payload == Some(&token[..])
}

/// The ICMP message in what a raw IPv4 socket hands over; `None` if there is none.
#[must_use]
pub fn without_ip_header(datagram: &[u8]) -> Option<&[u8]> {
    let header = Ipv4HeaderSlice::from_slice(datagram).ok()?;
    (header.protocol() == IpNumber::ICMP).then(|| datagram.get(header.slice().len()..)).flatten()
}

#[cfg(test)]
mod tests {
    use etherparse::PacketBuilder;
    use proptest::prelude::*;

    use super::*;

    const TOKEN: Token = *b"a token!";
    const BOTH: [Protocol; 2] = [Protocol::V4, Protocol::V6];

    fn answer(protocol: Protocol, token: Token) -> Vec<u8> {
        let mut message = request(protocol, token);
        message[0] = match protocol {
            Protocol::V4 => 0,
            Protocol::V6 => 129,
        };
        message
    }

    #[test]
    fn a_request_has_the_bytes_of_the_standard() {
        let hex = |protocol| vigie_shared::id::to_hex(&request(protocol, [0; 8]));
        assert_eq!(hex(Protocol::V4), "0800f7fe000000010000000000000000");
        assert_eq!(hex(Protocol::V6), "80000000000000010000000000000000");
    }

    #[test]
    fn only_the_answer_to_our_own_question_counts() {
        for protocol in BOTH {
            assert!(is_answer(protocol, &answer(protocol, TOKEN), TOKEN));
            assert!(!is_answer(protocol, &answer(protocol, *b"another!"), TOKEN), "somebody else's token");
            assert!(!is_answer(protocol, &request(protocol, TOKEN), TOKEN), "our own question");
        }
        assert!(!is_answer(Protocol::V4, &answer(Protocol::V6, TOKEN), TOKEN));
    }

    #[test]
    fn an_answer_cut_short_or_grown_is_none() {
        for protocol in BOTH {
            let whole = answer(protocol, TOKEN);
            for length in 0..whole.len() {
                assert!(!is_answer(protocol, &whole[..length], TOKEN), "{length} bytes");
            }
            assert!(!is_answer(protocol, &[whole, vec![0]].concat(), TOKEN));
        }
    }

    #[test]
    fn the_header_before_a_raw_answer_is_taken_off() {
        let builder = PacketBuilder::ipv4([10, 0, 0, 7], [10, 0, 0, 1], 64).icmpv4_echo_reply(0, 1);
        let mut datagram = Vec::new();
        builder.write(&mut datagram, &TOKEN).unwrap();
        let message = without_ip_header(&datagram).unwrap();
        assert!(is_answer(Protocol::V4, message, TOKEN));
        let mut datagram_of_udp = datagram.clone();
        datagram_of_udp[9] = 17;
        assert_eq!(without_ip_header(&datagram_of_udp), None);
    }

    proptest! {
        #[test]
        fn reading_never_panics(bytes: Vec<u8>) {
            let message = without_ip_header(&bytes).unwrap_or(&bytes);
            prop_assert!(!is_answer(Protocol::V4, message, TOKEN));
            prop_assert!(!is_answer(Protocol::V6, message, TOKEN));
        }

        #[test]
        fn every_token_reads_back(token: Token) {
            for protocol in BOTH {
                prop_assert!(is_answer(protocol, &answer(protocol, token), token));
            }
        }
    }
}
