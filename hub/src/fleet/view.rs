//! Port: the fleet as it is at this moment, for whoever shows it or computes with it.

use std::collections::BTreeMap;

use tokio::sync::broadcast;
use vigie_shared::id::SiteId;

use super::{Board, BoxNow};

/// The fleet as the hub sees it at this moment.
pub trait FleetView: Send + Sync + 'static {
    /// Every site of which something is known since the hub's start.
    fn snapshot(&self) -> BTreeMap<SiteId, BoxNow>;

    /// What is known of one site; the default if nothing is.
    fn site(&self, id: &SiteId) -> BoxNow;

    /// The ids of sites, each time something about one changed.
    fn changes(&self) -> broadcast::Receiver<SiteId>;
}

impl FleetView for Board {
    fn snapshot(&self) -> BTreeMap<SiteId, BoxNow> {
        Self::snapshot(self)
    }

    fn site(&self, id: &SiteId) -> BoxNow {
        Self::site(self, id)
    }

    fn changes(&self) -> broadcast::Receiver<SiteId> {
        Self::changes(self)
    }
}
