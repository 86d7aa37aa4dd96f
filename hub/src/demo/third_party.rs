//! The third party of the demo: a small server for people's hours on loopback that does not know everybody.

use std::net::SocketAddr;

use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use vigie_shared::lifecycle::Lifecycle;

use super::people::{Known, everybody};

/// Whom it does not know.
const STRANGER: u64 = 107;

/// One row in so many is refused.
const REFUSED_EVERY: usize = 61;

/// Starts it; returns where it listens.
///
/// # Errors
///
/// If there is no free port.
pub(super) async fn start(lifecycle: &Lifecycle) -> anyhow::Result<SocketAddr> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let router = Router::new()
        .route("/people", get(async || Json(people())))
        .route("/hours", post(async |Json(sent): Json<Value>| Json(judged(&sent))));
    let served = axum::serve(listener, router).with_graceful_shutdown(lifecycle.stopping().cancelled_owned());
    lifecycle.spawn("third party of the demo", async { Ok(served.await?) });
    Ok(address)
}

fn people() -> Value {
    let users: Vec<Value> = everybody()
        .into_iter()
        .filter_map(|one| match one.known {
            Known::Number(_, number) if number != STRANGER => Some(json!({ "enrollid": number, "name": one.name })),
            _ => None,
        })
        .collect();
    json!({ "users": users })
}

/// A word on each row, in their order.
fn judged(sent: &Value) -> Value {
    let rows = sent.get("attendance").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let word = |(at, row): (usize, &Value)| {
        if row.get("enrollid").and_then(Value::as_u64) == Some(STRANGER) {
            return json!({ "status": "unknown_user", "message": "aucun salarié n'a ce numéro" });
        }
        match at % REFUSED_EVERY == REFUSED_EVERY / 2 {
            true => json!({ "status": "rejected", "message": "la période de paie est close" }),
            false => json!({ "status": "ok" }),
        }
    };
    let results: Vec<Value> = rows.iter().enumerate().map(word).collect();
    json!({ "results": results })
}
