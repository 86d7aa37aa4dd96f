//! `/api/v1/people/{id}/looks`: who looked at whose presence.

use axum::Json;
use axum::extract::{Path, State};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::Admin;
use super::cursor::{ROWS, ROWS_MAX};
use super::guard::Owner;
use super::input::{Params, limit};
use super::problem::{Problem, Refused};
use super::time::Time;
use super::views::Page;
use crate::login::Caller;
use crate::store::presence::Look;

/// Somebody looked.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct LookView {
    /// When.
    at: Time,
    /// Which account.
    account: String,
    /// At whose presence.
    person: String,
    /// At what of it.
    what: String,
}

/// How many.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Rows {
    /// How many, 1 to 1000; 100 if not given.
    #[param(minimum = 1, maximum = 1000)]
    limit: Option<usize>,
}

/// Lists who looked at a person's presence, newest first.
#[utoipa::path(
    get, path = "/api/v1/people/{id}/looks", operation_id = "person_looks_list",
    tag = "presence", extensions(("x-role" = json!("owner"))),
    params(("id" = String, Path, description = "The person"), Rows),
    responses((status = 200, description = "Who looked", body = Page<LookView>), Refused)
)]
pub(super) async fn list(
    _: Owner,
    State(admin): State<Admin>,
    Path(id): Path<String>,
    Params(query): Params<Rows>,
) -> Result<Json<Page<LookView>>, Problem> {
    let looks = admin.store.looks(Some(&id), limit(query.limit, ROWS, ROWS_MAX)?).await?;
    Ok(Json(Page { items: looks.into_iter().map(LookView::from).collect(), next: None }))
}

/// Remembers that somebody looks at a person's presence; `what` is one word.
///
/// # Errors
///
/// If the store failed: who cannot be noted does not see.
pub(super) async fn note(admin: &Admin, caller: &Caller, person: &str, what: &str) -> Result<(), Problem> {
    let (account, person, what) = (caller.account.clone(), person.to_owned(), what.to_owned());
    Ok(admin.store.note_look(&Look { at_ms: admin.clock.wall_ms(), account, person, what }).await?)
}

impl From<Look> for LookView {
    fn from(Look { at_ms, account, person, what }: Look) -> Self {
        Self { at: Time(at_ms), account, person, what }
    }
}
