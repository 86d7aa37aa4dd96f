//! Which hours apply to whom? One week for each schedule, how far it is on its terminals, and the days on which nobody is
//! expected.

mod sent;

use std::collections::BTreeMap;

use askama::Template;
use axum::extract::State;
use axum::response::Response;

use self::sent::{SentDay, Standing, sent, standing};
use super::today;
use super::words::{self, Words};
use crate::attendance::driver::TERMINALS_MAX;
use crate::attendance::{Directions, Holiday, Profile, Schedule, Shift, WEEKDAYS, schedule_of};
use crate::http::Admin;
use crate::http::page::frame::{Frame, Reader, render};
use crate::http::page::history::Local;
use crate::http::page::marks::Mark;
use crate::http::page::row::Moment;
use crate::http::problem::Problem;
use crate::http::time::Time;
use crate::store::terminals::Terminal;
use crate::text;

/// Commands that are looked through: a week for each terminal of a large house, several times.
const COMMANDS_MAX: usize = 5_000;

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
    /// The first day of a changed week: today, and nothing for the first one.
    from: String,
    /// The last days of the weeks that held before.
    former: Vec<String>,
    at: Vec<AtTerminal>,
}

/// A schedule at one of its terminals.
struct AtTerminal {
    serial: String,
    /// Where it stands; none if it never called.
    site: Option<String>,
    mark: Mark,
    /// When it came so far.
    since: Option<Moment>,
    /// What its box said.
    detail: String,
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
    now: Time,
}

/// Shows every schedule.
pub(in crate::http::page) async fn show(reader: Reader, State(admin): State<Admin>) -> Response {
    let page = page(&admin, &reader.frame).await;
    reader.frame.answer(page)
}

async fn page(admin: &Admin, frame: &Frame) -> Result<Response, Problem> {
    let (w, now_ms) = (words::of(frame.lang), admin.clock.wall_ms());
    let schedules = admin.store.schedules().await?;
    let commands = admin.store.commands_of_kind("set_terminal_schedule", None, COMMANDS_MAX).await?;
    let known = Known {
        w,
        at: Local::of_hub(frame, now_ms),
        terminals: admin.store.terminals(None, TERMINALS_MAX).await?,
        profiles: admin.store.terminal_profiles().await?,
        sent: sent(&commands),
    };
    let holidays = admin.store.holidays().await?;
    let mut names = vec![(String::new(), w.everybody.to_owned())];
    names.extend(schedules.iter().map(|schedule| (schedule.name.clone(), schedule.name.clone())));
    Ok(render(&SchedulesPage {
        frame,
        w,
        weeks: schedules.iter().map(|schedule| known.week(schedule, &schedules)).collect(),
        fresh: Week::new(w, &Schedule::empty("")),
        now: Time(now_ms),
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
            from: String::new(),
            former: Vec::new(),
            at: Vec::new(),
        }
    }
}

/// What is known of terminals, and what was sent to them.
struct Known<'a> {
    w: &'static Words,
    at: Local<'a>,
    terminals: Vec<Terminal>,
    profiles: BTreeMap<String, Profile>,
    sent: BTreeMap<String, BTreeMap<i64, SentDay>>,
}

impl Known<'_> {
    fn week(&self, schedule: &Schedule, all: &[Schedule]) -> Week {
        let is_own = |terminal: &&Terminal| {
            schedule_of(all, &terminal.state.terminal).is_some_and(|holding| holding.name == schedule.name)
        };
        let called = self.terminals.iter().filter(is_own).map(|terminal| terminal.state.terminal.clone());
        let mut serials: Vec<String> = schedule.terminals.iter().cloned().chain(called).collect();
        serials.sort();
        serials.dedup();
        let lang = self.at.frame.lang;
        Week {
            from: today(self.at.now_ms).to_string(),
            former: schedule.former.iter().map(|week| text::spoken_day(lang, week.through)).collect(),
            at: serials.into_iter().map(|serial| self.at_terminal(schedule, serial)).collect(),
            ..Week::new(self.w, schedule)
        }
    }

    fn at_terminal(&self, schedule: &Schedule, serial: String) -> AtTerminal {
        let begins = self.profiles.get(&serial).map(|profile| profile.week_begins).unwrap_or_default();
        let (standing, day) = standing(schedule, begins, self.sent.get(&serial));
        let of_serial = self.terminals.iter().find(|terminal| terminal.state.terminal == serial);
        AtTerminal {
            site: of_serial.map(|terminal| terminal.site.to_string()),
            serial,
            mark: mark(standing, self.w),
            since: day.map(|day| self.at.moment(day.changed_ms)),
            detail: day.map(|day| day.detail.clone()).unwrap_or_default(),
        }
    }
}

fn mark(standing: Standing, w: &Words) -> Mark {
    let (state, word) = match standing {
        Standing::Pending => ("running", w.sent_pending),
        Standing::NoAnswer => ("unknown", w.sent_no_answer),
        Standing::Refused => ("attention", w.sent_refused),
        Standing::Changed => ("attention", w.sent_changed),
        Standing::Accepted => ("fine", w.sent_accepted),
        Standing::NotSent => ("paused", w.sent_never),
    };
    Mark { state, word }
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
