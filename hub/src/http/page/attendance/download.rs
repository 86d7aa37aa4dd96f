//! Days for the pay office: those that nothing changes any more and that lack no punch, or all with how sure each is.

use axum::extract::State;
use axum::http::Uri;
use axum::response::Response;
use jiff::tz::TimeZone;

use super::finding::is_missing;
use super::{Writer, came_and_left, name_of, wanted, words};
use crate::attendance::book::{Mark, PersonDay};
use crate::attendance::driver::{Scope, days};
use crate::http::Admin;
use crate::http::attendance::{date, problem};
use crate::http::page::frame::Reader;
use crate::http::page::sheet::file;
use crate::http::page::table::Look;
use crate::http::problem::Problem;
use crate::store::accounts::Role;

/// The days of `date` through `through` as CSV: final or amended ones that lack no punch, or all if `which` is `all`.
pub(in crate::http::page) async fn give(reader: Reader, State(admin): State<Admin>, uri: Uri) -> Response {
    let sheet = sheet(&admin, &reader, &Look::of(&uri)).await;
    reader.frame.answer(sheet)
}

async fn sheet(admin: &Admin, reader: &Reader, look: &Look) -> Result<Response, Problem> {
    reader.needs(Role::Operator)?;
    let (lang, now_ms) = (reader.frame.lang, admin.clock.wall_ms());
    let from = wanted(look, now_ms)?;
    let through = match look.get("through") {
        "" => from,
        through => date("through", through)?,
    };
    let fleet = admin.fleet.snapshot();
    let found = days(&*admin.store, &fleet, (&Scope::All, (from, through)), now_ms).await.map_err(problem)?;
    let (writer, wants_all) = (Writer { lang, w: words::of(lang), now_ms }, look.get("which") == "all");
    let is_wanted = |day: &&PersonDay| wants_all || is_settled(day);
    let w = writer.w;
    let head = [w.name, w.date, w.came, w.left, w.worked_min, w.state, w.schedule, w.zone, w.sure];
    Ok(file(lang, &head, found.iter().filter(is_wanted).map(|one| writer.cells(one))))
}

impl Writer {
    /// A day with its whole local times: a night ends on the day after.
    fn cells(&self, one: &PersonDay) -> Vec<String> {
        let zone = TimeZone::get(&one.zone).unwrap_or(TimeZone::UTC);
        let (came_ms, left_ms) = came_and_left(one);
        let at = |at_ms: Option<i64>| {
            let at = at_ms.and_then(|at_ms| jiff::Timestamp::from_millisecond(at_ms).ok());
            at.map(|at| at.to_zoned(zone.clone()).strftime("%Y-%m-%d %H:%M").to_string()).unwrap_or_default()
        };
        vec![
            name_of(one),
            one.day.date.to_string(),
            at(came_ms),
            at(left_ms),
            (one.day.worked_ms / 60_000).to_string(),
            one.day.findings.first().map(|finding| self.finding(*finding).to_owned()).unwrap_or_default(),
            one.schedule.clone().unwrap_or_default(),
            one.zone.clone(),
            self.sure(one.mark).to_owned(),
        ]
    }
}

/// Whether somebody can be paid by it.
fn is_settled(one: &PersonDay) -> bool {
    one.mark != Mark::Provisional && !one.day.findings.iter().any(|finding| is_missing(*finding))
}
