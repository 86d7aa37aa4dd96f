//! Giving a command: read, checked, stored, then announced to the dispatch.

use std::time::Duration;

use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;
use vigie_shared::id::CommandId;
use vigie_shared::units;
use vigie_shared::wire::command::{COMMAND_BYTES_MAX, CommandKind, SetTerminalZone, json};
use vigie_shared::wire::{Command, CommandHeader};

use super::view::CommandView;
use super::{find, hearing_site};
use crate::http::Admin;
use crate::http::about::known_zone;
use crate::http::problem::Problem;
use crate::login::Caller;
use crate::store::StoreError;
use crate::store::commands::StoredCommand;

/// A command to give.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::http) struct NewCommand {
    /// Its id, 32 hexadecimal digits, if the asker wants to choose it.
    id: Option<String>,
    /// What to do: `get_system_info`, `reboot`, `restart_service`, `get_logs`, `deploy_video`, `delete_video`,
    /// `update_software`, `update_config`; for time clocks `get_terminal_info`, `get_terminal_users`,
    /// `set_terminal_users`, `delete_terminal_users`, `get_terminal_log`, `set_terminal_time`, `set_terminal_zone`,
    /// `reboot_terminal`, `open_door`, `set_terminal_schedule`, `admit_terminal`, `erase_terminal`; for Macs and PCs
    /// `show_message`.
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

impl NewCommand {
    /// A command of that kind with these parameters and nothing unusual about it.
    pub(in crate::http) fn of(kind: &str, data: Value) -> Self {
        Self { id: None, kind: kind.to_owned(), data, dry_run: false, expires: None }
    }

    /// The same with a terminal among its parameters.
    ///
    /// # Errors
    ///
    /// 422 `invalid` if the parameters are no object, or name another terminal.
    pub(in crate::http) fn on_terminal(mut self, serial: &str) -> Result<Self, Problem> {
        if self.data.is_null() {
            self.data = Value::Object(serde_json::Map::new());
        }
        let fields =
            self.data.as_object_mut().ok_or_else(|| Problem::invalid("data", "the parameters are an object"))?;
        let named = fields.entry("terminal").or_insert_with(|| Value::String(serial.to_owned()));
        if named.as_str() != Some(serial) {
            return Err(Problem::invalid("data.terminal", format_args!("the address names terminal `{serial}`")));
        }
        Ok(self)
    }
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

/// Checks what was asked and gives it.
pub(in crate::http) async fn give(
    admin: &Admin,
    caller: &Caller,
    (id, new): &(String, NewCommand),
) -> Result<CommandView, Problem> {
    let site = hearing_site(admin, id).await?;
    let (kind, is_dry_run) = json::parse_kind(&new.kind, new.data.clone()).map_err(|error| {
        Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid", "A value is not accepted", error.to_string())
    })?;
    if let CommandKind::SetTerminalZone(SetTerminalZone { zone: Some(zone), .. }) = &kind {
        known_zone("data.zone", zone)?;
    }
    let chosen: Option<CommandId> =
        new.id.as_deref().map(str::parse).transpose().map_err(|error| Problem::invalid("id", error))?;
    let issued_ms = admin.clock.wall_ms();
    let expires_ms = issued_ms.saturating_add(new.expires.unwrap_or_default().checked_ms()?);
    let header = CommandHeader { site, id: chosen.unwrap_or_else(CommandId::random), issued_ms, expires_ms };
    let command = Command { header, is_dry_run: is_dry_run || new.dry_run, kind };
    store(admin, stored(&command, caller, None)?).await
}

/// Stores a command and has it sent; the same command once more is the one that is stored.
pub(in crate::http) async fn store(admin: &Admin, command: StoredCommand) -> Result<CommandView, Problem> {
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

pub(in crate::http) fn stored(
    command: &Command,
    caller: &Caller,
    retry_of: Option<CommandId>,
) -> Result<StoredCommand, Problem> {
    let stored = StoredCommand::waiting(command, &caller.account, retry_of);
    let size = stored.body.len();
    if size > COMMAND_BYTES_MAX {
        let detail = format!("the command has {size} bytes, and at most {COMMAND_BYTES_MAX} fit a message");
        return Err(Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", "The command is too large", detail));
    }
    Ok(stored)
}

fn asks_the_same(one: &StoredCommand, other: &StoredCommand) -> bool {
    match (Command::open(&one.body), Command::open(&other.body)) {
        (Ok(one), Ok(other)) => (one.kind, one.is_dry_run) == (other.kind, other.is_dry_run),
        _ => false,
    }
}
