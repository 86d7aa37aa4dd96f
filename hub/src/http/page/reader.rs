//! Who reads a page: anybody, somebody with an account, or somebody whose role reaches for it.

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::uri::PathAndQuery;
use axum::http::{StatusCode, Uri};
use axum::response::{IntoResponse as _, Redirect, Response};

use super::address::escape;
use super::frame::Frame;
use super::map::OWN_MONTH;
use crate::http::Admin;
use crate::http::guard::{caller_of, may};
use crate::http::problem::Problem;
use crate::login::Caller;
use crate::store::accounts::Role;

/// The header by which our pages' scripts say that they ask, not the address bar.
const BY_SCRIPT: &str = "hx-request";

/// A frame for anybody.
pub(super) struct Visitor(pub(super) Frame);

impl FromRequestParts<Admin> for Visitor {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, admin: &Admin) -> Result<Self, Infallible> {
        let mut frame = Frame::of(parts);
        frame.caller = caller_of(parts, admin).await.ok().flatten();
        Ok(Self(frame))
    }
}

/// A frame for somebody who proved who they are; everybody else is led to the login and back.
pub(super) struct Reader {
    pub(super) frame: Frame,
    pub(super) caller: Caller,
}

/// A frame for somebody with any account, a member's too: only for pages that look after whose data they show.
pub(super) struct Insider {
    pub(super) frame: Frame,
    pub(super) caller: Caller,
}

impl FromRequestParts<Admin> for Insider {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, admin: &Admin) -> Result<Self, Response> {
        let frame = Frame::of(parts);
        match caller_of(parts, admin).await {
            Ok(Some(caller)) => {
                let framed = frame.clone().with(caller.clone(), admin).await;
                let frame = framed.map_err(|error| frame.refuse(error.into()))?;
                Ok(Self { frame, caller })
            }
            Ok(None) => Err(to_login(parts, &frame.here)),
            Err(problem) => Err(frame.refuse(problem)),
        }
    }
}

impl FromRequestParts<Admin> for Reader {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, admin: &Admin) -> Result<Self, Response> {
        let Insider { frame, caller } = Insider::from_request_parts(parts, admin).await?;
        match may(&caller, Role::Viewer) {
            Ok(()) => Ok(Self { frame, caller }),
            // A member's first page is the own month.
            Err(_less) if parts.uri.path() == "/" => Err(Redirect::to(OWN_MONTH).into_response()),
            Err(problem) => Err(frame.refuse(problem)),
        }
    }
}

impl Reader {
    /// Refuses readers whose role is too small for a page.
    ///
    /// # Errors
    ///
    /// 403 `forbidden`.
    pub(super) fn needs(&self, least: Role) -> Result<(), Problem> {
        may(&self.caller, least)
    }
}

/// Leads to the login and back. A script that asks for a part of a page cannot be led away: it leads its page there.
fn to_login(parts: &Parts, here: &str) -> Response {
    if !parts.headers.contains_key(BY_SCRIPT) {
        return Redirect::to(&login_address(here)).into_response();
    }
    let page = parts.headers.get("hx-current-url").and_then(|address| address.to_str().ok()?.parse::<Uri>().ok());
    let page = page.as_ref().and_then(Uri::path_and_query).map_or("/", PathAndQuery::as_str);
    (StatusCode::UNAUTHORIZED, [("hx-redirect", login_address(page))]).into_response()
}

/// The login page that leads back to where the reader wanted to go.
fn login_address(here: &str) -> String {
    match here {
        "/" => "/login".to_owned(),
        _ => format!("/login?next={}", escape(here)),
    }
}
