//! `vigie-hub machine`: the owner's Macs and PCs, how they are and how they were.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;
use clap::{Args, Subcommand};
use reqwest::Method;
use serde_json::{Value, json};
use vigie_shared::file::replace_private;

use super::VerbError;
use super::client::{Hub, segment};
use super::output::{Output, name, word};
use crate::store::machines::MACHINES_MAX;
use crate::text::{self, Lang};

/// Where messages are.
const MESSAGES: &str = "/api/v1/machines/messages";

/// What to do with machines.
#[derive(Debug, Subcommand)]
pub enum MachineVerb {
    /// List machines: where they are, disks, batteries, who is logged in.
    #[command(after_help = "Examples:
  vigie-hub machine list
  vigie-hub machine list --site rennes01 --sort disk     the fullest first
  vigie-hub machine list --search \"marie macbook\" --sort -met")]
    List(ListArgs),
    /// Show everything that is known of one machine.
    #[command(after_help = "Example:\n  vigie-hub machine show C02XL0ABCDEF")]
    Show {
        /// Its serial number, network card or place, as the list has it.
        machine: String,
    },
    /// Show what a machine measured hour by hour, and what changed about it.
    #[command(after_help = "Examples:
  vigie-hub machine history C02XL0ABCDEF
  vigie-hub machine history C02XL0ABCDEF --from 2026-11-01T00:00:00Z --json")]
    History(HistoryArgs),
    /// Write one file with all machines, in the form of the program that Vigie replaces.
    #[command(after_help = "Examples:
  vigie-hub machine snapshot                        smartelia_machines_TIME.json, here
  vigie-hub machine snapshot machines.json")]
    Snapshot {
        /// The file [default: `smartelia_machines_YYYYMMDD_HHMMSS.json`].
        file: Option<PathBuf>,
    },
    /// Show a message on machines at once, where somebody is logged in.
    #[command(after_help = "Examples:
  vigie-hub machine message --text \"The network is down from 18:00.\"
  vigie-hub machine message --site rennes01                            what Clean Desk says
  vigie-hub machine message C02XL0ABCDEF --text \"Please restart.\"

Each machine is tried once, within ten minutes. `vigie-hub machine messages` shows who saw it.")]
    Message(MessageArgs),
    /// List what was said on machines, Clean Desk included, and who saw it.
    #[command(after_help = "Examples:
  vigie-hub machine messages
  vigie-hub machine messages --site rennes01 --limit 5")]
    Messages {
        /// Only at this site.
        #[arg(long)]
        site: Option<String>,
        /// At most this many.
        #[arg(long, default_value_t = 20)]
        limit: usize,
    },
    /// Forget a machine and its past; it is there again when a box meets it again.
    #[command(after_help = "Example:\n  vigie-hub machine forget C02XL0ABCDEF")]
    Forget {
        /// Its serial number, network card or place, as the list has it.
        machine: String,
    },
}

/// Which machines.
#[derive(Debug, Args)]
pub struct ListArgs {
    /// Only those that were last met at this site.
    #[arg(long)]
    site: Option<String>,
    /// Only those of which all these words are known.
    #[arg(long, value_name = "WORDS")]
    search: Option<String>,
    /// By name, site, model, os, disk, battery, memory, user or met; the greatest first with a - before it.
    #[arg(long, default_value = "name", allow_hyphen_values = true)]
    sort: String,
    /// At most this many.
    #[arg(long, default_value_t = MACHINES_MAX)]
    limit: usize,
}

/// What to say.
#[derive(Debug, Args)]
pub struct MessageArgs {
    /// Only on these machines: serial numbers, network cards or places, as the list has them.
    machines: Vec<String>,
    /// Only at this site; at all that have machines if not given.
    #[arg(long)]
    site: Option<String>,
    /// The heading [default: that of Clean Desk].
    #[arg(long)]
    title: Option<String>,
    /// The message [default: that of Clean Desk].
    #[arg(long)]
    text: Option<String>,
    /// Seconds after which it disappears by itself, 5 to 300.
    #[arg(long, value_name = "SECONDS")]
    give_up: Option<u32>,
}

/// Which part of the past.
#[derive(Debug, Args)]
pub struct HistoryArgs {
    /// Its serial number, network card or place, as the list has it.
    machine: String,
    /// From, as in 2026-11-01T00:00:00Z [default: 30 days before the end].
    #[arg(long)]
    from: Option<String>,
    /// To [default: the present].
    #[arg(long)]
    to: Option<String>,
}

pub(super) async fn act(hub: &Hub, verb: &MachineVerb, output: &mut Output<'_>) -> Result<ExitCode, VerbError> {
    match verb {
        MachineVerb::List(args) => {
            let asked = [("site", args.site.as_ref()), ("q", args.search.as_ref()), ("sort", Some(&args.sort))];
            let machines = hub.pages("/api/v1/machines", &query(&asked), args.limit).await?;
            output.answer(&machines, list)?;
        }
        MachineVerb::Show { machine } => output.answer(&hub.get(&path(machine, "")).await?, show)?,
        MachineVerb::History(args) => {
            let asked = query(&[("from", args.from.as_ref()), ("to", args.to.as_ref())]);
            let past = hub.get(&path(&args.machine, &format!("/history?{asked}"))).await?;
            output.answer(&past, history)?;
        }
        MachineVerb::Message(args) => {
            let body = json!({
                "machines": args.machines,
                "site": args.site,
                "title": args.title,
                "text": args.text,
                "give_up_s": args.give_up,
            });
            output.answer(&hub.change(Method::POST, MESSAGES, &body).await?, messages)?;
        }
        MachineVerb::Messages { site, limit } => {
            let (limit, site) = (limit.to_string(), query(&[("site", site.as_ref())]));
            output.answer(&hub.get(&format!("{MESSAGES}?limit={limit}&{site}")).await?, messages)?;
        }
        MachineVerb::Snapshot { file } => snapshot(hub, file.as_ref(), output).await?,
        MachineVerb::Forget { machine } => {
            hub.change(Method::DELETE, &path(machine, ""), &Value::Null).await?;
            let told = json!({ "machine": machine, "is_forgotten": true });
            output.answer(&told, |_, _| format!("Machine {machine} and its past are forgotten."))?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn path(machine: &str, rest: &str) -> String {
    format!("/api/v1/machines/{}{rest}", segment(machine))
}

fn query(asked: &[(&str, Option<&String>)]) -> String {
    let asked = asked.iter().filter_map(|(key, value)| Some(format!("{key}={}", segment(value.as_ref()?))));
    asked.collect::<Vec<_>>().join("&")
}

fn size(bytes: &Value) -> String {
    bytes.as_u64().map_or("–".to_owned(), |bytes| text::size(Lang::En, bytes).replace('\u{a0}', " "))
}

fn battery(facts: &Value) -> String {
    let battery = &facts["battery"];
    let Some(percent) = battery["percent"].as_u64() else { return "–".to_owned() };
    let plug = if battery["is_plugged"] == true { ", plugged in" } else { "" };
    format!("{percent}%{plug}")
}

fn list(output: &Output<'_>, machines: &Value) -> String {
    let none = "No machine yet. Boxes look for Macs and PCs as soon as it is switched on for them (collect.machines).";
    let heads = ["MACHINE", "NAME", "SITE", "IP", "MODEL", "SYSTEM", "DISK FREE", "BATTERY", "LOGGED IN", "MET"];
    output.table(&heads, machines, none, |machine| {
        let facts = &machine["facts"];
        let disk = &facts["disk"];
        vec![
            name(&machine["id"]),
            name(&machine["name"]),
            name(&machine["site"]),
            name(&machine["ip"]),
            name(&facts["model"]),
            name(&facts["os_version"]),
            size(&disk["free_bytes"]),
            battery(facts),
            name(&facts["console_user"]),
            output.age(&machine["met"]),
        ]
    })
}

fn show(output: &Output<'_>, machine: &Value) -> String {
    let facts = &machine["facts"];
    let (disk, cell) = (&facts["disk"], &facts["battery"]);
    let reach = match &machine["reach_detail"] {
        Value::String(detail) => format!("{}: {detail}", word(&machine["reach"])),
        _ => word(&machine["reach"]),
    };
    let rows = [
        ("machine", name(&machine["id"])),
        ("name", name(&machine["name"])),
        ("site", name(&machine["site"])),
        ("address", name(&machine["ip"])),
        ("network card", name(&machine["mac"])),
        ("maker of the card", name(&machine["vendor"])),
        ("first met", output.moment(&machine["first"])),
        ("last met", output.age(&machine["met"])),
        ("how far the box came", reach),
        ("read", output.age(&machine["read"])),
        ("model", name(&facts["model"])),
        ("model number", name(&facts["model_id"])),
        ("processor", name(&facts["chip"])),
        ("system", format!("{} {}", word(&facts["system"]), name(&facts["os_version"]))),
        ("memory", size(&facts["memory_bytes"])),
        ("memory in use", size(&facts["memory_used_bytes"])),
        ("shortness of memory", word(&facts["memory_pressure"])),
        ("disk", format!("{} free of {}", size(&disk["free_bytes"]), size(&disk["total_bytes"]))),
        ("free as Finder shows it", size(&disk["available_bytes"])),
        ("battery", battery(facts)),
        ("battery's cycles", word(&cell["cycles"])),
        ("battery's condition", name(&cell["condition"])),
        ("started", output.moment(&facts["booted"])),
        ("logged in", name(&facts["console_user"])),
    ];
    let known = rows.iter().filter(|(_, value)| !value.starts_with('–'));
    known.map(|(head, value)| format!("{head:<24} {value}")).collect::<Vec<_>>().join("\n")
}

fn messages(output: &Output<'_>, messages: &Value) -> String {
    let heads = ["GIVEN", "SITE", "HEADING", "STATE", "SHOWN", "ACKNOWLEDGED", "NOT SHOWN"];
    let table = output.table(&heads, messages, "Nothing was said yet.", |message| {
        let machines = message["machines"].as_array().map(Vec::as_slice).unwrap_or_default();
        let missed = machines.iter().filter(|one| one["shown"] == false);
        let missed = missed.map(|one| format!("{} ({})", name(&one["machine"]), name(&one["reason"])));
        vec![
            output.moment(&message["given"]),
            name(&message["site"]),
            name(&message["title"]),
            word(&message["state"]),
            message["shown"].to_string(),
            message["acknowledged"].to_string(),
            missed.collect::<Vec<_>>().join(", "),
        ]
    });
    table.trim_end().to_owned()
}

fn history(output: &Output<'_>, past: &Value) -> String {
    let changes = json!({ "items": past["changes"] });
    let changed = output.table(&["WHEN", "WHAT", "WAS", "BECAME"], &changes, "Nothing changed.", |change| {
        vec![output.moment(&change["at"]), word(&change["what"]), name(&change["from"]), name(&change["to"])]
    });
    let hours = json!({ "items": past["hours"] });
    let heads = ["WHEN", "DISK FREE", "MEMORY IN USE", "SHORTNESS", "BATTERY"];
    let measured = output.table(&heads, &hours, "It was not read in this time.", |hour| {
        let percent = hour["battery_percent"].as_u64().map_or("–".to_owned(), |percent| format!("{percent}%"));
        vec![
            output.moment(&hour["at"]),
            size(&hour["disk_free_bytes"]),
            size(&hour["memory_used_bytes"]),
            word(&hour["memory_pressure"]),
            percent,
        ]
    });
    format!("{changed}\n\n{measured}")
}

async fn snapshot(hub: &Hub, file: Option<&PathBuf>, output: &mut Output<'_>) -> Result<(), VerbError> {
    let machines = hub.get("/api/v1/machines/snapshot").await?;
    let count = machines.as_array().map_or(0, Vec::len);
    let file = file.cloned().unwrap_or_else(|| PathBuf::from(file_name(output)));
    let text = serde_json::to_vec_pretty(&machines).context("write the machines as JSON")?;
    // It names who is logged in where: for its owner's eyes, as the database is.
    replace_private(&file, &text).with_context(|| format!("write {}", file.display()))?;
    let told = json!({ "file": file, "machines": count });
    output.answer(&told, |_, _| format!("{} machines are in {}.", count, file.display()))?;
    Ok(())
}

/// The name that the older program gave its files.
fn file_name(output: &Output<'_>) -> String {
    let now = jiff::Timestamp::from_millisecond(output.now_ms).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
    let time = now.to_zoned(output.zone.clone()).strftime("%Y%m%d_%H%M%S").to_string();
    format!("smartelia_machines_{time}.json")
}
