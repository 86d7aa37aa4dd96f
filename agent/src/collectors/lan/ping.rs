//! Pings by sockets, in IPv4 and IPv6: datagram sockets where `net.ipv4.ping_group_range` allows them to this user,
//! else raw ones with `CAP_NET_RAW`, else none.
//!
//! An answer names an internet address and no device: what it is worth is decided elsewhere.

use std::io;
use std::net::{IpAddr, Ipv6Addr, SocketAddr, SocketAddrV6};

use socket2::{Domain, Protocol as Transport, SockRef, Socket, Type};
use tokio::net::UdpSocket;

use super::echo::{self, Protocol, Token};
use super::interface::Interface;

/// Every device of the link (RFC 4291).
const ALL_NODES: Ipv6Addr = Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 1);

/// Sockets to ping with on one interface, as far as they are permitted.
pub struct Pinger {
    interface: u32,
    token: Token,
    v4: Option<Line>,
    v6: Option<Line>,
}

/// One open socket. The runtime's type for datagrams fits: it sends to and receives from addresses, no more.
struct Line {
    socket: UdpSocket,
    protocol: Protocol,
    is_raw: bool,
}

impl Pinger {
    /// Opens what is permitted; that nothing is, is no error.
    #[must_use]
    pub fn open(interface: &Interface) -> Self {
        let own_v4 = SocketAddr::from((interface.address.addr(), 0));
        let own_v6 = SocketAddr::from((Ipv6Addr::UNSPECIFIED, 0));
        Self {
            interface: interface.index,
            token: fastrand::u64(..).to_ne_bytes(),
            v4: Line::open(Protocol::V4, own_v4, &interface.name).ok(),
            v6: Line::open(Protocol::V6, own_v6, &interface.name).ok(),
        }
    }

    /// Whether pings over IPv4 are permitted.
    #[must_use]
    pub fn can_ping(&self) -> bool {
        self.v4.is_some()
    }

    /// Whether pings over IPv6 are permitted.
    #[must_use]
    pub fn can_ping_v6(&self) -> bool {
        self.v6.is_some()
    }

    /// Pings an address, if permitted; a ping that cannot be sent is no loss.
    pub fn ping(&self, ip: IpAddr) {
        let line = if ip.is_ipv4() { &self.v4 } else { &self.v6 };
        if let Some(line) = line {
            let request = echo::request(line.protocol, self.token);
            // Past the runtime, which refuses to send before it has looked at a new socket once.
            let socket = SockRef::from(&line.socket);
            let _is_sent = socket.send_to(&request, &address(ip, 0, self.interface).into()).is_ok();
        }
    }

    /// Pings every device that speaks IPv6, by one message.
    pub fn ping_all_v6(&self) {
        self.ping(ALL_NODES.into());
    }

    /// Waits for an answer to a ping and returns who sent it; for ever if pings are not permitted. Cancel-safe.
    ///
    /// # Errors
    ///
    /// If a socket fails.
    pub async fn next(&self) -> io::Result<IpAddr> {
        tokio::select! {
            from = next_of(self.v4.as_ref(), self.token) => from,
            from = next_of(self.v6.as_ref(), self.token) => from,
        }
    }
}

impl Line {
    fn open(protocol: Protocol, own: SocketAddr, interface: &str) -> io::Result<Self> {
        let (domain, transport) = match protocol {
            Protocol::V4 => (Domain::IPV4, Transport::ICMPV4),
            Protocol::V6 => (Domain::IPV6, Transport::ICMPV6),
        };
        let (socket, is_raw) = match Socket::new(domain, Type::DGRAM, Some(transport)) {
            Ok(socket) => (socket, false),
            Err(_not_permitted) => (Socket::new(domain, Type::RAW, Some(transport))?, true),
        };
        socket.set_nonblocking(true)?;
        // Older kernels keep this for root; the scope of an IPv6 address leads to the interface all the same.
        let _is_bound = socket.bind_device(Some(interface.as_bytes())).is_ok();
        socket.bind(&own.into())?;
        if protocol == Protocol::V6 {
            socket.set_multicast_loop_v6(false)?;
        }
        Ok(Self { socket: UdpSocket::from_std(socket.into())?, protocol, is_raw })
    }

    /// Whether a message answers a ping of ours.
    fn is_answer(&self, datagram: &[u8], token: Token) -> bool {
        let is_with_header = self.is_raw && self.protocol == Protocol::V4;
        let message = if is_with_header { echo::without_ip_header(datagram) } else { Some(datagram) };
        message.is_some_and(|message| echo::is_answer(self.protocol, message, token))
    }
}

async fn next_of(line: Option<&Line>, token: Token) -> io::Result<IpAddr> {
    let Some(line) = line else { return std::future::pending().await };
    let mut buffer = [0; echo::DATAGRAM_BYTES_MAX];
    loop {
        match line.socket.recv_from(&mut buffer).await {
            Ok((length, from)) if buffer.get(..length).is_some_and(|datagram| line.is_answer(datagram, token)) => {
                return Ok(from.ip());
            }
            Ok(_of_others) => {}
            Err(error) if is_about_one_address(&error) => {}
            Err(error) => return Err(error),
        }
    }
}

/// An address as sockets take it: an IPv6 address of a link belongs to an interface.
#[must_use]
pub fn address(ip: IpAddr, port: u16, interface: u32) -> SocketAddr {
    match ip {
        IpAddr::V4(_) => (ip, port).into(),
        IpAddr::V6(ip) => SocketAddrV6::new(ip, port, 0, interface).into(),
    }
}

/// Errors that say something about one address and nothing about the link.
#[must_use]
pub fn is_about_one_address(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionRefused, HostUnreachable, PermissionDenied};
    matches!(error.kind(), HostUnreachable | PermissionDenied | ConnectionRefused)
}
