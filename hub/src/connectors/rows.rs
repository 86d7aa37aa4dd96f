//! From punches to rows for a third party: which are wanted, which go together, what a late punch changes; pure.

use std::collections::{BTreeMap, BTreeSet};

use jiff::tz::TimeZone;
use ring::digest::{SHA256, digest};
use serde_json::Value;
use vigie_shared::id::to_hex;

use super::job::{Job, JobState, NewJob, Row, RowKey};
use super::mapping::{PushMapping, Unit};
use super::outcome::says_same;
use super::pair::{Event, Paired, directed, local_day, pair, runs_backwards, split_at_midnight};
use super::settings::Connector;
use crate::store::attendance::{Direction, Punch, PunchKey, PunchKind};

/// How far back a person's punches are looked at, for the directions and spans around a fresh one: two weeks hold a
/// free day, on which every count of IN and OUT begins anew.
pub const LOOK_BACK_MS: i64 = 14 * 24 * 60 * 60 * 1000;

/// How the reason of a job begins whose row another one took the place of.
pub const REPLACED: &str = "replaced: ";

/// What a fresh look at a person's punches changes.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Turn {
    /// Jobs to make.
    pub add: Vec<NewJob>,
    /// Jobs that changed: skipped, taken back, sent again.
    pub change: Vec<Job>,
}

/// Whether a punch goes to a connector.
#[must_use]
pub fn is_wanted(connector: &Connector, push: &PushMapping, punch: &Punch) -> bool {
    let is_ours = connector.terminals.is_empty() || connector.terminals.contains(&punch.terminal);
    let is_due = punch.at_ms.is_some_and(|at_ms| at_ms >= connector.start_at_ms);
    let is_person = punch.kind == PunchKind::Person && punch.counts && punch.enrol_id.is_some();
    is_ours && is_due && is_person && push.only.iter().all(|(name, value)| has(punch, name, value))
}

fn has(punch: &Punch, name: &str, wanted: &Value) -> bool {
    let found: Value = match name {
        "granted" => is_granted(punch).into(),
        "mode" => punch.mode.into(),
        "dir" => punch.direction.map(word).into(),
        "inout" => punch.in_out.into(),
        "event" => punch.event.into(),
        "terminal_sn" => punch.terminal.clone().into(),
        _ => punch.enrol_id.into(),
    };
    match wanted {
        Value::Array(any) => any.iter().any(|wanted| says_same(&found, wanted)),
        wanted => says_same(&found, wanted),
    }
}

/// Where nobody asked the box, the terminal itself let the person in.
fn is_granted(punch: &Punch) -> bool {
    punch.access.unwrap_or(true)
}

fn word(direction: Direction) -> &'static str {
    match direction {
        Direction::In => "in",
        Direction::Out => "out",
    }
}

/// The row of one punch.
#[must_use]
pub fn row_of(punch: &Punch, direction: Option<Direction>) -> Row {
    Row {
        terminal: punch.terminal.clone(),
        name: punch.name.clone(),
        at_ms: punch.at_ms.unwrap_or_default(),
        dir: direction.map(|direction| word(direction).to_owned()),
        mode: punch.mode,
        in_out: punch.in_out,
        event: punch.event,
        granted: is_granted(punch),
        temperature_centi_c: punch.temperature_centi_c,
        punches: vec![to_hex(&punch.key.0)],
        ..Row::default()
    }
}

/// The jobs of fresh punches, each a row of its own. `around` are the wanted punches of the same people, which
/// decide the directions that terminals do not say.
#[must_use]
pub fn single(push: &PushMapping, fresh: &BTreeSet<PunchKey>, around: &[Punch]) -> Vec<NewJob> {
    let mut jobs = Vec::new();
    for (enrol_id, punches) in by_person(around) {
        let by_key: BTreeMap<[u8; 16], &Punch> = punches.iter().map(|punch| (punch.key.0, *punch)).collect();
        for (event, direction) in directed(&events(&punches), push.span_ms_max) {
            let Some(punch) = by_key.get(&event.key).filter(|punch| fresh.contains(&punch.key)) else { continue };
            let said = if push.unit == Unit::Event { Some(direction) } else { punch.direction };
            jobs.push(NewJob::pending(RowKey(event.key), enrol_id, row_of(punch, said)));
        }
    }
    jobs.sort_by_key(|job| (job.row.at_ms, job.key));
    jobs
}

/// The punches of each person.
#[must_use]
pub fn by_person(punches: &[Punch]) -> BTreeMap<u64, Vec<&Punch>> {
    let mut people: BTreeMap<u64, Vec<&Punch>> = BTreeMap::new();
    for punch in punches {
        if let Some(enrol_id) = punch.enrol_id {
            people.entry(enrol_id).or_default().push(punch);
        }
    }
    people
}

fn events(punches: &[&Punch]) -> Vec<Event> {
    let event = |punch: &&Punch| Some(Event { at_ms: punch.at_ms?, key: punch.key.0, direction: punch.direction });
    punches.iter().filter_map(event).collect()
}

/// The period of a person that is looked at anew.
#[derive(Debug, Clone, Copy)]
pub struct Look<'a> {
    /// The terminal's number of the person.
    pub enrol_id: u64,
    /// Only what begins at or after this moment is judged; punches before it are there to pair with.
    pub from_ms: i64,
    /// Milliseconds since 1970 UTC.
    pub now_ms: i64,
    /// The connector's zone.
    pub zone: &'a TimeZone,
}

/// What the punches of one person amount to where rows are spans or days.
#[must_use]
pub fn joined(push: &PushMapping, punches: &[&Punch], look: &Look<'_>) -> Vec<NewJob> {
    let by_key: BTreeMap<[u8; 16], &Punch> = punches.iter().map(|punch| (punch.key.0, *punch)).collect();
    let paired = pair(&events(punches), push.span_ms_max, look.now_ms);
    let mut jobs = match push.unit {
        Unit::Day => days(&paired, &by_key, look),
        Unit::Punch | Unit::Event | Unit::Span | Unit::Presence => spans(push, &paired, &by_key, look),
    };
    let alone = |event: &Event, why: &str, tag: &str| {
        let row = by_key.get(&event.key).map(|punch| row_of(punch, event.direction)).unwrap_or_default();
        NewJob {
            state: JobState::Parked,
            why: Some(why.to_owned()),
            ..NewJob::pending(key(tag, &[event.key], ""), look.enrol_id, row)
        }
    };
    let no_out = "there is no OUT for this IN: nothing is sent until a terminal tells of it, or somebody skips it";
    let no_in = "there is no IN for this OUT: nothing is sent until a terminal tells of it, or somebody skips it";
    jobs.extend(paired.forgotten.iter().map(|event| alone(event, no_out, "forgotten")));
    jobs.extend(paired.lone.iter().map(|event| alone(event, no_in, "lone")));
    jobs.retain(|job| job.row.at_ms >= look.from_ms);
    jobs
}

fn spans(push: &PushMapping, paired: &Paired, by_key: &BTreeMap<[u8; 16], &Punch>, look: &Look<'_>) -> Vec<NewJob> {
    let mut jobs = Vec::new();
    for (start, end) in &paired.spans {
        let pieces = if push.split_midnight {
            split_at_midnight(start.at_ms, end.at_ms, look.zone)
        } else {
            vec![(start.at_ms, end.at_ms)]
        };
        for (index, (from_ms, to_ms)) in pieces.into_iter().enumerate() {
            let row = by_key.get(&start.key).map(|punch| row_of(punch, None)).unwrap_or_default();
            let punches = vec![to_hex(&start.key), to_hex(&end.key)];
            let row = Row { at_ms: from_ms, end_ms: Some(to_ms), punches, ..row };
            let job = NewJob::pending(key("span", &[start.key, end.key], &index.to_string()), look.enrol_id, row);
            jobs.push(if runs_backwards(from_ms, to_ms, look.zone) { told_by_hand(job) } else { job });
        }
    }
    jobs
}

fn told_by_hand(job: NewJob) -> NewJob {
    let why = "clocks went back between this IN and its OUT, so that it would end before it begins; enter it there, then skip this row";
    NewJob { state: JobState::Dead, why: Some(why.to_owned()), ..job }
}

fn days(paired: &Paired, by_key: &BTreeMap<[u8; 16], &Punch>, look: &Look<'_>) -> Vec<NewJob> {
    let mut days: BTreeMap<String, Row> = BTreeMap::new();
    for (start, end) in &paired.spans {
        for (from_ms, to_ms) in split_at_midnight(start.at_ms, end.at_ms, look.zone) {
            let day = local_day(from_ms, look.zone);
            let fresh = || Row {
                at_ms: from_ms,
                day: Some(day.clone()),
                punches: Vec::new(),
                ..by_key.get(&start.key).map(|punch| row_of(punch, None)).unwrap_or_default()
            };
            let row = days.entry(day.clone()).or_insert_with(fresh);
            row.spans.push((from_ms, to_ms));
            row.end_ms = Some(to_ms);
            row.punches.extend([to_hex(&start.key), to_hex(&end.key)]);
        }
    }
    let job = |(day, row): (String, Row)| {
        NewJob::pending(key("day", &[], &format!("{} {day}", look.enrol_id)), look.enrol_id, row)
    };
    days.into_iter().map(job).collect()
}

/// Compares what a person's punches amount to with the jobs that there are of the same period.
#[must_use]
pub fn compare(push: &PushMapping, wanted: Vec<NewJob>, existing: &[Job], look: &Look<'_>) -> Turn {
    let mut turn = Turn::default();
    let wanted_keys: BTreeSet<RowKey> = wanted.iter().map(|job| job.key).collect();
    let mut is_blocked: BTreeSet<String> = BTreeSet::new();
    for job in existing.iter().filter(|job| !wanted_keys.contains(&job.key) && job.row.at_ms >= look.from_ms) {
        match leave(push, job, look.now_ms) {
            Some(changed) => turn.change.push(changed),
            None if job.state == JobState::Sent => is_blocked.extend(job.row.punches.iter().cloned()),
            None => {}
        }
    }
    for mut new in wanted {
        let Some(known) = existing.iter().find(|job| job.key == new.key) else {
            if new.state == JobState::Pending && new.row.punches.iter().any(|punch| is_blocked.contains(punch)) {
                let why = "an earlier row with one of its punches was sent and cannot be taken back from here; correct it there, then skip this";
                (new.state, new.why) = (JobState::Dead, Some(why.to_owned()));
            }
            turn.add.push(new);
            continue;
        };
        turn.change.extend(again(known, &new, look.now_ms));
    }
    turn
}

/// What becomes of a job that is wanted no longer: skipped if it was not sent, taken back if that is possible.
fn leave(push: &PushMapping, job: &Job, now_ms: i64) -> Option<Job> {
    let why = Some(format!("{REPLACED}another punch of this person arrived and changed what belongs together"));
    let changed = Job { last_error: why, changed_ms: now_ms, next_try_ms: now_ms, ..job.clone() };
    match job.state {
        // What may be there must be found before it can be taken back: a person decides.
        JobState::Pending | JobState::Failed | JobState::Parked if job.unsure.is_none() => {
            Some(Job { state: JobState::Skipped, ..changed })
        }
        JobState::Sent if push.undo.is_some() && job.remote_id.is_some() => {
            let wish = super::job::Wish::Undo;
            Some(Job { state: JobState::Pending, wish, attempts: 0, ..changed })
        }
        JobState::Pending
        | JobState::Failed
        | JobState::Parked
        | JobState::Sent
        | JobState::Dead
        | JobState::Skipped => None,
    }
}

/// A job that is wanted again, or whose day has changed.
fn again(known: &Job, new: &NewJob, now_ms: i64) -> Option<Job> {
    let was_replaced =
        known.state == JobState::Skipped && known.last_error.as_deref().is_some_and(|why| why.starts_with(REPLACED));
    let has_changed = !new.row.spans.is_empty() && known.row.spans != new.row.spans && known.state != JobState::Skipped;
    if !was_replaced && !has_changed {
        return None;
    }
    let wish = super::job::Wish::Send;
    let fresh = Job {
        row: new.row.clone(),
        state: new.state,
        wish,
        attempts: 0,
        last_error: new.why.clone(),
        failing_ms: None,
        breaks: 0,
        ..known.clone()
    };
    Some(Job { next_try_ms: now_ms, changed_ms: now_ms, ..fresh })
}

/// The name of a row that is made of several.
pub(super) fn key(tag: &str, parts: &[[u8; 16]], rest: &str) -> RowKey {
    let text = serde_json::json!(["vigie row 1", tag, parts.iter().map(|part| to_hex(part)).collect::<Vec<_>>(), rest]);
    let mut key = [0; 16];
    key.iter_mut().zip(digest(&SHA256, text.to_string().as_bytes()).as_ref()).for_each(|(to, from)| *to = *from);
    RowKey(key)
}

/// The name of a set of rows, the same whenever the same rows go together.
#[must_use]
pub fn batch_key(jobs: &[Job]) -> String {
    match jobs {
        [only] => only.key.to_string(),
        many => key("batch", &many.iter().map(|job| job.key.0).collect::<Vec<_>>(), "").to_string(),
    }
}

#[cfg(test)]
pub(crate) mod tests;
