//! What is of the moment: bounded, and the oldest goes first when nobody reads.

use tokio::sync::broadcast;
use vigie_shared::wire::Live;

/// Messages that wait for a reader. A heartbeat comes every 30 s; older ones are of no use.
const LIVE_MAX: usize = 32;

/// The sending end.
#[derive(Clone)]
pub(super) struct LiveSender(broadcast::Sender<Live>);

impl Default for LiveSender {
    fn default() -> Self {
        Self(broadcast::Sender::new(LIVE_MAX))
    }
}

impl LiveSender {
    pub(super) fn send(&self, live: Live) {
        if self.0.send(live).is_err() {
            tracing::trace!("nobody listens to what is of the moment");
        }
    }

    pub(super) fn receiver(&self) -> LiveReceiver {
        LiveReceiver(self.0.subscribe())
    }
}

/// The receiving end.
pub struct LiveReceiver(broadcast::Receiver<Live>);

impl LiveReceiver {
    /// The next message; none once the journal is gone. Cancelling loses nothing.
    pub async fn recv(&mut self) -> Option<Live> {
        loop {
            match self.0.recv().await {
                Ok(live) => return Some(live),
                Err(broadcast::error::RecvError::Lagged(missed)) => {
                    tracing::debug!(missed, "messages of the moment were overtaken by newer ones");
                }
                Err(broadcast::error::RecvError::Closed) => return None,
            }
        }
    }
}
