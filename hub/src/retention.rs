//! Retention: what is forgotten when. Once an hour, in short steps; once a day the diary says how much.
//!
//! Facts are forgotten by the time of their arrival, and only after the projector has followed them. They are
//! settled: what must outlast them is computed from them once more and kept apart, hours of metrics, the devices
//! that somebody registered or owns; samples and coverage go with their records. So a rebuild from the facts that
//! are left shows what was shown before. Everything else is forgotten by its own time.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use vigie_shared::clock::Clock;
use vigie_shared::units::{self, ms};
use vigie_shared::wire::Lane;

use crate::projector::{self, Place};
use crate::store::diary::{Entry, Level};
use crate::store::upkeep::Class;
use crate::store::{Store, StoreError};

const ROUND: Duration = Duration::from_secs(60 * 60);

/// Rows forgotten in one transaction.
const STEP_ROWS: usize = 2_000;

/// Others get their turn between two steps.
const BREATH: Duration = Duration::from_millis(20);

const DAY_MS: i64 = 24 * 60 * 60 * 1000;

/// How long each class is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RetentionConfig {
    /// Metrics as they were taken.
    #[serde(with = "units::duration")]
    pub metrics: Duration,
    /// Metrics by the hour.
    #[serde(with = "units::duration")]
    pub hourly_metrics: Duration,
    /// Sightings, coverage, alarms of boxes, terminals that nobody admitted, machines without a serial number.
    #[serde(with = "units::duration")]
    pub observations: Duration,
    /// Punches, what was sent of them, and outcomes of commands.
    #[serde(with = "units::duration")]
    pub ledger: Duration,
    /// Devices that nobody registered, after they were last seen.
    #[serde(with = "units::duration")]
    pub passing_devices: Duration,
    /// Strips of who was seen when, on which days are computed anew.
    #[serde(with = "units::duration")]
    pub strips: Duration,
    /// Machines after they were last met, and what they were like by hour and day.
    #[serde(with = "units::duration")]
    pub machines: Duration,
    /// People's days of presence, as long as bills need them.
    #[serde(with = "units::duration")]
    pub presence_days: Duration,
    /// Who looked at whose presence.
    #[serde(with = "units::duration")]
    pub looks: Duration,
    /// Devices that somebody claimed on a box's page and nobody decided of.
    #[serde(with = "units::duration")]
    pub claims: Duration,
    /// Alerts and incidents that are over, and what was told of them.
    #[serde(with = "units::duration")]
    pub alerts: Duration,
    /// Mails and calls of webhooks that have ended.
    #[serde(with = "units::duration")]
    pub mails: Duration,
    /// The diary.
    #[serde(with = "units::duration")]
    pub diary: Duration,
    /// Used or ended enrolments, sessions and API tokens.
    #[serde(with = "units::duration")]
    pub credentials: Duration,
    /// The audit log: who asked for which change.
    #[serde(with = "units::duration")]
    pub audit: Duration,
}

impl Default for RetentionConfig {
    fn default() -> Self {
        let days = |count: u64| Duration::from_secs(count * 24 * 60 * 60);
        Self {
            metrics: days(30),
            hourly_metrics: days(396),
            observations: days(30),
            ledger: days(5 * 365 + 2),
            passing_devices: days(1),
            strips: days(396),
            machines: days(396),
            presence_days: days(5 * 365 + 2),
            looks: days(396),
            claims: days(7),
            alerts: days(396),
            mails: days(90),
            diary: days(396),
            credentials: days(30),
            audit: days(400),
        }
    }
}

impl RetentionConfig {
    /// Everything that ends, with the moment before which it is forgotten.
    #[must_use]
    pub fn limits(&self, now_ms: i64) -> Vec<(Ending, i64)> {
        let before = |keep: Duration| now_ms.saturating_sub(ms(keep));
        vec![
            (Ending::Records(Lane::Telemetry), before(self.metrics)),
            (Ending::Rows(Class::HourlyMetrics), before(self.hourly_metrics)),
            (Ending::Records(Lane::Observations), before(self.observations)),
            (Ending::Records(Lane::Ledger), before(self.ledger)),
            (Ending::Rows(Class::PassingDevices), before(self.passing_devices)),
            (Ending::Rows(Class::Punches), before(self.ledger)),
            // Not before their punches: a punch without its job would be sent once more.
            (Ending::Jobs, before(self.ledger)),
            (Ending::Rows(Class::PendingTerminals), before(self.observations)),
            (Ending::Rows(Class::Strips), before(self.strips)),
            (Ending::Rows(Class::PassingMachines), before(self.observations)),
            (Ending::Rows(Class::Machines), before(self.machines)),
            (Ending::Rows(Class::PersonDays), before(self.presence_days)),
            (Ending::Rows(Class::Looks), before(self.looks)),
            (Ending::Rows(Class::Claims), before(self.claims)),
            (Ending::Rows(Class::Commands), before(self.ledger)),
            (Ending::Rows(Class::Alerts), before(self.alerts)),
            (Ending::Letters, before(self.mails)),
            (Ending::Rows(Class::Diary), before(self.diary)),
            (Ending::Rows(Class::Credentials), before(self.credentials)),
            (Ending::Rows(Class::Acts), before(self.audit)),
        ]
    }
}

/// What ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Ending {
    /// Records of one lane, and what goes with them.
    Records(Lane),
    /// Rows that stand alone.
    Rows(Class),
    /// What was sent to third parties, refused by them for good, or skipped.
    Jobs,
    /// Letters that were sent or given up.
    Letters,
}

/// How many of each were forgotten.
pub type Forgotten = BTreeMap<Ending, u64>;

/// Forgets what is due, hour after hour and whenever `early` calls, until the process stops.
///
/// # Errors
///
/// None so far: a failing store is tried again the next hour.
pub async fn run(
    store: Arc<dyn Store>,
    config: RetentionConfig,
    (clock, early): (Arc<dyn Clock>, Arc<Notify>),
    stopping: CancellationToken,
) -> anyhow::Result<()> {
    let mut rounds = tokio::time::interval(ROUND);
    let (mut forgotten, mut told_ms) = (Forgotten::new(), clock.wall_ms());
    loop {
        tokio::select! {
            () = stopping.cancelled() => return Ok(()),
            _ = rounds.tick() => {}
            () = early.notified() => {}
        }
        let now_ms = clock.wall_ms();
        let is_day_over = now_ms.saturating_sub(told_ms) >= DAY_MS;
        let mut result = round(&*store, &config, now_ms, &mut forgotten).await;
        if result.is_ok() && is_day_over && !forgotten.is_empty() {
            result = store.write(&entry(&forgotten, now_ms)).await;
        }
        match result {
            Ok(()) if is_day_over => (forgotten, told_ms) = (Forgotten::new(), now_ms),
            Ok(()) => {}
            Err(error) => tracing::warn!("old rows may stay another hour: {:#}", anyhow::Error::from(error)),
        }
    }
}

/// Forgets what is due now, and counts it.
///
/// # Errors
///
/// [`StoreError::Failed`]; what was forgotten before is counted.
pub async fn round(
    store: &dyn Store,
    config: &RetentionConfig,
    now_ms: i64,
    forgotten: &mut Forgotten,
) -> Result<(), StoreError> {
    for (ending, before_ms) in config.limits(now_ms) {
        loop {
            let count = match ending {
                Ending::Records(lane) => settle(store, lane, before_ms, STEP_ROWS).await?,
                Ending::Rows(class) => store.forget(class, before_ms, STEP_ROWS).await?,
                Ending::Jobs => many(store.forget_jobs(before_ms, STEP_ROWS).await?),
                Ending::Letters => many(store.forget_letters(before_ms, STEP_ROWS).await?),
            };
            if count == 0 {
                break;
            }
            *forgotten.entry(ending).or_default() += count;
            tokio::time::sleep(BREATH).await;
        }
    }
    Ok(())
}

fn many(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}

/// Forgets the oldest records of one queue and keeps what must outlast them; says how many.
///
/// # Errors
///
/// [`StoreError::Failed`]; nothing was forgotten then.
pub async fn settle(store: &dyn Store, lane: Lane, before_ms: i64, limit: usize) -> Result<u64, StoreError> {
    let records = store.ripe(lane, before_ms, limit).await?;
    let (Some(first), Some(last)) = (records.first(), records.last()) else { return Ok(0) };
    let (site, queue) = (first.site.clone(), first.queue);
    let place = Place { site, lane, queue, through: first.seq.saturating_sub(1) };
    store.settle(projector::project(&place, &records, last.seq, false)).await
}

fn entry(forgotten: &Forgotten, at_ms: i64) -> Entry {
    let counts: Vec<String> = forgotten.iter().map(|(ending, count)| format!("{count} {}", words(*ending))).collect();
    let text = format!(
        "Forgotten in the last day because their time was over: {}. Change `retention` in the hub's configuration \
         to keep things longer.",
        counts.join(", ")
    );
    Entry { at_ms, site: None, level: Level::Note, kind: "retention".to_owned(), text }
}

fn words(ending: Ending) -> &'static str {
    match ending {
        Ending::Records(Lane::Ledger) => "records of punches and commands",
        Ending::Records(Lane::Observations) => "records of observations",
        Ending::Records(Lane::Telemetry) => "records of metrics, now kept by the hour",
        Ending::Rows(Class::HourlyMetrics) => "hours of metrics",
        Ending::Rows(Class::PassingDevices) => "devices that passed",
        Ending::Rows(Class::Punches) => "punches, and what was decided of them",
        Ending::Rows(Class::PendingTerminals) => "terminals that nobody admitted",
        Ending::Rows(Class::Strips) => "strips of who was seen when",
        Ending::Rows(Class::PassingMachines) => "machines that passed",
        Ending::Rows(Class::Machines) => "machines, and hours and days of their past",
        Ending::Rows(Class::PersonDays) => "days of presence",
        Ending::Rows(Class::Looks) => "notes of who looked at whose presence",
        Ending::Rows(Class::Claims) => "claims of devices that nobody decided of",
        Ending::Rows(Class::Commands) => "commands",
        Ending::Jobs => "settled rows for third parties",
        Ending::Rows(Class::Alerts) => "alerts, incidents and silences that are over",
        Ending::Letters => "mails and calls of webhooks",
        Ending::Rows(Class::Diary) => "entries of the diary",
        Ending::Rows(Class::Credentials) => "ended enrolments, sessions and tokens",
        Ending::Rows(Class::Acts) => "rows of the audit log",
    }
}

#[cfg(test)]
mod tests {
    use vigie_shared::clock::ManualClock;
    use vigie_shared::id::BootId;
    use vigie_shared::wire::Stamp;

    use super::*;
    use crate::connectors::job::{JobState, NewJob};
    use crate::connectors::settings::tests::connector;
    use crate::store::contract::connectors::new;
    use crate::store::{Connectors as _, Diary as _, Jobs as _, Memory};

    #[test]
    fn durations_have_units_and_unknown_keys_are_refused() {
        let config: RetentionConfig = serde_json::from_str(r#"{"ledger": "10years", "metrics": "14days"}"#).unwrap();
        assert_eq!(config.metrics, Duration::from_secs(14 * 24 * 60 * 60));
        assert!(serde_json::from_str::<RetentionConfig>(r#"{"ledgers": "10years"}"#).is_err());
        assert!(serde_json::from_str::<RetentionConfig>(r#"{"ledger": 10}"#).is_err());
    }

    #[tokio::test(start_paused = true)]
    async fn more_than_one_step_is_forgotten_in_one_round_and_the_diary_says_so_once_a_day() {
        let (store, stopping) = (Arc::new(Memory::default()), CancellationToken::new());
        let start_ms = 1_000 * DAY_MS;
        let stamp = Stamp { boot: BootId([0; 16]), uptime_ms: 0, wall_ms: start_ms, is_synced: true };
        let clock = Arc::new(ManualClock::new(stamp));
        let old = Entry { at_ms: 5, site: None, level: Level::Note, kind: "old".to_owned(), text: String::new() };
        for _ in 0..STEP_ROWS + 1 {
            crate::store::Diary::write(&*store, &old).await.unwrap();
        }

        let task = run(store.clone(), RetentionConfig::default(), (clock.clone(), Arc::default()), stopping.clone());
        let watch = async {
            while store.entries(None, 1).await.unwrap().first().is_some_and(|entry| entry.kind == "old") {
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
            assert!(store.entries(None, 9).await.unwrap().is_empty());
            clock.advance(Duration::from_secs(25 * 60 * 60));
            tokio::time::sleep(ROUND * 2).await;
            stopping.cancel();
        };
        let (result, ()) = tokio::join!(task, watch);

        result.unwrap();
        let entries = store.entries(None, 9).await.unwrap();
        assert_eq!(entries.len(), 1);
        assert!(entries[0].text.contains("2001 entries of the diary"), "{}", entries[0].text);
    }

    #[tokio::test(start_paused = true)]
    async fn what_was_settled_with_third_parties_goes_with_its_punches_and_open_rows_stay() {
        let (store, config, mut forgotten) = (Memory::default(), RetentionConfig::default(), Forgotten::new());
        store.add_connector(&connector("hr")).await.unwrap();
        let sent = NewJob { state: JobState::Sent, ..new(1, 7, 10) };
        store.add_jobs("hr", &[sent, new(2, 7, 20)], 0).await.unwrap();
        let lasts_ms = i64::try_from(config.ledger.as_millis()).unwrap();

        round(&store, &config, lasts_ms, &mut forgotten).await.unwrap();
        assert_eq!(forgotten, Forgotten::new());
        round(&store, &config, lasts_ms + 1, &mut forgotten).await.unwrap();

        assert_eq!(forgotten, Forgotten::from([(Ending::Jobs, 1)]));
        assert_eq!(store.due_jobs("hr", i64::MAX, 9).await.unwrap().len(), 1);
    }
}
