//! What a reader chose for every page: language, light, and whether single keys lead somewhere.

use axum::Form;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, header};
use axum::response::{AppendHeaders, IntoResponse as _, Redirect, Response};
use serde::Deserialize;

use super::address::own_address;
use super::frame::{Theme, Visitor};
use crate::http::Admin;
use crate::http::guard::is_own_origin;
use crate::text::Lang;

/// How long a choice is kept, seconds.
const CHOICE_S: u32 = 365 * 24 * 60 * 60;

/// What a reader prefers.
#[derive(Deserialize)]
pub(super) struct Choice {
    lang: Option<String>,
    theme: Option<String>,
    keys: Option<String>,
    back: Option<String>,
}

/// Keeps the choice in the browser.
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
    let theme = Theme::parse(choice.theme.as_deref()).unwrap_or(frame.theme);
    let keys = choice.keys.map_or(frame.has_keys, |keys| keys != "off");
    let keep = |name: &str, value: &str| kept(&admin, name, value);
    let keys = keep("keys", if keys { "on" } else { "off" });
    let cookies = AppendHeaders([keep("lang", lang.code()), keep("theme", theme.code()), keys]);
    let back = own_address(choice.back.as_deref().unwrap_or("/")).to_owned();
    (cookies, Redirect::to(&back)).into_response()
}

/// What a browser is asked to keep of a choice.
pub(super) fn kept(admin: &Admin, name: &str, value: &str) -> (HeaderName, String) {
    let secure = if admin.is_tls { "; Secure" } else { "" };
    (header::SET_COOKIE, format!("{name}={value}; Path=/; SameSite=Lax; HttpOnly; Max-Age={CHOICE_S}{secure}"))
}
