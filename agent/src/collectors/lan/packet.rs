//! Frames of one interface by a packet socket: asks by ARP, hears ARP, DHCP and multicast DNS. Needs `CAP_NET_RAW`.

use std::io::{self, Read as _};
use std::net::Ipv4Addr;

use socket2::{Domain, SockFilter, Socket, Type};
use tokio::io::unix::AsyncFd;
use vigie_shared::mac::Mac;

use super::frame::{self, Heard};
use super::interface::Interface;
use crate::sys;

const SEND_BYTES: usize = 1 << 20;
const FRAME_BYTES_MAX: usize = 2048;
/// Frames taken in one go, so that a flood does not starve the sender.
const FRAMES_MAX: usize = 64;

/// The kernel hands over only frames that pass: ARP; and UDP, not a later fragment, to port 67 or 5353.
const FILTER: [SockFilter; 13] = {
    const LOAD_HALF: u16 = 0x28;
    const LOAD_BYTE: u16 = 0x30;
    const LOAD_HALF_INDEXED: u16 = 0x48;
    const LOAD_IP_LENGTH: u16 = 0xb1;
    const IF_EQUAL: u16 = 0x15;
    const IF_BITS: u16 = 0x45;
    const RETURN: u16 = 0x06;
    // Jumps count from the next line: 11 refuses, 12 accepts.
    [
        SockFilter::new(LOAD_HALF, 0, 0, 12),
        SockFilter::new(IF_EQUAL, 10, 0, 0x0806),
        SockFilter::new(IF_EQUAL, 0, 8, 0x0800),
        SockFilter::new(LOAD_BYTE, 0, 0, 23),
        SockFilter::new(IF_EQUAL, 0, 6, 17),
        SockFilter::new(LOAD_HALF, 0, 0, 20),
        SockFilter::new(IF_BITS, 4, 0, 0x1fff),
        SockFilter::new(LOAD_IP_LENGTH, 0, 0, 14),
        SockFilter::new(LOAD_HALF_INDEXED, 0, 0, 16),
        SockFilter::new(IF_EQUAL, 2, 0, 67),
        SockFilter::new(IF_EQUAL, 1, 0, 5353),
        SockFilter::new(RETURN, 0, 0, 0),
        SockFilter::new(RETURN, 0, 0, 0xffff),
    ]
};

/// A packet socket on one interface.
pub struct PacketSocket {
    socket: AsyncFd<Socket>,
    mac: Mac,
    ip: Ipv4Addr,
}

impl PacketSocket {
    /// Opens the socket.
    ///
    /// # Errors
    ///
    /// `PermissionDenied` without `CAP_NET_RAW`, else what the system says.
    pub fn open(interface: &Interface) -> io::Result<Self> {
        // Protocol 0 receives nothing until the socket is bound, so no frame slips in before the filter is set.
        let socket = Socket::new(Domain::PACKET, Type::RAW, None)?;
        socket.set_nonblocking(true)?;
        socket.attach_filter(&FILTER)?;
        socket.set_send_buffer_size(SEND_BYTES)?;
        socket.bind(&sys::packet_address(interface.index))?;
        Ok(Self { socket: sys::watch(socket)?, mac: interface.mac, ip: interface.address.addr() })
    }

    /// Asks who has an address: everybody, or one device alone.
    ///
    /// # Errors
    ///
    /// `ENOBUFS` or `WouldBlock` if the send buffer is full: ask again later. Anything else: the link is lost.
    pub fn ask(&self, target: Ipv4Addr, to: Option<Mac>) -> io::Result<()> {
        let request = frame::arp_request(self.mac, self.ip, target, to);
        self.socket.get_ref().send(&request).map(|_bytes| ())
    }

    /// Whether an ARP message answers a question of ours.
    #[must_use]
    pub fn is_answer(&self, arp: &frame::Arp) -> bool {
        arp.is_reply && arp.target == self.mac
    }

    /// Waits for frames that say something. Cancel-safe: frames are taken without waiting in between.
    ///
    /// # Errors
    ///
    /// If the interface goes down.
    pub async fn next(&self) -> io::Result<Vec<Heard>> {
        let mut buffer = [0; FRAME_BYTES_MAX];
        loop {
            let mut guard = self.socket.readable().await?;
            let mut heard = Vec::new();
            for _ in 0..FRAMES_MAX {
                match guard.try_io(|socket| <&Socket>::read(&mut socket.get_ref(), &mut buffer)) {
                    Ok(Ok(length)) => heard.extend(buffer.get(..length).and_then(frame::hear)),
                    Ok(Err(error)) if error.kind() == io::ErrorKind::Interrupted => {}
                    Ok(Err(error)) => return Err(error),
                    Err(_would_block) => break,
                }
            }
            if !heard.is_empty() {
                return Ok(heard);
            }
        }
    }
}
