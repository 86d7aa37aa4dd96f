//! `/api/v1/sites/{id}/commands`: what boxes are asked to do, and what became of it.
//!
//! A command is stored before it is sent. Whoever asks may choose its `id`: asking twice for the same under one
//! id gives one command.

mod stream;
mod view;

use std::time::Duration;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};
use vigie_shared::id::{CommandId, SiteId};
use vigie_shared::units;
use vigie_shared::wire::command::{COMMAND_BYTES_MAX, json};
use vigie_shared::wire::{Command, CommandHeader};

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
use crate::store::StoreError;
use crate::store::commands::{CommandState, Move, StoredCommand};

/// A command to give.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewCommand {
    /// Its id, 32 hexadecimal digits, if the asker wants to choose it.
    id: Option<String>,
    /// What to do: `get_system_info`, `reboot`, `restart_service`, `get_logs`, `deploy_video`, `delete_video`,
    /// `update_software`, `update_config`.
    #[serde(rename = "type")]
    kind: String,
    /// The parameters of that type.
    #[serde(default)]
    #[schema(value_type = Option<Object>)]
    data: Value,
    /// Only say what would happen.
    #[serde(default, alias = "dryRun")]
    dry_run: bool,
    /// How long it may wait for the box, with its unit; `1h` if not given.
    #[schema(value_type = Option<String>, example = "1h")]
    expires: Option<Patience>,
}

/// How long a command may wait.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(transparent)]
struct Patience(#[serde(with = "units::duration")] Duration);

impl Default for Patience {
    fn default() -> Self {
        Self(Duration::from_secs(60 * 60))
    }
}

impl Patience {
    const MIN: Duration = Duration::from_secs(1);
    const MAX: Duration = Duration::from_secs(30 * 24 * 60 * 60);

    fn checked_ms(self) -> Result<i64, Problem> {
        if (Self::MIN..=Self::MAX).contains(&self.0) {
            return Ok(i64::try_from(self.0.as_millis()).unwrap_or(i64::MAX));
        }
        Err(Problem::invalid("expires", "use 1 second to 30 days, for example `1h`"))
    }
}

/// Which commands.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Query {
    /// Where the page begins: `next` of the page before.
    after: Option<String>,
    /// How many, 1 to 1000; 100 if not given.
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

async fn give(admin: &Admin, caller: &Caller, (id, new): &(String, NewCommand)) -> Result<CommandView, Problem> {
    let site = hearing_site(admin, id).await?;
    let (kind, is_dry_run) = json::parse_kind(&new.kind, new.data.clone()).map_err(|error| {
        Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid", "A value is not accepted", error.to_string())
    })?;
    let chosen: Option<CommandId> =
        new.id.as_deref().map(str::parse).transpose().map_err(|error| Problem::invalid("id", error))?;
    let issued_ms = admin.clock.wall_ms();
    let expires_ms = issued_ms.saturating_add(new.expires.unwrap_or_default().checked_ms()?);
    let header = CommandHeader { site, id: chosen.unwrap_or_else(CommandId::random), issued_ms, expires_ms };
    let command = Command { header, is_dry_run: is_dry_run || new.dry_run, kind };
    store(admin, stored(&command, caller, None)?).await
}

/// Stores a command and has it sent; the same command once more is the one that is stored.
async fn store(admin: &Admin, command: StoredCommand) -> Result<CommandView, Problem> {
    match admin.store.add_command(&command).await {
        Ok(()) => {
            tracing::info!(site = %command.site, command.id = %command.id, command.kind = command.kind, account = command.account, "a command was given");
            admin.dispatch.changed(&command.site, command.id);
            Ok(CommandView::new(&command, None))
        }
        Err(StoreError::Conflict(_)) => {
            let known = find(admin, &command.site, command.id).await?;
            if asks_the_same(&known, &command) {
                return Ok(CommandView::new(&known, admin.dispatch.progress(&known.site, known.id)));
            }
            let detail = format!("another command of site {} has the id {}; choose a new one", known.site, known.id);
            Err(Problem::new(StatusCode::CONFLICT, "command_exists", "The id is taken", detail))
        }
        Err(failed @ StoreError::Failed(_)) => Err(failed.into()),
    }
}

fn stored(command: &Command, caller: &Caller, retry_of: Option<CommandId>) -> Result<StoredCommand, Problem> {
    let body = command.seal();
    if body.len() > COMMAND_BYTES_MAX {
        let detail = format!("the command has {} bytes, and at most {COMMAND_BYTES_MAX} fit a message", body.len());
        return Err(Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", "The command is too large", detail));
    }
    let CommandHeader { site, id, issued_ms, expires_ms } = command.header.clone();
    Ok(StoredCommand {
        site,
        id,
        body,
        kind: command.kind.name().to_owned(),
        account: caller.account.clone(),
        retry_of,
        issued_ms,
        expires_ms,
        state: CommandState::Waiting,
        changed_ms: issued_ms,
        detail: String::new(),
        answer: None,
    })
}

fn asks_the_same(one: &StoredCommand, other: &StoredCommand) -> bool {
    match (Command::open(&one.body), Command::open(&other.body)) {
        (Ok(one), Ok(other)) => (one.kind, one.is_dry_run) == (other.kind, other.is_dry_run),
        _ => false,
    }
}

/// A site that may get commands.
async fn hearing_site(admin: &Admin, id: &str) -> Result<SiteId, Problem> {
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
