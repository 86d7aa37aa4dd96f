//! `/api/v1/mails`: what people and programs were told of, what waits, and what was given up.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::Admin;
use super::cursor::{ROWS, ROWS_MAX, cut};
use super::guard::{Operator, Owner};
use super::input::{Body, Params, limit};
use super::problem::{Problem, Refused};
use super::time::Time;
use super::views::Page;
use crate::mail::desk::TestError;
use crate::mail::letter::{Kind, Letter, LetterState, Way};
use crate::mail::smtp;
use crate::store::outbox::LetterFilter;
use crate::webhook;

/// Longest secret, bytes.
const SECRET_BYTES_MAX: usize = 1024;

/// Which mails.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Query {
    /// Only in this state: `waiting`, `sent`, `dead`.
    state: Option<String>,
    /// Only about this incident or week.
    about: Option<String>,
    /// Only to this address, or to the webhook of that name.
    to: Option<String>,
    /// Where the page begins: `next` of the page before.
    after: Option<String>,
    /// How many, 1 to 1000; 100 if not given.
    #[param(minimum = 1, maximum = 1000)]
    limit: Option<usize>,
}

/// A mail, or a call of a webhook.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(super) struct MailView {
    /// Its number.
    no: i64,
    /// How it travels.
    way: Way,
    /// What it is.
    kind: Kind,
    /// The incident or week that it is about.
    about: String,
    /// The how-manieth about it.
    number: u32,
    /// The address, or the name of the webhook.
    to: String,
    /// The subject.
    subject: String,
    /// How far it is.
    state: LetterState,
    /// How often it was tried.
    attempts: u32,
    /// What was said last.
    last_error: Option<String>,
    /// When it is tried next, if it is.
    next_try: Option<Time>,
    /// When it is given up, if it is tried.
    expires: Option<Time>,
    /// Why the reader may have it twice.
    maybe_twice: Option<String>,
    /// When it was written.
    created: Time,
    /// When it changed.
    changed: Time,
}

/// A mail with what it says.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(super) struct WholeMail {
    /// The mail.
    #[serde(flatten)]
    mail: MailView,
    /// As plain text; of a webhook the JSON.
    text: String,
    /// As HTML; empty for a webhook.
    html: String,
}

/// What to try.
#[derive(Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Test {
    /// To whom; to all recipients of `mail.recipients` if not given.
    to: Option<String>,
    /// Which template; all if not given.
    template: Option<String>,
}

/// A secret.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Secret {
    /// The secret; it is never shown again.
    value: String,
}

/// Lists mails and calls of webhooks, newest first.
#[utoipa::path(
    get, path = "/api/v1/mails", operation_id = "mails_list",
    tag = "mails", params(Query), extensions(("x-role" = json!("operator"))),
    responses((status = 200, description = "A page of mails", body = Page<MailView>), Refused)
)]
pub(super) async fn list(
    _: Operator,
    State(admin): State<Admin>,
    Params(query): Params<Query>,
) -> Result<Json<Page<MailView>>, Problem> {
    let rows = limit(query.limit, ROWS, ROWS_MAX)?;
    let foreign = || Problem::invalid("after", "this is not a cursor; pass `next` of the page before, unchanged");
    let before = query.after.as_deref().map(|after| after.parse().map_err(|_not_a_number| foreign())).transpose()?;
    let unknown = || Problem::invalid("state", "use waiting, sent or dead");
    let state = query.state.as_deref().map(|word| LetterState::parse(word).ok_or_else(unknown)).transpose()?;
    let filter = LetterFilter { way: None, state, about: query.about, reader: query.to };
    let mut letters = admin.store.letters(&filter, before, rows + 1).await?;
    let has_more = cut(&mut letters, rows);
    let next = letters.last().filter(|_| has_more).map(|last| last.no.to_string());
    Ok(Json(Page { items: letters.iter().map(MailView::from).collect(), next }))
}

/// Counts mails and calls of webhooks by state.
#[utoipa::path(
    get, path = "/api/v1/mails/stats", operation_id = "mails_stats",
    tag = "mails", extensions(("x-role" = json!("operator"))),
    responses((status = 200, description = "Counts by way and state", body = BTreeMap<String, BTreeMap<String, u64>>), Refused)
)]
pub(super) async fn stats(
    _: Operator,
    State(admin): State<Admin>,
) -> Result<Json<BTreeMap<String, BTreeMap<String, u64>>>, Problem> {
    let states = || LetterState::ALL.map(|state| (state.word().to_owned(), 0)).into_iter().collect();
    let mut counts: BTreeMap<String, BTreeMap<String, u64>> =
        Way::ALL.map(|way| (way.word().to_owned(), states())).into_iter().collect();
    for one in admin.store.letter_counts().await? {
        counts.entry(one.way.word().to_owned()).or_default().insert(one.state.word().to_owned(), one.count);
    }
    Ok(Json(counts))
}

/// Sends templates with invented facts.
#[utoipa::path(
    post, path = "/api/v1/mails/test", operation_id = "mails_test",
    tag = "mails", request_body = Test, extensions(("x-role" = json!("operator"))),
    responses((status = 202, description = "They are on their way", body = Page<MailView>), Refused)
)]
pub(super) async fn test(
    _: Operator,
    State(admin): State<Admin>,
    Body(Test { to, template }): Body<Test>,
) -> Result<(StatusCode, Json<Page<MailView>>), Problem> {
    let mut letters = admin.desk.test(to.as_deref(), template.as_deref()).await.map_err(refused)?;
    letters.reverse();
    let items = letters.iter().map(MailView::from).collect();
    Ok((StatusCode::ACCEPTED, Json(Page { items, next: None })))
}

/// Shows a mail with what it says.
#[utoipa::path(
    get, path = "/api/v1/mails/{no}", operation_id = "mails_show",
    tag = "mails", params(("no" = String, Path, description = "The mail's number")),
    extensions(("x-role" = json!("operator"))),
    responses((status = 200, description = "The mail", body = WholeMail), Refused)
)]
pub(super) async fn show(
    _: Operator,
    State(admin): State<Admin>,
    Path(no): Path<String>,
) -> Result<Json<WholeMail>, Problem> {
    let letter = find(&admin, &no).await?;
    let mail = MailView::from(&letter);
    // Its link would make whoever reads mails somebody else.
    if letter.name.kind == Kind::PasswordReset {
        let text = "This mail holds a link for a new password, which is shown to nobody but its reader.".to_owned();
        return Ok(Json(WholeMail { mail, text, html: String::new() }));
    }
    Ok(Json(WholeMail { mail, text: letter.content.text, html: letter.content.html }))
}

/// Tries a mail again, at once.
#[utoipa::path(
    post, path = "/api/v1/mails/{no}/retry", operation_id = "mails_retry",
    tag = "mails", params(("no" = String, Path, description = "The mail's number")),
    extensions(("x-role" = json!("operator"))),
    responses((status = 200, description = "It is tried again", body = MailView), Refused)
)]
pub(super) async fn retry(
    _: Operator,
    State(admin): State<Admin>,
    Path(no): Path<String>,
) -> Result<Json<MailView>, Problem> {
    let letter = find(&admin, &no).await?;
    if !admin.desk.retry(letter.no).await? {
        let text = format!("mail {no} is {}: that is not possible then", letter.state.word());
        return Err(Problem::new(StatusCode::CONFLICT, "mail_state", "Its state does not allow it", text));
    }
    Ok(Json(MailView::from(&find(&admin, &no).await?)))
}

/// Keeps a secret, sealed: the password of the mail server (`smtp`), or the key of a webhook (`webhook.NAME`).
#[utoipa::path(
    put, path = "/api/v1/mails/secrets/{name}", operation_id = "mails_put_secret",
    tag = "mails", params(("name" = String, Path, description = "`smtp` or `webhook.NAME`")), request_body = Secret,
    extensions(("x-role" = json!("owner"))),
    responses((status = 204, description = "It is kept"), Refused)
)]
pub(super) async fn put_secret(
    _: Owner,
    State(admin): State<Admin>,
    Path(name): Path<String>,
    Body(Secret { value }): Body<Secret>,
) -> Result<StatusCode, Problem> {
    secret_name(&name)?;
    if value.is_empty() || value.len() > SECRET_BYTES_MAX {
        return Err(Problem::invalid("value", format_args!("use 1 to {SECRET_BYTES_MAX} bytes")));
    }
    admin.store.put_letter_secret(&name, Some(&value)).await?;
    admin.desk.wake();
    Ok(StatusCode::NO_CONTENT)
}

/// Forgets a secret.
#[utoipa::path(
    delete, path = "/api/v1/mails/secrets/{name}", operation_id = "mails_remove_secret",
    tag = "mails", params(("name" = String, Path, description = "`smtp` or `webhook.NAME`")),
    extensions(("x-role" = json!("owner"))),
    responses((status = 204, description = "It is forgotten"), Refused)
)]
pub(super) async fn remove_secret(
    _: Owner,
    State(admin): State<Admin>,
    Path(name): Path<String>,
) -> Result<StatusCode, Problem> {
    secret_name(&name)?;
    admin.store.put_letter_secret(&name, None).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn secret_name(name: &str) -> Result<(), Problem> {
    let is_hook = name.strip_prefix(&webhook::secret_name("")).is_some_and(webhook::is_name);
    if name == smtp::SECRET || is_hook {
        return Ok(());
    }
    Err(Problem::invalid("name", "use `smtp`, or `webhook.` and the name of a webhook"))
}

async fn find(admin: &Admin, no: &str) -> Result<Letter, Problem> {
    let number = no.parse().map_err(|_not_a_number| Problem::unknown("mail", no))?;
    admin.store.letter(number).await?.ok_or_else(|| Problem::unknown("mail", no))
}

fn refused(error: TestError) -> Problem {
    match error {
        TestError::Refused(text) => {
            Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid", "The test cannot be made", text)
        }
        TestError::Failed(error) => {
            let text = format!("{error:#}");
            Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "template", "A template cannot be filled", text)
        }
        TestError::Store(error) => error.into(),
    }
}

impl From<&Letter> for MailView {
    fn from(letter: &Letter) -> Self {
        let is_waiting = letter.state == LetterState::Waiting;
        Self {
            no: letter.no,
            way: letter.name.way,
            kind: letter.name.kind,
            about: letter.name.about.clone(),
            number: letter.name.number,
            to: letter.name.reader.clone(),
            subject: letter.content.subject.clone(),
            state: letter.state,
            attempts: letter.attempts,
            last_error: letter.last_error.clone(),
            next_try: is_waiting.then_some(Time(letter.next_try_ms)),
            expires: is_waiting.then_some(Time(letter.expires_ms)),
            maybe_twice: letter.maybe_twice.clone(),
            created: Time(letter.created_ms),
            changed: Time(letter.changed_ms),
        }
    }
}

#[cfg(test)]
mod tests;
