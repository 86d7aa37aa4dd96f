//! A connector as people set it, and how it stands; pure.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::auth::{ACCESS, AuthKind, AuthMapping, REFRESH, RawAuth};
use super::mapping::shipped::shipped;
use super::mapping::{Fault, Mapping, MappingErrors, Rate};
use super::queue::Health;
use super::template::{Template, Values};

/// Most connectors of a hub: each has a place of its own in every round.
pub const CONNECTORS_MAX: usize = 100;

/// Longest name of a connector, characters.
pub const NAME_LENGTH_MAX: usize = 40;

/// One third party, as people set it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Connector {
    /// Its name: lower-case letters, digits and hyphens.
    pub name: String,
    /// A mapping that comes with the hub, or the connector's own.
    pub mapping: MappingChoice,
    /// Where the third party is; none if the mapping says it.
    pub base: Option<String>,
    /// The zone of its local times, instead of the mapping's.
    pub zone: Option<String>,
    /// How to prove who asks, instead of the mapping's way.
    pub auth: Option<AuthChoice>,
    /// What the mapping calls `{cfg.…}`.
    pub cfg: BTreeMap<String, String>,
    /// How often it is served, milliseconds; none for at once.
    pub interval_ms: Option<u64>,
    /// At most so many rows in a request, instead of the mapping's number.
    pub batch_max: Option<usize>,
    /// Longest wait for an answer, milliseconds, instead of the mapping's.
    pub timeout_ms: Option<u64>,
    /// At most so many requests, instead of the mapping's rate.
    pub rate: Option<Rate>,
    /// Whether it works.
    pub is_on: bool,
    /// Punches before this moment are stored, not sent, milliseconds since 1970 UTC.
    pub start_at_ms: i64,
    /// Only the punches of these terminals; of all if there are none.
    pub terminals: Vec<String>,
    /// The number of somebody there, by the number on terminals; of whom is not named it is the same.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub numbers: BTreeMap<u64, u64>,
    /// When it was made, milliseconds since 1970 UTC.
    pub created_ms: i64,
}

/// Which mapping.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MappingChoice {
    /// One that comes with the hub, by its name.
    Shipped(String),
    /// The connector's own: what to call it, and its text.
    Own(String, String),
}

/// How a connector proves who asks, instead of the mapping's way. The secrets are called `token`, or `username` and
/// `password`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AuthChoice {
    /// The way: `none`, `bearer`, `basic` or `header`.
    pub kind: AuthKind,
    /// The header's name, where that is the way.
    pub header: Option<String>,
}

/// How a connector stands; kept by the store.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Standing {
    /// Why it stopped, until a person starts it again.
    pub stopped: Option<Stopped>,
    /// The place in the order of arrival of the last punch that was looked at.
    pub cursor: u64,
    /// When it was last served.
    pub served_ms: Option<i64>,
    /// When a row last passed.
    pub passed_ms: Option<i64>,
    /// When everything was last looked over.
    pub swept_ms: Option<i64>,
    /// When people were last read.
    pub people_ms: Option<i64>,
    /// What people should know of the last list.
    pub people_note: Option<String>,
    /// The third party makes everything wait until this moment.
    pub wait_until_ms: Option<i64>,
    /// When its token is to be renewed.
    pub renew_ms: Option<i64>,
    /// What was refused since a row last passed.
    pub health: Health,
}

/// Why a connector stopped.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stopped {
    /// Words for people.
    pub reason: String,
    /// Since when, milliseconds since 1970 UTC.
    pub since_ms: i64,
}

impl Connector {
    /// Its mapping, with what the connector sets itself in place.
    ///
    /// # Errors
    ///
    /// Everything that is wrong with the mapping or with what is set.
    pub fn mapping(&self) -> Result<Mapping, MappingErrors> {
        let (file, text) = match &self.mapping {
            MappingChoice::Shipped(name) => match shipped(name) {
                Some(text) => (format!("{name}.toml"), text),
                None => {
                    return Err(self.fault(
                        "mapping",
                        &format!("no mapping is called `{name}`; `vigie-hub connector add --help` lists them"),
                    ));
                }
            },
            MappingChoice::Own(file, text) => (file.clone(), text.as_str()),
        };
        let mut mapping = Mapping::load(&file, text)?;
        if let Some(base) = &self.base {
            if !base.starts_with("https://") && !base.starts_with("http://") {
                return Err(self.fault("base", "begin with `https://`, as in `https://hr.example.org`"));
            }
            mapping.base = Some(base.trim_end_matches('/').to_owned());
        }
        if mapping.base.is_none() {
            return Err(self.fault("base", "say where the third party is, as in `https://hr.example.org`"));
        }
        if let Some(zone) = &self.zone {
            mapping.zone = TimeZone::get(zone).map_err(|_unknown| {
                self.fault("zone", &format!("`{zone}` is no zone; write one such as `Europe/Paris`"))
            })?;
        }
        if let Some(AuthChoice { kind, header }) = &self.auth {
            mapping.auth = self.auth_of(*kind, header.clone())?;
        }
        mapping.rate = self.rate.or(mapping.rate);
        mapping.timeout = self.timeout_ms.map_or(mapping.timeout, Duration::from_millis);
        if let (Some(most), Some(push)) = (self.batch_max, &mut mapping.push)
            && push.rows_max > 1
        {
            push.rows_max = most.max(1);
        }
        Ok(mapping)
    }

    fn auth_of(&self, kind: AuthKind, header: Option<String>) -> Result<AuthMapping, MappingErrors> {
        let is_simple = matches!(kind, AuthKind::None | AuthKind::Header | AuthKind::Bearer | AuthKind::Basic);
        if !is_simple {
            return Err(self.fault(
                "auth.kind",
                "tokens that are fetched are declared in a mapping; here use none, bearer, basic or header",
            ));
        }
        let mut wrongs = Vec::new();
        let auth = AuthMapping::read(&RawAuth::chosen(kind, header), &mut Vec::new(), &mut wrongs);
        match wrongs.first() {
            Some(wrong) => Err(self.fault("auth", &wrong.text)),
            None => Ok(auth),
        }
    }

    /// The number there of somebody whom terminals know by this one.
    #[must_use]
    pub fn number_there(&self, enrol_id: u64) -> u64 {
        self.numbers.get(&enrol_id).copied().unwrap_or(enrol_id)
    }

    /// The numbers on terminals of somebody who has this one there.
    #[must_use]
    pub fn numbers_here(&self, there: u64) -> BTreeSet<u64> {
        let mapped = self.numbers.iter().filter(|(_, number)| **number == there).map(|(enrol_id, _)| *enrol_id);
        let own = (self.number_there(there) == there).then_some(there);
        own.into_iter().chain(mapped).collect()
    }

    fn fault(&self, field: &str, text: &str) -> MappingErrors {
        let file = format!("connector {}", self.name);
        MappingErrors(vec![Fault { file, line: None, field: field.to_owned(), text: text.to_owned() }])
    }

    /// The settings and secrets that its mapping needs and that are not there, as `cfg.project`, `secret.token`.
    #[must_use]
    pub fn missing(&self, mapping: &Mapping, secrets: &BTreeSet<String>) -> Vec<String> {
        let is_there = |name: &str| match name.split_once('.') {
            Some(("cfg", key)) => self.cfg.contains_key(key),
            // The first access token is fetched; the first refresh token somebody gives.
            Some(("secret", ACCESS)) => mapping.auth.fetch.is_some() || secrets.contains(ACCESS),
            Some(("secret", key)) => secrets.contains(key),
            _ => true,
        };
        let missing: BTreeSet<String> = needs(mapping).into_iter().filter(|name| !is_there(name)).collect();
        missing.into_iter().collect()
    }

    /// The values that are the same for all its requests.
    #[must_use]
    pub fn values(&self, mapping: &Mapping, secrets: &BTreeMap<String, String>) -> Values {
        let object = |map: &BTreeMap<String, String>| {
            Value::Object(map.iter().map(|(key, value)| (key.clone(), value.clone().into())).collect())
        };
        Values::new(mapping.zone.clone()).with_root("cfg", object(&self.cfg)).with_root("secret", object(secrets))
    }
}

/// The settings and secrets that a mapping cannot do without.
#[must_use]
pub fn needs(mapping: &Mapping) -> BTreeSet<String> {
    let people = mapping.people.iter().flat_map(|people| people.request.templates());
    let records = mapping.records.iter().flat_map(|records| records.request.templates());
    let push = mapping.push.iter().flat_map(|push| push.templates());
    let presence = mapping.presence.templates();
    let all = mapping.auth.templates().into_iter().chain(people).chain(records).chain(push).chain(presence);
    let is_set = |name: &&str| name.starts_with("cfg.") || name.starts_with("secret.");
    all.flat_map(Template::needs).filter(is_set).map(str::to_owned).collect()
}

/// Whether a word may name a connector.
#[must_use]
pub fn is_name(name: &str) -> bool {
    let fits = (1..=NAME_LENGTH_MAX).contains(&name.len()) && !name.starts_with('-');
    fits && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
}

/// Whether a secret was fetched and not given by a person.
#[must_use]
pub fn is_fetched(secret: &str) -> bool {
    secret == ACCESS || secret == REFRESH
}

#[cfg(test)]
pub(crate) mod tests;
