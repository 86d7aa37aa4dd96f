//! `/api/v1/audit`: who asked for which change, who logged in, who looked at whose presence.

use axum::Json;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse as _, Response};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::Admin;
use super::cursor::{ROWS, ROWS_MAX, cut};
use super::guard::Owner;
use super::input::{Params, limit};
use super::problem::{Problem, Refused};
use super::time::Time;
use super::views::Page;
use crate::csv::csv;
use crate::store::audit::{Act, ActFilter, Place};

/// Rows of one file: what a spreadsheet holds.
const CSV_ROWS_MAX: usize = 100_000;

/// Which rows.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Query {
    /// Only of this account.
    account: Option<String>,
    /// Only this operation, as the document names it; looks are `look_` and what was looked at.
    operation: Option<String>,
    /// Not before.
    from: Option<Time>,
    /// Before.
    to: Option<Time>,
    /// Where the page begins: `next` of the page before.
    after: Option<String>,
    /// How many, 1 to 1000; 100 if not given.
    limit: Option<usize>,
}

impl Query {
    fn filter(&self) -> ActFilter {
        ActFilter {
            account: self.account.clone(),
            operation: self.operation.clone(),
            from_ms: self.from.map(|from| from.0),
            to_ms: self.to.map(|to| to.0),
        }
    }
}

/// Something that was asked for.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ActView {
    /// When.
    at: Time,
    /// Which account; null if nobody proved to be one.
    account: Option<String>,
    /// By what it was proved: `socket`, `session`, `token` with its id; null if by nothing.
    via: Option<String>,
    /// From where; null if from this machine's own socket.
    address: Option<String>,
    /// Which operation of this API, or a look.
    operation: String,
    /// On what.
    subject: Option<String>,
    /// `done`, `refused` or `failed`.
    outcome: String,
    /// The answer's status.
    status: u16,
}

impl ActView {
    fn new(act: Act) -> Self {
        let given = |text: String| Some(text).filter(|text| !text.is_empty());
        Self {
            at: Time(act.at_ms),
            account: given(act.account),
            via: given(act.via),
            address: given(act.address),
            operation: act.operation,
            subject: given(act.subject),
            outcome: outcome(act.status).to_owned(),
            status: act.status,
        }
    }

    fn cells(self) -> Vec<String> {
        let text = Option::unwrap_or_default;
        vec![
            self.at.to_string(),
            text(self.account),
            text(self.via),
            text(self.address),
            self.operation,
            text(self.subject),
            self.outcome,
            self.status.to_string(),
        ]
    }
}

const HEAD: [&str; 8] = ["at", "account", "via", "address", "operation", "subject", "outcome", "status"];

fn outcome(status: u16) -> &'static str {
    match status {
        0..=399 => "done",
        400..=499 => "refused",
        _ => "failed",
    }
}

/// Lists changes that were asked for, logins and looks at people's presence, newest first.
#[utoipa::path(
    get, path = "/api/v1/audit", operation_id = "audit_list",
    tag = "accounts", params(Query), extensions(("x-role" = json!("owner"))),
    responses((status = 200, description = "A page of the log", body = Page<ActView>), Refused)
)]
pub(super) async fn list(
    _: Owner,
    State(admin): State<Admin>,
    Params(query): Params<Query>,
) -> Result<Json<Page<ActView>>, Problem> {
    let rows = limit(query.limit, ROWS, ROWS_MAX)?;
    let after = query.after.as_deref().map(place).transpose()?;
    let mut acts = admin.store.acts(&query.filter(), after, rows + 1).await?;
    let has_more = cut(&mut acts, rows);
    let next = acts.last().filter(|_| has_more).map(|(place, _)| text(*place));
    Ok(Json(Page { items: acts.into_iter().map(|(_, act)| ActView::new(act)).collect(), next }))
}

/// The same as CSV, at most 100 000 rows.
#[utoipa::path(
    get, path = "/api/v1/audit.csv", operation_id = "audit_csv",
    tag = "accounts", params(Query), extensions(("x-role" = json!("owner"))),
    responses((status = 200, description = "A row per act", content_type = "text/csv"), Refused)
)]
pub(super) async fn list_csv(
    _: Owner,
    State(admin): State<Admin>,
    Params(query): Params<Query>,
) -> Result<Response, Problem> {
    let rows = limit(query.limit, CSV_ROWS_MAX, CSV_ROWS_MAX)?;
    let after = query.after.as_deref().map(place).transpose()?;
    let acts = admin.store.acts(&query.filter(), after, rows).await?;
    let file = csv(&HEAD, acts.into_iter().map(|(_, act)| ActView::new(act).cells()));
    let kind = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8"),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"audit.csv\""),
    ];
    Ok((kind, file).into_response())
}

fn text(Place { at_ms, shelf, no }: Place) -> String {
    format!("{at_ms}.{shelf}.{no}")
}

fn place(cursor: &str) -> Result<Place, Problem> {
    let mut parts = cursor.splitn(3, '.');
    let mut read = || {
        Some(Place {
            at_ms: parts.next()?.parse().ok()?,
            shelf: parts.next()?.parse().ok()?,
            no: parts.next()?.parse().ok()?,
        })
    };
    read().ok_or_else(|| Problem::invalid("after", "this is not a cursor; pass `next` of the page before, unchanged"))
}

#[cfg(test)]
mod tests {
    use axum::http::{Method, StatusCode};
    use serde_json::{Value, json};

    use crate::http::testing::{PASSWORD, Stage, Who};
    use crate::store::accounts::Role;

    async fn log(stage: &Stage, query: &str) -> Vec<Value> {
        let page = stage.get(&format!("/api/v1/audit{query}")).role(Role::Owner).send().await.json();
        page["items"].as_array().unwrap().clone()
    }

    #[tokio::test]
    async fn every_change_is_in_the_log_with_who_how_whence_what_and_what_became_of_it() {
        let stage = Stage::new().await;
        stage.post("/api/v1/sites").json(&json!({ "id": "metz" })).role(Role::Owner).send().await;
        stage.post("/api/v1/sites/metz/revoke").by(Who::Socket).send().await;
        stage.get("/api/v1/sites").role(Role::Viewer).send().await;
        let session = stage.log_in("viewer").await;
        stage.post("/api/v1/sites/metz/revoke").session(&session).send().await;

        let rows = log(&stage, "").await;

        let told: Vec<String> = rows
            .iter()
            .map(|row| {
                let word = |name: &str| row[name].as_str().unwrap_or("-").to_owned();
                let via = word("via").split(' ').next().unwrap().to_owned();
                [word("account"), via, word("address"), word("operation"), word("subject"), word("outcome")].join(" ")
            })
            .collect();
        assert_eq!(
            told,
            [
                "viewer session 192.0.2.1 sites_revoke metz refused",
                "viewer - 192.0.2.1 session_login - done",
                "admin socket - sites_revoke metz done",
                "owner token 192.0.2.1 sites_create - done",
            ]
        );
    }

    #[tokio::test]
    async fn looks_stand_among_the_changes() {
        let stage = Stage::new().await;
        stage.request(Method::PUT, "/api/v1/people/ama").json(&json!({ "name": "Ama" })).role(Role::Owner).send().await;
        stage.get("/api/v1/people/ama/devices").role(Role::Operator).send().await;
        let rows = log(&stage, "").await;
        assert_eq!((&rows[0]["operation"], &rows[0]["subject"]), (&json!("look_devices"), &json!("ama")));
        assert_eq!(rows[1]["operation"], "people_put");
        assert_eq!(log(&stage, "?operation=look_devices").await.len(), 1);
        assert_eq!(log(&stage, "?account=owner").await.len(), 1);
        assert!(log(&stage, "?from=2026-11-20T14:05:01Z").await.is_empty());
    }

    #[tokio::test]
    async fn the_pages_of_the_log_hold_every_row_once() {
        let stage = Stage::new().await;
        for site in ["a", "b", "c", "d", "e"] {
            stage.post("/api/v1/sites").json(&json!({ "id": site })).role(Role::Owner).send().await;
        }
        let (mut seen, mut after) = (0, String::new());
        loop {
            let path = format!("/api/v1/audit?limit=2{after}");
            let page = stage.get(&path).role(Role::Owner).send().await.json();
            seen += page["items"].as_array().unwrap().len();
            let Some(next) = page["next"].as_str() else { break };
            after = format!("&after={next}");
        }
        assert_eq!(seen, 5);
        let csv = stage.get("/api/v1/audit.csv").role(Role::Owner).send().await;
        assert_eq!(csv.text.lines().count(), 6);
    }

    #[tokio::test]
    async fn no_secret_stands_in_the_log_and_nobody_fills_it_by_knocking() {
        let stage = Stage::new().await;
        let pasted = json!({ "account": PASSWORD, "password": PASSWORD });
        stage.post("/api/v1/login").json(&pasted).send().await;
        for _ in 0..300 {
            stage.post("/api/v1/sites").json(&json!({ "id": "x" })).send().await;
        }
        let csv = stage.get("/api/v1/audit.csv").role(Role::Owner).send().await;
        assert!(!csv.text.contains(PASSWORD));
        assert!((90..=110).contains(&csv.text.lines().count()), "{}", csv.text.lines().count());
        let changed = stage.post("/api/v1/sites").json(&json!({ "id": "metz" })).role(Role::Owner).send().await;
        assert_eq!(changed.status, StatusCode::CREATED);
        assert_eq!(log(&stage, "?account=owner").await.len(), 1, "what is done is always written down");
    }
}
