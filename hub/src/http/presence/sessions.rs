//! `/api/v1/presence/sessions`: sessions that nobody has seen the end of, and their closing by hand.

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::http::Admin;
use crate::http::diary::note_of_hub;
use crate::http::guard::Operator;
use crate::http::input::Body;
use crate::http::looks;
use crate::http::problem::{Problem, Refused};
use crate::http::time::Time;
use crate::http::views::Page;
use crate::login::Caller;
use crate::presence::close::OpenSession;
use crate::presence::driver::Ending;

/// Longest silence that may be named, minutes: a week.
const SILENCE_MAX_MIN: i64 = 7 * 24 * 60;

/// A session that is open.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::http) struct SessionView {
    /// Whose: the person's id.
    person: String,
    /// At which site; null in an application.
    site: Option<String>,
    /// When the person was seen last.
    seen: Time,
    /// Nobody can say whether the person is still there, as the site's observers cannot see.
    is_ghost: bool,
}

/// Which sessions to close.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub(in crate::http) struct Close {
    /// Only those that were silent for longer, minutes; all if not given.
    silent_min: Option<i64>,
    /// Only say which.
    dry_run: bool,
}

/// Lists the sessions that are open, the longest silent first. Looking is noted.
#[utoipa::path(
    get, path = "/api/v1/presence/sessions", operation_id = "presence_sessions_list",
    tag = "presence", extensions(("x-role" = json!("operator"))),
    responses((status = 200, description = "Open sessions", body = Page<SessionView>), Refused)
)]
pub(in crate::http) async fn list(
    Operator(caller): Operator,
    State(admin): State<Admin>,
) -> Result<Json<Page<SessionView>>, Problem> {
    let sessions = admin.presences.to_close(Ending::All).await?;
    note_looks(&admin, &caller, &sessions).await?;
    Ok(Json(page(sessions)))
}

async fn note_looks(admin: &Admin, caller: &Caller, sessions: &[OpenSession]) -> Result<(), Problem> {
    for session in sessions {
        looks::note(admin, caller, &session.person, "now").await?;
    }
    Ok(())
}

/// Closes open sessions at this moment, or says which would be closed. The next sight opens one as ever.
#[utoipa::path(
    post, path = "/api/v1/presence/sessions/close", operation_id = "presence_sessions_close",
    tag = "presence", request_body = Close, extensions(("x-role" = json!("operator"))),
    responses((status = 200, description = "The sessions", body = Page<SessionView>), Refused)
)]
pub(in crate::http) async fn close(
    Operator(caller): Operator,
    State(admin): State<Admin>,
    Body(close): Body<Close>,
) -> Result<Json<Page<SessionView>>, Problem> {
    let which = match close.silent_min {
        None => Ending::All,
        Some(minutes) if (1..=SILENCE_MAX_MIN).contains(&minutes) => Ending::SilentFor(minutes * 60_000),
        Some(_) => return Err(Problem::invalid("silent_min", format_args!("use 1 to {SILENCE_MAX_MIN} minutes"))),
    };
    if close.dry_run {
        let sessions = admin.presences.to_close(which).await?;
        note_looks(&admin, &caller, &sessions).await?;
        return Ok(Json(page(sessions)));
    }
    let sessions = admin.presences.close_sessions(which, &caller.account).await?;
    if !sessions.is_empty() {
        let text = format!(
            "{} closed {} open sessions of presence by hand. What was seen stays; whoever is seen again is here again.",
            caller.account,
            sessions.len()
        );
        note_of_hub(&admin, "sessions_closed", text).await?;
    }
    Ok(Json(page(sessions)))
}

fn page(sessions: Vec<OpenSession>) -> Page<SessionView> {
    Page { items: sessions.into_iter().map(SessionView::from).collect(), next: None }
}

impl From<OpenSession> for SessionView {
    fn from(OpenSession { person, site, seen_ms, is_ghost }: OpenSession) -> Self {
        Self { person, site: site.map(|site| site.to_string()), seen: Time(seen_ms), is_ghost }
    }
}
