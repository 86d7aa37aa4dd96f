//! Which connections each site has: the newest wins, and any can be cut at once.
//!
//! A connection is entered here before anybody is asked whether it may connect, so that a revocation that
//! comes in between cuts it, too.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::time::Instant;
use vigie_shared::id::SiteId;

use super::config::GatewayConfig;
use super::counters::Ending;
use crate::pki::PeerIdentity;
use crate::rate::Bucket;

/// One connection; later ones have higher numbers, for as long as the process runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ConnectionId(pub u64);

pub(super) struct Live {
    sites: Mutex<Sites>,
    per_site_max: usize,
    rates: (f64, f64),
}

#[derive(Default)]
struct Sites {
    last: u64,
    connected: usize,
    entries: BTreeMap<SiteId, Entry>,
}

struct Entry {
    held: Vec<Held>,
    /// Outlives connections: calling again brings no new allowance.
    meter: Arc<Mutex<Meter>>,
}

struct Held {
    connection: ConnectionId,
    serial: String,
    is_live: bool,
    cut: oneshot::Sender<Ending>,
}

/// What a site has sent lately.
#[derive(Debug)]
pub(super) struct Meter {
    messages: Bucket,
    bytes: Bucket,
}

/// A connection's place among those of its site, left when dropped.
pub(super) struct Ticket {
    pub(super) connection: ConnectionId,
    pub(super) site: SiteId,
    meter: Arc<Mutex<Meter>>,
    owner: Arc<Live>,
}

impl Live {
    pub(super) fn new(config: &GatewayConfig) -> Self {
        #[expect(clippy::cast_precision_loss, reason = "no rate is above 2^53 bytes a second")]
        let bytes_per_second = config.bytes_per_second as f64;
        let rates = (f64::from(config.messages_per_second), bytes_per_second);
        Self { sites: Mutex::default(), per_site_max: config.connections_per_site_max.max(1), rates }
    }

    /// Enters a connection; the receiver says when and why it is cut. `None` if the site has too many.
    pub(super) fn enter(self: &Arc<Self>, peer: &PeerIdentity) -> Option<(Ticket, oneshot::Receiver<Ending>)> {
        let mut sites = self.sites();
        let entry = sites.entries.entry(peer.site.clone()).or_insert_with(|| Entry::new(self.rates));
        if entry.held.len() >= self.per_site_max {
            return None;
        }
        let meter = Arc::clone(&entry.meter);
        sites.last += 1;
        let connection = ConnectionId(sites.last);
        let (cut, is_cut) = oneshot::channel();
        let held = Held { connection, serial: peer.serial.clone(), is_live: false, cut };
        if let Some(entry) = sites.entries.get_mut(&peer.site) {
            entry.held.push(held);
        }
        Some((Ticket { connection, site: peer.site.clone(), meter, owner: Arc::clone(self) }, is_cut))
    }

    pub(super) fn cut_site(&self, site: &SiteId, ending: Ending) {
        let mut sites = self.sites();
        let cut = sites.cut(site, |_| true, ending);
        drop(cut);
    }

    pub(super) fn cut_serial(&self, serial: &str, ending: Ending) {
        let mut sites = self.sites();
        let all: Vec<SiteId> = sites.entries.keys().cloned().collect();
        for site in all {
            drop(sites.cut(&site, |held| held.serial == serial, ending));
        }
    }

    pub(super) fn connected(&self) -> Vec<SiteId> {
        let sites = self.sites();
        let is_live = |entry: &Entry| entry.held.iter().any(|held| held.is_live);
        sites.entries.iter().filter(|(_, entry)| is_live(entry)).map(|(site, _)| site.clone()).collect()
    }

    pub(super) fn connected_count(&self) -> usize {
        self.sites().connected
    }

    fn sites(&self) -> MutexGuard<'_, Sites> {
        self.sites.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Entry {
    fn new((messages_per_second, bytes_per_second): (f64, f64)) -> Self {
        let now = Instant::now();
        let meter = Meter {
            messages: Bucket::new(messages_per_second, messages_per_second, now),
            bytes: Bucket::new(bytes_per_second, bytes_per_second, now),
        };
        Self { held: Vec::new(), meter: Arc::new(Mutex::new(meter)) }
    }
}

impl Sites {
    /// Takes the connections out that `which` picks, and tells them; returns the live ones among them.
    fn cut(&mut self, site: &SiteId, which: impl Fn(&Held) -> bool, ending: Ending) -> Vec<ConnectionId> {
        let Some(entry) = self.entries.get_mut(site) else { return Vec::new() };
        let (cut, kept) = std::mem::take(&mut entry.held).into_iter().partition(which);
        entry.held = kept;
        let mut live = Vec::new();
        for held in cut {
            if held.is_live {
                live.push(held.connection);
            }
            // If nobody listens, the connection is ending anyway.
            let _is_told = held.cut.send(ending).is_ok();
        }
        self.connected -= live.len();
        live
    }

    fn leave(&mut self, site: &SiteId, connection: ConnectionId) {
        let Some(entry) = self.entries.get_mut(site) else { return };
        if let Some(index) = entry.held.iter().position(|held| held.connection == connection) {
            let held = entry.held.swap_remove(index);
            self.connected -= usize::from(held.is_live);
        }
    }
}

impl Ticket {
    /// Makes this the site's live connection and cuts the one that was; `Err` if this one has been cut itself.
    pub(super) fn go_live(&self) -> Result<Option<ConnectionId>, CutMeanwhile> {
        let mut sites = self.owner.sites();
        let old = sites.cut(&self.site, |held| held.is_live, Ending::TakenOver);
        let entry = sites.entries.get_mut(&self.site).ok_or(CutMeanwhile)?;
        let held = entry.held.iter_mut().find(|held| held.connection == self.connection).ok_or(CutMeanwhile)?;
        held.is_live = true;
        sites.connected += 1;
        Ok(old.first().copied())
    }

    /// Counts what the box sent, and says how long it must wait before it may send more.
    pub(super) fn charge(&self, messages: u32, bytes: usize) -> Duration {
        let now = Instant::now();
        let mut meter = self.meter.lock().unwrap_or_else(PoisonError::into_inner);
        #[expect(clippy::cast_precision_loss, reason = "a batch is far below 2^53 bytes")]
        let bytes = bytes as f64;
        meter.messages.take(f64::from(messages), now).max(meter.bytes.take(bytes, now))
    }
}

/// The connection was cut before it went live.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct CutMeanwhile;

impl Drop for Ticket {
    fn drop(&mut self) {
        self.owner.sites().leave(&self.site, self.connection);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn peer(serial: &str) -> PeerIdentity {
        PeerIdentity { site: "siteA".parse().unwrap(), serial: serial.to_owned(), expires_ms: 0 }
    }

    fn live() -> Arc<Live> {
        Arc::new(Live::new(&GatewayConfig { connections_per_site_max: 2, ..GatewayConfig::default() }))
    }

    #[test]
    fn the_newest_wins_and_the_old_one_is_told() {
        let live = live();
        let (old, mut old_cut) = live.enter(&peer("1")).unwrap();
        assert_eq!(old.go_live(), Ok(None));
        let (new, _new_cut) = live.enter(&peer("1")).unwrap();
        assert_eq!(new.go_live(), Ok(Some(old.connection)));
        assert_eq!(old_cut.try_recv(), Ok(Ending::TakenOver));
        drop(old);
        assert_eq!((live.connected_count(), live.connected()), (1, vec!["siteA".parse().unwrap()]));
        drop(new);
        assert_eq!(live.connected_count(), 0);
    }

    #[test]
    fn a_revocation_between_entering_and_going_live_cuts() {
        let live = live();
        let (ticket, mut cut) = live.enter(&peer("1")).unwrap();
        live.cut_serial("1", Ending::Revoked);
        assert_eq!(ticket.go_live(), Err(CutMeanwhile));
        assert_eq!(cut.try_recv(), Ok(Ending::Revoked));
    }

    #[test]
    fn revoking_one_certificate_leaves_the_sites_other_one_alone() {
        let live = live();
        let (ticket, mut cut) = live.enter(&peer("2")).unwrap();
        live.cut_serial("1", Ending::Revoked);
        assert_eq!(ticket.go_live(), Ok(None));
        live.cut_site(&"siteA".parse().unwrap(), Ending::Revoked);
        assert_eq!((cut.try_recv(), live.connected_count()), (Ok(Ending::Revoked), 0));
    }

    #[test]
    fn a_site_has_a_bounded_number_of_connections_and_calling_again_brings_no_new_allowance() {
        let live = live();
        let (first, _cut) = live.enter(&peer("1")).unwrap();
        let (_second, _cut2) = live.enter(&peer("1")).unwrap();
        assert!(live.enter(&peer("1")).is_none());
        let _wait = first.charge(1, usize::from(u16::MAX) * 10_000);
        drop(first);
        let (again, _cut3) = live.enter(&peer("1")).unwrap();
        assert!(again.charge(1, 1) > Duration::ZERO);
    }
}
