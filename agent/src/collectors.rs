//! Port: where readings come from. Adding a collector is one file in `collectors/` and one line below.

use std::time::Duration;

use async_trait::async_trait;
use tokio_util::sync::CancellationToken;
use vigie_shared::wire::{Live, Reading};

pub mod lan;

/// Where a collector puts what it sees. The journal is the real one; tests and `collect --once` have others.
#[async_trait]
pub trait Outlet: Send + Sync {
    /// Hands over a reading that must reach the hub. Waits while the lane has no room.
    async fn append(&self, reading: Reading);

    /// Hands over something of the moment; it is lost if nobody listens.
    fn live(&self, live: Live);
}

/// A source of readings.
#[async_trait]
pub trait Collector: Send {
    /// One word: its name in the configuration, in metrics and on the command line.
    fn name(&self) -> &'static str;

    /// Looks once and returns what it sees; for `vigie-agent collect NAME --once` and for tests.
    ///
    /// # Errors
    ///
    /// If the source cannot be read; the text is for people.
    async fn once(&mut self) -> anyhow::Result<Vec<Reading>>;

    /// Looks again and again until told to stop. A source that fails is reported and tried again, never
    /// fatal; returning an error ends the process.
    ///
    /// # Errors
    ///
    /// Only what makes going on pointless.
    async fn run(&mut self, outlet: &dyn Outlet, stop: CancellationToken) -> anyhow::Result<()>;
}

/// A pause that ends early when the collector must stop; false means stop.
pub async fn pause(duration: Duration, stop: &CancellationToken) -> bool {
    tokio::select! {
        () = tokio::time::sleep(duration) => true,
        () = stop.cancelled() => false,
    }
}
