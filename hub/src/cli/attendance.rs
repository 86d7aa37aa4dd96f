//! `vigie-hub attendance`: days of people, punches, and what is decided of those in doubt.

use clap::{Args, Subcommand};
use reqwest::Method;
use serde_json::{Value, json};

use super::VerbError;
use super::client::{Hub, segment};
use super::output::{Output, name, word};
use crate::csv::{csv, of};

mod days;

/// What to see or decide.
#[derive(Debug, Subcommand)]
pub enum AttendanceVerb {
    /// Everybody's day.
    #[command(after_help = "Examples:
  vigie-hub attendance day 2026-11-20
  vigie-hub attendance day 2026-11-20 --terminal ZXTEST000417 --explain")]
    Day {
        /// The day.
        date: String,
        /// Only of this terminal.
        #[arg(long)]
        terminal: Option<String>,
        /// How to print it.
        #[command(flatten)]
        form: Form,
    },
    /// Everybody's days, from one through another.
    #[command(after_help = "Example:\n  vigie-hub attendance period 2026-11-01 2026-11-30 --csv > november.csv")]
    Period {
        /// The first day.
        from: String,
        /// The last day.
        through: String,
        /// Only of this terminal.
        #[arg(long)]
        terminal: Option<String>,
        /// How to print it.
        #[command(flatten)]
        form: Form,
    },
    /// One person's days, with every punch and what became of it.
    #[command(after_help = "Examples:
  vigie-hub attendance person E104 2026-11-01 2026-11-30
  vigie-hub attendance person ZXTEST000417/12 2026-11-20 --explain")]
    Person {
        /// The person's id, or a number on a terminal as SERIAL/NUMBER.
        person: String,
        /// The first day.
        from: String,
        /// The last day; the first if not given.
        through: Option<String>,
        /// How to print it.
        #[command(flatten)]
        form: Form,
    },
    /// Punches, newest first.
    #[command(after_help = "Examples:
  vigie-hub attendance punches --terminal ZXTEST000417
  vigie-hub attendance punches --only in-doubt
  vigie-hub attendance punches --from 2026-11-01T00:00:00Z --limit 100000 --csv")]
    Punches(PunchesArgs),
    /// Decide whether a punch counts, and when it was.
    #[command(after_help = "Examples:
  vigie-hub attendance review 0f3a… --accept --at 2026-11-20T07:58:00Z --comment \"the clock was reset\"
  vigie-hub attendance review 0f3a… --refuse --comment \"tested by the installer\"
  vigie-hub attendance review 0f3a… --undo")]
    Review(ReviewArgs),
    /// Add a punch that somebody forgot.
    #[command(after_help = "Example:
  vigie-hub attendance add ZXTEST000417 7 --out --at 2026-11-20T16:05:00Z --comment \"told us on the phone\"")]
    Add(AddArgs),
}

/// How to print.
#[derive(Debug, Args)]
pub struct Form {
    /// As CSV, for spreadsheets.
    #[arg(long)]
    csv: bool,
    /// With every punch and what became of it.
    #[arg(long, conflicts_with = "csv")]
    explain: bool,
}

/// Which punches.
#[derive(Debug, Args)]
pub struct PunchesArgs {
    /// Only of this site.
    #[arg(long)]
    site: Option<String>,
    /// Only of this terminal.
    #[arg(long)]
    terminal: Option<String>,
    /// Only of this number.
    #[arg(long)]
    number: Option<u64>,
    /// Not before this moment.
    #[arg(long)]
    from: Option<String>,
    /// Before this moment.
    #[arg(long)]
    to: Option<String>,
    /// Only what counts, or only what somebody should look at.
    #[arg(long, value_parser = ["counting", "in-doubt"])]
    only: Option<String>,
    /// At most this many.
    #[arg(long, default_value_t = 1000)]
    limit: usize,
    /// As CSV, for spreadsheets.
    #[arg(long)]
    csv: bool,
}

/// What to decide.
#[derive(Debug, Args)]
#[command(group = clap::ArgGroup::new("decision").required(true))]
pub struct ReviewArgs {
    /// The punch's name, as `attendance punches` shows it.
    key: String,
    /// It counts.
    #[arg(long, group = "decision")]
    accept: bool,
    /// It does not count.
    #[arg(long, group = "decision")]
    refuse: bool,
    /// Take the decision back.
    #[arg(long, group = "decision")]
    undo: bool,
    /// The moment that it counts at, if not its own.
    #[arg(long, requires = "accept")]
    at: Option<String>,
    /// Why.
    #[arg(long, required_unless_present = "undo")]
    comment: Option<String>,
}

/// What to add.
#[derive(Debug, Args)]
#[command(group = clap::ArgGroup::new("way").required(true))]
pub struct AddArgs {
    /// The terminal's serial number.
    terminal: String,
    /// The number under which it knows the person.
    number: u64,
    /// The person came.
    #[arg(long = "in", group = "way")]
    came: bool,
    /// The person went.
    #[arg(long = "out", group = "way")]
    went: bool,
    /// When.
    #[arg(long)]
    at: String,
    /// Why.
    #[arg(long)]
    comment: String,
}

pub(super) async fn act(hub: &Hub, verb: &AttendanceVerb, output: &mut Output<'_>) -> Result<(), VerbError> {
    let of_terminal = |terminal: &Option<String>| {
        terminal.as_ref().map(|terminal| format!("&terminal={}", segment(terminal))).unwrap_or_default()
    };
    match verb {
        AttendanceVerb::Day { date, terminal, form } => {
            let query = format!("from={}{}", segment(date), of_terminal(terminal));
            days::print(hub, &query, form, output).await
        }
        AttendanceVerb::Period { from, through, terminal, form } => {
            let query = format!("from={}&through={}{}", segment(from), segment(through), of_terminal(terminal));
            days::print(hub, &query, form, output).await
        }
        AttendanceVerb::Person { person, from, through, form } => {
            let through = segment(through.as_ref().unwrap_or(from));
            let query = format!("from={}&through={through}&person={}", segment(from), segment(person));
            days::print(hub, &query, form, output).await
        }
        AttendanceVerb::Punches(args) => punches(hub, args, output).await,
        AttendanceVerb::Review(args) => review(hub, args, output).await,
        AttendanceVerb::Add(args) => add(hub, args, output).await,
    }
}

async fn punches(hub: &Hub, args: &PunchesArgs, output: &mut Output<'_>) -> Result<(), VerbError> {
    let number = args.number.map(|number| number.to_string());
    let only = args.only.as_ref().map(|only| only.replace('-', "_"));
    let asked = [
        ("site", &args.site),
        ("terminal", &args.terminal),
        ("number", &number),
        ("from", &args.from),
        ("to", &args.to),
        ("only", &only),
    ];
    let asked = asked.iter().filter_map(|(key, value)| Some(format!("{key}={}", segment(value.as_ref()?))));
    let query = asked.collect::<Vec<_>>().join("&");
    let found = hub.pages("/api/v1/punches", &query, args.limit).await?;
    if args.csv {
        output.text(&punches_csv(&found))?;
        return Ok(());
    }
    output.answer(&found, list)?;
    Ok(())
}

const COLUMNS: [&str; 12] =
    ["at", "local_time", "terminal", "number", "name", "direction", "kind", "mode", "inout", "event", "counts", "key"];

fn punches_csv(found: &Value) -> String {
    let items = found["items"].as_array().map(Vec::as_slice).unwrap_or_default();
    csv(&COLUMNS, items.iter().map(|punch| COLUMNS.iter().map(|column| of(&punch[*column])).collect()))
}

fn list(output: &Output<'_>, found: &Value) -> String {
    let none = "No punch is there that was asked for.";
    output.table(&["AT", "TERMINAL", "NUMBER", "NAME", "WAY", "COUNTS", "ODD", "PUNCH"], found, none, |punch| {
        let doubts = punch["doubts"].as_array().map(Vec::as_slice).unwrap_or_default();
        let odd: Vec<String> = doubts.iter().map(word).collect();
        let counts = if punch["counts"] == true { "yes".to_owned() } else { format!("no, {}", word(&punch["kind"])) };
        let at = if punch["at"].is_null() { name(&punch["local_time"]) } else { output.moment(&punch["at"]) };
        let (terminal, number) = (name(&punch["terminal"]), word(&punch["number"]));
        let (who, way) = (name(&punch["name"]), word(&punch["direction"]));
        vec![at, terminal, number, who, way, counts, odd.join(", "), name(&punch["key"])]
    })
}

async fn review(hub: &Hub, args: &ReviewArgs, output: &mut Output<'_>) -> Result<(), VerbError> {
    let path = format!("/api/v1/punches/{}/review", segment(&args.key));
    if args.undo {
        hub.change(Method::DELETE, &path, &json!({})).await?;
        output.text(&format!("The decision of punch {} is taken back.", args.key))?;
        return Ok(());
    }
    let comment = args.comment.clone().unwrap_or_default();
    let body = json!({ "is_accepted": args.accept, "at": args.at, "comment": comment });
    let punch = hub.change(Method::PUT, &path, &body).await?;
    output.answer(&punch, |output, punch| match punch["counts"] == true {
        true => format!("Punch {} counts, at {}.", name(&punch["key"]), output.moment(&punch["at"])),
        false => format!("Punch {} counts for nothing; it stays, with what was decided.", name(&punch["key"])),
    })?;
    Ok(())
}

async fn add(hub: &Hub, args: &AddArgs, output: &mut Output<'_>) -> Result<(), VerbError> {
    let direction = if args.came { "in" } else { "out" };
    let AddArgs { terminal, number, at, comment, .. } = args;
    let body = json!({ "terminal": terminal, "number": number, "at": at, "direction": direction, "comment": comment });
    let punch = hub.change(Method::POST, "/api/v1/punches", &body).await?;
    output.answer(&punch, |output, punch| {
        format!("Punch {} is added and counts, at {}.", name(&punch["key"]), output.moment(&punch["at"]))
    })?;
    Ok(())
}
