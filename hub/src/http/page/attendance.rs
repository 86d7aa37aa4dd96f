//! Who was late or forgot? What somebody has to settle first, then everybody's day.

pub(super) mod download;
mod finding;
mod missing;
pub(super) mod schedules;
mod words;

use askama::Template;
use axum::extract::State;
use axum::http::Uri;
use axum::response::Response;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use self::finding::{colour, gravity, state};
use self::missing::MissingRow;
use self::words::Words;
use super::form::zoned;
use super::frame::{Frame, Reader, render};
use super::marks::Mark;
use super::row::Moment;
use super::table::{Column, Look, Table};
use crate::attendance::book::{self, PersonDay, Who};
use crate::attendance::day::Finding;
use crate::attendance::driver::{Scope, days};
use crate::http::Admin;
use crate::http::attendance::{date, problem};
use crate::http::problem::Problem;
use crate::store::accounts::Role;
use crate::store::attendance::{Direction, Doubt, Punch, PunchFilter};
use crate::text::{self, Lang};

/// Punches in doubt that are shown, the newest.
const IN_DOUBT_MAX: usize = 50;

/// A punch that somebody should look at.
struct DoubtRow {
    key: String,
    who: String,
    terminal: String,
    told: String,
    at: Option<Moment>,
    zone: String,
    /// What the form calls the moment that it counts at.
    at_field: String,
    doubts: String,
    can_count: bool,
}

/// A person's day.
struct DayRow {
    name: String,
    /// Smaller is graver.
    gravity: usize,
    state: &'static str,
    mark: Mark,
    came: String,
    left: String,
    late_min: i64,
    late: String,
    worked_min: i64,
    worked: String,
    findings: Vec<String>,
    sure: &'static str,
}

#[derive(Template)]
#[template(path = "attendance.html")]
struct AttendancePage<'a> {
    frame: &'a Frame,
    w: &'static Words,
    look: &'a Look,
    title: String,
    date: Date,
    before: String,
    after: String,
    doubts: Vec<DoubtRow>,
    missing: Vec<MissingRow>,
    states: [(&'static str, &'static str); 3],
    headline: String,
    rows: Vec<DayRow>,
    table: Table,
    has_days: bool,
}

/// Shows a day of everybody.
pub(super) async fn show(reader: Reader, State(admin): State<Admin>, uri: Uri) -> Response {
    let page = page(&admin, &reader, &Look::of(&uri)).await;
    reader.frame.answer(page)
}

/// The day that is asked for; today if none is.
fn wanted(look: &Look, now_ms: i64) -> Result<Date, Problem> {
    match look.get("date") {
        "" => Ok(today(now_ms)),
        text => date("date", text),
    }
}

pub(super) fn today(now_ms: i64) -> Date {
    jiff::Timestamp::from_millisecond(now_ms).unwrap_or_default().to_zoned(TimeZone::system()).date()
}

async fn page(admin: &Admin, reader: &Reader, look: &Look) -> Result<Response, Problem> {
    reader.needs(Role::Operator)?;
    let (frame, now_ms) = (&reader.frame, admin.clock.wall_ms());
    let (w, on) = (words::of(frame.lang), wanted(look, now_ms)?);
    let filter = PunchFilter { only_in_doubt: true, ..PunchFilter::default() };
    let doubts = admin.store.punches(&filter, None, IN_DOUBT_MAX).await?;
    let fleet = admin.fleet.snapshot();
    let found = days(&*admin.store, &fleet, (&Scope::All, (on, on)), now_ms).await.map_err(problem)?;
    let (people, writer) = (admin.store.people().await?, Writer { lang: frame.lang, w, now_ms });
    let mut rows: Vec<DayRow> = found.iter().map(|day| writer.day(day)).collect();
    let has_days = !rows.is_empty();
    let late = rows.iter().filter(|row| row.late_min > 0).count();
    let missing: Vec<MissingRow> = found.iter().filter_map(|day| writer.missing(day, &people)).collect();
    let headline = writer.headline(rows.len(), late, doubts.len() + missing.len());
    rows.retain(|row| look.has(&row.name) && (look.get("state").is_empty() || row.state == look.get("state")));
    sort(&mut rows, look);
    let (rows, table) = look.page(frame.lang, &columns(w), rows);
    Ok(render(&AttendancePage {
        frame,
        w,
        look,
        title: text::spoken_day(frame.lang, on),
        date: on,
        before: look.address("date", &on.yesterday().unwrap_or(on).to_string()),
        after: look.address("date", &on.tomorrow().unwrap_or(on).to_string()),
        doubts: doubts.iter().map(|punch| writer.doubt(punch)).collect(),
        missing,
        states: [("late", w.late), ("missing", w.missing), ("absent", w.absent)],
        headline,
        rows,
        table,
        has_days,
    }))
}

fn columns(w: &'static Words) -> [Column; 7] {
    [
        Column::sorted(w.name, "name"),
        Column::plain(w.state),
        Column::plain(w.came).number(),
        Column::plain(w.left).number(),
        Column::sorted(w.lateness, "late").number(),
        Column::sorted(w.worked, "worked").number(),
        Column::plain(w.sure),
    ]
}

fn sort(rows: &mut [DayRow], look: &Look) {
    let (by, is_descending) = look.sort();
    rows.sort_by_key(|row| row.name.to_lowercase());
    match by {
        "name" => {}
        "late" => rows.sort_by_key(|row| row.late_min),
        "worked" => rows.sort_by_key(|row| row.worked_min),
        _ => rows.sort_by_key(|row| row.gravity),
    }
    if is_descending {
        rows.reverse();
    }
}

/// Whose day it is, as people call them.
fn name_of(one: &PersonDay) -> String {
    let number = || match &one.who {
        Who::Person(id) => id.clone(),
        Who::Number(Some(terminal), number) => format!("{terminal}/{number}"),
        Who::Number(None, number) => number.to_string(),
    };
    one.name.clone().unwrap_or_else(number)
}

/// When somebody came first and left last that day.
fn came_and_left(one: &PersonDay) -> (Option<i64>, Option<i64>) {
    let of = |direction| one.day.strip.iter().filter(move |step| step.direction == Some(direction));
    let (came, left) = (of(Direction::In).next(), of(Direction::Out).next_back());
    (came.map(|step| step.at_ms), left.map(|step| step.at_ms))
}

/// What rows are written with.
struct Writer {
    lang: Lang,
    w: &'static Words,
    now_ms: i64,
}

impl Writer {
    fn headline(&self, days: usize, late: usize, doubts: usize) -> String {
        let w = self.w;
        [
            text::counted(self.lang, days as u64, w.person, w.people),
            text::counted(self.lang, late as u64, w.late_one, w.late_many),
            text::counted(self.lang, doubts as u64, w.to_settle, w.to_settle),
        ]
        .join(", ")
    }

    fn day(&self, one: &PersonDay) -> DayRow {
        let zone = TimeZone::get(&one.zone).unwrap_or(TimeZone::UTC);
        let at = |at_ms: i64| {
            let at = jiff::Timestamp::from_millisecond(at_ms).unwrap_or_default().to_zoned(zone.clone());
            format!("{:02}:{:02}", at.hour(), at.minute())
        };
        let ((came_ms, left_ms), nothing) = (came_and_left(one), || "–".to_owned());
        let late_min = one.day.findings.iter().find_map(|finding| match finding {
            Finding::Late { minutes } => Some(*minutes),
            _ => None,
        });
        let minutes = |minutes: i64| text::duration(self.lang, u64::try_from(minutes).unwrap_or(0) * 60);
        let worked_min = one.day.worked_ms / 60_000;
        let first = one.day.findings.first().copied().unwrap_or(Finding::Off);
        DayRow {
            name: name_of(one),
            gravity: gravity(first),
            state: state(first),
            mark: Mark { state: colour(first), word: self.finding(first) },
            came: came_ms.map_or_else(nothing, at),
            left: left_ms.map_or_else(nothing, at),
            late_min: late_min.unwrap_or(0),
            late: late_min.map_or_else(nothing, minutes),
            worked_min,
            worked: if worked_min > 0 { minutes(worked_min) } else { nothing() },
            findings: one.day.findings.iter().skip(1).map(|finding| self.finding(*finding).to_owned()).collect(),
            sure: self.sure(one.mark),
        }
    }

    fn sure(&self, mark: book::Mark) -> &'static str {
        match mark {
            book::Mark::Provisional => self.w.provisional,
            book::Mark::Final => self.w.is_final,
            book::Mark::Amended => self.w.amended,
        }
    }

    fn finding(&self, finding: Finding) -> &'static str {
        let w = self.w;
        match finding {
            Finding::Absent => w.absent,
            Finding::MissingPunch { direction: Direction::In } => w.missing_in,
            Finding::MissingPunch { direction: Direction::Out } => w.missing_out,
            Finding::Late { .. } => w.late,
            Finding::LateFromBreak { .. } => w.late_from_break,
            Finding::LeftEarly { .. } => w.left_early,
            Finding::OutsideSchedule => w.outside,
            Finding::OnTime => w.on_time,
            Finding::Pending => w.pending,
            Finding::Holiday => w.holiday,
            Finding::Off => w.off,
        }
    }

    fn doubt(&self, punch: &Punch) -> DoubtRow {
        let zone = TimeZone::get(&punch.zone).unwrap_or(TimeZone::UTC);
        let number = punch.enrol_id.map(|number| number.to_string()).unwrap_or_default();
        let doubts: Vec<&str> = punch.doubts.iter().map(|doubt| self.doubt_word(*doubt)).collect();
        DoubtRow {
            key: punch.key.to_string(),
            who: punch.name.clone().unwrap_or(number),
            terminal: punch.terminal.clone(),
            told: punch.local_time.clone(),
            at: punch.at_ms.map(|at_ms| Moment::new(self.lang, at_ms, self.now_ms, &zone)),
            doubts: doubts.join(", "),
            can_count: punch.enrol_id.is_some(),
            at_field: zoned("at", "at", &punch.zone),
            zone: punch.zone.clone(),
        }
    }

    fn doubt_word(&self, doubt: Doubt) -> &'static str {
        let w = self.w;
        match doubt {
            Doubt::NoTime => w.no_time,
            Doubt::ClockReset => w.clock_reset,
            Doubt::Future => w.future,
            Doubt::Ancient => w.ancient,
            Doubt::FrozenClock => w.frozen_clock,
            Doubt::Ambiguous => w.ambiguous,
            Doubt::Skipped => w.skipped,
        }
    }
}

#[cfg(test)]
mod tests;
