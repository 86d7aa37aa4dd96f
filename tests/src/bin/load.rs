//! Many boxes against one hub: how many records a second are received, committed and receipted.
//!
//! `load --boxes 10 --seconds 8 --runs 3`: starts a hub of its own in a temporary folder, enrols the boxes over
//! HTTPS, and lets each keep its window (400 records or 64 KiB beyond the last receipt) full of records of
//! `--record-bytes`. Only what the hub has receipted counts. Prints one JSON line. `--idle` keeps the boxes
//! silent instead and prints the hub's memory per box.

use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use anyhow::Context as _;
use clap::Parser;
use serde_json::json;
use tokio::time::Instant;
use vigie_agent::identity::{Identity, enrol};
use vigie_shared::enrol::Said;
use vigie_tests::load::{Recipe, deliver, pss_bytes, stay};
use vigie_tests::processes::HubProcess;

#[derive(Parser)]
struct Args {
    /// Boxes at once.
    #[arg(long, default_value_t = 10)]
    boxes: usize,
    /// Length of one measurement.
    #[arg(long, default_value_t = 8)]
    seconds: u64,
    /// Measurements; the median is the figure.
    #[arg(long, default_value_t = 3)]
    runs: usize,
    /// Size of one record.
    #[arg(long, default_value_t = 200)]
    record_bytes: usize,
    /// Connect, say hello, and be silent.
    #[arg(long)]
    idle: bool,
}

fn main() -> anyhow::Result<ExitCode> {
    let args = Args::parse();
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(run(&args))?;
    Ok(ExitCode::SUCCESS)
}

async fn run(args: &Args) -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let mut hub = HubProcess::new(folder.path())?;
    hub.configure(&format!(
        "[broker]\nboxes_max = {}\n[gateway]\nconnections_max = {}\nmessages_per_second = 100000\nbytes_per_second = \"1GiB\"",
        args.boxes + 10,
        args.boxes + 10
    ))?;
    hub.start().await?;
    let hub_id = hub.program().id();
    let empty_bytes = pss_bytes(hub_id)?;
    let identities = enrol_all(&hub, args.boxes).await?;
    let receipted = Arc::new(AtomicU64::new(0));
    let tasks = tokio::task::LocalSet::new();
    let recipe = Recipe { record_bytes: args.record_bytes, mqtt_port: hub.mqtt_port };
    for identity in identities {
        let (receipted, recipe) = (Arc::clone(&receipted), recipe);
        let is_idle = args.idle;
        tasks.spawn_local(async move {
            let ended =
                if is_idle { stay(&identity, recipe).await } else { deliver(&identity, recipe, &receipted).await };
            ended.expect("a box of the load ended early");
        });
    }
    tasks.run_until(measure(args, hub_id, empty_bytes, &receipted)).await
}

async fn enrol_all(hub: &HubProcess, boxes: usize) -> anyhow::Result<Vec<Identity>> {
    let mut identities = Vec::with_capacity(boxes);
    for number in 0..boxes {
        let invited = hub.post("/api/v1/sites", &json!({ "id": format!("load{number}") })).await?;
        let token =
            invited.get("token").and_then(serde_json::Value::as_str).context("the answer holds the token")?.parse()?;
        identities.push(enrol::register(&token, Said::default(), enrol::box_facts(), 0).await?.identity);
    }
    Ok(identities)
}

#[expect(clippy::print_stdout, reason = "the figure is the program's output")]
async fn measure(args: &Args, hub_id: u32, empty_bytes: u64, receipted: &AtomicU64) -> anyhow::Result<()> {
    tokio::time::sleep(Duration::from_secs(if args.idle { 20 } else { 2 })).await;
    if args.idle {
        let bytes = pss_bytes(hub_id)?;
        let per_box = bytes.saturating_sub(empty_bytes) / args.boxes.max(1) as u64;
        println!(
            "{}",
            json!({ "boxes": args.boxes, "hub_bytes_empty": empty_bytes, "hub_bytes": bytes, "bytes_per_box": per_box })
        );
        return Ok(());
    }
    let mut rates = Vec::new();
    for _ in 0..args.runs {
        let (before, started) = (receipted.load(Ordering::Relaxed), Instant::now());
        tokio::time::sleep(Duration::from_secs(args.seconds)).await;
        let records = receipted.load(Ordering::Relaxed) - before;
        let elapsed_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX).max(1);
        rates.push(records * 1000 / elapsed_ms);
    }
    let runs = rates.clone();
    rates.sort_unstable();
    let median = rates.get(rates.len() / 2).copied().unwrap_or(0);
    println!(
        "{}",
        json!({ "boxes": args.boxes, "record_bytes": args.record_bytes, "records_per_s": median, "runs": runs, "hub_bytes": pss_bytes(hub_id)? })
    );
    Ok(())
}
