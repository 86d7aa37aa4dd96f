//! One person's day: what it is worth, and why. Looking is noted, and said.

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::month::{halves, written};
use super::strip::{self, Hour, SLOTS, Track};
use super::sure;
use super::words::{self, Words};
use crate::attendance::book::Mark;
use crate::http::attendance::date;
use crate::http::guard::may_see;
use crate::http::page::frame::{Frame, Insider, render};
use crate::http::page::row::{Moment, zone_of};
use crate::http::problem::Problem;
use crate::http::{Admin, looks, people};
use crate::presence::chapter::Chapter;
use crate::presence::day::{Day, Flag};
use crate::presence::driver::{chapters, kept_day};
use crate::store::accounts::Role;
use crate::store::presence::{DayFilter, Dispute, Override, StoredDay};
use crate::text;

/// One stay at one site.
struct Stay {
    site: String,
    from: Moment,
    to: Moment,
}

/// What the day was worth from a moment on.
struct ChapterRow {
    at: Moment,
    worth: String,
    minutes: String,
    mark: &'static str,
    by: String,
    comment: String,
}

/// What somebody decided.
struct Decided {
    value: String,
    comment: String,
    account: String,
    made: Moment,
}

/// What somebody said.
struct Said {
    text: String,
    account: String,
    made: Moment,
}

/// What is said to be wrong, and the answer.
struct Disputed {
    said: Said,
    answer: Option<Said>,
}

#[derive(Template)]
#[template(path = "day.html")]
struct DayPage<'a> {
    frame: &'a Frame,
    w: &'static Words,
    person: String,
    name: String,
    date: Date,
    title: String,
    back: String,
    worth: String,
    /// What was computed, where somebody decided otherwise.
    computed: Option<String>,
    mark: &'static str,
    /// What it was worth before, if that was something else.
    before: Option<String>,
    history: Vec<ChapterRow>,
    revision: Option<u32>,
    published: Option<Moment>,
    minutes: String,
    slots: String,
    rule: String,
    is_complete: bool,
    tracks: Vec<Track>,
    hours: Vec<Hour>,
    stays: Vec<Stay>,
    flags: Vec<&'static str>,
    decided: Option<Decided>,
    dispute: Option<Disputed>,
    values: Vec<(String, String)>,
}

/// Shows a day.
pub(in crate::http::page) async fn show(
    reader: Insider,
    State(admin): State<Admin>,
    Path((person, on)): Path<(String, String)>,
) -> Response {
    let page = page(&admin, &reader, (&person, &on)).await;
    reader.frame.answer(page)
}

async fn page(admin: &Admin, reader: &Insider, (person, on): (&str, &str)) -> Result<Response, Problem> {
    may_see(&reader.caller, person, Role::Operator)?;
    let date = date("date", on)?;
    let known = people::find(admin, person).await?;
    looks::note(admin, &reader.caller, person, "day").await?;
    let decision = admin.store.overrides(Some(person), date, date).await?.pop();
    let filter = DayFilter { person: Some(person.to_owned()), from: date, through: date, only_unpublished: false };
    let kept = admin.store.person_days(&filter, None, 1).await?.pop();
    let day = admin.presences.day(person, date).await?.or_else(|| kept.as_ref().and_then(kept_day));
    let Some(day) = day else {
        let detail = format!("nothing is known of {date}; `presence.policy` in hub.toml has no version for that day");
        return Err(Problem::new(StatusCode::NOT_FOUND, "day_unknown", "There is no such day", detail));
    };
    let zone = zone(admin, &day).await?;
    let writer = Writer { frame: &reader.frame, w: words::of(reader.frame.lang), zone, now_ms: admin.clock.wall_ms() };
    let dispute = admin.store.dispute(person, date).await?.map(|dispute| writer.disputed(dispute));
    let page = writer.page((person, known.name), &day, kept.as_ref(), decision);
    Ok(render(&DayPage { dispute, ..page }))
}

/// The zone of the site where the person was longest; the hub's own if the person was nowhere.
async fn zone(admin: &Admin, day: &Day) -> Result<TimeZone, Problem> {
    let first = day.sites.first().map(|one| &one.site).or_else(|| day.devices.first().map(|one| &one.site));
    let Some(site) = first else { return Ok(TimeZone::system()) };
    Ok(admin.store.site(site).await?.as_ref().map_or_else(TimeZone::system, zone_of))
}

/// What a day counted for before, if it was something else.
fn before(history: &[Chapter]) -> Option<f64> {
    let last = history.last()?;
    let other = history.iter().rev().find(|chapter| chapter.told != last.told)?;
    Some(other.told.amount())
}

struct Writer<'a> {
    frame: &'a Frame,
    w: &'static Words,
    zone: TimeZone,
    now_ms: i64,
}

impl<'a> Writer<'a> {
    fn page(
        &self,
        (person, name): (&str, String),
        day: &Day,
        kept: Option<&StoredDay>,
        decision: Option<Override>,
    ) -> DayPage<'a> {
        let (lang, w) = (self.frame.lang, self.w);
        let value = decision.as_ref().map_or_else(|| day.value.amount(), |decision| decision.value);
        let history = kept.map(chapters).unwrap_or_default();
        DayPage {
            frame: self.frame,
            w,
            person: person.to_owned(),
            name,
            date: day.date,
            title: text::spoken_day(lang, day.date),
            back: format!("/presence/month?month={}", written(day.date)),
            worth: halves(lang, value),
            computed: decision.as_ref().map(|_| halves(lang, day.value.amount())),
            mark: sure(w, kept.map_or(Mark::Provisional, |kept| kept.mark)),
            before: before(&history).map(|amount| halves(lang, amount)),
            history: history.into_iter().rev().map(|chapter| self.chapter(chapter)).collect(),
            revision: kept.map(|kept| kept.revision).filter(|revision| *revision > 0),
            published: kept.and_then(|kept| kept.published_ms).map(|at_ms| self.moment(at_ms)),
            minutes: self.minutes(day.minutes),
            slots: text::counted(lang, day.slots.len() as u64, w.slot, w.slots),
            rule: format!("{} {}", day.policy, day.version),
            is_complete: day.is_complete,
            tracks: strip::tracks(day, &self.zone),
            hours: strip::hours().collect(),
            stays: self.stays(day),
            flags: day.flags.iter().map(|flag| self.flag(flag)).collect(),
            decided: decision.map(|decision| self.decided(decision)),
            dispute: None,
            values: [("0", w.nothing), ("0.5", w.half), ("1", w.full)]
                .map(|(value, word)| (value.to_owned(), word.to_owned()))
                .to_vec(),
        }
    }

    fn moment(&self, at_ms: i64) -> Moment {
        Moment::new(self.frame.lang, at_ms, self.now_ms, &self.zone)
    }

    fn minutes(&self, minutes: i64) -> String {
        text::duration(self.frame.lang, u64::try_from(minutes).unwrap_or(0).saturating_mul(60))
    }

    fn chapter(&self, chapter: Chapter) -> ChapterRow {
        let (by, comment) = chapter.decided.map(|decided| (decided.account, decided.comment)).unzip();
        ChapterRow {
            at: self.moment(chapter.at_ms),
            worth: halves(self.frame.lang, chapter.told.amount()),
            minutes: self.minutes(chapter.minutes),
            mark: sure(self.w, chapter.mark),
            by: by.unwrap_or_else(|| self.w.computed.to_owned()),
            comment: comment.unwrap_or_default(),
        }
    }

    fn stays(&self, day: &Day) -> Vec<Stay> {
        let of_site = |one: &crate::presence::day::SiteDay| {
            let site = one.site.to_string();
            one.sessions
                .iter()
                .map(|session| Stay {
                    site: site.clone(),
                    from: self.moment(session.from_ms),
                    to: self.moment(session.to_ms),
                })
                .collect::<Vec<_>>()
        };
        day.sites.iter().flat_map(of_site).collect()
    }

    fn flag(&self, flag: &Flag) -> &'static str {
        match flag {
            Flag::Bridged(_) => self.w.bridged,
            Flag::TwoSites(_) => self.w.two_sites,
            Flag::LeftDevice { .. } => self.w.left_device,
            Flag::NoDeparture => self.w.no_departure,
            Flag::Glimpsed => self.w.glimpsed,
            Flag::Closed { .. } => self.w.closed,
        }
    }

    fn said(&self, (text, account, made_ms): (String, String, i64)) -> Said {
        Said { text, account, made: self.moment(made_ms) }
    }

    fn disputed(&self, dispute: Dispute) -> Disputed {
        let answer = dispute.answer.map(|one| self.said((one.text, one.account, one.made_ms)));
        Disputed { said: self.said((dispute.text, dispute.account, dispute.made_ms)), answer }
    }

    fn decided(&self, decision: Override) -> Decided {
        let made = self.moment(decision.made_ms);
        Decided {
            value: halves(self.frame.lang, decision.value),
            comment: decision.comment,
            account: decision.account,
            made,
        }
    }
}
