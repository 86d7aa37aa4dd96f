//! The kernel's own word, by a netlink socket: neighbours, links and addresses as they change. Needs no privilege.
//!
//! The only file that names `netlink_sys`. When the kernel drops news because we were slow, the whole neighbour
//! table is asked for again, so that nothing is missed for good.

use std::io;
use std::net::IpAddr;
use std::time::Duration;

use async_trait::async_trait;
use netlink_sys::protocols::NETLINK_ROUTE;
use netlink_sys::{Socket, SocketAddr};
use tokio::io::unix::AsyncFd;
use vigie_shared::mac::Mac;

use super::neighbour::{self, Told};
use crate::pairing::Neighbours;
use crate::sys;

const GROUP_LINK: u32 = 1;
const GROUP_NEIGHBOUR: u32 = 3;
const GROUP_ADDRESS: u32 = 5;
const RECEIVE_BYTES: u32 = 1 << 20;

/// How long the kernel may take to tell its table.
const TABLE_WITHIN: Duration = Duration::from_secs(2);

/// The kernel's table of neighbours, for whoever asks whose an address is.
pub struct Table;

#[async_trait]
impl Neighbours for Table {
    async fn device_at(&self, ip: IpAddr) -> Option<Mac> {
        let found = tokio::time::timeout(TABLE_WITHIN, find(ip)).await;
        found.ok()?.unwrap_or_else(|error| {
            tracing::warn!("the kernel does not tell its neighbours: {error}");
            None
        })
    }
}

/// Whoever just spoke with the box is in the table, in whatever state.
async fn find(ip: IpAddr) -> io::Result<Option<Mac>> {
    let netlink = Netlink::open()?;
    netlink.request_neighbours()?;
    loop {
        for told in netlink.next().await? {
            match told {
                Told::Row(row) if row.ip == ip && row.mac.is_device() => return Ok(Some(row.mac)),
                Told::End => return Ok(None),
                Told::Row(_) | Told::Link => {}
            }
        }
    }
}

/// A subscription to the kernel's news.
pub struct Netlink(AsyncFd<Socket>);

impl Netlink {
    /// Subscribes to links, addresses and neighbours.
    ///
    /// # Errors
    ///
    /// If the system gives no socket.
    pub fn open() -> io::Result<Self> {
        let mut socket = Socket::new(NETLINK_ROUTE)?;
        socket.set_non_blocking(true)?;
        socket.bind_auto()?;
        socket.add_membership(GROUP_LINK)?;
        socket.add_membership(GROUP_ADDRESS)?;
        socket.add_membership(GROUP_NEIGHBOUR)?;
        // The kernel may give less; then news are lost sooner, and the table is read again.
        let _is_larger = socket.set_rx_buf_sz(RECEIVE_BYTES).is_ok();
        Ok(Self(sys::watch(socket)?))
    }

    /// Asks for all neighbours; they come like news, and [`Told::End`] after them.
    ///
    /// # Errors
    ///
    /// If the kernel refuses.
    pub fn request_neighbours(&self) -> io::Result<()> {
        self.0.get_ref().send_to(&neighbour::dump_request(), &SocketAddr::new(0, 0), 0).map(|_bytes| ())
    }

    /// What the kernel has told so far, without waiting: the answer to a request begins at once.
    ///
    /// # Errors
    ///
    /// If the socket fails.
    pub fn told_so_far(&self) -> io::Result<Vec<Told>> {
        let mut all = Vec::new();
        loop {
            match self.0.get_ref().recv_from_full() {
                Ok((datagram, _from)) => all.extend(neighbour::told(&datagram)),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(all),
                Err(error) => return Err(error),
            }
        }
    }

    /// Waits for news. Cancel-safe: nothing is taken before it is returned.
    ///
    /// # Errors
    ///
    /// If the socket fails.
    pub async fn next(&self) -> io::Result<Vec<Told>> {
        loop {
            let mut guard = self.0.readable().await?;
            match guard.try_io(|socket| socket.get_ref().recv_from_full()) {
                Ok(Ok((datagram, _from))) => return Ok(neighbour::told(&datagram)),
                Ok(Err(error)) if error.raw_os_error() == Some(nix::libc::ENOBUFS) => self.request_neighbours()?,
                Ok(Err(error)) => return Err(error),
                Err(_would_block) => {}
            }
        }
    }
}
