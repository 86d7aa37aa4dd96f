//! What people set of a connector: checked as a whole before anything is kept.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use axum::http::StatusCode;
use serde::Deserialize;
use serde_json::Value;
use utoipa::ToSchema;
use vigie_shared::units;

use crate::connectors::mapping::Rate;
use crate::connectors::settings::{AuthChoice, Connector, MappingChoice, NAME_LENGTH_MAX, is_name};
use crate::http::input::enrol_number;
use crate::http::problem::Problem;
use crate::http::time::Time;

/// How often a connector is served if nobody says.
const INTERVAL: Duration = Duration::from_secs(15 * 60);

/// Between which bounds that may be set.
const INTERVAL_MIN: Duration = Duration::from_secs(10);
const INTERVAL_MAX: Duration = Duration::from_secs(24 * 60 * 60);

/// Longest wait for an answer that may be set.
const TIMEOUT_MAX: Duration = Duration::from_secs(600);

/// Most settings, secrets or terminals of a connector, and their longest text, bytes.
const LIST_MAX: usize = 200;
const TEXT_BYTES_MAX: usize = 8 * 1024;

/// People of a connector who have another number there: those of a large house.
const NUMBERS_MAX: usize = 5000;

/// Secrets to keep; without a value, to remove.
type Secrets = BTreeMap<String, Option<String>>;

/// What to set of a connector; what is not given stays, or is as usual.
#[derive(Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub(in crate::http) struct ConnectorChange {
    /// Its name, to add one: lower-case letters, digits and hyphens.
    name: Option<String>,
    /// A mapping that comes with the hub: `default`, `erpnext`, `odoo`, `kimai`, `tickets`, `presence`.
    mapping: Option<String>,
    /// A mapping of its own, instead: the text of a TOML file.
    mapping_text: Option<String>,
    /// Where the third party is, as in `https://hr.example.org`.
    base: Option<String>,
    /// Where people are listed, below the base; for the default mapping.
    users_endpoint: Option<String>,
    /// Where punches go, below the base; for the default mapping.
    attendance_endpoint: Option<String>,
    /// The IANA zone of its local times.
    zone: Option<String>,
    /// How to prove who asks, instead of the mapping's way.
    auth: Option<AuthChoice>,
    /// What the mapping calls `{cfg.…}`; a null removes one.
    cfg: Option<BTreeMap<String, Option<String>>>,
    /// Secrets, never shown again; a null removes one.
    secrets: Option<BTreeMap<String, Option<String>>>,
    /// How often it is served, with its unit, or `immediate`; `15m` if not given.
    #[schema(example = "15m")]
    interval: Option<String>,
    /// At most so many rows in a request; 100 if not given.
    batch: Option<usize>,
    /// Longest wait for an answer, with its unit; `30s` if not given.
    #[schema(example = "30s")]
    timeout: Option<String>,
    /// At most so many requests, as `5/s`, `50/min`.
    #[schema(value_type = Option<String>)]
    rate: Option<Rate>,
    /// Whether it works.
    is_on: Option<bool>,
    /// Punches before this moment are stored, not sent; now if not given.
    start_at: Option<Time>,
    /// Only the punches of these terminals; of all if the list is empty.
    terminals: Option<Vec<String>>,
    /// The numbers that people have there, by those on terminals, where they differ; a null removes one.
    #[schema(example = json!({ "118": 18 }))]
    pub(super) numbers: Option<BTreeMap<String, Option<u64>>>,
}

/// The connector to add, and its secrets.
pub(super) fn made(mut new: ConnectorChange, now_ms: i64) -> Result<(Connector, Secrets), Problem> {
    let name = new.name.take().unwrap_or_default();
    if !is_name(&name) {
        let text = format!("use 1 to {NAME_LENGTH_MAX} lower-case letters, digits and hyphens, as in `erpnext-paris`");
        return Err(Problem::invalid("name", text));
    }
    let bare = Connector {
        name,
        mapping: MappingChoice::Shipped("default".to_owned()),
        base: None,
        zone: None,
        auth: None,
        cfg: BTreeMap::new(),
        interval_ms: Some(millis(INTERVAL)),
        batch_max: None,
        timeout_ms: None,
        rate: None,
        is_on: true,
        start_at_ms: now_ms,
        terminals: Vec::new(),
        numbers: BTreeMap::new(),
        created_ms: now_ms,
    };
    changed(bare, new, BTreeSet::new())
}

/// The connector with what is to change, and the secrets to keep.
pub(super) fn changed(
    mut connector: Connector,
    change: ConnectorChange,
    mut kept: BTreeSet<String>,
) -> Result<(Connector, Secrets), Problem> {
    if change.name.is_some_and(|name| name != connector.name) {
        return Err(Problem::invalid("name", "a connector keeps its name; add another one"));
    }
    let secrets = bounded("secrets", change.secrets.unwrap_or_default())?;
    match (change.mapping, change.mapping_text) {
        (Some(_), Some(_)) => return Err(Problem::invalid("mapping", "give `mapping` or `mapping_text`, not both")),
        (Some(name), None) => connector.mapping = MappingChoice::Shipped(name),
        (None, Some(text)) => connector.mapping = MappingChoice::Own(format!("{}.toml", connector.name), text),
        (None, None) => {}
    }
    connector.base = change.base.or(connector.base);
    connector.zone = change.zone.or(connector.zone);
    connector.auth = change.auth.or(connector.auth);
    connector.rate = change.rate.or(connector.rate);
    connector.is_on = change.is_on.unwrap_or(connector.is_on);
    connector.start_at_ms = change.start_at.map_or(connector.start_at_ms, |Time(start_at_ms)| start_at_ms);
    let endpoints = [("users_endpoint", change.users_endpoint), ("attendance_endpoint", change.attendance_endpoint)];
    let endpoints = endpoints.into_iter().filter_map(|(key, value)| Some((key.to_owned(), Some(value?))));
    for (key, value) in bounded("cfg", change.cfg.unwrap_or_default())?.into_iter().chain(endpoints) {
        match value {
            Some(value) => connector.cfg.insert(key, value),
            None => connector.cfg.remove(&key),
        };
    }
    if let Some(interval) = change.interval {
        connector.interval_ms = if interval == "immediate" {
            None
        } else {
            Some(span("interval", &interval, (INTERVAL_MIN, INTERVAL_MAX))?)
        };
    }
    if let Some(timeout) = change.timeout {
        connector.timeout_ms = Some(span("timeout", &timeout, (Duration::from_secs(1), TIMEOUT_MAX))?);
    }
    if let Some(batch) = change.batch {
        let is_fit = (1..=crate::connectors::mapping::BATCH_MAX).contains(&batch);
        connector.batch_max = Some(is_fit.then_some(batch).ok_or_else(|| Problem::invalid("batch", "use 1 to 1000"))?);
    }
    if let Some(terminals) = change.terminals {
        if terminals.len() > LIST_MAX {
            return Err(Problem::invalid("terminals", format_args!("use at most {LIST_MAX}, or none for all")));
        }
        connector.terminals = terminals;
    }
    map_people(&mut connector, change.numbers.unwrap_or_default())?;
    for (name, value) in &secrets {
        if value.is_some() {
            kept.insert(name.clone())
        } else {
            kept.remove(name)
        };
    }
    check(&connector, &kept)?;
    Ok((connector, secrets))
}

/// Sets which number somebody has there.
fn map_people(connector: &mut Connector, numbers: BTreeMap<String, Option<u64>>) -> Result<(), Problem> {
    for (here, there) in numbers {
        let shown: String = here.chars().take(20).collect();
        let no_number = |_| Problem::invalid("numbers", format_args!("`{shown}` is no number of a terminal"));
        let here = enrol_number("numbers", here.parse().map_err(no_number)?)?;
        match there {
            Some(there) if there != here => connector.numbers.insert(here, enrol_number("numbers", there)?),
            Some(_) | None => connector.numbers.remove(&here),
        };
    }
    if connector.numbers.len() > NUMBERS_MAX {
        return Err(Problem::invalid(
            "numbers",
            format_args!("at most {NUMBERS_MAX} people have another number there"),
        ));
    }
    Ok(())
}

/// Everything together must work.
fn check(connector: &Connector, secrets: &BTreeSet<String>) -> Result<(), Problem> {
    let unfit = |text: String| {
        Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "connector_unfit", "The connector cannot work so", text)
    };
    let mapping = connector.mapping().map_err(|errors| unfit(errors.to_string()))?;
    let missing = connector.missing(&mapping, secrets);
    if missing.is_empty() {
        return Ok(());
    }
    let text = format!("its mapping needs {}; give `cfg.…` in `cfg` and `secret.…` in `secrets`", missing.join(", "));
    Err(unfit(text))
}

fn bounded(field: &str, map: BTreeMap<String, Option<String>>) -> Result<BTreeMap<String, Option<String>>, Problem> {
    let is_long = |(key, value): (&String, &Option<String>)| {
        key.len() > 64 || value.as_ref().is_some_and(|value| value.len() > TEXT_BYTES_MAX)
    };
    if map.len() > LIST_MAX || map.iter().any(is_long) {
        return Err(Problem::invalid(
            field,
            format_args!("use at most {LIST_MAX} names of 64 characters, each with at most {TEXT_BYTES_MAX} bytes"),
        ));
    }
    Ok(map)
}

/// A length of time with its unit.
#[derive(Deserialize)]
struct Span(#[serde(with = "units::duration")] Duration);

/// A length of time, milliseconds.
fn span(field: &str, text: &str, (min, max): (Duration, Duration)) -> Result<u64, Problem> {
    let words = units::duration_text;
    let read = serde_json::from_value(Value::String(text.to_owned())).ok().map(|Span(read)| read);
    let fit = read.filter(|read| (min..=max).contains(read));
    fit.map(millis)
        .ok_or_else(|| Problem::invalid(field, format_args!("use {} to {}, with its unit", words(min), words(max))))
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
