//! Where the hub listens: every port is taken before anything else is begun.

use std::net::SocketAddr;

use anyhow::Context as _;
use tokio::net::TcpListener;

use crate::config::HubConfig;

/// The hub's ports, taken and not yet served.
pub(crate) struct Doors {
    pub(crate) admin: TcpListener,
    pub(crate) boxes: TcpListener,
    pub(crate) mqtt: TcpListener,
    pub(crate) operators: TcpListener,
    pub(crate) machines: Option<TcpListener>,
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
    /// Where older programs read machines, if the owner opened that door.
    pub machines: Option<SocketAddr>,
}

impl Doors {
    /// Takes every port.
    ///
    /// # Errors
    ///
    /// Words for people: which port is taken, and how to choose another one.
    pub(crate) async fn open(HubConfig { listen: at, admin, machines, .. }: &HubConfig) -> anyhow::Result<Self> {
        let flag = |word: &str| format!("`--{word}` of `up`, or the setting `listen.{word}`");
        let machines = match &machines.listen {
            Some(address) => Some(listen(address, "older programs", "the setting `machines.listen`").await?),
            None => None,
        };
        let pages = listen(&at.admin, "dashboard and API", &flag("admin")).await?;
        admin.check(pages.local_addr()?)?;
        Ok(Self {
            admin: pages,
            boxes: listen(&at.boxes, "boxes' HTTPS", &flag("boxes")).await?,
            mqtt: listen(&at.mqtt, "boxes' MQTT", &flag("mqtt")).await?,
            operators: listen(&at.operators, "operators' MQTT", &flag("operators")).await?,
            machines,
        })
    }

    /// Where they are.
    pub(crate) fn addresses(&self) -> std::io::Result<Addresses> {
        Ok(Addresses {
            admin: self.admin.local_addr()?,
            boxes: self.boxes.local_addr()?,
            mqtt: self.mqtt.local_addr()?,
            operators: self.operators.local_addr()?,
            machines: self.machines.as_ref().map(TcpListener::local_addr).transpose()?,
        })
    }
}

async fn listen(address: &str, what: &str, setting: &str) -> anyhow::Result<TcpListener> {
    TcpListener::bind(address).await.with_context(|| {
        format!("listen at {address} for {what}; if another program has the port, choose another one ({setting})")
    })
}
