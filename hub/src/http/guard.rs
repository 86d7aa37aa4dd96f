//! Who may come in: the first argument of every handler.
//!
//! [`Member`], [`Viewer`], [`Operator`] and [`Owner`] are the only way from a request to a [`Caller`]. A request that a
//! browser sends with its cookie must, if it changes something, come from our own pages: right `Origin`, and the token
//! of the session in `X-CSRF-Token` (or in the form, see [`is_own_form`]). What a token may beyond its role is judged by
//! [`reach`] for every request, whose presence somebody may see by [`own`].

mod own;
mod reach;

use std::convert::Infallible;
use std::net::IpAddr;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, StatusCode, header};

pub(super) use self::own::{may_see, own_person};
pub use self::reach::out_of_scope;
use super::Admin;
use super::operations::{self, Operation};
use super::problem::Problem;
use super::trail::Trail;
use crate::login::cookie::LIFE_MS;
use crate::login::{Caller, Via, secret};
use crate::store::StoreError;
use crate::store::accounts::Role;
use crate::store::diary::{Entry, Level};

/// The session cookie where pages are reached without TLS.
const COOKIE: &str = "vigie_session";
/// The same with TLS: the prefix makes browsers refuse it over anything else.
const COOKIE_TLS: &str = "__Host-vigie_session";

/// What the diary calls an attempt beyond somebody's role.
const REFUSAL: &str = "role_refused";
/// An account's attempts are told once in this time.
const REFUSAL_MS: i64 = 60 * 60 * 1000;
/// Entries among which the last attempt is looked for: a busy hour of a large fleet.
const REFUSALS_LOOKED_AT: usize = 100;
/// Characters of an address that the diary keeps.
const PATH_CHARS_MAX: usize = 120;
/// How long a code of the second factor counts for what is grave, milliseconds.
const FRESH_MS: i64 = 5 * 60 * 1000;

/// Where a connection comes from, put into every request by the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Peer {
    /// Unknown, as in tests.
    #[default]
    Unknown,
    /// A network address.
    Address(IpAddr),
    /// The local unix socket: its permissions prove the owner of the machine.
    Socket,
}

impl Peer {
    /// The network address, if there is one.
    #[must_use]
    pub fn address(self) -> Option<IpAddr> {
        match self {
            Self::Address(address) => Some(address),
            Self::Unknown | Self::Socket => None,
        }
    }

    /// Where this request comes from.
    #[must_use]
    pub fn of(parts: &Parts) -> Self {
        parts.extensions.get().copied().unwrap_or_default()
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Peer {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Infallible> {
        Ok(Self::of(parts))
    }
}

/// Declares an extractor for everybody from one role upwards.
macro_rules! at_least {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone)]
        pub struct $name(
            /// Who asks.
            pub Caller,
        );

        impl FromRequestParts<Admin> for $name {
            type Rejection = Problem;

            async fn from_request_parts(parts: &mut Parts, admin: &Admin) -> Result<Self, Problem> {
                admit(parts, admin, Role::$name).await.map(Self)
            }
        }
    };
}

at_least! {
    /// Somebody who may see their own presence.
    Member
}
at_least! {
    /// Somebody who may look.
    Viewer
}
at_least! {
    /// Somebody who may act on sites.
    Operator
}
at_least! {
    /// Somebody who may do everything.
    Owner
}

async fn admit(parts: &Parts, admin: &Admin, needed: Role) -> Result<Caller, Problem> {
    let caller = caller_of(parts, admin).await?.ok_or_else(Problem::anonymous)?;
    if changes(&parts.method) && matches!(caller.via, Via::Session { .. }) {
        let given = text_of(&parts.headers, "x-csrf-token").unwrap_or_default();
        own_request(&parts.headers, given, &caller)?;
    }
    if operations::of(parts).is_some_and(Operation::is_grave) {
        fresh(&caller, admin.clock.wall_ms())?;
    }
    if let Err(refused) = may(&caller, needed) {
        if changes(&parts.method)
            && let Err(error) = note_refusal(admin, &caller, parts).await
        {
            tracing::warn!("an attempt beyond a role is not in the diary: {:#}", anyhow::Error::new(error));
        }
        return Err(refused);
    }
    Ok(caller)
}

/// Whether somebody may do what is grave without another code: who has no second factor always may.
pub(super) fn is_fresh(caller: &Caller, now_ms: i64) -> bool {
    match &caller.via {
        Via::Session { proved_ms: Some(proved_ms), .. } => now_ms.saturating_sub(*proved_ms) < FRESH_MS,
        Via::Session { proved_ms: None, .. } | Via::Socket | Via::Token { .. } => true,
    }
}

/// Refuses what is grave to somebody who has a second factor and did not show it lately.
fn fresh(caller: &Caller, now_ms: i64) -> Result<(), Problem> {
    if is_fresh(caller, now_ms) {
        return Ok(());
    }
    let detail = "this needs a code of your second factor that is at most five minutes old; nothing was changed; give one \
                  on the page of your account, then try again";
    Err(Problem::new(StatusCode::FORBIDDEN, "second_factor_stale", "Give a code first", detail))
}

/// Writes down that somebody tried what their role does not allow; once in an hour, so that nobody fills the diary.
async fn note_refusal(admin: &Admin, caller: &Caller, parts: &Parts) -> Result<(), StoreError> {
    let (account, at_ms) = (&caller.account, admin.clock.wall_ms());
    let beginning = format!("Account {account} is {} and asked for more: ", word(caller.role));
    let is_told = |entry: &Entry| {
        let is_recent = at_ms.saturating_sub(entry.at_ms) < REFUSAL_MS;
        is_recent && entry.kind == REFUSAL && entry.text.starts_with(&beginning)
    };
    if admin.store.entries(None, REFUSALS_LOOKED_AT).await?.iter().any(is_told) {
        return Ok(());
    }
    let path: String = parts.uri.path().chars().take(PATH_CHARS_MAX).collect();
    let text =
        format!("{beginning}{} {path}. It was refused; what else it asks for within an hour is, too.", parts.method);
    let entry = Entry { at_ms, site: None, level: Level::Note, kind: REFUSAL.to_owned(), text };
    admin.store.write(&entry).await
}

/// Refuses who has too little a role.
pub(super) fn may(caller: &Caller, needed: Role) -> Result<(), Problem> {
    if caller.role >= needed {
        return Ok(());
    }
    let detail = format!(
        "account {} is {}, this needs {}; an owner can change that with `vigie-hub user add`",
        caller.account,
        word(caller.role),
        word(needed)
    );
    Err(Problem::new(StatusCode::FORBIDDEN, "forbidden", "Not allowed", detail))
}

/// Who sends this request, if they prove it. Whether the role suffices is not checked, what a token is limited to is.
///
/// # Errors
///
/// 403 `out_of_scope`; 503 if the store failed.
pub async fn caller_of(parts: &Parts, admin: &Admin) -> Result<Option<Caller>, Problem> {
    let Some(caller) = proved(parts, admin).await? else { return Ok(None) };
    Trail::note(parts, &caller);
    reach::judge(&caller, parts)?;
    Ok(Some(caller))
}

async fn proved(parts: &Parts, admin: &Admin) -> Result<Option<Caller>, Problem> {
    if Peer::of(parts) == Peer::Socket {
        return Ok(Some(Caller::local()));
    }
    if let Some(value) = text_of(&parts.headers, header::AUTHORIZATION.as_str()) {
        let Some(token) = value.strip_prefix("Bearer ") else { return Ok(None) };
        return Ok(admin.logins.by_token(token.trim()).await?);
    }
    match session_secret(&parts.headers, admin.is_tls) {
        Some(cookie) => Ok(admin.logins.by_cookie(&cookie).await?),
        None => Ok(None),
    }
}

/// Refuses a form that our own page of this session did not send.
///
/// # Errors
///
/// 403 `cross_site`.
pub fn is_own_form(headers: &HeaderMap, token: &str, caller: &Caller) -> Result<(), Problem> {
    own_request(headers, token, caller)
}

/// Refuses a request that another site made a browser send.
///
/// # Errors
///
/// 403 `cross_site`.
pub fn is_own_origin(headers: &HeaderMap) -> Result<(), Problem> {
    let host = text_of(headers, header::HOST.as_str());
    let origin = text_of(headers, header::ORIGIN.as_str()).and_then(|origin| origin.split_once("://"));
    match (origin, host) {
        (Some((_, origin)), Some(host)) if origin.eq_ignore_ascii_case(host) => Ok(()),
        _ => Err(cross_site("the request does not come from this hub's own pages")),
    }
}

fn own_request(headers: &HeaderMap, given: &str, caller: &Caller) -> Result<(), Problem> {
    is_own_origin(headers)?;
    if caller.csrf().is_empty() || !secret::is_same(given, caller.csrf()) {
        return Err(cross_site("the request lacks the token of this session"));
    }
    Ok(())
}

fn cross_site(what: &str) -> Problem {
    let detail = format!("{what}; nothing was changed; load the page again, or use an API token from programs");
    Problem::new(StatusCode::FORBIDDEN, "cross_site", "Request refused", detail)
}

/// The session cookie of a request.
#[must_use]
pub fn session_secret(headers: &HeaderMap, is_tls: bool) -> Option<String> {
    cookie(headers, if is_tls { COOKIE_TLS } else { COOKIE })
}

/// One cookie of a request.
#[must_use]
pub fn cookie(headers: &HeaderMap, name: &str) -> Option<String> {
    let lines = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut pairs = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(key, _)| *key == name).map(|(_, value)| value.to_owned())
}

/// The line that gives a browser its session, or takes it away when `secret` is empty.
#[must_use]
pub fn session_cookie(secret: &str, is_tls: bool) -> String {
    let (name, secure) = if is_tls { (COOKIE_TLS, "; Secure") } else { (COOKIE, "") };
    let age_s = if secret.is_empty() { 0 } else { LIFE_MS / 1000 };
    format!("{name}={secret}; Path=/; HttpOnly; SameSite=Strict; Max-Age={age_s}{secure}")
}

fn text_of<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

fn changes(method: &Method) -> bool {
    !(method == Method::GET || method == Method::HEAD || method == Method::OPTIONS)
}

/// A role as the API writes it.
#[must_use]
pub fn word(role: Role) -> &'static str {
    match role {
        Role::Member => "member",
        Role::Viewer => "viewer",
        Role::Operator => "operator",
        Role::Owner => "owner",
    }
}

#[cfg(test)]
mod tests;
