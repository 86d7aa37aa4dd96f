//! `/api/v1/sites/{id}/replace`: a new box takes a site's place, and gets what the old one had.
//!
//! The orders are made and stored before the token is shown, while the hub still knows what lay on the old disk: the
//! new box tells of its own soon. They wait for it as ordinary commands do; the old box cannot hear them any more.

use std::collections::BTreeSet;

use axum::Json;
use axum::extract::{Path, State};
use axum::response::Response;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use vigie_shared::id::{SiteId, to_hex};
use vigie_shared::wire::{Command, CommandHeader};

use super::Admin;
use super::commands::{store, stored};
use super::diary::{Happening, note};
use super::enrolments::{InvitedView, Validity, invite};
use super::guard::{Operator, Owner};
use super::idempotency::Ask;
use super::input::{Body, Key, site_id};
use super::problem::{Problem, Refused};
use crate::login::Caller;
use crate::replace::{self, Left, Order, Past, Plan, What};
use crate::store::commands::{CommandState, StoredCommand};
use crate::store::media::Holding;

/// How long an order waits for the new box after its token has ended.
const PATIENCE_MS: i64 = 30 * 24 * 60 * 60 * 1000;

/// Rows that are read at once.
const ROWS: usize = 1_000;

/// Videos of a box that are looked at.
const HOLDINGS_MAX: usize = 20_000;

/// Times that the same may be ordered anew after it was given up.
const ATTEMPTS_MAX: u32 = 8;

/// How to replace a box.
#[derive(Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Replacement {
    /// How long the token works, with its unit; `24h` if not given.
    #[schema(value_type = Option<String>, example = "24h")]
    valid: Option<Validity>,
    /// Only a token: nothing is moved.
    #[serde(default)]
    bare: bool,
}

/// The token for the new box, and what it gets.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(super) struct ReplacedView {
    #[serde(flatten)]
    invited: InvitedView,
    /// What is moved; missing if only a token was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    plan: Option<PlanView>,
}

/// What moves to the new box, and what does not.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(super) struct PlanView {
    /// What the new box gets as soon as it connects, in this order.
    moves: Vec<MoveView>,
    /// What somebody must see to.
    left: Vec<LeftView>,
}

/// Something that the new box gets.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
struct MoveView {
    /// `settings` of the agent, `configuration` of the application, or `video`.
    what: String,
    /// The video's path below the box's folder of videos.
    #[serde(skip_serializing_if = "Option::is_none")]
    path: Option<String>,
    /// The SHA-256 of its content.
    #[serde(skip_serializing_if = "Option::is_none")]
    sha256: Option<String>,
    /// Its size.
    #[serde(skip_serializing_if = "Option::is_none")]
    size_bytes: Option<u64>,
    /// The command that brings it; missing while it is only planned.
    #[serde(skip_serializing_if = "Option::is_none")]
    command: Option<String>,
}

/// Something that is not moved.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
struct LeftView {
    /// What.
    what: String,
    /// Why not.
    reason: String,
    /// What to do.
    cure: String,
}

impl MoveView {
    fn new(order: &Order, command: Option<String>) -> Self {
        let (what, video) = match &order.what {
            What::Settings => ("settings", None),
            What::Configuration => ("configuration", None),
            What::Video(holding) => ("video", Some(holding)),
        };
        Self {
            what: what.to_owned(),
            path: video.map(|video| video.path.clone()),
            sha256: video.map(|video| to_hex(&video.sha256)),
            size_bytes: video.map(|video| video.size_bytes),
            command,
        }
    }
}

impl From<Left> for LeftView {
    fn from(Left { what, reason, cure }: Left) -> Self {
        Self { what, reason, cure }
    }
}

/// Says what would move to a new box, and what would not.
#[utoipa::path(
    get, path = "/api/v1/sites/{id}/replace", operation_id = "sites_replace_plan",
    tag = "sites", extensions(("x-role" = json!("operator"))),
    params(("id" = String, Path, description = "The site")),
    responses((status = 200, description = "The plan; nothing is done", body = PlanView), Refused)
)]
pub(super) async fn show(
    _: Operator,
    State(admin): State<Admin>,
    Path(id): Path<String>,
) -> Result<Json<PlanView>, Problem> {
    let site = site_id(&id)?;
    admin.store.site(&site).await?.ok_or_else(|| Problem::unknown("site", &id))?;
    let plan = planned(&admin, &site).await?;
    let moves = plan.moves.iter().map(|order| MoveView::new(order, None)).collect();
    Ok(Json(PlanView { moves, left: plan.left.into_iter().map(LeftView::from).collect() }))
}

/// Prepares a site for a new box: the old one is refused from now on, a new token is given, and what the old one had is
/// ordered for the new one.
#[utoipa::path(
    post, path = "/api/v1/sites/{id}/replace", operation_id = "sites_replace",
    tag = "sites", request_body = Replacement,
    extensions(("x-role" = json!("owner"))),
    params(("id" = String, Path, description = "The site"),
           ("Idempotency-Key" = Option<String>, Header, description = "Sending twice under one key replaces once")),
    responses((status = 201, description = "The token is shown only now", body = ReplacedView), Refused)
)]
pub(super) async fn create(
    Owner(caller): Owner,
    State(admin): State<Admin>,
    Path(id): Path<String>,
    key: Key,
    Body(wanted): Body<Replacement>,
) -> Result<Response, Problem> {
    let request = (id, wanted);
    let ask = Ask { caller: &caller, key, request: ("replace", &request) };
    admin.answers.once(ask, make_room(&admin, &caller, &request)).await
}

async fn make_room(
    admin: &Admin,
    caller: &Caller,
    (id, wanted): &(String, Replacement),
) -> Result<ReplacedView, Problem> {
    let site = site_id(id)?;
    let valid = wanted.valid.unwrap_or_default().checked()?;
    let now_ms = admin.clock.wall_ms();
    let plan = if wanted.bare { None } else { Some(planned(admin, &site).await?) };
    if !admin.store.replace_site(&site, now_ms).await? {
        return Err(Problem::unknown("site", id));
    }
    admin.revoker.cut(&site);
    note(admin, &site, Happening::BoxReplaced, caller).await?;
    let token_ms = i64::try_from(valid.as_millis()).unwrap_or(i64::MAX);
    let expires_ms = now_ms.saturating_add(token_ms).saturating_add(PATIENCE_MS);
    let plan = match plan {
        Some(plan) => Some(give_all(admin, caller, &site, (plan, expires_ms)).await?),
        None => None,
    };
    Ok(ReplacedView { invited: invite(admin, &site, valid).await?, plan })
}

/// Reads what the hub knows of the old box, and plans.
async fn planned(admin: &Admin, site: &SiteId) -> Result<Plan, Problem> {
    let (commands, holdings) = (commands(admin, site).await?, holdings(admin, site).await?);
    let mut shelf = BTreeSet::new();
    for sha256 in holdings.iter().map(|holding| holding.sha256).collect::<BTreeSet<_>>() {
        if admin.store.medium(&sha256).await?.is_some() {
            shelf.insert(sha256);
        }
    }
    Ok(replace::plan(site, &Past { commands: &commands, holdings: &holdings, shelf: &shelf }))
}

/// The commands that succeeded, newest first.
async fn commands(admin: &Admin, site: &SiteId) -> Result<Vec<StoredCommand>, Problem> {
    let (mut all, mut after) = (Vec::new(), None);
    loop {
        let page = admin.store.commands(site, after, ROWS).await?;
        after = page.last().map(|last| (last.issued_ms, last.id));
        let is_last = page.len() < ROWS;
        all.extend(page.into_iter().filter(|command| command.state == CommandState::Succeeded));
        if is_last {
            return Ok(all);
        }
    }
}

async fn holdings(admin: &Admin, site: &SiteId) -> Result<Vec<Holding>, Problem> {
    let (mut all, mut after) = (Vec::new(), String::new());
    while all.len() < HOLDINGS_MAX {
        let page = admin.store.holdings(site, &after, ROWS).await?;
        let is_last = page.len() < ROWS;
        after = page.last().map(|last| last.path.clone()).unwrap_or_default();
        all.extend(page);
        if is_last {
            break;
        }
    }
    Ok(all)
}

/// Orders everything for the new box, unless it is ordered already.
async fn give_all(
    admin: &Admin,
    caller: &Caller,
    site: &SiteId,
    (plan, expires_ms): (Plan, i64),
) -> Result<PlanView, Problem> {
    let certificates = admin.store.certificates().await?;
    let former = certificates.into_iter().find(|one| one.site == *site).map(|one| one.serial).unwrap_or_default();
    let mut moves = Vec::with_capacity(plan.moves.len());
    // Of commands given at the same moment the order would be lost.
    for (order, issued_ms) in plan.moves.iter().zip(admin.clock.wall_ms()..) {
        let mut command = None;
        for attempt in 0..ATTEMPTS_MAX {
            let id = replace::id(site, &former, &order.kind, attempt);
            let known = admin.store.command(site, id).await?;
            if known.is_some_and(|known| !known.state.is_open() && known.state != CommandState::Succeeded) {
                continue;
            }
            let header = CommandHeader { site: site.clone(), id, issued_ms, expires_ms };
            let wanted = Command { header, is_dry_run: false, kind: order.kind.clone() };
            command = Some(store(admin, stored(&wanted, caller, None)?).await?.id);
            break;
        }
        moves.push(MoveView::new(order, command));
    }
    Ok(PlanView { moves, left: plan.left.into_iter().map(LeftView::from).collect() })
}

#[cfg(test)]
mod tests;
