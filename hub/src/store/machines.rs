//! Port: the owner's Macs and PCs, as boxes tell of them.
//!
//! Each word of a box stands under the best name that the machine has ([`name`]). Words of one name merge whatever their
//! order, and none counts twice; rows of several names that turn out to be one machine are joined when they are read
//! ([`unite()`]).

use std::net::IpAddr;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use vigie_shared::id::SiteId;
use vigie_shared::mac::Mac;
use vigie_shared::wire::reading::{MachineFacts, MachineReach, MachineRow};

use crate::store::StoreError;

pub mod name;
pub mod past;
mod unite;

pub use past::{Change, Charge, Day, Hour, changes};
pub use unite::unite;

/// Machines that a list reaches: more than any owner has; beyond it only those met last are shown.
pub const MACHINES_MAX: usize = 20_000;

/// Network cards of one machine that are remembered: cable, wireless, and what adapters and private addresses add.
pub const CARDS_MAX: usize = 8;

/// Places of one machine that are remembered.
pub const PLACES_MAX: usize = 16;

/// One machine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Machine {
    /// Its name here, as in [`name::of`].
    pub id: String,
    /// When it was first met, milliseconds since 1970 UTC.
    pub first_ms: i64,
    /// The newest word of it.
    pub met: Met,
    /// What it said of itself last; none if it could never be read.
    pub read: Option<Read>,
    /// Its network cards, those used last first, at most [`CARDS_MAX`].
    pub cards: Vec<Card>,
    /// Where it was, the last places first, at most [`PLACES_MAX`].
    pub places: Vec<Place>,
    /// Other names under which words of it stand; only of what [`unite()`] joined.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub also: Vec<String>,
}

/// How a box met a machine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Met {
    /// When, milliseconds since 1970 UTC.
    pub at_ms: i64,
    /// The position of that word in its queue.
    pub seq: u64,
    /// At which site.
    pub site: SiteId,
    /// Where it answered.
    pub ip: IpAddr,
    /// The network card that it answered with, if the box shares a LAN with it.
    pub mac: Option<Mac>,
    /// The name it announced.
    pub name: Option<String>,
    /// Who made that card.
    pub vendor: Option<String>,
    /// How far the box came.
    pub reach: MachineReach,
}

/// What a machine said of itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Read {
    /// When, milliseconds since 1970 UTC.
    pub at_ms: i64,
    /// The position of that word in its queue.
    pub seq: u64,
    /// At which site.
    pub site: SiteId,
    /// Where it answered.
    pub ip: IpAddr,
    /// What.
    pub facts: MachineFacts,
}

/// A network card.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Card {
    /// Its address.
    pub mac: Mac,
    /// When the machine last used it, milliseconds since 1970 UTC.
    pub last_ms: i64,
}

/// Where a machine was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// At which site.
    pub site: SiteId,
    /// Under which address.
    pub ip: IpAddr,
    /// When it was last there, milliseconds since 1970 UTC.
    pub last_ms: i64,
}

/// One word of a box about one machine, and what of it goes into the machine's past.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// What is known of the machine by this word alone.
    pub machine: Machine,
    /// What it measured; none if it was not read.
    pub hour: Option<Hour>,
    /// What changes slowly; none if it was not read.
    pub day: Option<Day>,
}

impl Told {
    /// What a box told at a moment, with the position of its word.
    #[must_use]
    pub fn new(site: &SiteId, (at_ms, seq): (i64, u64), row: &MachineRow) -> Self {
        let mac = row.mac.filter(|mac| mac.is_device());
        let met = Met {
            at_ms,
            seq,
            site: site.clone(),
            ip: row.ip,
            mac,
            name: row.name.clone(),
            vendor: row.vendor.clone(),
            reach: row.reach.clone(),
        };
        let facts = row.facts.clone();
        let read = facts.map(|facts| Read { at_ms, seq, site: site.clone(), ip: row.ip, facts });
        let machine = Machine {
            id: name::of(site, row),
            first_ms: at_ms,
            cards: mac.into_iter().map(|mac| Card { mac, last_ms: at_ms }).collect(),
            places: vec![Place { site: site.clone(), ip: row.ip, last_ms: at_ms }],
            also: Vec::new(),
            met,
            read,
        };
        let (hour, day) = (machine.read.as_ref().map(Hour::of), machine.read.as_ref().map(Day::of));
        Self { machine, hour, day }
    }
}

impl Machine {
    /// Adds what another word of the same machine tells: the later stays, cards and places unite. The order in which
    /// words are added does not matter.
    pub fn merge(&mut self, other: Self) {
        self.first_ms = self.first_ms.min(other.first_ms);
        if other.met.rank() > self.met.rank() {
            self.met = other.met;
        }
        let is_newer = match (&self.read, &other.read) {
            (Some(own), Some(new)) => new.rank() > own.rank(),
            (own, _) => own.is_none(),
        };
        if is_newer {
            self.read = other.read;
        }
        self.cards = united([&self.cards[..], &other.cards[..]].concat(), |one| (one.mac, one.last_ms), CARDS_MAX);
        let places = [std::mem::take(&mut self.places), other.places].concat();
        self.places = united(places, |one| ((one.site.clone(), one.ip), one.last_ms), PLACES_MAX);
        self.also.extend(other.also);
    }

    /// What the machine said of itself last.
    #[must_use]
    pub fn facts(&self) -> Option<&MachineFacts> {
        self.read.as_ref().map(|read| &read.facts)
    }

    /// What people call it: the name that its user gave it, else one that it has on networks, else its name here.
    #[must_use]
    pub fn title(&self) -> &str {
        let facts = self.facts();
        let given = facts.and_then(|facts| facts.computer_name.as_deref().or(facts.host_name.as_deref()));
        given.or(self.met.name.as_deref()).unwrap_or(&self.id)
    }

    /// The network card that it used last.
    #[must_use]
    pub fn mac(&self) -> Option<Mac> {
        self.met.mac.or_else(|| self.cards.first().map(|card| card.mac))
    }

    /// Every name under which words of it stand.
    #[must_use]
    pub fn names(&self) -> Vec<String> {
        std::iter::once(&self.id).chain(&self.also).cloned().collect()
    }
}

impl Met {
    /// Of two words the one of higher rank stays: the later, and of those in one record the one that was read.
    fn rank(&self) -> (i64, u64, &SiteId, bool, IpAddr, Option<Mac>) {
        let was_read = matches!(self.reach, MachineReach::Read);
        (self.at_ms, self.seq, &self.site, was_read, self.ip, self.mac)
    }
}

impl Read {
    fn rank(&self) -> (i64, u64, &SiteId, IpAddr) {
        (self.at_ms, self.seq, &self.site, self.ip)
    }
}

/// Of each thing the latest row, the newest rows first, no more than fit.
fn united<T, K: Ord>(mut all: Vec<T>, key: impl Fn(&T) -> (K, i64), rows_max: usize) -> Vec<T> {
    let by_key = |row: &T| {
        let (key, last_ms) = key(row);
        (key, std::cmp::Reverse(last_ms))
    };
    all.sort_by_cached_key(by_key);
    all.dedup_by(|one, kept| key(one).0 == key(kept).0);
    all.sort_by_cached_key(|row| {
        let (key, last_ms) = key(row);
        (std::cmp::Reverse(last_ms), key)
    });
    all.truncate(rows_max);
    all
}

/// The machines' part of the store.
#[async_trait]
pub trait Machines {
    /// Machines that were last met at one site, or all, by name; of more than `limit` rows those met last.
    ///
    /// # Errors
    ///
    /// [`StoreError::Failed`].
    async fn machines(&self, site: Option<&SiteId>, limit: usize) -> Result<Vec<Machine>, StoreError>;

    /// Hours of a machine's past with `from_ms <= at_ms < to_ms`, oldest first, at most `limit` of each of its `names`.
    ///
    /// # Errors
    ///
    /// [`StoreError::Failed`].
    async fn machine_hours(
        &self,
        names: &[String],
        (from_ms, to_ms): (i64, i64),
        limit: usize,
    ) -> Result<Vec<Hour>, StoreError>;

    /// Days of a machine's past with `from_ms <= at_ms < to_ms`, oldest first, at most `limit` of each of its `names`.
    ///
    /// # Errors
    ///
    /// [`StoreError::Failed`].
    async fn machine_days(
        &self,
        names: &[String],
        (from_ms, to_ms): (i64, i64),
        limit: usize,
    ) -> Result<Vec<Day>, StoreError>;

    /// Forgets a machine and its past, under all its names; false if nothing was known. What boxes told before that
    /// moment does not bring it back, what they tell later does.
    ///
    /// # Errors
    ///
    /// [`StoreError::Failed`].
    async fn forget_machine(&self, names: &[String], before_ms: i64) -> Result<bool, StoreError>;

    /// The machine of that name, or whose words stand under it.
    ///
    /// # Errors
    ///
    /// [`StoreError::Failed`].
    async fn machine(&self, name: &str) -> Result<Option<Machine>, StoreError> {
        let all = self.machines(None, MACHINES_MAX).await?;
        Ok(all.into_iter().find(|one| one.id == name || one.also.iter().any(|also| also == name)))
    }
}

#[cfg(test)]
pub(crate) mod tests;
