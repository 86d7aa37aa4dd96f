//! A terminal for tests: a real socket that speaks WebSocket, and says what a test wants.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use vigie_shared::blob::BlobRef;
use vigie_shared::clock::ManualClock;
use vigie_shared::id::BootId;
use vigie_shared::lifecycle::Lifecycle;
use vigie_shared::wire::reading::{LogRow, TerminalUsers};
use vigie_shared::wire::{Reading, Stamp};

use super::{Config, Ledger, Limits, Parts, Terminals};
use crate::hub_https::Upload;
use crate::journal::JournalError;

/// The moment of all tests, 2026-11-18 in the morning.
pub(crate) const NOW_MS: i64 = 1_795_000_000_000;

/// A ledger in memory that refuses when it is told to.
#[derive(Default)]
pub(crate) struct Shelf {
    readings: Mutex<Vec<Reading>>,
    pub(crate) refuses: std::sync::atomic::AtomicBool,
}

#[async_trait]
impl Ledger for Shelf {
    async fn append(&self, reading: Reading) -> Result<(), JournalError> {
        if self.refuses.load(std::sync::atomic::Ordering::SeqCst) {
            return Err(JournalError::Storage("a test says so".to_owned()));
        }
        self.readings.lock().unwrap().push(reading);
        Ok(())
    }
}

#[async_trait]
impl Upload for Shelf {
    async fn put_blob(&self, content: Vec<u8>) -> anyhow::Result<BlobRef> {
        Ok(BlobRef::of(&content))
    }
}

impl Shelf {
    pub(crate) fn readings(&self) -> Vec<Reading> {
        self.readings.lock().unwrap().clone()
    }

    pub(crate) fn rows(&self) -> Vec<LogRow> {
        let rows = |reading| match reading {
            Reading::TerminalLog(log) => log.rows,
            _ => Vec::new(),
        };
        self.readings().into_iter().flat_map(rows).collect()
    }

    pub(crate) fn users(&self) -> Vec<TerminalUsers> {
        let users = |reading| match reading {
            Reading::TerminalUsers(users) => Some(users),
            _ => None,
        };
        self.readings().into_iter().filter_map(users).collect()
    }
}

/// A server on a free port that lets ZX1 deliver.
pub(crate) struct Site {
    pub(crate) terminals: Terminals,
    pub(crate) shelf: Arc<Shelf>,
    pub(crate) lifecycle: Lifecycle,
    _folder: tempfile::TempDir,
}

impl Site {
    pub(crate) fn open(settings: &str) -> Self {
        Self::with(settings, Limits::default())
    }

    pub(crate) fn with(settings: &str, limits: Limits) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let config: Config = serde_json::from_str(settings).unwrap();
        let listen = SocketAddr::from(([127, 0, 0, 1], 0));
        let zone = config.zone.clone().or_else(|| "Europe/Paris".parse().ok());
        let mut config = Config { enabled: true, listen, zone, ..config };
        config.allowed.insert("ZX1".parse().unwrap());
        let stamp = Stamp { boot: BootId([1; 16]), uptime_ms: 0, wall_ms: NOW_MS, is_synced: true };
        let (shelf, lifecycle) = (Arc::new(Shelf::default()), Lifecycle::new());
        let parts = Parts {
            data: folder.path().to_owned(),
            clock: Arc::new(ManualClock::new(stamp)),
            ledger: shelf.clone(),
            uploads: shelf.clone(),
            limits,
        };
        let terminals = Terminals::start(&config, parts, &lifecycle).unwrap();
        Self { terminals, shelf, lifecycle, _folder: folder }
    }

    /// A terminal that is connected and registered.
    pub(crate) async fn terminal(&self) -> Fake {
        let mut fake = Fake::call(self.terminals.address().unwrap()).await;
        fake.say(&json!({"cmd": "reg", "sn": "ZX1"})).await;
        assert_eq!(fake.hear().await.unwrap()["result"], true);
        fake
    }
}

/// One connection.
pub(crate) struct Fake {
    stream: TcpStream,
    bytes: VecDeque<u8>,
}

impl Fake {
    pub(crate) async fn call(address: SocketAddr) -> Self {
        let mut stream = TcpStream::connect(address).await.unwrap();
        let head = "GET /pub/chat HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
            Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
        stream.write_all(head.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        while !answer.ends_with(b"\r\n\r\n") {
            answer.push(stream.read_u8().await.unwrap());
        }
        assert!(answer.starts_with(b"HTTP/1.1 101"));
        Self { stream, bytes: VecDeque::new() }
    }

    pub(crate) async fn say(&mut self, message: &Value) {
        self.say_bytes(message.to_string().as_bytes()).await;
    }

    pub(crate) async fn say_bytes(&mut self, message: &[u8]) {
        let mut frame = vec![0x81];
        match u8::try_from(message.len()) {
            Ok(length) if length < 126 => frame.push(0x80 | length),
            _ => {
                frame.push(0x80 | 127);
                frame.extend_from_slice(&(message.len() as u64).to_be_bytes());
            }
        }
        frame.extend_from_slice(&[0; 4]);
        frame.extend_from_slice(message);
        self.stream.write_all(&frame).await.unwrap();
    }

    /// The next text; none if the box ended the connection.
    pub(crate) async fn hear(&mut self) -> Option<Value> {
        loop {
            let (opcode, payload) = self.frame().await?;
            match opcode {
                0x1 => return Some(serde_json::from_slice(&payload).unwrap()),
                0x8 => return None,
                _ => {}
            }
        }
    }

    /// The code by which the box ends the connection.
    pub(crate) async fn close_code(&mut self) -> Option<u16> {
        loop {
            let (opcode, payload) = self.frame().await?;
            if opcode == 0x8 {
                return Some(u16::from_be_bytes(payload[..2].try_into().unwrap()));
            }
        }
    }

    /// Answers commands until the box ends the connection; returns every command that came.
    pub(crate) async fn answer(mut self, answer: impl Fn(&Value) -> Option<Value>) -> Vec<Value> {
        let mut heard = Vec::new();
        while let Some(command) = self.hear().await {
            if let Some(mut said) = answer(&command) {
                said["ret"] = command["cmd"].clone();
                self.say(&said).await;
            }
            heard.push(command);
        }
        heard
    }

    async fn frame(&mut self) -> Option<(u8, Vec<u8>)> {
        let (first, second) = (self.byte().await?, self.byte().await?);
        let extra = match second {
            126 => 2,
            127 => 8,
            _ => 0,
        };
        let mut length = if extra == 0 { u64::from(second) } else { 0 };
        for _ in 0..extra {
            length = length << 8 | u64::from(self.byte().await?);
        }
        let mut payload = Vec::new();
        for _ in 0..length {
            payload.push(self.byte().await?);
        }
        Some((first & 0xf, payload))
    }

    async fn byte(&mut self) -> Option<u8> {
        if self.bytes.is_empty() {
            let mut read = Vec::with_capacity(4_096);
            self.stream.read_buf(&mut read).await.ok()?;
            self.bytes.extend(read);
        }
        self.bytes.pop_front()
    }
}
