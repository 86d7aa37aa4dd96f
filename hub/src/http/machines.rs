//! `/api/v1/machines`: the owner's Macs and PCs, how they are and how they were; as JSON or CSV.

pub(crate) mod door;
mod history;
mod installers;
mod messages;
mod view;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use serde::Deserialize;
use utoipa::IntoParams;

pub(super) use self::history::{__path_history, history};
pub(super) use self::messages::{__path_messages, __path_say, messages, say};
use self::view::MachineOverview;
use super::Admin;
use super::cursor::{ROWS, ROWS_MAX, after_machine, cut, machine};
use super::diary::note_of_hub;
use super::guard::{Operator, Viewer};
use super::input::{Params, limit, site_id};
use super::problem::{Problem, Refused};
use super::views::Page;
use crate::csv::csv;
use crate::machines::legacy::LegacyMachine;
use crate::machines::order::{Sort, Wish};
use crate::store::machines::{MACHINES_MAX, Machine};

/// Which machines.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Query {
    /// Only those that were last met at this site.
    site: Option<String>,
    /// Only those of which all these words are known: name, serial number, address, model, who is logged in.
    q: Option<String>,
    /// By what: `name`, `site`, `model`, `os`, `disk`, `battery`, `memory`, `user` or `met`; the greatest first with a
    /// `-` before it. What is not known comes last.
    sort: Option<String>,
    /// `next` of the page before.
    after: Option<String>,
    /// How many, 1 to 1000; 100 if not given.
    #[param(minimum = 1, maximum = 1000)]
    limit: Option<usize>,
}

impl Query {
    fn wish(&self) -> Result<Wish, Problem> {
        let asked = self.sort.as_deref().unwrap_or("name");
        let (word, is_descending) = asked.strip_prefix('-').map_or((asked, false), |word| (word, true));
        let sort = Sort::parse(word).ok_or_else(|| {
            let words: Vec<&str> = Sort::WORDS.iter().map(|(word, _)| *word).collect();
            Problem::invalid("sort", format_args!("use one of {}, with a `-` for the greatest first", words.join(", ")))
        })?;
        Ok(Wish { search: self.q.clone().unwrap_or_default(), sort, is_descending })
    }
}

/// Lists machines; as CSV, without pages, for who accepts `text/csv`.
#[utoipa::path(
    get, path = "/api/v1/machines", operation_id = "machines_list",
    tag = "machines", params(Query), extensions(("x-role" = json!("viewer"))),
    responses((status = 200, description = "A page of machines", body = Page<MachineOverview>), Refused)
)]
pub(super) async fn list(
    _: Viewer,
    State(admin): State<Admin>,
    headers: HeaderMap,
    Params(query): Params<Query>,
) -> Result<Response, Problem> {
    let wanted = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if wanted.starts_with("text/csv") {
        return Ok(as_csv(table(&found(&admin, &query).await?)));
    }
    let (rows, wish) = (limit(query.limit, ROWS, ROWS_MAX)?, query.wish()?);
    let after = query.after.as_deref().map(machine).transpose()?;
    let all = found(&admin, &query).await?.into_iter();
    let mut page: Vec<Machine> = all
        .filter(|machine| after.as_ref().is_none_or(|after| wish.is_behind(machine, after)))
        .take(rows + 1)
        .collect();
    let has_more = cut(&mut page, rows);
    let next = page.last().filter(|_| has_more).map(|last| after_machine(&wish.position(last)));
    Ok(Json(Page { items: page.iter().map(MachineOverview::from).collect::<Vec<_>>(), next }).into_response())
}

/// Lists machines as CSV, all on one page.
#[utoipa::path(
    get, path = "/api/v1/machines.csv", operation_id = "machines_csv",
    tag = "machines", params(Query), extensions(("x-role" = json!("viewer"))),
    responses((status = 200, description = "A row per machine", content_type = "text/csv"), Refused)
)]
pub(super) async fn list_csv(
    _: Viewer,
    State(admin): State<Admin>,
    Params(query): Params<Query>,
) -> Result<Response, Problem> {
    // A file holds all rows; a number that makes no sense is refused all the same.
    limit(query.limit, ROWS, ROWS_MAX)?;
    Ok(as_csv(table(&found(&admin, &query).await?)))
}

/// The machines that are asked for, in their order.
async fn found(admin: &Admin, query: &Query) -> Result<Vec<Machine>, Problem> {
    let (wish, site) = (query.wish()?, query.site.as_deref().map(site_id).transpose()?);
    Ok(wish.pick(admin.store.machines(site.as_ref(), MACHINES_MAX).await?))
}

const HEAD: [&str; 22] = [
    "name",
    "serial",
    "site",
    "ip",
    "mac",
    "reach",
    "met",
    "read",
    "system",
    "os_version",
    "model",
    "model_id",
    "chip",
    "memory_bytes",
    "memory_pressure",
    "disk_total_bytes",
    "disk_free_bytes",
    "battery_percent",
    "battery_plugged",
    "battery_health_permille",
    "battery_cycles",
    "console_user",
];

fn table(machines: &[Machine]) -> String {
    let rows = machines.iter().map(|machine| MachineOverview::from(machine).cells());
    csv(&HEAD, rows) + "\r\n"
}

fn as_csv(text: String) -> Response {
    let headers = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8"),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"machines.csv\""),
    ];
    (headers, text).into_response()
}

/// Shows one machine.
#[utoipa::path(
    get, path = "/api/v1/machines/{id}", operation_id = "machines_show",
    tag = "machines", params(("id" = String, Path, description = "Its serial number, network card or place")),
    extensions(("x-role" = json!("viewer"))),
    responses((status = 200, description = "The machine", body = MachineOverview), Refused)
)]
pub(super) async fn show(
    _: Viewer,
    State(admin): State<Admin>,
    Path(id): Path<String>,
) -> Result<Json<MachineOverview>, Problem> {
    Ok(Json(MachineOverview::from(&find(&admin, &id).await?)))
}

/// Lists all machines with the keys of the program that Vigie replaces.
#[utoipa::path(
    get, path = "/api/v1/machines/snapshot", operation_id = "machines_snapshot",
    tag = "machines", extensions(("x-role" = json!("viewer"))),
    responses((status = 200, description = "Every machine, by name", body = Vec<LegacyMachine>), Refused)
)]
pub(super) async fn snapshot(_: Viewer, State(admin): State<Admin>) -> Result<Json<Vec<LegacyMachine>>, Problem> {
    Ok(Json(door::all(&admin).await?))
}

/// Forgets a machine and its past. It is there again as soon as a box meets it; exclude it on the box to keep it away.
#[utoipa::path(
    delete, path = "/api/v1/machines/{id}", operation_id = "machines_remove",
    tag = "machines", params(("id" = String, Path, description = "Its serial number, network card or place")),
    extensions(("x-role" = json!("operator"))),
    responses((status = 204, description = "Forgotten"), Refused)
)]
pub(super) async fn remove(
    Operator(caller): Operator,
    State(admin): State<Admin>,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    let machine = find(&admin, &id).await?;
    admin.store.forget_machine(&machine.names(), admin.clock.wall_ms()).await?;
    let text = format!(
        "Machine {} and its past were forgotten by {}. It is there again when a box meets it again.",
        machine.id, caller.account
    );
    note_of_hub(&admin, "machine_forgotten", text).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn find(admin: &Admin, id: &str) -> Result<Machine, Problem> {
    admin.store.machine(id).await?.ok_or_else(|| Problem::unknown("machine", id))
}

#[cfg(test)]
mod tests;
