//! Names by multicast DNS: listens to announcements and asks addresses for their names. Needs no privilege.

use std::io;
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4};

use socket2::{Domain, Protocol, Socket, Type};
use tokio::net::UdpSocket;

use super::mdns::{self, Announcement};

const GROUP: Ipv4Addr = Ipv4Addr::new(224, 0, 0, 251);
const PORT: u16 = 5353;
const QUESTIONS_MAX: usize = 20;
const DATAGRAM_BYTES_MAX: usize = 9000;

/// One device's words, with the address that spoke.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spoken {
    /// Who spoke.
    pub from: Ipv4Addr,
    /// Whether it spoke by itself, to everybody.
    pub is_announcement: bool,
    /// What it said.
    pub announcements: Vec<Announcement>,
}

/// The sockets: one asks, from a port of its own so that answers come to us alone; one listens to the group.
pub struct NameSockets {
    asker: UdpSocket,
    listener: Option<UdpSocket>,
}

impl NameSockets {
    /// Opens the sockets on the network where the box has the address `own`.
    ///
    /// `is_listening` opens the group's port; without it the group is only joined, so that its frames reach the
    /// interface. That the port is taken is no error.
    ///
    /// # Errors
    ///
    /// If the system gives no socket.
    pub fn open(own: Ipv4Addr, is_listening: bool) -> io::Result<Self> {
        let asker = udp()?;
        asker.bind(&SocketAddrV4::new(own, 0).into())?;
        asker.set_multicast_if_v4(&own)?;
        asker.set_multicast_loop_v4(false)?;
        asker.set_multicast_ttl_v4(255)?;
        asker.join_multicast_v4(&GROUP, &own)?;
        let listener = if is_listening { listener(own).ok() } else { None };
        Ok(Self { asker: UdpSocket::from_std(asker.into())?, listener })
    }

    /// Asks these addresses for their names. A question that cannot be sent is no loss.
    pub fn ask(&self, addresses: &[Ipv4Addr]) {
        for some in addresses.chunks(QUESTIONS_MAX) {
            let to = SocketAddr::from((GROUP, PORT));
            let _is_sent = self.asker.try_send_to(&mdns::question(some), to).is_ok();
        }
    }

    /// Waits for a word. Cancel-safe.
    ///
    /// # Errors
    ///
    /// If a socket fails.
    pub async fn next(&self) -> io::Result<Spoken> {
        let mut buffers = (vec![0; DATAGRAM_BYTES_MAX], vec![0; DATAGRAM_BYTES_MAX]);
        loop {
            let listened = async {
                match &self.listener {
                    Some(listener) => listener.recv_from(&mut buffers.1).await,
                    None => std::future::pending().await,
                }
            };
            let ((length, from), is_announcement) = tokio::select! {
                received = self.asker.recv_from(&mut buffers.0) => (received?, false),
                received = listened => (received?, true),
            };
            let buffer = if is_announcement { &buffers.1 } else { &buffers.0 };
            let announcements = buffer.get(..length).map(mdns::announcements).unwrap_or_default();
            if let SocketAddr::V4(from) = from {
                return Ok(Spoken { from: *from.ip(), is_announcement, announcements });
            }
        }
    }
}

fn udp() -> io::Result<Socket> {
    let socket = Socket::new(Domain::IPV4, Type::DGRAM, Some(Protocol::UDP))?;
    socket.set_nonblocking(true)?;
    Ok(socket)
}

/// Bound to the group's address, so that answers meant for the machine's own responder never come here.
fn listener(own: Ipv4Addr) -> io::Result<UdpSocket> {
    let socket = udp()?;
    socket.set_reuse_address(true)?;
    socket.bind(&SocketAddrV4::new(GROUP, PORT).into())?;
    socket.join_multicast_v4(&GROUP, &own)?;
    UdpSocket::from_std(socket.into())
}
