//! Moves bytes between a box and the broker: upwards what the policy allows, downwards everything.
//!
//! Both directions borrow memory only while bytes are on their way, so that an idle box costs none.

use std::future::Future as _;
use std::io;
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use bytes::{Buf as _, BytesMut};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::tcp;
use tokio::time::{Instant, timeout, timeout_at};

use super::Gate;
use super::counters::{Ending, add};
use super::live::Ticket;
use super::policy::Policy;

/// Bytes read from a box before they are passed on: two of the largest messages, in one write.
const UP_BYTES: usize = 64 * 1024;

/// The buffer begins with this size and doubles while it fills: most boxes say little at a time, and memory
/// once touched is hard to give back.
const UP_FIRST_BYTES: usize = 2 * 1024;

/// Bytes read from the broker at once.
const DOWN_BYTES: usize = 2 * 1024;

/// How long a connection that is ending may take to be polite.
const PARTING_LIMIT: Duration = Duration::from_secs(1);

/// What a box has sent and nobody has looked at.
pub(crate) struct Inbox<R> {
    reader: R,
    buffer: BytesMut,
}

impl<R: AsyncRead + Unpin> Inbox<R> {
    pub(crate) fn new(reader: R) -> Self {
        Self { reader, buffer: BytesMut::new() }
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.buffer
    }

    pub(crate) fn consume(&mut self, bytes: usize) {
        self.buffer.advance(bytes);
    }

    /// Waits for more and takes all there is, up to [`UP_BYTES`]. Can be given up at any time.
    pub(crate) async fn fill(&mut self) -> Result<(), Ending> {
        let before = self.buffer.len();
        std::future::poll_fn(|cx| {
            loop {
                if self.buffer.capacity() - self.buffer.len() < UP_FIRST_BYTES / 2 {
                    self.buffer.reserve(self.buffer.len().max(UP_FIRST_BYTES));
                }
                let polled = pin!(self.reader.read_buf(&mut self.buffer)).poll(cx);
                let has_more = self.buffer.len() > before;
                match polled {
                    Poll::Ready(Ok(0)) if has_more => return Poll::Ready(Ok(())),
                    Poll::Ready(Ok(0)) => return Poll::Ready(Err(Ending::Lost)),
                    Poll::Ready(Ok(_)) if self.buffer.len() < UP_BYTES => {}
                    Poll::Ready(Ok(_)) => return Poll::Ready(Ok(())),
                    Poll::Ready(Err(_)) if has_more => return Poll::Ready(Ok(())),
                    Poll::Ready(Err(_)) => return Poll::Ready(Err(Ending::Lost)),
                    Poll::Pending if has_more => return Poll::Ready(Ok(())),
                    Poll::Pending => {
                        if self.buffer.is_empty() {
                            self.buffer = BytesMut::new();
                        }
                        return Poll::Pending;
                    }
                }
            }
        })
        .await
    }
}

/// One box's two directions.
pub(super) struct Pump<'a> {
    pub(super) gate: &'a Gate,
    pub(super) policy: &'a Policy,
    pub(super) ticket: &'a Ticket,
    /// How long the box may send nothing whole.
    pub(super) patience: Duration,
}

impl Pump<'_> {
    /// Box to broker, until one of them ends or the box does what it may not.
    pub(super) async fn up<R: AsyncRead + Unpin>(
        &self,
        inbox: &mut Inbox<R>,
        broker: &mut tcp::WriteHalf<'_>,
    ) -> Ending {
        let mut silent_since = Instant::now();
        loop {
            let scan = self.policy.scan(inbox.bytes());
            if let Some(allowed) = inbox.bytes().get(..scan.allowed_bytes).filter(|allowed| !allowed.is_empty()) {
                if send(broker, allowed, self.gate.config.write_limit).await.is_err() {
                    return Ending::Broker;
                }
                self.charge(scan.frames, allowed.len()).await;
                inbox.consume(scan.allowed_bytes);
                silent_since = Instant::now();
            }
            if let Some(end) = scan.end {
                return end.into();
            }
            match timeout_at(silent_since + self.patience, inbox.fill()).await {
                Ok(Ok(())) => {}
                Ok(Err(ending)) => return ending,
                Err(_late) => return Ending::Idle,
            }
        }
    }

    /// Broker to box, until one of them ends.
    pub(super) async fn down<W: AsyncWrite + Unpin>(&self, broker: &mut tcp::ReadHalf<'_>, outbox: &mut W) -> Ending {
        loop {
            if broker.readable().await.is_err() {
                return Ending::Broker;
            }
            let mut bytes = BytesMut::with_capacity(DOWN_BYTES);
            match broker.try_read_buf(&mut bytes) {
                Ok(0) => return Ending::Broker,
                Ok(_) => {
                    if let Err(ending) = send(outbox, &bytes, self.gate.config.write_limit).await {
                        return ending;
                    }
                    add(&self.gate.counters.down_bytes, bytes.len() as u64);
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(_) => return Ending::Broker,
            }
        }
    }

    /// Ends both sides without losing what was passed on: a socket that is closed while something in it is
    /// unread is reset, and the other side may then forget what it has not read, either.
    pub(super) async fn part<W: AsyncWrite + Unpin>(
        &self,
        from_broker: &mut tcp::ReadHalf<'_>,
        to_broker: &mut tcp::WriteHalf<'_>,
        outbox: &mut W,
    ) {
        let parting = async {
            to_broker.shutdown().await?;
            tokio::io::copy(from_broker, &mut tokio::io::sink()).await?;
            outbox.shutdown().await
        };
        // Whoever does not part politely in time is cut.
        drop(timeout(PARTING_LIMIT, parting).await);
    }

    async fn charge(&self, frames: u32, bytes: usize) {
        let counters = &self.gate.counters;
        add(&counters.up_packets, frames.into());
        add(&counters.up_bytes, bytes as u64);
        let wait = self.ticket.charge(frames, bytes);
        if !wait.is_zero() {
            add(&counters.throttled, 1);
            tokio::time::sleep(wait).await;
        }
    }
}

/// Writes all, or says how the connection ended.
pub(crate) async fn send<W: AsyncWrite + Unpin>(to: &mut W, bytes: &[u8], limit: Duration) -> Result<(), Ending> {
    let write = async {
        to.write_all(bytes).await?;
        to.flush().await
    };
    match timeout(limit, write).await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(_)) => Err(Ending::Lost),
        Err(_late) => Err(Ending::Stalled),
    }
}
