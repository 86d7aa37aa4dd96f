//! The nasty HR server as a program: `hr_server --dialect odoo --people 200 --plan stall-after-commit+10*3`.
//!
//! Prints its address on the first line. With `--journal FILE` it may be killed and started again: each stored row is a
//! line there, and whether its answer left. While it runs, `POST /_hr/plans` adds plans, `DELETE /_hr/plans` forgets
//! them, `GET /_hr/rows` is what it holds. `--tricks` lists the misbehaviours.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, ValueEnum};
use vigie_shared::lifecycle::Lifecycle;
use vigie_tests::hr::catalogue::TRICKS;
use vigie_tests::hr::dialect::{Dialect, Manners, Results};
use vigie_tests::hr::door::Access;
use vigie_tests::hr::script::Plan;
use vigie_tests::hr::storm::Storm;
use vigie_tests::hr::{HrServer, Setup};

#[derive(Parser)]
struct Args {
    /// Which HR system.
    #[arg(long, value_enum, default_value = "plain")]
    dialect: System,
    /// Its port on loopback; 0: any that is free.
    #[arg(long, default_value_t = 0)]
    port: u16,
    /// How many people it knows.
    #[arg(long, default_value_t = 200)]
    people: u64,
    /// The bearer token that it wants.
    #[arg(long)]
    token: Option<String>,
    /// Where it keeps what it stored.
    #[arg(long, value_name = "FILE")]
    journal: Option<PathBuf>,
    /// TRICK, with `@people` (push, probe, undo, login, any), `+SPARED` and `*TIMES` as needed; may stand several times.
    #[arg(long, value_name = "PLAN")]
    plan: Vec<Plan>,
    /// This share of the pushes, in percent, meets a misbehaviour that trying again survives.
    #[arg(long, value_name = "PERCENT")]
    storm: Option<u32>,
    /// Where the storm's chance begins.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Errors in French.
    #[arg(long)]
    french: bool,
    /// Answers to batches say what became of each row.
    #[arg(long)]
    results: bool,
    /// List the misbehaviours and end.
    #[arg(long)]
    tricks: bool,
}

#[derive(Clone, Copy, ValueEnum)]
enum System {
    Plain,
    Erpnext,
    Odoo,
    Kimai,
}

fn main() -> anyhow::Result<ExitCode> {
    let args = Args::parse();
    if args.tricks {
        list();
        return Ok(ExitCode::SUCCESS);
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(run(args))
}

#[expect(clippy::print_stdout, reason = "the address is the program's output")]
async fn run(args: Args) -> anyhow::Result<ExitCode> {
    let lifecycle = Lifecycle::from_signals()?;
    let plans = args.plan.clone();
    let server = HrServer::start(setup(args), &lifecycle).await?;
    plans.into_iter().for_each(|plan| server.plan(plan));
    println!("{}", server.base());
    Ok(lifecycle.wait().await)
}

fn setup(args: Args) -> Setup {
    Setup {
        dialect: match args.dialect {
            System::Plain => Dialect::Plain,
            System::Erpnext => Dialect::Erpnext,
            System::Odoo => Dialect::Odoo,
            System::Kimai => Dialect::Kimai,
        },
        people: args.people,
        manners: Manners {
            speaks_french: args.french,
            results: if args.results { Results::ByRow } else { Results::None },
            ..Manners::default()
        },
        access: args.token.map_or(Access::Open, |token| Access::bearer(&token)),
        storm: args.storm.map(|percent| Storm { seed: args.seed, percent }),
        journal: args.journal,
        port: args.port,
        ..Setup::default()
    }
}

#[expect(clippy::print_stdout, reason = "the list is what was asked for")]
fn list() {
    for trick in TRICKS {
        println!("{:26}{:8}{}", trick.name, format!("{:?}", trick.made_for).to_lowercase(), trick.about);
    }
}
