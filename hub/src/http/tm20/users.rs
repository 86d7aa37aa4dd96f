//! `/devices/api/sync/users/…`: people from a third party, and people to a terminal.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::body::Remarked;
use super::{connector, problem, terminal, unknown};
use crate::connectors::driver::PeopleWish;
use crate::connectors::people::Person;
use crate::http::Admin;
use crate::http::connectors::order;
use crate::http::guard::Operator;
use crate::http::problem::{Problem, Refused};
use crate::store::connectors::Listed;
use crate::store::numbers::Numbered;
use crate::store::terminals::Terminal;

/// Which people to read.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = LegacyTake, example = json!({ "terminal_id": 1, "config_id": 1 }))]
pub(super) struct Take {
    /// The terminal that they are for.
    terminal_id: i64,
    /// The third party that lists them.
    config_id: i64,
}

/// Which people go where.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = LegacyBring, example = json!({ "terminal_id": 1, "user_ids": [1, 2, 3] }))]
pub(super) struct Bring {
    /// The terminal.
    terminal_id: i64,
    /// The people, by the numbers that `from-third-party` tells; all if null.
    user_ids: Option<Vec<i64>>,
}

/// Somebody on a terminal.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = LegacyUserView)]
pub(super) struct UserView {
    /// The number of this person on this terminal.
    id: i64,
    /// The number under which the terminal knows the person.
    enrollid: u64,
    /// Name.
    name: Option<String>,
    /// Rights on the terminal.
    admin: i64,
    /// Whether the person may use terminals.
    is_enabled: bool,
    /// Week zone of the terminal.
    weekzone: Option<i64>,
    /// Group of the terminal.
    group: Option<i64>,
}

/// What was read.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = LegacyTakenView)]
pub(super) struct TakenView {
    /// The list was taken over.
    success: bool,
    /// How many people are listed.
    count: usize,
    /// How many of them are new.
    created: usize,
    /// How many changed.
    updated: usize,
    /// Everybody whom the terminal may get.
    users: Vec<UserView>,
    /// What somebody should know or do.
    notes: Vec<String>,
}

/// What goes to a terminal.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = LegacyBroughtView)]
pub(super) struct BroughtView {
    /// The commands are stored; they are sent as soon as the terminal's box hears.
    success: bool,
    /// How many people go there.
    count: usize,
    /// The commands, by id.
    commands: Vec<String>,
}

/// Reads the people that a third party lists, and takes them over. Nobody is deleted.
#[utoipa::path(
    post, path = "/devices/api/sync/users/from-third-party/", operation_id = "legacy_users_take",
    tag = "legacy", extensions(("x-role" = json!("operator"))), request_body = Take,
    responses((status = 200, description = "Taken over", body = TakenView), Refused)
)]
pub(super) async fn take(
    _: Operator,
    State(admin): State<Admin>,
    Remarked(wish): Remarked<Take>,
) -> Result<Json<TakenView>, Problem> {
    let terminal = terminal(&admin, wish.terminal_id).await?;
    let connector = connector(&admin, wish.config_id).await?;
    let report = admin.exchange.people(&connector.name, PeopleWish::Take).await.map_err(problem)?;
    let known = known_users(&admin, &terminal).await?;
    let users = known.into_iter().map(|(id, listed)| UserView::new(id, &listed)).collect();
    Ok(Json(TakenView {
        success: true,
        count: report.listed,
        created: report.changes.added.len(),
        updated: report.changes.changed.len(),
        users,
        notes: report.changes.held.into_iter().chain(report.oddities).collect(),
    }))
}

/// Brings people to a terminal. Nobody is deleted there; whom no list has any more is disabled.
#[utoipa::path(
    post, path = "/devices/api/sync/users/to-terminal/", operation_id = "legacy_users_bring",
    tag = "legacy", extensions(("x-role" = json!("operator"))), request_body = Bring,
    responses((status = 200, description = "The commands are stored", body = BroughtView), Refused)
)]
pub(super) async fn bring(
    Operator(caller): Operator,
    State(admin): State<Admin>,
    Remarked(wish): Remarked<Bring>,
) -> Result<Json<BroughtView>, Problem> {
    let terminal = terminal(&admin, wish.terminal_id).await?;
    let mut known = known_users(&admin, &terminal).await?;
    if let Some(only) = wish.user_ids {
        if let Some(id) = only.iter().find(|id| !known.contains_key(id)) {
            return Err(unknown("person", *id));
        }
        known.retain(|id, _| only.contains(id));
    }
    let people: BTreeMap<u64, Listed> = known.into_values().map(|listed| (listed.person.enrol_id, listed)).collect();
    let commands = order(&admin, &caller, (&terminal, &people)).await?;
    Ok(Json(BroughtView { success: true, count: people.len(), commands }))
}

/// Whom a terminal may get, by number: whom third parties list for it, and whom the owner gave a number on it.
async fn known_users(admin: &Admin, terminal: &Terminal) -> Result<BTreeMap<i64, Listed>, Problem> {
    let serial = &terminal.state.terminal;
    let mut people: BTreeMap<u64, Listed> = BTreeMap::new();
    for (connector, _standing) in admin.store.connectors().await? {
        if connector.terminals.is_empty() || connector.terminals.contains(serial) {
            for (enrol_id, listed) in admin.store.listed_people(&connector.name).await? {
                people.entry(enrol_id).or_insert(listed);
            }
        }
    }
    for person in admin.store.people().await? {
        for (_, enrol_id) in person.numbers.iter().filter(|(at, _)| at == serial) {
            people.entry(*enrol_id).or_insert_with(|| named(*enrol_id, &person.name));
        }
    }
    let names: Vec<String> = people.keys().map(|enrol_id| format!("{serial}/{enrol_id}")).collect();
    let numbers = admin.store.numbers(Numbered::User, &names).await?;
    Ok(numbers.into_iter().zip(people.into_values()).collect())
}

/// Somebody of whom only the name is known.
fn named(enrol_id: u64, name: &str) -> Listed {
    let person = Person {
        enrol_id,
        name: Some(name.to_owned()),
        is_enabled: true,
        admin: None,
        weekzone: None,
        group: None,
        remote: serde_json::Value::Null,
    };
    Listed { person, is_gone: false, changed_ms: 0 }
}

impl UserView {
    fn new(id: i64, listed: &Listed) -> Self {
        let Person { enrol_id, name, is_enabled, admin, weekzone, group, .. } = listed.person.clone();
        let is_enabled = is_enabled && !listed.is_gone;
        Self { id, enrollid: enrol_id, name, admin: admin.unwrap_or_default(), is_enabled, weekzone, group }
    }
}
