//! Asks before an act: what will happen, what is safe. A page of its own; with scripts, a dialog on the page before.

use askama::Template;
use axum::extract::{Path, Request};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};

use super::typed::{Typed, is_target};
use super::{known, unknown};
use crate::http::guard::is_own_origin;
use crate::http::page::acts::{Act, Level};
use crate::http::page::form::draw_key;
use crate::http::page::frame::{Frame, Insider, render};
use crate::text;

#[derive(Template)]
#[template(path = "confirm.html")]
struct ConfirmPage<'a> {
    frame: &'a Frame,
    act: &'static Act,
    /// What it is done to, as people call it.
    subject: String,
    back: &'a str,
    hidden: Vec<(String, String)>,
    key: String,
    /// The name has to be typed.
    is_typed: bool,
    /// It was typed wrong.
    is_wrong: bool,
}

/// Shows what will happen.
pub(super) async fn show(reader: Insider, Path(name): Path<String>, request: Request) -> Response {
    let frame = reader.frame;
    if let Err(problem) = is_own_origin(request.headers()) {
        return frame.refuse(problem);
    }
    match (Typed::read(request).await, known(&name)) {
        (Ok(typed), Some((act, _operation))) => page(&frame, act, &typed, false),
        (Ok(_), None) => frame.refuse(unknown(&name)),
        (Err(problem), _) => frame.refuse(problem),
    }
}

/// Shows it again: the name was not typed, or wrong.
pub(super) fn again(frame: &Frame, act: &'static Act, typed: &Typed) -> Response {
    (StatusCode::UNPROCESSABLE_ENTITY, page(frame, act, typed, true)).into_response()
}

fn page(frame: &Frame, act: &'static Act, typed: &Typed, is_wrong: bool) -> Response {
    let chosen = typed.fields.iter().filter(|(name, _)| is_target(name));
    let targets: usize = chosen.map(|(_, value)| value.lines().filter(|line| !line.trim().is_empty()).count()).sum();
    let subject = match typed.get("subject") {
        "" if targets > 1 => text::counted(frame.lang, targets as u64, frame.words.thing, frame.words.things),
        subject => subject.to_owned(),
    };
    let is_typed = act.level == Level::Typed;
    let (back, hidden, key) = (typed.back(), typed.kept(), draw_key());
    render(&ConfirmPage { frame, act, subject, back, hidden, key, is_typed, is_wrong })
}
