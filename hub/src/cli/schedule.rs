//! `vigie-hub schedule`: when people are expected, and on which days nobody is.

use std::fmt::Display;

use anyhow::Context as _;
use clap::{Args, Subcommand};
use reqwest::Method;
use serde_json::{Map, Value, json};

use super::VerbError;
use super::client::{Hub, segment};
use super::output::{Output, name, word};
use crate::attendance::judged;

/// Words for several weekdays.
const GROUPS: [(&str, &[&str]); 3] = [
    ("weekdays", &["monday", "tuesday", "wednesday", "thursday", "friday"]),
    ("weekend", &["saturday", "sunday"]),
    ("daily", &["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]),
];

/// What to do with schedules.
#[derive(Debug, Subcommand)]
pub enum ScheduleVerb {
    /// List the schedules.
    #[command(after_help = "Example:\n  vigie-hub schedule list --json")]
    List,
    /// Set a schedule: what was set under its name before is replaced.
    #[command(after_help = "Examples:
  vigie-hub schedule set office --terminal ZXTEST000417 --day weekdays=08:00-17:00 --break 12:00-13:00 --tolerance 15
  vigie-hub schedule set night --terminal ZXTEST000418 --day daily=22:00-06:00 --directions alternate
  vigie-hub schedule set all --zone Europe/Paris --day weekdays=09:00-18:00 --day saturday=09:00-12:00")]
    Set(Box<SetArgs>),
    /// Remove a schedule; punches stay.
    #[command(after_help = "Example:\n  vigie-hub schedule remove night")]
    Remove {
        /// Its name.
        name: String,
    },
    /// Days on which nobody is expected.
    #[command(subcommand)]
    Holiday(HolidayVerb),
}

/// What to set.
#[derive(Debug, Args)]
pub struct SetArgs {
    /// Its name.
    name: String,
    /// A terminal that it holds for; without any, it holds for all that no other schedule names.
    #[arg(long = "terminal", value_name = "SERIAL")]
    terminals: Vec<String>,
    /// The IANA zone of its times; each terminal's own if not given.
    #[arg(long)]
    zone: Option<String>,
    /// A weekday, `weekdays`, `weekend` or `daily`, and when work begins and ends.
    #[arg(long = "day", value_name = "DAY=FROM-TO", required = true)]
    days: Vec<String>,
    /// The break of these days.
    #[arg(long = "break", value_name = "FROM-TO")]
    pause: Option<String>,
    /// Minutes by which somebody may come later or leave earlier.
    #[arg(long, default_value_t = 0, value_name = "MINUTES")]
    tolerance: u16,
    /// One number is the same person on all of its terminals.
    #[arg(long)]
    common_numbers: bool,
    /// Who says whether somebody came or went.
    #[arg(long, default_value = "terminal", value_parser = ["terminal", "alternate"])]
    directions: String,
    /// The first day that the week holds for; today if not given. Days before keep the week that they had.
    #[arg(long, value_name = "DATE")]
    from: Option<String>,
}

/// What to do with holidays.
#[derive(Debug, Subcommand)]
pub enum HolidayVerb {
    /// List the holidays.
    #[command(after_help = "Example:\n  vigie-hub schedule holiday list")]
    List,
    /// Make a day a holiday.
    #[command(after_help = "Example:\n  vigie-hub schedule holiday add 2026-12-25 Noël")]
    Add {
        /// The day.
        date: String,
        /// What it is called.
        name: String,
        /// Only in this schedule.
        #[arg(long)]
        schedule: Option<String>,
    },
    /// Make a holiday a day like others.
    #[command(after_help = "Example:\n  vigie-hub schedule holiday remove 2026-12-25")]
    Remove {
        /// The day.
        date: String,
        /// The one of this schedule.
        #[arg(long)]
        schedule: Option<String>,
    },
}

pub(super) async fn act(hub: &Hub, verb: &ScheduleVerb, output: &mut Output<'_>) -> Result<(), VerbError> {
    match verb {
        ScheduleVerb::List => output.answer(&hub.get("/api/v1/schedules").await?, list)?,
        ScheduleVerb::Set(args) => {
            let path = format!("/api/v1/schedules/{}", segment(&args.name));
            let schedule = hub.change(Method::PUT, &path, &body(args)?).await?;
            output.answer(&schedule, |_, schedule| said(schedule))?;
        }
        ScheduleVerb::Remove { name } => {
            hub.change(Method::DELETE, &format!("/api/v1/schedules/{}", segment(name)), &json!({})).await?;
            output.text(&format!("Schedule {name} is removed. Punches stay; nobody is expected by it."))?;
        }
        ScheduleVerb::Holiday(verb) => holiday(hub, verb, output).await?,
    }
    Ok(())
}

async fn holiday(hub: &Hub, verb: &HolidayVerb, output: &mut Output<'_>) -> Result<(), VerbError> {
    match verb {
        HolidayVerb::List => output.answer(&hub.get("/api/v1/holidays").await?, holidays)?,
        HolidayVerb::Add { date, name, schedule } => {
            let body = json!({ "name": name, "schedule": schedule });
            let holiday = hub.change(Method::PUT, &format!("/api/v1/holidays/{}", segment(date)), &body).await?;
            output.answer(&holiday, |_, _| format!("Nobody is expected on {date}: {name}."))?;
        }
        HolidayVerb::Remove { date, schedule } => {
            let query =
                schedule.as_ref().map(|schedule| format!("?schedule={}", segment(schedule))).unwrap_or_default();
            hub.change(Method::DELETE, &format!("/api/v1/holidays/{}{query}", segment(date)), &json!({})).await?;
            output.text(&format!("{date} is a day like others."))?;
        }
    }
    Ok(())
}

fn body(args: &SetArgs) -> Result<Value, VerbError> {
    let pause = args.pause.as_deref().map(|pause| from_to(pause, "--break")).transpose()?;
    let mut days = Map::new();
    for day in &args.days {
        let (word, times) = day.split_once('=').with_context(|| format!("`--day {day}`: write DAY=FROM-TO"))?;
        let (starts, ends) = from_to(times, "--day")?;
        let shift = json!({
            "starts": starts,
            "ends": ends,
            "break_starts": pause.map(|(from, _)| from),
            "break_ends": pause.map(|(_, to)| to),
            "tolerance_min": args.tolerance,
        });
        let own = [word];
        let group = GROUPS.iter().find(|(group, _)| *group == word).map_or(own.as_slice(), |(_, days)| *days);
        days.extend(group.iter().map(|day| ((*day).to_owned(), shift.clone())));
    }
    Ok(json!({
        "terminals": args.terminals,
        "zone": args.zone,
        "days": days,
        "has_common_numbers": args.common_numbers,
        "directions": args.directions,
        "from": args.from,
    }))
}

/// Which days are judged by a schedule that was set.
fn said(schedule: &Value) -> String {
    let former = schedule["former"].as_array().and_then(|weeks| weeks.last()).map(|week| name(&week["through"]));
    let since = judged(former.as_ref().map(|through| through as &dyn Display));
    format!("Schedule {} is set. {since}", name(&schedule["name"]))
}

fn from_to<'a>(times: &'a str, option: &str) -> anyhow::Result<(&'a str, &'a str)> {
    times.split_once('-').with_context(|| format!("`{option} {times}`: write times like 08:00-17:00"))
}

fn list(output: &Output<'_>, schedules: &Value) -> String {
    let none = "No schedule yet: nobody is expected anywhere. `vigie-hub schedule set --help` shows how to make one.";
    output.table(&["SCHEDULE", "TERMINALS", "ZONE", "DAYS"], schedules, none, |one| {
        let terminals = one["terminals"].as_array().map(Vec::as_slice).unwrap_or_default();
        let terminals: Vec<String> = terminals.iter().map(name).collect();
        let terminals = if terminals.is_empty() { "all others".to_owned() } else { terminals.join(" ") };
        vec![name(&one["name"]), terminals, word(&one["zone"]), days(one)]
    })
}

/// The days of a schedule in the order of the week.
fn days(schedule: &Value) -> String {
    let week = GROUPS.iter().find(|(group, _)| *group == "daily").map_or(&[] as &[&str], |(_, days)| *days);
    let shown = week.iter().filter_map(|day| {
        let shift = schedule["days"].get(*day)?;
        let short: String = day.chars().take(3).collect();
        Some(format!("{short} {}-{}", name(&shift["starts"]), name(&shift["ends"])))
    });
    shown.collect::<Vec<_>>().join(", ")
}

fn holidays(output: &Output<'_>, holidays: &Value) -> String {
    let none = "No holiday yet. Add one with `vigie-hub schedule holiday add DATE NAME`.";
    output.table(&["DATE", "HOLIDAY", "SCHEDULE"], holidays, none, |one| {
        let schedule = one["schedule"].as_str().unwrap_or("all").to_owned();
        vec![name(&one["date"]), name(&one["name"]), schedule]
    })
}
