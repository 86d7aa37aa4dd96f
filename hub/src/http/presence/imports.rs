//! `/api/v1/presence/imports`: takes logs of other programs in.

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::http::StatusCode;
use futures_util::StreamExt as _;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use vigie_shared::id::SiteId;

use crate::http::Admin;
use crate::http::guard::Operator;
use crate::http::input::{Params, line, site_id};
use crate::http::problem::{Problem, Refused};
use crate::imports::presence::Report;
use crate::presence::driver::LogAsked;

/// Longest folder and name of a log, characters.
const NAME_LENGTH_MAX: usize = 500;

/// Which log.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(in crate::http) struct Which {
    /// The site at which it was written; the one that its folder is called by if not given.
    site: Option<String>,
    /// Its folder and name, as `metz/2026-11-20`.
    name: String,
    /// Its size, bytes.
    size_bytes: u64,
    /// When it was changed last, milliseconds since 1970 UTC: the moment of a log that says none itself.
    written_ms: i64,
    /// How long leases last there, seconds; for a file of leases.
    lease_s: Option<u32>,
}

/// Whether a log is known.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::http) struct KnownView {
    /// The site.
    site: String,
    /// It was read to its end before.
    is_known: bool,
}

/// What a log came to.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::http) struct LogView {
    /// The site.
    site: String,
    /// Lines.
    lines: u64,
    /// Sights that were understood.
    sights: u64,
    /// Different devices that were kept.
    devices: u64,
    /// Different devices that nobody registered: they were not kept.
    strangers: u64,
    /// Lines that could not be used.
    refused: u64,
    /// The first of them.
    problems: Vec<LineView>,
}

/// A line that could not be used.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = LogLineView)]
pub(in crate::http) struct LineView {
    /// Its number, from 1.
    line: u64,
    /// What is wrong with it.
    says: String,
}

/// Says whether a log of that place, size and age was read to its end.
#[utoipa::path(
    get, path = "/api/v1/presence/imports", operation_id = "presence_imports_show",
    tag = "presence", params(Which), extensions(("x-role" = json!("operator"))),
    responses((status = 200, description = "Whether it is known", body = KnownView), Refused)
)]
pub(in crate::http) async fn show(
    _: Operator,
    State(admin): State<Admin>,
    Params(which): Params<Which>,
) -> Result<Json<KnownView>, Problem> {
    let (site, log) = asked(&admin, &which).await?;
    Ok(Json(KnownView { is_known: admin.presences.was_read(&site, &log), site: site.to_string() }))
}

/// Takes a log in: the body is its content, as the Metz probe, nmap, arp-scan or dnsmasq wrote it. Sending it again
/// changes nothing. Addresses are hashed while they are read, and only registered devices are kept.
#[utoipa::path(
    post, path = "/api/v1/presence/imports", operation_id = "presence_imports_create",
    tag = "presence", params(Which), extensions(("x-role" = json!("operator"))),
    request_body(content = inline(String), content_type = "application/octet-stream", description = "The log"),
    responses((status = 200, description = "What it came to, on the hub's disk", body = LogView), Refused)
)]
pub(in crate::http) async fn create(
    _: Operator,
    State(admin): State<Admin>,
    Params(which): Params<Which>,
    body: Body,
) -> Result<Json<LogView>, Problem> {
    let (site, log) = asked(&admin, &which).await?;
    let mut intake = admin.presences.begin_log(&site, &log).await?;
    let mut pieces = body.into_data_stream();
    while let Some(piece) = pieces.next().await {
        let piece = piece.map_err(|_broken| broken_off())?;
        intake.feed(&piece).await?;
    }
    Ok(Json(view(&site, intake.finish().await?)))
}

fn broken_off() -> Problem {
    let detail = "the log broke off; what came before is kept, send it again";
    Problem::new(StatusCode::BAD_REQUEST, "broken_off", "The log broke off", detail)
}

async fn asked(admin: &Admin, which: &Which) -> Result<(SiteId, LogAsked), Problem> {
    let log = LogAsked {
        site: which.site.as_deref().map(site_id).transpose()?,
        name: line("name", &which.name, NAME_LENGTH_MAX)?,
        size_bytes: which.size_bytes,
        written_ms: which.written_ms,
        lease_s: which.lease_s,
    };
    let unknown = || {
        let detail = format!(
            "no site is called by the folder of `{}`; say which it is (`--site`), `vigie-hub site list` shows all",
            log.name
        );
        Problem::new(StatusCode::NOT_FOUND, "site_unknown", "There is no such site", detail)
    };
    let site = admin.presences.site_of(&log).await?.ok_or_else(unknown)?;
    Ok((site, log))
}

fn view(site: &SiteId, report: Report) -> LogView {
    let problem = |one: crate::imports::presence::Problem| LineView { line: one.line, says: one.reason.to_owned() };
    LogView {
        site: site.to_string(),
        lines: report.lines,
        sights: report.sights,
        devices: report.devices,
        strangers: report.strangers,
        refused: report.refused,
        problems: report.problems.into_iter().map(problem).collect(),
    }
}
