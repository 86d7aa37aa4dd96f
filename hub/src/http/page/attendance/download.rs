//! Days for the pay office: those that nothing changes any more and that lack no punch, or all with how sure each is.

use axum::extract::State;
use axum::http::Uri;
use axum::response::Response;

use super::finding::is_missing;
use super::{name_of, wanted};
use crate::attendance::book::{Mark, PersonDay};
use crate::attendance::day::Finding;
use crate::attendance::driver::{Scope, days};
use crate::csv::csv;
use crate::http::Admin;
use crate::http::attendance::{date, problem};
use crate::http::page::frame::Reader;
use crate::http::page::sheet::given;
use crate::http::page::table::Look;
use crate::http::problem::Problem;
use crate::http::time::Time;
use crate::http::views::word;
use crate::store::accounts::Role;
use crate::store::attendance::Direction;

const HEAD: [&str; 9] = ["person", "date", "in", "out", "worked_min", "finding", "schedule", "zone", "mark"];

/// The days of `date` through `through` as CSV: final or amended ones that lack no punch, or all if `which` is `all`.
pub(in crate::http::page) async fn give(reader: Reader, State(admin): State<Admin>, uri: Uri) -> Response {
    let text = text(&admin, &reader, &Look::of(&uri)).await;
    reader.frame.answer(text.map(given))
}

async fn text(admin: &Admin, reader: &Reader, look: &Look) -> Result<String, Problem> {
    reader.needs(Role::Operator)?;
    let now_ms = admin.clock.wall_ms();
    let from = wanted(look, now_ms)?;
    let through = match look.get("through") {
        "" => from,
        through => date("through", through)?,
    };
    let fleet = admin.fleet.snapshot();
    let found = days(&*admin.store, &fleet, (&Scope::All, (from, through)), now_ms).await.map_err(problem)?;
    let wants_all = look.get("which") == "all";
    let is_wanted = |day: &&PersonDay| wants_all || is_settled(day);
    let row = |one: &PersonDay| {
        let of = |direction| one.day.strip.iter().filter(move |step| step.direction == Some(direction));
        let at = |at_ms: Option<i64>| at_ms.map(|at_ms| Time(at_ms).to_string()).unwrap_or_default();
        vec![
            name_of(one),
            one.day.date.to_string(),
            at(of(Direction::In).next().map(|step| step.at_ms)),
            at(of(Direction::Out).next_back().map(|step| step.at_ms)),
            (one.day.worked_ms / 60_000).to_string(),
            one.day.findings.first().map(finding).unwrap_or_default(),
            one.schedule.clone().unwrap_or_default(),
            one.zone.clone(),
            word(one.mark),
        ]
    };
    Ok(csv(&HEAD, found.iter().filter(is_wanted).map(row)))
}

/// Whether somebody can be paid by it.
fn is_settled(one: &PersonDay) -> bool {
    one.mark != Mark::Provisional && !one.day.findings.iter().any(|finding| is_missing(*finding))
}

/// The finding as the API calls it.
fn finding(finding: &Finding) -> String {
    let told = serde_json::to_value(finding).unwrap_or_default();
    told.get("is").and_then(serde_json::Value::as_str).unwrap_or_default().to_owned()
}
