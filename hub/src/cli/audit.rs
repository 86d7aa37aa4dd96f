//! `vigie-hub audit`: who asked for which change, and who looked at whose presence.

use clap::{Args, Subcommand};
use serde_json::Value;

use super::VerbError;
use super::client::{Hub, segment};
use super::output::{Output, name, word};

/// What to do with the audit log.
#[derive(Debug, Subcommand)]
pub enum AuditVerb {
    /// List changes that were asked for, logins and looks at people's presence, newest first.
    #[command(after_help = "Examples:
  vigie-hub audit list
  vigie-hub audit list --account lea --from 2026-11-01T00:00:00Z
  vigie-hub audit list --operation look_day --json")]
    List(ListArgs),
}

/// Which rows.
#[derive(Debug, Args)]
pub struct ListArgs {
    /// Only of this account.
    #[arg(long)]
    account: Option<String>,
    /// Only this operation, as the API's document names it; looks are `look_` and what was looked at.
    #[arg(long)]
    operation: Option<String>,
    /// Not before, as in 2026-11-20T14:05:00Z.
    #[arg(long)]
    from: Option<String>,
    /// Before.
    #[arg(long)]
    to: Option<String>,
    /// How many.
    #[arg(long, default_value_t = 50)]
    limit: usize,
}

pub(super) async fn act(hub: &Hub, verb: &AuditVerb, output: &mut Output<'_>) -> Result<(), VerbError> {
    let AuditVerb::List(args) = verb;
    let pairs = [("account", &args.account), ("operation", &args.operation), ("from", &args.from), ("to", &args.to)];
    let query: Vec<String> = pairs
        .iter()
        .filter_map(|(key, value)| value.as_ref().map(|value| format!("{key}={}", segment(value))))
        .collect();
    let acts = hub.pages("/api/v1/audit", &query.join("&"), args.limit).await?;
    output.answer(&acts, list)?;
    Ok(())
}

fn list(output: &Output<'_>, acts: &Value) -> String {
    let heads = ["WHEN", "ACCOUNT", "VIA", "FROM", "WHAT", "ON", "OUTCOME"];
    output.table(&heads, acts, "The audit log has no such row.", |act| {
        vec![
            output.age(&act["at"]),
            name(&act["account"]),
            name(&act["via"]),
            name(&act["address"]),
            name(&act["operation"]),
            name(&act["subject"]),
            word(&act["outcome"]),
        ]
    })
}
