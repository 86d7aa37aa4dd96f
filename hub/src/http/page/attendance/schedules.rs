//! Which hours apply to whom? One week for each schedule, and the days on which nobody is expected.

use askama::Template;
use axum::extract::State;
use axum::response::Response;

use super::words::{self, Words};
use crate::attendance::{Directions, Holiday, Schedule, Shift, WEEKDAYS};
use crate::http::Admin;
use crate::http::page::frame::{Frame, Reader, render};
use crate::http::problem::Problem;
use crate::text;

/// One day of a week.
struct WeekdayRow {
    name: &'static str,
    /// What the form calls it: `days.monday.`.
    field: String,
    starts: String,
    ends: String,
    pause_starts: String,
    pause_ends: String,
    tolerance: String,
    is_off: bool,
}

/// One schedule.
struct Week {
    name: String,
    terminals: Vec<String>,
    zone: String,
    days: Vec<WeekdayRow>,
    /// `true` or nothing, as the form has it.
    has_common_numbers: &'static str,
    directions: &'static str,
    repeat_s: u16,
}

/// A day on which nobody is expected.
struct HolidayRow {
    date: String,
    spoken: String,
    name: String,
    schedule: String,
}

#[derive(Template)]
#[template(path = "schedules.html")]
struct SchedulesPage<'a> {
    frame: &'a Frame,
    w: &'static Words,
    weeks: Vec<Week>,
    fresh: Week,
    holidays: Vec<HolidayRow>,
    ways: Vec<(String, String)>,
    names: Vec<(String, String)>,
}

/// Shows every schedule.
pub(in crate::http::page) async fn show(reader: Reader, State(admin): State<Admin>) -> Response {
    match page(&admin, &reader.frame).await {
        Ok(page) => page,
        Err(problem) => reader.frame.refuse(problem),
    }
}

async fn page(admin: &Admin, frame: &Frame) -> Result<Response, Problem> {
    let w = words::of(frame.lang);
    let schedules = admin.store.schedules().await?;
    let holidays = admin.store.holidays().await?;
    let mut names = vec![(String::new(), w.everybody.to_owned())];
    names.extend(schedules.iter().map(|schedule| (schedule.name.clone(), schedule.name.clone())));
    Ok(render(&SchedulesPage {
        frame,
        w,
        weeks: schedules.iter().map(|schedule| Week::new(w, schedule)).collect(),
        fresh: Week::new(w, &Schedule::empty("")),
        holidays: holidays.iter().map(|holiday| HolidayRow::new(frame, holiday)).collect(),
        ways: [("terminal", w.by_terminal), ("alternate", w.alternate)]
            .map(|(way, word)| (way.to_owned(), word.to_owned()))
            .to_vec(),
        names,
    }))
}

impl Week {
    fn new(w: &Words, schedule: &Schedule) -> Self {
        let names = [w.monday, w.tuesday, w.wednesday, w.thursday, w.friday, w.saturday, w.sunday];
        let day = |((field, weekday), name): (&(&str, jiff::civil::Weekday), &'static str)| {
            WeekdayRow::new(name, field, schedule.days.get(&weekday.to_monday_one_offset()))
        };
        Self {
            name: schedule.name.clone(),
            terminals: schedule.terminals.clone(),
            zone: schedule.zone.clone().unwrap_or_default(),
            days: WEEKDAYS.iter().zip(names).map(day).collect(),
            has_common_numbers: if schedule.has_common_numbers { "true" } else { "" },
            directions: match schedule.directions {
                Directions::Terminal => "terminal",
                Directions::Alternate => "alternate",
            },
            repeat_s: schedule.repeat_s,
        }
    }
}

impl WeekdayRow {
    fn new(name: &'static str, field: &str, shift: Option<&Shift>) -> Self {
        let written = |time: jiff::civil::Time| format!("{:02}:{:02}", time.hour(), time.minute());
        let pause = shift.and_then(|shift| shift.pause);
        Self {
            name,
            field: format!("days.{field}."),
            starts: shift.map(|shift| written(shift.starts)).unwrap_or_default(),
            ends: shift.map(|shift| written(shift.ends)).unwrap_or_default(),
            pause_starts: pause.map(|(from, _)| written(from)).unwrap_or_default(),
            pause_ends: pause.map(|(_, to)| written(to)).unwrap_or_default(),
            tolerance: shift.map(|shift| shift.tolerance_min.to_string()).unwrap_or_default(),
            is_off: shift.is_none(),
        }
    }
}

impl HolidayRow {
    fn new(frame: &Frame, holiday: &Holiday) -> Self {
        Self {
            date: holiday.date.to_string(),
            spoken: text::spoken_day(frame.lang, holiday.date),
            name: holiday.name.clone(),
            schedule: holiday.schedule.clone().unwrap_or_default(),
        }
    }
}
