//! Where the hub listens: every port is taken before anything else is begun.

use std::net::SocketAddr;

use anyhow::Context as _;
use tokio::net::TcpListener;

use crate::config::ListenConfig;

/// The hub's ports, taken and not yet served.
pub(crate) struct Doors {
    pub(crate) admin: TcpListener,
    pub(crate) boxes: TcpListener,
    pub(crate) mqtt: TcpListener,
    pub(crate) operators: TcpListener,
}

/// Where the hub's ports are, with the numbers that the system chose for 0.
#[derive(Debug, Clone, Copy)]
pub struct Addresses {
    /// Where people and programs find dashboard and API.
    pub admin: SocketAddr,
    /// Where boxes enrol.
    pub boxes: SocketAddr,
    /// Where boxes deliver.
    pub mqtt: SocketAddr,
    /// Where people's programs speak MQTT.
    pub operators: SocketAddr,
}

impl Doors {
    /// Takes every port.
    ///
    /// # Errors
    ///
    /// Words for people: which port is taken, and how to choose another one.
    pub(crate) async fn open(config: &ListenConfig) -> anyhow::Result<Self> {
        Ok(Self {
            admin: listen(&config.admin, "dashboard and API", "admin").await?,
            boxes: listen(&config.boxes, "boxes' HTTPS", "boxes").await?,
            mqtt: listen(&config.mqtt, "boxes' MQTT", "mqtt").await?,
            operators: listen(&config.operators, "operators' MQTT", "operators").await?,
        })
    }

    /// Where they are.
    pub(crate) fn addresses(&self) -> std::io::Result<Addresses> {
        Ok(Addresses {
            admin: self.admin.local_addr()?,
            boxes: self.boxes.local_addr()?,
            mqtt: self.mqtt.local_addr()?,
            operators: self.operators.local_addr()?,
        })
    }
}

async fn listen(address: &str, what: &str, word: &str) -> anyhow::Result<TcpListener> {
    TcpListener::bind(address).await.with_context(|| {
        format!(
            "listen at {address} for {what}; if another program has the port, choose another one (`--{word}` of `up`, or \
             the setting `listen.{word}`)"
        )
    })
}
