//! Asking a connector to work now: rows, people, a comparison of records.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::known::Known;
use crate::connectors::driver::{ExchangeError, Occasion, PeopleReport, PeopleWish, Reconciliation, Report};
use crate::connectors::people::Person;
use crate::http::Admin;
use crate::http::guard::{Operator, Viewer};
use crate::http::input::Body;
use crate::http::problem::{Problem, Refused};
use crate::http::time::Time;
use crate::http::views::Page;
use crate::store::connectors::{Run, RunKind};

/// People that one answer names of each kind.
const NAMED_MAX: usize = 1000;

/// Rounds that one answer tells of.
const RUNS: usize = 100;

/// What a round came to.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(in crate::http) struct ReportView {
    /// What was done, counted.
    counts: BTreeMap<String, u64>,
    /// Why it did not come to its end.
    halted: Option<String>,
}

/// What to do with the list of people.
#[derive(Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub(in crate::http) struct PeopleChange {
    /// Only look what would change.
    is_preview: bool,
    /// A person has seen who goes: take it over although many go.
    is_confirmed: bool,
}

/// Somebody whom a third party lists.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = ThirdPartyPersonView)]
pub(in crate::http) struct PersonView {
    /// The number under which terminals know the person.
    enrol_id: u64,
    /// Name.
    name: Option<String>,
    /// Whether the person may use terminals.
    is_enabled: bool,
    /// Rights on the terminal.
    admin: Option<i64>,
    /// Week zone of the terminal.
    weekzone: Option<i64>,
    /// Group of the terminal.
    group: Option<i64>,
    /// The last list did not have the person.
    is_gone: bool,
}

/// What a list changes, or would change.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(in crate::http) struct PeopleView {
    /// Everybody on it who has a number.
    listed: usize,
    /// Who is new.
    added: Vec<PersonView>,
    /// Who changed, as listed.
    changed: Vec<PersonView>,
    /// Who is no longer listed.
    gone: Vec<PersonView>,
    /// Why those who go stay as they are.
    held: Option<String>,
    /// Who could not be read, and why.
    oddities: Vec<String>,
}

/// A period to compare.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::http) struct Period {
    /// Its beginning.
    from: Time,
    /// Its end, which is no part of it.
    to: Time,
}

/// One person and day on which they differ.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = ThirdPartyDifferenceView)]
pub(in crate::http) struct DifferenceView {
    /// The terminal's number of the person.
    enrol_id: u64,
    /// The local day.
    day: String,
    /// How many times were sent.
    ours: usize,
    /// How many are there.
    theirs: usize,
    /// Sent, but not there.
    missing: Vec<Time>,
    /// There, but not sent from here.
    foreign: Vec<Time>,
}

/// How a period differs.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(in crate::http) struct ReconciliationView {
    /// How many times of the period were sent from here.
    ours: usize,
    /// How many of the period are there.
    theirs: usize,
    /// The days on which they differ.
    items: Vec<DifferenceView>,
    /// Records there of people who are not known here.
    strangers: usize,
    /// Why there may be more.
    doubt: Option<String>,
}

/// How one round went.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(in crate::http) struct RunView {
    /// What it was about.
    kind: RunKind,
    /// When it began.
    began: Time,
    /// When it ended.
    ended: Time,
    /// What came of it, counted.
    counts: BTreeMap<String, u64>,
    /// Why it did not come to its end.
    error: Option<String>,
}

/// Serves a connector now; one that stopped starts again.
#[utoipa::path(
    post, path = "/api/v1/connectors/{name}/sync", operation_id = "connectors_sync",
    tag = "connectors", extensions(("x-role" = json!("operator"))),
    params(("name" = String, Path, description = "The connector")),
    responses((status = 200, description = "What was done", body = ReportView), Refused)
)]
pub(in crate::http) async fn sync(
    _: Operator,
    State(admin): State<Admin>,
    Path(name): Path<String>,
) -> Result<Json<ReportView>, Problem> {
    let Report { counts, halted, .. } = admin.exchange.serve(&name, Occasion::Asked).await.map_err(problem)?;
    Ok(Json(ReportView { counts, halted }))
}

/// Lists whom a third party listed.
#[utoipa::path(
    get, path = "/api/v1/connectors/{name}/people", operation_id = "connectors_people",
    tag = "connectors", extensions(("x-role" = json!("operator"))),
    params(("name" = String, Path, description = "The connector")),
    responses((status = 200, description = "People", body = Page<PersonView>), Refused)
)]
pub(in crate::http) async fn people(
    _: Operator,
    State(admin): State<Admin>,
    Known(connector): Known,
) -> Result<Json<Page<PersonView>>, Problem> {
    let listed = admin.store.listed_people(&connector.name).await?;
    let items = listed.values().map(|listed| PersonView { is_gone: listed.is_gone, ..person(&listed.person) });
    Ok(Json(Page { items: items.collect(), next: None }))
}

/// Reads the people that a third party lists, and takes them over, or only says what would change. Nobody is deleted.
#[utoipa::path(
    post, path = "/api/v1/connectors/{name}/people", operation_id = "connectors_take_people",
    tag = "connectors", extensions(("x-role" = json!("operator"))), request_body = PeopleChange,
    params(("name" = String, Path, description = "The connector")),
    responses((status = 200, description = "What changes", body = PeopleView), Refused)
)]
pub(in crate::http) async fn take_people(
    _: Operator,
    State(admin): State<Admin>,
    Path(name): Path<String>,
    Body(change): Body<PeopleChange>,
) -> Result<Json<PeopleView>, Problem> {
    let wish = match (change.is_preview, change.is_confirmed) {
        (true, _) => PeopleWish::Look,
        (false, false) => PeopleWish::Take,
        (false, true) => PeopleWish::TakeConfirmed,
    };
    let PeopleReport { listed, changes, oddities, .. } = admin.exchange.people(&name, wish).await.map_err(problem)?;
    Ok(Json(PeopleView {
        listed,
        added: changes.added.iter().take(NAMED_MAX).map(person).collect(),
        changed: changes.changed.iter().take(NAMED_MAX).map(|(_, new)| person(new)).collect(),
        gone: changes.gone.iter().take(NAMED_MAX).map(person).collect(),
        held: changes.held,
        oddities,
    }))
}

/// Compares what was sent of a period with what the third party has.
#[utoipa::path(
    post, path = "/api/v1/connectors/{name}/reconcile", operation_id = "connectors_reconcile",
    tag = "connectors", extensions(("x-role" = json!("operator"))), request_body = Period,
    params(("name" = String, Path, description = "The connector")),
    responses((status = 200, description = "How they differ", body = ReconciliationView), Refused)
)]
pub(in crate::http) async fn reconcile(
    _: Operator,
    State(admin): State<Admin>,
    Path(name): Path<String>,
    Body(Period { from, to }): Body<Period>,
) -> Result<Json<ReconciliationView>, Problem> {
    if from >= to {
        return Err(Problem::invalid("to", "the end comes after the beginning"));
    }
    let Reconciliation { ours, theirs, differences, strangers, doubt } =
        admin.exchange.reconcile(&name, (from.0, to.0)).await.map_err(problem)?;
    let times = |all: Vec<i64>| all.into_iter().map(Time).collect();
    let items = differences.into_iter().map(|one| DifferenceView {
        enrol_id: one.enrol_id,
        day: one.day,
        ours: one.ours,
        theirs: one.theirs,
        missing: times(one.missing_ms),
        foreign: times(one.foreign_ms),
    });
    Ok(Json(ReconciliationView { ours, theirs, items: items.collect(), strangers, doubt }))
}

/// Tells how the last rounds of a connector went, newest first.
#[utoipa::path(
    get, path = "/api/v1/connectors/{name}/runs", operation_id = "connectors_runs",
    tag = "connectors", extensions(("x-role" = json!("viewer"))),
    params(("name" = String, Path, description = "The connector")),
    responses((status = 200, description = "Rounds", body = Page<RunView>), Refused)
)]
pub(in crate::http) async fn runs(
    _: Viewer,
    State(admin): State<Admin>,
    Known(connector): Known,
) -> Result<Json<Page<RunView>>, Problem> {
    let view = |run: Run| RunView {
        kind: run.kind,
        began: Time(run.began_ms),
        ended: Time(run.ended_ms),
        counts: run.counts,
        error: run.error,
    };
    let items = admin.store.runs(&connector.name, RUNS).await?.into_iter().map(view).collect();
    Ok(Json(Page { items, next: None }))
}

fn person(person: &Person) -> PersonView {
    let Person { enrol_id, name, is_enabled, admin, weekzone, group, .. } = person.clone();
    PersonView { enrol_id, name, is_enabled, admin, weekzone, group, is_gone: false }
}

/// Why a third party could not be spoken with, for whoever asked.
pub(in crate::http) fn problem(error: ExchangeError) -> Problem {
    let text = error.to_string();
    let refused = |code, title| Problem::new(StatusCode::CONFLICT, code, title, text.clone());
    match error {
        ExchangeError::Unknown(name) => Problem::unknown("connector", &name),
        ExchangeError::Off(_) => refused("connector_off", "The connector is switched off"),
        ExchangeError::Mapping(_) | ExchangeError::Unable(_) => {
            refused("connector_unfit", "The connector cannot do that")
        }
        ExchangeError::Halted(_) => refused("connector_halted", "The third party did not do its part"),
        ExchangeError::Store(error) => error.into(),
    }
}
