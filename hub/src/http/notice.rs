//! `/api/v1/sites/{id}/notice`: what a site tells the people on it, to print and put up. French and English.

use askama::Template;
use axum::extract::{Path, State};
use axum::http::header;
use axum::response::{IntoResponse as _, Response};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::Admin;
use super::guard::Viewer;
use super::input::{Params, line, site_id};
use super::problem::{Problem, Refused};
use crate::retention::RetentionConfig;
use crate::text::Lang;

/// Longest word on whom to ask, characters.
const CONTACT_LENGTH_MAX: usize = 200;

/// In which language.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(super) enum NoticeLang {
    /// French.
    #[default]
    Fr,
    /// English.
    En,
}

/// How it is shown.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Query {
    /// `fr` or `en`; French if not given.
    #[param(inline)]
    lang: Option<NoticeLang>,
    /// Whom people may ask: a name, an address; left out if not given.
    contact: Option<String>,
}

#[derive(Template)]
#[template(path = "notice.html")]
struct Notice<'a> {
    lang: Lang,
    is_french: bool,
    site: &'a str,
    contact: &'a str,
    /// How long sightings are kept, days; then strips, and days that were counted, months.
    sightings_days: u64,
    strips_months: u64,
    days_months: u64,
    passing_hours: u64,
}

/// The notice of a site, HTML to print, with the periods that this hub really keeps.
#[utoipa::path(
    get, path = "/api/v1/sites/{id}/notice", operation_id = "site_notice_show",
    tag = "presence", extensions(("x-role" = json!("viewer"))),
    params(("id" = String, Path, description = "The site"), Query),
    responses((status = 200, description = "The notice", content_type = "text/html"), Refused)
)]
pub(super) async fn show(
    _: Viewer,
    State(admin): State<Admin>,
    Path(id): Path<String>,
    Params(query): Params<Query>,
) -> Result<Response, Problem> {
    let site = admin.store.site(&site_id(&id)?).await?.ok_or_else(|| Problem::unknown("site", &id))?;
    let lang = match query.lang.unwrap_or_default() {
        NoticeLang::Fr => Lang::Fr,
        NoticeLang::En => Lang::En,
    };
    let contact = query.contact.as_deref().map(|contact| line("contact", contact, CONTACT_LENGTH_MAX)).transpose()?;
    let html = notice(&site.name, &contact.unwrap_or_default(), lang, &admin.retention);
    Ok(([(header::CONTENT_TYPE, "text/html; charset=utf-8")], html).into_response())
}

fn notice(site: &str, contact: &str, lang: Lang, keep: &RetentionConfig) -> String {
    const DAY_S: u64 = 24 * 60 * 60;
    const MONTH_S: u64 = 30 * DAY_S;
    let notice = Notice {
        lang,
        is_french: lang == Lang::Fr,
        site,
        contact,
        sightings_days: keep.observations.as_secs().div_ceil(DAY_S),
        strips_months: keep.strips.as_secs() / MONTH_S,
        days_months: keep.presence_days.as_secs() / MONTH_S,
        passing_hours: keep.passing_devices.as_secs().div_ceil(60 * 60),
    };
    notice.render().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use axum::http::StatusCode;

    use crate::http::testing::Stage;
    use crate::store::accounts::Role;

    #[tokio::test]
    async fn a_sites_notice_says_the_periods_that_are_kept_in_both_languages() {
        let stage = Stage::new().await;
        stage.add_site("metz", "Metz <Gare>").await;
        let notice = async |lang: &str| {
            stage.get(&format!("/api/v1/sites/metz/notice?lang={lang}")).role(Role::Viewer).send().await
        };
        let (french, english) = (notice("fr").await, notice("en").await);
        assert_eq!((french.status, english.status), (StatusCode::OK, StatusCode::OK));
        assert!(french.text.contains("30 jours") && french.text.contains("13 mois"), "{}", french.text);
        assert!(english.text.contains("30 days") && english.text.contains("13 months"), "{}", english.text);
        assert!(french.text.contains("Metz &#60;Gare&#62;"), "{}", french.text);
        assert_eq!(notice("de").await.status, StatusCode::BAD_REQUEST);
    }
}
