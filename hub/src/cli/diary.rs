//! `vigie-hub diary`: what happened.

use clap::Args;
use serde_json::Value;

use super::VerbError;
use super::client::{Hub, segment};
use super::output::{Output, name, word};

/// Which entries.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  vigie-hub diary\n  vigie-hub diary --site rennes01 --limit 20")]
pub struct DiaryArgs {
    /// Only of this site.
    #[arg(long)]
    site: Option<String>,
    /// How many.
    #[arg(long, default_value_t = 50)]
    limit: usize,
}

pub(super) async fn act(hub: &Hub, args: &DiaryArgs, output: &mut Output<'_>) -> Result<(), VerbError> {
    let site = args.site.as_deref().map(|site| format!("&site={}", segment(site))).unwrap_or_default();
    let entries = hub.get(&format!("/api/v1/diary?limit={}{site}", args.limit)).await?;
    output.answer(&entries, list)?;
    Ok(())
}

pub(super) fn list(output: &Output<'_>, entries: &Value) -> String {
    output.table(&["WHEN", "SITE", "LEVEL", "WHAT"], entries, "The diary is empty.", |entry| {
        vec![output.age(&entry["at"]), name(&entry["site"]), word(&entry["level"]), name(&entry["text"])]
    })
}
