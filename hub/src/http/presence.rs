//! `/api/v1/presence`: who is here, people's days with their reasons, and what can be asked of them.

mod days;
mod decisions;
mod disputes;
mod here;
mod imports;
mod live;
pub(super) mod policies;
mod requests;
mod sessions;
mod trials;
mod upkeep;

use axum::extract::DefaultBodyLimit;
use axum::http::StatusCode;
use jiff::civil::Date;
use utoipa_axum::router::{OpenApiRouter, UtoipaMethodRouterExt as _};
use utoipa_axum::routes;

use super::Admin;
use super::attendance::date;
use super::problem::Problem;
use crate::presence::driver::PresenceError;
use crate::presence::requests::checked;

/// Every route of presence.
pub(super) fn routes() -> OpenApiRouter<Admin> {
    OpenApiRouter::new()
        .routes(routes!(here::now))
        .routes(routes!(here::space))
        .routes(routes!(sessions::list))
        .routes(routes!(sessions::close))
        .routes(routes!(days::list))
        .routes(routes!(days::show))
        .routes(routes!(decisions::put, decisions::remove))
        .routes(routes!(disputes::list))
        .routes(routes!(disputes::put))
        .routes(routes!(disputes::answer))
        .routes(routes!(policies::list, policies::create))
        .routes(routes!(trials::replay))
        .routes(routes!(trials::compare).layer(DefaultBodyLimit::max(trials::NUMBERS_BYTES_MAX)))
        .routes(routes!(imports::show, imports::create))
        .routes(routes!(requests::list, requests::create))
        .routes(routes!(requests::show))
        .routes(routes!(live::follow))
        .routes(routes!(upkeep::check))
        .routes(routes!(upkeep::publish))
        .routes(routes!(upkeep::take_devices))
}

/// Reads the first and the last day of a question.
///
/// # Errors
///
/// 422 `invalid`.
fn dates(from: &str, through: Option<&str>) -> Result<(Date, Date), Problem> {
    let from = date("from", from)?;
    let through = through.map_or(Ok(from), |through| date("through", through))?;
    checked((from, through)).map_err(|wrong| Problem::invalid("through", wrong))
}

impl From<PresenceError> for Problem {
    fn from(error: PresenceError) -> Self {
        let text = error.to_string();
        match error {
            PresenceError::NobodyKnown(_) => {
                Self::new(StatusCode::NOT_FOUND, "person_unknown", "There is no such person", text)
            }
            PresenceError::NoPolicy(_) => {
                Self::new(StatusCode::CONFLICT, "policy_unknown", "There is no such policy", text)
            }
            PresenceError::Folder(_) => {
                Self::new(StatusCode::SERVICE_UNAVAILABLE, "folder_failed", "The folder cannot be used", text)
            }
            PresenceError::Exchange(error) => super::connectors::problem(error),
            PresenceError::Store(error) => error.into(),
        }
    }
}

#[cfg(test)]
mod tests;
