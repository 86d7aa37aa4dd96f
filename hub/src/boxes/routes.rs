//! The routes: read a request, ask the desk, write the answer.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::rejection::{BytesRejection, JsonRejection};
use axum::extract::{DefaultBodyLimit, Extension, Path, State};
use axum::http::{HeaderMap, Method, StatusCode};
use axum::response::Response;
use axum::routing::{get, post, put};
use axum::{Json, Router};
use vigie_shared::blob::{BLOB_BYTES_MAX, BLOBS_PATH, MEDIA_PATH};
use vigie_shared::devices::{CLAIMS_PATH, DEVICES_PATH, DeviceClaim};
use vigie_shared::enrol::{
    BoxFacts, ENROL_PATH, EnrolRequest, Enrolled, FACTS_PATH, HubTime, Identity, REGISTER_PATH, RENEW_PATH,
    RegisterRequest, RenewRequest, TIME_PATH,
};
use vigie_shared::package::RELEASES_PATH;

use super::desk::{Desk, Wares};
use super::problem::Refused;
use crate::pki::PeerIdentity;

/// Who is at the other end of a connection.
#[derive(Debug, Clone)]
pub(super) struct Caller {
    pub(super) address: SocketAddr,
    /// What the client certificate says, if there is one that names a site. It may have expired.
    pub(super) certificate: Option<PeerIdentity>,
}

pub(super) fn router(desk: Arc<Desk>) -> Router {
    Router::new()
        .route(ENROL_PATH, post(enrol))
        .route(REGISTER_PATH, post(register))
        .route(FACTS_PATH, post(learn))
        .route(RENEW_PATH, post(renew))
        .route(TIME_PATH, get(time))
        .route(DEVICES_PATH, get(devices))
        .route(CLAIMS_PATH, post(claim))
        .route(&format!("{BLOBS_PATH}{{sha256}}"), put(keep).layer(DefaultBodyLimit::max(BLOB_BYTES_MAX)))
        .route(&format!("{MEDIA_PATH}{{sha256}}"), get(medium))
        .route(&format!("{RELEASES_PATH}{{sha256}}"), get(release))
        .fallback(|| async { Refused::NotFound })
        .method_not_allowed_fallback(|| async { Refused::WrongMethod })
        .with_state(desk)
}

async fn enrol(
    State(desk): State<Arc<Desk>>,
    Extension(caller): Extension<Caller>,
    request: Result<Json<EnrolRequest>, JsonRejection>,
) -> Result<Json<Enrolled>, Refused> {
    let Json(request) = request.map_err(unreadable)?;
    desk.enrol(&request, caller.address.ip()).await.map(Json)
}

async fn register(
    State(desk): State<Arc<Desk>>,
    Extension(caller): Extension<Caller>,
    request: Result<Json<RegisterRequest>, JsonRejection>,
) -> Result<Json<Enrolled>, Refused> {
    let Json(request) = request.map_err(unreadable)?;
    desk.register(&request, caller.address.ip()).await.map(Json)
}

async fn learn(
    State(desk): State<Arc<Desk>>,
    Extension(caller): Extension<Caller>,
    facts: Result<Json<BoxFacts>, JsonRejection>,
) -> Result<StatusCode, Refused> {
    let peer = caller.certificate.ok_or(Refused::NoCertificate)?;
    let Json(facts) = facts.map_err(unreadable)?;
    desk.learn(&facts, &peer).await.map(|()| StatusCode::NO_CONTENT)
}

async fn renew(
    State(desk): State<Arc<Desk>>,
    Extension(caller): Extension<Caller>,
    request: Result<Json<RenewRequest>, JsonRejection>,
) -> Result<Json<Identity>, Refused> {
    let peer = caller.certificate.ok_or(Refused::NoCertificate)?;
    let Json(request) = request.map_err(unreadable)?;
    desk.renew(&request, &peer, caller.address.ip()).await.map(Json)
}

async fn medium(
    State(desk): State<Arc<Desk>>,
    Extension(caller): Extension<Caller>,
    Path(sha256): Path<String>,
    method: Method,
    headers: HeaderMap,
) -> Result<Response, Refused> {
    let peer = caller.certificate.ok_or(Refused::NoCertificate)?;
    desk.give(&peer, (Wares::Media, &sha256), (&method, &headers)).await
}

async fn devices(
    State(desk): State<Arc<Desk>>,
    Extension(caller): Extension<Caller>,
    headers: HeaderMap,
) -> Result<Response, Refused> {
    let peer = caller.certificate.ok_or(Refused::NoCertificate)?;
    desk.devices(&peer, &headers).await
}

async fn claim(
    State(desk): State<Arc<Desk>>,
    Extension(caller): Extension<Caller>,
    claim: Result<Json<DeviceClaim>, JsonRejection>,
) -> Result<StatusCode, Refused> {
    let peer = caller.certificate.ok_or(Refused::NoCertificate)?;
    let Json(claim) = claim.map_err(unreadable)?;
    desk.claim(&claim, &peer, caller.address.ip()).await.map(|()| StatusCode::NO_CONTENT)
}

async fn time(State(desk): State<Arc<Desk>>) -> Json<HubTime> {
    Json(HubTime { hub_ms: desk.now_ms() })
}

async fn keep(
    State(desk): State<Arc<Desk>>,
    Extension(caller): Extension<Caller>,
    Path(sha256): Path<String>,
    content: Result<Bytes, BytesRejection>,
) -> Result<StatusCode, Refused> {
    let peer = caller.certificate.ok_or(Refused::NoCertificate)?;
    let content = content.map_err(|rejection| Refused::Unreadable(rejection.body_text()))?;
    desk.keep(&peer, sha256, content).await.map(|()| StatusCode::NO_CONTENT)
}

async fn release(
    State(desk): State<Arc<Desk>>,
    Extension(caller): Extension<Caller>,
    Path(sha256): Path<String>,
    method: Method,
    headers: HeaderMap,
) -> Result<Response, Refused> {
    let peer = caller.certificate.ok_or(Refused::NoCertificate)?;
    desk.give(&peer, (Wares::Releases, &sha256), (&method, &headers)).await
}

#[expect(clippy::needless_pass_by_value, reason = "the form that map_err wants")]
fn unreadable(rejection: JsonRejection) -> Refused {
    Refused::Unreadable(rejection.body_text())
}
