//! `/devices/api`: the paths of the Django server for time clocks, so that programs written for it go on with one header
//! more, `Authorization: Bearer …`.
//!
//! Thin adapters onto what `/api/v1` does. Things have whole numbers here: those of the old server where its dump was taken
//! over, else the next ones. Weekday 0 is Monday, and `null` means all.

mod attendance;
mod body;
mod configs;
mod schedules;
mod users;

use std::collections::BTreeMap;

use axum::Router;
use axum::response::Redirect;
use axum::routing::get;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::Admin;
use super::connectors::problem;
use super::problem::Problem;
use crate::attendance::driver::TERMINALS_MAX;
use crate::connectors::settings::Connector;
use crate::store::numbers::Numbered;
use crate::store::terminals::Terminal;

/// What all of these paths begin with.
pub(super) const ROOT: &str = "/devices/api/";

/// Every path with its description.
pub(super) fn routes() -> OpenApiRouter<Admin> {
    OpenApiRouter::new()
        .routes(routes!(configs::list, configs::create))
        .routes(routes!(users::take))
        .routes(routes!(users::bring))
        .routes(routes!(schedules::terminals))
        .routes(routes!(schedules::list, schedules::create))
        .routes(routes!(schedules::push))
        .routes(routes!(attendance::status))
        .routes(routes!(attendance::sync))
}

/// The old server's pages lead to ours.
pub(super) fn pages() -> Router<Admin> {
    let home = || get(async || Redirect::to("/"));
    Router::new()
        .route("/devices/dashboard/management/", home())
        .route("/devices/dashboard/", home())
        .route("/admin/devices/thirdpartyconfig/", home())
}

/// Every terminal by its number. The word that was told last counts where two sites tell of one.
async fn known_terminals(admin: &Admin) -> Result<BTreeMap<i64, Terminal>, Problem> {
    let mut by_serial: BTreeMap<String, Terminal> = BTreeMap::new();
    for terminal in admin.store.terminals(None, TERMINALS_MAX).await? {
        let serial = terminal.state.terminal.clone();
        if by_serial.get(&serial).is_none_or(|known| known.told_ms <= terminal.told_ms) {
            by_serial.insert(serial, terminal);
        }
    }
    let serials: Vec<String> = by_serial.keys().cloned().collect();
    let numbers = admin.store.numbers(Numbered::Terminal, &serials).await?;
    Ok(numbers.into_iter().zip(by_serial.into_values()).collect())
}

async fn terminal(admin: &Admin, number: i64) -> Result<Terminal, Problem> {
    known_terminals(admin).await?.remove(&number).ok_or_else(|| unknown("terminal", number))
}

/// Every connector by its number, in the order in which they were made.
async fn known_connectors(admin: &Admin) -> Result<BTreeMap<i64, Connector>, Problem> {
    let mut all: Vec<Connector> =
        admin.store.connectors().await?.into_iter().map(|(connector, _standing)| connector).collect();
    all.sort_by(|one, other| (one.created_ms, &one.name).cmp(&(other.created_ms, &other.name)));
    let names: Vec<String> = all.iter().map(|connector| connector.name.clone()).collect();
    let numbers = admin.store.numbers(Numbered::Connector, &names).await?;
    Ok(numbers.into_iter().zip(all).collect())
}

async fn connector(admin: &Admin, number: i64) -> Result<Connector, Problem> {
    known_connectors(admin).await?.remove(&number).ok_or_else(|| unknown("connector", number))
}

fn unknown(what: &str, number: i64) -> Problem {
    Problem::unknown(what, &number.to_string())
}

/// The number in an address.
fn number(what: &str, text: &str) -> Result<i64, Problem> {
    text.parse().map_err(|_no_number| Problem::unknown(what, text))
}

#[cfg(test)]
mod tests;
