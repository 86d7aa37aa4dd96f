//! Asks our own router on behalf of a reader: with the reader's own proof, so that every check is the API's.

use std::sync::Arc;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, Request, StatusCode, header};
use axum::response::Response;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tower::ServiceExt as _;

use super::failed::Failed;
use crate::http::guard::Peer;
use crate::http::idempotency::Answers;
use crate::http::problem::Problem;
use crate::http::trail::OnBehalf;

/// Largest answer that is read, bytes: an export of a person.
const ANSWER_BYTES_MAX: usize = 16 << 20;

/// What goes with every request on a reader's behalf.
const HANDED_ON: [HeaderName; 6] =
    [header::HOST, header::ORIGIN, header::COOKIE, header::AUTHORIZATION, header::ACCEPT_LANGUAGE, header::USER_AGENT];

/// Every route but the acts themselves; clones share it.
#[derive(Clone)]
pub(super) struct Inside {
    router: Router,
    /// What became of forms that were sent, by their key.
    pub(super) outcomes: Arc<Answers>,
}

/// How the API answered.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct Outcome {
    /// Its JSON; null if it said nothing.
    pub(super) body: Value,
}

/// Who asks.
#[derive(Clone)]
pub(super) struct Asker {
    pub(super) inside: Inside,
    headers: HeaderMap,
    peer: Peer,
}

/// A request to the API.
pub(super) struct Asked<'a> {
    pub(super) method: &'a Method,
    /// Path and query.
    pub(super) address: String,
    pub(super) body: Option<Value>,
    /// What makes a second sending harmless.
    pub(super) key: &'a str,
}

impl Inside {
    /// Around every route that acts may lead to.
    pub(super) fn new(router: Router) -> Self {
        Self { router, outcomes: Arc::default() }
    }
}

impl Asker {
    /// With the proof that came with a request.
    pub(super) fn new(inside: Inside, headers: &HeaderMap, peer: Peer) -> Self {
        let kept = HANDED_ON.iter().filter_map(|name| Some((name.clone(), headers.get(name)?.clone())));
        Self { inside, headers: kept.collect(), peer }
    }

    /// Asks the API.
    ///
    /// # Errors
    ///
    /// The API's own.
    pub(super) async fn ask(&self, asked: Asked<'_>, csrf: &str) -> Result<Outcome, Problem> {
        let mut request = self.request(asked.method.clone(), &asked.address)?;
        let headers = request.headers_mut();
        put(headers, HeaderName::from_static("x-csrf-token"), csrf);
        put(headers, HeaderName::from_static("idempotency-key"), asked.key);
        if let Some(body) = asked.body {
            put(headers, header::CONTENT_TYPE, "application/json");
            *request.body_mut() = Body::from(body.to_string());
        }
        let response = self.send(request).await;
        let status = response.status();
        let bytes = to_bytes(response.into_body(), ANSWER_BYTES_MAX).await.unwrap_or_default();
        if status.is_success() {
            return Ok(Outcome { body: serde_json::from_slice(&bytes).unwrap_or_default() });
        }
        Err(serde_json::from_slice(&bytes).unwrap_or_else(|_unreadable| {
            Problem::new(status, "refused", "Request refused", "the request was refused; nothing was changed")
        }))
    }

    /// A page of ours as this reader sees it, with what became of their act.
    pub(super) async fn page(&self, address: &str, failed: Failed) -> Option<Response> {
        let mut request = self.request(Method::GET, address).ok()?;
        request.extensions_mut().insert(Arc::new(failed));
        let response = self.send(request).await;
        (response.status() == StatusCode::OK).then_some(response)
    }

    fn request(&self, method: Method, address: &str) -> Result<Request<Body>, Problem> {
        let built = Request::builder().method(method).uri(address).body(Body::empty());
        let mut request = built.map_err(|_broken| Problem::invalid("path", "the address cannot be built"))?;
        *request.headers_mut() = self.headers.clone();
        request.extensions_mut().insert(self.peer);
        request.extensions_mut().insert(OnBehalf);
        Ok(request)
    }

    async fn send(&self, request: Request<Body>) -> Response {
        match self.inside.router.clone().oneshot(request).await {
            Ok(response) => response,
            Err(never) => match never {},
        }
    }
}

fn put(headers: &mut HeaderMap, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value)
        && !value.is_empty()
    {
        headers.insert(name, value);
    }
}

/// What was kept of an act, as [`Answers`] tells it.
pub(super) async fn outcome(told: Response) -> Result<Outcome, Problem> {
    let bytes = to_bytes(told.into_body(), ANSWER_BYTES_MAX).await.unwrap_or_default();
    Ok(serde_json::from_slice(&bytes).unwrap_or_default())
}
