//! What every answer needs: limits, security headers, names by hash, and a problem where the framework says plain words.

use std::future::ready;
use std::time::Duration;

use axum::body::{Body, HttpBody as _, to_bytes};
use axum::extract::{DefaultBodyLimit, Request};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Router, middleware};
use vigie_shared::id::to_hex;

use super::input::BODY_BYTES_MAX;
use super::problem::Problem;
use super::{Admin, page, rest, tm20, trail};
use crate::login::secret;

/// How long a handler may work before it answers. Live streams answer at once and go on.
const ANSWER_WITHIN: Duration = Duration::from_secs(30);
/// What comes as it is, and may be large.
const UPLOADS: [&str; 3] = ["/api/v1/media", "/api/v1/imports", "/api/v1/imports/tm20"];
/// How long its content may take to come.
const UPLOAD_WITHIN: Duration = Duration::from_secs(4 * 60 * 60);
/// Largest answer that gets an `ETag`, bytes.
const ETAG_BYTES_MAX: usize = 8 * 1024 * 1024;

/// Pages take everything from this hub, run no script but its files, and show in no frame.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; \
                      form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

const HEADERS: [(&str, &str); 6] = [
    ("content-security-policy", POLICY),
    ("x-content-type-options", "nosniff"),
    ("x-frame-options", "DENY"),
    ("referrer-policy", "same-origin"),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
];

/// Puts the shell around the routes.
pub(super) fn wrap(routes: Router<Admin>, admin: &Admin) -> Router<Admin> {
    let routes =
        routes.fallback(page::missing).layer(from_fn(with_etag)).layer(from_fn(heard_out)).layer(from_fn(as_problem));
    around(routes, admin)
}

/// What answers of pages and API have in common: in time, bounded, guarded.
pub(super) fn around(routes: Router<Admin>, admin: &Admin) -> Router<Admin> {
    let is_tls = admin.is_tls;
    let routes = if admin.is_demo { routes.layer(Extension(Demo)) } else { routes };
    routes
        .layer(from_fn(in_time))
        .layer(from_fn_with_state(admin.clone(), trail::follow))
        .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
        .layer(middleware::map_response(move |response: Response| ready(with_headers(response, is_tls))))
}

/// Put into requests to a hub of which nothing is real.
#[derive(Debug, Clone, Copy)]
pub(super) struct Demo;

/// Whether programs ask there, and not people.
pub(super) fn is_api(path: &str) -> bool {
    path.starts_with("/api/") || path.starts_with(tm20::ROOT)
}

fn is_upload(request: &Request) -> bool {
    request.method() == Method::POST && UPLOADS.contains(&request.uri().path())
}

/// Whoever uploads is answered even if it was not wanted to its end.
async fn heard_out(request: Request, next: Next) -> Response {
    if is_upload(&request) { rest::read_on(request, next).await } else { next.run(request).await }
}

async fn in_time(request: Request, next: Next) -> Response {
    let within = if is_upload(&request) { UPLOAD_WITHIN } else { ANSWER_WITHIN };
    match tokio::time::timeout(within, next.run(request)).await {
        Ok(response) => response,
        Err(_elapsed) => {
            let detail = format!("no answer within {} s; ask for less, or try again later", within.as_secs());
            Problem::new(StatusCode::SERVICE_UNAVAILABLE, "too_slow", "No answer in time", detail)
                .retry_after(5)
                .into_response()
        }
    }
}

/// Gives the framework's own refusals (wrong method, broken path) the form of all others.
async fn as_problem(request: Request, next: Next) -> Response {
    let is_api = is_api(request.uri().path());
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    let response = next.run(request).await;
    let status = response.status();
    let is_plain = !is_json(response.headers());
    if !is_api || !is_plain || !(status.is_client_error() || status.is_server_error()) {
        return response;
    }
    let allow = response.headers().get(header::ALLOW).cloned();
    let shown: String = path.chars().take(96).collect();
    let detail = format!("{method} {shown} is not possible; what is possible stands in /api/v1/openapi.json");
    let title = status.canonical_reason().unwrap_or("Refused");
    let code = title.to_lowercase().replace([' ', '-'], "_");
    let mut refused = Problem::new(status, &code, title, detail).into_response();
    if let Some(allow) = allow {
        refused.headers_mut().insert(header::ALLOW, allow);
    }
    refused
}

/// Names what was read by its hash; a reader who has it already gets 304.
async fn with_etag(request: Request, next: Next) -> Response {
    let is_list = request.method() == Method::GET && request.uri().path().starts_with("/api/");
    let known = request.headers().get(header::IF_NONE_MATCH).cloned();
    let response = next.run(request).await;
    let is_small = response.body().size_hint().upper().is_some_and(|size| size <= ETAG_BYTES_MAX as u64);
    if !is_list || response.status() != StatusCode::OK || !is_json(response.headers()) || !is_small {
        return response;
    }
    let (mut head, body) = response.into_parts();
    let Ok(bytes) = to_bytes(body, ETAG_BYTES_MAX).await else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    let hash = secret::sha256(&bytes);
    let tag = format!("\"{}\"", to_hex(hash.first_chunk::<16>().map_or(&[], |half| half.as_slice())));
    if let Ok(value) = HeaderValue::from_str(&tag) {
        head.headers.insert(header::ETAG, value);
    }
    head.headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
    if known.is_some_and(|known| names(&known, &tag)) {
        head.status = StatusCode::NOT_MODIFIED;
        head.headers.remove(header::CONTENT_LENGTH);
        return Response::from_parts(head, Body::empty());
    }
    Response::from_parts(head, Body::from(bytes))
}

/// Whether an `If-None-Match` covers this tag.
fn names(known: &HeaderValue, tag: &str) -> bool {
    let list = known.to_str().unwrap_or_default();
    list.split(',').map(|one| one.trim().trim_start_matches("W/")).any(|one| one == tag || one == "*")
}

fn with_headers(mut response: Response, is_tls: bool) -> Response {
    let headers = response.headers_mut();
    for (name, value) in HEADERS {
        headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
    if is_tls {
        headers.insert(header::STRICT_TRANSPORT_SECURITY, HeaderValue::from_static("max-age=31536000"));
    }
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    response
}

fn is_json(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    kind.starts_with("application/json") || kind.starts_with("application/problem+json")
}

#[cfg(test)]
mod tests {
    use axum::http::{Method, StatusCode};

    use crate::http::testing::Stage;
    use crate::store::accounts::Role;

    #[tokio::test]
    async fn a_reader_who_has_the_list_already_is_told_so() {
        let stage = Stage::new().await;
        stage.add_site("metz", "Metz").await;
        let ask = || stage.get("/api/v1/sites").role(Role::Viewer);
        let first = ask().send().await;
        let tag = first.header("etag").to_owned();
        let again = ask().header("if-none-match", &format!("\"other\", W/{tag}")).send().await;
        assert_eq!((again.status, again.text.as_str()), (StatusCode::NOT_MODIFIED, ""));
        stage.add_site("brest", "Brest").await;
        let changed = ask().header("if-none-match", &tag).send().await;
        assert_eq!(changed.status, StatusCode::OK);
        assert_ne!(changed.header("etag"), tag);
    }

    #[tokio::test]
    async fn every_answer_is_guarded_whatever_it_is() {
        let stage = Stage::new().await;
        for path in ["/", "/login", "/healthz", "/api/v1/sites", "/nowhere", "/assets/vigie.js"] {
            let answer = stage.get(path).send().await;
            assert!(answer.header("content-security-policy").contains("default-src 'none'"), "{path}");
            assert_eq!(answer.header("x-content-type-options"), "nosniff", "{path}");
            let is_asset = path.starts_with("/assets");
            assert_eq!(answer.header("cache-control") == "no-store", !is_asset, "{path}");
        }
    }

    #[tokio::test]
    async fn the_frameworks_own_refusals_are_problems_too() {
        let stage = Stage::new().await;
        let wrong = stage.request(Method::PATCH, "/api/v1/sites").send().await;
        assert_eq!((wrong.status, wrong.code().as_str()), (StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed"));
        assert!(wrong.header("allow").contains("POST"));
        let nowhere = stage.get("/api/v2/sites").send().await;
        assert_eq!((nowhere.status, nowhere.code().as_str()), (StatusCode::NOT_FOUND, "not_found"));
    }
}
