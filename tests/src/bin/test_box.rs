//! The real agent with one more collector: it punches a clock as fast as the disk allows, and keeps a list.
//!
//! `test_box --config FILE --list FILE [--punchers N]`. Each puncher is a terminal with numbers 1, 2, 3, …. Before a
//! punch it writes `a <puncher> <number>` to the list, and `d …` once the punch is durable. Started again, it
//! goes on after the last number attempted.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::Context as _;
use async_trait::async_trait;
use clap::Parser;
use futures_util::future::try_join_all;
use tokio_util::sync::CancellationToken;
use vigie_agent::Parts;
use vigie_agent::collectors::{Collector, Outlet};
use vigie_agent::config::AgentConfig;
use vigie_agent::privileged::{Privileges, Refusal, Verb};
use vigie_shared::config::{self, Sources};
use vigie_shared::lifecycle::Lifecycle;
use vigie_shared::wire::Reading;
use vigie_shared::wire::reading::Punch;

#[derive(Parser)]
struct Args {
    #[arg(long)]
    config: PathBuf,
    #[arg(long)]
    list: PathBuf,
    #[arg(long, default_value_t = 8)]
    punchers: u64,
    /// Where acts that need root are noted instead of done.
    #[arg(long)]
    acts: Option<PathBuf>,
}

fn main() -> anyhow::Result<ExitCode> {
    let args = Args::parse();
    let sources = Sources { file: args.config.clone(), is_required: true, env_prefix: vigie_agent::config::ENV_PREFIX };
    let config: AgentConfig = config::load(&sources)?;
    vigie_shared::telemetry::start("info")?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let lifecycle = Lifecycle::from_signals()?;
        let punchers = Punchers::open(&args.list, args.punchers)?;
        let mut parts = Parts { collectors: vec![Box::new(punchers)], ..Parts::default() };
        if let Some(list) = args.acts {
            parts.privileges = Arc::new(Noted { list });
        }
        vigie_agent::run_with(&config, &lifecycle, parts)?;
        lifecycle.ready();
        Ok(lifecycle.wait().await)
    })
}

/// Notes acts in a file, and waits with them while a file `….hold` stands beside it.
struct Noted {
    list: PathBuf,
}

#[async_trait]
impl Privileges for Noted {
    async fn act(&self, verb: Verb) -> Result<(), Refusal> {
        while self.list.with_extension("hold").exists() {
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
        let failed = |error: std::io::Error| Refusal::Failed(error.to_string());
        let mut list = File::options().create(true).append(true).open(&self.list).map_err(failed)?;
        let line = serde_json::to_string(&verb).map_err(|error| Refusal::Failed(error.to_string()))?;
        writeln!(list, "{line}").map_err(failed)
    }
}

struct Punchers {
    list: Arc<Mutex<File>>,
    last: BTreeMap<u64, u64>,
}

impl Punchers {
    fn open(list: &Path, punchers: u64) -> anyhow::Result<Self> {
        let mut last: BTreeMap<u64, u64> = (0..punchers).map(|puncher| (puncher, 0)).collect();
        for line in std::fs::read_to_string(list).unwrap_or_default().lines() {
            let mut words = line.split(' ');
            let (Some("a"), Some(puncher), Some(number)) = (words.next(), words.next(), words.next()) else { continue };
            if let (Ok(puncher), Ok(number)) = (puncher.parse(), number.parse()) {
                last.insert(puncher, number);
            }
        }
        let list = File::options().create(true).append(true).open(list).context("open the list")?;
        Ok(Self { list: Arc::new(Mutex::new(list)), last })
    }
}

#[async_trait]
impl Collector for Punchers {
    fn name(&self) -> &'static str {
        "punchers"
    }

    async fn once(&mut self) -> anyhow::Result<Vec<Reading>> {
        Ok(Vec::new())
    }

    async fn run(&mut self, outlet: &dyn Outlet, stop: CancellationToken) -> anyhow::Result<()> {
        let all = self.last.iter().map(|(puncher, last)| punch(*puncher, *last, &self.list, outlet, &stop));
        try_join_all(all).await.map(drop)
    }
}

async fn punch(
    puncher: u64,
    last: u64,
    list: &Mutex<File>,
    outlet: &dyn Outlet,
    stop: &CancellationToken,
) -> anyhow::Result<()> {
    for number in last + 1.. {
        if stop.is_cancelled() {
            break;
        }
        note(list, &format!("a {puncher} {number}\n"))?;
        outlet
            .append(Reading::Punch(Punch {
                terminal: format!("test{puncher}"),
                enrol_id: number,
                local_time: "2026-11-20 08:00:00".to_owned(),
                extra: "x".repeat(100),
                ..Punch::default()
            }))
            .await;
        if !stop.is_cancelled() {
            note(list, &format!("d {puncher} {number}\n"))?;
        }
    }
    Ok(())
}

fn note(list: &Mutex<File>, line: &str) -> anyhow::Result<()> {
    let mut file = list.lock().unwrap_or_else(PoisonError::into_inner);
    file.write_all(line.as_bytes()).context("write the list")
}
