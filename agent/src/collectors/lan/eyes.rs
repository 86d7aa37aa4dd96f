//! The box's eyes on one network: asks by the best means that is permitted, and turns whatever comes back into
//! evidence.
//!
//! With `CAP_NET_RAW` it speaks ARP itself and hears ARP, DHCP and multicast DNS; without, it pokes and lets the
//! kernel tell what it found. Both see every device that answers ARP, whatever its firewall drops.

use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::net::Ipv4Addr;
use std::time::Duration;

use nix::libc;
use vigie_shared::mac::Mac;
use vigie_shared::wire::reading::Source;

use super::census::Evidence;
use super::dhcp;
use super::frame::Heard;
use super::interface::Interface;
use super::names::{NameSockets, Spoken};
use super::neighbour::{Told, Worth};
use super::netlink::Netlink;
use super::packet::PacketSocket;
use super::poke::Poker;
use super::timeline::Timeline;

/// More addresses than the largest network that is swept unasked; later ones are not remembered.
const KNOWN_MAX: usize = 4096;

/// How a network is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// ARP by a packet socket.
    Arp,
    /// Datagrams and the kernel's neighbour table.
    Poke {
        /// Whether pings are permitted too.
        can_ping: bool,
    },
}

impl Method {
    /// What `CAP_NET_RAW` would add; none if it is there.
    #[must_use]
    pub fn hint(self) -> Option<&'static str> {
        match self {
            Self::Arp => None,
            Self::Poke { .. } => Some(
                "with CAP_NET_RAW, sweeps are faster, joining devices are heard at once with their names, and \
                 machines that answer for others are recognised",
            ),
        }
    }
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Arp => "ARP",
            Self::Poke { can_ping: true } => "UDP, ping and the neighbour table",
            Self::Poke { can_ping: false } => "UDP and the neighbour table",
        })
    }
}

/// Whether a question left the box.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sent {
    /// It did.
    Yes,
    /// The send buffer was full: ask again.
    Refused,
}

/// What the eyes saw.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// A device is there.
    Seen(Evidence),
    /// The kernel knew this device before: it takes seconds to find out whether it is still there.
    Unsettled(Ipv4Addr),
    /// An interface or an address changed: look whether ours still is what it was.
    Link,
}

/// Sockets on one interface.
pub struct Eyes {
    timeline: Timeline,
    interface: u32,
    netlink: Netlink,
    hands: Hands,
    names: NameSockets,
    known: BTreeMap<Ipv4Addr, Mac>,
    early: Vec<Event>,
}

enum Hands {
    Packet(PacketSocket),
    Poke(Poker),
}

/// One arrival, before it is judged.
enum News {
    Frames(Vec<Heard>),
    Kernel(Vec<Told>),
    Ping(Ipv4Addr),
    Name(Spoken),
}

impl Eyes {
    /// Opens the best that is permitted.
    ///
    /// # Errors
    ///
    /// If the system gives no sockets at all.
    pub fn open(interface: &Interface, timeline: Timeline) -> io::Result<Self> {
        let own = interface.address.addr();
        let hands = match PacketSocket::open(interface) {
            Ok(socket) => Hands::Packet(socket),
            Err(error) if is_forbidden(&error) => Hands::Poke(Poker::open(own)?),
            Err(error) => return Err(error),
        };
        let is_poking = matches!(hands, Hands::Poke(_));
        let netlink = Netlink::open(is_poking)?;
        let names = NameSockets::open(own, is_poking)?;
        let (known, early) = (BTreeMap::new(), Vec::new());
        let mut eyes = Self { timeline, interface: interface.index, netlink, hands, names, known, early };
        // Whom the kernel knows must be known before the first question: these devices take longer.
        eyes.reread()?;
        let told = eyes.netlink.told_so_far()?;
        eyes.early = eyes.judge(News::Kernel(told));
        Ok(eyes)
    }

    /// How this network is asked.
    #[must_use]
    pub fn method(&self) -> Method {
        match &self.hands {
            Hands::Packet(_) => Method::Arp,
            Hands::Poke(poker) => Method::Poke { can_ping: poker.can_ping() },
        }
    }

    /// Asks whether a device is at an address; `mac` asks the one that is known to be there, and no other.
    ///
    /// # Errors
    ///
    /// If the link is lost.
    pub fn ask(&mut self, ip: Ipv4Addr, mac: Option<Mac>) -> io::Result<Sent> {
        let result = match &mut self.hands {
            Hands::Packet(socket) => socket.ask(ip, mac),
            Hands::Poke(poker) => {
                if self.known.contains_key(&ip) {
                    poker.ping(ip);
                }
                poker.poke(ip)
            }
        };
        match result {
            Ok(()) => Ok(Sent::Yes),
            Err(error) if is_full(&error) => Ok(Sent::Refused),
            Err(error) => Err(error),
        }
    }

    /// Asks addresses for their names, by multicast DNS.
    pub fn ask_names(&self, addresses: &[Ipv4Addr]) {
        self.names.ask(addresses);
    }

    /// Reads the kernel's whole neighbour table; its rows come as events. Nothing to do where ARP is spoken.
    ///
    /// # Errors
    ///
    /// If the kernel refuses.
    pub fn reread(&self) -> io::Result<()> {
        match self.hands {
            Hands::Packet(_) => Ok(()),
            Hands::Poke(_) => self.netlink.request_neighbours(),
        }
    }

    /// Waits for events. Cancel-safe.
    ///
    /// # Errors
    ///
    /// If the link is lost.
    pub async fn next(&mut self) -> io::Result<Vec<Event>> {
        if !self.early.is_empty() {
            return Ok(std::mem::take(&mut self.early));
        }
        let by_hand = async {
            match &self.hands {
                Hands::Packet(socket) => socket.next().await.map(News::Frames),
                Hands::Poke(poker) => poker.next().await.map(News::Ping),
            }
        };
        let news = tokio::select! {
            news = by_hand => news?,
            told = self.netlink.next() => News::Kernel(told?),
            spoken = self.names.next() => News::Name(spoken?),
        };
        Ok(self.judge(news))
    }

    fn judge(&mut self, news: News) -> Vec<Event> {
        let now = self.timeline.now();
        match news {
            News::Frames(frames) => frames.into_iter().flat_map(|heard| self.judge_frame(heard, now)).collect(),
            News::Kernel(told) => told.into_iter().filter_map(|told| self.judge_told(&told, now)).collect(),
            News::Ping(ip) => self.by_address(ip, now, Source::Icmp, None).into_iter().collect(),
            News::Name(spoken) => self.judge_spoken(spoken, now),
        }
    }

    fn judge_frame(&mut self, heard: Heard, now: Duration) -> Vec<Event> {
        let Hands::Packet(socket) = &self.hands else { return Vec::new() };
        match heard {
            Heard::Arp(arp) => {
                let source = if socket.is_answer(&arp) { Source::ArpReply } else { Source::ArpHeard };
                self.know(arp.sender_ip, arp.sender);
                vec![seen(arp.sender, Some(arp.sender_ip), now, source, None)]
            }
            Heard::Dhcp(request) if matches!(request.kind, dhcp::Kind::Release | dhcp::Kind::Decline) => Vec::new(),
            // The wished address may be another's: it proves nothing.
            Heard::Dhcp(request) => vec![seen(request.client, None, now, Source::Dhcp, request.host_name)],
            Heard::Mdns { sender, sender_ip, announcements } => {
                let name = announcements.into_iter().find(|said| said.ip == sender_ip).map(|said| said.name);
                vec![seen(sender, Some(sender_ip), now, Source::Mdns, name)]
            }
        }
    }

    fn judge_told(&mut self, told: &Told, now: Duration) -> Option<Event> {
        let row = match told {
            Told::Row(row) if row.interface == self.interface => row,
            Told::Link => return Some(Event::Link),
            Told::Row(_) | Told::End => return None,
        };
        self.know(row.ip, row.mac);
        match row.worth() {
            Worth::Seen(ago) => Some(seen(row.mac, Some(row.ip), now.saturating_sub(ago), Source::Neighbour, None)),
            Worth::Unsettled => Some(Event::Unsettled(row.ip)),
            Worth::Nothing => None,
        }
    }

    /// A name that a device says of itself proves it; what it says of others (a sleep proxy does) only names them.
    fn judge_spoken(&mut self, spoken: Spoken, now: Duration) -> Vec<Event> {
        let own = spoken.announcements.into_iter().find(|said| said.ip == spoken.from).map(|said| said.name);
        if own.is_none() && !spoken.is_announcement {
            return Vec::new();
        }
        self.by_address(spoken.from, now, Source::Mdns, own).into_iter().collect()
    }

    /// Evidence about an address whose device is known.
    fn by_address(&self, ip: Ipv4Addr, now: Duration, source: Source, name: Option<String>) -> Option<Event> {
        self.known.get(&ip).map(|mac| seen(*mac, Some(ip), now, source, name))
    }

    fn know(&mut self, ip: Ipv4Addr, mac: Mac) {
        if !ip.is_unspecified() && (self.known.len() < KNOWN_MAX || self.known.contains_key(&ip)) {
            self.known.insert(ip, mac);
        }
    }
}

fn seen(mac: Mac, ip: Option<Ipv4Addr>, at: Duration, source: Source, name: Option<String>) -> Event {
    Event::Seen(Evidence { mac, ip: ip.filter(|ip| !ip.is_unspecified()), at, source, name })
}

/// Without the capability, or under a service manager that allows no packet sockets.
fn is_forbidden(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::PermissionDenied || error.raw_os_error() == Some(libc::EAFNOSUPPORT)
}

fn is_full(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::WouldBlock || error.raw_os_error() == Some(libc::ENOBUFS)
}
