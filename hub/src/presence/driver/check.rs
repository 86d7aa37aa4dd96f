//! The hub looks whether presence works: the database, its rules, a simulated sight from end to end, and what waits.

use std::collections::BTreeMap;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::Serialize;
use tokio::time::Instant;
use vigie_shared::id::SiteId;

use super::Presences;
use crate::attendance::time::date;
use crate::presence::facts::{Facts, Place};
use crate::presence::online::{Limits, Standing, standing};
use crate::presence::span::Span;
use crate::store::StoreError;
use crate::store::diary::{Entry, Level};
use crate::store::presence::strips::APP_SITE;
use crate::store::presence::{DayFilter, Sights, StripFilter, Trace};

/// Whom the simulated sight is of: no person has such an id, as ids are on one line of words.
const NOBODY: &str = "self-check";

/// The bit of a sight in an application, as the store has it.
const APP_BIT: u16 = crate::presence::source::APP;

/// A day that waits for third parties for longer than this is told, milliseconds.
const WAITS_MAX_MS: i64 = 24 * 60 * 60_000;

/// What one look found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Finding {
    /// What was looked at.
    pub what: String,
    /// Whether it is well.
    pub is_well: bool,
    /// What was found, and what to do.
    pub says: String,
    /// How long it took, milliseconds.
    pub took_ms: u64,
}

impl Presences {
    /// Looks at everything that presence stands on.
    pub async fn check(&self) -> Vec<Finding> {
        vec![
            timed("the database answers", self.check_store()).await,
            timed("the policy", self.check_policy()).await,
            timed("a sight from end to end", self.check_sight()).await,
            timed("requests", std::future::ready(self.check_folders())).await,
            timed("third parties", self.check_takers()).await,
        ]
    }

    /// Looks, and writes into the diary what is not well.
    pub(super) async fn check_by_itself(&self) {
        let wrong: Vec<String> = self
            .check()
            .await
            .into_iter()
            .filter(|one| !one.is_well)
            .map(|one| format!("{}: {}", one.what, one.says))
            .collect();
        if wrong.is_empty() {
            return;
        }
        tracing::warn!(count = wrong.len(), "the nightly look at presence found something");
        let text = format!("The nightly look at presence found: {}. What was seen is safe.", wrong.join("; "));
        let entry =
            Entry { at_ms: self.now_ms(), site: None, level: Level::Alarm, kind: "presence_check".to_owned(), text };
        if let Err(error) = self.store().write(&entry).await {
            tracing::warn!("it did not reach the diary: {:#}", anyhow::Error::from(error));
        }
    }

    async fn check_store(&self) -> Result<String, String> {
        let people = self.store().people().await.map_err(failed)?.len();
        let today = self.today();
        // The ways that questions take: by date, by person, by what waits.
        self.kept_days(None, (today, today)).await.map_err(failed)?;
        self.kept_days(Some(NOBODY), (today, today)).await.map_err(failed)?;
        Ok(format!("{people} people are known"))
    }

    async fn check_policy(&self) -> Result<String, String> {
        let today = self.today();
        let ground = self.ground((today, today)).await.map_err(|error| error.to_string())?;
        match ground.runs((today, today)).first() {
            Some((policy, _)) => Ok(format!("{}, version {}, holds today", policy.name, policy.version)),
            None => Err(format!("no version of `{}` holds today; add one that begins earlier", self.config().policy)),
        }
    }

    async fn check_sight(&self) -> Result<String, String> {
        let now_ms = self.now_ms();
        let site = APP_SITE.parse::<SiteId>().map_err(|error| error.to_string())?;
        let span = Span { from_ms: now_ms, to_ms: now_ms, sources: APP_BIT };
        let (device, spans) = (NOBODY.to_owned(), vec![span]);
        let sights = Sights { trace: Trace::Device, site: site.clone(), device, spans, received_ms: now_ms };
        self.store().add_sights(&[sights]).await.map_err(failed)?;
        let today = date(now_ms, &TimeZone::UTC).unwrap_or(Date::MIN);
        let filter = StripFilter {
            trace: Trace::Device,
            site: Some(site),
            device: Some(NOBODY.to_owned()),
            from: today,
            through: today,
        };
        let strips = self.store().strips(&filter, None, 10).await.map_err(failed)?;
        let places: BTreeMap<SiteId, Place> = BTreeMap::new();
        let facts = Facts { strips: &strips, ownerships: &[], closings: &[], places: &places };
        match standing(facts, Limits::default(), now_ms) {
            Standing::Here { .. } => Ok("it was written, read back, and told as being here".to_owned()),
            other => Err(format!("it was written and then told as {other:?}; read the hub's log")),
        }
    }

    fn check_folders(&self) -> Result<String, String> {
        let waiting = self.requests().map_err(|error| error.to_string())?;
        let open = waiting.iter().filter(|asked| asked.progress != super::Progress::Ended).count();
        Ok(format!("{open} wait"))
    }

    async fn check_takers(&self) -> Result<String, String> {
        let takers = self.0.parts.exchange.takers_of_days().await.map_err(failed)?;
        if takers.is_empty() {
            return Ok("no connector takes days of presence".to_owned());
        }
        let filter = DayFilter { person: None, from: Date::MIN, through: Date::MAX, only_unpublished: true };
        let oldest = self.store().person_days(&filter, None, 1).await.map_err(failed)?.pop();
        let midnight = |day: Date| crate::attendance::time::midnight(day, &TimeZone::UTC);
        match oldest.filter(|day| self.now_ms().saturating_sub(midnight(day.date)) > 2 * WAITS_MAX_MS) {
            Some(day) => Err(format!("the day {} was not handed over; read the hub's log", day.date)),
            None => Ok(format!("{} take days of presence: {}", takers.len(), takers.join(", "))),
        }
    }
}

async fn timed(what: &str, look: impl Future<Output = Result<String, String>>) -> Finding {
    let began = Instant::now();
    let found = look.await;
    let took_ms = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
    let (is_well, says) = found.map_or_else(|wrong| (false, wrong), |says| (true, says));
    Finding { what: what.to_owned(), is_well, says, took_ms }
}

fn failed(error: StoreError) -> String {
    format!("{:#}", anyhow::Error::from(error))
}
