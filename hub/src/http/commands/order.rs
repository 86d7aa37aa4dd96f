//! Giving commands, and seeing what became of them, by another door than HTTP. The same rights, the same checks, the
//! same store: only the form differs, in which site and type stand in an address.

use axum::http::StatusCode;
use serde_json::{Map, Value};
use vigie_shared::id::{CommandId, SiteId};

use super::give::{NewCommand, give};
use super::view::CommandView;
use crate::http::Admin;
use crate::http::guard::may;
use crate::http::problem::Problem;
use crate::login::Caller;
use crate::store::StoreError;
use crate::store::accounts::Role;

/// Fields of a command beside its parameters.
const OWN_FIELDS: [&str; 5] = ["id", "type", "dry_run", "dryRun", "expires"];

/// A command as somebody wrote it.
pub(crate) struct Order<'a> {
    /// For which site.
    pub(crate) site: &'a str,
    /// What to do.
    pub(crate) kind: &'a str,
    /// The body of `POST /api/v1/sites/{id}/commands` without `type`; or the parameters themselves, with `id`,
    /// `dry_run` and `expires` among them; or nothing.
    pub(crate) body: &'a [u8],
}

/// A command at one moment, as it is told to whoever waits for it.
pub(crate) struct CommandNow {
    /// Whether it has ended.
    pub(crate) is_over: bool,
    /// When its state last changed, milliseconds since 1970 UTC.
    pub(crate) changed_ms: i64,
    /// What `GET /api/v1/sites/{id}/commands/{command}` answers.
    pub(crate) json: Vec<u8>,
}

/// Gives a command.
///
/// # Errors
///
/// What the HTTP route answers; `store_failed` means that it may be tried again.
pub(crate) async fn order(admin: &Admin, caller: &Caller, order: &Order<'_>) -> Result<(), Problem> {
    may(caller, Role::Operator)?;
    let new = read(order)?;
    give(admin, caller, &(order.site.to_owned(), new)).await.map(drop)
}

/// The id that the giver of a command chose, as far as it can be read.
pub(crate) fn chosen_id(body: &[u8]) -> Option<CommandId> {
    let written: Value = serde_json::from_slice(body).ok()?;
    written.get("id")?.as_str()?.parse().ok()
}

/// How a command is; none if there is no such command.
///
/// # Errors
///
/// [`StoreError::Failed`].
pub(crate) async fn look(admin: &Admin, site: &SiteId, id: CommandId) -> Result<Option<CommandNow>, StoreError> {
    let Some(stored) = admin.store.command(site, id).await? else { return Ok(None) };
    let view = CommandView::new(&stored, admin.dispatch.progress(site, id));
    let json = serde_json::to_vec(&view).unwrap_or_default();
    Ok(Some(CommandNow { is_over: view.is_over, changed_ms: stored.changed_ms, json }))
}

fn read(order: &Order<'_>) -> Result<NewCommand, Problem> {
    let mut fields = fields(order.body)?;
    if !fields.contains_key("data") {
        let is_own = |(name, _): &(String, Value)| OWN_FIELDS.contains(&name.as_str());
        let (own, data): (Map<_, _>, Map<_, _>) = fields.into_iter().partition(is_own);
        fields = own;
        fields.insert("data".to_owned(), Value::Object(data));
    }
    let kind = Value::String(order.kind.to_owned());
    if fields.get("type").is_some_and(|written| *written != kind) {
        return Err(Problem::invalid("type", format_args!("the topic says `{}`", order.kind)));
    }
    fields.insert("type".to_owned(), kind);
    serde_json::from_value(Value::Object(fields)).map_err(|error| {
        Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid", "A value is not accepted", error.to_string())
    })
}

fn fields(body: &[u8]) -> Result<Map<String, Value>, Problem> {
    if body.trim_ascii().is_empty() {
        return Ok(Map::new());
    }
    serde_json::from_slice(body).map_err(|error| {
        let detail = format!("the message is not a JSON object: {error}; nothing was given");
        Problem::new(StatusCode::BAD_REQUEST, "malformed", "The message cannot be read", detail)
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::http::testing::{Stage, token};

    const ID: &str = "00112233445566778899aabbccddeeff";

    async fn give_as(stage: &Stage, role: Role, kind: &str, body: &str) -> Result<(), Problem> {
        let caller = stage.admin.logins.by_token(&token(role)).await.unwrap().unwrap();
        order(&stage.admin, &caller, &Order { site: "metz", kind, body: body.as_bytes() }).await
    }

    #[tokio::test]
    async fn parameters_may_stand_alone_or_as_over_http_and_give_the_same_command() {
        let stage = Stage::new().await;
        let metz = stage.add_site("metz", "Metz").await;
        let plain = json!({ "id": ID, "service": "neopro-app", "dry_run": true, "expires": "2h" }).to_string();
        give_as(&stage, Role::Operator, "restart_service", &plain).await.unwrap();
        let whole = json!({ "id": ID, "data": { "service": "neopro-app" }, "dryRun": true, "expires": "2h" });
        give_as(&stage, Role::Operator, "restart_service", &whole.to_string()).await.unwrap();
        give_as(&stage, Role::Owner, "reboot", "").await.unwrap();
        assert_eq!(stage.store.commands(&metz, None, 9).await.unwrap().len(), 2);

        let now = look(&stage.admin, &metz, ID.parse().unwrap()).await.unwrap().unwrap();
        let told: Value = serde_json::from_slice(&now.json).unwrap();
        let shown = stage.get(&format!("/api/v1/sites/metz/commands/{ID}")).role(Role::Operator).send().await.json();
        assert_eq!((told, now.is_over), (shown, false));
    }

    #[tokio::test]
    async fn what_is_wrong_is_named_and_nothing_is_stored() {
        let stage = Stage::new().await;
        let metz = stage.add_site("metz", "Metz").await;
        let missing = look(&stage.admin, &metz, ID.parse().unwrap()).await.unwrap();
        assert!(missing.is_none());
        for (role, kind, body, code, words) in [
            (Role::Viewer, "reboot", "", "forbidden", "account viewer is viewer, this needs operator"),
            (Role::Operator, "reboot", "{", "malformed", "not a JSON object"),
            (Role::Operator, "reboot", "[1]", "malformed", "not a JSON object"),
            (Role::Operator, "dance", "{}", "invalid", "unknown command `dance`"),
            (Role::Operator, "reboot", r#"{"force":true}"#, "invalid", "unknown field `force`"),
            (Role::Operator, "reboot", r#"{"data":{},"force":true}"#, "invalid", "unknown field `force`"),
            (Role::Operator, "reboot", r#"{"type":"dance"}"#, "invalid", "the topic says `reboot`"),
            (Role::Operator, "reboot", r#"{"id":"7"}"#, "invalid", "command id"),
            (Role::Operator, "reboot", r#"{"expires":"90d"}"#, "invalid", "expires"),
        ] {
            let problem = give_as(&stage, role, kind, body).await.unwrap_err();
            assert_eq!(problem.code, code, "{kind} {body}");
            assert!(problem.detail.contains(words), "{kind} {body}: {}", problem.detail);
        }
        assert!(stage.store.commands(&metz, None, 9).await.unwrap().is_empty());
    }

    #[test]
    fn an_id_is_found_whatever_else_is_wrong() {
        let body = json!({ "id": ID, "force": true }).to_string();
        assert_eq!(chosen_id(body.as_bytes()).unwrap().to_string(), ID);
        for body in ["", "{", "[]", "{}", r#"{"id":7}"#, r#"{"id":"x"}"#] {
            assert_eq!(chosen_id(body.as_bytes()), None, "{body}");
        }
    }
}
