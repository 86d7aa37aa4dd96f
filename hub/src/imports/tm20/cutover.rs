//! What was read of a dump goes into the hub's store. Doing it again changes nothing that people changed meanwhile.

use std::collections::BTreeMap;

use super::{Auth, Legacy, Report, Sent};
use crate::attendance::{Person, Schedule, Shift};
use crate::connectors::auth::AuthKind;
use crate::connectors::job::{JobState, NewJob, Row, RowKey};
use crate::connectors::settings::{AuthChoice, Connector, MappingChoice, NAME_LENGTH_MAX, is_name};
use crate::store::numbers::Numbered;
use crate::store::{Store, StoreError};

/// Marks that are written at once.
const STEP_MARKS: usize = 1000;

/// Why a job is there that this hub never sent.
const SENT_BEFORE: &str = "the old server sent it before the cut-over";

/// Why a job stands beside it.
const OTHER_SPELLING: &str =
    "the old server sent it before the cut-over; this is how its row may be spelt when it comes again";

/// Takes everything over; returns the report with what was added to it.
///
/// # Errors
///
/// [`StoreError::Failed`]: a part may be taken; do it again.
pub async fn take_over(store: &dyn Store, legacy: Legacy, now_ms: i64) -> Result<Report, StoreError> {
    let Legacy { people, schedules, connectors, sent, numbers, mut report, .. } = legacy;
    for (of, all) in
        [(Numbered::Terminal, numbers.terminals), (Numbered::User, numbers.users), (Numbered::Shift, numbers.shifts)]
    {
        store.keep_numbers(of, &all).await?;
    }
    let known: Vec<String> = store.schedules().await?.into_iter().map(|schedule| schedule.name).collect();
    for schedule in schedules {
        if known.contains(&schedule.name) {
            report.note(format!("A schedule {:?} is here already and stays as it is.", schedule.name));
        } else {
            store.put_schedule(&of_schedule(schedule)).await?;
        }
    }
    let known: Vec<String> = store.people().await?.into_iter().map(|person| person.id).collect();
    for super::Person { id, name, numbers } in people.into_iter().filter(|person| !known.contains(&person.id)) {
        store.put_person(&Person { id, name, numbers }).await?;
    }
    for old in connectors {
        let (connector, secrets) = connector_of(&old, now_ms, &mut report);
        if let Some(number) = old.number {
            store.keep_numbers(Numbered::Connector, &[(number, connector.name.clone())]).await?;
        }
        match store.add_connector(&connector).await {
            Ok(()) => store.put_connector_secrets(&connector.name, &secrets).await?,
            Err(StoreError::Conflict(_)) => {
                report.note(format!("A connector {} is here already and stays as it is.", connector.name));
            }
            Err(error) => return Err(error),
        }
        for serial in &old.terminals {
            let marks: Vec<NewJob> =
                sent.get(serial).into_iter().flatten().flat_map(|sent| marks(serial, sent)).collect();
            for step in marks.chunks(STEP_MARKS) {
                store.add_jobs(&connector.name, step, now_ms).await?;
            }
        }
    }
    Ok(report)
}

/// A sent punch as jobs that are done: one for what was sent, others for how the same row may come back.
fn marks(serial: &str, sent: &Sent) -> Vec<NewJob> {
    let states =
        std::iter::once((JobState::Sent, SENT_BEFORE)).chain(std::iter::repeat((JobState::Skipped, OTHER_SPELLING)));
    let row = Row { terminal: serial.to_owned(), at_ms: sent.at_ms, granted: true, ..Row::default() };
    let mark = |(key, (state, why)): (&crate::store::attendance::PunchKey, (JobState, &str))| NewJob {
        state,
        why: Some(why.to_owned()),
        ..NewJob::pending(RowKey(key.0), sent.enrol_id, row.clone())
    };
    sent.keys.iter().zip(states).map(mark).collect()
}

fn of_schedule(old: super::Schedule) -> Schedule {
    let super::Schedule { name, terminals, days } = old;
    let shift = |super::Shift { starts, ends, pause, tolerance_min }| Shift { starts, ends, pause, tolerance_min };
    let days = days.into_iter().map(|(weekday, old)| (weekday, shift(old))).collect();
    // The old server took one number for one person on all terminals.
    Schedule { terminals, days, has_common_numbers: true, ..Schedule::empty(&name) }
}

/// The connector and its secrets. What lacks a secret or a path is switched off until somebody gives it.
pub(crate) fn connector_of(
    old: &super::Connector,
    now_ms: i64,
    report: &mut Report,
) -> (Connector, BTreeMap<String, Option<String>>) {
    let name = name(&old.name);
    let (auth, secrets) = credentials(old);
    let lacks_secret = old.auth != Auth::None && secrets.is_empty();
    let lacks_path = old.users_endpoint.is_empty() || old.attendance_endpoint.is_empty();
    if old.is_on && (lacks_secret || lacks_path) {
        let what = if lacks_secret { "its secret" } else { "a path for people or punches" };
        report.note(format!(
            "Connector {name} is switched off: it lacks {what}. `vigie-hub connector set {name}` gives it."
        ));
    }
    let paths = [("users_endpoint", &old.users_endpoint), ("attendance_endpoint", &old.attendance_endpoint)];
    let given = paths.into_iter().filter(|(_, path)| !path.is_empty());
    let cfg = given.map(|(key, path)| (key.to_owned(), format!("/{}", path.trim_start_matches('/')))).collect();
    let connector = Connector {
        name,
        mapping: MappingChoice::Shipped("default".to_owned()),
        base: Some(old.base_url.trim_end_matches('/').to_owned()),
        zone: None,
        auth,
        cfg,
        interval_ms: Some(u64::from(old.interval_min) * 60_000),
        batch_max: None,
        timeout_ms: Some(u64::from(old.timeout_s) * 1000),
        rate: None,
        is_on: old.is_on && !lacks_secret && !lacks_path,
        start_at_ms: old.oldest_unsent_ms.unwrap_or(now_ms).min(now_ms),
        terminals: old.terminals.clone(),
        numbers: BTreeMap::new(),
        created_ms: now_ms,
    };
    (connector, secrets)
}

fn credentials(old: &super::Connector) -> (Option<AuthChoice>, BTreeMap<String, Option<String>>) {
    let choice = |kind, header: Option<&String>| Some(AuthChoice { kind, header: header.cloned() });
    let secret = old.secret.as_ref().map(|secret| secret.0.clone());
    let one = |name: &str, value: Option<String>| value.map(|value| (name.to_owned(), Some(value)));
    match &old.auth {
        Auth::None => (choice(AuthKind::None, None), BTreeMap::new()),
        Auth::Bearer => (choice(AuthKind::Bearer, None), one("token", secret).into_iter().collect()),
        Auth::Key(header) => (choice(AuthKind::Header, Some(header)), one("token", secret).into_iter().collect()),
        Auth::Basic => {
            let pair = secret.as_deref().and_then(|secret| secret.split_once(':'));
            let (user, password) = pair.map(|(user, password)| (user.to_owned(), password.to_owned())).unzip();
            let both = [one("username", user), one("password", password)];
            (choice(AuthKind::Basic, None), both.into_iter().flatten().collect())
        }
    }
}

/// The old name in the letters that names have here.
fn name(old: &str) -> String {
    let plain: String = old.to_lowercase().chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
    let words: Vec<&str> = plain.split('-').filter(|word| !word.is_empty()).collect();
    let mut name = words.join("-");
    name.truncate(NAME_LENGTH_MAX);
    if is_name(&name) { name } else { "legacy".to_owned() }
}

#[cfg(test)]
mod tests;
