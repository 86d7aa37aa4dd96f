//! The local page: how the box is doing, for the person who stands beside it. Read only, French and English, no script.
//!
//! It says what `vigie-agent status` says, in plain words, and whether the box may be unplugged. [`facts`] is what is
//! known, [`words`] says it, [`html`] writes it, [`request`] judges what is asked for; only [`serve`] has a socket. Nothing
//! on it names a person, a device or a secret: whoever reaches the box may read it.

pub mod facts;
pub mod html;
pub mod request;
pub mod serve;
pub mod words;

use std::net::SocketAddr;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use tokio::net::TcpListener;
use vigie_shared::lifecycle::Lifecycle;

use facts::Facts;
use request::OwnNames;

/// The section `local_page`. Only the owner of the box decides it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Whether there is a page.
    pub enabled: bool,
    /// Where it listens. Whoever can reach this address may read the page.
    pub listen: SocketAddr,
}

impl Default for Config {
    fn default() -> Self {
        Self { enabled: true, listen: SocketAddr::from(([127, 0, 0, 1], 8321)) }
    }
}

/// Knows how the box is doing. May look at the disk.
pub trait Source: Send + Sync + 'static {
    /// What the page shows, now.
    fn facts(&self) -> Facts;
}

/// Starts the page; one that cannot listen is a warning and nothing else.
pub fn start(config: &Config, source: Arc<dyn Source>, lifecycle: &Lifecycle) {
    if !config.enabled {
        return;
    }
    let (listen, tasks) = (config.listen, lifecycle.clone());
    lifecycle.spawn("local page", async move {
        let listener = match TcpListener::bind(listen).await {
            Ok(listener) => listener,
            Err(error) => {
                tracing::warn!(
                    "there is no local page, {listen} cannot be used: {error}; everything else works; choose another \
                     `local_page.listen`, or set `local_page.enabled` to false"
                );
                tasks.stopping().cancelled().await;
                return Ok(());
            }
        };
        serve::serve(listener, source, OwnNames::of_this_machine(), tasks).await
    });
}

#[cfg(test)]
mod tests;
