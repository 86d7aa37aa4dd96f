//! `vigie-hub devices`: what was seen on the sites' networks.

use clap::Args;
use serde_json::Value;

use super::VerbError;
use super::client::{Hub, segment};
use super::output::{Output, name, word};

/// Which devices.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  vigie-hub devices\n  vigie-hub devices --site rennes01 --json")]
pub struct DevicesArgs {
    /// Only of this site.
    #[arg(long)]
    site: Option<String>,
    /// At most this many.
    #[arg(long, default_value_t = 1000)]
    limit: usize,
}

pub(super) async fn act(hub: &Hub, args: &DevicesArgs, output: &mut Output<'_>) -> Result<(), VerbError> {
    let site = args.site.as_deref().map(|site| format!("site={}", segment(site))).unwrap_or_default();
    output.answer(&hub.pages("/api/v1/devices", &site, args.limit).await?, list)?;
    Ok(())
}

fn list(output: &Output<'_>, devices: &Value) -> String {
    let none = "No device seen yet. The first delivery follows within 5 minutes after a box starts.";
    output.table(&["SITE", "DEVICE", "KIND", "IP", "FIRST SEEN", "LAST SEEN"], devices, none, |device| {
        let shown = device["name"].as_str().or(device["id"].as_str()).unwrap_or("–").to_owned();
        let (first, last) = (output.moment(&device["first_seen"]), output.age(&device["last_seen"]));
        vec![name(&device["site"]), shown, word(&device["kind"]), name(&device["ip"]), first, last]
    })
}
