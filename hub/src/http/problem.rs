//! How the API says no: `application/problem+json` (RFC 9457) with a stable code and a sentence that names the
//! thing, the place and the cure.

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};

use crate::login::LoginError;
use crate::store::StoreError;

/// One refusal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Problem {
    /// A URN that ends in the code.
    #[serde(rename = "type")]
    pub kind: String,
    /// The HTTP status.
    pub status: u16,
    /// A word that never changes: `site_unknown`, `forbidden`….
    pub code: String,
    /// What is wrong, for people.
    pub title: String,
    /// What is wrong here and what to do, for people.
    pub detail: String,
    /// When to try again, seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry_after_s: Option<u64>,
}

/// Any refusal, as the OpenAPI document names it with every route.
#[derive(utoipa::IntoResponses)]
#[expect(dead_code, reason = "only its description is used")]
pub(super) enum Refused {
    #[response(
        status = "4XX",
        description = "Refused: `code` says why for programs, `detail` what to do for people. Nothing was changed. \
                       400 and 422: a value is not accepted. 401: nobody proved who they are. 403: the role is too \
                       little. 404: there is no such thing. 409: it does not fit what is there. 429: too often",
        content_type = "application/problem+json",
        example = json!({
            "type": "urn:vigie:problem:site_unknown", "status": 404, "code": "site_unknown",
            "title": "There is no such site",
            "detail": "no site is called `nowhere`; `vigie-hub site list` or /api/v1/sites shows all"
        })
    )]
    Wrong(Problem),
    #[response(
        status = "5XX",
        description = "The hub cannot do it at this moment; `retry_after_s` says when to ask again",
        content_type = "application/problem+json",
        example = json!({
            "type": "urn:vigie:problem:store_failed", "status": 503, "code": "store_failed",
            "title": "The store failed",
            "detail": "the store failed; nothing was changed and what was stored is safe; try again, then read the \
                       hub's log and check its disk",
            "retry_after_s": 5
        })
    )]
    Unable(Problem),
}

impl Problem {
    /// A refusal with this status, code and sentences.
    #[must_use]
    pub fn new(status: StatusCode, code: &str, title: &str, detail: impl Into<String>) -> Self {
        Self {
            kind: format!("urn:vigie:problem:{code}"),
            status: status.as_u16(),
            code: code.to_owned(),
            title: title.to_owned(),
            detail: detail.into(),
            retry_after_s: None,
        }
    }

    /// Something in the request is not of the expected form.
    #[must_use]
    pub fn invalid(field: &str, detail: impl std::fmt::Display) -> Self {
        Self::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "invalid",
            "A value is not accepted",
            format!("`{field}`: {detail}"),
        )
    }

    /// There is no such thing.
    #[must_use]
    pub fn unknown(what: &str, id: &str) -> Self {
        let (code, title) = (format!("{what}_unknown"), format!("There is no such {what}"));
        let shown: String = id.chars().take(64).collect();
        let (verb, many) = match what {
            "incident" => ("alert incidents".to_owned(), "incidents".to_owned()),
            "media" => ("media list".to_owned(), "media".to_owned()),
            _ => (format!("{what} list"), format!("{what}s")),
        };
        let detail = format!("no {what} is called `{shown}`; `vigie-hub {verb}` or /api/v1/{many} shows all");
        Self::new(StatusCode::NOT_FOUND, &code, &title, detail)
    }

    /// Nobody proved who they are.
    #[must_use]
    pub fn anonymous() -> Self {
        let detail =
            "send `Authorization: Bearer vgt_…` (make a token with `vigie-hub token add`), or log in at /login";
        Self::new(StatusCode::UNAUTHORIZED, "unauthenticated", "Log in first", detail)
    }

    /// Later is better.
    #[must_use]
    pub fn retry_after(mut self, seconds: u64) -> Self {
        self.retry_after_s = Some(seconds);
        self
    }

    fn status(&self) -> StatusCode {
        StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let (status, retry) = (self.status(), self.retry_after_s);
        let mut response = (status, Json(self)).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if let Some(seconds) = retry {
            headers.insert(header::RETRY_AFTER, seconds.into());
        }
        if status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"vigie\""));
        }
        response
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Conflict(what) => Self::new(
                StatusCode::CONFLICT,
                "exists",
                "It exists already",
                format!("{what} exists already; nothing was changed; choose another name"),
            ),
            StoreError::Failed(cause) => {
                tracing::error!("answering 503 because the store failed: {cause:#}");
                let detail = "the store failed; nothing was changed and what was stored is safe; \
                              try again, then read the hub's log and check its disk";
                Self::new(StatusCode::SERVICE_UNAVAILABLE, "store_failed", "The store failed", detail).retry_after(5)
            }
        }
    }
}

impl From<LoginError> for Problem {
    fn from(error: LoginError) -> Self {
        let text = error.to_string();
        match error {
            LoginError::Wrong => Self::new(StatusCode::UNAUTHORIZED, "login_wrong", "Login refused", text),
            LoginError::NeedsCode { .. } => {
                Self::new(StatusCode::UNAUTHORIZED, "second_factor_needed", "A code is needed", text)
            }
            LoginError::WrongCode => Self::new(StatusCode::UNAUTHORIZED, "code_wrong", "The code does not count", text),
            LoginError::LinkEnded => Self::new(StatusCode::GONE, "link_ended", "The link is over", text),
            LoginError::Wait(wait) => {
                Self::new(StatusCode::TOO_MANY_REQUESTS, "login_too_often", "Too many attempts", text)
                    .retry_after(wait.as_secs().max(1))
            }
            LoginError::Busy => {
                Self::new(StatusCode::SERVICE_UNAVAILABLE, "login_busy", "Too many logins", text).retry_after(5)
            }
            LoginError::Store(error) => error.into(),
            LoginError::Hashing(cause) => {
                tracing::error!("a password could not be hashed: {cause:#}");
                Self::new(StatusCode::SERVICE_UNAVAILABLE, "login_failed", "Login failed", text).retry_after(5)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use axum::http::StatusCode;
    use clap::CommandFactory as _;
    use serde_json::json;

    use super::Problem;
    use crate::cli::Cli;
    use crate::http::openapi;
    use crate::http::testing::Stage;
    use crate::store::accounts::Role;

    /// Everything of which [`Problem::unknown`] is asked.
    const LISTED: [&str; 13] = [
        "alert",
        "connector",
        "incident",
        "job",
        "machine",
        "mail",
        "media",
        "rollout",
        "schedule",
        "site",
        "terminal",
        "token",
        "user",
    ];

    #[test]
    fn what_is_unknown_is_listed_where_the_error_says() {
        let document = openapi::document();
        for what in LISTED {
            let detail = Problem::unknown(what, "x").detail;
            let verb = detail.split('`').nth(3).unwrap();
            let words: Vec<&str> = verb.split(' ').skip(1).collect();
            let cli = Cli::command();
            let found = words.iter().try_fold(&cli, |verb, word| verb.find_subcommand(word));
            assert!(found.is_some(), "{verb}");
            let path = detail.split(' ').find(|word| word.starts_with('/')).unwrap();
            assert!(document.contains(&format!("\"{path}\"")), "{path}");
        }
    }

    #[tokio::test]
    async fn a_failing_store_is_said_and_nothing_is_half_done() {
        let stage = Stage::new().await;
        stage.memory.fail(true);
        let answer = stage.post("/api/v1/sites").json(&json!({ "id": "metz" })).role(Role::Owner).send().await;
        assert_eq!((answer.status, answer.code().as_str()), (StatusCode::SERVICE_UNAVAILABLE, "store_failed"));
        assert!(!answer.text.contains("told to fail"), "the cause belongs in the log: {}", answer.text);
        stage.memory.fail(false);
        let again = stage.post("/api/v1/sites").json(&json!({ "id": "metz" })).role(Role::Owner).send().await;
        assert_eq!(again.status, StatusCode::CREATED);
    }
}
