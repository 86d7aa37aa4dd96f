//! `vigie-hub person export|erase|looks`: what is known of a person, who looked, and that it goes.

use anyhow::Context as _;
use clap::Args;
use reqwest::Method;
use serde_json::{Value, json};

use crate::cli::VerbError;
use crate::cli::client::{Hub, segment};
use crate::cli::output::{Output, name};

/// Whom to erase.
#[derive(Debug, Args)]
#[command(after_help = "Example:
  vigie-hub person export E104 > E104.json && vigie-hub person erase E104 --yes E104

Name, devices and what was seen of them go at once; days keep what they were worth, without a name. It is remembered and
done again after a restore.")]
pub struct EraseArgs {
    /// The person.
    id: String,
    /// The person's id once more: there is no way back.
    #[arg(long, value_name = "ID")]
    yes: String,
}

pub(super) async fn export(hub: &Hub, id: &str, output: &mut Output<'_>) -> Result<(), VerbError> {
    let all = hub.get(&format!("/api/v1/people/{}/export", segment(id))).await?;
    output.text(&serde_json::to_string_pretty(&all).context("write the export")?)?;
    Ok(())
}

pub(super) async fn erase(hub: &Hub, args: &EraseArgs, output: &mut Output<'_>) -> Result<(), VerbError> {
    let body = json!({ "person": args.yes });
    let erased = hub.change(Method::POST, &format!("/api/v1/people/{}/erase", segment(&args.id)), &body).await?;
    output.answer(&erased, |_, erased| {
        format!("Erased, with {} devices. What is left: {}.", erased["devices"], name(&erased["left"]))
    })?;
    Ok(())
}

pub(super) async fn looks(hub: &Hub, id: &str, output: &mut Output<'_>) -> Result<(), VerbError> {
    output.answer(&hub.get(&format!("/api/v1/people/{}/looks", segment(id))).await?, list)?;
    Ok(())
}

fn list(output: &Output<'_>, looks: &Value) -> String {
    output.table(&["WHEN", "ACCOUNT", "LOOKED AT"], looks, "Nobody looked.", |look| {
        vec![output.moment(&look["at"]), name(&look["account"]), name(&look["what"])]
    })
}
