//! What is shown after an act that has more to say than that it was done: secrets that are shown once, and what became
//! of each of many.

use askama::Template;
use askama::filters::HtmlSafe;
use axum::response::Response;
use serde_json::Value;

use super::typed::Typed;
use crate::http::Admin;
use crate::http::page::acts::Act;
use crate::http::page::form::draw_key;
use crate::http::page::frame::{Frame, render};
use crate::http::page::words::said;
use crate::http::problem::Problem;
use crate::http::time::Time;
use crate::qr;
use crate::text::{self, Lang};

#[derive(Template)]
#[template(path = "answer.html")]
struct AnswerPage<'a> {
    frame: &'a Frame,
    act: &'static Act,
    back: &'a str,
    /// What is shown, with its name.
    shown: Vec<(&'static str, String)>,
    /// What a phone or a box's camera would read: the link or the token.
    picture: Option<Picture>,
    /// The site whose box is waited for.
    site: Option<&'a str>,
    now: Time,
}

/// A picture that our own code drew.
struct Picture(String);

impl HtmlSafe for Picture {}

impl std::fmt::Display for Picture {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// Fields that are shown as a picture too, the first that is there.
const PICTURED: [&str; 2] = ["link", "token"];

/// Shows what the API answered, once.
pub(super) fn shown(admin: &Admin, frame: &Frame, act: &'static Act, (back, body): (&str, &Value)) -> Response {
    let of_field = |name: &&'static str| Some((word(frame.lang, name), text_of(body.pointer(&pointer(name))?)));
    let shown = act.shows.iter().filter_map(of_field).collect();
    let pictured = PICTURED.iter().filter(|name| act.shows.contains(name)).find_map(|name| body.get(*name)?.as_str());
    let picture = pictured.and_then(qr::svg).map(Picture);
    let site = body.get("site").and_then(Value::as_str);
    let site = site.filter(|_| act.shows.contains(&"token"));
    render(&AnswerPage { frame, act, back, shown, picture, site, now: Time(admin.clock.wall_ms()) })
}

fn pointer(name: &str) -> String {
    format!("/{}", name.replace('.', "/"))
}

fn text_of(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn word(lang: Lang, field: &'static str) -> &'static str {
    let words = match field.rsplit('.').next().unwrap_or(field) {
        "token" | "secret" => said("Jeton", "Token"),
        "command" => said("Sur le boîtier", "On the box"),
        "expires" => said("Valable jusqu’à", "Valid until"),
        "link" | "url" => said("Lien", "Link"),
        "password" => said("Mot de passe", "Password"),
        _ => return field,
    };
    words.of(lang)
}

#[derive(Template)]
#[template(path = "each.html")]
struct EachPage<'a> {
    frame: &'a Frame,
    act: &'static Act,
    back: &'a str,
    headline: String,
    /// What was done, by name.
    done: Vec<String>,
    /// What was not, and why.
    refused: Vec<(String, String)>,
    /// The same form for what was refused.
    again: Vec<(String, String)>,
    key: String,
}

/// Shows what became of each of many.
pub(super) fn each(
    frame: &Frame,
    act: &'static Act,
    typed: &Typed,
    results: Vec<(String, Option<Problem>)>,
) -> Response {
    let (refused, done): (Vec<_>, Vec<_>) = results.into_iter().partition(|(_, problem)| problem.is_some());
    let done: Vec<String> = done.into_iter().map(|(name, _)| name).collect();
    let refused: Vec<(String, String)> =
        refused.into_iter().map(|(name, problem)| (name, problem.map(|one| one.detail).unwrap_or_default())).collect();
    let mut again: Vec<(String, String)> =
        typed.kept().into_iter().filter(|(name, _)| !name.starts_with("path.")).collect();
    let names: Vec<&str> = refused.iter().map(|(name, _)| name.as_str()).collect();
    let parameter = typed.fields.iter().map(|(name, _)| name).find(|name| name.starts_with("path."));
    again.extend(parameter.map(|name| (name.clone(), names.join("\n"))));
    let headline = headline(frame.lang, done.len(), refused.len());
    let (back, key) = (typed.back(), draw_key());
    render(&EachPage { frame, act, back, headline, done, refused, again, key })
}

fn headline(lang: Lang, done: usize, refused: usize) -> String {
    match lang {
        Lang::Fr => format!(
            "{}, {}",
            text::counted(lang, done as u64, "fait", "faits"),
            text::counted(lang, refused as u64, "refusé", "refusés")
        ),
        Lang::En => format!(
            "{}, {}",
            text::counted(lang, done as u64, "done", "done"),
            text::counted(lang, refused as u64, "refused", "refused")
        ),
    }
}
