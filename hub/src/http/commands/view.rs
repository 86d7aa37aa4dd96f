//! A command as the API shows it.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;
use vigie_shared::wire::Command;
use vigie_shared::wire::command::json;

use crate::dispatch::Progress;
use crate::http::time::Time;
use crate::store::commands::StoredCommand;

/// A command and what became of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub(in crate::http) struct CommandView {
    /// Its id.
    pub(in crate::http) id: String,
    /// For which site.
    pub(in crate::http) site: String,
    /// What to do.
    #[serde(rename = "type")]
    pub(in crate::http) kind: String,
    /// The parameters.
    #[schema(value_type = Object)]
    pub(in crate::http) data: Value,
    /// Whether the box only says what would happen.
    pub(in crate::http) dry_run: bool,
    /// `waiting`, `sent`, `running`; then one of `succeeded`, `failed`, `refused`, `rolled_back`, `unknown` (a later
    /// word of the box resolves it), `cancelled`.
    pub(in crate::http) state: String,
    /// Whether it has ended.
    pub(in crate::http) is_over: bool,
    /// What was done, or why not, for people.
    pub(in crate::http) detail: String,
    /// What the box answered.
    #[schema(value_type = Option<Object>)]
    pub(in crate::http) answer: Option<Value>,
    /// How far it is, while it runs.
    pub(in crate::http) progress: Option<ProgressView>,
    /// Who gave it.
    pub(in crate::http) account: String,
    /// The command that this one repeats.
    pub(in crate::http) retry_of: Option<String>,
    /// When it was given.
    pub(in crate::http) issued: Time,
    /// When it must no longer be started.
    pub(in crate::http) expires: Time,
    /// When its state last changed.
    pub(in crate::http) changed: Time,
}

/// How far a command is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub(in crate::http) struct ProgressView {
    /// What the box is doing.
    pub(in crate::http) stage: String,
    /// 0 to 1000.
    pub(in crate::http) permille: Option<u16>,
    /// Bytes moved.
    pub(in crate::http) done_bytes: Option<u64>,
    /// When the box said so.
    pub(in crate::http) at: Time,
}

impl CommandView {
    /// A stored command, and what its box said last.
    #[must_use]
    pub(in crate::http) fn new(stored: &StoredCommand, progress: Option<Progress>) -> Self {
        let command = Command::open(&stored.body).ok();
        let progress = progress.filter(|_| stored.state.is_open());
        Self {
            id: stored.id.to_string(),
            site: stored.site.to_string(),
            kind: stored.kind.clone(),
            data: command.as_ref().map(|command| json::data(&command.kind)).unwrap_or_default(),
            dry_run: command.is_some_and(|command| command.is_dry_run),
            state: stored.state.as_str().to_owned(),
            is_over: !stored.state.is_open(),
            detail: stored.detail.clone(),
            answer: stored.answer.as_deref().and_then(|text| serde_json::from_str(text).ok()),
            progress: progress.map(ProgressView::from),
            account: stored.account.clone(),
            retry_of: stored.retry_of.map(|id| id.to_string()),
            issued: Time(stored.issued_ms),
            expires: Time(stored.expires_ms),
            changed: Time(stored.changed_ms),
        }
    }
}

impl From<Progress> for ProgressView {
    fn from(progress: Progress) -> Self {
        let Progress { stage, permille, done_bytes, at_ms } = progress;
        Self { stage, permille, done_bytes, at: Time(at_ms) }
    }
}
