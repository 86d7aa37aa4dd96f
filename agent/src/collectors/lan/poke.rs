//! Asking without any privilege: a datagram to each address makes the kernel look for its owner by ARP.
//!
//! What the kernel finds comes by netlink. Several sockets share the load: each address that does not answer
//! holds a packet in its socket's send buffer for three seconds, and an ordinary user cannot enlarge the
//! buffer. A device that the kernel knew before, and takes seconds to confirm anew, can be pinged meanwhile, where
//! that is permitted.

use std::io;
use std::net::{Ipv4Addr, SocketAddrV4, UdpSocket};

use nix::sys::socket::{setsockopt, sockopt};
use socket2::{Domain, Protocol, Socket, Type};
use tokio::io::unix::AsyncFd;

use crate::sys;

const SOCKETS: usize = 8;
const SEND_BYTES: usize = 4 << 20;
/// The discard service (RFC 863): an empty datagram to it means nothing to anybody.
const PORT: u16 = 9;
/// Errors of earlier addresses that one question may meet before the error is its own.
const STALE_ERRORS_MAX: usize = 3;
const ECHO_REQUEST: u8 = 8;
const ECHO_MARK: [u8; 8] = *b"vigielan";

/// Sockets to ask with.
pub struct Poker {
    sockets: Vec<UdpSocket>,
    turn: usize,
    echo: Option<AsyncFd<Socket>>,
}

impl Poker {
    /// Opens the sockets, with the box's address on the LAN as their sender.
    ///
    /// # Errors
    ///
    /// If the system gives no sockets. That ping is not permitted is no error.
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
        Ok(Self { sockets, turn: 0, echo: open_echo(own).ok() })
    }

    /// Whether this user may ping (`net.ipv4.ping_group_range`).
    #[must_use]
    pub fn can_ping(&self) -> bool {
        self.echo.is_some()
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

    /// Pings an address, if permitted; a ping that cannot be sent is no loss.
    pub fn ping(&self, target: Ipv4Addr) {
        if let Some(echo) = &self.echo {
            let _is_sent = echo.get_ref().send_to(&echo_request(), &SocketAddrV4::new(target, 0).into()).is_ok();
        }
    }

    /// Waits for an answer to a ping and returns who sent it; for ever if pings are not permitted. Cancel-safe.
    ///
    /// # Errors
    ///
    /// If the socket fails.
    pub async fn next(&self) -> io::Result<Ipv4Addr> {
        let Some(echo) = &self.echo else { return std::future::pending().await };
        loop {
            let mut guard = echo.readable().await?;
            let mut buffer = [std::mem::MaybeUninit::uninit(); 64];
            let received = guard.try_io(|socket| socket.get_ref().recv_from(&mut buffer));
            match received {
                Ok(Ok((_length, from))) => {
                    if let Some(from) = from.as_socket_ipv4() {
                        return Ok(*from.ip());
                    }
                }
                Ok(Err(error)) if is_about_one_address(&error) => {}
                Ok(Err(error)) => return Err(error),
                Err(_would_block) => {}
            }
        }
    }
}

/// Opens a ping socket. The kernel fills in the identifier and hands over only answers to this socket's pings.
fn open_echo(own: Ipv4Addr) -> io::Result<AsyncFd<Socket>> {
    let socket = Socket::new(Domain::IPV4, Type::DGRAM, Some(Protocol::ICMPV4))?;
    socket.set_nonblocking(true)?;
    socket.bind(&SocketAddrV4::new(own, 0).into())?;
    sys::watch(socket)
}

/// Errors of sending that say something about one address and nothing about the link.
fn is_about_one_address(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::HostUnreachable | io::ErrorKind::PermissionDenied | io::ErrorKind::ConnectionRefused
    )
}

fn echo_request() -> [u8; 16] {
    let mut message = [0; 16];
    let head = [ECHO_REQUEST, 0, 0, 0, 0, 0, 0, 1];
    message.iter_mut().zip(head.into_iter().chain(ECHO_MARK)).for_each(|(to, from)| *to = from);
    message
}
