//! How a person or a test speaks with the running program: paths under `/_hr/`, which no HR system has.

use serde_json::{Value, json};

use super::Shared;
use super::http::Request;
use super::reply::Reply;
use super::script::Plan;

/// The answer to a request of that kind; none if it is for the HR system.
///
/// `POST /_hr/plans` adds plans, one a line; `DELETE /_hr/plans` forgets them; `GET /_hr/rows` is what is held.
pub(super) fn answer(shared: &Shared, request: &Request) -> Option<Reply> {
    let path = request.path.strip_prefix("/_hr/")?;
    Some(match (request.method.as_str(), path) {
        ("POST", "plans") => add(shared, &request.text()),
        ("DELETE", "plans") => {
            shared.state().script.clear();
            Reply::empty(204)
        }
        ("GET", "rows") => {
            let rows = serde_json::to_value(shared.state().books.records().collect::<Vec<_>>());
            Reply::json(200, &json!({ "rows": rows.unwrap_or(Value::Null) }))
        }
        _ => Reply::empty(404),
    })
}

fn add(shared: &Shared, text: &str) -> Reply {
    let plans: Result<Vec<Plan>, _> = text.lines().filter(|line| !line.is_empty()).map(str::parse).collect();
    match plans {
        Ok(plans) => {
            plans.into_iter().for_each(|plan| shared.state().script.add(plan));
            Reply::empty(204)
        }
        Err(error) => Reply::typed(400, "text/plain", error.to_string()),
    }
}
