//! People of a third party to terminals: what would change on each, and the commands that bring it there.

use std::collections::{BTreeMap, BTreeSet};

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;
use vigie_shared::id::CommandId;
use vigie_shared::wire::command::json::parse_kind;
use vigie_shared::wire::{Command, CommandHeader};

use super::known::Known;
use crate::http::Admin;
use crate::http::commands::{store, stored};
use crate::http::guard::Operator;
use crate::http::input::Body;
use crate::http::problem::{Problem, Refused};
use crate::http::views::Page;
use crate::login::Caller;
use crate::store::connectors::Listed;
use crate::store::terminals::Terminal;

/// People in one command: a few KB, so that each fits a message.
const USERS_PER_COMMAND: usize = 100;

/// Terminals of a fleet that one request looks at.
const TERMINALS_MAX: usize = 1000;

/// Credentials of one terminal that are looked at.
const ENROLLED_MAX: usize = 20_000;

/// How long the commands may wait for their boxes: a week of holidays.
const EXPIRES_MS: i64 = 7 * 24 * 60 * 60 * 1000;

/// Where people shall go.
#[derive(Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub(in crate::http) struct ToTerminals {
    /// Serial numbers; those that the connector is mapped to if not given.
    terminals: Option<Vec<String>>,
    /// Only these people, by number; all if not given.
    people: Option<Vec<u64>>,
    /// Only say what would change.
    is_preview: bool,
}

/// What goes to one terminal.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(in crate::http) struct TerminalPeopleView {
    /// Its serial number.
    terminal: String,
    /// Where it stands.
    site: String,
    /// People whom it does not know yet.
    added: Vec<u64>,
    /// People whom it knows, and whose name or rights are set.
    set: Vec<u64>,
    /// People who are enrolled there and whom the third party does not list: they stay as they are.
    foreign: Vec<u64>,
    /// The commands that were given.
    commands: Vec<String>,
}

/// Brings the people of a third party to terminals. Nobody is deleted there; whom the last list no longer had is disabled.
#[utoipa::path(
    post, path = "/api/v1/connectors/{name}/terminals", operation_id = "connectors_to_terminals",
    tag = "connectors", extensions(("x-role" = json!("operator"))), request_body = ToTerminals,
    params(("name" = String, Path, description = "The connector")),
    responses((status = 200, description = "What goes where", body = Page<TerminalPeopleView>), Refused)
)]
pub(in crate::http) async fn to_terminals(
    Operator(caller): Operator,
    State(admin): State<Admin>,
    Known(connector): Known,
    Body(wish): Body<ToTerminals>,
) -> Result<Json<Page<TerminalPeopleView>>, Problem> {
    let mut people = admin.store.listed_people(&connector.name).await?;
    if let Some(only) = &wish.people {
        people.retain(|enrol_id, _| only.contains(enrol_id));
    }
    let meant = wish.terminals.unwrap_or(connector.terminals);
    let all = admin.store.terminals(None, TERMINALS_MAX).await?;
    let unknown = meant.iter().find(|serial| !all.iter().any(|one| one.state.terminal == **serial));
    if let Some(serial) = unknown {
        return Err(Problem::unknown("terminal", serial));
    }
    let mut items = Vec::new();
    for terminal in all.iter().filter(|one| meant.is_empty() || meant.contains(&one.state.terminal)) {
        let mut view = compared(&admin, terminal, &people).await?;
        if !wish.is_preview {
            view.commands = order(&admin, &caller, (terminal, &people)).await?;
        }
        items.push(view);
    }
    Ok(Json(Page { items, next: None }))
}

async fn compared(
    admin: &Admin,
    terminal: &Terminal,
    people: &BTreeMap<u64, Listed>,
) -> Result<TerminalPeopleView, Problem> {
    let enrolled = admin.store.enrolled(&terminal.state.terminal, None, ENROLLED_MAX).await?;
    let enrolled: BTreeSet<u64> = enrolled.into_iter().map(|one| one.enrol_id).collect();
    let (set, added) = people.keys().partition(|enrol_id| enrolled.contains(enrol_id));
    Ok(TerminalPeopleView {
        terminal: terminal.state.terminal.clone(),
        site: terminal.site.to_string(),
        added,
        set,
        foreign: enrolled.into_iter().filter(|enrol_id| !people.contains_key(enrol_id)).collect(),
        commands: Vec::new(),
    })
}

/// Gives a terminal's box the commands that bring these people there.
pub(in crate::http) async fn order(
    admin: &Admin,
    caller: &Caller,
    (terminal, people): (&Terminal, &BTreeMap<u64, Listed>),
) -> Result<Vec<String>, Problem> {
    let users: Vec<Value> = people.values().map(user).collect();
    let mut given = Vec::new();
    for users in users.chunks(USERS_PER_COMMAND) {
        let data = json!({ "terminal": terminal.state.terminal, "users": users });
        let (kind, is_dry_run) = parse_kind("set_terminal_users", data).map_err(|error| {
            Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid", "A value is not accepted", error.to_string())
        })?;
        let issued_ms = admin.clock.wall_ms();
        let (id, site, expires_ms) = (CommandId::random(), terminal.site.clone(), issued_ms.saturating_add(EXPIRES_MS));
        let command = Command { header: CommandHeader { site, id, issued_ms, expires_ms }, is_dry_run, kind };
        store(admin, stored(&command, caller, None)?).await?;
        given.push(id.to_string());
    }
    Ok(given)
}

/// A person as terminals want to know them; what the third party does not say stays as it is.
fn user(listed: &Listed) -> Value {
    let person = &listed.person;
    json!({
        "enrol_id": person.enrol_id, "name": person.name, "admin": person.admin, "weekzone": person.weekzone,
        "group": person.group, "is_enabled": person.is_enabled && !listed.is_gone,
    })
}
