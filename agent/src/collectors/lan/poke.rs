//! Asking without any privilege: a datagram to each address makes the kernel look for its owner by ARP.
//!
//! What the kernel finds comes by netlink. Several sockets share the load: each address that does not answer
//! holds a packet in its socket's send buffer for three seconds, and an ordinary user cannot enlarge the
//! buffer. Over IPv6 only addresses that the kernel knows are poked, to have them confirmed anew.

use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddrV4, UdpSocket};

use nix::sys::socket::{setsockopt, sockopt};
use socket2::{Domain, Protocol, Socket, Type};

use super::ping::{self, is_about_one_address};

const SOCKETS: usize = 8;
const SEND_BYTES: usize = 4 << 20;
/// The discard service (RFC 863): an empty datagram to it means nothing to anybody.
const PORT: u16 = 9;
/// Errors of earlier addresses that one question may meet before the error is its own.
const STALE_ERRORS_MAX: usize = 3;

/// Sockets to ask with.
pub struct Poker {
    sockets: Vec<UdpSocket>,
    turn: usize,
    v6: Option<UdpSocket>,
}

impl Poker {
    /// Opens the sockets, with the box's address on the LAN as their sender.
    ///
    /// # Errors
    ///
    /// If the system gives no sockets. That it speaks no IPv6 is no error.
    pub fn open(own: Ipv4Addr) -> io::Result<Self> {
        let open = |_n| {
            let socket = Socket::new(Domain::IPV4, Type::DGRAM, Some(Protocol::UDP))?;
            socket.set_nonblocking(true)?;
            socket.set_send_buffer_size(SEND_BYTES)?;
            // Without this the kernel hides that its neighbour table is full, and the question is lost.
            setsockopt(&socket, sockopt::Ipv4RecvErr, &true)?;
            socket.bind(&SocketAddrV4::new(own, 0).into())?;
            Ok(UdpSocket::from(socket))
        };
        let sockets = (0..SOCKETS).map(open).collect::<io::Result<_>>()?;
        Ok(Self { sockets, turn: 0, v6: open_v6().ok() })
    }

    /// Makes the kernel look for an address.
    ///
    /// # Errors
    ///
    /// `ENOBUFS` or `WouldBlock` if buffers or the neighbour table are full: ask again later. Anything else: the link
    /// is lost.
    pub fn poke(&mut self, target: Ipv4Addr) -> io::Result<()> {
        self.turn = (self.turn + 1) % SOCKETS;
        let Some(socket) = self.sockets.get(self.turn) else { return Ok(()) };
        for _ in 0..STALE_ERRORS_MAX {
            match socket.send_to(&[], (target, PORT)) {
                // The socket tells of an earlier address first; this one was not asked yet.
                Err(error) if is_about_one_address(&error) => {}
                result => return result.map(|_bytes| ()),
            }
        }
        // This address cannot be asked (a firewall, no route); the others can.
        Ok(())
    }

    /// Makes the kernel look for an address of this interface; a poke that cannot be sent is no loss.
    pub fn poke_v6(&self, target: Ipv6Addr, interface: u32) {
        if let Some(socket) = &self.v6 {
            let _is_sent = socket.send_to(&[], ping::address(target.into(), PORT, interface)).is_ok();
        }
    }
}

fn open_v6() -> io::Result<UdpSocket> {
    let socket = Socket::new(Domain::IPV6, Type::DGRAM, Some(Protocol::UDP))?;
    socket.set_nonblocking(true)?;
    Ok(socket.into())
}
