//! A crowd at 200 time clocks, through agent and hub to an HR server: how soon, how much memory, and nothing lost.
//!
//! `to_hr --rate 50 --seconds 300` against an honest HR server, `--storm 20` against one whose answers fail in every way that
//! trying again survives, `--kills 30` while agent, hub and HR server are killed at random. The programs lie beside this
//! one; everything they write is in a new folder in `--folder`, which should lie on a real disk.

#![expect(clippy::indexing_slicing, reason = "JSON without a field reads as null")]

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context as _;
use clap::Parser;
use jiff::Timestamp;
use serde_json::{Value, json};
use tokio::time::Instant;
use vigie_shared::id::random_bytes;
use vigie_shared::lifecycle::Lifecycle;
use vigie_tests::hr::journal;
use vigie_tests::processes::{BoxProcess, HubProcess, Program, free_port};
use vigie_tests::terminals::Dialect;
use vigie_tests::terminals::load::{Figures, Listed, Plan, paced, serial};
use vigie_tests::to_hr::{Ends, Key, judge};

/// How long everything may take to arrive after the last punch.
const SETTLE_MAX: Duration = Duration::from_secs(900);
/// Between two looks at what is still on its way.
const LOOK_AGAIN: Duration = Duration::from_millis(500);
/// Rows of a page of the API.
const PAGE: usize = 1000;

#[derive(Parser)]
struct Args {
    /// Terminals at once.
    #[arg(long, default_value_t = 200)]
    terminals: usize,
    /// Punches a second on all terminals together.
    #[arg(long, default_value_t = 50)]
    rate: u64,
    /// How long people punch.
    #[arg(long, default_value_t = 300)]
    seconds: u64,
    /// This share of the requests to the HR server, in percent, meets a misbehaviour.
    #[arg(long)]
    storm: Option<u32>,
    /// So many times agent, hub or HR server is killed while people punch.
    #[arg(long, default_value_t = 0)]
    kills: u32,
    /// Where everything is written.
    #[arg(long, default_value = "target")]
    folder: PathBuf,
    /// What was written stays there.
    #[arg(long)]
    keep: bool,
}

/// The programs.
struct Cast {
    hub: HubProcess,
    agent: BoxProcess,
    hr: Program,
    hr_args: Vec<String>,
    hr_log: PathBuf,
    killed: [u32; 3],
    pss_max_kb: u64,
}

fn main() -> anyhow::Result<ExitCode> {
    let args = Args::parse();
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(run(&args))
}

#[expect(clippy::print_stdout, reason = "the figures are the program's output")]
async fn run(args: &Args) -> anyhow::Result<ExitCode> {
    std::fs::create_dir_all(&args.folder)?;
    let mut folder = tempfile::tempdir_in(args.folder.canonicalize()?)?;
    folder.disable_cleanup(args.keep);
    let journal_file = folder.path().join("hr.jsonl");
    let door = free_port()?;
    let mut cast = cast(args, folder.path(), &journal_file, door).await?;
    let plan = Plan {
        server: SocketAddr::from(([127, 0, 0, 1], door)),
        terminals: args.terminals,
        seconds: args.seconds,
        rows_per_frame: 50,
        dialect: Dialect::Classic,
        faults: std::iter::empty().collect(),
    };
    let lifecycle = Lifecycle::new();
    let (crowd, watched) = tokio::join!(paced(&plan, args.rate, &lifecycle), watch(args, &mut cast));
    watched?;
    let (figures, listed) = crowd?;
    let settled = Instant::now();
    settle(&cast, listed.len()).await?;
    let settled_ms = u64::try_from(settled.elapsed().as_millis())?;
    let ends = ends(&cast, listed, &journal_file).await?;
    let verdict = judge(&ends);
    println!("{}", told(&plan, &figures, &cast, settled_ms, &verdict.json()));
    Ok(if verdict.is_good() && figures.unacknowledged == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn told(plan: &Plan, figures: &Figures, cast: &Cast, settled_ms: u64, verdict: &Value) -> Value {
    let [agent, hub, hr] = cast.killed;
    let mut told = figures.json(plan);
    for more in [
        verdict,
        &json!({ "killed_agent": agent, "killed_hub": hub, "killed_hr": hr, "agent_pss_max_kb": cast.pss_max_kb, "settled_ms": settled_ms }),
    ] {
        for (name, value) in more.as_object().into_iter().flatten() {
            told[name.as_str()] = value.clone();
        }
    }
    told
}

async fn cast(args: &Args, folder: &Path, journal_file: &Path, door: u16) -> anyhow::Result<Cast> {
    let hr_port = free_port()?;
    let mut hub = HubProcess::new(folder)?;
    hub.configure("[connectors]\nallow = [\"localhost\"]\nretry_min = \"1s\"\nretry_max = \"10s\"")?;
    hub.start().await?;
    let mut agent = BoxProcess::enrol(&hub, "clocks01", folder).await?;
    let serials: Vec<String> = (0..args.terminals).map(|at| format!("{:?}", serial(at))).collect();
    agent.configure(&format!(
        "[collect.lan]\nenabled = false\n[terminals]\nenabled = true\nlisten = \"127.0.0.1:{door}\"\nallowed = [{}]",
        serials.join(", ")
    ))?;
    let mut hr_args = vec!["--port".to_owned(), hr_port.to_string(), "--people".to_owned(), "500".to_owned()];
    hr_args.extend(["--journal".to_owned(), journal_file.to_str().context("the folder's name is text")?.to_owned()]);
    hr_args.extend(args.storm.iter().flat_map(|percent| ["--storm".to_owned(), percent.to_string()]));
    let hr_log = folder.join("hr.log");
    let hr = start_hr(&hr_args, &hr_log)?;
    // A terminal's time has no fractions of a second, and the first punches shall not lie before the beginning.
    let start_at = Timestamp::now() - Duration::from_secs(60);
    let connector = json!({
        "name": "hr", "base": format!("http://localhost:{hr_port}"), "interval": "immediate", "timeout": "5s",
        "start_at": start_at.to_string(),
        "users_endpoint": "/users", "attendance_endpoint": "/attendance"
    });
    hub.post("/api/v1/connectors", &connector).await?;
    agent.start()?;
    Ok(Cast { hub, agent, hr, hr_args, hr_log, killed: [0; 3], pss_max_kb: 0 })
}

fn start_hr(args: &[String], log: &Path) -> anyhow::Result<Program> {
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    Program::start("hr_server", &args, log)
}

/// Weighs the agent every second while people punch, and kills whom chance names.
async fn watch(args: &Args, cast: &mut Cast) -> anyhow::Result<()> {
    let mut seconds = tokio::time::interval(Duration::from_secs(1));
    for second in 0..args.seconds {
        seconds.tick().await;
        cast.weigh();
        let due = u64::from(args.kills) * (second + 1) / args.seconds.max(1);
        if due > cast.killed.iter().map(|count| u64::from(*count)).sum() {
            cast.kill_one().await?;
        }
    }
    Ok(())
}

impl Cast {
    /// Remembers the most memory that the agent had as its share, kB. One that was killed a moment ago weighs nothing.
    fn weigh(&mut self) {
        let rollup = std::fs::read_to_string(format!("/proc/{}/smaps_rollup", self.agent.program().id()));
        let pss = rollup.ok().and_then(|text| {
            let line = text.lines().find(|line| line.starts_with("Pss:"))?.to_owned();
            line.split_whitespace().nth(1)?.parse().ok()
        });
        self.pss_max_kb = self.pss_max_kb.max(pss.unwrap_or_default());
    }

    async fn kill_one(&mut self) -> anyhow::Result<()> {
        let [chance] = random_bytes::<1>();
        match chance % 3 {
            0 => {
                self.killed[0] += 1;
                self.agent.kill();
                self.agent.start()
            }
            1 => {
                self.killed[1] += 1;
                self.hub.kill();
                self.hub.start().await
            }
            _ => {
                self.killed[2] += 1;
                self.hr.kill();
                self.hr = start_hr(&self.hr_args, &self.hr_log)?;
                Ok(())
            }
        }
    }
}

/// Waits until the third party has everything that was acknowledged.
async fn settle(cast: &Cast, punches: usize) -> anyhow::Result<()> {
    let until = Instant::now() + SETTLE_MAX;
    loop {
        let stats = cast.hub.get("/api/v1/jobs/stats").await?;
        let sent = stats["all"]["sent"].as_u64().unwrap_or_default();
        if sent >= punches as u64 {
            return Ok(());
        }
        anyhow::ensure!(
            Instant::now() < until,
            "after {} s only {sent} of {punches} are sent: {stats}",
            SETTLE_MAX.as_secs()
        );
        tokio::time::sleep(LOOK_AGAIN).await;
    }
}

async fn ends(cast: &Cast, listed: Vec<Listed>, journal_file: &Path) -> anyhow::Result<Ends> {
    let held = keys(&cast.hub, "/api/v1/punches?", "number").await?;
    let marked = keys(&cast.hub, "/api/v1/jobs?maybe_twice=true&", "enrol_id").await?;
    let marked: BTreeSet<Key> = marked.into_iter().collect();
    Ok(Ends { listed, held, rows: journal::read(journal_file)?, marked })
}

/// Terminal and person of every row of a list.
async fn keys(hub: &HubProcess, list: &str, person: &str) -> anyhow::Result<Vec<Key>> {
    let (mut keys, mut after) = (Vec::new(), String::new());
    loop {
        let page = hub.get(&format!("{list}limit={PAGE}{after}")).await?;
        for item in page["items"].as_array().into_iter().flatten() {
            let terminal = item["terminal"].as_str().unwrap_or_default().to_owned();
            keys.push((terminal, item[person].as_u64().unwrap_or_default()));
        }
        let Some(next) = page["next"].as_str() else { return Ok(keys) };
        after = format!("&after={next}");
    }
}
