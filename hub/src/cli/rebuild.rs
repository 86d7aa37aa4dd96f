//! `vigie-hub rebuild`: the running hub derives everything that people look at anew from the facts.

use std::time::Duration;

use clap::Args;
use reqwest::Method;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use super::VerbError;
use super::client::Hub;
use super::output::Output;

/// What takes longer than this shows how far it is.
const PATIENCE: Duration = Duration::from_secs(2);

/// Between two looks.
const PAUSE: Duration = Duration::from_millis(250);

const PATH: &str = "/api/v1/rebuild";

/// How to rebuild.
#[derive(Debug, Clone, Default, Args)]
#[command(after_help = "Example:
  vigie-hub rebuild        after an update that reads records which the hub could not read before

Records are not touched, and boxes deliver meanwhile. What the hub no longer holds records of stays as it is: hours
of metrics, and the first and last sight of devices that have a name of their own.")]
pub struct RebuildArgs {}

pub(super) async fn act(hub: &Hub, output: &mut Output<'_>) -> Result<(), VerbError> {
    let began = Instant::now();
    let mut rebuild = hub.change(Method::POST, PATH, &json!({})).await?;
    let mut told = began;
    while is_running(&rebuild) {
        if told.elapsed() >= PATIENCE {
            output.progress(&share(&rebuild));
            told = Instant::now();
        }
        sleep(PAUSE).await;
        rebuild = hub.get(PATH).await?;
    }
    output.answer(&rebuild, |_, rebuild| {
        format!("Everything shown was computed anew from {} records.", rebuild["total"].as_u64().unwrap_or(0))
    })?;
    Ok(())
}

fn is_running(rebuild: &Value) -> bool {
    rebuild["is_running"] == true
}

fn share(rebuild: &Value) -> String {
    let number = |name: &str| rebuild[name].as_u64().unwrap_or(0);
    let (done, total) = (number("done"), number("total"));
    let percent = (done * 100).checked_div(total).unwrap_or(0);
    format!("{percent} %: {done} of {total} records; it goes on if you leave")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_rebuild_says_how_far_it_is() {
        let text = share(&json!({ "is_running": true, "done": 410, "total": 1_000 }));
        assert_eq!(text, "41 %: 410 of 1000 records; it goes on if you leave");
        assert!(share(&json!({ "done": 0, "total": 0 })).starts_with("0 %"));
    }
}
