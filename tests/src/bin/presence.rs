//! Presence by the figures: the log of a made-up space read, its days computed, a year replayed under another policy.
//!
//! `presence generate FOLDER` writes a day's log and the list of devices; `presence logs FOLDER` writes many days' logs as
//! the probe lays them down; `presence days LOG MAP` prints each member's worth of that day, as the old scripts do;
//! `presence year` reads a year's logs one after the other, keeps the strips and replays them. Each prints what it took on
//! standard error.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "whoever started this process reads it there")]
#![expect(clippy::disallowed_methods, reason = "it measures real time")]

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufRead as _, BufReader, BufWriter, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::Context as _;
use clap::{Parser, Subcommand};
use jiff::civil::Date;
use vigie_hub::imports::presence::{Format, PIECE_BYTES_MAX, Reader};
use vigie_hub::presence::day::days;
use vigie_hub::presence::facts::Facts;
use vigie_hub::presence::policy::Policy;
use vigie_hub::presence::replay::{Balance, changes};
use vigie_hub::presence::value::Value;
use vigie_hub::presence::{Ownership, Strip};
use vigie_shared::mac::Mac;
use vigie_tests::presence::{FIRST, LATER_MS, Space, key, place, site, terms};

#[derive(Parser)]
struct Args {
    /// People.
    #[arg(long, default_value_t = 200, global = true)]
    members: u32,
    /// Devices of each.
    #[arg(long, default_value_t = 2, global = true)]
    devices: u32,
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// Writes a day's log and the list of devices.
    Generate {
        /// Where `day` and `map` are written.
        folder: PathBuf,
    },
    /// Writes the logs of many days as `<site>/<date>`, and the list of devices.
    Logs {
        /// Where they are written.
        folder: PathBuf,
        /// How many days.
        #[arg(long, default_value_t = 1)]
        days: u32,
    },
    /// Prints each member's worth of a day.
    Days {
        /// The day's log.
        log: PathBuf,
        /// The list of devices.
        map: PathBuf,
    },
    /// Reads and replays many days.
    Year {
        /// How many.
        #[arg(long, default_value_t = 365)]
        days: u32,
    },
}

fn main() -> anyhow::Result<()> {
    let args = Args::parse();
    let space = Space { members: args.members, devices: args.devices };
    match args.verb {
        Verb::Generate { folder } => generate(space, &folder),
        Verb::Logs { folder, days } => logs(space, &folder, days),
        Verb::Days { log, map } => print_days(&log, &map),
        Verb::Year { days } => year(space, days),
    }
}

fn generate(space: Space, folder: &Path) -> anyhow::Result<()> {
    let (text, lines) = space.day(0);
    std::fs::write(folder.join("day"), text).context("write the day's log")?;
    write_map(space, folder)?;
    println!("{lines}");
    Ok(())
}

fn logs(space: Space, folder: &Path, count: u32) -> anyhow::Result<()> {
    let of_site = folder.join(site().as_str());
    std::fs::create_dir_all(&of_site).context("make the site's folder")?;
    let mut all_lines = 0;
    for day in 0..count {
        let (text, lines) = space.day(day);
        std::fs::write(of_site.join(Space::date(day).to_string()), text).context("write a day's log")?;
        all_lines += lines;
    }
    write_map(space, folder)?;
    println!("{all_lines}");
    Ok(())
}

fn write_map(space: Space, folder: &Path) -> anyhow::Result<()> {
    let mut map = BufWriter::new(File::create(folder.join("map")).context("write the list of devices")?);
    space.write_map(&mut map)?;
    Ok(map.flush()?)
}

fn print_days(log: &Path, map: &Path) -> anyhow::Result<()> {
    let people = owners(map)?;
    let strips = read(log)?;
    let places = BTreeMap::from([(site(), place())]);
    let [policy, ..] = Policy::shipped();
    let mut out = BufWriter::new(std::io::stdout().lock());
    for (email, (ownerships, own)) in sorted(people, strips) {
        let facts = Facts { strips: &own, ownerships: &ownerships, closings: &[], places: &places };
        for day in days(facts, &policy, (FIRST, FIRST), LATER_MS).iter().filter(|day| day.value != Value::Zero) {
            writeln!(out, "{email}\t{}", day.value)?;
        }
    }
    Ok(out.flush()?)
}

/// Who has which devices, from the list that the old backend gives.
fn owners(map: &Path) -> anyhow::Result<BTreeMap<String, Vec<Ownership>>> {
    let mut people: BTreeMap<String, Vec<Ownership>> = BTreeMap::new();
    let key = key();
    for line in BufReader::new(File::open(map).context("open the list of devices")?).lines() {
        let line = line?;
        let (mac, rest) = line.split_once('\t').context("a list of devices has tabs")?;
        let (email, _) = rest.split_once('\t').context("a list of devices has e-mail addresses")?;
        let owned = Ownership {
            device: key.name(mac.parse::<Mac>()?).to_string(),
            site: Some(site()),
            person: email.to_owned(),
            from_ms: 0,
            to_ms: None,
            counts: vigie_hub::presence::Counts::Yes,
            grace_min: None,
        };
        people.entry(email.to_owned()).or_default().push(owned);
    }
    Ok(people)
}

fn read(log: &Path) -> anyhow::Result<Vec<Strip>> {
    let mut file = File::open(log).context("open the log")?;
    let mut reader = Reader::new(Format::Probe, terms());
    let mut piece = vec![0; PIECE_BYTES_MAX];
    let mut strips = Vec::new();
    loop {
        let length = file.read(&mut piece)?;
        if length == 0 {
            break;
        }
        reader.feed(piece.get(..length).unwrap_or_default());
        if reader.is_full() {
            strips.extend(reader.take());
        }
    }
    let finished = reader.finish();
    eprintln!("{} lines read, {} not used", finished.report.lines, finished.report.refused);
    strips.extend(finished.strips);
    Ok(strips)
}

type Person = (Vec<Ownership>, Vec<Strip>);

/// The strips of each person.
fn sorted(people: BTreeMap<String, Vec<Ownership>>, strips: Vec<Strip>) -> BTreeMap<String, Person> {
    let owners: BTreeMap<String, String> =
        people.values().flatten().map(|owned| (owned.device.clone(), owned.person.clone())).collect();
    let mut sorted: BTreeMap<String, Person> =
        people.into_iter().map(|(email, owned)| (email, (owned, Vec::new()))).collect();
    for strip in strips {
        let person = owners.get(&strip.device).and_then(|email| sorted.get_mut(email));
        if let Some((_, own)) = person {
            own.push(strip);
        }
    }
    sorted
}

fn year(space: Space, count: u32) -> anyhow::Result<()> {
    let (mut lines, mut took, mut strips) = (0_u64, Duration::ZERO, Vec::new());
    for day in 0..count {
        let (text, _) = space.day(day);
        let begun = Instant::now();
        let mut reader = Reader::new(Format::Probe, terms());
        text.as_bytes().chunks(PIECE_BYTES_MAX).for_each(|piece| reader.feed(piece));
        let finished = reader.finish();
        took += begun.elapsed();
        lines += finished.report.sights;
        strips.extend(finished.strips);
    }
    println!("read\t{lines} lines\t{:.0} lines/s", rate(lines, took));
    let people = (0..space.members).map(|member| (Space::email(member), space.ownerships(member))).collect();
    let people = sorted(people, strips);
    let places = BTreeMap::from([(site(), place())]);
    let [slots, minutes, ..] = Policy::shipped();
    let through = FIRST.checked_add(jiff::Span::new().days(i64::from(count) - 1))?;
    let range: (Date, Date) = (FIRST, through);
    let begun = Instant::now();
    let mut balance = Balance::default();
    for (email, (ownerships, own)) in &people {
        let facts = Facts { strips: own, ownerships, closings: &[], places: &places };
        balance.add(count.into(), changes(email, facts, (&slots, &minutes), range, LATER_MS));
    }
    let took = begun.elapsed();
    println!(
        "replayed\t{} days of {} people, {} would change\t{:.2} s",
        balance.days,
        balance.people,
        balance.changed,
        took.as_secs_f64()
    );
    println!("memory\tat most {} kB, a day's log included", memory_kib()?);
    Ok(())
}

#[expect(clippy::cast_precision_loss, reason = "no year has 2^53 lines")]
fn rate(lines: u64, took: Duration) -> f64 {
    lines as f64 / took.as_secs_f64()
}

/// The most memory that this process had at once.
fn memory_kib() -> anyhow::Result<u64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).context("the kernel tells no memory")?;
    Ok(line.trim().trim_end_matches(" kB").parse()?)
}
