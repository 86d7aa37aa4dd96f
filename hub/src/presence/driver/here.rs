//! Who is here at this moment, and sessions that are closed by hand.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, PoisonError};

use jiff::civil::Date;
use jiff::tz::TimeZone;
use vigie_shared::id::SiteId;

use super::ground::{Ground, Own, seen};
use super::{PresenceError, Presences};
use crate::attendance::time::date;
use crate::presence::close::{OpenSession, open, stale};
use crate::presence::headcount::{Crowd, passing};
use crate::presence::online::{Standing, standing};
use crate::presence::{Counts, Ownership};
use crate::store::presence::{OwnershipFilter, PresenceEnd};

/// An answer for the public is this old at most, milliseconds.
const FRESH_MS: i64 = 10_000;

/// Passing devices of a site that are looked at: more than a network of 1024 addresses has.
const DEVICES_MAX: usize = 5_000;

/// Somebody of whom something is known.
#[derive(Debug, Clone, PartialEq)]
pub struct Visitor {
    /// The person's id.
    pub person: String,
    /// The person's name.
    pub name: String,
    /// The person agreed to be named.
    pub shows_name: bool,
    /// Where the person stands.
    pub standing: Standing,
}

/// Who is here.
#[derive(Debug, Clone, PartialEq)]
pub struct HereNow {
    /// When, milliseconds since 1970 UTC.
    pub at_ms: i64,
    /// Everybody who has a device or was active, by id.
    pub people: Vec<Visitor>,
    /// Sites whose observers cannot see, and since when; none if they never could.
    pub blind: BTreeMap<SiteId, Option<i64>>,
    /// Devices that nobody registered.
    pub passing: Crowd,
}

impl HereNow {
    /// The sessions that are open.
    #[must_use]
    pub fn open(&self) -> Vec<OpenSession> {
        open(self.people.iter().map(|visitor| (visitor.person.as_str(), &visitor.standing)))
    }
}

/// Which sessions to close by hand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// Every open one.
    All,
    /// Those that were silent for longer, milliseconds.
    SilentFor(i64),
}

impl Presences {
    /// Who is here, computed at this moment.
    ///
    /// # Errors
    ///
    /// [`PresenceError`].
    pub async fn here_now(&self) -> Result<Arc<HereNow>, PresenceError> {
        let now_ms = self.now_ms();
        let today = date(now_ms, &TimeZone::UTC).unwrap_or(Date::MIN);
        let days = (today.yesterday().unwrap_or(today), today);
        let ground = Ground::read(&self.0.parts, days).await?;
        let limits = self.config().limits();
        let blind = ground.places.iter().filter_map(|(site, place)| {
            let clear_ms = place.coverage.clear_through_ms(now_ms);
            let is_blind = clear_ms.is_none_or(|clear_ms| now_ms.saturating_sub(clear_ms) > limits.lan_ms);
            is_blind.then(|| (site.clone(), clear_ms))
        });
        let here = HereNow {
            at_ms: now_ms,
            people: self.visitors(&ground, days, now_ms).await?,
            blind: blind.collect(),
            passing: self.passing(&ground, now_ms).await?,
        };
        let here = Arc::new(here);
        *self.0.here.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(&here));
        Ok(here)
    }

    /// Who was here some seconds ago at most: for whoever asks often.
    ///
    /// # Errors
    ///
    /// [`PresenceError`].
    pub async fn here_lately(&self) -> Result<Arc<HereNow>, PresenceError> {
        let last = self.0.here.lock().unwrap_or_else(PoisonError::into_inner).clone();
        match last {
            Some(here) if (0..FRESH_MS).contains(&self.now_ms().saturating_sub(here.at_ms)) => Ok(here),
            _ => self.here_now().await,
        }
    }

    async fn visitors(&self, ground: &Ground, days: (Date, Date), now_ms: i64) -> Result<Vec<Visitor>, PresenceError> {
        let store = self.store();
        let seen = seen(store, days).await?;
        let mut owned: BTreeMap<String, Vec<Ownership>> = BTreeMap::new();
        for one in store.ownerships(&OwnershipFilter::default()).await? {
            owned.entry(one.person.clone()).or_default().push(one);
        }
        let named: BTreeSet<String> =
            store.profiles().await?.into_iter().filter(|one| one.shows_name).map(|one| one.person).collect();
        let mut visitors = Vec::new();
        for person in store.people().await? {
            let own = Own::of(ground, &person.id, owned.remove(&person.id).unwrap_or_default(), &seen);
            if own.ownerships.is_empty() && own.strips.is_empty() {
                continue;
            }
            let standing = standing(ground.facts(&own), self.config().limits(), now_ms);
            let shows_name = named.contains(&person.id);
            visitors.push(Visitor { person: person.id, name: person.name, shows_name, standing });
        }
        Ok(visitors)
    }

    async fn passing(&self, ground: &Ground, now_ms: i64) -> Result<Crowd, PresenceError> {
        let mut devices = Vec::new();
        for site in ground.places.keys() {
            devices.extend(self.store().devices(Some(site), None, DEVICES_MAX).await?);
        }
        Ok(passing(&devices, self.config().limits(), now_ms))
    }

    /// The registered devices of people that were seen on a LAN lately, by site and pseudonym.
    pub(super) async fn present_names(
        &self,
        now_ms: i64,
        limit_ms: i64,
    ) -> Result<BTreeSet<(SiteId, String)>, PresenceError> {
        let today = date(now_ms, &TimeZone::UTC).unwrap_or(Date::MIN);
        let lately = |to_ms: i64| now_ms.saturating_sub(to_ms) <= limit_ms;
        let seen = seen(self.store(), (today, today)).await?;
        let owned = self.store().ownerships(&OwnershipFilter::default()).await?;
        let is_held = |one: &&Ownership| {
            one.counts == Counts::Yes && one.from_ms <= now_ms && one.to_ms.is_none_or(|to_ms| now_ms < to_ms)
        };
        let places = owned.iter().filter(is_held).filter_map(|one| Some((one.site.clone()?, one.device.clone())));
        Ok(places
            .filter(|place| {
                let strips = seen.get(place).map(Vec::as_slice).unwrap_or_default();
                strips.iter().flat_map(|strip| &strip.spans).any(|span| lately(span.to_ms))
            })
            .collect())
    }

    /// Open sessions that would be closed.
    ///
    /// # Errors
    ///
    /// [`PresenceError`].
    pub async fn to_close(&self, which: Ending) -> Result<Vec<OpenSession>, PresenceError> {
        let here = self.here_now().await?;
        Ok(match which {
            Ending::All => here.open(),
            Ending::SilentFor(limit_ms) => stale(&here.open(), limit_ms, here.at_ms),
        })
    }

    /// Remembers that sessions were closed by hand, now; returns them.
    ///
    /// # Errors
    ///
    /// [`PresenceError`].
    pub async fn close_sessions(&self, which: Ending, account: &str) -> Result<Vec<OpenSession>, PresenceError> {
        let sessions = self.to_close(which).await?;
        let at_ms = self.now_ms();
        let end = |session: &OpenSession| PresenceEnd {
            person: session.person.clone(),
            at_ms,
            account: account.to_owned(),
            made_ms: at_ms,
        };
        self.store().end_presences(&sessions.iter().map(end).collect::<Vec<_>>()).await?;
        Ok(sessions)
    }
}
