//! One connector's turn: its settings, its credentials, and how it asks.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::sync::OwnedMutexGuard;
use tokio::time::Instant;
use vigie_shared::id::random_bytes;
use vigie_shared::units::ms;

use super::report::{ExchangeError, Report};
use super::{Occasion, Parts, PeopleWish};
use crate::connectors::mapping::{Mapping, Rate};
use crate::connectors::outcome::{Answer, On, Verdict, judge};
use crate::connectors::request::{Call, Request};
use crate::connectors::settings::{Connector, Standing, Stopped};
use crate::connectors::template::Values;
use crate::connectors::web::{Ask, Broken};
use crate::rate::Bucket;
use crate::store::StoreError;
use crate::store::connectors::{Run, RunKind};
use crate::store::diary::{Entry, Level};

/// What is remembered of a connector between its rounds.
#[derive(Default)]
pub(super) struct Lane {
    bucket: Option<(Rate, Bucket)>,
    throttles: u32,
}

/// Why a round goes no further.
#[derive(Debug, thiserror::Error)]
pub(super) enum Halt {
    /// The third party makes everything wait.
    #[error("{0}")]
    Wait(String),
    /// The connector has stopped; what it asked last may have arrived.
    #[error("{why}")]
    Stopped { why: String, is_unsure: bool },
    /// The hub stops.
    #[error("the hub stops")]
    Ending,
    /// Its mapping cannot do that.
    #[error("{0}")]
    Unable(String),
    /// The store failed.
    #[error("the store failed")]
    Store(#[from] StoreError),
}

/// What was heard.
pub(super) enum Heard {
    /// An answer, and what it means.
    Answer(Box<Answer>, Verdict),
    /// The request cannot be made of these values.
    Unfit(String),
    /// It reached nobody.
    Unsent(String),
    /// It may have arrived.
    Lost(String),
}

/// One connector's turn.
pub(super) struct Talk<'a> {
    pub(super) parts: &'a Parts,
    is_ending: &'a AtomicBool,
    pub(super) lane: OwnedMutexGuard<Lane>,
    pub(super) connector: Connector,
    pub(super) standing: Standing,
    pub(super) mapping: Arc<Mapping>,
    pub(super) secrets: BTreeMap<String, String>,
    pub(super) counts: BTreeMap<String, u64>,
}

impl<'a> Talk<'a> {
    pub(super) fn new(
        (parts, is_ending): (&'a Parts, &'a AtomicBool),
        lane: OwnedMutexGuard<Lane>,
        (connector, standing): (Connector, Standing),
        secrets: BTreeMap<String, String>,
    ) -> Result<Self, ExchangeError> {
        let mapping = Arc::new(connector.mapping()?);
        let missing = connector.missing(&mapping, &secrets.keys().cloned().collect());
        if !missing.is_empty() {
            let text = format!(
                "connector {} lacks {}; `vigie-hub connector set {} --help` says how to give them",
                connector.name,
                missing.join(", "),
                connector.name
            );
            return Err(ExchangeError::Unable(text));
        }
        Ok(Self { parts, is_ending, lane, connector, standing, mapping, secrets, counts: BTreeMap::new() })
    }

    pub(super) fn now_ms(&self) -> i64 {
        self.parts.clock.wall_ms()
    }

    pub(super) fn count(&mut self, what: &str, by: usize) {
        if by > 0 {
            *self.counts.entry(what.to_owned()).or_default() += by as u64;
        }
    }

    /// Fresh punches, rows that are due, people if it is time for them.
    pub(super) async fn round(&mut self, occasion: Occasion) -> Result<Report, ExchangeError> {
        if !self.connector.is_on {
            return Err(ExchangeError::Off(self.connector.name.clone()));
        }
        if occasion == Occasion::Asked {
            (self.standing.stopped, self.standing.wait_until_ms) = (None, None);
        }
        let began_ms = self.now_ms();
        let halted = match self.exchange(occasion).await {
            Ok(()) => None,
            Err(Halt::Store(error)) => return Err(error.into()),
            Err(halt) => Some(halt.to_string()),
        };
        self.standing.served_ms = Some(self.now_ms());
        self.standing.passed_ms = self.standing.health.passed_ms().or(self.standing.passed_ms);
        self.parts.store.put_standing(&self.connector.name, &self.standing).await?;
        self.tell_given_up().await?;
        if !self.counts.is_empty() || halted.is_some() {
            let (counts, ended_ms) = (self.counts.clone(), self.now_ms());
            let run = Run { kind: RunKind::Push, began_ms, ended_ms, counts, error: halted.clone() };
            self.parts.store.add_run(&self.connector.name, &run).await?;
        }
        let next_ms = self.next_ms().await?;
        Ok(Report { counts: std::mem::take(&mut self.counts), halted, next_ms })
    }

    async fn exchange(&mut self, occasion: Occasion) -> Result<(), Halt> {
        self.feed().await?;
        if self.standing.stopped.is_some() {
            return Ok(());
        }
        let is_waiting = self.standing.wait_until_ms.is_some_and(|until_ms| until_ms > self.now_ms());
        if is_waiting {
            return Ok(());
        }
        self.push().await?;
        let every_ms = ms(self.parts.config.people_every);
        let is_time = self.standing.people_ms.is_none_or(|last_ms| self.now_ms() - last_ms >= every_ms);
        if self.mapping.people.is_some() && (is_time || occasion == Occasion::Asked) {
            match self.read_people(PeopleWish::Take).await {
                // A list that cannot be read holds up no rows.
                Ok(_) | Err(Halt::Unable(_)) => {}
                Err(halt) => return Err(halt),
            }
            self.push().await?;
        }
        Ok(())
    }

    async fn next_ms(&self) -> Result<i64, StoreError> {
        let now_ms = self.now_ms();
        let pause_ms = ms(self.parts.config.retry_max.min(self.parts.config.people_every));
        let due_ms = self.parts.store.next_try_ms(&self.connector.name, now_ms).await?.unwrap_or(i64::MAX);
        let soonest_ms = due_ms.min(now_ms.saturating_add(pause_ms));
        let interval_ms =
            self.connector.interval_ms.map_or(0, |interval_ms| i64::try_from(interval_ms).unwrap_or(i64::MAX));
        let not_before_ms = self.standing.wait_until_ms.unwrap_or(0).max(now_ms.saturating_add(interval_ms));
        Ok(if self.connector.interval_ms.is_some() { not_before_ms } else { soonest_ms.max(not_before_ms) })
    }

    pub(super) async fn keep_standing(&mut self) -> Result<(), Halt> {
        Ok(self.parts.store.put_standing(&self.connector.name, &self.standing).await?)
    }

    /// The values that are the same for all requests.
    pub(super) fn values(&self) -> Values {
        self.connector.values(&self.mapping, &self.secrets)
    }

    /// Asks, with credentials, at the pace that holds.
    pub(super) async fn ask(&mut self, on: On, request: &Request, values: &Values) -> Result<Heard, Halt> {
        let call = match request.call(values) {
            Ok(call) => call,
            Err(unfit) => return Ok(Heard::Unfit(unfit.to_string())),
        };
        let (mapping, mut is_renewed) = (Arc::clone(&self.mapping), false);
        if mapping.auth.fetch.is_some() && self.needs_token() {
            self.renew().await?;
            is_renewed = true;
        }
        let rules = mapping.push.as_ref().map_or(&[] as &[_], |push| push.outcome.as_slice());
        loop {
            let credentials = mapping.auth.headers(&self.values()).map_err(|unfit| Halt::Unable(unfit.to_string()))?;
            let answer = match self.send(call.clone(), credentials).await? {
                Ok(answer) => answer,
                Err(Broken::Refused(why)) => return Err(self.stop(why, false).await),
                Err(Broken::Unsent(why)) => return Ok(Heard::Unsent(why)),
                Err(Broken::Lost(why)) => return Ok(Heard::Lost(why)),
            };
            match judge(rules, on, &answer, mapping.follows) {
                Verdict::Reauth if mapping.auth.fetch.is_some() && !is_renewed => {
                    self.renew().await?;
                    is_renewed = true;
                }
                Verdict::Reauth => {
                    return Err(self.stop(format!("the credentials are refused: it {}", answer.said()), false).await);
                }
                Verdict::Throttle => return Err(self.throttle(&answer).await),
                Verdict::Stop => {
                    let is_unsure = (200..300).contains(&answer.status);
                    return Err(self
                        .stop(format!("this is no answer of the interface: it {}", answer.said()), is_unsure)
                        .await);
                }
                verdict => {
                    self.lane.throttles = 0;
                    return Ok(Heard::Answer(Box::new(answer), verdict));
                }
            }
        }
    }

    /// Sends at the pace that holds.
    pub(super) async fn send(
        &mut self,
        call: Call,
        credentials: Vec<(String, String)>,
    ) -> Result<Result<Answer, Broken>, Halt> {
        if self.is_ending.load(Ordering::Relaxed) {
            return Err(Halt::Ending);
        }
        let wait = self.pace();
        if !wait.is_zero() {
            tokio::time::sleep(wait).await;
        }
        let base = self.mapping.base.clone().unwrap_or_default();
        let ask = Ask { base, call, credentials, timeout: self.mapping.timeout, follows: self.mapping.follows };
        Ok(self.parts.web.ask(ask).await)
    }

    /// Takes one request from the rate.
    fn pace(&mut self) -> Duration {
        let Some(rate) = self.mapping.rate else { return Duration::ZERO };
        let (now, lane) = (Instant::now(), &mut *self.lane);
        let per_second = f64::from(rate.count) / f64::from(rate.seconds);
        let (of, bucket) =
            lane.bucket.get_or_insert_with(|| (rate, Bucket::new(per_second, f64::from(rate.count), now)));
        if *of != rate {
            (*of, *bucket) = (rate, Bucket::new(per_second, f64::from(rate.count), now));
        }
        bucket.take(1.0, now)
    }

    pub(super) async fn throttle(&mut self, answer: &Answer) -> Halt {
        self.lane.throttles = self.lane.throttles.saturating_add(1);
        self.wait(format!("it asks to wait: it {}", answer.said()), answer.retry_after.as_deref()).await
    }

    pub(super) async fn wait(&mut self, why: String, told: Option<&str>) -> Halt {
        let patience = self.parts.config.patience();
        let (now_ms, chance) = (self.now_ms(), u64::from_le_bytes(random_bytes()));
        let wait = patience.throttled(told, self.lane.throttles, (now_ms, chance));
        self.standing.wait_until_ms = Some(now_ms.saturating_add(ms(wait)));
        match self.keep_standing().await {
            Ok(()) => Halt::Wait(why),
            Err(halt) => halt,
        }
    }

    /// Stops the connector and says so in the diary.
    pub(super) async fn stop(&mut self, why: String, is_unsure: bool) -> Halt {
        let (name, since_ms) = (self.connector.name.clone(), self.now_ms());
        let text = format!(
            "Connector {name} has stopped: {why}. Everything that it had to send is kept. Mend it, then \
             `vigie-hub connector sync {name}` starts it again."
        );
        tracing::warn!(connector = name, "a connector has stopped");
        self.standing.stopped = Some(Stopped { reason: why.clone(), since_ms });
        let entry =
            Entry { at_ms: since_ms, site: None, level: Level::Alarm, kind: "connector_stopped".to_owned(), text };
        let kept = async {
            self.keep_standing().await?;
            Ok(self.parts.store.write(&entry).await?)
        };
        match kept.await {
            Ok(()) => Halt::Stopped { why, is_unsure },
            Err(halt) => halt,
        }
    }
}
