//! The terminals as CSV, as the page filters them.

use axum::extract::State;
use axum::http::Uri;
use axum::response::Response;

use super::is_looked_for;
use crate::attendance::driver::TERMINALS_MAX;
use crate::csv::csv;
use crate::http::Admin;
use crate::http::page::frame::Reader;
use crate::http::page::sheet::given;
use crate::http::page::table::Look;
use crate::http::problem::Problem;
use crate::http::time::Time;
use crate::http::views::word;
use crate::store::terminals::Terminal;

const HEAD: [&str; 11] = [
    "terminal",
    "site",
    "standing",
    "connected",
    "heard",
    "clock_ahead_ms",
    "unsent",
    "users",
    "model",
    "firmware",
    "zone",
];

/// Gives them.
pub(in crate::http::page) async fn give(reader: Reader, State(admin): State<Admin>, uri: Uri) -> Response {
    let text = text(&admin, &Look::of(&uri)).await;
    reader.frame.answer(text.map(given))
}

async fn text(admin: &Admin, look: &Look) -> Result<String, Problem> {
    let mut all = admin.store.terminals(None, TERMINALS_MAX).await?;
    all.retain(|terminal| is_looked_for(look, terminal));
    Ok(csv(&HEAD, all.iter().map(row)))
}

fn row(terminal: &Terminal) -> Vec<String> {
    let state = &terminal.state;
    let users = state.room.iter().find(|room| room.what == "users").and_then(|room| room.used);
    let number = |count: Option<u64>| count.map(|count| count.to_string()).unwrap_or_default();
    vec![
        state.terminal.clone(),
        terminal.site.to_string(),
        word(state.standing).to_lowercase(),
        state.is_connected.to_string(),
        terminal.heard_ms.map(|heard_ms| Time(heard_ms).to_string()).unwrap_or_default(),
        state.clock_ahead_ms.map(|ahead_ms| ahead_ms.to_string()).unwrap_or_default(),
        number(state.unsent),
        number(users),
        state.hardware.model.clone().unwrap_or_default(),
        state.hardware.firmware.clone().unwrap_or_default(),
        state.zone.clone(),
    ]
}
