//! A WebSocket connection as a terminal opens it, on which nothing is said by itself but pongs.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context as _, bail, ensure};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::frame::{self, Frame};

/// Long enough for a loaded machine; a test that waits this long has failed.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// What a server adds to the key before it hashes it.
const ACCEPT_SALT: &str = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
/// Any 16 bytes will do.
const KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";
/// An answer to an upgrade is short.
const ANSWER_BYTES_MAX: usize = 16 * 1024;

/// How a connection asks to become a WebSocket.
#[derive(Debug, Clone)]
pub struct Upgrade {
    /// The path, `/pub/chat`.
    pub path: String,
    /// Lines besides the usual ones, `Sec-WebSocket-Protocol: x`.
    pub headers: Vec<String>,
}

impl Default for Upgrade {
    fn default() -> Self {
        Self { path: "/pub/chat".to_owned(), headers: Vec::new() }
    }
}

/// What a server answered to an upgrade.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// Its status, 101 if it agreed.
    pub status: u16,
    /// Its headers, names in lower case.
    pub headers: BTreeMap<String, String>,
}

/// What was heard on a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Heard {
    /// A whole message, text or bytes.
    Message(Vec<u8>),
    /// A question whether we are there; it was answered if the line answers pings.
    Ping,
    /// An answer to our ping, with what the ping carried.
    Pong(Vec<u8>),
    /// The end: its code, none if the server just hung up.
    Closed(Option<u16>),
}

/// One connection.
#[derive(Debug)]
pub struct Line {
    stream: TcpStream,
    heard: Vec<u8>,
    parts: Vec<u8>,
    /// Whether pings are answered; a half-open connection does not.
    pub answers_pings: bool,
}

impl Line {
    /// Only connects.
    ///
    /// # Errors
    ///
    /// If nobody listens.
    pub async fn dial(address: SocketAddr) -> anyhow::Result<Self> {
        let stream = timeout(PATIENCE, TcpStream::connect(address)).await.context("dialling hangs")??;
        stream.set_nodelay(true)?;
        Ok(Self { stream, heard: Vec::new(), parts: Vec::new(), answers_pings: true })
    }

    /// Connects and becomes a WebSocket on this path.
    ///
    /// # Errors
    ///
    /// If nobody listens, or the server does not agree.
    pub async fn open(address: SocketAddr, path: &str) -> anyhow::Result<Self> {
        let mut line = Self::dial(address).await?;
        let answer = line.upgrade(&Upgrade { path: path.to_owned(), ..Upgrade::default() }).await?;
        ensure!(answer.status == 101, "the server answers {path} with {}", answer.status);
        Ok(line)
    }

    /// Asks to become a WebSocket; no `Origin`, as terminals do.
    ///
    /// # Errors
    ///
    /// If the answer does not come, is not HTTP, or agrees with another key than ours.
    pub async fn upgrade(&mut self, upgrade: &Upgrade) -> anyhow::Result<Answer> {
        let mut request = format!(
            "GET {} HTTP/1.1\r\nHost: hub.test:7788\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Key: {KEY}\r\nSec-WebSocket-Version: 13\r\n",
            upgrade.path
        );
        for header in &upgrade.headers {
            request.push_str(header);
            request.push_str("\r\n");
        }
        request.push_str("\r\n");
        self.say_bytes(request.as_bytes()).await?;
        let answer = timeout(PATIENCE, self.answer()).await.context("the upgrade is not answered")??;
        if answer.status == 101 {
            let accepted = answer.headers.get("sec-websocket-accept");
            ensure!(accepted == Some(&accept_of(KEY)), "the server accepts another key: {accepted:?}");
        }
        Ok(answer)
    }

    async fn answer(&mut self) -> anyhow::Result<Answer> {
        let end = loop {
            if let Some(at) = self.heard.windows(4).position(|window| window == b"\r\n\r\n") {
                break at + 4;
            }
            ensure!(self.heard.len() < ANSWER_BYTES_MAX, "the answer to the upgrade has no end");
            ensure!(self.stream.read_buf(&mut self.heard).await? > 0, "the server hung up during the upgrade");
        };
        let head: Vec<u8> = self.heard.drain(..end).collect();
        let head = String::from_utf8(head)?;
        let mut lines = head.lines();
        let status = lines.next().and_then(|line| line.split(' ').nth(1)).context("a status line")?.parse()?;
        let headers = lines.filter_map(|line| line.split_once(':'));
        let headers = headers.map(|(name, value)| (name.trim().to_lowercase(), value.trim().to_owned())).collect();
        Ok(Answer { status, headers })
    }

    /// Says any bytes.
    ///
    /// # Errors
    ///
    /// If the connection is gone.
    pub async fn say_bytes(&mut self, bytes: &[u8]) -> anyhow::Result<()> {
        Ok(self.stream.write_all(bytes).await?)
    }

    /// Says a text message of any bytes.
    ///
    /// # Errors
    ///
    /// If the connection is gone.
    pub async fn say(&mut self, text: impl AsRef<[u8]>) -> anyhow::Result<()> {
        self.say_bytes(&frame::message(frame::TEXT, text.as_ref())).await
    }

    /// The next thing heard, however long it takes. May be cancelled: what came half stays.
    ///
    /// # Errors
    ///
    /// If the server says what it may not.
    pub async fn hear(&mut self) -> anyhow::Result<Heard> {
        loop {
            while let Some(Frame { is_final, opcode, payload }) = frame::take(&mut self.heard)? {
                match opcode {
                    frame::PING => {
                        if self.answers_pings {
                            self.say_bytes(&frame::message(frame::PONG, &payload)).await?;
                        }
                        return Ok(Heard::Ping);
                    }
                    frame::PONG => return Ok(Heard::Pong(payload)),
                    frame::CLOSE => {
                        let code = payload.first_chunk::<2>().map(|code| u16::from_be_bytes(*code));
                        return Ok(Heard::Closed(code));
                    }
                    _ => {
                        self.parts.extend(payload);
                        if is_final {
                            return Ok(Heard::Message(std::mem::take(&mut self.parts)));
                        }
                    }
                }
            }
            match self.stream.read_buf(&mut self.heard).await {
                Ok(0) | Err(_) => return Ok(Heard::Closed(None)),
                Ok(_) => {}
            }
        }
    }

    /// The next message as JSON; pings are passed over.
    ///
    /// # Errors
    ///
    /// If none comes in [`PATIENCE`], the connection ends, or it is not JSON.
    pub async fn json(&mut self) -> anyhow::Result<Value> {
        loop {
            match timeout(PATIENCE, self.hear()).await.context("the server says nothing")?? {
                Heard::Message(bytes) => {
                    return serde_json::from_slice(&bytes)
                        .with_context(|| format!("the server says what is not JSON: {}", bytes.escape_ascii()));
                }
                Heard::Ping | Heard::Pong(_) => {}
                Heard::Closed(code) => bail!("the server closed the connection: {code:?}"),
            }
        }
    }

    /// Says something and returns the next message.
    ///
    /// # Errors
    ///
    /// As [`Line::json`].
    pub async fn ask(&mut self, text: impl AsRef<[u8]>) -> anyhow::Result<Value> {
        self.say(text).await?;
        self.json().await
    }

    /// Waits for the end and returns its code; messages before it are passed over.
    ///
    /// # Errors
    ///
    /// If the connection stays open for [`PATIENCE`].
    pub async fn closed(&mut self) -> anyhow::Result<Option<u16>> {
        let end = async {
            loop {
                if let Heard::Closed(code) = self.hear().await? {
                    return anyhow::Ok(code);
                }
            }
        };
        timeout(PATIENCE, end).await.context("the server leaves the connection open")?
    }

    /// Says whole pings and waits for the last one's answer: everything said before was read.
    ///
    /// # Errors
    ///
    /// If the answer does not come.
    pub async fn settled(&mut self) -> anyhow::Result<()> {
        self.say_bytes(&frame::message(frame::PING, b"settled")).await?;
        loop {
            match timeout(PATIENCE, self.hear()).await.context("a ping is not answered")?? {
                Heard::Pong(carried) if carried == b"settled" => return Ok(()),
                Heard::Closed(code) => bail!("the server closed the connection: {code:?}"),
                Heard::Message(bytes) => bail!("nobody asked for {}", bytes.escape_ascii()),
                Heard::Ping | Heard::Pong(_) => {}
            }
        }
    }

    /// Ends the connection with a TCP reset, as a power cut of a switch does.
    ///
    /// # Errors
    ///
    /// If the system does not do it.
    pub fn reset(self) -> anyhow::Result<()> {
        self.stream.set_zero_linger().context("set the linger time")
    }
}

fn accept_of(key: &str) -> String {
    let salted = format!("{key}{ACCEPT_SALT}");
    STANDARD.encode(ring::digest::digest(&ring::digest::SHA1_FOR_LEGACY_USE_ONLY, salted.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_standards_own_example_of_a_key_is_accepted() {
        assert_eq!(accept_of(KEY), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    }
}
