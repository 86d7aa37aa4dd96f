//! A month of everybody: what counts, and why? One row for each person, one cell for each day.

use std::collections::{BTreeMap, BTreeSet};

use askama::Template;
use axum::extract::State;
use axum::http::Uri;
use axum::response::Response;
use jiff::civil::Date;

use super::words::{self, Words};
use super::{DISPUTES_MAX, sure};
use crate::attendance::book::{Mark, dates};
use crate::http::guard::own_person;
use crate::http::page::frame::{Frame, Insider, render};
use crate::http::page::sheet::file;
use crate::http::page::table::Look;
use crate::http::problem::Problem;
use crate::http::{Admin, looks};
use crate::presence::day::Answer;
use crate::presence::driver::kept_day;
use crate::store::accounts::Role;
use crate::store::presence::{DayFilter, Override, StoredDay};
use crate::text::{self, Lang};

/// Days of one month of a large house: 500 people.
const DAYS_MAX: usize = 16_000;

/// A column: one day of the month.
struct Head {
    number: i8,
    weekday: &'static str,
    is_weekend: bool,
}

/// One day of one person.
struct Cell {
    date: Date,
    /// Its shape: `full`, `half`, `none`, `unobserved` or `blank`.
    shape: &'static str,
    is_provisional: bool,
    is_corrected: bool,
    /// Whether somebody says that it is wrong, and has no answer.
    is_disputed: bool,
    /// What it says to who cannot see it.
    name: String,
}

/// One person.
struct Line {
    person: String,
    name: String,
    cells: Vec<Cell>,
    total: String,
    provisional: String,
}

#[derive(Template)]
#[template(path = "month.html")]
struct MonthPage<'a> {
    frame: &'a Frame,
    w: &'static Words,
    look: &'a Look,
    title: String,
    /// As its field and addresses write it.
    month: String,
    before: String,
    after: String,
    heads: Vec<Head>,
    lines: Vec<Line>,
    csv: String,
}

/// Shows a month. Looking is noted.
pub(in crate::http::page) async fn show(reader: Insider, State(admin): State<Admin>, uri: Uri) -> Response {
    let page = page(&admin, &reader, &Look::of(&uri)).await;
    reader.frame.answer(page)
}

/// What is kept of a month, of everybody whom the reader may see.
struct Kept {
    from: Date,
    through: Date,
    days: Vec<StoredDay>,
    decided: Vec<Override>,
    /// Days that wait for an answer.
    disputed: BTreeSet<(String, Date)>,
    names: BTreeMap<String, String>,
}

impl Kept {
    async fn read(admin: &Admin, reader: &Insider, look: &Look) -> Result<Self, Problem> {
        let own = own_person(&reader.caller, None, Role::Operator)?;
        let (from, through) = month(look.get("month"), admin.clock.wall_ms());
        let filter = DayFilter { person: own.clone(), from, through, only_unpublished: false };
        let days = admin.store.person_days(&filter, None, DAYS_MAX).await?;
        let decided = admin.store.overrides(own.as_deref(), from, through).await?;
        let waiting = admin.store.disputes(own.as_deref(), true, DISPUTES_MAX).await?;
        let disputed = waiting.into_iter().map(|one| (one.person, one.date)).collect();
        let people = admin.store.people().await?;
        let names = people.into_iter().map(|person| (person.id, person.name)).collect();
        Ok(Self { from, through, days, decided, disputed, names })
    }

    /// What somebody is called; the id of whoever is no more listed.
    fn name(&self, person: &str) -> String {
        self.names.get(person).cloned().unwrap_or_else(|| person.to_owned())
    }

    /// What somebody decided of a day.
    fn decision(&self, person: &str, date: Date) -> Option<&Override> {
        self.decided.iter().find(|one| one.person == person && one.date == date)
    }
}

async fn page(admin: &Admin, reader: &Insider, look: &Look) -> Result<Response, Problem> {
    let (frame, kept) = (&reader.frame, Kept::read(admin, reader, look).await?);
    let (from, through) = (kept.from, kept.through);
    let mut of_person: BTreeMap<&str, BTreeMap<Date, &StoredDay>> = BTreeMap::new();
    for day in &kept.days {
        of_person.entry(day.person.as_str()).or_default().insert(day.date, day);
    }
    let w = words::of(frame.lang);
    let mut lines = Vec::new();
    for (person, days) in &of_person {
        let name = kept.name(person);
        if !look.has(&name) {
            continue;
        }
        looks::note(admin, &reader.caller, person, "month").await?;
        let writer = Writer { lang: frame.lang, w, kept: &kept };
        lines.push(writer.line((person, name), days, (from, through)));
    }
    lines.sort_by_key(|line| line.name.to_lowercase());
    Ok(render(&MonthPage {
        frame,
        w,
        look,
        title: title(frame.lang, from),
        month: written(from),
        before: look.address("month", &written(from.yesterday().unwrap_or(from))),
        after: look.address("month", &written(through.tomorrow().unwrap_or(through))),
        heads: dates(from, through).map(|date| head(frame.lang, date)).collect(),
        lines,
        csv: format!("/presence/month.csv?month={}", written(from)),
    }))
}

/// The first and the last day of a month as the address writes it; this month if it writes none.
pub(super) fn month(wanted: &str, now_ms: i64) -> (Date, Date) {
    let today = jiff::Timestamp::from_millisecond(now_ms).unwrap_or_default().to_zoned(jiff::tz::TimeZone::system());
    let first = format!("{wanted}-01").parse::<Date>().unwrap_or_else(|_no_month| today.date().first_of_month());
    (first.first_of_month(), first.last_of_month())
}

pub(super) fn written(date: Date) -> String {
    format!("{:04}-{:02}", date.year(), date.month())
}

/// "novembre 2026".
fn title(lang: Lang, date: Date) -> String {
    let day = text::spoken_day(lang, date);
    day.splitn(3, ' ').nth(2).unwrap_or_default().to_owned()
}

fn head(lang: Lang, date: Date) -> Head {
    let names = match lang {
        Lang::Fr => ["lu", "ma", "me", "je", "ve", "sa", "di"],
        Lang::En => ["Mo", "Tu", "We", "Th", "Fr", "Sa", "Su"],
    };
    let number = usize::try_from(date.weekday().to_monday_zero_offset()).unwrap_or(0);
    Head { number: date.day(), weekday: names.get(number).copied().unwrap_or(""), is_weekend: number >= 5 }
}

/// What lines are written with.
struct Writer<'a> {
    lang: Lang,
    w: &'static Words,
    kept: &'a Kept,
}

impl Writer<'_> {
    fn line(
        &self,
        (person, name): (&str, String),
        days: &BTreeMap<Date, &StoredDay>,
        (from, through): (Date, Date),
    ) -> Line {
        let decided = |date: Date| self.kept.decision(person, date);
        let worth = |day: &StoredDay| decided(day.date).map(|one| one.value).or(day.value).unwrap_or(0.0);
        let total: f64 = days.values().map(|day| worth(day)).sum();
        let open = days.values().filter(|day| day.mark == Mark::Provisional);
        let provisional: f64 = open.map(|day| worth(day)).sum();
        let cells = dates(from, through).map(|date| self.cell((person, date), days.get(&date).copied(), decided(date)));
        Line {
            person: person.to_owned(),
            name,
            cells: cells.collect(),
            total: halves(self.lang, total),
            provisional: halves(self.lang, provisional),
        }
    }

    fn cell(&self, (person, date): (&str, Date), stored: Option<&StoredDay>, decision: Option<&Override>) -> Cell {
        let day = stored.and_then(kept_day);
        let is_unseen = day.as_ref().is_some_and(|day| day.answer == Answer::NotObserved);
        let value = decision.map(|one| one.value).or_else(|| stored.and_then(|stored| stored.value));
        let (shape, what) = match value {
            None if stored.is_none() => ("blank", self.w.no_day),
            None => ("unobserved", self.w.not_observed),
            Some(_) if is_unseen && decision.is_none() => ("unobserved", self.w.not_observed),
            Some(value) if value >= 1.0 => ("full", self.w.full),
            Some(value) if value > 0.0 => ("half", self.w.half),
            Some(_) => ("none", self.w.nothing),
        };
        let minutes = day.map(|day| day.minutes).filter(|minutes| *minutes > 0);
        let lasted = minutes.map(|minutes| text::duration(self.lang, u64::try_from(minutes).unwrap_or(0) * 60));
        let sure = stored.map(|stored| sure(self.w, stored.mark));
        let is_disputed = self.kept.disputed.contains(&(person.to_owned(), date));
        let corrected = decision.map(|_| self.w.corrected.to_owned());
        let disputed = is_disputed.then(|| self.w.disputed.to_owned());
        let rest = [Some(what.to_owned()), lasted, sure.map(str::to_owned), corrected, disputed];
        let colon = if self.lang == Lang::Fr { "\u{a0}: " } else { ": " };
        let name = format!(
            "{}{colon}{}",
            text::spoken_day(self.lang, date),
            rest.into_iter().flatten().collect::<Vec<_>>().join(", ")
        );
        let is_provisional = stored.is_some_and(|stored| stored.mark == Mark::Provisional);
        Cell { date, shape, is_provisional, is_corrected: decision.is_some(), is_disputed, name }
    }
}

/// Days in halves: `2,5` or `2.5`.
pub(in crate::http::page) fn halves(lang: Lang, value: f64) -> String {
    decimal(lang, (value * 10.0).round() / 10.0)
}

/// A number as spreadsheets of that language read it.
fn decimal(lang: Lang, value: f64) -> String {
    let text = value.to_string();
    if lang == Lang::Fr { text.replace('.', ",") } else { text }
}

/// The days of a month as CSV, one line each. Looking is noted.
pub(in crate::http::page) async fn download(reader: Insider, State(admin): State<Admin>, uri: Uri) -> Response {
    let sheet = sheet(&admin, &reader, &Look::of(&uri)).await;
    reader.frame.answer(sheet)
}

async fn sheet(admin: &Admin, reader: &Insider, look: &Look) -> Result<Response, Problem> {
    let kept = Kept::read(admin, reader, look).await?;
    for person in kept.days.iter().map(|day| &day.person).collect::<BTreeSet<_>>() {
        looks::note(admin, &reader.caller, person, "month").await?;
    }
    let (lang, w) = (reader.frame.lang, words::of(reader.frame.lang));
    let row = |day: &StoredDay| {
        let decision = kept.decision(&day.person, day.date);
        let number = |value: Option<f64>| value.map(|value| decimal(lang, value)).unwrap_or_default();
        vec![
            kept.name(&day.person),
            day.date.to_string(),
            number(day.value),
            number(decision.map(|decision| decision.value)),
            sure(w, day.mark).to_owned(),
            day.revision.to_string(),
        ]
    };
    Ok(file(lang, &[w.person, w.date, w.worth, w.decided, w.sure, w.revision], kept.days.iter().map(row)))
}
