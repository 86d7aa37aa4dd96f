//! Policies, what another one would change, and the numbers of the old scripts.

use std::path::PathBuf;

use anyhow::Context as _;
use clap::Args;
use reqwest::Method;
use serde_json::json;

use super::text;
use crate::cli::VerbError;
use crate::cli::client::{Hub, segment};
use crate::cli::output::{Output, name};

/// Which policy to try on which days.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  vigie-hub presence replay --policy minutes 2026-01-01 2026-11-30 --dry-run
  vigie-hub presence replay --policy ./our-rule.toml 2026-11-01 2026-11-30

A file is TOML: name, version, window, grace, arrival and rule; `vigie-hub presence policies` shows those that there are.")]
pub struct ReplayArgs {
    /// A policy by its name, its newest version, or a file.
    #[arg(long, value_name = "NAME|FILE")]
    policy: String,
    /// The first day.
    from: String,
    /// The last day.
    through: String,
    /// Only say what would change; a replay never does anything else.
    #[arg(long)]
    dry_run: bool,
}

/// What to do with policies.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  vigie-hub presence policies
  vigie-hub presence policies --add our-rule.toml      a version never changes; the next one gets the next number

With `arrival = \"3m\"` in a policy, one weak sight begins no session: it takes a strong one (DHCP, a lease) or two within
three minutes. Slots of ten minutes are counted from all sights, as before.")]
pub struct PoliciesArgs {
    /// Add the policy in this file, TOML or JSON.
    #[arg(long, value_name = "FILE")]
    add: Option<PathBuf>,
}

/// Which numbers to compare.
#[derive(Debug, Args)]
#[command(after_help = "Example:
  vigie-hub presence compare old.csv

Each line is `e-mail,date,amount`: `lea@example.org,2026-11-20,0.5`. Lines with tabs or semicolons work, too; a day that the
old system has nothing of is left out. For each difference the known defect of the old scripts is named that explains it.")]
pub struct CompareArgs {
    /// What the old system has.
    file: PathBuf,
    /// The zone in which the old logs were written, if not that of each site: `UTC` for times that end in Z.
    #[arg(long, value_name = "ZONE")]
    zone: Option<String>,
}

pub(super) async fn policies(hub: &Hub, args: &PoliciesArgs, output: &mut Output<'_>) -> Result<(), VerbError> {
    if let Some(file) = &args.add {
        let text = std::fs::read_to_string(file).with_context(|| format!("read the policy {}", file.display()))?;
        let added = hub.change(Method::POST, "/api/v1/presence/policies", &json!({ "text": text })).await?;
        output.answer(&added, |_, added| {
            let policy = &added["policy"];
            format!("{}, version {}, is kept.", name(&policy["name"]), policy["version"])
        })?;
        return Ok(());
    }
    output.answer(&hub.get("/api/v1/presence/policies").await?, text::policies)?;
    Ok(())
}

pub(super) async fn replay(hub: &Hub, args: &ReplayArgs, output: &mut Output<'_>) -> Result<(), VerbError> {
    if !args.dry_run {
        output.progress("A replay changes nothing; `presence policies --add` and `presence.policy` in hub.toml do.");
    }
    let path = PathBuf::from(&args.policy);
    let is_file = path.is_file();
    let (from, through) = (&args.from, &args.through);
    let body = if is_file {
        let text = std::fs::read_to_string(&path).with_context(|| format!("read the policy {}", path.display()))?;
        json!({ "text": text, "from": from, "through": through })
    } else {
        json!({ "name": args.policy, "from": from, "through": through })
    };
    let balance = hub.change(Method::POST, "/api/v1/presence/replay", &body).await?;
    output.answer(&balance, text::balance)?;
    Ok(())
}

pub(super) async fn compare(hub: &Hub, args: &CompareArgs, output: &mut Output<'_>) -> Result<(), VerbError> {
    let text = std::fs::read(&args.file).with_context(|| format!("read {}", args.file.display()))?;
    let zone = args.zone.as_ref().map_or_else(String::new, |zone| format!("?zone={}", segment(zone)));
    let found = hub.send_bytes(Method::POST, &format!("/api/v1/presence/compare{zone}"), text).await?;
    output.answer(&found, text::differences)?;
    Ok(())
}
