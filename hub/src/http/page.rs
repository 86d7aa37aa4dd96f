//! Pages for people: rendered here, French or English, readable without scripts, by keyboard and on a phone.

mod assets;
mod fleet;
mod frame;
mod live;
mod login;
mod marks;
mod row;
mod site;
mod spark;
mod words;

use axum::Router;
use axum::extract::Request;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};

use self::frame::Frame;
use super::Admin;
use super::problem::Problem;

/// Every page.
pub(super) fn routes() -> Router<Admin> {
    Router::new()
        .route("/", get(fleet::show))
        .route("/sites/{id}", get(site::show))
        .route("/live", get(live::stream))
        .route("/login", get(login::show).post(login::enter))
        .route("/logout", post(login::leave))
        .route("/preferences", post(frame::choose))
        .route("/assets/{name}", get(assets::serve))
}

/// What is nowhere: a page for people, a problem for programs.
pub(super) async fn missing(request: Request) -> Response {
    let (parts, _body) = request.into_parts();
    if parts.uri.path().starts_with("/api/") {
        let shown: String = parts.uri.path().chars().take(96).collect();
        let detail = format!("there is nothing at {shown}; what there is stands in /api/v1/openapi.json");
        return Problem::new(StatusCode::NOT_FOUND, "not_found", "Not found", detail).into_response();
    }
    let frame = Frame::of(&parts);
    let (title, detail) = (frame.words.not_found, frame.words.not_found_rest.to_owned());
    frame.sorry(StatusCode::NOT_FOUND, title, detail)
}

/// Words that people of this product do not use, per language.
#[cfg(test)]
use crate::text::Lang;

#[cfg(test)]
const BANNED: [(Lang, &[&str]); 2] = [
    (Lang::Fr, &["boitier", "offline", "online", "hors ligne", "en ligne", "utilisateur", "oups", "(s)", "!"]),
    (Lang::En, &["offline", "user", "oops", "(s)", "!", "probe", "club"]),
];

#[cfg(test)]
pub(super) fn assert_no_banned_word(lang: Lang, text: &str) {
    let text = text.to_lowercase();
    let banned = BANNED.iter().filter(|(of, _)| *of == lang).flat_map(|(_, words)| *words);
    for word in banned {
        assert!(!text.contains(word), "{word:?} is banned in {lang:?}, found in: {text}");
    }
}
