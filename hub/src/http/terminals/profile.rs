//! `/api/v1/terminals/{serial}/profile`: what the numbers of one terminal mean.

use axum::Json;
use axum::extract::{Path, State};

use super::find;
use crate::attendance::Profile;
use crate::attendance::profile::NUMBERS_MAX;
use crate::http::Admin;
use crate::http::diary::note_of_hub;
use crate::http::guard::{Operator, Viewer};
use crate::http::input::Body;
use crate::http::problem::{Problem, Refused};

/// Shows how a terminal is read.
#[utoipa::path(
    get, path = "/api/v1/terminals/{serial}/profile", operation_id = "terminals_profile",
    tag = "terminals", extensions(("x-role" = json!("viewer"))),
    params(("serial" = String, Path, description = "Its serial number")),
    responses((status = 200, description = "How it is read", body = Profile), Refused)
)]
pub(in crate::http) async fn show(
    _: Viewer,
    State(admin): State<Admin>,
    Path(serial): Path<String>,
) -> Result<Json<Profile>, Problem> {
    find(&admin, &serial).await?;
    Ok(Json(admin.store.terminal_profiles().await?.remove(&serial).unwrap_or_default()))
}

/// Sets how a terminal is read. Its punches are read anew, past ones too; what was sent to third parties stays there.
#[utoipa::path(
    put, path = "/api/v1/terminals/{serial}/profile", operation_id = "terminals_set_profile",
    tag = "terminals", extensions(("x-role" = json!("operator"))), request_body = Profile,
    params(("serial" = String, Path, description = "Its serial number")),
    responses((status = 200, description = "How it is read from now on", body = Profile), Refused)
)]
pub(in crate::http) async fn set(
    Operator(caller): Operator,
    State(admin): State<Admin>,
    Path(serial): Path<String>,
    Body(profile): Body<Profile>,
) -> Result<Json<Profile>, Problem> {
    find(&admin, &serial).await?;
    for (field, count) in [("inout", profile.inout.len()), ("mode", profile.mode.len())] {
        if count > NUMBERS_MAX {
            return Err(Problem::invalid(field, format_args!("at most {NUMBERS_MAX} numbers")));
        }
    }
    admin.store.put_terminal_profile(&serial, &profile).await?;
    let text = format!(
        "{} set how the numbers of terminal {serial} are read. Its days are judged by it, past ones too.",
        caller.account
    );
    note_of_hub(&admin, "terminal_profile_set", text).await?;
    Ok(Json(profile))
}
