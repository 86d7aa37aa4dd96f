//! One person's day: from punches and a shift to what was done, and by which rule.
//!
//! Whatever order rows come in and however often, the same rows give the same day.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::plan::{Directions, Schedule, Shift};
use super::window::Window;
use crate::store::attendance::{Direction, PunchKey};

const MINUTE_MS: i64 = 60 * 1000;

/// A punch that counts, as far as a day needs it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// Its name.
    pub key: PunchKey,
    /// When, milliseconds since 1970 UTC.
    pub at_ms: i64,
    /// When the hub learnt of it, or somebody decided of it, milliseconds since 1970 UTC.
    pub known_ms: i64,
    /// Which way, if the terminal says.
    pub direction: Option<Direction>,
    /// On which terminal.
    pub terminal: String,
}

/// What a day was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Day {
    /// Which day.
    pub date: Date,
    /// The stretch of time whose punches belong to it.
    pub window: Window,
    /// When work was expected, from and to, milliseconds since 1970 UTC; none on a day off.
    pub expected: Option<(i64, i64)>,
    /// What was found, the gravest first; never empty.
    pub findings: Vec<Finding>,
    /// Time between coming and going, without the planned break where nobody punched for it, milliseconds.
    pub worked_ms: i64,
    /// Whether the person came and has not gone yet.
    pub is_present: bool,
    /// Every punch of the day and what became of it, in their order.
    pub strip: Vec<Step>,
}

/// What was found of a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "snake_case")]
pub enum Finding {
    /// Expected, and no punch.
    Absent,
    /// Came and no going was punched, or the other way round.
    MissingPunch {
        /// Which is missing.
        direction: Direction,
    },
    /// Came after the shift began.
    Late {
        /// Minutes after its beginning.
        minutes: i64,
    },
    /// Came back after the break ended.
    LateFromBreak {
        /// Minutes after its end.
        minutes: i64,
    },
    /// Left before the shift ended.
    LeftEarly {
        /// Minutes before its end.
        minutes: i64,
    },
    /// There when nobody was expected.
    OutsideSchedule,
    /// Within the tolerance.
    OnTime,
    /// The day goes on, or has not begun.
    Pending,
    /// Nobody was expected: a holiday.
    Holiday,
    /// Nobody was expected.
    Off,
}

/// One punch of a day and what became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// Which punch.
    pub key: PunchKey,
    /// When, milliseconds since 1970 UTC.
    pub at_ms: i64,
    /// On which terminal.
    pub terminal: String,
    /// What it was taken for; none if it was passed over.
    pub direction: Option<Direction>,
    /// Why.
    pub rule: Rule,
}

/// Why a punch was taken for what it was taken for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rule {
    /// The terminal said so.
    TerminalSays,
    /// The first of the day.
    Begins,
    /// The opposite of the one before.
    Alternates,
    /// So soon after the one before that it repeats it.
    Repeats,
}

/// What a day is judged by.
#[derive(Debug, Clone, Copy)]
pub struct Judged<'a> {
    /// Which day.
    pub date: Date,
    /// The schedule.
    pub schedule: &'a Schedule,
    /// What is expected, on a day that is no holiday.
    pub shift: Option<&'a Shift>,
    /// Whether it is a holiday.
    pub is_holiday: bool,
    /// The stretch of time that belongs to the day.
    pub window: Window,
}

/// Judges a day by its punches: those within the window. `now_ms` tells whether it goes on.
#[must_use]
pub fn judge(by: Judged<'_>, rows: &[Row], now_ms: i64) -> Day {
    let strip = strip(by.schedule, within(by.window, rows));
    let stays = stays(&strip);
    let is_over = now_ms >= by.window.to_ms;
    let expected = by.shift.and(by.window.shift);
    let is_present = !is_over && stays.last().is_some_and(|stay| stay.left_ms.is_none());
    let mut findings = match (by.shift, expected) {
        (Some(shift), Some(expected)) => of_shift(shift, expected, (by.window.pause, &stays), (is_over, now_ms)),
        _ if !stays.is_empty() => vec![Finding::OutsideSchedule],
        _ if by.is_holiday => vec![Finding::Holiday],
        _ => vec![Finding::Off],
    };
    findings.extend(missing(&stays, is_present));
    findings.sort_unstable();
    findings.dedup();
    if findings.len() > 1 {
        findings.retain(|finding| *finding != Finding::OnTime && *finding != Finding::Pending);
    }
    let worked_ms = worked(&stays, by.window.pause.filter(|_| by.shift.is_some()));
    Day { date: by.date, window: by.window, expected, findings, worked_ms, is_present, strip }
}

/// The rows of a window, each once, in their order.
fn within(window: Window, rows: &[Row]) -> Vec<&Row> {
    let mut own: Vec<&Row> = rows.iter().filter(|row| window.holds(row.at_ms)).collect();
    own.sort_by_key(|row| (row.at_ms, row.key));
    own.dedup_by_key(|row| row.key);
    own
}

fn strip(schedule: &Schedule, rows: Vec<&Row>) -> Vec<Step> {
    let repeat_ms = i64::from(schedule.repeat_s) * 1000;
    let mut last: Option<(i64, Direction)> = None;
    let mut steps = Vec::with_capacity(rows.len());
    for row in rows {
        let said = row.direction.filter(|_| schedule.directions == Directions::Terminal);
        let is_repeated = last.is_some_and(|(at_ms, direction)| {
            row.at_ms.saturating_sub(at_ms) < repeat_ms && said.is_none_or(|said| said == direction)
        });
        let alternate = match last {
            Some((_, Direction::In)) => Direction::Out,
            Some((_, Direction::Out)) | None => Direction::In,
        };
        let (direction, rule) = match said {
            _ if is_repeated => (None, Rule::Repeats),
            Some(said) => (Some(said), Rule::TerminalSays),
            None if last.is_none() => (Some(alternate), Rule::Begins),
            None => (Some(alternate), Rule::Alternates),
        };
        last = direction.map(|direction| (row.at_ms, direction)).or(last);
        steps.push(Step { key: row.key, at_ms: row.at_ms, terminal: row.terminal.clone(), direction, rule });
    }
    steps
}

/// From a coming to a going; one of them may be missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Stay {
    came_ms: Option<i64>,
    left_ms: Option<i64>,
}

fn stays(strip: &[Step]) -> Vec<Stay> {
    let mut stays: Vec<Stay> = Vec::new();
    for step in strip {
        match (step.direction, stays.last_mut()) {
            (Some(Direction::In), _) => stays.push(Stay { came_ms: Some(step.at_ms), left_ms: None }),
            (Some(Direction::Out), Some(open)) if open.left_ms.is_none() => open.left_ms = Some(step.at_ms),
            (Some(Direction::Out), _) => stays.push(Stay { came_ms: None, left_ms: Some(step.at_ms) }),
            (None, _) => {}
        }
    }
    stays
}

/// Punches that are missing. Who is still there will punch when going.
fn missing(stays: &[Stay], is_present: bool) -> impl Iterator<Item = Finding> {
    let closed = if is_present { stays.len().saturating_sub(1) } else { stays.len() };
    stays.iter().take(closed).filter_map(|stay| match stay {
        Stay { came_ms: None, .. } => Some(Finding::MissingPunch { direction: Direction::In }),
        Stay { left_ms: None, .. } => Some(Finding::MissingPunch { direction: Direction::Out }),
        Stay { .. } => None,
    })
}

type Span = (i64, i64);

fn of_shift(
    shift: &Shift,
    (starts_ms, ends_ms): Span,
    (break_span, stays): (Option<Span>, &[Stay]),
    (is_over, now_ms): (bool, i64),
) -> Vec<Finding> {
    let tolerance_ms = i64::from(shift.tolerance_min) * MINUTE_MS;
    let (Some(first), Some(last)) = (stays.first(), stays.last()) else {
        return vec![if is_over { Finding::Absent } else { Finding::Pending }];
    };
    let beyond = |late_ms: i64| (late_ms > tolerance_ms).then_some(late_ms / MINUTE_MS);
    let came_ms = first.came_ms;
    if came_ms.is_some_and(|came_ms| came_ms >= ends_ms) {
        return vec![Finding::OutsideSchedule];
    }
    let late = came_ms.and_then(|came_ms| beyond(came_ms.saturating_sub(starts_ms)));
    let has_ended = is_over || now_ms >= ends_ms;
    let early = last.left_ms.filter(|_| has_ended).and_then(|left_ms| beyond(ends_ms.saturating_sub(left_ms)));
    let back = break_span.and_then(|span| back_from(span, stays)).and_then(beyond);
    let mut findings = vec![if has_ended || late.is_some() { Finding::OnTime } else { Finding::Pending }];
    findings.extend(late.map(|minutes| Finding::Late { minutes }));
    findings.extend(back.map(|minutes| Finding::LateFromBreak { minutes }));
    findings.extend(early.map(|minutes| Finding::LeftEarly { minutes }));
    findings
}

/// How long after a break's end somebody came back who left around it; negative if before.
fn back_from((from_ms, to_ms): Span, stays: &[Stay]) -> Option<i64> {
    let absences = stays.iter().zip(stays.iter().skip(1));
    let mut around = absences.filter_map(|(before, after)| Some((before.left_ms?, after.came_ms?)));
    let (_, came_ms) = around.find(|(left_ms, came_ms)| *left_ms < to_ms && *came_ms > from_ms)?;
    Some(came_ms.saturating_sub(to_ms))
}

/// Time of whole stays. A planned break that a stay spans counts as taken.
fn worked(stays: &[Stay], pause: Option<Span>) -> i64 {
    let whole = stays.iter().filter_map(|stay| Some((stay.came_ms?, stay.left_ms?)));
    whole.fold(0, |sum: i64, (came_ms, left_ms)| {
        let spanned = pause.filter(|(from_ms, to_ms)| came_ms <= *from_ms && left_ms >= *to_ms);
        let pause_ms = spanned.map_or(0, |(from_ms, to_ms)| to_ms.saturating_sub(from_ms));
        sum.saturating_add(left_ms.saturating_sub(came_ms).saturating_sub(pause_ms).max(0))
    })
}

#[cfg(test)]
mod tests;
