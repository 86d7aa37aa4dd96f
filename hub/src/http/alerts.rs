//! `/api/v1/alerts`: what is wrong, what was, who takes it on, and by which rules.

pub(super) mod incidents;
pub(super) mod silences;
mod view;

use axum::Json;
use axum::extract::{Path, State};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use self::view::AlertView;
use super::Admin;
use super::cursor::{ROWS, ROWS_MAX, cut};
use super::guard::{Operator, Viewer};
use super::input::{Body, Params, limit, line, site_id};
use super::problem::{Problem, Refused};
use super::views::Page;
use crate::alerts::alert::{Acknowledgement, Alert, Stage};
use crate::alerts::rules::Described;
use crate::store::alerts::AlertFilter;

/// Longest note, characters.
pub(super) const NOTE_LENGTH_MAX: usize = 200;

/// Which alerts.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Query {
    /// Only at this site.
    site: Option<String>,
    /// Only of this rule.
    rule: Option<String>,
    /// Only of this incident.
    incident: Option<String>,
    /// Everything that ever fired, newest first, instead of what is pending or fires.
    #[serde(default)]
    history: bool,
    /// Where the page begins: `next` of the page before.
    after: Option<String>,
    /// How many, 1 to 1000; 100 if not given.
    #[param(minimum = 1, maximum = 1000)]
    limit: Option<usize>,
}

/// What others should know.
#[derive(Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Note {
    /// For people.
    note: Option<String>,
}

/// A rule.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct RuleView {
    /// Its name.
    name: &'static str,
    /// What it looks at.
    about: &'static str,
    /// What the owner set: limits, how long, whether it is on.
    #[schema(value_type = Object)]
    settings: serde_json::Value,
}

impl Note {
    /// Somebody takes something on at a moment.
    pub(super) fn by(&self, account: &str, at_ms: i64) -> Result<Acknowledgement, Problem> {
        let note = self.note.as_deref().map(|note| line("note", note, NOTE_LENGTH_MAX)).transpose()?;
        Ok(Acknowledgement { account: account.to_owned(), at_ms, note: note.unwrap_or_default() })
    }
}

/// Lists what is pending or fires, the gravest first; or everything that ever fired, newest first.
#[utoipa::path(
    get, path = "/api/v1/alerts", operation_id = "alerts_list",
    tag = "alerts", params(Query), extensions(("x-role" = json!("viewer"))),
    responses((status = 200, description = "A page of alerts", body = Page<AlertView>), Refused)
)]
pub(super) async fn list(
    _: Viewer,
    State(admin): State<Admin>,
    Params(query): Params<Query>,
) -> Result<Json<Page<AlertView>>, Problem> {
    let rows = limit(query.limit, ROWS, ROWS_MAX)?;
    let site = query.site.as_deref().map(site_id).transpose()?;
    let filter = AlertFilter { site, rule: query.rule, incident: query.incident };
    let before = query.after.as_deref().map(read_cursor).transpose()?;
    if query.history {
        let mut found = admin.store.alerts(&filter, before, rows + 1).await?;
        let has_more = cut(&mut found, rows);
        let next = found.last().filter(|_| has_more).map(|last| last.no.to_string());
        return Ok(Json(Page { items: found.iter().map(AlertView::from).collect(), next }));
    }
    let mut present = admin.alerts.present().await?;
    present.retain(|alert| alert.stage != Stage::Over && filter.fits(alert));
    present.sort_by_key(order);
    let skipped = before.map_or(0, |before| present.iter().take_while(|alert| alert.no != before).count() + 1);
    let mut found = present.split_off(skipped.min(present.len()));
    let has_more = cut(&mut found, rows);
    let next = found.last().filter(|_| has_more).map(|last| last.no.to_string());
    Ok(Json(Page { items: found.iter().map(AlertView::from).collect(), next }))
}

/// What fires before what may, the gravest first, then by their age.
fn order(alert: &Alert) -> impl Ord + use<> {
    (!alert.is_firing(), std::cmp::Reverse(alert.grade), alert.since_ms, alert.no)
}

fn read_cursor(text: &str) -> Result<u64, Problem> {
    let foreign = "this is not a cursor; pass `next` of the page before, unchanged";
    text.parse().map_err(|_not_a_number| Problem::invalid("after", foreign))
}

/// Shows one alert.
#[utoipa::path(
    get, path = "/api/v1/alerts/{id}", operation_id = "alerts_show",
    tag = "alerts", params(("id" = String, Path, description = "Its number")), extensions(("x-role" = json!("viewer"))),
    responses((status = 200, description = "The alert", body = AlertView), Refused)
)]
pub(super) async fn show(
    _: Viewer,
    State(admin): State<Admin>,
    Path(id): Path<String>,
) -> Result<Json<AlertView>, Problem> {
    Ok(Json(AlertView::from(&find(&admin, &id).await?)))
}

/// Takes an alert on: nobody is told of it again unless it becomes graver or comes back.
#[utoipa::path(
    post, path = "/api/v1/alerts/{id}/acknowledge", operation_id = "alerts_acknowledge",
    tag = "alerts", request_body = Note, extensions(("x-role" = json!("operator"))),
    params(("id" = String, Path, description = "Its number")),
    responses((status = 200, description = "Taken on, or over already", body = AlertView), Refused)
)]
pub(super) async fn acknowledge(
    Operator(caller): Operator,
    State(admin): State<Admin>,
    Path(id): Path<String>,
    Body(note): Body<Note>,
) -> Result<Json<AlertView>, Problem> {
    let no = find(&admin, &id).await?.no;
    let by = note.by(&caller.account, admin.clock.wall_ms())?;
    admin.alerts.acknowledge(|alert| alert.no == no, &by).await?;
    show(Viewer(caller), State(admin), Path(id)).await
}

/// Lists the rules with what the owner set.
#[utoipa::path(
    get, path = "/api/v1/alerts/rules", operation_id = "alerts_rules",
    tag = "alerts", extensions(("x-role" = json!("viewer"))),
    responses((status = 200, description = "Every rule", body = Page<RuleView>), Refused)
)]
pub(super) async fn rules(_: Viewer, State(admin): State<Admin>) -> Json<Page<RuleView>> {
    let items = admin.alerts.rules().into_iter().map(RuleView::from).collect();
    Json(Page { items, next: None })
}

impl From<Described> for RuleView {
    fn from(Described { name, about, settings }: Described) -> Self {
        Self { name, about, settings }
    }
}

/// An alert by its number, as it is at this moment.
async fn find(admin: &Admin, id: &str) -> Result<Alert, Problem> {
    let unknown = || Problem::unknown("alert", id);
    let no: u64 = id.parse().map_err(|_not_a_number| unknown())?;
    let present = admin.alerts.present().await?.into_iter().find(|alert| alert.no == no);
    match present {
        Some(alert) => Ok(alert),
        None => admin.store.alert(no).await?.ok_or_else(unknown),
    }
}

#[cfg(test)]
mod tests;
