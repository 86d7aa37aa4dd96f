//! Rows of the kernel's neighbour table: reads what the kernel tells by netlink, and says what a row is worth.
//!
//! Only `REACHABLE` with a small confirmed age is a sighting: entries of devices that left stay `STALE` for as
//! long as the table has room.

use std::net::IpAddr;
use std::time::Duration;

use netlink_packet_core::{
    DecodeError, Emitable as _, NLM_F_DUMP, NLM_F_REQUEST, NetlinkDeserializable, NetlinkHeader, NetlinkMessage,
    NetlinkPayload, NetlinkSerializable, Parseable as _,
};
use netlink_packet_route::AddressFamily;
use netlink_packet_route::neighbour::{
    NeighbourAddress, NeighbourAttribute, NeighbourMessage, NeighbourMessageBuffer, NeighbourState,
};
use vigie_shared::mac::Mac;

/// The oldest confirmation that still says "here".
pub const CONFIRMED_MAX: Duration = Duration::from_secs(60);

/// How long the kernel may take to find out about a device that it knew before: 5 s of delay, 3 s of probes.
pub const RECHECK: Duration = Duration::from_secs(9);

/// The kernel counts ages in hundredths of a second on every architecture.
const TICK_MS: u64 = 10;

/// One row of the table, of one interface.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Row {
    /// The kernel's number of the interface.
    pub interface: u32,
    /// The neighbour's internet address.
    pub ip: IpAddr,
    /// Its address on the LAN.
    pub mac: Mac,
    /// What the kernel thinks of it.
    pub state: NeighbourState,
    /// Time since the neighbour last proved that it is there.
    pub confirmed_ago: Option<Duration>,
}

/// What a row is worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Worth {
    /// The device was here this long ago.
    Seen(Duration),
    /// The kernel knew the device before: asked, it takes up to [`RECHECK`] to find out.
    Unsettled,
    /// Says nothing about presence.
    Nothing,
}

/// Something that the kernel told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Told {
    /// A row is new, changed or listed.
    Row(Row),
    /// An interface or an address changed.
    Link,
    /// The listing is complete.
    End,
}

impl Row {
    /// Judges the row.
    #[must_use]
    pub fn worth(&self) -> Worth {
        match (self.state, self.confirmed_ago) {
            (NeighbourState::Reachable, Some(age)) if age <= CONFIRMED_MAX => Worth::Seen(age),
            (NeighbourState::Stale | NeighbourState::Delay | NeighbourState::Probe, _) => Worth::Unsettled,
            _ => Worth::Nothing,
        }
    }
}

/// The messages that matter here. The library's own list of all routing messages would make the agent a quarter of a
/// megabyte larger, and would stop at a damaged message about something else.
#[derive(Debug)]
enum Message {
    /// Asks for neighbours.
    GetNeighbour(NeighbourMessage),
    /// Tells of a neighbour.
    NewNeighbour(NeighbourMessage),
    /// Tells that a link or an address came, changed or went; which one is looked up where it matters.
    Link,
    /// Anything else.
    Other,
}

/// Numbers of messages, rtnetlink(7).
mod number {
    pub(super) const LINK: [u16; 4] = [16, 17, 20, 21];
    pub(super) const NEW_NEIGHBOUR: u16 = 28;
    pub(super) const GET_NEIGHBOUR: u16 = 30;
}

impl NetlinkSerializable for Message {
    fn message_type(&self) -> u16 {
        match self {
            Self::GetNeighbour(_) => number::GET_NEIGHBOUR,
            Self::NewNeighbour(_) => number::NEW_NEIGHBOUR,
            Self::Link => number::LINK[0],
            Self::Other => 0,
        }
    }

    fn buffer_len(&self) -> usize {
        match self {
            Self::GetNeighbour(message) | Self::NewNeighbour(message) => message.buffer_len(),
            Self::Link | Self::Other => 0,
        }
    }

    fn serialize(&self, buffer: &mut [u8]) {
        match self {
            Self::GetNeighbour(message) | Self::NewNeighbour(message) => message.emit(buffer),
            Self::Link | Self::Other => {}
        }
    }
}

impl NetlinkDeserializable for Message {
    type Error = DecodeError;

    fn deserialize(header: &NetlinkHeader, payload: &[u8]) -> Result<Self, DecodeError> {
        let neighbour = || NeighbourMessage::parse(&NeighbourMessageBuffer::new_checked(&payload)?);
        Ok(match header.message_type {
            number::GET_NEIGHBOUR => Self::GetNeighbour(neighbour()?),
            number::NEW_NEIGHBOUR => Self::NewNeighbour(neighbour()?),
            number if number::LINK.contains(&number) => Self::Link,
            _ => Self::Other,
        })
    }
}

/// Writes the request for the whole table, IPv4 and IPv6.
#[must_use]
pub fn dump_request() -> Vec<u8> {
    let mut neighbour = NeighbourMessage::default();
    neighbour.header.family = AddressFamily::Unspec;
    let mut message =
        NetlinkMessage::new(NetlinkHeader::default(), NetlinkPayload::InnerMessage(Message::GetNeighbour(neighbour)));
    message.header.flags = NLM_F_REQUEST | NLM_F_DUMP;
    message.finalize();
    let mut bytes = vec![0; message.buffer_len()];
    message.serialize(&mut bytes);
    bytes
}

/// Reads one datagram of the kernel, which holds any number of messages; a damaged one ends the reading.
#[must_use]
pub fn told(datagram: &[u8]) -> Vec<Told> {
    let mut rest = datagram;
    let mut all = Vec::new();
    while let Ok(message) = NetlinkMessage::<Message>::deserialize(rest) {
        let length = usize::try_from(message.header.length).unwrap_or(usize::MAX).next_multiple_of(4);
        all.extend(told_by(message.payload));
        match rest.split_at_checked(length) {
            Some((_, next)) if length > 0 && !next.is_empty() => rest = next,
            _ => break,
        }
    }
    all
}

fn told_by(payload: NetlinkPayload<Message>) -> Option<Told> {
    match payload {
        NetlinkPayload::Done(_) | NetlinkPayload::Error(_) => Some(Told::End),
        NetlinkPayload::InnerMessage(Message::NewNeighbour(neighbour)) => row(&neighbour).map(Told::Row),
        NetlinkPayload::InnerMessage(Message::Link) => Some(Told::Link),
        _ => None,
    }
}

fn row(message: &NeighbourMessage) -> Option<Row> {
    let (mut ip, mut mac, mut confirmed_ago) = (None, None, None);
    for attribute in &message.attributes {
        match attribute {
            NeighbourAttribute::Destination(NeighbourAddress::Inet(address)) => ip = Some(IpAddr::from(*address)),
            NeighbourAttribute::Destination(NeighbourAddress::Inet6(address)) => ip = Some(IpAddr::from(*address)),
            NeighbourAttribute::LinkLocalAddress(bytes) => {
                mac = bytes.as_slice().try_into().ok().map(Mac).filter(|mac| mac.is_device());
            }
            NeighbourAttribute::CacheInfo(info) => {
                confirmed_ago = Some(Duration::from_millis(u64::from(info.confirmed) * TICK_MS));
            }
            _ => {}
        }
    }
    Some(Row { interface: message.header.ifindex, ip: ip?, mac: mac?, state: message.header.state, confirmed_ago })
}

#[cfg(test)]
mod tests {
    use std::net::{Ipv4Addr, Ipv6Addr};

    use netlink_packet_route::neighbour::NeighbourCacheInfo;
    use proptest::prelude::*;

    use super::*;

    const PHONE: Mac = Mac([0x8e, 0x1b, 0x7c, 0, 0x11, 0x22]);
    const ADDRESS: IpAddr = IpAddr::V4(Ipv4Addr::new(10, 0, 0, 7));
    const ADDRESS_V6: IpAddr = IpAddr::V6(Ipv6Addr::new(0xfe80, 0, 0, 0, 0x8c1b, 0x7cff, 0xfe00, 0x1122));

    fn datagram(state: NeighbourState, confirmed_s: u32) -> Vec<u8> {
        datagram_about(ADDRESS, state, confirmed_s)
    }

    fn datagram_about(ip: IpAddr, state: NeighbourState, confirmed_s: u32) -> Vec<u8> {
        let (family, address) = match ip {
            IpAddr::V4(ip) => (AddressFamily::Inet, NeighbourAddress::Inet(ip)),
            IpAddr::V6(ip) => (AddressFamily::Inet6, NeighbourAddress::Inet6(ip)),
        };
        let mut neighbour = NeighbourMessage::default();
        neighbour.header.family = family;
        neighbour.header.ifindex = 4;
        neighbour.header.state = state;
        let bytes = [confirmed_s * 100, 0, 0, 1].map(u32::to_ne_bytes).concat();
        let info = netlink_packet_core::Parseable::parse(
            &netlink_packet_route::neighbour::NeighbourCacheInfoBuffer::new(&bytes),
        );
        let info: NeighbourCacheInfo = info.unwrap();
        neighbour.attributes = vec![
            NeighbourAttribute::Destination(address),
            NeighbourAttribute::LinkLocalAddress(PHONE.0.to_vec()),
            NeighbourAttribute::CacheInfo(info),
        ];
        let mut message = NetlinkMessage::new(
            NetlinkHeader::default(),
            NetlinkPayload::InnerMessage(Message::NewNeighbour(neighbour)),
        );
        message.finalize();
        let mut bytes = vec![0; message.buffer_len()];
        message.serialize(&mut bytes);
        bytes
    }

    #[test]
    fn s08_only_a_fresh_confirmation_is_a_sighting() {
        let worth_of = |ip, state, confirmed_s| match told(&datagram_about(ip, state, confirmed_s)).as_slice() {
            [Told::Row(row)] => {
                assert_eq!((row.interface, row.ip, row.mac), (4, ip, PHONE));
                row.worth()
            }
            other => panic!("{other:?}"),
        };
        let worth = |state, confirmed_s| {
            let worth = worth_of(ADDRESS, state, confirmed_s);
            assert_eq!(worth_of(ADDRESS_V6, state, confirmed_s), worth);
            worth
        };
        assert_eq!(worth(NeighbourState::Reachable, 3), Worth::Seen(Duration::from_secs(3)));
        assert_eq!(worth(NeighbourState::Reachable, 600), Worth::Nothing);
        assert_eq!(worth(NeighbourState::Stale, 200), Worth::Unsettled);
        assert_eq!(worth(NeighbourState::Stale, 1), Worth::Unsettled);
        assert_eq!(worth(NeighbourState::Failed, 3), Worth::Nothing);
        assert_eq!(worth(NeighbourState::Delay, 3), Worth::Unsettled);
        assert_eq!(worth(NeighbourState::Permanent, 3), Worth::Nothing);
        assert_eq!(worth(NeighbourState::Noarp, 3), Worth::Nothing);
    }

    #[test]
    fn a_datagram_of_several_rows_is_read_to_its_end() {
        let one = datagram(NeighbourState::Reachable, 1);
        assert_eq!(told(&[one.clone(), one.clone(), one].concat()).len(), 3);
    }

    #[test]
    fn the_request_asks_for_the_tables_of_all_families() {
        let request = dump_request();
        let message = NetlinkMessage::<Message>::deserialize(&request).unwrap();
        assert_eq!(message.header.flags & NLM_F_DUMP, NLM_F_DUMP);
        let NetlinkPayload::InnerMessage(Message::GetNeighbour(asked)) = message.payload else { panic!("{message:?}") };
        assert_eq!(asked.header.family, AddressFamily::Unspec);
    }

    proptest! {
        #[test]
        fn reading_never_panics(bytes: Vec<u8>) {
            drop(told(&bytes));
        }

        #[test]
        fn reading_a_damaged_datagram_never_panics(at in 0_usize..60, value: u8, is_v6: bool) {
            let ip = if is_v6 { ADDRESS_V6 } else { ADDRESS };
            let mut bytes = datagram_about(ip, NeighbourState::Reachable, 1);
            bytes[at] = value;
            drop(told(&bytes));
        }
    }
}
