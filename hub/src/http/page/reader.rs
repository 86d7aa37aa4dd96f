//! Who reads a page: anybody, somebody about themselves, somebody who may look. Everybody else is led to the login and
//! back.

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::response::{IntoResponse as _, Redirect, Response};

use super::address::escape;
use super::frame::Frame;
use crate::http::Admin;
use crate::http::guard::{caller_of, may};
use crate::http::problem::Problem;
use crate::login::Caller;
use crate::store::accounts::Role;

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

/// A frame for somebody who may look; a member is led to the own month, everybody else to the login and back.
pub(super) struct Reader {
    pub(super) frame: Frame,
    pub(super) caller: Caller,
}

impl FromRequestParts<Admin> for Reader {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, admin: &Admin) -> Result<Self, Response> {
        let reader: Self = Anyone::from_request_parts(parts, admin).await?.into();
        match reader.needs(Role::Viewer) {
            Ok(()) => Ok(reader),
            Err(_) if parts.uri.path() == "/" => Err(Redirect::to("/my").into_response()),
            Err(problem) => Err(reader.frame.refuse(problem)),
        }
    }
}

/// A frame for somebody who proved who they are, whatever they may: pages about themselves.
pub(super) struct Anyone {
    pub(super) frame: Frame,
    pub(super) caller: Caller,
}

impl From<Anyone> for Reader {
    fn from(Anyone { frame, caller }: Anyone) -> Self {
        Self { frame, caller }
    }
}

impl FromRequestParts<Admin> for Anyone {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, admin: &Admin) -> Result<Self, Response> {
        let frame = Frame::of(parts);
        match caller_of(parts, admin).await {
            Ok(Some(caller)) => {
                let framed = frame.clone().with(caller.clone(), admin).await;
                let frame = framed.map_err(|error| frame.refuse(error.into()))?;
                Ok(Self { frame, caller })
            }
            Ok(None) => Err(Redirect::to(&login_address(&frame.here)).into_response()),
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

/// The login page that leads back to where the reader wanted to go.
fn login_address(here: &str) -> String {
    match here {
        "/" => "/login".to_owned(),
        _ => format!("/login?next={}", escape(here)),
    }
}
