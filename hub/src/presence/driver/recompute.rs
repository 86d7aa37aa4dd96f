//! Computes days anew, compares them with what is kept, and keeps what is new.

use std::collections::BTreeMap;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use super::ground::{Ground, Own, give_reasons, policies};
use super::{PresenceError, Presences};
use crate::attendance::time::date;
use crate::presence::chapter::{Chapter, Decided, added};
use crate::presence::day::{Answer, Day, days};
use crate::presence::policy::Policy;
use crate::presence::revise::{Kept, Mark, Step, revise};
use crate::presence::value::Value;
use crate::store::StoreError;
use crate::store::presence::{DayFilter, Override, StoredDay};

/// Days that are read at once.
const PAGE: usize = 1_000;

/// What is kept of a day beside its number: the whole day, and what the world was told.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Body {
    /// What the world is told.
    pub(super) told: Value,
    /// The day with its reason.
    pub(super) day: Day,
    /// What it was worth so far, the last chapter holds.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) chapters: Vec<Chapter>,
}

/// What became of a day.
#[derive(Debug, Clone, PartialEq)]
pub struct Change {
    /// Whose.
    pub person: String,
    /// Which.
    pub date: Date,
    /// What the world had been told; none if the day is new.
    pub before: Option<Value>,
    /// What it is told.
    pub after: Value,
    /// The revision.
    pub revision: u32,
    /// Whether the world learns something.
    pub is_told: bool,
}

/// A kept day as it can be compared, and what it was worth so far.
fn read(stored: &StoredDay) -> Option<(Kept, Day, Vec<Chapter>)> {
    let Body { told, day, chapters } = serde_json::from_str(&stored.body).ok()?;
    Some((Kept { revision: stored.revision, value: day.value, told, mark: stored.mark }, day, chapters))
}

/// A kept day as it can be compared.
pub(super) fn unpacked(stored: &StoredDay) -> Option<(Kept, Day)> {
    read(stored).map(|(kept, day, _)| (kept, day))
}

/// The day that is kept with its reason; none of somebody who was erased.
#[must_use]
pub fn kept_day(stored: &StoredDay) -> Option<Day> {
    unpacked(stored).map(|(_, day)| day)
}

/// What a kept day was worth so far, the oldest first; nothing of somebody who was erased.
#[must_use]
pub fn chapters(stored: &StoredDay) -> Vec<Chapter> {
    read(stored).map(|(_, _, chapters)| chapters).unwrap_or_default()
}

/// What a day is worth from this moment on.
fn chapter((kept, day): (Kept, &Day), decision: Option<&Override>, at_ms: i64) -> Chapter {
    let Kept { revision, value, told, mark } = kept;
    let decided = decision.map(|one| Decided { account: one.account.clone(), comment: one.comment.clone() });
    Chapter { at_ms, revision, value, told, mark, minutes: day.minutes, decided }
}

fn packed(person: &str, (kept, day): (Kept, &Day), chapters: Vec<Chapter>) -> StoredDay {
    let body = Body { told: kept.told, day: day.clone(), chapters };
    StoredDay {
        person: person.to_owned(),
        date: day.date,
        body: serde_json::to_string(&body).unwrap_or_default(),
        value: (day.answer != Answer::NotObserved).then(|| kept.value.amount()),
        revision: kept.revision,
        mark: kept.mark,
        published_revision: 0,
        published_ms: None,
    }
}

impl Presences {
    /// Computes days of some people anew; nobody else computes meanwhile. Says of each day that was kept what became of it.
    pub(super) async fn recompute(
        &self,
        people: &[String],
        (from, through): (Date, Date),
        mut tell: impl FnMut(&Change),
    ) -> Result<usize, PresenceError> {
        let _turn = self.0.turn.lock().await;
        // Of days to come nothing is kept; tomorrow has begun somewhere.
        let today = date(self.now_ms(), &TimeZone::UTC).unwrap_or(Date::MAX);
        let dates = (from, through.min(today.tomorrow().unwrap_or(today)));
        let ground = self.ground(dates).await?;
        let mut computed = 0;
        for person in people {
            let changes = self.recompute_one(&ground, person, dates).await?;
            computed += changes.len();
            changes.iter().for_each(&mut tell);
            let revisions = changes.iter().filter(|change| change.is_told).count();
            self.with_figures(|figures| {
                figures.computed_days += changes.len() as u64;
                figures.revisions += revisions as u64;
            });
        }
        Ok(computed)
    }

    /// What days depend on, with a policy.
    pub(super) async fn ground(&self, dates: (Date, Date)) -> Result<Ground, PresenceError> {
        let ground = Ground::read(&self.0.parts, dates).await?;
        if ground.policies.is_empty() {
            return Err(PresenceError::NoPolicy(self.config().policy.clone()));
        }
        Ok(ground)
    }

    async fn recompute_one(
        &self,
        ground: &Ground,
        person: &str,
        (from, through): (Date, Date),
    ) -> Result<Vec<Change>, StoreError> {
        let store = self.store();
        let own = Own::read(store, (ground, person), (from, through)).await?;
        let kept = self.kept_days(Some(person), (from, through)).await?;
        let kept_before: BTreeMap<Date, &StoredDay> = kept.iter().map(|day| (day.date, day)).collect();
        let decided = store.overrides(Some(person), from, through).await?.into_iter();
        let decided: BTreeMap<Date, Override> = decided.map(|one| (one.date, one)).collect();
        let (mut changes, mut fresh) = (Vec::new(), Vec::new());
        for (policy, dates) in ground.runs((from, through)) {
            for day in days(ground.facts(&own), policy, dates, self.now_ms()) {
                let former = kept_before.get(&day.date).and_then(|stored| read(stored));
                let decision = decided.get(&day.date);
                let decided = decision.and_then(|one| Value::of_amount(one.value));
                if former.is_none() && decided.is_none() && is_nothing(&day) {
                    continue;
                }
                let (kept, is_told) = match revise(former.as_ref().map(|(kept, day, _)| (*kept, day)), &day, decided) {
                    Step::Nothing => continue,
                    Step::Keep(kept) => (kept, false),
                    Step::Tell(kept) => (kept, true),
                };
                let (before, chapters) = former.map(|(kept, _, chapters)| (kept.told, chapters)).unzip();
                let chapters = added(chapters.unwrap_or_default(), chapter((kept, &day), decision, self.now_ms()));
                fresh.push(packed(person, (kept, &day), chapters));
                changes.push(Change {
                    person: person.to_owned(),
                    date: day.date,
                    before,
                    after: kept.told,
                    revision: kept.revision,
                    is_told,
                });
            }
        }
        if !fresh.is_empty() {
            store.put_person_days(&fresh).await?;
        }
        Ok(changes)
    }

    /// Every kept day of one person or of all.
    pub(super) async fn kept_days(
        &self,
        person: Option<&str>,
        (from, through): (Date, Date),
    ) -> Result<Vec<StoredDay>, StoreError> {
        let filter = DayFilter { person: person.map(str::to_owned), from, through, only_unpublished: false };
        let (mut all, mut after) = (Vec::new(), None);
        loop {
            let page = self.store().person_days(&filter, after, PAGE).await?;
            let is_last = page.len() < PAGE;
            after = page.last().map(|day| (day.date, day.person.clone()));
            all.extend(page);
            if is_last {
                return Ok(all);
            }
        }
    }

    /// Computes one person's day anew, as after a decision, and hands over what others have to learn of it.
    ///
    /// # Errors
    ///
    /// [`PresenceError`]; what was decided stays.
    pub async fn look_at_day(&self, person: &str, date: Date) -> Result<(), PresenceError> {
        self.recompute(&[person.to_owned()], (date, date), |_| {}).await?;
        self.hand_over().await.map(drop)
    }

    /// Every policy: those that come with the hub, and those that people set.
    ///
    /// # Errors
    ///
    /// [`StoreError::Failed`].
    pub async fn policies(&self) -> Result<Vec<Policy>, StoreError> {
        policies(self.store()).await
    }

    /// One person's day as it is at this moment, whatever is kept of it.
    ///
    /// # Errors
    ///
    /// [`PresenceError::NoPolicy`], [`PresenceError::Store`].
    pub async fn day(&self, person: &str, date: Date) -> Result<Option<Day>, PresenceError> {
        let ground = self.ground((date, date)).await?;
        let own = Own::read(self.store(), (&ground, person), (date, date)).await?;
        let run = ground.runs((date, date)).into_iter().next();
        let mut day = run.and_then(|(policy, dates)| days(ground.facts(&own), policy, dates, self.now_ms()).pop());
        if let Some(day) = &mut day {
            give_reasons(self.store(), day).await?;
        }
        Ok(day)
    }
}

/// The person had no device then, and nothing can be said.
fn is_nothing(day: &Day) -> bool {
    day.answer == Answer::NotObserved && day.unseen.is_empty() && day.devices.is_empty()
}

/// Whether a kept day may still become another one by itself.
pub(super) fn is_open(stored: &StoredDay) -> bool {
    stored.mark == Mark::Provisional
}
