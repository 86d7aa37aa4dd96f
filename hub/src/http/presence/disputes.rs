//! `/api/v1/presence/disputes`: days that somebody says are wrong, and what is answered. Whoever may see a day may dispute
//! it; operators answer, or correct the day, which answers too.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::http::Admin;
use crate::http::attendance::date;
use crate::http::cursor::{ROWS, ROWS_MAX};
use crate::http::guard::{Member, Operator, may_see, own_person};
use crate::http::input::{Body, Params, limit, line};
use crate::http::people;
use crate::http::problem::{Problem, Refused};
use crate::http::time::Time;
use crate::http::views::Page;
use crate::login::Caller;
use crate::store::accounts::Role;
use crate::store::presence::{Dispute, DisputeAnswer};

/// Longest text, characters.
const TEXT_LENGTH_MAX: usize = 500;

/// Which disputes.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(in crate::http) struct Query {
    /// Only of this person, by id.
    person: Option<String>,
    /// Only those that wait for an answer.
    open: Option<bool>,
    /// How many, 1 to 1000; 100 if not given.
    #[param(minimum = 1, maximum = 1000)]
    limit: Option<usize>,
}

/// What is wrong with a day.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::http) struct NewDispute {
    /// What is wrong, in words for whoever answers.
    text: String,
}

/// The answer.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::http) struct NewAnswer {
    /// The answer, in words for the person.
    answer: String,
}

/// A day that somebody says is wrong.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::http) struct DisputeView {
    /// Whose day: the person's id.
    person: String,
    /// Which day.
    #[schema(value_type = String, format = Date)]
    date: Date,
    /// What is wrong.
    text: String,
    /// Who says so.
    account: String,
    /// Since when.
    made: Time,
    /// What was answered; null while it waits.
    answer: Option<AnswerView>,
}

/// What was answered.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = DisputeAnswerView)]
pub(in crate::http) struct AnswerView {
    /// The answer.
    text: String,
    /// Who gave it.
    account: String,
    /// When.
    made: Time,
}

/// Lists disputed days, newest day first; whoever is no operator sees the own.
#[utoipa::path(
    get, path = "/api/v1/presence/disputes", operation_id = "presence_disputes_list",
    tag = "presence", params(Query), extensions(("x-role" = json!("member"))),
    responses((status = 200, description = "Disputes", body = Page<DisputeView>), Refused)
)]
pub(in crate::http) async fn list(
    Member(caller): Member,
    State(admin): State<Admin>,
    Params(query): Params<Query>,
) -> Result<Json<Page<DisputeView>>, Problem> {
    let person = own_person(&caller, query.person, Role::Operator)?;
    let rows = limit(query.limit, ROWS, ROWS_MAX)?;
    let found = admin.store.disputes(person.as_deref(), query.open.unwrap_or_default(), rows).await?;
    Ok(Json(Page { items: found.into_iter().map(DisputeView::from).collect(), next: None }))
}

/// Says what is wrong with a day. What was said of it before is replaced.
#[utoipa::path(
    put, path = "/api/v1/presence/days/{id}/{date}/dispute", operation_id = "presence_dispute_put",
    tag = "presence", request_body = NewDispute, extensions(("x-role" = json!("member"))),
    params(("id" = String, Path, description = "The person"), ("date" = String, Path, description = "The day")),
    responses((status = 200, description = "It waits for an answer", body = DisputeView), Refused)
)]
pub(in crate::http) async fn put(
    Member(caller): Member,
    State(admin): State<Admin>,
    Path((id, on)): Path<(String, String)>,
    Body(new): Body<NewDispute>,
) -> Result<Json<DisputeView>, Problem> {
    may_see(&caller, &id, Role::Operator)?;
    let date = date("date", &on)?;
    people::find(&admin, &id).await?;
    let text = line("text", &new.text, TEXT_LENGTH_MAX)?;
    let made_ms = admin.clock.wall_ms();
    let dispute = Dispute { person: id, date, text, account: caller.account, made_ms, answer: None };
    admin.store.put_dispute(&dispute).await?;
    Ok(Json(dispute.into()))
}

/// Answers a disputed day, and leaves it as it is.
#[utoipa::path(
    post, path = "/api/v1/presence/days/{id}/{date}/dispute/answer", operation_id = "presence_dispute_answer",
    tag = "presence", request_body = NewAnswer, extensions(("x-role" = json!("operator"))),
    params(("id" = String, Path, description = "The person"), ("date" = String, Path, description = "The day")),
    responses((status = 204, description = "Answered"), Refused)
)]
pub(in crate::http) async fn answer(
    Operator(caller): Operator,
    State(admin): State<Admin>,
    Path((id, on)): Path<(String, String)>,
    Body(new): Body<NewAnswer>,
) -> Result<StatusCode, Problem> {
    let date = date("date", &on)?;
    let text = line("answer", &new.answer, TEXT_LENGTH_MAX)?;
    if !settle(&admin, &caller, (&id, date), text).await? {
        let detail = format!("nothing about this person's {date} waits for an answer");
        return Err(Problem::new(StatusCode::NOT_FOUND, "dispute_unknown", "Nothing waits for an answer", detail));
    }
    Ok(StatusCode::NO_CONTENT)
}

/// Answers what waits of a day; false if nothing does.
pub(super) async fn settle(admin: &Admin, caller: &Caller, of: (&str, Date), text: String) -> Result<bool, Problem> {
    let answer = DisputeAnswer { text, account: caller.account.clone(), made_ms: admin.clock.wall_ms() };
    Ok(admin.store.answer_dispute(of, &answer).await?)
}

impl From<Dispute> for DisputeView {
    fn from(one: Dispute) -> Self {
        let answer = |one: DisputeAnswer| AnswerView { text: one.text, account: one.account, made: Time(one.made_ms) };
        Self {
            person: one.person,
            date: one.date,
            text: one.text,
            account: one.account,
            made: Time(one.made_ms),
            answer: one.answer.map(answer),
        }
    }
}

#[cfg(test)]
mod tests {
    use axum::http::Method;
    use serde_json::json;

    use super::*;
    use crate::http::testing::Stage;
    use crate::store::accounts::Account;

    const DAY: &str = "/api/v1/presence/days/p1/2026-11-20";

    /// A crowd, and the account `member` of its person p1.
    async fn stage() -> Stage {
        let stage = Stage::new().await;
        stage.add_crowd().await;
        let account = stage.store.account("member").await.unwrap().unwrap();
        stage.store.put_account(&Account { person: Some("p1".to_owned()), ..account }).await.unwrap();
        stage
    }

    async fn dispute(stage: &Stage, path: &str, role: Role) -> crate::http::testing::Answer {
        let body = json!({ "text": "I was there all day" });
        stage.request(Method::PUT, &format!("{path}/dispute")).json(&body).role(role).send().await
    }

    async fn open(stage: &Stage) -> usize {
        let list = stage.get("/api/v1/presence/disputes?open=true").role(Role::Operator).send().await.json();
        list["items"].as_array().unwrap().len()
    }

    #[tokio::test]
    async fn a_member_disputes_the_own_day_and_an_operator_answers() {
        let stage = stage().await;
        assert_eq!(dispute(&stage, DAY, Role::Member).await.status, StatusCode::OK);
        assert_eq!(open(&stage).await, 1);

        let body = json!({ "answer": "the probe was off until noon" });
        let answer = stage.post(&format!("{DAY}/dispute/answer")).json(&body);
        assert_eq!(answer.role(Role::Operator).send().await.status, StatusCode::NO_CONTENT);

        let own = stage.get("/api/v1/presence/disputes").role(Role::Member).send().await.json();
        assert_eq!(own["items"][0]["answer"]["text"], body["answer"]);
        assert_eq!(open(&stage).await, 0);
        let again = stage.post(&format!("{DAY}/dispute/answer")).json(&body).role(Role::Operator).send().await;
        assert_eq!((again.status, again.code().as_str()), (StatusCode::NOT_FOUND, "dispute_unknown"));
    }

    #[tokio::test]
    async fn a_correction_answers_too() {
        let stage = stage().await;
        dispute(&stage, DAY, Role::Member).await;
        let decision = json!({ "value": 1, "comment": "was there, says the porter" });
        let put = stage.request(Method::PUT, &format!("{DAY}/override")).json(&decision);
        assert_eq!(put.role(Role::Operator).send().await.status, StatusCode::OK);
        assert_eq!(open(&stage).await, 0);
        let own = stage.get("/api/v1/presence/disputes").role(Role::Member).send().await.json();
        assert_eq!(own["items"][0]["answer"]["text"], decision["comment"]);
    }

    #[tokio::test]
    async fn nobody_disputes_or_sees_anothers_day() {
        let stage = stage().await;
        let other = "/api/v1/presence/days/p2/2026-11-20";
        assert_eq!(dispute(&stage, other, Role::Member).await.status, StatusCode::NOT_FOUND);
        assert_eq!(dispute(&stage, other, Role::Viewer).await.status, StatusCode::FORBIDDEN);
        assert_eq!(dispute(&stage, other, Role::Operator).await.status, StatusCode::OK);
        let own = stage.get("/api/v1/presence/disputes").role(Role::Member).send().await.json();
        assert_eq!(own["items"], json!([]));
        let asked = stage.get("/api/v1/presence/disputes?person=p2").role(Role::Member).send().await;
        assert_eq!(asked.status, StatusCode::NOT_FOUND);
        let answer = stage.post(&format!("{other}/dispute/answer")).json(&json!({ "answer": "x" }));
        assert_eq!(answer.role(Role::Member).send().await.status, StatusCode::FORBIDDEN);
        let empty = stage.request(Method::PUT, &format!("{DAY}/dispute")).json(&json!({ "text": " " }));
        assert_eq!(empty.role(Role::Member).send().await.status, StatusCode::UNPROCESSABLE_ENTITY);
    }
}
