//! Who is here? Names of those who agreed, counts from five upwards, and where nobody can see.

pub(super) mod day;
pub(super) mod month;
mod strip;
mod words;

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use self::words::Words;
use super::frame::{Frame, Reader, render};
use super::history::Local;
use super::row::Moment;
use crate::attendance::book::Mark;
use crate::http::Admin;
use crate::http::problem::Problem;
use crate::http::time::Time;
use crate::presence::driver::{HereNow, Visitor};
use crate::presence::headcount::{Crowd, TOLD_FROM};
use crate::presence::online::Standing;
use crate::store::presence::Dispute;
use crate::text::{self, Lang};

/// Disputed days that are shown, the newest.
const DISPUTES_MAX: usize = 100;

/// Somebody who is here and agreed to be named.
struct Named {
    name: String,
    site: Option<String>,
    since: Moment,
    seen: Moment,
}

/// A site where nobody can say who is there.
struct Blind {
    site: String,
    since: Option<Moment>,
}

/// A day that waits for an answer.
struct Disputed {
    person: String,
    name: String,
    date: Date,
    day: String,
    text: String,
    made: Moment,
}

#[derive(Template)]
#[template(path = "presence.html")]
struct PresencePage<'a> {
    frame: &'a Frame,
    w: &'static Words,
    people: String,
    passing: String,
    disputed: Vec<Disputed>,
    named: Vec<Named>,
    blind: Vec<Blind>,
    has_devices: bool,
    now: Time,
}

/// Shows who is here.
pub(super) async fn show(reader: Reader, State(admin): State<Admin>) -> Response {
    let frame = reader.frame;
    let page = page(&admin, &frame).await;
    frame.answer(page)
}

async fn page(admin: &Admin, frame: &Frame) -> Result<Response, Problem> {
    let (here, w) = (admin.presences.here_lately().await?, words::of(frame.lang));
    let present = here.people.iter().filter(|visitor| visitor.standing.is_here());
    let (count, lang) = (present.clone().count(), frame.lang);
    let mut named: Vec<Named> =
        present.filter(|visitor| visitor.shows_name).filter_map(|visitor| Named::of(lang, &here, visitor)).collect();
    named.sort_by_key(|one| one.name.to_lowercase());
    let moment = |at_ms: i64| Moment::new(lang, at_ms, here.at_ms, &TimeZone::system());
    let blind = here.blind.iter().map(|(site, since_ms)| Blind { site: site.to_string(), since: since_ms.map(moment) });
    Ok(render(&PresencePage {
        frame,
        w,
        people: crowd(lang, Crowd::told_to(count, frame.is_operator()), w.person_here, w.people_here),
        passing: crowd(lang, here.passing.told(), w.passing_one, w.passing_many),
        disputed: disputed(admin, frame).await?,
        named,
        blind: blind.collect(),
        has_devices: !here.people.is_empty(),
        now: Time(here.at_ms),
    }))
}

/// The days that wait for an operator's answer.
async fn disputed(admin: &Admin, frame: &Frame) -> Result<Vec<Disputed>, Problem> {
    if !frame.is_operator() {
        return Ok(Vec::new());
    }
    let waiting = admin.store.disputes(None, true, DISPUTES_MAX).await?;
    if waiting.is_empty() {
        return Ok(Vec::new());
    }
    let people = admin.store.people().await?;
    let at = Local::of_hub(frame, admin.clock.wall_ms());
    let name = |id: &str| people.iter().find(|person| person.id == id).map_or(id, |person| &person.name).to_owned();
    let row = |one: Dispute| Disputed {
        name: name(&one.person),
        day: text::spoken_day(frame.lang, one.date),
        made: at.moment(one.made_ms),
        person: one.person,
        date: one.date,
        text: one.text,
    };
    Ok(waiting.into_iter().map(row).collect())
}

/// How sure a day is.
fn sure(w: &'static Words, mark: Mark) -> &'static str {
    match mark {
        Mark::Provisional => w.provisional,
        Mark::Final => w.is_final,
        Mark::Amended => w.amended,
    }
}

/// A number of people, or that it is too small to be told.
fn crowd(lang: Lang, told: Option<u32>, one: &str, many: &str) -> String {
    match (told, lang) {
        (Some(count), _) => text::counted(lang, count.into(), one, many),
        (None, Lang::Fr) => format!("moins de {TOLD_FROM}\u{a0}{many}"),
        (None, Lang::En) => format!("fewer than {TOLD_FROM}\u{a0}{many}"),
    }
}

impl Named {
    fn of(lang: Lang, here: &HereNow, visitor: &Visitor) -> Option<Self> {
        let Standing::Here { site, since_ms, seen_ms } = &visitor.standing else { return None };
        let moment = |at_ms: i64| Moment::new(lang, at_ms, here.at_ms, &TimeZone::system());
        Some(Self {
            name: visitor.name.clone(),
            site: site.as_ref().map(ToString::to_string),
            since: moment(*since_ms),
            seen: moment(*seen_ms),
        })
    }
}

#[cfg(test)]
mod tests;
