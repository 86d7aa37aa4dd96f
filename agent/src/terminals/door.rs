//! How a connection of a terminal begins: a place for it, and the HTTP request that opens it.

use std::net::IpAddr;
use std::sync::Arc;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};

use super::hall::{Hall, State};
use super::handshake::{self, Asked};

/// A place among the connections; given back when it is dropped.
pub(super) struct Seat {
    hall: Arc<Hall>,
    address: IpAddr,
    is_stranger: bool,
}

impl Seat {
    /// None if there are too many connections, or too many from there that did not register.
    pub(super) fn take(hall: &Arc<Hall>, address: IpAddr) -> Option<Self> {
        let mut state = hall.lock();
        let limits = &hall.parts.limits;
        let strangers = state.unregistered.get(&address).copied().unwrap_or(0);
        if state.connections >= limits.connections_max || strangers >= limits.unregistered_per_address_max {
            return None;
        }
        state.connections += 1;
        state.unregistered.insert(address, strangers + 1);
        Some(Self { hall: Arc::clone(hall), address, is_stranger: true })
    }

    /// It registered: from here on its address does not count any more.
    pub(super) fn register(&mut self) {
        if std::mem::take(&mut self.is_stranger) {
            forget_stranger(&mut self.hall.lock(), self.address);
        }
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut state = self.hall.lock();
        state.connections -= 1;
        if self.is_stranger {
            forget_stranger(&mut state, self.address);
        }
    }
}

fn forget_stranger(state: &mut State, address: IpAddr) {
    let Some(strangers) = state.unregistered.get_mut(&address) else { return };
    *strangers = strangers.saturating_sub(1);
    if *strangers == 0 {
        state.unregistered.remove(&address);
    }
}

/// Reads the head and answers it; the bytes behind it, if the connection is open now.
pub(super) async fn open(
    reader: &mut OwnedReadHalf,
    writer: &mut OwnedWriteHalf,
    path: Option<&str>,
) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(1_024);
    loop {
        match handshake::read(&bytes, path) {
            Asked::NotYet => {}
            Asked::Opens { length, answer } => {
                writer.write_all(answer.as_bytes()).await.ok()?;
                return Some(bytes.split_off(length));
            }
            Asked::Refused(answer) => {
                writer.write_all(answer.as_bytes()).await.ok()?;
                writer.shutdown().await.ok()?;
                return None;
            }
        }
        if reader.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    }
}
