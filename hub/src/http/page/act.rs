//! A form is an API call written in HTML: `POST /act/OPERATION` becomes a request of our own router.
//!
//! Fields named `path.NAME` and `query.NAME` go where they say, all others into the body ([`tree`], types by [`schema`]).
//! The answer is 303 back to the page, which says what was done; or the same page again with the problem on top and what
//! was typed. Nothing is decided here: checks, roles and audit are the API's. Several values of a `path.NAME`, or
//! of an `each.NAME` of the body, are several requests, told one by one.

mod answer;
mod confirm;
pub(super) mod failed;
mod inside;
pub(super) mod schema;
mod tree;
pub(super) mod typed;

use axum::Router;
use axum::extract::{Extension, Path, Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Redirect, Response};
use axum::routing::post;

use self::failed::Failed;
use self::inside::{Asked, Asker, Inside, Outcome};
use self::schema::Operation;
use self::typed::{Target, Typed};
use super::acts::{self, Act, Level};
use super::address::with;
use super::frame::{Insider, Reader};
use crate::http::Admin;
use crate::http::guard::{Peer, is_own_form};
use crate::http::idempotency::Ask;
use crate::http::input::Key;
use crate::http::problem::Problem;

/// The routes of acts, in front of everything that they may lead to.
pub(in crate::http) fn routes(inside: Router) -> Router<Admin> {
    Router::new()
        .route("/act/{operation}", post(act))
        .route("/confirm/{operation}", post(confirm::show))
        .layer(Extension(Inside::new(inside)))
}

/// One act: what is asked for, by whom, with which words.
struct Doing<'a> {
    act: &'static Act,
    operation: &'static Operation,
    typed: &'a Typed,
    asker: &'a Asker,
    reader: &'a Reader,
}

async fn act(
    Insider { frame, caller }: Insider,
    State(admin): State<Admin>,
    Extension(inside): Extension<Inside>,
    Path(name): Path<String>,
    request: Request,
) -> Response {
    let reader = Reader { frame, caller };
    let (asker, typed) = match opened(&reader, inside, request).await {
        Ok(opened) => opened,
        Err(problem) => return reader.frame.refuse(problem),
    };
    let Some((act, operation)) = known(&name) else { return reader.frame.refuse(unknown(&name)) };
    if act.level == Level::Typed && !typed.is_meant() {
        return confirm::again(&reader.frame, act, &typed);
    }
    let doing = Doing { act, operation, typed: &typed, asker: &asker, reader: &reader };
    match doing.targets() {
        Ok(targets) if targets.len() > 1 => {
            let results = doing.each(&targets).await;
            answer::each(&reader.frame, act, &typed, results)
        }
        Ok(targets) => match doing.once(targets).await {
            Ok(outcome) if act.shows.is_empty() => {
                drop(outcome);
                Redirect::to(&with(typed.back(), "done", act.name)).into_response()
            }
            Ok(outcome) => answer::shown(&admin, &reader.frame, act, (typed.back(), &outcome.body)),
            Err(problem) => doing.refused(problem).await,
        },
        Err(problem) => doing.refused(problem).await,
    }
}

/// Reads a form, and refuses one that our own page of this session did not send.
async fn opened(reader: &Reader, inside: Inside, request: Request) -> Result<(Asker, Typed), Problem> {
    let headers = request.headers().clone();
    let peer = request.extensions().get::<Peer>().copied().unwrap_or_default();
    let typed = Typed::read(request).await?;
    is_own_form(&headers, typed.get("csrf"), &reader.caller)?;
    Ok((Asker::new(inside, &headers, peer), typed))
}

/// The words and the operation of that name.
fn known(name: &str) -> Option<(&'static Act, &'static Operation)> {
    let act = acts::find(name)?;
    Some((act, schema::operation(act.operation)?))
}

fn unknown(name: &str) -> Problem {
    let shown: String = name.chars().take(64).collect();
    let detail = format!("no form of these pages leads to `{shown}`; nothing was changed");
    Problem::new(StatusCode::NOT_FOUND, "act_unknown", "There is no such act", detail)
}

impl Doing<'_> {
    fn targets(&self) -> Result<Vec<Target>, Problem> {
        self.typed.targets(&self.operation.path)
    }

    /// Asks once, however often the form is sent.
    async fn once(&self, targets: Vec<Target>) -> Result<Outcome, Problem> {
        let key = Some(self.typed.get("key").to_owned()).filter(|key| !key.is_empty());
        let ask =
            Ask { caller: &self.reader.caller, key: Key(key), request: ("act", &(self.act.name, &self.typed.fields)) };
        let work = async {
            match targets.first() {
                Some(target) => self.ask(target, self.typed.get("key")).await,
                None => Ok(Outcome::default()),
            }
        };
        let told = self.asker.inside.outcomes.once(ask, work).await?;
        inside::outcome(told).await
    }

    /// Asks for one thing after the other; what was refused stops none of the others.
    async fn each(&self, targets: &[Target]) -> Vec<(String, Option<Problem>)> {
        let mut results = Vec::with_capacity(targets.len());
        for (number, target) in targets.iter().enumerate() {
            let key = format!("{}-{number}", self.typed.get("key"));
            let refused = self.ask(target, &key).await.err();
            results.push((target.name.clone(), refused));
        }
        results
    }

    async fn ask(&self, target: &Target, key: &str) -> Result<Outcome, Problem> {
        let body = match &self.operation.body {
            Some(schema) => Some(schema::body(schema, &self.typed.body(target)?)),
            None => None,
        };
        let address = format!("{}{}", target.path, self.typed.query());
        let asked = Asked { method: &self.operation.method, address, body, key };
        self.asker.ask(asked, self.reader.caller.csrf()).await
    }

    /// The page again with what was wrong; the problem alone if that page is gone.
    async fn refused(&self, problem: Problem) -> Response {
        let status = StatusCode::from_u16(problem.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let form = match self.typed.get("of") {
            "" => self.act.name,
            form => form,
        };
        let kept = Typed { fields: self.typed.kept() };
        let failed = Failed { form: form.to_owned(), problem: problem.clone(), typed: kept };
        match self.asker.page(self.typed.back(), failed).await {
            Some(mut page) => {
                *page.status_mut() = status;
                page
            }
            None => self.reader.frame.clone().refuse(problem),
        }
    }
}

#[cfg(test)]
mod tests;
