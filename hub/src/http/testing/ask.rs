//! A request to the stage, and the answer.

use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Method, Request, StatusCode, header};
use tower::ServiceExt as _;

use super::{Stage, Who, token};
use crate::http::guard::Peer;
use crate::store::accounts::Role;

/// A request in the making.
pub(crate) struct Ask<'a> {
    pub(super) stage: &'a Stage,
    pub(super) method: Method,
    pub(super) path: String,
    pub(super) headers: HeaderMap,
    pub(super) who: Who,
    pub(super) body: Body,
}

impl Ask<'_> {
    pub(crate) fn by(mut self, who: Who) -> Self {
        self.who = who;
        self
    }

    pub(crate) fn role(self, role: Role) -> Self {
        self.by(Who::Token(role))
    }

    /// From a page of a browser that is logged in.
    pub(crate) fn session(self, session: &Session) -> Self {
        self.own().header("cookie", &session.cookie).header("x-csrf-token", &session.csrf)
    }

    pub(crate) fn header(mut self, name: &'static str, value: &str) -> Self {
        self.headers.insert(name, value.parse().unwrap());
        self
    }

    pub(crate) fn json(self, body: &serde_json::Value) -> Self {
        self.bytes("application/json", body.to_string().into_bytes())
    }

    pub(crate) fn form(self, body: &str) -> Self {
        self.bytes("application/x-www-form-urlencoded", body.as_bytes().to_vec())
    }

    pub(crate) fn bytes(mut self, kind: &'static str, body: Vec<u8>) -> Self {
        self.body = Body::from(body);
        self.header("content-type", kind)
    }

    /// From one of our own pages.
    pub(crate) fn own(self) -> Self {
        self.header("origin", "http://hub.local:8080")
    }

    pub(crate) async fn send(self) -> Answer {
        let answer = self.open().await;
        let (head, body) = answer.into_parts();
        let bytes = to_bytes(body, 16 << 20).await.unwrap();
        Answer { status: head.status, headers: head.headers, text: String::from_utf8(bytes.to_vec()).unwrap() }
    }

    /// The answer with its body still to come.
    pub(crate) async fn open(mut self) -> axum::response::Response {
        if let Who::Token(role) = self.who {
            let value = format!("Bearer {}", token(role));
            self.headers.insert(header::AUTHORIZATION, value.parse().unwrap());
        }
        let mut request = Request::builder().method(self.method).uri(self.path).body(self.body).unwrap();
        *request.headers_mut() = self.headers;
        let peer = if self.who == Who::Socket { Peer::Socket } else { Peer::Address([192, 0, 2, 1].into()) };
        request.extensions_mut().insert(peer);
        self.stage.router.clone().oneshot(request).await.unwrap()
    }
}

/// A browser that is logged in.
#[derive(Clone)]
pub(crate) struct Session {
    pub(crate) cookie: String,
    pub(crate) csrf: String,
}

impl Session {
    /// The same browser after it was given another cookie.
    pub(crate) fn with_cookie(&self, cookie: &str) -> Self {
        Self { cookie: cookie.to_owned(), csrf: self.csrf.clone() }
    }
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

impl Answer {
    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {}", self.text))
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// The `code` of a problem.
    pub(crate) fn code(&self) -> String {
        assert_eq!(self.header("content-type"), "application/problem+json", "{self:?}");
        self.json()["code"].as_str().unwrap().to_owned()
    }

    /// The cookie that was set, as a browser sends it back.
    pub(crate) fn cookie(&self) -> String {
        self.header("set-cookie").split(';').next().unwrap_or_default().to_owned()
    }
}
