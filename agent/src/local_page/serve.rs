//! Answers at a page's socket. The only file that knows the HTTP server library.
//!
//! One request per connection, few connections, a time for everything: whoever misbehaves loses his own connection.

use std::convert::Infallible;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use async_trait::async_trait;
use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::header::{ACCEPT_LANGUAGE, ALLOW, CONTENT_TYPE, HOST, HeaderName, HeaderValue};
use hyper::http::request;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use vigie_shared::lifecycle::Lifecycle;

use super::request::Asked;

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
        "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
    ),
    ("x-content-type-options", "nosniff"),
    ("x-frame-options", "DENY"),
    ("referrer-policy", "no-referrer"),
    ("cache-control", "no-store"),
];

/// An answer.
pub struct Reply {
    /// The HTTP status.
    pub status: u16,
    /// What the text is.
    pub kind: &'static str,
    /// The text.
    pub body: String,
    /// The methods that are answered, if the asked one is not.
    pub allow: Option<&'static str>,
}

/// Port: what is answered at a socket.
#[async_trait]
pub trait Pages: Send + Sync + 'static {
    /// Answers whoever asks from that address.
    async fn answer(&self, asked: Asked<'_>, from: IpAddr) -> Reply;
}

/// Opens the socket of a page, or says in one line why `what` is not there: it is missed by nobody but people. `section`
/// is that of the settings.
pub async fn listen(listen: SocketAddr, (what, section): (&str, &str)) -> Option<TcpListener> {
    match TcpListener::bind(listen).await {
        Ok(listener) => Some(listener),
        Err(error) => {
            tracing::warn!(
                "there is no {what}, {listen} cannot be used: {error}; everything else works; choose another \
                 `{section}.listen`, or set `{section}.enabled` to false"
            );
            None
        }
    }
}

/// Answers until the process stops.
///
/// # Errors
///
/// None; a connection that fails is dropped.
pub async fn serve(listener: TcpListener, pages: Arc<dyn Pages>, lifecycle: Lifecycle) -> anyhow::Result<()> {
    let stopping = lifecycle.stopping();
    let places = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    loop {
        let place = tokio::select! {
            () = stopping.cancelled() => return Ok(()),
            place = Arc::clone(&places).acquire_owned() => place.context("the page's places are never closed")?,
        };
        let (stream, from) = tokio::select! {
            () = stopping.cancelled() => return Ok(()),
            accepted = listener.accept() => match accepted {
                Ok(accepted) => accepted,
                Err(error) => {
                    tracing::debug!("the local page: {error}");
                    // Out of files, most likely: not at full speed into the same wall.
                    tokio::time::sleep(Duration::from_millis(100)).await;
                    continue;
                }
            },
        };
        let pages = Arc::clone(&pages);
        lifecycle.spawn_detached(async move {
            let _place = place;
            drop(tokio::time::timeout(CONNECTION_MAX, connection(stream, pages, from.ip().to_canonical())).await);
        });
    }
}

async fn connection(stream: TcpStream, pages: Arc<dyn Pages>, from: IpAddr) {
    let service = service_fn(move |request: Request<Incoming>| {
        let pages = Arc::clone(&pages);
        async move {
            let (head, _content) = request.into_parts();
            Ok::<_, Infallible>(response(pages.answer(asked(&head), from).await))
        }
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

fn asked(head: &request::Parts) -> Asked<'_> {
    let header = |name: HeaderName| head.headers.get(name).and_then(|value| value.to_str().ok());
    Asked {
        method: head.method.as_str(),
        path: head.uri.path(),
        query: head.uri.query(),
        host: header(HOST),
        languages: header(ACCEPT_LANGUAGE),
    }
}

fn response(reply: Reply) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from(reply.body)));
    *response.status_mut() = StatusCode::from_u16(reply.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(reply.kind));
    for (name, value) in HEADERS {
        headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
    if let Some(allow) = reply.allow {
        headers.insert(ALLOW, HeaderValue::from_static(allow));
    }
    response
}
