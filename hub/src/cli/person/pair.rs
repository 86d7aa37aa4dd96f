//! `vigie-hub person pair|claims|confirm|refuse`: devices that say by a link whose they are.

use clap::Args;
use reqwest::Method;
use serde_json::{Value, json};

use crate::cli::VerbError;
use crate::cli::client::{Hub, segment};
use crate::cli::output::{Output, name};

/// For whom, and where.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  vigie-hub person pair E104 --site metz
  vigie-hub person pair E104 --site metz --box box7.local      if people reach it by another name than it knows

The person opens the link with the device, on the site's network. The box must have its pairing page on ([pairing] in
agent.toml). Then: vigie-hub person claims")]
pub struct PairArgs {
    /// The person.
    id: String,
    /// The site whose box serves the link.
    #[arg(long)]
    site: String,
    /// Where the box is reached on its network; where it says that it is if not given.
    #[arg(long = "box", value_name = "ADDRESS")]
    place: Option<String>,
    /// How long the link works.
    #[arg(long, default_value = "1h")]
    valid: String,
}

/// How to confirm.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  vigie-hub person confirm 3f9c… --label \"Ama's phone\"")]
pub struct ConfirmArgs {
    /// The claim, as `person claims` shows it.
    claim: String,
    /// What to call the device.
    #[arg(long)]
    label: Option<String>,
    /// It is somebody else's so far, whose time ends now.
    #[arg(long)]
    hands_over: bool,
}

pub(super) async fn pair(hub: &Hub, args: &PairArgs, output: &mut Output<'_>) -> Result<(), VerbError> {
    let body = json!({ "site": args.site, "box": args.place, "valid": args.valid });
    let link = hub.change(Method::POST, &format!("/api/v1/people/{}/pairing", segment(&args.id)), &body).await?;
    output.answer(&link, |output, link| {
        format!(
            "Open this with the device, on the network of {}, before {}:\n\n  {}\n\nThen confirm what it claims: \
             vigie-hub person claims",
            args.site,
            output.moment(&link["expires"]),
            name(&link["link"])
        )
    })?;
    Ok(())
}

pub(super) async fn claims(hub: &Hub, output: &mut Output<'_>) -> Result<(), VerbError> {
    output.answer(&hub.get("/api/v1/presence/claims").await?, list)?;
    Ok(())
}

fn list(output: &Output<'_>, claims: &Value) -> String {
    let none = "No claim waits.";
    output.table(&["CLAIM", "SITE", "ADDRESS", "PERSON", "MADE"], claims, none, |claim| {
        let (site, mac, person) = (name(&claim["site"]), name(&claim["mac"]), name(&claim["person"]));
        vec![name(&claim["id"]), site, mac, person, output.age(&claim["made"])]
    })
}

pub(super) async fn confirm(hub: &Hub, args: &ConfirmArgs, output: &mut Output<'_>) -> Result<(), VerbError> {
    let body = json!({ "label": args.label, "hands_over": args.hands_over });
    let path = format!("/api/v1/presence/claims/{}/confirm", segment(&args.claim));
    let device = hub.change(Method::POST, &path, &body).await?;
    output.answer(&device, |output, device| format!("Confirmed, from {} on.", output.moment(&device["from"])))?;
    Ok(())
}

pub(super) async fn refuse(hub: &Hub, claim: &str, output: &mut Output<'_>) -> Result<(), VerbError> {
    hub.change(Method::DELETE, &format!("/api/v1/presence/claims/{}", segment(claim)), &json!({})).await?;
    output.text("Refused; the device's address is forgotten.")?;
    Ok(())
}
