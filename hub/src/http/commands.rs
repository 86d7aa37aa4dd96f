//! `/api/v1/sites/{id}/commands`: what boxes are asked to do, and what became of it.
//!
//! A command is stored before it is sent. Whoever asks may choose its `id`: asking twice for the same under one
//! id gives one command.

mod give;
pub(crate) mod order;
mod stream;
mod view;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;
use utoipa::IntoParams;
use vigie_shared::id::{CommandId, SiteId};
use vigie_shared::wire::Command;

pub(super) use self::give::{NewCommand, give, store, stored};
pub(super) use self::stream::{__path_stream, stream};
pub(super) use self::view::CommandView;
use super::Admin;
use super::cursor::{ROWS, ROWS_MAX, cut};
use super::guard::Operator;
use super::idempotency::Ask;
use super::input::{Body, Key, Params, limit, site_id};
use super::problem::{Problem, Refused};
use super::views::Page;
use crate::login::Caller;
use crate::store::commands::{CommandState, Move, StoredCommand};

/// Which commands.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Query {
    /// Where the page begins: `next` of the page before.
    after: Option<String>,
    /// How many, 1 to 1000; 100 if not given.
    #[param(minimum = 1, maximum = 1000)]
    limit: Option<usize>,
}

/// Gives a site's box a command.
#[utoipa::path(
    post, path = "/api/v1/sites/{id}/commands", operation_id = "commands_create",
    tag = "commands", request_body = NewCommand, extensions(("x-role" = json!("operator"))),
    params(("id" = String, Path, description = "The site"),
           ("Idempotency-Key" = Option<String>, Header, description = "Sending twice under one key gives one command")),
    responses((status = 201, description = "Stored; it is sent as soon as the box hears", body = CommandView),
              (status = 409, description = "Another command has that id", body = Problem, content_type = "application/problem+json"),
              Refused)
)]
pub(super) async fn create(
    Operator(caller): Operator,
    State(admin): State<Admin>,
    Path(id): Path<String>,
    key: Key,
    Body(new): Body<NewCommand>,
) -> Result<Response, Problem> {
    let request = (id, new);
    let ask = Ask { caller: &caller, key, request: ("commands", &request) };
    admin.answers.once(ask, give(&admin, &caller, &request)).await
}

/// A site that may get commands.
pub(super) async fn hearing_site(admin: &Admin, id: &str) -> Result<SiteId, Problem> {
    let id = site_id(id)?;
    let site = admin.store.site(&id).await?.ok_or_else(|| Problem::unknown("site", id.as_str()))?;
    if site.revoked_ms.is_some() {
        let detail = format!("site {id} is revoked; bring it back with `vigie-hub site replace {id}`");
        return Err(Problem::new(StatusCode::CONFLICT, "site_revoked", "The site is revoked", detail));
    }
    Ok(id)
}

async fn find(admin: &Admin, site: &SiteId, id: CommandId) -> Result<StoredCommand, Problem> {
    admin.store.command(site, id).await?.ok_or_else(|| unknown(site.as_str(), &id.to_string()))
}

fn unknown(site: &str, id: &str) -> Problem {
    let shown: String = id.chars().take(64).collect();
    let detail = format!("site {site} has no command `{shown}`; `vigie-hub command list {site}` shows all");
    Problem::new(StatusCode::NOT_FOUND, "command_unknown", "There is no such command", detail)
}

async fn named(admin: &Admin, site: &str, id: &str) -> Result<StoredCommand, Problem> {
    let known = site_id(site)?;
    let id: CommandId = id.parse().map_err(|_not_an_id| unknown(known.as_str(), id))?;
    find(admin, &known, id).await
}

/// Lists a site's commands, newest first.
#[utoipa::path(
    get, path = "/api/v1/sites/{id}/commands", operation_id = "commands_list",
    tag = "commands", extensions(("x-role" = json!("operator"))),
    params(("id" = String, Path, description = "The site"), Query),
    responses((status = 200, description = "A page of commands", body = Page<CommandView>), Refused)
)]
pub(super) async fn list(
    _: Operator,
    State(admin): State<Admin>,
    Path(id): Path<String>,
    Params(query): Params<Query>,
) -> Result<Json<Page<CommandView>>, Problem> {
    let site = site_id(&id)?;
    admin.store.site(&site).await?.ok_or_else(|| Problem::unknown("site", &id))?;
    let rows = limit(query.limit, ROWS, ROWS_MAX)?;
    let after = query.after.as_deref().map(read_cursor).transpose()?;
    let mut commands = admin.store.commands(&site, after, rows + 1).await?;
    let has_more = cut(&mut commands, rows);
    let next = commands.last().filter(|_| has_more).map(|last| format!("{}-{}", last.issued_ms, last.id));
    let view = |command: &StoredCommand| CommandView::new(command, admin.dispatch.progress(&site, command.id));
    Ok(Json(Page { items: commands.iter().map(view).collect(), next }))
}

fn read_cursor(text: &str) -> Result<(i64, CommandId), Problem> {
    let parts = text.rsplit_once('-').and_then(|(at, id)| Some((at.parse().ok()?, id.parse().ok()?)));
    parts.ok_or_else(|| Problem::invalid("after", "this is not a cursor; pass `next` of the page before, unchanged"))
}

/// Shows one command.
#[utoipa::path(
    get, path = "/api/v1/sites/{id}/commands/{command}", operation_id = "commands_show",
    tag = "commands", extensions(("x-role" = json!("operator"))),
    params(("id" = String, Path, description = "The site"), ("command" = String, Path, description = "The command")),
    responses((status = 200, description = "The command", body = CommandView), Refused)
)]
pub(super) async fn show(
    _: Operator,
    State(admin): State<Admin>,
    Path((id, command)): Path<(String, String)>,
) -> Result<Json<CommandView>, Problem> {
    let command = named(&admin, &id, &command).await?;
    Ok(Json(CommandView::new(&command, admin.dispatch.progress(&command.site, command.id))))
}

/// Takes a command back that was not sent yet.
#[utoipa::path(
    post, path = "/api/v1/sites/{id}/commands/{command}/cancel", operation_id = "commands_cancel",
    tag = "commands", extensions(("x-role" = json!("operator"))),
    params(("id" = String, Path, description = "The site"), ("command" = String, Path, description = "The command")),
    responses((status = 200, description = "Taken back", body = CommandView),
              (status = 409, description = "It was sent already", body = Problem, content_type = "application/problem+json"),
              Refused)
)]
pub(super) async fn cancel(
    Operator(caller): Operator,
    State(admin): State<Admin>,
    Path((id, command)): Path<(String, String)>,
) -> Result<Json<CommandView>, Problem> {
    let command = named(&admin, &id, &command).await?;
    let change = Move {
        site: command.site.clone(),
        id: command.id,
        from: &[CommandState::Waiting],
        to: CommandState::Cancelled,
        detail: format!("taken back by {} before it was sent", caller.account),
        at_ms: admin.clock.wall_ms(),
    };
    if !admin.store.move_command(&change).await? {
        let state = find(&admin, &command.site, command.id).await?.state.as_str();
        let detail = format!("the command is `{state}`: only one that was not sent yet can be taken back");
        return Err(Problem::new(StatusCode::CONFLICT, "command_sent", "It was sent already", detail));
    }
    admin.dispatch.changed(&command.site, command.id);
    Ok(Json(CommandView::new(&find(&admin, &command.site, command.id).await?, None)))
}

/// Gives the same command once more, under a new id.
#[utoipa::path(
    post, path = "/api/v1/sites/{id}/commands/{command}/retry", operation_id = "commands_retry",
    tag = "commands", extensions(("x-role" = json!("operator"))),
    params(("id" = String, Path, description = "The site"), ("command" = String, Path, description = "The command"),
           ("Idempotency-Key" = Option<String>, Header, description = "Sending twice under one key repeats once")),
    responses((status = 201, description = "Stored", body = CommandView), Refused)
)]
pub(super) async fn retry(
    Operator(caller): Operator,
    State(admin): State<Admin>,
    Path(path): Path<(String, String)>,
    key: Key,
) -> Result<Response, Problem> {
    let ask = Ask { caller: &caller, key, request: ("retry", &path) };
    admin.answers.once(ask, again(&admin, &caller, &path)).await
}

async fn again(admin: &Admin, caller: &Caller, (id, command): &(String, String)) -> Result<CommandView, Problem> {
    hearing_site(admin, id).await?;
    let former = named(admin, id, command).await?;
    let mut command = Command::open(&former.body).map_err(|error| {
        Problem::new(StatusCode::CONFLICT, "command_foreign", "It cannot be repeated", error.to_string())
    })?;
    let patience_ms = former.expires_ms.saturating_sub(former.issued_ms);
    command.header.id = CommandId::random();
    command.header.issued_ms = admin.clock.wall_ms();
    command.header.expires_ms = command.header.issued_ms.saturating_add(patience_ms);
    store(admin, stored(&command, caller, Some(former.id))?).await
}

#[cfg(test)]
mod tests;
