//! A box reduced to its delivery: MQTT over TLS by hand, with the same window as the real outbox, so that a
//! generator costs less than the hub that it loads.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use anyhow::Context as _;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, BufReader, ReadHalf, WriteHalf};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use vigie_agent::identity::Identity;
use vigie_shared::clock::{Clock as _, SystemClock};
use vigie_shared::id::{BootId, InstanceId, QueueId, SiteId};
use vigie_shared::wire::delivery::MESSAGE_BYTES_MAX;
use vigie_shared::wire::reading::{HostSample, Punch};
use vigie_shared::wire::{
    Answer, Batch, Below, Heartbeat, Hello, Lane, LaneDepth, LaneHello, Live, Reading, Record, Stamp, Topic, Up,
};

/// The real outbox' window.
const WINDOW_RECORDS: u64 = 400;
const WINDOW_BYTES: usize = 64 * 1024;

/// What every box of a load does.
#[derive(Debug, Clone, Copy)]
pub struct Recipe {
    /// Size of one record.
    pub record_bytes: usize,
    /// The hub's MQTT port on loopback.
    pub mqtt_port: u16,
}

/// Delivers as fast as receipts come, for ever; counts receipted records.
///
/// # Errors
///
/// If the hub cuts the connection.
pub async fn deliver(identity: &Identity, recipe: Recipe, receipted: &AtomicU64) -> anyhow::Result<()> {
    let mut wire = Wire::open(identity, recipe.mqtt_port).await?;
    let queue = QueueId::random();
    wire.hello(queue).await?;
    let record = record_of(recipe.record_bytes);
    let batch_records = ((MESSAGE_BYTES_MAX - 128) / (record.len() + 3)) as u64;
    let window = WINDOW_RECORDS.min((WINDOW_BYTES / record.len()) as u64);
    let (mut sent, mut held) = (0, 0);
    loop {
        while window - (sent - held) >= batch_records.min(window) {
            let count = batch_records.min(window);
            wire.batch(queue, held + 1, sent + 1, &vec![record.as_slice(); usize::try_from(count)?]).await?;
            sent += count;
        }
        let through = wire.receipt(queue).await?;
        receipted.fetch_add(through.saturating_sub(held), Ordering::Relaxed);
        held = held.max(through);
    }
}

/// Connects, says hello, and then only keeps the connection alive.
///
/// # Errors
///
/// If the hub cuts the connection.
pub async fn stay(identity: &Identity, recipe: Recipe) -> anyhow::Result<()> {
    let mut wire = Wire::open(identity, recipe.mqtt_port).await?;
    let queue = QueueId::random();
    wire.hello(queue).await?;
    loop {
        wire.receipt(queue).await?;
    }
}

/// Connects, says hello, and then sends a pulse again and again: nothing waits on the box.
///
/// # Errors
///
/// If the hub cuts the connection.
pub async fn live(identity: &Identity, recipe: Recipe, every: Duration) -> anyhow::Result<()> {
    let mut wire = Wire::open(identity, recipe.mqtt_port).await?;
    let queue = QueueId::random();
    wire.hello(queue).await?;
    let clock = SystemClock::new(|| true);
    let mut ticks = tokio::time::interval(every);
    loop {
        ticks.tick().await;
        let stamp = Stamp { boot: BootId([1; 16]), uptime_ms: 1, wall_ms: clock.wall_ms(), is_synced: true };
        let depth = LaneDepth { lane: Lane::Ledger, queue, waiting: 0, bytes: 0, dropped: 0, oldest_s: 0 };
        let host = HostSample { memory_total_bytes: 1 << 30, memory_available_bytes: 1 << 29, ..HostSample::default() };
        let pulse = Heartbeat { stamp, host, lanes: vec![depth] };
        wire.publish(Up::Live, &Live::Heartbeat(pulse).encode()).await?;
    }
}

fn record_of(bytes: usize) -> Vec<u8> {
    let punch = |extra: usize| Record {
        stamp: Stamp { boot: BootId([1; 16]), uptime_ms: 1, wall_ms: 1_795_000_000_000, is_synced: true },
        reading: Reading::Punch(Punch { terminal: "load".to_owned(), extra: "x".repeat(extra), ..Punch::default() }),
    };
    let overhead = punch(0).encode().len();
    punch(bytes.saturating_sub(overhead + 1)).encode()
}

struct Wire {
    site: SiteId,
    read: BufReader<ReadHalf<TlsStream<TcpStream>>>,
    write: WriteHalf<TlsStream<TcpStream>>,
}

impl Wire {
    async fn open(identity: &Identity, port: u16) -> anyhow::Result<Self> {
        let tcp = TcpStream::connect(("127.0.0.1", port)).await?;
        tcp.set_nodelay(true)?;
        let connector = TlsConnector::from(Arc::new(identity.tls(0)?));
        let tls = connector.connect(ServerName::try_from("hub.vigie.internal")?, tcp).await?;
        let (read, write) = tokio::io::split(tls);
        let mut wire = Self { site: identity.site.clone(), read: BufReader::new(read), write };
        let mut connect = text("MQTT");
        connect.extend([4, 2, 0, 120]);
        connect.extend(text(wire.site.as_str()));
        wire.write.write_all(&packet(0x10, &connect)).await?;
        let (kind, body) = wire.packet().await?;
        anyhow::ensure!(kind == 0x20 && body.get(1) == Some(&0), "the hub refused the connection: {body:?}");
        let mut subscribe = vec![0, 1];
        subscribe.extend(text(&Topic::all_down(&wire.site)));
        subscribe.push(0);
        wire.write.write_all(&packet(0x82, &subscribe)).await?;
        anyhow::ensure!(wire.packet().await?.0 == 0x90, "the hub did not grant the subscription");
        Ok(wire)
    }

    async fn hello(&mut self, queue: QueueId) -> anyhow::Result<()> {
        let hello = Hello {
            version: "load".to_owned(),
            instance: InstanceId::random(),
            stamp: Stamp { boot: BootId([1; 16]), uptime_ms: 1, wall_ms: 1, is_synced: true },
            lanes: vec![LaneHello {
                lane: Lane::Ledger,
                queue,
                first: 1,
                last: 0,
                receipted: None,
                below: Below::Receipted,
            }],
        };
        self.publish(Up::Hello, &hello.encode()).await?;
        self.receipt(queue).await.map(drop)
    }

    async fn batch(&mut self, queue: QueueId, first: u64, start: u64, records: &[&[u8]]) -> anyhow::Result<()> {
        let records = records.iter().map(|record| serde_bytes::Bytes::new(record)).collect();
        let batch = Batch { queue, first, below: Below::Receipted, start, records };
        self.publish(Up::Lane(Lane::Ledger), &batch.encode()).await
    }

    async fn publish(&mut self, up: Up, payload: &[u8]) -> anyhow::Result<()> {
        let mut body = text(&Topic::Up(self.site.clone(), up).to_string());
        body.extend_from_slice(payload);
        self.write.write_all(&packet(0x30, &body)).await?;
        Ok(self.write.flush().await?)
    }

    /// The next receipt of this queue.
    async fn receipt(&mut self, queue: QueueId) -> anyhow::Result<u64> {
        loop {
            let (kind, body) = self.packet().await?;
            if kind >> 4 != 3 {
                continue;
            }
            let topic_bytes = body.first_chunk::<2>().map_or(0, |length| usize::from(u16::from_be_bytes(*length)));
            let answer = Answer::decode(body.get(2 + topic_bytes..).context("a whole publish")?)?;
            if let Answer::Receipt { queue: ours, through, .. } = answer
                && ours == queue
            {
                return Ok(through);
            }
        }
    }

    async fn packet(&mut self) -> anyhow::Result<(u8, Vec<u8>)> {
        let kind = self.read.read_u8().await?;
        let (mut length, mut shift) = (0usize, 0);
        loop {
            let byte = self.read.read_u8().await?;
            length |= usize::from(byte & 127) << shift;
            shift += 7;
            if byte & 128 == 0 {
                break;
            }
        }
        let mut body = vec![0; length];
        self.read.read_exact(&mut body).await?;
        Ok((kind, body))
    }
}

fn text(text: &str) -> Vec<u8> {
    let length = u16::try_from(text.len()).expect("topics are short");
    [&length.to_be_bytes(), text.as_bytes()].concat()
}

fn packet(kind: u8, body: &[u8]) -> Vec<u8> {
    let mut bytes = vec![kind];
    let mut left = body.len();
    loop {
        let low = u8::try_from(left % 128).expect("a remainder of 128 fits");
        left /= 128;
        if left == 0 {
            bytes.push(low);
            break;
        }
        bytes.push(low | 128);
    }
    bytes.extend_from_slice(body);
    bytes
}

/// Memory that a process has for itself and its share of what it shares.
///
/// # Errors
///
/// If the process is gone.
pub fn pss_bytes(id: u32) -> anyhow::Result<u64> {
    let text = std::fs::read_to_string(format!("/proc/{id}/smaps_rollup")).context("read the process' memory")?;
    let line = text.lines().find(|line| line.starts_with("Pss:")).context("a line `Pss`")?;
    let kib: u64 = line.split_whitespace().nth(1).context("a number")?.parse()?;
    Ok(kib * 1024)
}
