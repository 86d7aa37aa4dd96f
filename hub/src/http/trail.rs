//! What is left of a request after its answer: a row of the audit log, and a session's new secret.
//!
//! One layer around all routes. Whoever finds out who asks ([`guard`](super::guard)) notes it on the [`Trail`] that the
//! layer laid out. Every change is written down whatever becomes of it; refusals only so many, so that nobody fills the
//! log by knocking.

use std::sync::{Arc, OnceLock, PoisonError};

use axum::extract::{MatchedPath, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderValue, Method, header};
use axum::middleware::Next;
use axum::response::Response;
use percent_encoding::percent_decode_str;
use tokio::time::Instant;

use super::Admin;
use super::guard::{Peer, session_cookie};
use super::operations;
use crate::login::{Caller, Via};
use crate::rate::Bucket;
use crate::store::audit::Act;

/// Refusals that are written down in a second, over time; and at once.
const REFUSALS_PER_SECOND: f64 = 0.1;
const REFUSALS_MAX: f64 = 100.0;
/// Longest subject, characters.
const SUBJECT_LENGTH_MAX: usize = 200;
/// What is written down by [`note_login`] instead, with who tried.
const LOGIN: &str = "session_login";

/// Who asks, once it is known.
#[derive(Clone, Default)]
pub(super) struct Trail(Arc<OnceLock<Caller>>);

impl Trail {
    /// Notes who asks.
    pub(super) fn note(parts: &Parts, caller: &Caller) {
        if let Some(trail) = parts.extensions.get::<Self>() {
            // The first to know is enough.
            drop(trail.0.set(caller.clone()));
        }
    }
}

/// How many refusals may still be written down.
pub(super) struct Refusals(std::sync::Mutex<Bucket>);

impl Default for Refusals {
    fn default() -> Self {
        Self(std::sync::Mutex::new(Bucket::new(REFUSALS_PER_SECOND, REFUSALS_MAX, Instant::now())))
    }
}

impl Refusals {
    fn take(&self) -> bool {
        let (mut bucket, now) = (self.0.lock().unwrap_or_else(PoisonError::into_inner), Instant::now());
        let has_room = bucket.has(1.0, now);
        if has_room {
            bucket.take(1.0, now);
        }
        has_room
    }
}

/// Put on what a page of ours asks for its reader: the browser gets its new secret from the outer answer, not from this one.
#[derive(Clone, Copy)]
pub(super) struct OnBehalf;

/// Follows a request to its answer.
pub(super) async fn follow(State(admin): State<Admin>, mut request: Request, next: Next) -> Response {
    let trail = Trail::default();
    request.extensions_mut().insert(trail.clone());
    let (begun, is_inner) = (Begun::of(&request), request.extensions().get::<OnBehalf>().is_some());
    let mut response = next.run(request).await;
    if let Some(begun) = begun {
        let act = begun.ended(trail.0.get(), response.status().as_u16(), admin.clock.wall_ms());
        write(&admin, act).await;
    }
    if let Some(caller) = trail.0.get()
        && !is_inner
    {
        renew(&admin, caller, &mut response).await;
    }
    response
}

/// A change that is asked for.
struct Begun {
    operation: &'static str,
    subject: String,
    address: String,
}

impl Begun {
    fn of(request: &Request) -> Option<Self> {
        let method = request.method();
        if method == Method::GET || method == Method::HEAD || method == Method::OPTIONS {
            return None;
        }
        let form = request.extensions().get::<MatchedPath>()?.as_str();
        let operation = operations::meant(method, form).filter(|operation| operation.id != LOGIN)?;
        let peer = request.extensions().get::<Peer>().copied().unwrap_or_default();
        Some(Self {
            operation: &operation.id,
            subject: subject(form, request.uri().path()),
            address: peer.address().map(|address| address.to_string()).unwrap_or_default(),
        })
    }

    fn ended(self, caller: Option<&Caller>, status: u16, at_ms: i64) -> Act {
        Act {
            at_ms,
            account: caller.map(|caller| caller.account.clone()).unwrap_or_default(),
            via: caller.map(|caller| caller.via.to_string()).unwrap_or_default(),
            address: self.address,
            operation: self.operation.to_owned(),
            subject: self.subject,
            status,
        }
    }
}

/// The words of a path that name things, as people write them. Secrets never stand there.
fn subject(form: &str, path: &str) -> String {
    let pairs = form.split('/').zip(path.split('/'));
    let named = pairs.filter(|(form, _)| form.starts_with('{'));
    let words: Vec<_> = named.map(|(_, word)| percent_decode_str(word).decode_utf8_lossy()).collect();
    let shown = words.join(" ").replace(char::is_control, "\u{fffd}");
    shown.chars().take(SUBJECT_LENGTH_MAX).collect()
}

/// Writes down that somebody logged in, or tried to. Of a refusal only the name of an account that exists is kept:
/// people type passwords into the wrong field.
pub(crate) async fn note_login(admin: &Admin, account: &str, (via, peer): (&str, Peer), status: u16) {
    let is_known = status < 400 || admin.store.account(account).await.is_ok_and(|known| known.is_some());
    let act = Act {
        at_ms: admin.clock.wall_ms(),
        account: if is_known { account.to_owned() } else { String::new() },
        via: via.to_owned(),
        address: peer.address().map(|address| address.to_string()).unwrap_or_default(),
        operation: LOGIN.to_owned(),
        subject: String::new(),
        status,
    };
    write(admin, act).await;
}

/// Writes an act down. The act is done or refused already, so a failing store is told in the hub's log.
pub(crate) async fn write(admin: &Admin, act: Act) {
    if act.status >= 400 && !admin.refusals.take() {
        return;
    }
    if let Err(error) = admin.store.note_act(&act).await {
        let error = anyhow::Error::from(error);
        tracing::error!(operation = act.operation, "a change is not in the audit log: {error:#}");
    }
}

/// Gives a browser a new secret for its session when the old one has served long enough.
async fn renew(admin: &Admin, caller: &Caller, response: &mut Response) {
    let Via::Session { id, is_aged: true, .. } = &caller.via else { return };
    // An answer that opens or ends a session says so itself.
    if response.headers().contains_key(header::SET_COOKIE) {
        return;
    }
    match admin.logins.renew(*id).await {
        Ok(Some(cookie)) => {
            if let Ok(value) = HeaderValue::from_str(&session_cookie(&cookie, admin.is_tls)) {
                response.headers_mut().append(header::SET_COOKIE, value);
            }
        }
        Ok(None) => {}
        Err(error) => tracing::warn!("a session keeps its old secret: {:#}", anyhow::Error::from(error)),
    }
}

#[cfg(test)]
mod tests {
    use super::subject;

    #[test]
    fn what_was_changed_is_written_down_as_people_write_it() {
        let form = "/api/v1/schedules/{name}/days/{date}";
        let path = "/api/v1/schedules/Imprimerie%20L%C3%A9on/days/2026-11-20";
        assert_eq!(subject(form, path), "Imprimerie Léon 2026-11-20");
        assert_eq!(subject(form, "/api/v1/schedules/%FF%0Ay/days/x"), "\u{fffd}\u{fffd}y x");
    }
}
