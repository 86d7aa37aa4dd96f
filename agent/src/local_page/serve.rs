//! Answers at the page's socket. The only file that knows the HTTP server library.
//!
//! One request per connection, few connections, a time for everything: whoever misbehaves loses his own connection.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::header::{ACCEPT_LANGUAGE, ALLOW, CONTENT_TYPE, HOST, HeaderName, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use vigie_shared::lifecycle::Lifecycle;

use super::request::{Asked, OwnNames, Refused, Wanted, judge};
use super::{Source, html};

/// Connections at the same time.
const CONNECTIONS_MAX: usize = 8;

/// Longest wait for a request's head.
const HEAD_WITHIN: Duration = Duration::from_secs(5);

/// Longest life of a connection.
const CONNECTION_MAX: Duration = Duration::from_secs(15);

/// Longest head, bytes.
const HEAD_BYTES_MAX: usize = 8 * 1024;

/// Every answer: nothing from elsewhere, no script, in no frame, in no cache.
const HEADERS: [(&str, &str); 5] = [
    (
        "content-security-policy",
        "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    ),
    ("x-content-type-options", "nosniff"),
    ("x-frame-options", "DENY"),
    ("referrer-policy", "no-referrer"),
    ("cache-control", "no-store"),
];

/// Answers until the process stops.
///
/// # Errors
///
/// None; a connection that fails is dropped.
pub async fn serve(
    listener: TcpListener,
    source: Arc<dyn Source>,
    own: OwnNames,
    lifecycle: Lifecycle,
) -> anyhow::Result<()> {
    let (stopping, own) = (lifecycle.stopping(), Arc::new(own));
    let places = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    loop {
        let place = tokio::select! {
            () = stopping.cancelled() => return Ok(()),
            place = Arc::clone(&places).acquire_owned() => place.context("the page's places are never closed")?,
        };
        let stream = tokio::select! {
            () = stopping.cancelled() => return Ok(()),
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => stream,
                Err(error) => {
                    tracing::debug!("the local page: {error}");
                    // Out of files, most likely: not at full speed into the same wall.
                    tokio::time::sleep(Duration::from_millis(100)).await;
                    continue;
                }
            },
        };
        let (source, own) = (Arc::clone(&source), Arc::clone(&own));
        lifecycle.spawn_detached(async move {
            let _place = place;
            drop(tokio::time::timeout(CONNECTION_MAX, connection(stream, source, own)).await);
        });
    }
}

async fn connection(stream: TcpStream, source: Arc<dyn Source>, own: Arc<OwnNames>) {
    let service = service_fn(move |request: Request<Incoming>| {
        let (source, wanted) = (Arc::clone(&source), judge(asked(&request), &own));
        async move { Ok::<_, Infallible>(with_headers(answer(wanted, source).await)) }
    });
    let served = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_WITHIN)
        .max_buf_size(HEAD_BYTES_MAX)
        .keep_alive(false)
        .serve_connection(TokioIo::new(stream), service)
        .await;
    if let Err(error) = served {
        tracing::debug!("a connection to the local page ended early: {error}");
    }
}

fn asked<B>(request: &Request<B>) -> Asked<'_> {
    let header = |name: HeaderName| request.headers().get(name).and_then(|value| value.to_str().ok());
    Asked {
        method: request.method().as_str(),
        path: request.uri().path(),
        query: request.uri().query(),
        host: header(HOST),
        languages: header(ACCEPT_LANGUAGE),
    }
}

async fn answer(wanted: Result<Wanted, Refused>, source: Arc<dyn Source>) -> Response<Full<Bytes>> {
    let wanted = match wanted {
        Ok(Wanted::Style) => return said(StatusCode::OK, "text/css; charset=utf-8", html::STYLE.to_owned()),
        Ok(wanted) => wanted,
        Err(refused) => return refusal(refused),
    };
    // It looks at the disk, which may be slow just when somebody looks here.
    let Ok(facts) = tokio::task::spawn_blocking(move || source.facts()).await else {
        return text(StatusCode::INTERNAL_SERVER_ERROR, "The box cannot say how it is. / La box ne peut pas répondre.");
    };
    match wanted {
        Wanted::Page(lang) => said(StatusCode::OK, "text/html; charset=utf-8", html::page(&facts, lang)),
        Wanted::Status | Wanted::Style => {
            let json = serde_json::to_string_pretty(&facts).unwrap_or_default();
            said(StatusCode::OK, "application/json", json + "\n")
        }
    }
}

fn refusal(refused: Refused) -> Response<Full<Bytes>> {
    match refused {
        Refused::Path => text(StatusCode::NOT_FOUND, "There is only / and /status.json."),
        Refused::Host => text(StatusCode::MISDIRECTED_REQUEST, "Use the box's address or its own name."),
        Refused::Method => {
            let mut response = text(StatusCode::METHOD_NOT_ALLOWED, "This page is for reading only.");
            response.headers_mut().insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
            response
        }
    }
}

fn text(status: StatusCode, text: &str) -> Response<Full<Bytes>> {
    said(status, "text/plain; charset=utf-8", format!("{text}\n"))
}

fn said(status: StatusCode, kind: &'static str, body: String) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from(body)));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    response
}

fn with_headers(mut response: Response<Full<Bytes>>) -> Response<Full<Bytes>> {
    for (name, value) in HEADERS {
        response.headers_mut().insert(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
    response
}
