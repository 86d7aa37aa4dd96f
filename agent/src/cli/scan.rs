//! `vigie-agent scan`: who is on the LAN now. Works with no hub, no configuration and no privilege.

mod findings;

use std::io::{self, IsTerminal as _, Write as _};
use std::net::Ipv4Addr;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context as _;
use indicatif::{ProgressBar, ProgressStyle};
use ipnet::Ipv4Net;

use self::findings::{Findings, Summary};
use crate::collectors::lan::eyes::{Event, Eyes};
use crate::collectors::lan::interface;
use crate::collectors::lan::survey::{self, Witness};
use crate::collectors::lan::sweep::{Outcome, Sweep};
use crate::collectors::lan::targets::{self, Target};
use crate::collectors::lan::timeline::Timeline;
use crate::collectors::leases;

/// Exit code of a scan that could not ask everybody.
pub const INCOMPLETE: u8 = 3;

/// Answers to questions for names come within this time.
const NAMES_WAIT: Duration = Duration::from_millis(300);

/// A scan that takes longer shows its progress.
const PROGRESS_AFTER: Duration = Duration::from_secs(2);

/// Time for what is not sending.
const SLACK: Duration = Duration::from_secs(15);

/// Show who is on the local network, now.
///
/// Asks every address by ARP (an ordinary user: through the kernel), asks the silent again, and lists who
/// answered. Firewalls do not hide a device from it. Nothing is stored or sent anywhere.
#[derive(Debug, Clone, Default, clap::Args)]
#[command(after_help = "Examples:\n  \
    vigie-agent scan                              the networks this box is on\n  \
    vigie-agent scan --interface eth0 --json      one network, for programs\n  \
    vigie-agent scan --range 10.0.4.0/23          part of a large network\n\n\
Exit codes: 0 done, 1 failed, 3 not everybody could be asked in time")]
pub struct ScanArgs {
    /// Network interface to use, instead of every one that leads to a LAN.
    #[arg(long, short, value_name = "NAME")]
    pub interface: Vec<String>,
    /// Range to ask, instead of the private networks up to /22 that the box is on.
    #[arg(long, short, value_name = "CIDR")]
    pub range: Vec<Ipv4Net>,
    /// Print JSON, with the time at which each device was found.
    #[arg(long)]
    pub json: bool,
    /// Stop after this time, for example `30s`; by default, when the network is quiet.
    #[arg(long, value_name = "TIME", value_parser = humantime::parse_duration)]
    pub timeout: Option<Duration>,
}

/// Scans and prints.
///
/// # Errors
///
/// If there is no network to scan, or it is lost on the way; the text says what to do.
pub fn run(args: &ScanArgs) -> anyhow::Result<ExitCode> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().context("start the runtime")?;
    let summary = runtime.block_on(scan(args))?;
    let text = if args.json { summary.json()? } else { summary.text() };
    match io::stdout().lock().write_all(text.as_bytes()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {}
        result => result.context("print the list")?,
    }
    Ok(if summary.is_complete() { ExitCode::SUCCESS } else { ExitCode::from(INCOMPLETE) })
}

/// Scans every target, one after another.
async fn scan(args: &ScanArgs) -> anyhow::Result<Summary> {
    let timeline = Timeline::start();
    let mut summary = Summary::default();
    for target in targets::choose(&args.interface, &args.range)? {
        let name = target.interface.name.clone();
        scan_one(&target, args.timeout, timeline, &mut summary).await.with_context(|| format!("scan {name}"))?;
    }
    summary.end(timeline);
    Ok(summary)
}

async fn scan_one(
    target: &Target,
    timeout: Option<Duration>,
    timeline: Timeline,
    summary: &mut Summary,
) -> anyhow::Result<()> {
    let own = target.interface.address.addr();
    let mut eyes = Eyes::open(&target.interface, timeline).context("open sockets")?;
    let method = eyes.method();
    target.check_reach(method)?;
    let addresses = interface::addresses(&target.ranges, own);
    let deadline = timeout.unwrap_or_else(|| SLACK + patience_for(addresses.len()));
    let mut sweep = Sweep::new(addresses, survey::plan(method, deadline), timeline.now());
    let mut observer = Observer::new(Findings::new(&target.interface, leases::usual_names()), timeline);

    survey::run(&mut eyes, &mut sweep, timeline, &mut observer).await?;
    let unnamed: Vec<Ipv4Addr> = observer.findings.unnamed();
    if !unnamed.is_empty() && timeout.is_none_or(|timeout| timeout > NAMES_WAIT) {
        eyes.ask_names(&unnamed);
        survey::listen(&mut eyes, timeline.instant(timeline.now() + NAMES_WAIT), &mut observer).await?;
    }
    summary.add(target, method, sweep.outcome(), observer.finish());
    Ok(())
}

/// Time that a full sweep may take at a tenth of its pace.
fn patience_for(addresses: usize) -> Duration {
    Duration::from_millis(20 * u64::try_from(addresses).unwrap_or(u64::MAX / 20))
}

/// Collects what is found, and shows progress to a person who waits.
struct Observer {
    findings: Findings,
    timeline: Timeline,
    bar: Option<ProgressBar>,
    start: Duration,
}

impl Observer {
    fn new(findings: Findings, timeline: Timeline) -> Self {
        Self { findings, timeline, bar: None, start: timeline.now() }
    }

    fn finish(self) -> Findings {
        if let Some(bar) = self.bar {
            bar.finish_and_clear();
        }
        self.findings
    }
}

impl Witness for Observer {
    fn event(&mut self, event: Event) {
        if let Event::Seen(evidence) = event {
            self.findings.add(evidence, self.timeline.now());
        }
    }

    fn progress(&mut self, outcome: Outcome) {
        if self.timeline.now() < self.start + PROGRESS_AFTER || !io::stderr().is_terminal() {
            return;
        }
        let bar = self.bar.get_or_insert_with(|| new_bar(outcome.addresses));
        bar.set_position(u64::try_from(outcome.asked).unwrap_or(u64::MAX));
        bar.set_message(format!("{} found", self.findings.devices()));
    }
}

fn new_bar(addresses: usize) -> ProgressBar {
    let style = ProgressStyle::with_template("{bar:30} {pos}/{len} addresses asked, {msg}  {elapsed}");
    let bar = ProgressBar::new(u64::try_from(addresses).unwrap_or(u64::MAX));
    bar.with_style(style.unwrap_or_else(|_wrong_template| ProgressStyle::default_bar()))
}
