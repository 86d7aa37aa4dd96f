//! The working hours of a dump: one row per terminal and weekday there, one schedule for alike terminals here.

use std::collections::BTreeMap;

use jiff::civil::Date;

use super::dump::{Known, Numbered};
use super::fields::Fields;
use super::report::Report;
use super::{Schedule, Shift};

/// Minutes of tolerance where a row says none, as the old server had it.
const TOLERANCE_MIN: u16 = 15;

/// The hours of one terminal: their name, and what is expected by weekday.
#[derive(Default)]
struct Hours {
    name: String,
    days: BTreeMap<i8, Vec<Shift>>,
}

/// Joins the rows that hold today: per terminal to a week, and terminals with the same week to one schedule.
pub(super) fn merged(rows: &[Numbered], known: &Known, (today, report): (Date, &mut Report)) -> Vec<Schedule> {
    let mut hours: BTreeMap<&str, Hours> = BTreeMap::new();
    for Numbered { fields: row, .. } in rows {
        if !row.flag(&["is_active"], true) {
            report.leave("working hours that were off", "the old server did not use them either");
            continue;
        }
        let begins_later = row.date(&["effective_from"]).is_some_and(|from| from > today);
        if begins_later || row.date(&["effective_until"]).is_some_and(|until| until < today) {
            report.leave("working hours of another season", "enter them with `vigie-hub schedule set` when they begin");
            continue;
        }
        let serial = row.reference(&["terminal", "device"]).and_then(|name| known.get(&name));
        let (Some(serial), Some(weekday), Some(shift)) = (serial, weekday(row), shift(row)) else {
            report.leave("working hours without a terminal, a weekday or a time", "nobody can tell what they mean");
            continue;
        };
        let of_terminal = hours.entry(serial).or_default();
        if of_terminal.name.is_empty() {
            of_terminal.name = row.text(&["name"]).unwrap_or_else(|| serial.clone());
        }
        of_terminal.days.entry(weekday).or_default().push(shift);
    }
    let mut schedules: Vec<Schedule> = Vec::new();
    for (serial, hours) in hours {
        let days =
            hours.days.into_iter().map(|(weekday, shifts)| (weekday, whole_day(shifts, serial, report))).collect();
        match schedules.iter_mut().find(|schedule| schedule.name == hours.name && schedule.days == days) {
            Some(schedule) => schedule.terminals.push(serial.to_owned()),
            None => schedules.push(Schedule { name: hours.name, terminals: vec![serial.to_owned()], days }),
        }
    }
    tell_apart(&mut schedules);
    report.take("schedules", schedules.len());
    schedules
}

/// Monday is 0 there and 1 here.
pub(super) fn weekday(row: &Fields) -> Option<i8> {
    let weekday = row.int(&["weekday"])?;
    i8::try_from(weekday).ok().filter(|weekday| (0..=6).contains(weekday)).map(|weekday| weekday + 1)
}

fn shift(row: &Fields) -> Option<Shift> {
    let starts = row.time(&["check_in_time", "check_in"])?;
    let ends = row.time(&["check_out_time", "check_out"])?;
    let pause = row.time(&["break_start_time", "break_start"]).zip(row.time(&["break_end_time", "break_end"]));
    let tolerance = row.int(&["tolerance_minutes", "tolerance"]).and_then(|minutes| u16::try_from(minutes).ok());
    Some(Shift { starts, ends, pause, tolerance_min: tolerance.unwrap_or(TOLERANCE_MIN) })
}

/// One shift of all that a day has: two halves without a break of their own become one with a break.
fn whole_day(mut shifts: Vec<Shift>, serial: &str, report: &mut Report) -> Shift {
    shifts.sort_by_key(|shift| shift.starts);
    let mut rest = shifts.iter();
    let mut day = rest.next().copied().expect("a day that is in the map has a shift");
    for next in rest {
        let is_second_half =
            day.pause.is_none() && next.pause.is_none() && day.starts < day.ends && day.ends <= next.starts;
        if is_second_half && next.starts < next.ends {
            day.pause = Some((day.ends, next.starts));
            day.ends = next.ends;
        } else if *next != day {
            report.leave(
                &format!("working hours of {serial} that begin at {}", next.starts),
                "a day has one beginning, one break and one end",
            );
        }
    }
    day
}

/// Schedules that are called the same and are not get their terminal into their name.
fn tell_apart(schedules: &mut [Schedule]) {
    let mut names: BTreeMap<String, u32> = BTreeMap::new();
    for schedule in schedules.iter() {
        *names.entry(schedule.name.clone()).or_default() += 1;
    }
    for schedule in schedules.iter_mut().filter(|schedule| names.get(&schedule.name).is_some_and(|count| *count > 1)) {
        let terminal = schedule.terminals.first().map_or("", String::as_str);
        schedule.name = format!("{} ({terminal})", schedule.name);
    }
}
