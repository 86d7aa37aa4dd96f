//! Did the word get out? Mails and calls of webhooks: what was not delivered first.

pub(super) mod one;
mod words;

use askama::Template;
use axum::extract::State;
use axum::http::Uri;
use axum::response::Response;

use self::words::Words;
use super::frame::{Frame, Reader, render};
use super::history::Local;
use super::marks::Mark;
use super::row::Moment;
use super::sheet::{Cells, SHEET};
use super::table::{Column, Look, Table};
use crate::http::Admin;
use crate::http::problem::Problem;
use crate::http::time::Time;
use crate::mail::letter::{Letter, LetterState};
use crate::store::accounts::Role;
use crate::store::outbox::LetterFilter;
use crate::text;

/// Letters that the page looks through, the newest of each state.
const LETTERS_MAX: usize = 1_000;

/// One letter in a line.
pub(super) struct MailRow {
    pub(super) no: String,
    pub(super) mark: Mark,
    pub(super) is_dead: bool,
    pub(super) to: String,
    pub(super) subject: String,
    pub(super) kind: &'static str,
    pub(super) attempts: u32,
    /// What was said last; empty if nothing was refused.
    pub(super) error: String,
    pub(super) next_try: Option<Moment>,
    pub(super) changed: Moment,
}

#[derive(Template)]
#[template(path = "mails.html")]
struct MailsPage<'a> {
    frame: &'a Frame,
    w: &'static Words,
    look: &'a Look,
    headline: String,
    dead: Vec<MailRow>,
    rows: Vec<MailRow>,
    table: Table,
    has_mails: bool,
    states: [(&'static str, &'static str); 3],
    now: Time,
}

/// Shows the mails.
pub(super) async fn show(reader: Reader, State(admin): State<Admin>, uri: Uri) -> Response {
    if let Err(problem) = reader.needs(Role::Operator) {
        return reader.frame.refuse(problem);
    }
    let frame = reader.frame;
    let page = page(&admin, &frame, &Look::of(&uri)).await;
    frame.answer(page)
}

async fn page(admin: &Admin, frame: &Frame, look: &Look) -> Result<Response, Problem> {
    let (w, now_ms) = (words::of(frame.lang), admin.clock.wall_ms());
    let at = Local::of_hub(frame, now_ms);
    let in_state = |state| LetterFilter { state, ..LetterFilter::default() };
    let dead = admin.store.letters(&in_state(Some(LetterState::Dead)), None, LETTERS_MAX).await?;
    let wanted = LetterState::parse(look.get("state"));
    let all = admin.store.letters(&in_state(wanted), None, LETTERS_MAX).await?;
    let counts = admin.store.letter_counts().await?;
    let count = |state: LetterState| counts.iter().filter(|one| one.state == state).map(|one| one.count).sum::<u64>();
    let told = [
        text::counted(frame.lang, count(LetterState::Dead), w.dead_one, w.dead_many),
        text::counted(frame.lang, count(LetterState::Waiting), w.waiting_one, w.waiting_many),
        text::counted(frame.lang, count(LetterState::Sent), w.sent_one, w.sent_many),
    ];
    let fits = |letter: &&Letter| look.has(&format!("{} {}", letter.name.reader, letter.content.subject));
    let rows: Vec<MailRow> = all.iter().filter(fits).map(|letter| at.mail(letter)).collect();
    if let Some(sheet) = look.sheet((SHEET, &at), &columns(w), &rows) {
        return Ok(sheet);
    }
    let (rows, table) = look.page(frame.lang, &columns(w), rows);
    Ok(render(&MailsPage {
        frame,
        w,
        look,
        headline: told.join(" · "),
        dead: dead.iter().map(|letter| at.mail(letter)).collect(),
        rows,
        table: table.with_sheet(look, SHEET),
        has_mails: !counts.is_empty(),
        states: LetterState::ALL.map(|state| (state.word(), word(state, w))),
        now: Time(now_ms),
    }))
}

fn columns(w: &'static Words) -> [Column; 5] {
    [
        Column::plain(w.subject),
        Column::plain(w.to),
        Column::plain(w.state),
        Column::plain(w.attempts).number(),
        Column::plain(w.changed),
    ]
}

/// The letters about one thing, for a reader who may see them.
pub(super) async fn mails_about(admin: &Admin, at: &Local<'_>, about: &str) -> Result<Vec<MailRow>, Problem> {
    let filter = LetterFilter { about: Some(about.to_owned()), ..LetterFilter::default() };
    let letters = admin.store.letters(&filter, None, LETTERS_MAX).await?;
    Ok(letters.iter().map(|letter| at.mail(letter)).collect())
}

fn word(state: LetterState, w: &Words) -> &'static str {
    match state {
        LetterState::Waiting => w.state_waiting,
        LetterState::Sent => w.state_sent,
        LetterState::Dead => w.state_dead,
    }
}

impl Cells for MailRow {
    fn cells(&self, at: &Local<'_>) -> Vec<String> {
        let [subject, to] = [&self.subject, &self.to].map(String::clone);
        vec![subject, to, self.mark.word.to_owned(), self.attempts.to_string(), at.stamp(&self.changed)]
    }
}

impl Local<'_> {
    fn mail(&self, letter: &Letter) -> MailRow {
        let state = match letter.state {
            LetterState::Waiting => "running",
            LetterState::Sent => "fine",
            LetterState::Dead => "critical",
        };
        let is_waiting = letter.state == LetterState::Waiting;
        MailRow {
            no: letter.no.to_string(),
            mark: Mark { state, word: word(letter.state, words::of(self.frame.lang)) },
            is_dead: letter.state == LetterState::Dead,
            to: letter.name.reader.clone(),
            subject: letter.content.subject.clone(),
            kind: letter.name.kind.word(),
            attempts: letter.attempts,
            error: letter.last_error.clone().unwrap_or_default(),
            next_try: is_waiting.then(|| self.moment(letter.next_try_ms)),
            changed: self.moment(letter.changed_ms),
        }
    }
}

#[cfg(test)]
mod tests;
