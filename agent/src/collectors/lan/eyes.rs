//! The box's eyes on one network: asks by the best means that is permitted, and turns whatever comes back into
//! evidence.
//!
//! With `CAP_NET_RAW` it speaks ARP itself and hears ARP, DHCP and multicast DNS; without, it pokes and lets the
//! kernel tell what it found. Both see every device that answers ARP, whatever its firewall drops. Both wake who
//! speaks IPv6 and, where permitted, ping whom the kernel knows; whose answer that was, the kernel's table or ARP
//! must confirm.

mod terms;

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::time::Duration;

use nix::libc;
use vigie_shared::mac::Mac;
use vigie_shared::wire::reading::Source;

pub use self::terms::{Event, Method, Sent};
use super::census::Evidence;
use super::dhcp;
use super::frame::Heard;
use super::interface::Interface;
use super::names::{NameSockets, Spoken};
use super::neighbour::{Row, Told, Worth};
use super::netlink::Netlink;
use super::owners::{Owners, Word};
use super::packet::PacketSocket;
use super::ping::Pinger;
use super::poke::Poker;
use super::timeline::Timeline;
use super::wake::Wake;

/// Sockets on one interface.
pub struct Eyes {
    timeline: Timeline,
    interface: u32,
    netlink: Netlink,
    hands: Hands,
    pinger: Pinger,
    names: NameSockets,
    owners: Owners,
    wake: Wake,
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
    Ping(IpAddr),
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
        let mut eyes = Self {
            timeline,
            interface: interface.index,
            netlink: Netlink::open()?,
            hands,
            pinger: Pinger::open(interface),
            names: NameSockets::open(own, is_poking)?,
            owners: Owners::default(),
            wake: Wake::default(),
            early: Vec::new(),
        };
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
            Hands::Poke(_) => Method::Poke { can_ping: self.pinger.can_ping() },
        }
    }

    /// Asks whether a device is at an address; `mac` asks the one that is known to be there, and no other.
    ///
    /// # Errors
    ///
    /// If the link is lost.
    pub fn ask(&mut self, ip: IpAddr, mac: Option<Mac>) -> io::Result<Sent> {
        match ip {
            IpAddr::V4(ip) => self.ask_v4(ip, mac),
            IpAddr::V6(ip) => {
                self.ask_v6(ip);
                Ok(Sent::Yes)
            }
        }
    }

    fn ask_v4(&mut self, ip: Ipv4Addr, mac: Option<Mac>) -> io::Result<Sent> {
        // To others the kernel would first broadcast, as often as the sweep does.
        if self.owners.is_listed(ip.into(), self.timeline.now()) {
            self.pinger.ping(ip.into());
        }
        let result = match &mut self.hands {
            Hands::Packet(socket) => socket.ask(ip, mac),
            Hands::Poke(poker) => poker.poke(ip),
        };
        match result {
            Ok(()) => Ok(Sent::Yes),
            Err(error) if is_full(&error) => Ok(Sent::Refused),
            Err(error) => Err(error),
        }
    }

    /// Makes the kernel confirm whose IPv6 address this is.
    fn ask_v6(&self, ip: Ipv6Addr) {
        match &self.hands {
            Hands::Poke(poker) if !self.pinger.can_ping_v6() => poker.poke_v6(ip, self.interface),
            _ => self.pinger.ping(ip.into()),
        }
    }

    /// Wakes whoever speaks IPv6: everybody by one ping, and each that the kernel knew before.
    pub fn wake_v6(&mut self) {
        let now = self.timeline.now();
        self.wake = Wake::begin(now);
        self.pinger.ping_all_v6();
        let known: Vec<IpAddr> = self.owners.all_listed(now).collect();
        known.into_iter().for_each(|ip| self.wake_one(ip, now));
    }

    /// Until when a device may still be found that only IPv6 shows; none if nobody is waited for.
    #[must_use]
    pub fn waits_until(&self) -> Option<Duration> {
        self.wake.waits_until(self.timeline.now())
    }

    /// Asks an IPv6 address alone, if that was not done in this sweep.
    fn wake_one(&mut self, ip: IpAddr, now: Duration) {
        if let IpAddr::V6(ip) = ip
            && self.wake.is_to_ask(ip, self.owners.mac(ip.into()), now)
        {
            self.ask_v6(ip);
        }
    }

    /// Asks addresses for their names, by multicast DNS.
    pub fn ask_names(&self, addresses: &[Ipv4Addr]) {
        self.names.ask(addresses);
    }

    /// Reads the kernel's whole neighbour table; its rows come as events.
    ///
    /// # Errors
    ///
    /// If the kernel refuses.
    pub fn reread(&self) -> io::Result<()> {
        self.netlink.request_neighbours()
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
                Hands::Poke(_) => std::future::pending().await,
            }
        };
        let news = tokio::select! {
            news = by_hand => news?,
            told = self.netlink.next() => News::Kernel(told?),
            from = self.pinger.next() => News::Ping(from?),
            spoken = self.names.next() => News::Name(spoken?),
        };
        Ok(self.judge(news))
    }

    fn judge(&mut self, news: News) -> Vec<Event> {
        let now = self.timeline.now();
        let events: Vec<Event> = match news {
            News::Frames(frames) => frames.into_iter().flat_map(|heard| self.judge_frame(heard, now)).collect(),
            News::Kernel(told) => told.into_iter().flat_map(|told| self.judge_told(&told, now)).collect(),
            News::Ping(ip) => self.judge_answer(ip, now).into_iter().collect(),
            News::Name(spoken) => self.judge_spoken(spoken, now).into_iter().collect(),
        };
        events.iter().for_each(|event| self.wake.note(event));
        events
    }

    fn judge_frame(&mut self, heard: Heard, now: Duration) -> Vec<Event> {
        let Hands::Packet(socket) = &self.hands else { return Vec::new() };
        match heard {
            Heard::Arp(arp) if socket.is_answer(&arp) => {
                let waiting = self.owners.confirmed(arp.sender_ip.into(), arp.sender, now).map(Event::Seen);
                let answer = seen(arp.sender, Some(arp.sender_ip.into()), now, Source::ArpReply, None);
                [answer].into_iter().chain(waiting).collect()
            }
            Heard::Arp(arp) => vec![seen(arp.sender, Some(arp.sender_ip.into()), now, Source::ArpHeard, None)],
            Heard::Dhcp(request) if matches!(request.kind, dhcp::Kind::Release | dhcp::Kind::Decline) => Vec::new(),
            // The wished address may be another's: it proves nothing.
            Heard::Dhcp(request) => vec![seen(request.client, None, now, Source::Dhcp, request.host_name)],
            Heard::Mdns { sender, sender_ip, announcements } => {
                let name = announcements.into_iter().find(|said| said.ip == sender_ip).map(|said| said.name);
                vec![seen(sender, Some(sender_ip.into()), now, Source::Mdns, name)]
            }
        }
    }

    fn judge_told(&mut self, told: &Told, now: Duration) -> Vec<Event> {
        match told {
            Told::Row(row) if row.interface == self.interface => self.judge_row(*row, now),
            Told::Link => vec![Event::Link],
            Told::Row(_) | Told::End => Vec::new(),
        }
    }

    fn judge_row(&mut self, row: Row, now: Duration) -> Vec<Event> {
        let Row { ip, mac, .. } = row;
        if let IpAddr::V6(ip) = ip {
            self.wake.is_of(ip, mac);
        }
        if row.worth() != Worth::Nothing {
            self.owners.listed(ip, mac, now);
        }
        match (row.worth(), ip) {
            (Worth::Seen(ago), _) => {
                let at = now.saturating_sub(ago);
                let waiting = self.owners.confirmed(ip, mac, at).map(Event::Seen);
                [seen(mac, Some(ip), at, Source::Neighbour, None)].into_iter().chain(waiting).collect()
            }
            (Worth::Unsettled, IpAddr::V4(ip)) => vec![Event::Unsettled(ip)],
            (Worth::Unsettled, IpAddr::V6(_)) => {
                self.wake_one(ip, now);
                Vec::new()
            }
            (Worth::Nothing, _) => Vec::new(),
        }
    }

    /// An answer over IPv6 may be the first that is heard of an address: the kernel must look whose it is.
    fn judge_answer(&mut self, ip: IpAddr, now: Duration) -> Option<Event> {
        self.wake_one(ip, now);
        self.owners.said(Word { ip, at: now, source: Source::Icmp, name: None }).map(Event::Seen)
    }

    /// A name that a device says of itself proves it; what it says of others (a sleep proxy does) only names them.
    fn judge_spoken(&mut self, spoken: Spoken, now: Duration) -> Option<Event> {
        let name = spoken.announcements.into_iter().find(|said| said.ip == spoken.from).map(|said| said.name);
        if name.is_none() && !spoken.is_announcement {
            return None;
        }
        let proof = self.owners.said(Word { ip: spoken.from.into(), at: now, source: Source::Mdns, name });
        if proof.is_none()
            && let Hands::Poke(poker) = &mut self.hands
        {
            // The kernel finds out whose word it is; a poke that cannot be sent is no loss.
            let _is_sent = poker.poke(spoken.from).is_ok();
        }
        proof.map(Event::Seen)
    }
}

fn seen(mac: Mac, ip: Option<IpAddr>, at: Duration, source: Source, name: Option<String>) -> Event {
    Event::Seen(Evidence { mac, ip: ip.filter(|ip| !ip.is_unspecified()), at, source, name })
}

/// Without the capability, or under a service manager that allows no packet sockets.
fn is_forbidden(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::PermissionDenied || error.raw_os_error() == Some(libc::EAFNOSUPPORT)
}

fn is_full(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::WouldBlock || error.raw_os_error() == Some(libc::ENOBUFS)
}
