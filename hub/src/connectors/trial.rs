//! What a mapping would send for a row: to look at before anything is sent; pure.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Value, json};

use super::mapping::{Mapping, PushMapping};
use super::outcome::On;
use super::request::Call;
use super::settings::needs;
use super::template::Values;

/// What stands for the values of a row.
#[derive(Debug, Clone, Default)]
pub struct Trial {
    /// The row's own: `enrollid`, `time`, `dir`….
    pub row: BTreeMap<String, String>,
    /// The third party's record of the person.
    pub person: BTreeMap<String, String>,
    /// The connector's settings.
    pub cfg: BTreeMap<String, String>,
}

/// A request that would be sent.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Shown {
    /// Which of the mapping's requests.
    pub on: On,
    /// The request; none if these values give none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub call: Option<Call>,
    /// The headers that prove who asks; secrets are shown by their names.
    pub credentials: Vec<(String, String)>,
    /// Why these values give none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unfit: Option<String>,
}

/// The requests that a mapping has for a row.
///
/// # Errors
///
/// Words on a value that is none.
pub fn requests(mapping: &Mapping, trial: &Trial) -> Result<Vec<Shown>, String> {
    let push = pushing(mapping)?;
    let values = values(mapping, trial)?;
    let row =
        push.row.as_ref().map(|row| row.render(&values)).transpose().map_err(|unfit| unfit.to_string())?.flatten();
    shown(mapping, &values.with("rows", row.into_iter().collect::<Vec<_>>()))
}

/// How the mapping sends rows.
///
/// # Errors
///
/// Words on a mapping that sends none.
pub fn pushing(mapping: &Mapping) -> Result<&PushMapping, String> {
    mapping.push.as_ref().ok_or_else(|| "the mapping has no [push]: it sends no rows".to_owned())
}

/// Every request of a mapping with these values.
///
/// # Errors
///
/// Words on a value that is none.
pub fn shown(mapping: &Mapping, values: &Values) -> Result<Vec<Shown>, String> {
    let push = pushing(mapping)?;
    let credentials = mapping.auth.headers(values).map_err(|unfit| unfit.to_string())?;
    let all = [On::Send, On::In, On::Out, On::FindOpen, On::Probe, On::Undo];
    let shown = |on: On| {
        let called = push.request(on)?.call(values);
        let (call, unfit) = match called {
            Ok(call) => (Some(call), None),
            Err(unfit) => (None, Some(unfit.to_string())),
        };
        Some(Shown { on, call, credentials: credentials.clone(), unfit })
    };
    Ok(all.into_iter().filter_map(shown).collect())
}

/// Each secret that a mapping needs, with its name in its place.
#[must_use]
pub fn masked(mapping: &Mapping) -> BTreeMap<String, String> {
    let name = |needed: &String| needed.strip_prefix("secret.").map(str::to_owned);
    needs(mapping).iter().filter_map(name).map(|name| (name.clone(), format!("<secret.{name}>"))).collect()
}

fn values(mapping: &Mapping, trial: &Trial) -> Result<Values, String> {
    let object = |map: &BTreeMap<String, String>| {
        Value::Object(map.iter().map(|(key, value)| (key.clone(), value.clone().into())).collect())
    };
    let said = |name: &str| trial.row.get(name).cloned();
    let moment = |name: &str| {
        let text = said(name);
        text.map(|text| {
            let read = text
                .parse::<jiff::Timestamp>()
                .map_err(|_unreadable| format!("`{name}={text}` is no moment; write {name}=2031-05-06T08:00:00Z"));
            read.map(jiff::Timestamp::as_millisecond)
        })
        .transpose()
    };
    let number = |name: &str, usual: Value| {
        said(name).map_or(usual, |text| text.parse::<i64>().map_or(Value::String(text), Value::from))
    };
    let (time, start, end) = (moment("time")?, moment("start")?, moment("end")?);
    let seconds = start.zip(end).map(|(start, end)| (end - start) / 1000);
    Ok(Values::new(mapping.zone.clone())
        .with("key", said("key").unwrap_or_else(|| "0123456789abcdef0123456789abcdef".to_owned()))
        .with("batch.key", "0123456789abcdef0123456789abcdef")
        .with("terminal_sn", said("terminal_sn").unwrap_or_else(|| "T1".to_owned()))
        .with("enrollid", number("enrollid", Value::Null))
        .with("user_name", said("user_name"))
        .with("dir", said("dir"))
        .with("mode", number("mode", Value::Null))
        .with("inout", number("inout", Value::Null))
        .with("event", number("event", Value::Null))
        .with("granted", said("granted").is_none_or(|text| text == "true"))
        .with("temperature", said("temperature").and_then(|text| text.parse::<f64>().ok()))
        .with("log_id", number("log_id", 1.into()))
        .with("day", said("day"))
        .with("seconds", seconds)
        .with_moment("time", time)
        .with_moment("start", start)
        .with_moment("end", end)
        .with_moment("open.start", start)
        .with_root("person", object(&trial.person))
        .with_root("cfg", object(&trial.cfg))
        .with_root("secret", object(&masked(mapping)))
        .with_root("open", json!({ "id": "<open.id>" }))
        .with_root("remote", json!({ "id": "<remote.id>" })))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::connectors::mapping::shipped::shipped;

    fn trial(row: &[(&str, &str)], person: &[(&str, &str)]) -> Trial {
        let map = |pairs: &[(&str, &str)]| {
            pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
        };
        Trial { row: map(row), person: map(person), cfg: BTreeMap::new() }
    }

    #[test]
    fn a_row_shows_its_request_and_no_secret() {
        let mapping = Mapping::load("erpnext", shipped("erpnext").unwrap()).unwrap();
        let row = [("enrollid", "7"), ("time", "2031-05-06T08:00:00Z"), ("dir", "in")];
        let shown = requests(&mapping, &trial(&row, &[])).unwrap();
        let body = shown[0].call.as_ref().unwrap().body.clone().unwrap();
        assert_eq!(
            body,
            json!({ "employee_field_value": "7", "timestamp": "2031-05-06 08:00:00", "device_id": "T1", "log_type": "IN" })
        );
        assert_eq!(
            shown[0].credentials,
            [("Authorization".to_owned(), "token <secret.key>:<secret.secret>".to_owned())]
        );
    }

    #[test]
    fn what_is_missing_is_said_with_its_request() {
        let mapping = Mapping::load("odoo", shipped("odoo").unwrap()).unwrap();
        let shown = requests(&mapping, &trial(&[("time", "2031-05-06T08:00:00Z")], &[])).unwrap();
        assert!(
            shown.iter().any(|one| one.on == On::In && one.unfit.as_ref().is_some_and(|why| why.contains("person.id")))
        );
        assert!(requests(&mapping, &trial(&[("time", "soon")], &[])).unwrap_err().contains("time=2031"));
    }
}
