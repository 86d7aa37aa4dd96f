//! The HTTP clients of a download: one for the hub, one for everybody else.

use std::net::SocketAddr;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use anyhow::Context as _;
use reqwest::Client;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::redirect::Policy;

use super::source::AllowedHosts;
use crate::hub_https::HubHttps;

/// Longest wait for a connection.
const CONNECT_MAX: Duration = Duration::from_secs(15);

/// Longest silence in the middle of an answer.
const SILENCE_MAX: Duration = Duration::from_secs(60);

/// Makes clients when they are needed: most boxes only ever fetch from their hub.
pub(super) struct Clients {
    hub: Arc<HubHttps>,
    hosts: AllowedHosts,
    web: OnceLock<Client>,
}

impl Clients {
    pub(super) fn new(hub: Arc<HubHttps>, hosts: AllowedHosts) -> Self {
        Self { hub, hosts, web: OnceLock::new() }
    }

    /// The hub's address, `https://host:port`; none for a box without a hub.
    pub(super) fn hub_address(&self) -> Option<String> {
        self.hub.identity().ok().map(|identity| format!("https://{}", identity.hub))
    }

    /// For the hub, with the box's certificate of the moment.
    pub(super) fn hub(&self) -> anyhow::Result<(Client, String)> {
        self.hub.client()
    }

    /// For everybody else.
    pub(super) fn web(&self) -> anyhow::Result<Client> {
        if let Some(client) = self.web.get() {
            return Ok(client.clone());
        }
        // The library has no cryptography of its own; a second installation keeps the first.
        drop(rustls::crypto::ring::default_provider().install_default());
        let client = Client::builder()
            .user_agent(format!("vigie-agent/{}", crate::VERSION))
            .no_proxy()
            .redirect(Policy::none())
            .connect_timeout(CONNECT_MAX)
            .read_timeout(SILENCE_MAX)
            .dns_resolver(Arc::new(Judging { hosts: self.hosts.clone() }))
            .build()
            .context("prepare HTTP; are the system's root certificates installed (ca-certificates)?")?;
        Ok(self.web.get_or_init(|| client).clone())
    }
}

/// Resolves names and lets no address through that must not be called.
struct Judging {
    hosts: AllowedHosts,
}

impl Resolve for Judging {
    fn resolve(&self, name: Name) -> Resolving {
        let hosts = self.hosts.clone();
        Box::pin(async move {
            let host = name.as_str().to_owned();
            let found: Vec<SocketAddr> = tokio::net::lookup_host((host.as_str(), 0)).await?.collect();
            for address in &found {
                hosts.judge_resolved(&host, address.ip())?;
            }
            Ok(Box::new(found.into_iter()) as Addrs)
        })
    }
}
