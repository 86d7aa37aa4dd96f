//! What the names of a template stand for.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::Value;

/// One value.
#[derive(Debug, Clone, PartialEq)]
pub enum Datum {
    /// As JSON has it.
    Json(Value),
    /// A moment, milliseconds since 1970 UTC, and whether the connector's zone shall be told instead of UTC.
    Moment(i64, bool),
}

impl Datum {
    pub(super) fn is_null(&self) -> bool {
        matches!(self, Self::Json(Value::Null))
    }

    /// As part of a text.
    pub(super) fn text(&self) -> String {
        match self {
            Self::Json(Value::String(text)) => text.clone(),
            Self::Json(value) => value.to_string(),
            Self::Moment(ms, _) => utc_text(*ms),
        }
    }

    /// As a value on its own: a moment that nothing was said about is written in UTC.
    pub(super) fn into_json(self) -> Value {
        match self {
            Self::Json(value) => value,
            Self::Moment(ms, _) => Value::String(utc_text(ms)),
        }
    }
}

/// `2025-12-30T10:30:00Z`: whole seconds, since some receivers refuse fractions.
fn utc_text(ms: i64) -> String {
    match Timestamp::from_second(ms.div_euclid(1000)) {
        Ok(moment) => moment.to_string(),
        Err(_) => String::new(),
    }
}

/// The values of one row, request or item.
#[derive(Debug, Clone)]
pub struct Values {
    named: BTreeMap<&'static str, Datum>,
    roots: BTreeMap<&'static str, Value>,
    item: Option<Value>,
    zone: TimeZone,
}

impl Values {
    /// No values yet, in the connector's zone.
    #[must_use]
    pub fn new(zone: TimeZone) -> Self {
        let name = zone.iana_name().unwrap_or("UTC").to_owned();
        let named = BTreeMap::from([("zone", Datum::Json(Value::String(name)))]);
        Self { named, roots: BTreeMap::new(), item: None, zone }
    }

    /// With a value of that name.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl Into<Value>) -> Self {
        self.named.insert(name, Datum::Json(value.into()));
        self
    }

    /// With a moment of that name, milliseconds since 1970 UTC.
    #[must_use]
    pub fn with_moment(mut self, name: &'static str, ms: Option<i64>) -> Self {
        self.named.insert(name, ms.map_or(Datum::Json(Value::Null), |ms| Datum::Moment(ms, false)));
        self
    }

    /// With values below that name: `person.id` is found in the object `person`.
    #[must_use]
    pub fn with_root(mut self, root: &'static str, value: Value) -> Self {
        self.roots.insert(root, value);
        self
    }

    /// With the fields of an item, for names that nothing else has.
    #[must_use]
    pub fn with_item(mut self, item: Value) -> Self {
        self.item = Some(item);
        self
    }

    /// The connector's zone.
    #[must_use]
    pub fn zone(&self) -> &TimeZone {
        &self.zone
    }

    /// The value of that name, null if there is none.
    pub(super) fn get(&self, name: &str) -> Datum {
        if let Some(datum) = self.named.get(name) {
            return datum.clone();
        }
        let below = name.split_once('.').and_then(|(root, path)| Some((self.roots.get(root)?, path)));
        let found = match (below, &self.item) {
            (Some((root, path)), _) => field(root, path),
            (None, Some(item)) => field(item, name),
            (None, None) => None,
        };
        Datum::Json(found.cloned().unwrap_or_default())
    }
}

/// A field of an object, or a field of a field; a name that itself has a dot comes first.
fn field<'a>(value: &'a Value, path: &str) -> Option<&'a Value> {
    if let Some(found) = value.get(path) {
        return Some(found);
    }
    let (first, rest) = path.split_once('.')?;
    field(value.get(first)?, rest)
}
