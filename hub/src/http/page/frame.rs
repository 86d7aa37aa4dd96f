//! What surrounds every page: who reads, in which language and light; and the forms that change this.

use std::convert::Infallible;

use askama::Template;
use axum::Form;
use axum::extract::{FromRequestParts, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{AppendHeaders, Html, IntoResponse, Redirect, Response};
use serde::Deserialize;

use super::words::{self, Words};
use crate::http::Admin;
use crate::http::guard::{caller_of, cookie, is_own_origin};
use crate::http::problem::Problem;
use crate::http::shell::Demo;
use crate::login::Caller;
use crate::text::Lang;

/// How long the choice of language and light is kept, seconds.
const CHOICE_S: u32 = 365 * 24 * 60 * 60;

/// Light or dark.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Theme {
    /// As the system has it.
    Auto,
    Light,
    Dark,
}

impl Theme {
    const ALL: [Self; 3] = [Self::Auto, Self::Light, Self::Dark];

    fn code(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }
}

/// What surrounds a page.
#[derive(Debug, Clone)]
pub(super) struct Frame {
    pub(super) lang: Lang,
    pub(super) words: &'static Words,
    theme: Theme,
    /// Path and query, to come back to.
    pub(super) here: String,
    /// Whether nothing here is real.
    pub(super) is_demo: bool,
    /// Who reads; none on the login page.
    pub(super) caller: Option<Caller>,
}

impl Frame {
    /// The frame of a reader who has not proved who they are.
    pub(super) fn of(parts: &Parts) -> Self {
        let chosen = cookie(&parts.headers, "lang").and_then(|code| Lang::parse(&code));
        let lang = chosen.unwrap_or_else(|| words::preferred(&parts.headers));
        let theme = cookie(&parts.headers, "theme");
        let theme = Theme::ALL.into_iter().find(|one| Some(one.code()) == theme.as_deref()).unwrap_or(Theme::Auto);
        let here = parts.uri.path_and_query().map_or("/", |path| path.as_str()).to_owned();
        let is_demo = parts.extensions.get::<Demo>().is_some();
        Self { lang, words: words::of(lang), theme, here, is_demo, caller: None }
    }

    /// The `lang` of the page.
    pub(super) fn code(&self) -> &'static str {
        self.lang.code()
    }

    /// The `data-theme` of the page.
    pub(super) fn theme(&self) -> &'static str {
        self.theme.code()
    }

    /// Where the styles and the script lie.
    pub(super) fn asset(&self, name: &str) -> String {
        super::assets::address(name)
    }

    /// What forms of this reader carry.
    pub(super) fn csrf(&self) -> &str {
        self.caller.as_ref().map_or("", Caller::csrf)
    }

    /// A page that says what went wrong.
    pub(super) fn sorry(self, status: StatusCode, title: &str, detail: String) -> Response {
        let page = Sorry { frame: &self, title, detail };
        (status, render(&page)).into_response()
    }

    /// The same for a refusal of the API.
    pub(super) fn refuse(self, problem: Problem) -> Response {
        let status = StatusCode::from_u16(problem.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let title = if status == StatusCode::NOT_FOUND { self.words.not_found } else { self.words.problem };
        self.sorry(status, title, problem.detail)
    }
}

#[derive(Template)]
#[template(path = "sorry.html")]
struct Sorry<'a> {
    frame: &'a Frame,
    title: &'a str,
    detail: String,
}

/// A rendered page; a template that cannot be rendered is a fault of the program and says so.
pub(super) fn render(page: &impl Template) -> Response {
    match page.render() {
        Ok(text) => Html(text).into_response(),
        Err(error) => {
            tracing::error!("a page could not be rendered: {error}");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

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

impl FromRequestParts<Admin> for Reader {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, admin: &Admin) -> Result<Self, Response> {
        let mut frame = Frame::of(parts);
        match caller_of(parts, admin).await {
            Ok(Some(caller)) => {
                frame.caller = Some(caller.clone());
                Ok(Self { frame, caller })
            }
            Ok(None) => Err(Redirect::to(&login_address(&frame.here)).into_response()),
            Err(problem) => Err(frame.refuse(problem)),
        }
    }
}

/// The login page that leads back to where the reader wanted to go.
fn login_address(here: &str) -> String {
    match here {
        "/" => "/login".to_owned(),
        _ => format!("/login?next={}", escape(here)),
    }
}

/// Writes what a query cannot hold as it is.
pub(super) fn escape(text: &str) -> String {
    text.bytes().fold(String::new(), |escaped, byte| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'/' => escaped + &char::from(byte).to_string(),
        _ => escaped + &format!("%{byte:02X}"),
    })
}

/// An address of ours: everything else leads to the first page.
pub(super) fn own_address(wanted: &str) -> &str {
    let is_own = wanted.starts_with('/') && !wanted.starts_with("//") && !wanted.contains(['\\', '\r', '\n', '\t']);
    if is_own && wanted.is_ascii() && wanted.len() <= 1024 { wanted } else { "/" }
}

/// What a reader prefers.
#[derive(Deserialize)]
pub(super) struct Choice {
    lang: Option<String>,
    theme: Option<String>,
    back: Option<String>,
}

/// Keeps the choice of language and light in the browser.
pub(super) async fn choose(
    Visitor(frame): Visitor,
    headers: HeaderMap,
    State(admin): State<Admin>,
    Form(choice): Form<Choice>,
) -> Response {
    if let Err(problem) = is_own_origin(&headers) {
        return frame.refuse(problem);
    }
    let lang = choice.lang.and_then(|code| Lang::parse(&code)).unwrap_or(frame.lang);
    let theme = Theme::ALL.into_iter().find(|one| Some(one.code()) == choice.theme.as_deref()).unwrap_or(frame.theme);
    let secure = if admin.is_tls { "; Secure" } else { "" };
    let keep = |name: &str, value: &str| {
        (header::SET_COOKIE, format!("{name}={value}; Path=/; SameSite=Lax; Max-Age={CHOICE_S}{secure}"))
    };
    let cookies = AppendHeaders([keep("lang", lang.code()), keep("theme", theme.code())]);
    let back = own_address(choice.back.as_deref().unwrap_or("/")).to_owned();
    (cookies, Redirect::to(&back)).into_response()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn nobody_is_led_to_another_site() {
        for foreign in ["//evil.example", "https://evil.example", "/\\evil.example", "", "javascript:alert(1)", "/\n"] {
            assert_eq!(own_address(foreign), "/", "{foreign:?}");
        }
        assert_eq!(own_address("/sites/metz?from=1"), "/sites/metz?from=1");
    }

    proptest! {
        #[test]
        fn an_escaped_text_is_safe_in_a_query(text: String) {
            prop_assert!(escape(&text).bytes().all(|b| b.is_ascii_alphanumeric() || b"-_./%".contains(&b)));
        }
    }
}
