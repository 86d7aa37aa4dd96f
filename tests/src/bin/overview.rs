//! How long people wait for the first page of a large hub: 1 000 sites, 10 million records in SQLite, the page in the middle.
//!
//! The store is filled through its own port before the hub starts; then readers with a session ask, one after the other on
//! each of a few connections, and each answer's time is kept. The hub's program lies beside this one.

#![expect(clippy::print_stdout, reason = "whoever started this process reads it there")]

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use bytes::Bytes;
use clap::Parser;
use jiff::Timestamp;
use reqwest::{Client, Method};
use serde_json::json;
use tokio::time::Instant;
use vigie_hub::backup::DATABASE;
use vigie_hub::store::facts::{Arrival, Commit, Gap, GapReason, QueueState};
use vigie_hub::store::projections::{Cursor, Derived, MetricSample, Step};
use vigie_hub::store::sites::Site;
use vigie_hub::store::vault::Vault;
use vigie_hub::store::{Facts as _, Projections as _, Sites as _, Sqlite};
use vigie_shared::id::{QueueId, SiteId};
use vigie_shared::wire::Lane;
use vigie_shared::wire::reading::{Disk, HostSample};
use vigie_tests::processes::HubProcess;

/// Bytes of a record: those of a pulse.
const RECORD_BYTES: usize = 100;
/// Samples of each site that a page could draw: an hour's.
const SAMPLES: i64 = 12;
/// Sites whose box lost something.
const WITH_GAP_EVERY: usize = 10;
/// The account that looks.
const ACCOUNT: &str = "reader";

#[derive(Parser)]
struct Args {
    /// Sites.
    #[arg(long, default_value_t = 1000)]
    sites: usize,
    /// Records of all sites together.
    #[arg(long, default_value_t = 10_000_000)]
    records: usize,
    /// Requests for each page.
    #[arg(long, default_value_t = 1000)]
    requests: usize,
    /// Readers at once.
    #[arg(long, default_value_t = 2)]
    readers: usize,
    /// Where everything is written; it should lie on a real disk.
    #[arg(long, default_value = "target")]
    folder: PathBuf,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let args = Args::parse();
    let folder = tempfile::Builder::new().prefix("overview.").tempdir_in(&args.folder).context("make a folder")?;
    let mut hub = HubProcess::new(folder.path())?;
    hub.start().await?;
    anyhow::ensure!(hub.program().stop().await?, "the hub did not end well: {}", hub.program().said());
    let started = Instant::now();
    fill(&folder.path().join("data"), &args).await?;
    println!("{} sites, {} records written in {:.0?}", args.sites, args.records, started.elapsed());
    hub.start().await?;
    let cookie = log_in(&hub).await?;
    for path in ["/", "/?q=site0500", "/api/v1/sites?limit=100", "/api/v1/sites?limit=1000", "/sites/site0500"] {
        ask(&hub, (path, &cookie), &args).await?;
    }
    Ok(())
}

/// Fills the store of a hub that does not run.
async fn fill(data: &Path, args: &Args) -> anyhow::Result<()> {
    let vault = Vault::open(&data.join("store.key"))?;
    let store = Sqlite::open(&data.join(DATABASE), vault)?;
    let now_ms = Timestamp::now().as_millisecond();
    let body = Bytes::from(vec![0x5a; RECORD_BYTES]);
    let of_lane = args.records / args.sites / Lane::ALL.len();
    for number in 0..args.sites {
        let id: SiteId = format!("site{number:04}").parse()?;
        let zone = "Europe/Paris".to_owned();
        store.add_site(&Site::new(id.clone(), format!("Site {number:04}"), zone, now_ms)).await?;
        let (mut commit, mut step) = (Commit { received_ms: now_ms, ..Commit::default() }, Step::default());
        for lane in Lane::ALL {
            let (site, queue, through) = (id.clone(), QueueId::random(), of_lane as u64);
            let records = vec![body.clone(); of_lane];
            commit.arrivals.push(Arrival { site: site.clone(), lane, queue, start: 1, records });
            commit.queues.push(QueueState { site: site.clone(), lane, queue, through: through + 2, born_ms: now_ms });
            if number % WITH_GAP_EVERY == 0 {
                let (from, to, reason) = (through + 1, through + 2, GapReason::Dropped);
                commit.gaps.push(Gap { site: site.clone(), lane, queue, from, to, reason, noticed_ms: now_ms });
            }
            let cursor = Cursor { site, lane, queue, through: through + 2, complete_ms: Some(now_ms - 60_000) };
            step.cursors.push(Derived { value: cursor, undated: None });
        }
        let samples = (1..=SAMPLES).map(|minutes| (id.clone(), sample(now_ms - minutes * 300_000)));
        step.metrics = samples.map(|value| Derived { value, undated: None }).collect();
        store.commit(Arc::new(commit)).await?;
        store.apply(step).await?;
    }
    Ok(())
}

fn sample(at_ms: i64) -> MetricSample {
    let disk = Disk { mount: "/".to_owned(), total_bytes: 32_000_000_000, available_bytes: 20_000_000_000 };
    let host = HostSample {
        cpu_permille: 73,
        memory_total_bytes: 1 << 30,
        memory_available_bytes: 700 << 20,
        temperature_milli_c: Some(51_300),
        disks: vec![disk],
        ..HostSample::default()
    };
    MetricSample { at_ms, is_dated: true, host }
}

/// The cookie of a session, as a browser has it.
async fn log_in(hub: &HubProcess) -> anyhow::Result<String> {
    let password = "correct horse battery";
    let wanted = json!({ "role": "viewer", "password": password });
    hub.change(Method::PUT, &format!("/api/v1/users/{ACCOUNT}"), &wanted).await?;
    let form = format!("account={ACCOUNT}&password={}", password.replace(' ', "+"));
    let origin = hub.url("");
    let client = Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none()).build()?;
    let request = client.post(hub.url("/login")).header("origin", origin).body(form);
    let answer = request.header("content-type", "application/x-www-form-urlencoded").send().await?;
    let cookie = answer.headers().get("set-cookie").context("the login gives no cookie")?.to_str()?;
    Ok(cookie.split(';').next().unwrap_or_default().to_owned())
}

/// Asks for a page again and again and prints how long it took.
async fn ask(hub: &HubProcess, (path, cookie): (&str, &str), args: &Args) -> anyhow::Result<()> {
    let url = hub.url(path);
    let each = args.requests / args.readers.max(1);
    let readers = (0..args.readers).map(|_| reader(url.clone(), cookie.to_owned(), each));
    let answers = futures_util::future::try_join_all(readers).await?;
    let mut took: Vec<Duration> = answers.iter().flat_map(|(took, _)| took.iter().copied()).collect();
    took.sort_unstable();
    let at = |share: f64| percentile(&took, share);
    let bytes = answers.first().map_or(0, |(_, bytes)| *bytes);
    println!(
        "{path}: p50 {:.1?}, p90 {:.1?}, p99 {:.1?}, most {:.1?}; {bytes} bytes",
        at(0.5),
        at(0.9),
        at(0.99),
        at(1.0)
    );
    Ok(())
}

async fn reader(url: String, cookie: String, requests: usize) -> anyhow::Result<(Vec<Duration>, usize)> {
    let client = Client::builder().no_proxy().build()?;
    let (mut took, mut bytes) = (Vec::new(), 0);
    for _ in 0..requests {
        let started = Instant::now();
        let answer = client.get(&url).header("cookie", &cookie).send().await?;
        anyhow::ensure!(answer.status().is_success(), "{url}: {}", answer.status());
        bytes = answer.bytes().await?.len();
        took.push(started.elapsed());
    }
    Ok((took, bytes))
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    reason = "a place in a short list"
)]
fn percentile(sorted: &[Duration], share: f64) -> Duration {
    let place = (sorted.len() as f64 * share).ceil() as usize;
    sorted.get(place.saturating_sub(1)).copied().unwrap_or_default()
}
