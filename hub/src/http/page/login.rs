//! The login page, and the way out.

use askama::Template;
use axum::Form;
use axum::extract::rejection::FormRejection;
use axum::extract::{Query, Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Redirect, Response};
use serde::Deserialize;

use super::address::own_address;
use super::frame::{Frame, Reader, Visitor, render};
use crate::http::Admin;
use crate::http::guard::{Peer, is_own_form, is_own_origin, session_cookie, session_secret};
use crate::http::problem::Problem;
use crate::http::session::{Way, open};
use crate::login::{LoginError, Typed as Credentials};
use crate::text::Lang;

#[derive(Template)]
#[template(path = "login.html")]
struct LoginPage<'a> {
    frame: &'a Frame,
    account: &'a str,
    next: &'a str,
    /// What stands for the password while the code is typed; empty before.
    ticket: &'a str,
    error: Option<String>,
}

/// Where to go after the login.
#[derive(Deserialize)]
pub(super) struct Aim {
    next: Option<String>,
}

/// Shows the form.
pub(super) async fn show(Visitor(frame): Visitor, Query(aim): Query<Aim>) -> Response {
    let next = own_address(aim.next.as_deref().unwrap_or("/"));
    if frame.caller.is_some() {
        return Redirect::to(next).into_response();
    }
    render(&LoginPage { frame: &frame, account: "", next, ticket: "", error: None })
}

/// What a person typed.
#[derive(Deserialize)]
pub(super) struct Typed {
    #[serde(default)]
    account: String,
    #[serde(default)]
    password: String,
    /// In the second step: what stands for the password, and the code.
    #[serde(default)]
    ticket: String,
    #[serde(default)]
    code: String,
    next: Option<String>,
}

impl Typed {
    fn way(&self) -> Way<'_> {
        if self.ticket.is_empty() {
            return Way::Password(Credentials { account: &self.account, password: &self.password, code: None });
        }
        Way::Ticket(&self.ticket, &self.code)
    }
}

/// Opens a session, or shows the form again with what went wrong.
pub(super) async fn enter(
    Visitor(frame): Visitor,
    State(admin): State<Admin>,
    headers: HeaderMap,
    request: Request,
) -> Response {
    let peer = request.extensions().get::<Peer>().copied().unwrap_or_default();
    if let Err(problem) = is_own_origin(&headers) {
        return frame.refuse(problem);
    }
    let Form(typed) = match read::<Typed>(request).await {
        Ok(typed) => typed,
        Err(problem) => return frame.refuse(problem),
    };
    let opened = open(&admin, typed.way(), peer, &headers).await;
    let next = own_address(typed.next.as_deref().unwrap_or("/")).to_owned();
    match opened {
        Ok(session) => {
            let cookie = session_cookie(&session.cookie, admin.is_tls);
            ([(header::SET_COOKIE, cookie)], Redirect::to(&next)).into_response()
        }
        Err(LoginError::Store(error)) => frame.refuse(error.into()),
        Err(LoginError::NeedsCode { ticket }) => {
            let page = LoginPage { frame: &frame, account: "", next: &next, ticket: &ticket, error: None };
            render(&page)
        }
        Err(error) => {
            let text = sentence(frame.lang, &error);
            let is_over = matches!(error, LoginError::LinkEnded);
            let ticket = if is_over { "" } else { typed.ticket.as_str() };
            let status = StatusCode::from_u16(Problem::from(error).status).unwrap_or(StatusCode::UNAUTHORIZED);
            let page = LoginPage { frame: &frame, account: &typed.account, next: &next, ticket, error: Some(text) };
            (status, render(&page)).into_response()
        }
    }
}

async fn read<T: serde::de::DeserializeOwned>(request: Request) -> Result<Form<T>, Problem> {
    use axum::extract::FromRequest as _;
    Form::from_request(request, &()).await.map_err(|error| malformed(&error))
}

/// What is said of a form at the door that cannot be read.
pub(super) fn malformed(error: &FormRejection) -> Problem {
    Problem::new(error.status(), "malformed", "The form cannot be read", error.body_text())
}

fn sentence(lang: Lang, error: &LoginError) -> String {
    let text = match (error, lang) {
        (LoginError::Wrong, Lang::Fr) => "Compte ou mot de passe inexact. Rien n’est bloqué : vérifiez et réessayez.",
        (LoginError::Wrong, Lang::En) => "Account or password is wrong. Nothing is locked: check and try again.",
        (LoginError::WrongCode, Lang::Fr) => "Ce code est inexact, périmé ou déjà utilisé. Attendez le suivant.",
        (LoginError::WrongCode, Lang::En) => "This code is wrong, over, or was used before. Wait for the next one.",
        (LoginError::LinkEnded, Lang::Fr) => "Plus de cinq minutes ont passé. Recommencez par le mot de passe.",
        (LoginError::LinkEnded, Lang::En) => "More than five minutes have passed. Begin with the password again.",
        (LoginError::Wait(wait), Lang::Fr) => {
            return format!("Trop d’essais. Le prochain compte dans {}\u{a0}s.", wait.as_secs().max(1));
        }
        (LoginError::Wait(wait), Lang::En) => {
            return format!("Too many attempts. The next one counts in {}\u{a0}s.", wait.as_secs().max(1));
        }
        (_, Lang::Fr) => "La connexion n’a pas pu être vérifiée. Réessayez dans quelques secondes.",
        (_, Lang::En) => "The login could not be checked. Try again in a few seconds.",
    };
    text.to_owned()
}

/// What a form of ours carries.
#[derive(Deserialize)]
pub(super) struct Proof {
    csrf: String,
}

/// Ends the session.
pub(super) async fn leave(
    reader: Reader,
    State(admin): State<Admin>,
    headers: HeaderMap,
    Form(proof): Form<Proof>,
) -> Response {
    if let Err(problem) = is_own_form(&headers, &proof.csrf, &reader.caller) {
        return reader.frame.refuse(problem);
    }
    match admin.logins.sign_out(session_secret(&headers, admin.is_tls).as_deref()).await {
        Ok(()) => {
            let gone = session_cookie("", admin.is_tls);
            ([(header::SET_COOKIE, gone)], Redirect::to("/login")).into_response()
        }
        Err(error) => reader.frame.refuse(error.into()),
    }
}
