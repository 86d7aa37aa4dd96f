//! The local page: how the box is doing, for the person who stands beside it. Read only, French and English, no script.
//!
//! It says what `vigie-agent status` says, in plain words, and whether the box may be unplugged. [`facts`] is what is
//! known, [`words`] says it, [`html`] writes it, [`request`] judges what is asked for, [`answer`] joins them; only [`serve`] has a
//! socket. Nothing
//! on it names a person, a device or a secret: whoever reaches the box may read it.

pub mod answer;
pub mod facts;
pub mod html;
pub mod request;
pub mod serve;
pub mod words;

use std::net::SocketAddr;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use vigie_shared::lifecycle::Lifecycle;

use answer::LocalPage;
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
        match serve::listen(listen, ("local page", "local_page")).await {
            Some(listener) => {
                let page = LocalPage { source, own: OwnNames::of_this_machine() };
                serve::serve(listener, Arc::new(page), tasks).await
            }
            None => {
                tasks.stopping().cancelled().await;
                Ok(())
            }
        }
    });
}

#[cfg(test)]
mod tests;
