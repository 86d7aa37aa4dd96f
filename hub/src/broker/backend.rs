//! Connections to the broker's loopback listener, as the gateway opens them: one for each box.
//!
//! The broker has two weaknesses that this module keeps out of reach. A client id that was used by a
//! connection whose CONNACK nobody read must never be used again (it would kill the listener), and one that
//! was just released needs a moment. So connections are called `gw<slot>`, slots rest for two seconds, and a
//! slot without a CONNACK is given up for good. And the number of connections stays below the broker's limit.

use std::collections::VecDeque;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::net::tcp::{ReadHalf, WriteHalf};
use tokio::time::{Instant, timeout};
use vigie_shared::id::{random_bytes, to_hex};

/// How long a slot rests before another connection takes it.
const SLOT_REST: Duration = Duration::from_secs(2);

/// How long the broker may take to answer on loopback.
const ANSWER_LIMIT: Duration = Duration::from_secs(10);

/// Between two looks whether the listener is up yet.
const PROBE_PAUSE: Duration = Duration::from_millis(5);

const CONNACK_ACCEPTED: [u8; 4] = [0x20, 2, 0, 0];

/// Where the broker listens, and the secret that it asks for. Clones share the slots.
#[derive(Clone)]
pub struct Backend(Arc<Shared>);

struct Shared {
    address: SocketAddr,
    secret: String,
    slots: Mutex<Slots>,
}

/// One connection to the broker, past its CONNACK.
pub struct BackendLink {
    stream: TcpStream,
    _slot: Slot,
}

/// Why there is no connection to the broker.
#[derive(Debug, thiserror::Error)]
pub enum BackendError {
    /// As many connections as the broker was made for are open.
    #[error("the broker has no free connection")]
    Full,
    /// The broker did not answer in time.
    #[error("the broker did not answer")]
    Silent,
    /// The broker refused.
    #[error("the broker refused the gateway")]
    Refused,
    /// The connection failed.
    #[error("the connection to the broker failed")]
    Io(#[from] io::Error),
}

impl Backend {
    pub(super) fn new(address: SocketAddr, connections_max: usize) -> Self {
        let slots = Mutex::new(Slots::new(connections_max));
        Self(Arc::new(Shared { address, secret: to_hex(&random_bytes::<16>()), slots }))
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.0.address
    }

    /// Compares digests: how long that takes tells nothing about the secret.
    pub(super) fn is_secret(&self, password: &str) -> bool {
        let digest = |text: &str| ring::digest::digest(&ring::digest::SHA256, text.as_bytes());
        digest(password).as_ref() == digest(&self.0.secret).as_ref()
    }

    /// Waits until the listener answers.
    pub(super) async fn probe(&self) -> Result<(), BackendError> {
        loop {
            match self.open(60).await {
                Ok(_link) => return Ok(()),
                Err(BackendError::Io(error)) if error.kind() == io::ErrorKind::ConnectionRefused => {
                    tokio::time::sleep(PROBE_PAUSE).await;
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// Opens a connection. Do not drop the future half-way: that costs a slot for good.
    ///
    /// # Errors
    ///
    /// Every [`BackendError`].
    pub async fn open(&self, keep_alive_s: u16) -> Result<BackendLink, BackendError> {
        let number = self.slots(|slots| slots.take(Instant::now())).ok_or(BackendError::Full)?;
        let connected = match timeout(ANSWER_LIMIT, TcpStream::connect(self.0.address)).await {
            Ok(connected) => connected.map_err(BackendError::Io),
            Err(_late) => Err(BackendError::Silent),
        };
        let give_back = || self.slots(|slots| slots.give_back(number, Instant::now()));
        // Nothing was said under this name yet: it may be used again.
        let mut stream = connected.inspect_err(|_| give_back())?;
        stream.set_nodelay(true)?;
        let hello = connect_packet(&format!("gw{number}"), &self.0.secret, keep_alive_s);
        timeout(ANSWER_LIMIT, introduce(&mut stream, &hello)).await.map_err(|_late| BackendError::Silent)??;
        Ok(BackendLink { stream, _slot: Slot { number, owner: self.clone() } })
    }

    fn slots<T>(&self, use_slots: impl FnOnce(&mut Slots) -> T) -> T {
        use_slots(&mut self.0.slots.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl BackendLink {
    /// Both directions of the connection.
    pub fn split(&mut self) -> (ReadHalf<'_>, WriteHalf<'_>) {
        self.stream.split()
    }
}

async fn introduce(stream: &mut TcpStream, hello: &[u8]) -> Result<(), BackendError> {
    let mut answer = [0; CONNACK_ACCEPTED.len()];
    stream.write_all(hello).await?;
    stream.read_exact(&mut answer).await?;
    if answer == CONNACK_ACCEPTED { Ok(()) } else { Err(BackendError::Refused) }
}

fn connect_packet(client_id: &str, password: &str, keep_alive_s: u16) -> Vec<u8> {
    const CLEAN_SESSION_USER_PASSWORD: u8 = 0b1100_0010;
    let mut body = vec![0, 4, b'M', b'Q', b'T', b'T', 4, CLEAN_SESSION_USER_PASSWORD];
    body.extend_from_slice(&keep_alive_s.to_be_bytes());
    for text in [client_id, "gateway", password] {
        body.extend_from_slice(&u16::try_from(text.len()).unwrap_or(0).to_be_bytes());
        body.extend_from_slice(text.as_bytes());
    }
    // The body has less than 128 bytes: one byte holds its length.
    let mut packet = vec![0x10, u8::try_from(body.len()).unwrap_or(0)];
    packet.append(&mut body);
    packet
}

/// A client id in use, past its CONNACK.
struct Slot {
    number: u32,
    owner: Backend,
}

impl Drop for Slot {
    fn drop(&mut self) {
        self.owner.slots(|slots| slots.give_back(self.number, Instant::now()));
    }
}

/// Which client ids may be used: pure.
struct Slots {
    next: u32,
    in_use: usize,
    in_use_max: usize,
    resting: VecDeque<(Instant, u32)>,
}

impl Slots {
    fn new(in_use_max: usize) -> Self {
        Self { next: 0, in_use: 0, in_use_max, resting: VecDeque::new() }
    }

    fn take(&mut self, now: Instant) -> Option<u32> {
        if self.in_use >= self.in_use_max {
            return None;
        }
        self.in_use += 1;
        let is_rested =
            self.resting.front().is_some_and(|(since, _)| now.saturating_duration_since(*since) >= SLOT_REST);
        if is_rested && let Some((_, slot)) = self.resting.pop_front() {
            return Some(slot);
        }
        self.next += 1;
        Some(self.next)
    }

    fn give_back(&mut self, slot: u32, now: Instant) {
        self.in_use = self.in_use.saturating_sub(1);
        self.resting.push_back((now, slot));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slot_rests_before_it_is_used_again_and_the_number_in_use_is_bounded() {
        let start = Instant::now();
        let mut slots = Slots::new(2);
        assert_eq!((slots.take(start), slots.take(start), slots.take(start)), (Some(1), Some(2), None));
        slots.give_back(1, start);
        assert_eq!(slots.take(start + SLOT_REST / 2), Some(3), "slot 1 must rest");
        slots.give_back(3, start);
        assert_eq!(slots.take(start + SLOT_REST), Some(1));
    }

    #[test]
    fn the_secret_and_nothing_else_opens_the_broker() {
        let backend = Backend::new(([127, 0, 0, 1], 1).into(), 1);
        assert!(backend.is_secret(&backend.0.secret.clone()));
        assert!(!backend.is_secret("") && !backend.is_secret("guess"));
    }
}
