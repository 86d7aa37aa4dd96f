//! The space's own page for programs: a document of the `SpaceAPI`, version 15. Counts are told from five upwards, names
//! only of people who agreed.

use serde::{Deserialize, Serialize};

use super::headcount::Crowd;
use super::online::Standing;

/// What the owner says about the space.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Space {
    /// Its name.
    pub space: String,
    /// Address of its logo.
    pub logo: String,
    /// Address of its page.
    pub url: String,
    /// Where it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub location: Option<Location>,
    /// How to reach it.
    #[serde(default)]
    pub contact: Contact,
}

/// Where a space is. At least one of its fields is given; `lat` and `lon` come together.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Location {
    /// Its postal address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// Degrees to the north.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lat: Option<f64>,
    /// Degrees to the east.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lon: Option<f64>,
    /// Its IANA zone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timezone: Option<String>,
}

/// How to reach a space.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Contact {
    /// By mail.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// By telephone, with the country's code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone: Option<String>,
    /// On Matrix.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub matrix: Option<String>,
    /// On Mastodon.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mastodon: Option<String>,
}

/// The document.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Document {
    /// Versions of the format that it keeps.
    pub api_compatibility: [&'static str; 1],
    /// What the owner says.
    #[serde(flatten)]
    pub space: Space,
    /// Whether somebody is there.
    pub state: State,
    /// How many are there; left out while that may not be told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sensors: Option<Sensors>,
}

/// Whether a space is open.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct State {
    /// Whether somebody is there; left out if nobody can say.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub open: Option<bool>,
    /// Seconds since 1970 UTC of the last change that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lastchange: Option<i64>,
}

/// What is measured.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Sensors {
    /// How many people are there.
    pub people_now_present: [People; 1],
}

/// How many people are there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct People {
    /// The number.
    pub value: u32,
    /// The names of those who agreed.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub names: Vec<String>,
    /// What the number counts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<&'static str>,
}

/// Somebody whom the document may count, and name if the person agreed.
#[derive(Debug, Clone, Copy)]
pub struct Visitor<'a> {
    /// Where the person stands.
    pub standing: &'a Standing,
    /// The name to show; none if the person did not agree.
    pub name: Option<&'a str>,
}

/// The document of a space at a moment. People in an application are not in the space.
#[must_use]
pub fn document(space: Space, people: &[Visitor<'_>]) -> Document {
    let here: Vec<(&Visitor<'_>, i64)> = people.iter().filter_map(|one| Some((one, in_space(one.standing)?))).collect();
    let mut names: Vec<String> = here.iter().filter_map(|(one, _)| one.name.map(str::to_owned)).collect();
    names.sort_unstable();
    let is_unknown = people.iter().any(|one| matches!(one.standing, Standing::Unknown { .. }));
    let open = if here.is_empty() && is_unknown { None } else { Some(!here.is_empty()) };
    let left_ms = people.iter().filter_map(|one| match one.standing {
        Standing::Gone { left_ms } => Some(*left_ms),
        Standing::Here { .. } | Standing::Unknown { .. } | Standing::Never => None,
    });
    let changed_ms = match open {
        Some(true) => here.iter().map(|(_, since_ms)| *since_ms).min(),
        Some(false) => left_ms.max(),
        None => None,
    };
    Document {
        api_compatibility: ["15"],
        space,
        state: State { open, lastchange: changed_ms.map(|at_ms| at_ms.div_euclid(1000)) },
        sensors: present(Crowd::of(here.len()), names),
    }
}

/// Since when somebody is in the space itself.
fn in_space(standing: &Standing) -> Option<i64> {
    match standing {
        Standing::Here { site: Some(_), since_ms, .. } => Some(*since_ms),
        Standing::Here { .. } | Standing::Gone { .. } | Standing::Unknown { .. } | Standing::Never => None,
    }
}

/// A number too small to be told gives way to that of the people who agreed to be named.
fn present(crowd: Crowd, names: Vec<String>) -> Option<Sensors> {
    let (value, description) = match crowd.told() {
        Some(value) => (value, None),
        None if names.is_empty() => return None,
        None => (u32::try_from(names.len()).unwrap_or(u32::MAX), Some("only people who agreed to be named")),
    };
    Some(Sensors { people_now_present: [People { value, names, description }] })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn here() -> Standing {
        Standing::Here { site: Some("metz".parse().unwrap()), since_ms: 60_000, seen_ms: 120_000 }
    }

    fn json(people: &[Visitor<'_>]) -> serde_json::Value {
        let space = Space { space: "Metz".to_owned(), url: "u".to_owned(), logo: "l".to_owned(), ..Space::default() };
        serde_json::to_value(document(space, people)).unwrap()
    }

    #[test]
    fn few_are_not_counted_and_nobody_is_named_who_did_not_agree() {
        let here = here();
        let stranger = Visitor { standing: &here, name: None };
        let few = json(&[stranger; 4]);
        assert_eq!(few["state"], serde_json::json!({ "open": true, "lastchange": 60 }));
        assert!(few.get("sensors").is_none(), "{few}");
        let many = json(&[stranger; 5]);
        assert_eq!(many["sensors"]["people_now_present"], serde_json::json!([{ "value": 5 }]));
        let named = json(&[stranger, Visitor { standing: &here, name: Some("Ada") }]);
        let people = &named["sensors"]["people_now_present"][0];
        assert_eq!((&people["value"], &people["names"]), (&serde_json::json!(1), &serde_json::json!(["Ada"])));
    }

    #[test]
    fn a_blind_site_is_neither_open_nor_closed() {
        let unknown = Standing::Unknown { since_ms: Some(0), site: None, seen_ms: None };
        let gone = Standing::Gone { left_ms: 90_000 };
        let visitor = |standing| Visitor { standing, name: None };
        assert_eq!(json(&[visitor(&unknown), visitor(&gone)])["state"], serde_json::json!({}));
        assert_eq!(json(&[visitor(&gone)])["state"], serde_json::json!({ "open": false, "lastchange": 90 }));
        let app = Standing::Here { site: None, since_ms: 0, seen_ms: 0 };
        assert_eq!(json(&[visitor(&app)])["state"]["open"], serde_json::json!(false));
    }

    #[test]
    fn the_document_has_what_version_15_asks_for() {
        let document = json(&[]);
        for field in ["api_compatibility", "space", "logo", "url", "contact"] {
            assert!(document.get(field).is_some(), "{field} is missing");
        }
        assert_eq!(document["api_compatibility"], serde_json::json!(["15"]));
    }
}
