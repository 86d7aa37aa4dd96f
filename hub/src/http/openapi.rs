//! The list of every route of the API, and the OpenAPI document that follows from it.
//!
//! Each operation names the role it needs in `x-role`; a test asks every route as every role and compares.

use axum::http::header;
use axum::response::IntoResponse;
use utoipa::OpenApi as _;
use utoipa::openapi::OpenApi;
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityScheme};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::{
    Admin, backups, devices, diary, enrolments, events, health, metrics, session, site, sites, tokens, users, version,
};

#[derive(utoipa::OpenApi)]
#[openapi(
    info(
        title = "Vigie hub",
        description = "Sites, their boxes and what they saw. Times are RFC 3339 in UTC. Errors are \
                       application/problem+json with a stable `code`. Lists are pages: pass `next` as `after`. \
                       Creating twice with one `Idempotency-Key` creates once."
    ),
    modifiers(&Bearer),
    security(("bearer" = []))
)]
struct Head;

struct Bearer;

impl utoipa::Modify for Bearer {
    fn modify(&self, document: &mut OpenApi) {
        let bearer = SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer));
        document.components.get_or_insert_default().add_security_scheme("bearer", bearer);
    }
}

/// Every route with its description. Adding a resource is one file and its lines here.
pub(super) fn api() -> OpenApiRouter<Admin> {
    OpenApiRouter::with_openapi(Head::openapi())
        .routes(routes!(sites::list, sites::create))
        .routes(routes!(site::show, sites::remove))
        .routes(routes!(sites::revoke))
        .routes(routes!(sites::replace))
        .routes(routes!(devices::list))
        .routes(routes!(enrolments::list, enrolments::create))
        .routes(routes!(diary::list))
        .routes(routes!(tokens::list, tokens::create))
        .routes(routes!(tokens::remove))
        .routes(routes!(users::list))
        .routes(routes!(users::put))
        .routes(routes!(backups::create))
        .routes(routes!(session::login))
        .routes(routes!(session::logout))
        .routes(routes!(session::whoami))
        .routes(routes!(events::stream))
        .routes(routes!(health::alive))
        .routes(routes!(health::ready))
        .routes(routes!(metrics::show))
        .routes(routes!(version::show))
        .routes(routes!(show))
}

/// The OpenAPI document as JSON, ending in a line break.
#[must_use]
pub fn document() -> String {
    let mut text = api().into_openapi().to_pretty_json().unwrap_or_default();
    text.push('\n');
    text
}

/// This document.
#[utoipa::path(
    get, path = "/api/v1/openapi.json", tag = "probes", security(()), extensions(("x-role" = json!("anybody"))),
    responses((status = 200, description = "The OpenAPI document", content_type = "application/json"))
)]
async fn show() -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "application/json")], document())
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_committed_document_is_the_one_the_code_makes() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/openapi.json");
        let committed = std::fs::read_to_string(path).unwrap_or_default();
        assert!(
            committed == super::document(),
            "hub/openapi.json is out of date; write it anew: cargo run -p vigie-hub -- openapi > hub/openapi.json"
        );
    }
}
