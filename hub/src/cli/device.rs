//! `vigie-hub device`: whose devices are whose, and which must not be seen.

use clap::{Args, Subcommand, ValueEnum};
use reqwest::Method;
use serde_json::{Value, json};

use super::VerbError;
use super::client::{Hub, segment};
use super::output::{Output, name};

/// What to do with devices of people.
#[derive(Debug, Subcommand)]
pub enum DeviceVerb {
    /// List registered and excluded devices.
    #[command(after_help = "Examples:\n  vigie-hub device list\n  vigie-hub device list --person E104")]
    List {
        /// Only of this site.
        #[arg(long)]
        site: Option<String>,
        /// Only those that are or were this person's.
        #[arg(long, conflicts_with = "site")]
        person: Option<String>,
    },
    /// Register a device as a person's.
    #[command(after_help = "Examples:
  vigie-hub device add 8E-1B-7C-00-11-22 --site metz --person E104 --label \"Ama's phone\"
  vigie-hub device add 8e1b7c001122 --site metz --person E104 --from 2026-11-01T00:00:00Z --counts stationary")]
    Add(Owning),
    /// Give a device that is somebody's to another person; the time of the former one ends there.
    #[command(after_help = "Example:\n  vigie-hub device move 8e:1b:7c:00:11:22 --site metz --person E105")]
    Move(Owning),
    /// End a person's ownership; what was seen until then stays the person's.
    #[command(after_help = "Example:\n  vigie-hub device end 8e:1b:7c:00:11:22 --site metz --person E104")]
    End {
        /// Its address or pseudonym.
        device: String,
        /// The site.
        #[arg(long)]
        site: String,
        /// Whose.
        #[arg(long)]
        person: String,
        /// When; now if not given.
        #[arg(long, value_name = "TIME")]
        at: Option<String>,
    },
    /// Exclude a device: its site's box stores nothing of it any more.
    #[command(after_help = "Example:\n  vigie-hub device exclude 8e:1b:7c:00:11:22 --site metz --label objected")]
    Exclude {
        /// Its address, in any usual spelling.
        mac: String,
        /// The site.
        #[arg(long)]
        site: String,
        /// What it is, for people.
        #[arg(long)]
        label: Option<String>,
    },
    /// Let an excluded device be seen again.
    #[command(after_help = "Example:\n  vigie-hub device include 8e:1b:7c:00:11:22 --site metz")]
    Include {
        /// Its address or pseudonym.
        device: String,
        /// The site.
        #[arg(long)]
        site: String,
    },
    /// Forget a device with its address and its owners.
    #[command(after_help = "Example:\n  vigie-hub device forget 8e:1b:7c:00:11:22 --site metz")]
    Forget {
        /// Its address or pseudonym.
        device: String,
        /// The site.
        #[arg(long)]
        site: String,
    },
}

/// A device in a person's hands.
#[derive(Debug, Args)]
pub struct Owning {
    /// Its address, in any usual spelling.
    mac: String,
    /// On which site's network it is seen.
    #[arg(long)]
    site: String,
    /// Whose it is.
    #[arg(long)]
    person: String,
    /// What to call it.
    #[arg(long)]
    label: Option<String>,
    /// From when; from now on if not given.
    #[arg(long, value_name = "TIME")]
    from: Option<String>,
    /// Until when; for ever if not given.
    #[arg(long, value_name = "TIME")]
    to: Option<String>,
    /// Whether what it does counts for the person.
    #[arg(long, default_value = "yes")]
    counts: Counts,
    /// Minutes of silence that still belong to a session, for phones that sleep.
    #[arg(long, value_name = "MINUTES")]
    grace: Option<u16>,
}

/// Whether a device speaks for its owner.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(super) enum Counts {
    /// Where it is, the person is.
    Yes,
    /// It is known and says nothing.
    No,
    /// It stays when the person goes: a screen, a computer left on the desk.
    Stationary,
}

pub(super) async fn act(hub: &Hub, verb: &DeviceVerb, output: &mut Output<'_>) -> Result<(), VerbError> {
    match verb {
        DeviceVerb::List { person: Some(person), .. } => {
            let devices = hub.get(&format!("/api/v1/people/{}/devices", segment(person))).await?;
            output.answer(&devices, of_person)?;
        }
        DeviceVerb::List { site, .. } => {
            let site = site.as_deref().map(|site| format!("?site={}", segment(site))).unwrap_or_default();
            output.answer(&hub.get(&format!("/api/v1/presence/devices{site}")).await?, list)?;
        }
        DeviceVerb::Add(owning) => own(hub, owning, false, output).await?,
        DeviceVerb::Move(owning) => own(hub, owning, true, output).await?,
        DeviceVerb::End { device, site, person, at } => {
            let at = at.as_deref().map(|at| format!("?at={}", segment(at))).unwrap_or_default();
            let place = format!("{}/devices/{}/{}{at}", segment(person), segment(site), segment(device));
            hub.change(Method::DELETE, &format!("/api/v1/people/{place}"), &json!({})).await?;
            output.text("It is the person's no longer. What was seen until then stays the person's.")?;
        }
        DeviceVerb::Exclude { mac, site, label } => {
            let body = json!({ "site": site, "mac": mac, "label": label });
            let excluded = hub.change(Method::POST, "/api/v1/presence/exclusions", &body).await?;
            let said = format!("Excluded. The box of {site} hears of it within minutes and stores nothing of it then.");
            output.answer(&excluded, |_, _| said)?;
        }
        DeviceVerb::Include { device, site } => {
            remove(hub, "exclusions", site, device).await?;
            output.text("It may be seen again.")?;
        }
        DeviceVerb::Forget { device, site } => {
            remove(hub, "devices", site, device).await?;
            output.text("Forgotten, with its address. From now on its box takes it for anybody's.")?;
        }
    }
    Ok(())
}

async fn remove(hub: &Hub, what: &str, site: &str, device: &str) -> Result<Value, VerbError> {
    let path = format!("/api/v1/presence/{what}/{}/{}", segment(site), segment(device));
    Ok(hub.change(Method::DELETE, &path, &json!({})).await?)
}

async fn own(hub: &Hub, owning: &Owning, hands_over: bool, output: &mut Output<'_>) -> Result<(), VerbError> {
    let Owning { mac, site, person, label, from, to, counts, grace } = owning;
    let counts = match counts {
        Counts::Yes => "yes",
        Counts::No => "no",
        Counts::Stationary => "stationary",
    };
    let body = json!({
        "site": site, "mac": mac, "label": label, "from": from, "to": to, "counts": counts, "grace_min": grace,
        "hands_over": hands_over,
    });
    let device = hub.change(Method::POST, &format!("/api/v1/people/{}/devices", segment(person)), &body).await?;
    output.answer(&device, |output, device| {
        let mut text = format!("It is {person}'s from {} on.", output.moment(&device["from"]));
        if let Some(hint) = device["hint"].as_str() {
            text.push_str(&format!("\nMind: {hint}."));
        }
        text
    })?;
    Ok(())
}

fn list(output: &Output<'_>, devices: &Value) -> String {
    let none = "No device is registered yet; add one with `vigie-hub device add`, or let people pair theirs.";
    output.table(&["SITE", "DEVICE", "ADDRESS", "LABEL", "PERSON", "SINCE"], devices, none, |device| {
        let address = match (&device["is_excluded"], &device["is_private"]) {
            (Value::Bool(true), _) => "excluded".to_owned(),
            (_, Value::Bool(true)) => format!("{} (private)", name(&device["mac"])),
            _ => name(&device["mac"]),
        };
        let (site, device_id, label) = (name(&device["site"]), name(&device["device"]), name(&device["label"]));
        vec![site, device_id, address, label, name(&device["person"]), output.moment(&device["since"])]
    })
}

fn of_person(output: &Output<'_>, devices: &Value) -> String {
    let none = "This person has no devices.";
    output.table(&["SITE", "ADDRESS", "LABEL", "COUNTS", "FROM", "TO"], devices, none, |device| {
        let (from, to) = (output.moment(&device["from"]), output.moment(&device["to"]));
        let (site, mac, label) = (name(&device["site"]), name(&device["mac"]), name(&device["label"]));
        vec![site, mac, label, name(&device["counts"]), from, to]
    })
}
