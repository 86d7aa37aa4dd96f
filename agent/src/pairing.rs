//! Pairing: a page on the box by which a device says whose it is. Nobody types an address: the box knows the one behind
//! the connection. French and English, no script.
//!
//! Only a link that the hub signed opens it ([`vigie_shared::pairing`]). The page first says what is known and why, and
//! claims nothing until its button is pressed; an administrator confirms, since an address can be forged. [`words`] says
//! it, pure.

pub mod words;

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use tokio::sync::Notify;
use vigie_shared::clock::Clock;
use vigie_shared::devices::{CLAIMS_PATH, DeviceClaim};
use vigie_shared::enrol::Hex;
use vigie_shared::lifecycle::Lifecycle;
use vigie_shared::mac::Mac;
use vigie_shared::pairing::{PairingTicket, TicketError};

use crate::hub_https::HubHttps;
use crate::local_page::answer::{CSS, HTML, refusal, said};
use crate::local_page::html;
use crate::local_page::request::{Asked, OwnNames, Refused, language};
use crate::local_page::serve::{self, Pages, Reply};
use crate::timekeeper::Timekeeper;
use words::Word;

/// The section `pairing`. Only the owner of the box decides it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Whether there is a page.
    pub enabled: bool,
    /// Where it listens: an address that people's devices on the site's network reach.
    pub listen: SocketAddr,
}

impl Default for Config {
    fn default() -> Self {
        Self { enabled: false, listen: SocketAddr::from(([0, 0, 0, 0], 8322)) }
    }
}

/// Port: whose the address behind a connection is.
#[async_trait]
pub trait Neighbours: Send + Sync + 'static {
    /// The device of a neighbour; none if the kernel knows none, as of whoever comes through a router.
    async fn device_at(&self, ip: IpAddr) -> Option<Mac>;
}

/// Port: the hub, as far as pairing needs it.
#[async_trait]
pub trait Registrar: Send + Sync + 'static {
    /// Reads a ticket that the hub gave for this box's site.
    ///
    /// # Errors
    ///
    /// Every [`TicketError`].
    fn ticket(&self, text: &str) -> Result<PairingTicket, TicketError>;

    /// Hands a claim to the hub.
    ///
    /// # Errors
    ///
    /// Words on what stood in the way.
    async fn claim(&self, claim: &DeviceClaim) -> anyhow::Result<()>;
}

/// The hub over HTTPS.
pub struct Hub {
    /// The way to it.
    pub https: Arc<HubHttps>,
    /// When a ticket ends.
    pub time: Arc<Timekeeper>,
    /// Told of each claim that the hub took: its confirmation changes the register of devices.
    pub claimed: Arc<Notify>,
}

#[async_trait]
impl Registrar for Hub {
    fn ticket(&self, text: &str) -> Result<PairingTicket, TicketError> {
        let identity = self.https.identity().map_err(|_no_hub| TicketError::Foreign)?;
        let keys = identity.trusted_command_keys();
        PairingTicket::verify(text, &keys, &identity.site, self.time.trusted_now_ms())
    }

    async fn claim(&self, claim: &DeviceClaim) -> anyhow::Result<()> {
        self.https.post(CLAIMS_PATH, claim).await?;
        self.claimed.notify_one();
        Ok(())
    }
}

/// The page.
pub struct PairingPage {
    /// Who knows the neighbours.
    pub neighbours: Arc<dyn Neighbours>,
    /// Who takes claims.
    pub registrar: Arc<dyn Registrar>,
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// The box's own names.
    pub own: OwnNames,
}

/// Starts the page, if it is enabled; one that cannot listen is a warning and nothing else.
pub fn start(config: &Config, page: PairingPage, lifecycle: &Lifecycle) {
    if !config.enabled {
        return;
    }
    let (listen, tasks) = (config.listen, lifecycle.clone());
    lifecycle.spawn("pairing", async move {
        match serve::listen(listen, ("pairing page", "pairing")).await {
            Some(listener) => serve::serve(listener, Arc::new(page), tasks).await,
            None => {
                tasks.stopping().cancelled().await;
                Ok(())
            }
        }
    });
}

#[async_trait]
impl Pages for PairingPage {
    async fn answer(&self, asked: Asked<'_>, from: IpAddr) -> Reply {
        if !self.own.are_meant_by(&asked) {
            return refusal(Refused::Host, "");
        }
        let lang = language(asked.query, asked.languages);
        match (asked.method, asked.path) {
            ("GET" | "HEAD", "/style.css") => said(200, CSS, html::STYLE.to_owned()),
            ("GET" | "HEAD" | "POST", "/pair") => {
                let ticket = value(asked.query, "t").unwrap_or_default();
                let word = self.word(ticket, asked.method == "POST", from).await;
                said(word.status(), HTML, words::page(&word, ticket, lang))
            }
            (_, "/pair") => refusal(Refused::Method, ""),
            _ => refusal(Refused::Path, "There is only /pair, with the link that you were given."),
        }
    }
}

impl PairingPage {
    /// What the page says, after it did what it was asked for.
    async fn word(&self, text: &str, is_claiming: bool, from: IpAddr) -> Word {
        let ticket = match self.registrar.ticket(text) {
            Ok(ticket) => ticket,
            Err(error) => return Word::BadLink(error),
        };
        let Some(mac) = self.neighbours.device_at(from).await else { return Word::NoDevice };
        if !is_claiming {
            return Word::Ask(mac);
        }
        let claim = DeviceClaim { secret: Hex(ticket.secret), mac, seen_ms: self.clock.wall_ms() };
        match self.registrar.claim(&claim).await {
            Ok(()) => Word::Claimed(mac),
            Err(error) => {
                tracing::warn!("a device could not be paired: {error:#}");
                Word::Failed
            }
        }
    }
}

/// The value of a query's key.
fn value<'a>(query: Option<&'a str>, key: &str) -> Option<&'a str> {
    query?.split('&').find_map(|pair| pair.strip_prefix(key)?.strip_prefix('='))
}

#[cfg(test)]
mod tests;
