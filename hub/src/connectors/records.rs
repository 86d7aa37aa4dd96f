//! What a third party has of a period, and how that differs from what was sent; pure.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use serde::Deserialize;
use serde_json::Value;

use super::paging::{Listing, Paging, RawPaging};
use super::pair::local_day;
use super::people::Person;
use super::request::{RawRequest, Request};
use super::template::Scope;
use super::tree::{Wrong, below};

const MINUTE_MS: i64 = 60_000;

/// `[records]` in a mapping file.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RawRecords {
    request: RawRequest,
    items: String,
    paging: Option<RawPaging>,
    person: String,
    person_field: String,
    times: Vec<String>,
}

/// How a third party lists what it has.
#[derive(Debug, Clone)]
pub struct RecordsMapping {
    /// The request for a page; `{from}` and `{to}` bound the period.
    pub request: Request,
    /// How pages come.
    pub paging: Paging,
    person: String,
    /// The field of a person's record that records name.
    pub person_field: String,
    times: Vec<String>,
}

/// One person and local day on which they differ.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// The terminal's number of the person.
    pub enrol_id: u64,
    /// As `2031-05-06`, in the connector's zone.
    pub day: String,
    /// How many times were sent.
    pub ours: usize,
    /// How many it has.
    pub theirs: usize,
    /// Sent, but not there: moments, milliseconds since 1970 UTC.
    pub missing_ms: Vec<i64>,
    /// There, but not sent from here.
    pub foreign_ms: Vec<i64>,
}

impl RecordsMapping {
    /// Reads and checks the block; what is wrong goes to `wrongs`.
    #[must_use]
    pub fn read(raw: &RawRecords, path: &mut Vec<String>, wrongs: &mut Vec<Wrong>) -> Self {
        let request = below(path, "request", |path| Request::read(&raw.request, &Scope::period(), path, wrongs));
        if raw.times.is_empty() {
            wrongs.push(Wrong { path: path.clone(), text: "`times` names the fields that hold moments".to_owned() });
        }
        Self {
            request,
            paging: Paging::read(&raw.items, raw.paging.as_ref(), path, wrongs),
            person: raw.person.clone(),
            person_field: raw.person_field.clone(),
            times: raw.times.clone(),
        }
    }

    /// The moments that a list has, by person; and how many items belong to nobody that is known.
    #[must_use]
    pub fn moments(
        &self,
        listing: &Listing,
        people: &BTreeMap<u64, Person>,
        zone: &TimeZone,
    ) -> (BTreeMap<u64, Vec<i64>>, usize) {
        let by_remote: BTreeMap<String, u64> = people
            .values()
            .filter_map(|person| Some((text(person.remote.get(&self.person_field)?), person.enrol_id)))
            .collect();
        let (mut moments, mut strangers): (BTreeMap<u64, Vec<i64>>, usize) = (BTreeMap::new(), 0);
        for item in &listing.items {
            let Some(enrol_id) = item.get(&self.person).and_then(|person| by_remote.get(&text(person))) else {
                strangers += 1;
                continue;
            };
            let times = self.times.iter().filter_map(|field| moment(item.get(field)?.as_str()?, zone));
            moments.entry(*enrol_id).or_default().extend(times);
        }
        (moments, strangers)
    }
}

/// How many there are, to the minute.
#[must_use]
pub fn count(all: &BTreeMap<u64, Vec<i64>>) -> usize {
    all.values().map(|of_one| of_one.iter().map(|ms| minute(*ms)).collect::<BTreeSet<_>>().len()).sum()
}

fn minute(ms: i64) -> i64 {
    ms - ms.rem_euclid(MINUTE_MS)
}

/// Where they differ, to the minute: some third parties know no seconds.
#[must_use]
pub fn differences(
    ours: &BTreeMap<u64, Vec<i64>>,
    theirs: &BTreeMap<u64, Vec<i64>>,
    zone: &TimeZone,
) -> Vec<Difference> {
    type Days = BTreeMap<(u64, String), (BTreeSet<i64>, BTreeSet<i64>)>;
    let mut days: Days = BTreeMap::new();
    for (enrol_id, ms) in ours.iter().flat_map(|(enrol_id, all)| all.iter().map(move |ms| (*enrol_id, *ms))) {
        days.entry((enrol_id, local_day(ms, zone))).or_default().0.insert(minute(ms));
    }
    for (enrol_id, ms) in theirs.iter().flat_map(|(enrol_id, all)| all.iter().map(move |ms| (*enrol_id, *ms))) {
        days.entry((enrol_id, local_day(ms, zone))).or_default().1.insert(minute(ms));
    }
    let differ = days.into_iter().filter(|(_, (ours, theirs))| ours != theirs);
    let difference = |((enrol_id, day), (ours, theirs)): ((u64, String), (BTreeSet<i64>, BTreeSet<i64>))| Difference {
        enrol_id,
        day,
        ours: ours.len(),
        theirs: theirs.len(),
        missing_ms: ours.difference(&theirs).copied().collect(),
        foreign_ms: theirs.difference(&ours).copied().collect(),
    };
    differ.map(difference).collect()
}

/// What names a person: a word, a number, or the first of a pair or the `id` of an object, as some third parties write.
fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(pair) => pair.first().map(text).unwrap_or_default(),
        Value::Object(object) => object.get("id").map(text).unwrap_or_default(),
        Value::Null | Value::Bool(_) | Value::Number(_) => value.to_string(),
    }
}

/// A moment as third parties write it: with its offset, or in their zone.
fn moment(said: &str, zone: &TimeZone) -> Option<i64> {
    if let Ok(moment) = said.parse::<Timestamp>() {
        return Some(moment.as_millisecond());
    }
    if let Ok(moment) = jiff::fmt::strtime::parse("%Y-%m-%dT%H:%M:%S%z", said).and_then(|parsed| parsed.to_timestamp())
    {
        return Some(moment.as_millisecond());
    }
    let local: DateTime = said.parse().ok()?;
    local.to_zoned(zone.clone()).ok().map(|at| at.timestamp().as_millisecond())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn moments_are_read_however_they_are_written() {
        let zone = TimeZone::get("Europe/Paris").unwrap();
        let expected = Some(1_936_094_469_000);
        for said in [
            "2031-05-09 14:01:09",
            "2031-05-09T14:01:09",
            "2031-05-09T14:01:09+0200",
            "2031-05-09T12:01:09Z",
            "2031-05-09T14:01:09+02:00",
        ] {
            assert_eq!(moment(said, &zone), expected, "{said}");
        }
        assert_eq!(moment("yesterday", &zone), None);
    }

    #[test]
    fn only_days_that_differ_are_told_and_seconds_do_not_count() {
        let day = 86_400_000;
        let ours = BTreeMap::from([(7, vec![0, 30_000, day, day * 2]), (8, vec![0])]);
        let theirs = BTreeMap::from([(7, vec![1_000, day * 2, day * 2 + 3_600_000]), (8, vec![59_000])]);

        let found = differences(&ours, &theirs, &TimeZone::UTC);

        assert_eq!(found.len(), 2);
        assert_eq!(
            (found[0].day.as_str(), found[0].missing_ms.as_slice(), found[0].theirs),
            ("1970-01-02", [day].as_slice(), 0)
        );
        assert_eq!(found[1].foreign_ms, [day * 2 + 3_600_000]);
    }

    #[test]
    fn people_are_found_by_a_pair_an_object_or_a_number() {
        let raw = "request = { method = 'GET', path = '/x' }\nitems = ''\nperson = 'who'\nperson_field = 'id'\ntimes = ['at']";
        let mut wrongs = Vec::new();
        let mapping = RecordsMapping::read(&toml::from_str(raw).unwrap(), &mut Vec::new(), &mut wrongs);
        let person = Person {
            enrol_id: 7,
            name: None,
            is_enabled: true,
            admin: None,
            weekzone: None,
            group: None,
            remote: json!({ "id": 42 }),
        };
        let at = "1970-01-01 00:00:01";
        let items = [json!([42, "Ama"]), json!({ "id": "42" }), json!(42), json!(43)]
            .map(|who| json!({ "who": who, "at": at }));
        let listing = Listing { items: items.to_vec(), doubt: None };

        let (moments, strangers) = mapping.moments(&listing, &BTreeMap::from([(7, person)]), &TimeZone::UTC);

        assert_eq!((wrongs, moments, strangers), (vec![], BTreeMap::from([(7, vec![1000; 3])]), 1));
    }
}
