//! Somebody who is written to, as an address or with more said of them.

use std::fmt;

use serde::de::value::MapAccessDeserializer;
use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use vigie_shared::id::SiteId;

use super::forms::{optional_code, zone_name};
use crate::alerts::news::Severity;
use crate::mail::address::Mailbox;
use crate::text::Lang;

/// Somebody who is written to.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Recipient {
    /// Where.
    pub address: Mailbox,
    /// The language that they read.
    #[serde(with = "optional_code", skip_serializing_if = "Option::is_none")]
    pub lang: Option<Lang>,
    /// Their IANA zone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub zone: Option<String>,
    /// Only what concerns these sites; everything if empty.
    pub sites: Vec<SiteId>,
    /// Nothing less grave.
    pub severity_min: Severity,
    /// Whether they want the report of each week.
    pub weekly: bool,
}

/// A [`Recipient`] as a table of the file has it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    address: Mailbox,
    #[serde(default, with = "optional_code")]
    lang: Option<Lang>,
    #[serde(default, deserialize_with = "zone_name")]
    zone: Option<String>,
    #[serde(default)]
    sites: Vec<SiteId>,
    #[serde(default = "warning")]
    severity_min: Severity,
    #[serde(default)]
    weekly: bool,
}

fn warning() -> Severity {
    Severity::Warning
}

impl From<Table> for Recipient {
    fn from(Table { address, lang, zone, sites, severity_min, weekly }: Table) -> Self {
        Self { address, lang, zone, sites, severity_min, weekly }
    }
}

impl Recipient {
    /// Somebody who wants to know everything but the week's report.
    #[must_use]
    pub fn new(address: Mailbox) -> Self {
        Self { address, lang: None, zone: None, sites: Vec::new(), severity_min: Severity::Warning, weekly: false }
    }
}

impl<'de> Deserialize<'de> for Recipient {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either;
        impl<'de> Visitor<'de> for Either {
            type Value = Recipient;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an address, or { address = \"anna@example.org\", lang = \"fr\" }")
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Recipient, E> {
                text.parse().map(Recipient::new).map_err(E::custom)
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Recipient, A::Error> {
                Table::deserialize(MapAccessDeserializer::new(map)).map(Recipient::from)
            }
        }
        deserializer.deserialize_any(Either)
    }
}
