//! Home Assistant as a guest of the operators' MQTT: it logs in there with an account and its token, as other programs of
//! people do, and no broker of its own is needed.
//!
//! What it is told is the same list; what it presses is ordered by its own account, with that account's rights.

use std::sync::{Mutex, PoisonError};

use super::announce::{List, ONLINE, announced};
use super::config::HomeAssistantConfig;
use super::gather::gather;
use super::ledger::{Ledger, Said};
use super::topics::Topics;
use crate::http::Admin;
use crate::http::problem::Problem;
use crate::store::accounts::Role;

/// How long what was seen of the fleet is told without another look, milliseconds: longer than between two looks, so that
/// only who comes first is looked for.
const FRESH_MS: i64 = 20_000;

/// Filters of one Home Assistant: two for each of its some 40 kinds of things, and one for each device of a large fleet.
pub(crate) const FILTERS_MAX: usize = 4_096;

/// What guests are told, and how they are understood.
pub(crate) struct Guests {
    config: HomeAssistantConfig,
    topics: Topics,
    told: Mutex<Told>,
}

#[derive(Default)]
struct Told {
    ledger: Ledger,
    /// When the fleet was looked at, milliseconds since 1970 UTC.
    seen_ms: i64,
}

impl Guests {
    /// None unless the settings let Home Assistant come.
    pub(crate) fn welcome(config: &HomeAssistantConfig, ca_sha256: &[u8]) -> Option<Self> {
        let topics = Topics::of_hub(&config.discovery_prefix, ca_sha256);
        config.operators.then(|| Self { config: config.clone(), topics, told: Mutex::default() })
    }

    /// How its topics are named.
    pub(crate) fn topics(&self) -> &Topics {
        &self.topics
    }

    /// Looks at the fleet unless that was done lately, as nobody does while nobody is there.
    ///
    /// # Errors
    ///
    /// If the store failed.
    pub(crate) async fn look_for_the_first(&self, admin: &Admin) -> Result<(), Problem> {
        let now_ms = admin.clock.wall_ms();
        if !self.with_told(|told| (0..FRESH_MS).contains(&now_ms.saturating_sub(told.seen_ms))) {
            self.look(admin).await?;
        }
        Ok(())
    }

    /// Looks at the fleet and returns what is different since it was looked at before.
    ///
    /// # Errors
    ///
    /// If the store failed.
    pub(crate) async fn look(&self, admin: &Admin) -> Result<Vec<Said>, Problem> {
        let now_ms = admin.clock.wall_ms();
        let facts = gather(admin, &self.topics.hub).await?;
        let mut list = announced(&self.topics, &self.config, &facts);
        list.insert(self.topics.status(), ONLINE.as_bytes().to_vec());
        Ok(self.with_told(|told| {
            told.seen_ms = now_ms;
            told.become_known(&list)
        }))
    }

    /// What is told of these topics at this moment, descriptions first.
    pub(crate) fn present(&self, is_wanted: impl Fn(&str) -> bool) -> Vec<(String, Vec<u8>)> {
        let mut present: Vec<_> = self.with_told(|told| {
            let wanted = told.ledger.told().iter().filter(|(topic, _)| is_wanted(topic));
            wanted.map(|(topic, payload)| (topic.clone(), payload.clone())).collect()
        });
        present.sort_by_key(|(topic, _): &(String, _)| !topic.ends_with("/config"));
        present
    }

    /// Who may know what is told there.
    pub(crate) fn needs(&self, topic: &str) -> Role {
        if self.topics.is_of_buttons(topic) { Role::Operator } else { Role::Viewer }
    }

    /// The type and the body of the command that a button stands for; none if no such button was told.
    pub(crate) fn order(&self, button: &str) -> Option<(&'static str, Vec<u8>)> {
        self.config.order(button)
    }

    fn with_told<T>(&self, work: impl FnOnce(&mut Told) -> T) -> T {
        work(&mut self.told.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Told {
    fn become_known(&mut self, list: &List) -> Vec<Said> {
        let owed = self.ledger.owed(list);
        owed.iter().for_each(|said| self.ledger.on_said(said.clone()));
        owed
    }
}
