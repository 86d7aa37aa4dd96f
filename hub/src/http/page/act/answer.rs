//! What is shown after an act that has more to say than that it was done: secrets that are shown once, what was found, and
//! what became of each of many.

mod fields;

use std::fmt;

use askama::Template;
use askama::filters::HtmlSafe;
use axum::response::Response;
use jiff::tz::TimeZone;
use serde_json::Value;

use self::fields::{Field, Reading};
use super::typed::{Typed, is_target};
use crate::http::Admin;
use crate::http::page::acts::Act;
use crate::http::page::form::draw_key;
use crate::http::page::frame::{Frame, render};
use crate::http::page::french::{self, Told};
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
    /// What is shown.
    shown: Vec<Field>,
    /// It is shown this once.
    is_secret: bool,
    /// The first of it as a picture that phones read.
    picture: Option<Picture>,
    /// The site whose box is waited for.
    site: Option<&'a str>,
    now: Time,
}

/// A picture that this program drew.
struct Picture(String);

impl HtmlSafe for Picture {}

impl fmt::Display for Picture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What a phone is to take in, the first that is shown: the secret of a second factor, a link, a token.
const PICTURED: [&str; 3] = ["uri", "link", "token"];

/// Fields that nobody is shown a second time.
const SECRETS: [&str; 6] = ["token", "secret", "uri", "codes", "link", "password"];

/// Shows what the API answered.
pub(super) fn shown(admin: &Admin, frame: &Frame, act: &'static Act, (back, body): (&str, &Value)) -> Response {
    let (now_ms, zone) = (admin.clock.wall_ms(), TimeZone::system());
    let reading = Reading { lang: frame.lang, now_ms, zone: &zone };
    let of_field = |name: &&'static str| Some(reading.told(name, body.pointer(&pointer(name))?));
    let shown = act.shows.iter().filter_map(of_field).collect();
    let is_secret = act.shows.iter().any(|field| SECRETS.contains(&field.rsplit('.').next().unwrap_or(field)));
    let site = body.pointer("/site").or_else(|| body.pointer("/enrolment/site")).and_then(Value::as_str);
    let site = site.filter(|_| act.shows.contains(&"token"));
    let picture = picture(act, body);
    render(&AnswerPage { frame, act, back, shown, is_secret, picture, site, now: Time(now_ms) })
}

fn picture(act: &Act, body: &Value) -> Option<Picture> {
    let name = PICTURED.into_iter().find(|name| act.shows.contains(name))?;
    qr::svg(body.pointer(&pointer(name))?.as_str()?).map(Picture)
}

fn pointer(name: &str) -> String {
    format!("/{}", name.replace('.', "/"))
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
    refused: Vec<(String, Told)>,
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
    let why = |problem: Option<Problem>| french::told(frame.lang, &problem.map(|one| one.detail).unwrap_or_default());
    let refused: Vec<(String, Told)> = refused.into_iter().map(|(name, problem)| (name, why(problem))).collect();
    let mut again: Vec<(String, String)> = typed.kept().into_iter().filter(|(name, _)| !is_target(name)).collect();
    let names: Vec<&str> = refused.iter().map(|(name, _)| name.as_str()).collect();
    let parameter = typed.fields.iter().map(|(name, _)| name).find(|name| is_target(name));
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
