//! Simulated time clocks against a terminal server: how many punches it acknowledges, and how soon.
//!
//! `terminals --server 127.0.0.1:7788 --count 200 --rate 50 --seconds 300` lets people punch; with `--saturate` every
//! terminal says its next message as soon as the last one is acknowledged. `terminals --count 200 --serials` prints the
//! serial numbers that the server must admit, as a list for `agent.toml`.

use std::fs::File;
use std::io::Write as _;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;
use clap::Parser;
use vigie_shared::lifecycle::Lifecycle;
use vigie_tests::terminals::hostile::attack_for_ever;
use vigie_tests::terminals::load::{Listed, Plan, paced, saturate, serial};
use vigie_tests::terminals::{Dialect, Fault};

#[derive(Parser)]
struct Args {
    /// Where the terminal server listens.
    #[arg(long, default_value = "127.0.0.1:7788")]
    server: SocketAddr,
    /// Terminals at once.
    #[arg(long, default_value_t = 200)]
    count: usize,
    /// Punches a second on all terminals together.
    #[arg(long, default_value_t = 50)]
    rate: u64,
    /// How long they punch.
    #[arg(long, default_value_t = 300)]
    seconds: u64,
    /// Rows of one message; without `--saturate` at most so many.
    #[arg(long, default_value_t = 50)]
    rows_per_frame: usize,
    /// As fast as acknowledgements come, one message of each terminal in flight.
    #[arg(long)]
    saturate: bool,
    /// Their family: classic or aiface.
    #[arg(long, default_value = "classic")]
    dialect: Dialect,
    /// What is wrong with each of them; may be given several times.
    #[arg(long)]
    fault: Vec<Fault>,
    /// Hostile connections beside them: garbage, floods, strangers, frames that break every rule.
    #[arg(long, default_value_t = 0)]
    hostile: usize,
    /// Writes every acknowledged punch into this file: serial number, who, local time.
    #[arg(long, conflicts_with = "saturate")]
    list: Option<PathBuf>,
    /// Prints JSON instead of a table.
    #[arg(long)]
    json: bool,
    /// Only prints the serial numbers.
    #[arg(long)]
    serials: bool,
}

fn main() -> anyhow::Result<ExitCode> {
    let args = Args::parse();
    // One thread: the load shall cost less than the server beside it.
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(run(&args))
}

#[expect(clippy::print_stdout, reason = "the figures are the program's output")]
async fn run(args: &Args) -> anyhow::Result<ExitCode> {
    if args.serials {
        let serials: Vec<String> = (0..args.count).map(|at| format!("\"{}\"", serial(at))).collect();
        println!("[{}]", serials.join(", "));
        return Ok(ExitCode::SUCCESS);
    }
    let plan = Plan {
        server: args.server,
        terminals: args.count,
        seconds: args.seconds,
        rows_per_frame: args.rows_per_frame,
        dialect: args.dialect,
        faults: args.fault.iter().copied().collect(),
    };
    let lifecycle = Lifecycle::new();
    for number in 0..args.hostile {
        lifecycle.spawn_detached(attack_for_ever(args.server, number));
    }
    let figures = if args.saturate {
        saturate(&plan).await?
    } else {
        let (figures, listed) = paced(&plan, args.rate, &lifecycle).await?;
        if let Some(path) = &args.list {
            let mut file = File::create(path).with_context(|| format!("write {}", path.display()))?;
            for Listed { serial, person, time, .. } in &listed {
                writeln!(file, "{serial}\t{person}\t{time}")?;
            }
        }
        figures
    };
    if args.json {
        println!("{}", figures.json(&plan));
    } else {
        print!("{}", figures.table(&plan));
    }
    Ok(if figures.unacknowledged == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
