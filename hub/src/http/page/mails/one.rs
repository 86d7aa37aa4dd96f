//! One mail with what it says, as plain text: nothing of it is run or fetched.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;

use super::MailRow;
use super::words::{self, Words};
use crate::http::Admin;
use crate::http::page::frame::{Frame, Reader, render};
use crate::http::page::history::Local;
use crate::http::problem::Problem;
use crate::mail::letter::{Kind, Letter};
use crate::store::accounts::Role;

#[derive(Template)]
#[template(path = "mail_one.html")]
struct MailPage<'a> {
    frame: &'a Frame,
    w: &'static Words,
    row: MailRow,
    /// The page of what it is about, if there is one.
    about: Option<String>,
    maybe_twice: Option<String>,
    /// What it says; none if nobody but its reader may see that.
    text: Option<String>,
}

/// Shows one mail.
pub(in crate::http::page) async fn show(
    reader: Reader,
    State(admin): State<Admin>,
    Path(no): Path<String>,
) -> Response {
    if let Err(problem) = reader.needs(Role::Operator) {
        return reader.frame.refuse(problem);
    }
    let frame = reader.frame;
    let page = page(&admin, &frame, &no).await;
    frame.answer(page)
}

async fn page(admin: &Admin, frame: &Frame, no: &str) -> Result<Response, Problem> {
    let unknown = || Problem::unknown("mail", no);
    let number = no.parse().map_err(|_not_a_number| unknown())?;
    let letter = admin.store.letter(number).await?.ok_or_else(unknown)?;
    let row = Local::of_hub(frame, admin.clock.wall_ms()).mail(&letter);
    let Letter { name, content, maybe_twice, .. } = letter;
    let about = (name.kind == Kind::Incident).then(|| format!("/incidents/{}", name.about));
    // Its link would make whoever reads mails somebody else.
    let text = (name.kind != Kind::PasswordReset).then_some(content.text);
    Ok(render(&MailPage { frame, w: words::of(frame.lang), row, about, maybe_twice, text }))
}
