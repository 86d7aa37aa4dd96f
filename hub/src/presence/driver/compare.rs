//! Compares the days here with what the old scripts had, and names why they differ.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::ground::{Ground, Own, seen};
use super::{PresenceError, Presences};
use crate::attendance::book::dates;
use crate::presence::compare::{Difference, Pair, differences};
use crate::presence::day::days;
use crate::presence::legacy::{Member, Tick, ticks};
use crate::presence::source::MISSPELT;
use crate::presence::span::Span;
use crate::presence::value::Value;
use crate::presence::{Counts, Ownership};
use crate::store::presence::{OwnershipFilter, emails};

/// What the old scripts had of a day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OldNumber {
    /// Whose, by e-mail address.
    pub email: String,
    /// Which day.
    pub date: Date,
    /// What it was worth.
    pub value: Value,
}

/// What a comparison came to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Compared {
    /// Days of people that were compared.
    pub compared: usize,
    /// Those that differ.
    pub differences: Vec<Difference>,
    /// Places of numbers, from 1, whose address nobody here has.
    pub unknown: Vec<usize>,
}

/// Everybody as the old scripts would know them today.
struct Everybody {
    emails: BTreeMap<String, String>,
    owned: BTreeMap<String, Vec<Ownership>>,
}

impl Presences {
    /// Compares days; of each date from the first of the numbers to the last, a year at most, everybody who has an e-mail
    /// address. `zone` is that in which the old
    /// logs were written, if not that of each site.
    ///
    /// # Errors
    ///
    /// [`PresenceError`].
    pub async fn compare(&self, numbers: &[OldNumber], zone: Option<&TimeZone>) -> Result<Compared, PresenceError> {
        let everybody = self.everybody().await?;
        let known: BTreeSet<&String> = everybody.emails.values().collect();
        let (mut compared, nothing) = (Compared::default(), BTreeMap::new());
        let mut by_date: BTreeMap<Date, BTreeMap<&str, Value>> = BTreeMap::new();
        for (at, number) in numbers.iter().enumerate() {
            if !known.contains(&number.email) {
                compared.unknown.push(at + 1);
                continue;
            }
            by_date.entry(number.date).or_default().insert(&number.email, number.value);
        }
        let Some((first, last)) = by_date.keys().next().zip(by_date.keys().next_back()) else { return Ok(compared) };
        // A day between of which they have nothing is one on which they did not run, or nobody came.
        for date in dates(*first, *last) {
            let theirs = by_date.get(&date).unwrap_or(&nothing);
            let found = self.compare_day(&everybody, (date, theirs), zone).await?;
            compared.compared += everybody.emails.len();
            compared.differences.extend(found);
        }
        Ok(compared)
    }

    async fn everybody(&self) -> Result<Everybody, PresenceError> {
        let mut owned: BTreeMap<String, Vec<Ownership>> = BTreeMap::new();
        for one in self.store().ownerships(&OwnershipFilter::default()).await? {
            owned.entry(one.person.clone()).or_default().push(one);
        }
        let emails = emails(self.store()).await?.into_iter();
        Ok(Everybody { emails: emails.map(|(person, email)| (person, email.to_lowercase())).collect(), owned })
    }

    async fn compare_day(
        &self,
        everybody: &Everybody,
        (date, theirs): (Date, &BTreeMap<&str, Value>),
        zone: Option<&TimeZone>,
    ) -> Result<Vec<Difference>, PresenceError> {
        let ground = self.ground((date, date)).await?;
        let seen = seen(self.store(), (date, date)).await?;
        let decided = self.store().overrides(None, date, date).await?;
        let (mut members, mut ours) = (Vec::new(), Vec::new());
        for (person, email) in &everybody.emails {
            let own = Own::of(&ground, person, everybody.owned.get(person).cloned().unwrap_or_default(), &seen);
            let (devices, misspelt) = devices(&ground, &own, (date, zone), self.now_ms());
            members.push(Member { person, email, devices, misspelt });
            let day = ground.runs((date, date)).into_iter().next();
            let day = day.and_then(|(policy, dates)| days(ground.facts(&own), policy, dates, self.now_ms()).pop());
            if let Some(day) = day {
                let decision = decided.iter().find(|one| one.person == *person);
                let told = decision.and_then(|one| Value::of_amount(one.value)).unwrap_or(day.value);
                ours.push((person.as_str(), theirs.get(email.as_str()).copied(), told, day));
            }
        }
        let pairs: Vec<Pair<'_>> = ours
            .iter()
            .map(|(person, theirs, told, day)| Pair { person, ours: day, told: *told, theirs: *theirs })
            .collect();
        Ok(differences(&members, &pairs))
    }
}

/// The ticks of each device that the person has today, and those of all that the old scripts cannot read.
fn devices(
    ground: &Ground,
    own: &Own,
    (date, zone): (Date, Option<&TimeZone>),
    now_ms: i64,
) -> (Vec<BTreeSet<Tick>>, BTreeSet<Tick>) {
    let is_today = |one: &&Ownership| {
        one.counts != Counts::No && one.from_ms <= now_ms && one.to_ms.is_none_or(|to_ms| now_ms < to_ms)
    };
    let of_device = |one: &Ownership| {
        let site = one.site.as_ref()?;
        let zone = zone.or_else(|| ground.places.get(site).map(|place| &place.zone))?;
        let strips = own.strips.iter().filter(|strip| strip.site == *site && strip.device == one.device);
        let spans = strips.flat_map(|strip| strip.spans.iter().copied());
        let (misspelt, read): (Vec<Span>, Vec<Span>) = spans.partition(|span| span.sources & MISSPELT != 0);
        Some((ticks(&read, zone, date), ticks(&misspelt, zone, date)))
    };
    let (read, misspelt): (Vec<_>, Vec<_>) = own.ownerships.iter().filter(is_today).filter_map(of_device).unzip();
    (read, misspelt.into_iter().flatten().collect())
}
