//! Creating once: the answer to a request with an `Idempotency-Key` is kept and given again.
//!
//! Answers live in memory for a day or until the hub restarts; after that, the store's own keys still refuse a
//! second site of one name. Only successes are kept: a failure changed nothing and may be tried again.

use std::collections::BTreeMap;
use std::future::Future;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde_json::Value;
use tokio::time::Instant;

use super::input::Key;
use super::problem::Problem;
use crate::login::{Caller, secret};

/// How long an answer is kept.
const LIFE: Duration = Duration::from_secs(24 * 60 * 60);
/// Answers kept at once; the oldest goes first.
const ANSWERS_MAX: usize = 1000;

/// Account and key.
type Name = (String, String);

/// Answers by account and key.
#[derive(Default)]
pub(super) struct Answers(Mutex<BTreeMap<Name, Answer>>);

struct Answer {
    request: [u8; 32],
    born: Instant,
    /// None while the first request is still at work.
    body: Option<Value>,
}

/// One create: who asks, under which key, and for what.
pub(super) struct Ask<'a, T> {
    pub(super) caller: &'a Caller,
    pub(super) key: Key,
    /// What sets this request apart from others: the route's name and the body.
    pub(super) request: (&'static str, &'a T),
}

impl Answers {
    /// Does the work once per key; 201 with what it made.
    pub(super) async fn once<T: Serialize, R: Serialize>(
        &self,
        ask: Ask<'_, T>,
        work: impl Future<Output = Result<R, Problem>>,
    ) -> Result<Response, Problem> {
        let Key(Some(key)) = ask.key else { return Ok(created(work.await?)) };
        let request = secret::sha256(&serde_json::to_vec(&ask.request).unwrap_or_default());
        let name = (ask.caller.account.clone(), key);
        if let Some(body) = self.begin(&name, request)? {
            return Ok(created(body));
        }
        // A request that is dropped half-way gives its key back.
        let mut claim = Claim { answers: self, name: Some(name) };
        let body = serde_json::to_value(work.await?).unwrap_or_default();
        claim.keep(body.clone());
        Ok(created(body))
    }

    /// Takes the key; the kept answer, if there is one.
    fn begin(&self, name: &Name, request: [u8; 32]) -> Result<Option<Value>, Problem> {
        let mut answers = self.lock();
        answers.retain(|_, answer| answer.born.elapsed() < LIFE);
        match answers.get(name) {
            Some(known) if known.request != request => Err(reused("it was used for another request; take a new key")),
            Some(Answer { body: None, .. }) => Err(reused("its first request is still at work; try again shortly")),
            Some(known) => Ok(known.body.clone()),
            None => {
                drop_oldest(&mut answers);
                answers.insert(name.clone(), Answer { request, born: Instant::now(), body: None });
                Ok(None)
            }
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, BTreeMap<Name, Answer>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn drop_oldest(answers: &mut BTreeMap<Name, Answer>) {
    if answers.len() < ANSWERS_MAX {
        return;
    }
    let oldest = answers.iter().min_by_key(|(_, answer)| answer.born).map(|(name, _)| name.clone());
    if let Some(name) = oldest {
        answers.remove(&name);
    }
}

/// A key that is taken until its work is done.
struct Claim<'a> {
    answers: &'a Answers,
    name: Option<Name>,
}

impl Claim<'_> {
    fn keep(&mut self, body: Value) {
        if let Some(name) = self.name.take()
            && let Some(answer) = self.answers.lock().get_mut(&name)
        {
            answer.body = Some(body);
        }
    }
}

impl Drop for Claim<'_> {
    fn drop(&mut self) {
        if let Some(name) = self.name.take() {
            self.answers.lock().remove(&name);
        }
    }
}

fn created(body: impl Serialize) -> Response {
    (StatusCode::CREATED, Json(body)).into_response()
}

fn reused(detail: &str) -> Problem {
    let detail = format!("`Idempotency-Key`: {detail}");
    Problem::new(StatusCode::CONFLICT, "key_reused", "The key is taken", detail)
}
