//! `/api/v1/presence/days`: what people's days are worth, and why.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::{IntoParams, ToSchema};

use super::dates;
use crate::http::Admin;
use crate::http::attendance::date;
use crate::http::cursor::{ROWS_MAX, cut};
use crate::http::guard::{Member, may_see, own_person};
use crate::http::input::{Params, limit};
use crate::http::looks;
use crate::http::people;
use crate::http::problem::{Problem, Refused};
use crate::http::time::Time;
use crate::http::views::{Page, word};
use crate::presence::chapter::Chapter;
use crate::presence::day::{Day, Slot};
use crate::presence::driver::{chapters, kept_day};
use crate::presence::source::words;
use crate::store::accounts::Role;
use crate::store::presence::{DayFilter, Override, StoredDay};

/// Whose days, and which.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(in crate::http) struct Query {
    /// The first day, `2026-11-20`.
    from: String,
    /// The last day, included; the first if not given. At most 367 days.
    through: Option<String>,
    /// Only of this person, by id.
    person: Option<String>,
    /// Where the page begins: `next` of the page before.
    after: Option<String>,
    /// How many, 1 to 1000; 1000 if not given.
    #[param(minimum = 1, maximum = 1000)]
    limit: Option<usize>,
}

/// A person's day in a list.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::http) struct DayRow {
    /// Whose: the person's id.
    person: String,
    /// Which day.
    #[schema(value_type = String, format = Date)]
    date: Date,
    /// What it is worth by its policy, in days; null if nobody could see.
    value: Option<f64>,
    /// What somebody decided instead.
    decided: Option<f64>,
    /// `present`, `absent` or `not_observed`.
    answer: Option<String>,
    /// Minutes of all sessions together.
    minutes: Option<i64>,
    /// Slots of ten minutes in which the person was seen.
    slots: Option<usize>,
    /// The policy.
    policy: Option<String>,
    /// `provisional`: something may still arrive. `final`. `amended`: it changed after it was final.
    mark: String,
    /// Counts what the world was told of the day; 0 if there was nothing to tell.
    revision: u32,
    /// The newest revision that was handed over to third parties.
    published_revision: u32,
    /// When that was.
    published: Option<Time>,
}

/// A person's day with its reason.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PresenceDayView)]
pub(in crate::http) struct DayView {
    /// The day as it is kept; null if it was not closed yet.
    kept: Option<DayRow>,
    /// What somebody decided of it.
    decision: Option<DecisionView>,
    /// What it was worth so far, the oldest first; the last entry holds.
    history: Vec<ChapterView>,
    /// The day as it is at this moment: slots with device, source and site, sessions, policy, flags, and when nobody
    /// could see.
    #[schema(value_type = Option<Object>)]
    day: Value,
}

/// What a day was worth from a moment on.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::http) struct ChapterView {
    /// From when on.
    at: Time,
    /// What the world was told of it last.
    revision: u32,
    /// What it was worth by its policy, in days.
    value: f64,
    /// What counted, in days.
    told: f64,
    /// `provisional`, `final` or `amended`.
    mark: String,
    /// Minutes of all sessions together.
    minutes: i64,
    /// Who decided, if somebody did.
    account: Option<String>,
    /// Why.
    comment: Option<String>,
}

/// What somebody decided of a day.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::http) struct DecisionView {
    /// What it shall be worth, in days.
    pub(super) value: f64,
    /// Why.
    pub(super) comment: String,
    /// Who decided.
    pub(super) account: String,
    /// When.
    pub(super) made: Time,
}

/// Lists kept days, by date and person; whoever is no operator sees the own. Looking is noted.
#[utoipa::path(
    get, path = "/api/v1/presence/days", operation_id = "presence_days_list",
    tag = "presence", params(Query), extensions(("x-role" = json!("member"))),
    responses((status = 200, description = "A page of days", body = Page<DayRow>), Refused)
)]
pub(in crate::http) async fn list(
    Member(caller): Member,
    State(admin): State<Admin>,
    Params(query): Params<Query>,
) -> Result<Json<Page<DayRow>>, Problem> {
    let person = own_person(&caller, query.person, Role::Operator)?;
    let (from, through) = dates(&query.from, query.through.as_deref())?;
    let rows = limit(query.limit, ROWS_MAX, ROWS_MAX)?;
    let after = query.after.as_deref().map(place).transpose()?;
    let filter = DayFilter { person: person.clone(), from, through, only_unpublished: false };
    let mut days = admin.store.person_days(&filter, after, rows + 1).await?;
    let has_more = cut(&mut days, rows);
    let next = days.last().filter(|_| has_more).map(|last| format!("{}/{}", last.date, last.person));
    let people: std::collections::BTreeSet<&str> = days.iter().map(|day| day.person.as_str()).collect();
    for person in people {
        looks::note(&admin, &caller, person, "days").await?;
    }
    let decided = admin.store.overrides(person.as_deref(), from, through).await?;
    let row = |day: &StoredDay| {
        let decision = decided.iter().find(|one| one.person == day.person && one.date == day.date);
        DayRow::new(day, decision)
    };
    Ok(Json(Page { items: days.iter().map(row).collect(), next }))
}

fn place(after: &str) -> Result<(Date, String), Problem> {
    let read = || {
        let (date, person) = after.split_once('/')?;
        Some((date.parse().ok()?, person.to_owned()))
    };
    read().ok_or_else(|| Problem::invalid("after", "this is not a cursor; pass `next` of the page before, unchanged"))
}

/// Shows one day with its reason. Looking is noted.
#[utoipa::path(
    get, path = "/api/v1/presence/days/{id}/{date}", operation_id = "presence_day_show",
    tag = "presence", extensions(("x-role" = json!("member"))),
    params(("id" = String, Path, description = "The person"), ("date" = String, Path, description = "The day")),
    responses((status = 200, description = "The day", body = DayView), Refused)
)]
pub(in crate::http) async fn show(
    Member(caller): Member,
    State(admin): State<Admin>,
    Path((id, on)): Path<(String, String)>,
) -> Result<Json<DayView>, Problem> {
    may_see(&caller, &id, Role::Operator)?;
    let date = date("date", &on)?;
    people::find(&admin, &id).await?;
    looks::note(&admin, &caller, &id, "day").await?;
    let decision = admin.store.overrides(Some(&id), date, date).await?.pop();
    let filter = DayFilter { person: Some(id.clone()), from: date, through: date, only_unpublished: false };
    let kept = admin.store.person_days(&filter, None, 1).await?.pop();
    let day = admin.presences.day(&id, date).await?;
    if kept.is_none() && day.is_none() {
        let detail = format!("nothing is known of {date}; `presence.policy` in hub.toml has no version for that day");
        return Err(Problem::new(StatusCode::NOT_FOUND, "day_unknown", "There is no such day", detail));
    }
    let view = DayView {
        kept: kept.as_ref().map(|kept| DayRow::new(kept, decision.as_ref())),
        decision: decision.map(DecisionView::from),
        history: kept.iter().flat_map(chapters).map(ChapterView::from).collect(),
        day: day.map(|day| told(&day)).unwrap_or_default(),
    };
    Ok(Json(view))
}

/// A day as JSON: sources as words, moments as times, and in each slot the devices themselves.
fn told(day: &Day) -> Value {
    let mut value = serde_json::to_value(day).unwrap_or_default();
    in_words(&mut value);
    if let Some(fields) = value.as_object_mut() {
        fields.insert("slots".to_owned(), day.slots.iter().map(|slot| told_slot(slot, day)).collect());
    }
    value
}

fn told_slot(slot: &Slot, day: &Day) -> Value {
    let seen = slot.seen.iter().map(|(number, sources)| {
        let device = day.devices.get(usize::from(*number));
        json!({
            "device": device.map(|device| device.device.as_str()),
            "site": device.map(|device| device.site.as_str()),
            "sources": words(*sources),
        })
    });
    json!({ "at": Time(slot.at_ms), "seen": seen.collect::<Vec<_>>() })
}

/// Writes numbers of sources as words and moments as times, wherever they stand.
fn in_words(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            let keys: Vec<String> = fields.keys().cloned().collect();
            for key in keys {
                let Some(mut field) = fields.remove(&key) else { continue };
                match (key.strip_suffix("_ms"), field.as_i64()) {
                    (Some(name), Some(at_ms)) => drop(fields.insert(name.to_owned(), Time(at_ms).to_string().into())),
                    (None, Some(bits)) if key == "sources" => {
                        let sources = words(u16::try_from(bits).unwrap_or_default());
                        fields.insert(key, sources.into());
                    }
                    _ => {
                        in_words(&mut field);
                        fields.insert(key, field);
                    }
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(in_words),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

impl DayRow {
    pub(super) fn new(stored: &StoredDay, decision: Option<&Override>) -> Self {
        let day = kept_day(stored);
        let of_day = |read: fn(&Day) -> String| day.as_ref().map(read);
        Self {
            person: stored.person.clone(),
            date: stored.date,
            value: stored.value,
            decided: decision.map(|decision| decision.value),
            answer: of_day(|day| word(day.answer)),
            minutes: day.as_ref().map(|day| day.minutes),
            slots: day.as_ref().map(|day| day.slots.len()),
            policy: of_day(|day| format!("{} {}", day.policy, day.version)),
            mark: word(stored.mark),
            revision: stored.revision,
            published_revision: stored.published_revision,
            published: stored.published_ms.map(Time),
        }
    }
}

impl From<Chapter> for ChapterView {
    fn from(Chapter { at_ms, revision, value, told, mark, minutes, decided }: Chapter) -> Self {
        let (account, comment) = decided.map(|one| (one.account, one.comment)).unzip();
        let (value, told, mark) = (value.amount(), told.amount(), word(mark));
        Self { at: Time(at_ms), revision, value, told, mark, minutes, account, comment }
    }
}

impl From<Override> for DecisionView {
    fn from(Override { value, comment, account, made_ms, .. }: Override) -> Self {
        Self { value, comment, account, made: Time(made_ms) }
    }
}
