//! `vigie-hub import tm20`: hands the dump of a Django server for time clocks to the running hub.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;
use clap::Args;
use serde_json::Value;

use crate::cli::VerbError;
use crate::cli::client::{Hub, segment};
use crate::cli::output::{Output, name};

/// What to take over.
#[derive(Debug, Clone, Args)]
#[command(after_help = "Examples:
  python manage.py dumpdata devices --output dump.json       on the old server, once its work is stopped
  vigie-hub import tm20 dump.json --dry-run                  what would be taken?
  vigie-hub import tm20 dump.json --secrets --zone Europe/Paris

Taken are time clocks' schedules, people, third parties with their terminals, and which punches were sent: a terminal that
delivers its log again is not paid twice. Fingerprints and faces stay on the terminals, accounts on the old server. What is
here already stays as it is.")]
pub struct Tm20Args {
    /// What `manage.py dumpdata` wrote.
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// Say what would be taken; take nothing.
    #[arg(long)]
    pub dry_run: bool,
    /// Take the tokens and passwords of third parties, too.
    #[arg(long)]
    pub secrets: bool,
    /// The zone of the terminals' times where the old server kept only its own [default: UTC].
    #[arg(long)]
    pub zone: Option<String>,
}

pub(super) async fn act(hub: &Hub, args: &Tm20Args, output: &mut Output<'_>) -> Result<ExitCode, VerbError> {
    let file = tokio::fs::File::open(&args.file).await.with_context(|| format!("open {}", args.file.display()))?;
    let zone = args.zone.as_ref().map_or_else(String::new, |zone| format!("&zone={}", segment(zone)));
    let path = format!("/api/v1/imports/tm20?dry_run={}&secrets={}{zone}", args.dry_run, args.secrets);
    let taken = hub.upload(&path, file).await?;
    output.answer(&taken, |_, taken| report(taken))?;
    Ok(ExitCode::SUCCESS)
}

fn report(taken: &Value) -> String {
    let rows = |list: &str| taken.get(list).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let said = |row: &Value, field: &str| row.get(field).map_or_else(String::new, name);
    let count = |row: &Value| row.get("count").and_then(Value::as_u64).unwrap_or(0);
    let is_dry_run = taken.get("is_dry_run") == Some(&Value::Bool(true));
    let mut text = if is_dry_run { "Would be taken:" } else { "Taken:" }.to_owned();
    for row in rows("taken") {
        text += &format!("\n{:>8}  {}", count(row), said(row, "what"));
    }
    if !rows("left").is_empty() {
        text += "\nNot taken:";
    }
    for row in rows("left") {
        text += &format!("\n{:>8}  {}: {}", count(row), said(row, "what"), said(row, "why"));
    }
    for note in rows("notes") {
        text += &format!("\n{}", name(note));
    }
    text
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_was_taken_and_what_was_not_is_told_with_the_reason() {
        let taken = json!({
            "is_dry_run": true,
            "taken": [{ "what": "people", "count": 12 }],
            "left": [{ "what": "fingerprints, faces, cards and codes", "count": 31, "why": "they stay on the terminals" }],
            "notes": ["3 punches had not been sent, the oldest of 2031-05-05."],
        });
        insta::assert_snapshot!(report(&taken), @r"
        Would be taken:
              12  people
        Not taken:
              31  fingerprints, faces, cards and codes: they stay on the terminals
        3 punches had not been sent, the oldest of 2031-05-05.
        ");
    }
}
