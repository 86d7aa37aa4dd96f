//! Frames of the LAN as bytes: builds ARP requests and reads what passes by.
//!
//! Every function is total over its input: a frame that is cut short,
//! padded or nonsense is `None`.

use std::net::Ipv4Addr;

use etherparse::{
    ArpEthIpv4Packet, ArpOperation, EtherType, Ethernet2Header, LinkSlice, NetSlice, SlicedPacket, TransportSlice,
};
use vigie_shared::mac::Mac;

use super::dhcp::{self, Request};
use super::mdns::{self, Announcement};

/// Length of an ARP request on the wire, without padding, bytes.
pub const ARP_BYTES: usize = Ethernet2Header::LEN + ArpEthIpv4Packet::LEN;

const EVERYBODY: Mac = Mac([0xff; 6]);
const NOBODY: Mac = Mac([0; 6]);
const DHCP_CLIENT_PORT: u16 = 68;
const DHCP_SERVER_PORT: u16 = 67;
const MDNS_PORT: u16 = 5353;

/// An ARP message for IPv4 over Ethernet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Arp {
    /// Answer rather than question.
    pub is_reply: bool,
    /// Who speaks.
    pub sender: Mac,
    /// The address that the sender calls its own; unspecified when it only probes.
    pub sender_ip: Ipv4Addr,
    /// To whom; all zeros in a question.
    pub target: Mac,
    /// The address in question.
    pub target_ip: Ipv4Addr,
}

/// One frame that says something about who is here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Heard {
    /// A question or an answer about an address.
    Arp(Arp),
    /// A device asks for an address.
    Dhcp(Request),
    /// A device names itself.
    Mdns {
        /// The frame's sender.
        sender: Mac,
        /// The packet's sender.
        sender_ip: Ipv4Addr,
        /// The names it told.
        announcements: Vec<Announcement>,
    },
}

/// Writes the question "who has `target_ip`?", to everybody or, as a check, to `to` alone.
#[must_use]
pub fn arp_request(own: Mac, own_ip: Ipv4Addr, target_ip: Ipv4Addr, to: Option<Mac>) -> [u8; ARP_BYTES] {
    let header = Ethernet2Header { destination: to.unwrap_or(EVERYBODY).0, source: own.0, ether_type: EtherType::ARP };
    let arp = Arp { is_reply: false, sender: own, sender_ip: own_ip, target: NOBODY, target_ip };
    write_arp(&header, &arp)
}

fn write_arp(header: &Ethernet2Header, arp: &Arp) -> [u8; ARP_BYTES] {
    let packet = ArpEthIpv4Packet {
        operation: if arp.is_reply { ArpOperation::REPLY } else { ArpOperation::REQUEST },
        sender_mac: arp.sender.0,
        sender_ipv4: arp.sender_ip.octets(),
        target_mac: arp.target.0,
        target_ipv4: arp.target_ip.octets(),
    };
    let mut frame = [0; ARP_BYTES];
    let bytes = header.to_bytes().into_iter().chain(packet.to_bytes());
    frame.iter_mut().zip(bytes).for_each(|(to, from)| *to = from);
    frame
}

/// Reads a frame; `None` if it tells nothing, or if it claims to come from a group.
#[must_use]
pub fn hear(frame: &[u8]) -> Option<Heard> {
    let packet = SlicedPacket::from_ethernet(frame).ok()?;
    let Some(LinkSlice::Ethernet2(link)) = &packet.link else { return None };
    let sender = Mac(link.source());
    if !sender.is_device() {
        return None;
    }
    match (&packet.net, &packet.transport) {
        (Some(NetSlice::Arp(arp)), _) => {
            let arp = arp.to_packet().try_eth_ipv4().ok()?;
            Some(Heard::Arp(Arp {
                is_reply: match arp.operation {
                    ArpOperation::REPLY => true,
                    ArpOperation::REQUEST => false,
                    _ => return None,
                },
                sender: Mac(arp.sender_mac),
                sender_ip: arp.sender_ipv4_addr(),
                target: Mac(arp.target_mac),
                target_ip: arp.target_ipv4_addr(),
            }))
        }
        (Some(NetSlice::Ipv4(ip)), Some(TransportSlice::Udp(udp))) => {
            match (udp.source_port(), udp.destination_port()) {
                (DHCP_CLIENT_PORT, DHCP_SERVER_PORT) => dhcp::request(udp.payload()).map(Heard::Dhcp),
                (MDNS_PORT, MDNS_PORT) => {
                    let announcements = mdns::announcements(udp.payload());
                    Some(Heard::Mdns { sender, sender_ip: ip.header().source_addr(), announcements })
                }
                _ => None,
            }
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use etherparse::PacketBuilder;
    use proptest::prelude::*;

    use super::*;

    const PHONE: Mac = Mac([0x8e, 0x1b, 0x7c, 0, 0x11, 0x22]);
    const BOX: Mac = Mac([0xb8, 0x27, 0xeb, 1, 2, 3]);

    fn reply(padding: usize) -> Vec<u8> {
        let header = Ethernet2Header { destination: BOX.0, source: PHONE.0, ether_type: EtherType::ARP };
        let arp = Arp {
            is_reply: true,
            sender: PHONE,
            sender_ip: Ipv4Addr::new(10, 0, 0, 7),
            target: BOX,
            target_ip: Ipv4Addr::new(10, 0, 0, 1),
        };
        let mut frame = write_arp(&header, &arp).to_vec();
        frame.resize(frame.len() + padding, 0);
        frame
    }

    #[test]
    fn a_request_has_the_bytes_of_the_standard() {
        let frame = arp_request(BOX, Ipv4Addr::new(10, 0, 0, 1), Ipv4Addr::new(10, 0, 0, 7), None);
        let expected = "ffffffffffffb827eb0102030806000108000604\
                        0001b827eb0102030a0000010000000000000a000007";
        assert_eq!(vigie_shared::id::to_hex(&frame), expected);
    }

    #[test]
    fn a_reply_is_heard_with_and_without_padding() {
        for padding in [0, 18] {
            let Some(Heard::Arp(arp)) = hear(&reply(padding)) else { panic!("not heard") };
            assert!(arp.is_reply);
            assert_eq!((arp.sender, arp.sender_ip), (PHONE, Ipv4Addr::new(10, 0, 0, 7)));
        }
    }

    #[test]
    fn a_frame_cut_short_or_from_a_group_says_nothing() {
        let frame = reply(0);
        for length in 0..frame.len() {
            assert_eq!(hear(&frame[..length]), None, "{length} bytes");
        }
        let mut from_group = frame;
        from_group[6] |= 1;
        assert_eq!(hear(&from_group), None);
    }

    #[test]
    fn a_dhcp_request_is_heard_on_its_way_to_the_server_only() {
        let ask = |from, to| {
            let builder = PacketBuilder::ethernet2(PHONE.0, [0xff; 6]).ipv4([0; 4], [255; 4], 64).udp(from, to);
            let payload = dhcp::tests::discover(PHONE, "Marie-iPhone");
            let mut frame = Vec::new();
            builder.write(&mut frame, &payload).unwrap();
            hear(&frame)
        };
        assert!(matches!(ask(68, 67), Some(Heard::Dhcp(request)) if request.client == PHONE));
        assert_eq!(ask(67, 68), None);
    }

    proptest! {
        #[test]
        fn hearing_never_panics(frame: Vec<u8>) {
            drop(hear(&frame));
        }

        #[test]
        fn hearing_a_damaged_reply_never_panics(at in 0_usize..60, value: u8) {
            let mut frame = reply(18);
            frame[at] = value;
            drop(hear(&frame));
        }

        #[test]
        fn a_request_reads_back(own: [u8; 4], asked: [u8; 4], sender in 0_u8..=255) {
            let own_mac = Mac([0xb8, 0, 0, 0, 0, sender]);
            let frame = arp_request(own_mac, own.into(), asked.into(), Some(PHONE));
            let Some(Heard::Arp(arp)) = hear(&frame) else { panic!("not heard") };
            prop_assert_eq!((arp.sender, arp.sender_ip, arp.target_ip), (own_mac, own.into(), asked.into()));
        }
    }
}
