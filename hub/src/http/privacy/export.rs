//! Everything that is known of a person, gathered from the store.

use std::collections::BTreeSet;

use jiff::civil::{Date, date};
use serde_json::{Value, json};

use crate::attendance::Person;
use crate::connectors::job::{Job, member_no};
use crate::http::time::Time;
use crate::http::views::word;
use crate::presence::{Ownership, Strip};
use crate::store::attendance::PunchFilter;
use crate::store::jobs::JobFilter;
use crate::store::presence::strips::APP_SITE;
use crate::store::presence::{DayFilter, OwnershipFilter, StripFilter, StripPlace, Trace};
use crate::store::{Store, StoreError};

/// Rows read at once.
const ROWS: usize = 1_000;

/// Of each kind at most this many rows are given: five years of punches, thirteen months of strips of many devices.
const ROWS_MAX: usize = 100_000;

const FIRST: Date = date(1970, 1, 1);
const LAST: Date = date(9000, 1, 1);

/// Everything, as JSON.
pub(super) async fn everything(store: &dyn Store, person: Person, now_ms: i64) -> Result<Value, StoreError> {
    let id = person.id.as_str();
    let profile = store.profiles().await?.into_iter().find(|one| one.person == id).unwrap_or_default();
    let owned =
        store.ownerships(&OwnershipFilter { person: Some(id.to_owned()), ..OwnershipFilter::default() }).await?;
    let (punches, keys) = punches(store, &person).await?;
    Ok(json!({
        "person": { "id": id, "name": person.name, "email": profile.email, "shows_name": profile.shows_name,
                    "numbers": numbers(&person) },
        "made": Time(now_ms),
        "devices": devices(store, &owned).await?,
        "claims": claims(store, id).await?,
        "seen": seen(store, id, &owned).await?,
        "days": days(store, id).await?,
        "decisions": decisions(store, id).await?,
        "disputes": disputes(store, id).await?,
        "ends": ends(store, id).await?,
        "looks": looks(store, id).await?,
        "punches": punches,
        "jobs": jobs(store, &person, &keys).await?,
        "listed": listed(store, &person).await?,
    }))
}

fn numbers(person: &Person) -> Value {
    person.numbers.iter().map(|(terminal, number)| json!({ "terminal": terminal, "number": number })).collect()
}

async fn devices(store: &dyn Store, owned: &[Ownership]) -> Result<Value, StoreError> {
    let known = store.registered(None).await?;
    let view = |one: &Ownership| {
        let device = known.iter().find(|device| Some(&device.site) == one.site.as_ref() && device.device == one.device);
        json!({
            "site": one.site, "device": one.device, "from": Time(one.from_ms), "to": one.to_ms.map(Time),
            "counts": word(one.counts), "grace_min": one.grace_min,
            "mac": device.map(|device| device.mac), "label": device.map(|device| &device.label),
        })
    };
    Ok(owned.iter().map(view).collect())
}

async fn claims(store: &dyn Store, person: &str) -> Result<Value, StoreError> {
    let claims = store.claims().await?;
    let own = claims.iter().filter(|claim| claim.person == person);
    Ok(own.map(|one| json!({ "site": one.site, "mac": one.mac, "made": Time(one.made_ms) })).collect())
}

/// When the person's devices were seen while they were the person's, and the person in applications.
async fn seen(store: &dyn Store, person: &str, owned: &[Ownership]) -> Result<Value, StoreError> {
    let mut rows = Vec::new();
    for one in owned {
        for strip in strips(store, one.site.as_ref().map_or("", |site| site.as_str()), &one.device).await? {
            let is_within = |at_ms: i64| at_ms >= one.from_ms && one.to_ms.is_none_or(|to_ms| at_ms < to_ms);
            rows.extend(row(&strip, is_within));
        }
    }
    for strip in strips(store, APP_SITE, person).await? {
        rows.extend(row(&strip, |_| true));
    }
    Ok(rows.into())
}

fn row(strip: &Strip, is_within: impl Fn(i64) -> bool) -> Option<Value> {
    let spans = strip.spans.iter().filter(|span| is_within(span.from_ms));
    let spans: Vec<Value> = spans
        .map(|span| json!({ "from": Time(span.from_ms), "to": Time(span.to_ms), "sources": span.sources }))
        .collect();
    let view = json!({ "site": strip.site, "device": strip.device, "date": strip.date, "spans": spans });
    (!spans.is_empty()).then_some(view)
}

async fn strips(store: &dyn Store, site: &str, device: &str) -> Result<Vec<Strip>, StoreError> {
    let Ok(site) = site.parse() else { return Ok(Vec::new()) };
    let (site, device) = (Some(site), Some(device.to_owned()));
    let filter = StripFilter { trace: Trace::Device, site, device, from: FIRST, through: LAST };
    let mut all: Vec<Strip> = Vec::new();
    loop {
        let after = all.last().map(StripPlace::of);
        let page = store.strips(&filter, after.as_ref(), ROWS).await?;
        if page.is_empty() || all.len() >= ROWS_MAX {
            return Ok(all);
        }
        all.extend(page);
    }
}

async fn days(store: &dyn Store, person: &str) -> Result<Value, StoreError> {
    let person = Some(person.to_owned());
    let filter = DayFilter { person, from: FIRST, through: LAST, only_unpublished: false };
    let days = store.person_days(&filter, None, ROWS_MAX).await?;
    let view = |day: &crate::store::presence::StoredDay| {
        let body: Value = serde_json::from_str(&day.body).unwrap_or_default();
        json!({
            "date": day.date, "value": day.value, "revision": day.revision, "state": word(day.mark), "reason": body,
            "published_revision": day.published_revision, "published": day.published_ms.map(Time),
        })
    };
    Ok(days.iter().map(view).collect())
}

async fn decisions(store: &dyn Store, person: &str) -> Result<Value, StoreError> {
    let all = store.overrides(Some(person), FIRST, LAST).await?;
    let view = |one: &crate::store::presence::Override| {
        json!({ "date": one.date, "value": one.value, "comment": one.comment, "account": one.account,
                "made": Time(one.made_ms) })
    };
    Ok(all.iter().map(view).collect())
}

async fn disputes(store: &dyn Store, person: &str) -> Result<Value, StoreError> {
    let all = store.disputes(Some(person), false, ROWS_MAX).await?;
    let view = |one: &crate::store::presence::Dispute| {
        let answer = one.answer.as_ref();
        let answer = answer.map(|one| json!({ "text": one.text, "account": one.account, "made": Time(one.made_ms) }));
        json!({ "date": one.date, "text": one.text, "account": one.account, "made": Time(one.made_ms), "answer": answer })
    };
    Ok(all.iter().map(view).collect())
}

async fn ends(store: &dyn Store, person: &str) -> Result<Value, StoreError> {
    let all = store.presence_ends(i64::MIN, i64::MAX).await?;
    let own = all.iter().filter(|end| end.person == person);
    Ok(own.map(|end| json!({ "at": Time(end.at_ms), "account": end.account, "made": Time(end.made_ms) })).collect())
}

async fn looks(store: &dyn Store, person: &str) -> Result<Value, StoreError> {
    let all = store.looks(Some(person), ROWS_MAX).await?;
    Ok(all.iter().map(|look| json!({ "at": Time(look.at_ms), "account": look.account, "what": look.what })).collect())
}

/// The person's punches, and their names.
async fn punches(store: &dyn Store, person: &Person) -> Result<(Value, BTreeSet<[u8; 16]>), StoreError> {
    let (mut rows, mut keys) = (Vec::new(), BTreeSet::new());
    for (terminal, number) in &person.numbers {
        let (terminal, enrol_id) = (Some(terminal.clone()), Some(*number));
        let filter = PunchFilter { terminal, enrol_id, ..PunchFilter::default() };
        let all = store.punches(&filter, None, ROWS_MAX).await?;
        keys.extend(all.iter().map(|punch| punch.key.0));
        rows.extend(all.iter().map(|punch| serde_json::to_value(punch).unwrap_or_default()));
    }
    Ok((rows.into(), keys))
}

/// What was sent, or shall be, of the person's punches and days of presence.
async fn jobs(store: &dyn Store, person: &Person, keys: &BTreeSet<[u8; 16]>) -> Result<Value, StoreError> {
    let numbers = person.numbers.iter().map(|(_, number)| *number).chain([member_no(&person.id)]);
    let numbers: BTreeSet<u64> = numbers.collect();
    let mut rows = Vec::new();
    for enrol_id in numbers {
        let filter = JobFilter { enrol_id: Some(enrol_id), ..JobFilter::default() };
        let all = store.jobs(&filter, None, ROWS_MAX).await?;
        // The same number on another terminal may be another person's.
        let is_own = |job: &&Job| {
            job.row.presence.as_ref().map_or(keys.contains(&job.key.0), |presence| presence.person == person.id)
        };
        rows.extend(all.iter().filter(is_own).map(|job| {
            json!({ "connector": job.connector, "row": job.row, "state": word(job.state),
                    "created": Time(job.created_ms), "changed": Time(job.changed_ms) })
        }));
    }
    Ok(rows.into())
}

/// Who third parties say has the person's numbers.
async fn listed(store: &dyn Store, person: &Person) -> Result<Value, StoreError> {
    let mut rows = Vec::new();
    for (connector, _) in store.connectors().await? {
        let people = store.listed_people(&connector.name).await?;
        let numbers: BTreeSet<u64> = person.numbers.iter().map(|(_, number)| *number).collect();
        rows.extend(numbers.iter().filter_map(|number| people.get(number)).map(|listed| {
            json!({ "connector": connector.name, "person": listed.person, "is_gone": listed.is_gone,
                    "changed": Time(listed.changed_ms) })
        }));
    }
    Ok(rows.into())
}
