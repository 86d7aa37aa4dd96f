//! Cases 17 to 52: rows of the log, good and bad, are durable before they are acknowledged, and none spoils another.

mod approval;
mod batches;
mod durable;
mod fields;
mod photos;
mod times;

use serde_json::Value;
use vigie_agent::terminals::Limits;
use vigie_shared::wire::reading::LogRow;

use super::scene::{Scene, ZX, row};

/// The time of the scene's clock, as terminals write it.
const NOW: &str = "2031-05-06 08:00:00";

/// Says one message and returns the answer and the rows that are stored.
async fn told(message: impl AsRef<[u8]>) -> (Value, Vec<LogRow>) {
    told_with("", message).await
}

async fn told_with(settings: &str, message: impl AsRef<[u8]>) -> (Value, Vec<LogRow>) {
    let scene = Scene::with(settings, Limits::default());
    let mut line = scene.registered(ZX).await;
    let answer = line.ask(message).await.unwrap();
    (answer, scene.rows())
}

/// One row with these fields besides the usual ones.
fn with(fields: &Value) -> Value {
    let mut row = row(7, NOW);
    for (key, value) in fields.as_object().unwrap() {
        row[key] = value.clone();
    }
    row
}

fn rest(row: &LogRow) -> Value {
    if row.rest.is_empty() { Value::Null } else { serde_json::from_str(&row.rest).unwrap() }
}

fn is_unreadable(row: &LogRow) -> bool {
    row.flags & LogRow::UNREADABLE != 0
}
