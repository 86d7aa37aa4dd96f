//! `/api/v1/alerts/silences`: what nobody wants to be told of for a while.

use std::time::Duration;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use vigie_shared::units;

use super::view::SilenceView;
use super::{NOTE_LENGTH_MAX, line};
use crate::alerts::rules::CATALOGUE;
use crate::alerts::silence::{Matcher, SILENCES_MAX, Silence};
use crate::http::Admin;
use crate::http::guard::{Operator, Viewer};
use crate::http::input::{Body, site_id};
use crate::http::problem::{Problem, Refused};
use crate::http::views::Page;

/// Longest subject, characters: longer than any mount point or serial number.
const SUBJECT_LENGTH_MAX: usize = 200;

/// Longest silence: whatever lasts longer is switched off in the configuration.
const LASTS_MAX: Duration = Duration::from_secs(90 * 24 * 60 * 60);

/// What nobody shall be told of, and for how long. At least one of site, rule and subject.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::http) struct NewSilence {
    /// Only at this site.
    site: Option<String>,
    /// Only of this rule.
    rule: Option<String>,
    /// Only of this subject, as the alert has it.
    subject: Option<String>,
    /// For how long, up to 90 days: `2h`.
    #[serde(rename = "for")]
    #[schema(value_type = String)]
    lasts: Lasts,
    /// Why.
    note: Option<String>,
}

/// A duration with its unit.
#[derive(Debug, Serialize, Deserialize)]
#[serde(transparent)]
struct Lasts(#[serde(with = "units::duration")] Duration);

/// Lists silences that have not ended.
#[utoipa::path(
    get, path = "/api/v1/alerts/silences", operation_id = "silences_list",
    tag = "alerts", extensions(("x-role" = json!("viewer"))),
    responses((status = 200, description = "Every silence", body = Page<SilenceView>), Refused)
)]
pub(in crate::http) async fn list(_: Viewer, State(admin): State<Admin>) -> Result<Json<Page<SilenceView>>, Problem> {
    let silences = admin.store.silences(admin.clock.wall_ms()).await?;
    Ok(Json(Page { items: silences.into_iter().map(SilenceView::from).collect(), next: None }))
}

/// Keeps people from being told of something until a moment. What fires goes on being shown.
#[utoipa::path(
    post, path = "/api/v1/alerts/silences", operation_id = "silences_create",
    tag = "alerts", request_body = NewSilence, extensions(("x-role" = json!("operator"))),
    responses((status = 201, description = "Silenced", body = SilenceView), Refused)
)]
pub(in crate::http) async fn create(
    Operator(caller): Operator,
    State(admin): State<Admin>,
    Body(new): Body<NewSilence>,
) -> Result<(StatusCode, Json<SilenceView>), Problem> {
    let made_ms = admin.clock.wall_ms();
    let matcher = matcher(&admin, &new).await?;
    if new.lasts.0.is_zero() || new.lasts.0 > LASTS_MAX {
        return Err(Problem::invalid("for", "use more than nothing and at most 90 days, for example `2h`"));
    }
    if admin.store.silences(made_ms).await?.len() >= SILENCES_MAX {
        let detail = format_args!("there are {SILENCES_MAX} silences already; end some: `vigie-hub alert unsilence`");
        return Err(Problem::invalid("for", detail));
    }
    let note = new.note.as_deref().map(|note| line("note", note, NOTE_LENGTH_MAX)).transpose()?.unwrap_or_default();
    let until_ms = made_ms.saturating_add(i64::try_from(new.lasts.0.as_millis()).unwrap_or(i64::MAX));
    let mut silence = Silence { no: 0, matcher, until_ms, note, account: caller.account, made_ms };
    silence.no = admin.alerts.silence(&silence).await?;
    Ok((StatusCode::CREATED, Json(SilenceView::from(silence))))
}

/// Ends a silence: what still fires is told.
#[utoipa::path(
    delete, path = "/api/v1/alerts/silences/{id}", operation_id = "silences_delete",
    tag = "alerts", extensions(("x-role" = json!("operator"))),
    params(("id" = String, Path, description = "Its number")),
    responses((status = 204, description = "Ended"), Refused)
)]
pub(in crate::http) async fn remove(
    _: Operator,
    State(admin): State<Admin>,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    let is_removed = match id.parse() {
        Ok(no) => admin.alerts.unsilence(no).await?,
        Err(_not_a_number) => false,
    };
    if is_removed {
        return Ok(StatusCode::NO_CONTENT);
    }
    let detail = "there is no silence of that number; `vigie-hub alert silences` or /api/v1/alerts/silences shows all";
    Err(Problem::new(StatusCode::NOT_FOUND, "silence_unknown", "There is no such silence", detail))
}

async fn matcher(admin: &Admin, new: &NewSilence) -> Result<Matcher, Problem> {
    let site = new.site.as_deref().map(site_id).transpose()?;
    if let Some(id) = &site
        && admin.store.site(id).await?.is_none()
    {
        return Err(Problem::unknown("site", id.as_str()));
    }
    if let Some(rule) = &new.rule
        && !CATALOGUE.iter().any(|(name, _)| name == rule)
    {
        return Err(Problem::invalid("rule", "there is no such rule; `vigie-hub alert rules` shows all"));
    }
    let subject = new.subject.as_deref().map(|subject| line("subject", subject, SUBJECT_LENGTH_MAX)).transpose()?;
    if site.is_none() && new.rule.is_none() && subject.is_none() {
        return Err(Problem::invalid(
            "site",
            "say at least a site, a rule or a subject: silencing everything hides all",
        ));
    }
    Ok(Matcher { site, rule: new.rule.clone(), subject })
}
