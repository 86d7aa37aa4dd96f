//! A client that says to a hub exactly the bytes it is told: honest ones and others.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, bail, ensure};
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use vigie_shared::enrol::HUB_NAME;

/// Long enough for a loaded machine; a test that waits this long has failed.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// One packet: its first byte, and its body.
pub type Packet = (u8, Vec<u8>);

/// A TLS connection on which nothing is said by itself.
pub struct WireClient {
    stream: TlsStream<TcpStream>,
}

impl WireClient {
    /// Dials and makes the TLS handshake. With TLS 1.3 a refused certificate shows only at the first read.
    ///
    /// # Errors
    ///
    /// If the handshake fails.
    pub async fn dial(address: SocketAddr, tls: &Arc<ClientConfig>) -> anyhow::Result<Self> {
        let tcp = TcpStream::connect(address).await.context("dial")?;
        tcp.set_nodelay(true)?;
        let name = ServerName::try_from(HUB_NAME)?;
        let handshake = TlsConnector::from(Arc::clone(tls)).connect(name, tcp);
        let stream = timeout(PATIENCE, handshake).await.context("the handshake hangs")??;
        Ok(Self { stream })
    }

    /// Dials and connects as `site`.
    ///
    /// # Errors
    ///
    /// If the hub does not accept it.
    pub async fn connect(address: SocketAddr, tls: &Arc<ClientConfig>, site: &str) -> anyhow::Result<Self> {
        let mut client = Self::dial(address, tls).await?;
        client.send(&packets::connect(site, 60)).await?;
        let answer = client.receive().await?;
        ensure!(answer == Some((0x20, vec![0, 0])), "refused: {answer:?}");
        Ok(client)
    }

    /// Subscribes to everything that is for `site`, and waits for the answer.
    ///
    /// # Errors
    ///
    /// If the hub does not grant it.
    pub async fn subscribe(&mut self, site: &str) -> anyhow::Result<()> {
        self.send(&packets::subscribe(&[(&format!("/tenants/{site}/down/#"), 0)])).await?;
        let answer = self.receive().await?;
        ensure!(answer == Some((0x90, vec![0, 1, 0])), "not granted: {answer:?}");
        Ok(())
    }

    /// Says these bytes.
    ///
    /// # Errors
    ///
    /// If the connection is gone.
    pub async fn send(&mut self, bytes: &[u8]) -> anyhow::Result<()> {
        self.stream.write_all(bytes).await?;
        self.stream.flush().await?;
        Ok(())
    }

    /// Waits for the next packet; `None` if the hub closed the connection.
    ///
    /// # Errors
    ///
    /// If nothing happens for [`PATIENCE`], or the hub says what is not MQTT.
    pub async fn receive(&mut self) -> anyhow::Result<Option<Packet>> {
        let mut header = [0; 1];
        let read = timeout(PATIENCE, self.stream.read_exact(&mut header)).await.context("the hub says nothing")?;
        if read.is_err() {
            return Ok(None);
        }
        let mut length = 0;
        for shift in 0..4 {
            let byte = self.stream.read_u8().await?;
            length |= usize::from(byte & 0x7f) << (7 * shift);
            if byte & 0x80 == 0 {
                break;
            }
        }
        let mut body = vec![0; length];
        timeout(PATIENCE, self.stream.read_exact(&mut body)).await.context("half a packet")??;
        let [header] = header;
        Ok(Some((header, body)))
    }

    /// Waits until the hub closes the connection; packets that come before are ignored.
    ///
    /// # Errors
    ///
    /// If it stays open for [`PATIENCE`].
    pub async fn closed(&mut self) -> anyhow::Result<()> {
        let mut sink = vec![0; 4096];
        let all = async {
            loop {
                match self.stream.read(&mut sink).await {
                    Ok(0) | Err(_) => return,
                    Ok(_) => {}
                }
            }
        };
        if timeout(PATIENCE, all).await.is_err() {
            bail!("the hub left the connection open");
        }
        Ok(())
    }

    /// Ends the connection with a TCP reset, as a bad radio link does.
    ///
    /// # Errors
    ///
    /// If the system does not do it.
    pub fn reset(self) -> anyhow::Result<()> {
        self.stream.get_ref().0.set_zero_linger().context("set the linger time")
    }
}

/// MQTT packets, right and wrong ones.
pub mod packets {
    /// Any packet.
    #[must_use]
    pub fn packet(header: u8, body: &[u8]) -> Vec<u8> {
        let mut packet = vec![header];
        let mut rest = body.len();
        loop {
            let low = u8::try_from(rest & 0x7f).unwrap_or_default();
            rest >>= 7;
            packet.push(if rest == 0 { low } else { low | 0x80 });
            if rest == 0 {
                break;
            }
        }
        packet.extend_from_slice(body);
        packet
    }

    /// A text with its length before it.
    #[must_use]
    pub fn text(text: &str) -> Vec<u8> {
        let length = u16::try_from(text.len()).unwrap_or(u16::MAX);
        [&length.to_be_bytes()[..], text.as_bytes()].concat()
    }

    /// CONNECT as a box says it.
    #[must_use]
    pub fn connect(client_id: &str, keep_alive_s: u16) -> Vec<u8> {
        connect_with(4, 2, keep_alive_s, &text(client_id))
    }

    /// CONNECT with any level, flags and payload.
    #[must_use]
    pub fn connect_with(level: u8, flags: u8, keep_alive_s: u16, payload: &[u8]) -> Vec<u8> {
        let body = [&text("MQTT")[..], &[level, flags], &keep_alive_s.to_be_bytes(), payload].concat();
        packet(0x10, &body)
    }

    /// PUBLISH; with QoS 1 and more its identifier is 1.
    #[must_use]
    pub fn publish(flags: u8, topic: &str, payload: &[u8]) -> Vec<u8> {
        let id: &[u8] = if flags & 0b110 == 0 { &[] } else { &[0, 1] };
        packet(0x30 | flags, &[&text(topic)[..], id, payload].concat())
    }

    /// SUBSCRIBE with identifier 1.
    #[must_use]
    pub fn subscribe(filters: &[(&str, u8)]) -> Vec<u8> {
        let filters = filters.iter().flat_map(|(filter, qos)| [text(filter), vec![*qos]].concat());
        packet(0x82, &[0, 1].into_iter().chain(filters).collect::<Vec<u8>>())
    }

    /// PINGREQ.
    pub const PING: [u8; 2] = [0xc0, 0];

    /// DISCONNECT.
    pub const DISCONNECT: [u8; 2] = [0xe0, 0];
}
