//! Reads who is enrolled on a time clock, and tells the hub.

use std::collections::BTreeMap;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use vigie_shared::wire::command::GetTerminalUsers as Parameters;
use vigie_shared::wire::reading::{TerminalUser, UserStretch};

use super::at_terminal::{Pages, ask, objects, serial, text};
use super::{Act, Answer, Context, Failure, Underway};
use crate::terminals::frame::{Fields, int};
use crate::terminals::reply::Order;
use crate::terminals::row::{clean_text, enrol_id};
use crate::terminals::{AskError, Serial, Terminals};

/// The section `commands.get_terminal_users` of the configuration.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {}

/// Executes `get_terminal_users`.
struct GetTerminalUsers {
    terminals: Terminals,
}

/// Makes the executor.
pub fn new(_config: &Config, context: &Context) -> impl Act<Parameters = Parameters> + use<> {
    GetTerminalUsers { terminals: context.terminals.clone() }
}

#[async_trait]
impl Act for GetTerminalUsers {
    type Parameters = Parameters;

    async fn run(&self, parameters: &Parameters, underway: &Underway) -> Result<Answer, Failure> {
        let serial = serial(&parameters.terminal)?;
        let (mut rows, is_complete) = self.list(&serial, underway).await?;
        if let Some(only) = parameters.enrol_id {
            rows.retain(|row| row.enrol_id == only);
        }
        let unnamed = if parameters.names || parameters.enrol_id.is_some() {
            self.name(&serial, &mut rows, underway).await?
        } else {
            0
        };
        let (from, through) = parameters.enrol_id.map_or((0, u64::MAX), |only| (only, only));
        let stretch = is_complete.then_some(UserStretch { from, through });
        self.terminals.store_users(&serial, rows.clone(), stretch).await?;
        Ok(answer(&serial, &rows, is_complete, unnamed))
    }

    fn is_read(&self) -> bool {
        true
    }
}

impl GetTerminalUsers {
    /// One row per credential, and whether the list is complete.
    async fn list(&self, serial: &Serial, underway: &Underway) -> Result<(Vec<TerminalUser>, bool), Failure> {
        // A terminal lists credentials, of which a person has several.
        let capacity = self.terminals.facts(serial)?.users_max.map(|users| users.saturating_mul(3));
        let mut rows = BTreeMap::new();
        let mut pages = Pages::new(&self.terminals, serial, Order::new("getuserlist"), capacity);
        while let Some(page) = pages.next().await? {
            if page.is_first {
                rows.clear();
            }
            let fresh = objects(&page.answered).into_iter().filter_map(|fields| credential(&fields));
            rows.extend(fresh.map(|row| ((row.enrol_id, row.slot), row)));
            underway.stage(format!("{} credentials read", rows.len()));
        }
        Ok((rows.into_values().collect(), pages.is_complete))
    }

    /// Asks for everybody's name; how many the terminal did not tell.
    async fn name(&self, serial: &Serial, rows: &mut [TerminalUser], underway: &Underway) -> Result<usize, Failure> {
        let mut names: BTreeMap<u64, Option<String>> = rows.iter().map(|row| (row.enrol_id, None)).collect();
        let mut is_answering = true;
        for (number, (id, name)) in names.iter_mut().enumerate() {
            if number % 20 == 0 {
                underway.stage(format!("{number} names read"));
            }
            match ask(&self.terminals, serial, Order::new("getusername").with("enrollid", *id)).await {
                Ok(answered) if answered.is_done => *name = text(&answered).map(|name| clean_text(name.trim())),
                Ok(_) => {}
                // Whoever is silent about one name is silent about all.
                Err(AskError::NoAnswer) if is_answering && number == 0 => is_answering = false,
                Err(AskError::NoAnswer) if !is_answering => break,
                Err(error) => return Err(error.into()),
            }
        }
        for row in rows {
            row.name = names.get(&row.enrol_id).cloned().flatten().filter(|name| !name.is_empty());
        }
        Ok(names.values().filter(|name| name.is_none()).count())
    }
}

fn credential(fields: &Fields) -> Option<TerminalUser> {
    let small = |name: &str| i32::try_from(int(fields.get(name)?)?).ok();
    let enrol_id = fields.get("enrollid").and_then(enrol_id)?;
    let name = fields.get("name").and_then(Value::as_str).map(|name| clean_text(name.trim()));
    let name = name.filter(|name| !name.is_empty());
    Some(TerminalUser { enrol_id, name, slot: small("backupnum").unwrap_or(0), admin: small("admin"), record: None })
}

fn answer(serial: &Serial, rows: &[TerminalUser], is_complete: bool, unnamed: usize) -> Answer {
    let mut people: BTreeMap<u64, (Option<&str>, Vec<i32>, i32)> = BTreeMap::new();
    for row in rows {
        let (name, slots, admin) = people.entry(row.enrol_id).or_default();
        *name = name.or(row.name.as_deref());
        slots.push(row.slot);
        *admin = (*admin).max(row.admin.unwrap_or(0));
    }
    let count = people.len();
    let show = |(enrol_id, (name, slots, admin)): (u64, (Option<&str>, Vec<i32>, i32))| json!({ "enrol_id": enrol_id, "name": name, "slots": slots, "admin": admin });
    let users: Vec<Value> = people.into_iter().map(show).collect();
    let doubt = if is_complete { "" } else { "; the terminal repeated itself, so more may be enrolled" };
    let said = format!("{count} people with {} credentials on terminal {serial}{doubt}", rows.len());
    Answer::with(said, json!({ "is_complete": is_complete, "unnamed": unnamed, "users": users }))
}
