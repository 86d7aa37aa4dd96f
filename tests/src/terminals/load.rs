//! Many terminals at once: as many punches a second as people make, or as many as the server takes.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use jiff::Timestamp;
use serde_json::{Value, json};
use tokio::time::Instant;
use vigie_shared::clock::{Clock as _, SystemClock};
use vigie_shared::lifecycle::Lifecycle;

use super::clock::{parsed, written};
use super::device::{Device, Make, Timers};
use super::dialect::Dialect;
use super::fault::Faults;
use super::latency::Latencies;
use super::line::Line;
use super::running::Terminal;

/// How long after the last punch everything may take to be acknowledged.
const SETTLE_MAX: Duration = Duration::from_secs(120);
/// People who punch on one terminal.
const PEOPLE: u64 = 500;
/// A saturated terminal tells of a log this old: its rows are some days of a busy clock, none in the future.
const BACKLOG_MS: i64 = 7 * 86_400_000;

/// What a load does.
#[derive(Debug, Clone)]
pub struct Plan {
    /// Where the terminals connect.
    pub server: SocketAddr,
    /// How many there are.
    pub terminals: usize,
    /// How long they punch.
    pub seconds: u64,
    /// Rows of one message, at most.
    pub rows_per_frame: usize,
    /// Their family.
    pub dialect: Dialect,
    /// What is wrong with each of them.
    pub faults: Faults,
}

/// What a load measured.
#[derive(Debug, Clone, Default)]
pub struct Figures {
    /// How long it took.
    pub took: Duration,
    /// Messages acknowledged.
    pub frames: u64,
    /// Rows acknowledged.
    pub punches: u64,
    /// Rows that were never acknowledged.
    pub unacknowledged: u64,
    /// Connections that ended.
    pub hang_ups: u64,
    /// From a message to its acknowledgement.
    pub latencies: Latencies,
}

impl Figures {
    /// Messages acknowledged a second.
    #[must_use]
    pub fn frames_per_s(&self) -> u64 {
        self.per_s(self.frames)
    }

    /// Rows acknowledged a second.
    #[must_use]
    pub fn punches_per_s(&self) -> u64 {
        self.per_s(self.punches)
    }

    fn per_s(&self, count: u64) -> u64 {
        count * 1000 / u64::try_from(self.took.as_millis()).unwrap_or(u64::MAX).max(1)
    }

    /// The figures for programs.
    #[must_use]
    pub fn json(&self, plan: &Plan) -> Value {
        json!({
            "terminals": plan.terminals, "rows_per_frame": plan.rows_per_frame,
            "took_ms": u64::try_from(self.took.as_millis()).unwrap_or(u64::MAX),
            "frames": self.frames, "punches": self.punches,
            "frames_per_s": self.frames_per_s(), "punches_per_s": self.punches_per_s(),
            "unacknowledged": self.unacknowledged, "hang_ups": self.hang_ups,
            "p50_us": self.latencies.percentile_us(50), "p99_us": self.latencies.percentile_us(99),
            "longest_us": self.latencies.longest_us()
        })
    }

    /// The figures for people.
    #[must_use]
    pub fn table(&self, plan: &Plan) -> String {
        let ms = |us: u64| format!("{}.{:02} ms", us / 1000, us % 1000 / 10);
        let rows = [
            ("terminals", plan.terminals.to_string()),
            ("rows in a frame, at most", plan.rows_per_frame.to_string()),
            ("frames acknowledged", format!("{} ({}/s)", self.frames, self.frames_per_s())),
            ("punches acknowledged", format!("{} ({}/s)", self.punches, self.punches_per_s())),
            ("punches not acknowledged", self.unacknowledged.to_string()),
            ("connections that ended", self.hang_ups.to_string()),
            ("frame to acknowledgement, half", ms(self.latencies.percentile_us(50))),
            ("frame to acknowledgement, 99 of 100", ms(self.latencies.percentile_us(99))),
            ("frame to acknowledgement, longest", ms(self.latencies.longest_us())),
        ];
        rows.iter().map(|(what, figure)| format!("{what:<38}{figure:>20}\n")).collect()
    }
}

/// A punch that a terminal made and the server acknowledged.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Listed {
    /// The terminal's serial number.
    pub serial: String,
    /// Who.
    pub person: u64,
    /// The terminal's local time.
    pub time: String,
    /// When the finger was there, microseconds since 1970 UTC.
    pub made_us: i64,
}

/// The serial number of the `at`-th terminal of a load.
#[must_use]
pub fn serial(at: usize) -> String {
    format!("SIM{at:06}")
}

/// Lets people punch, `rate` a second on all terminals together, and waits until all is acknowledged.
///
/// # Errors
///
/// If not every terminal is accepted.
pub async fn paced(plan: &Plan, rate: u64, lifecycle: &Lifecycle) -> anyhow::Result<(Figures, Vec<Listed>)> {
    let make = |at| Make {
        dialect: plan.dialect,
        faults: plan.faults.clone(),
        rows_per_message: plan.rows_per_frame,
        knows_schedules: false,
        timers: Timers { reconnect_ms: 200, ..Timers::default() },
        ..Make::honest(&serial(at))
    };
    let terminals: Vec<Terminal> =
        (0..plan.terminals).map(|at| Terminal::start(make(at), plan.server, lifecycle)).collect();
    for (at, terminal) in terminals.iter().enumerate() {
        terminal.until(&format!("the acceptance of {}", serial(at)), Device::is_registered).await?;
    }
    let mut made = BTreeMap::new();
    let began = Instant::now();
    let mut ticks = tokio::time::interval(Duration::from_micros(1_000_000 / rate.max(1)));
    for punch in 0..rate * plan.seconds {
        ticks.tick().await;
        // Each round over the terminals is another person, so that nobody punches twice in a second.
        let (at, round) = (punch % terminals.len() as u64, punch / terminals.len() as u64);
        let at = usize::try_from(at)?;
        if let Some(terminal) = terminals.get(at) {
            let person = 1 + round % PEOPLE;
            made.insert((serial(at), person), Timestamp::now().as_microsecond());
            terminal.punch(person);
        }
    }
    let took = began.elapsed();
    let settled = async {
        for terminal in &terminals {
            drop(terminal.until("the last acknowledgement", |device| device.memory.unread() == 0).await);
        }
    };
    // What is not acknowledged by then is a figure, too.
    drop(tokio::time::timeout(SETTLE_MAX, settled).await);
    Ok(told(&terminals, took, &made))
}

fn told(terminals: &[Terminal], took: Duration, made: &BTreeMap<(String, u64), i64>) -> (Figures, Vec<Listed>) {
    let mut figures = Figures { took, ..Figures::default() };
    let mut listed = Vec::new();
    for terminal in terminals {
        figures.latencies.merge(&terminal.latencies());
        terminal.with(|device| {
            figures.frames += device.acknowledged;
            figures.punches += device.memory.read as u64;
            figures.unacknowledged += device.memory.unread() as u64;
            figures.hang_ups += device.hang_ups;
            let rows = device.memory.rows.iter().take(device.memory.read);
            listed.extend(rows.map(|row| {
                let (serial, person) = (device.make().serial.clone(), row.enrol_id);
                let made_us = made.get(&(serial.clone(), person)).copied().unwrap_or_default();
                Listed { serial, person, time: row.time.clone(), made_us }
            }));
        });
    }
    (figures, listed)
}

/// Lets every terminal say its next message as soon as the last one is acknowledged.
///
/// # Errors
///
/// If a terminal is not accepted, a message is refused, or a connection ends.
pub async fn saturate(plan: &Plan) -> anyhow::Result<Figures> {
    let mut lines = Vec::new();
    for at in 0..plan.terminals {
        lines.push(Saturated::register(plan, at).await?);
    }
    let began = Instant::now();
    let until = began + Duration::from_secs(plan.seconds);
    let ended = futures_util::future::join_all(lines.iter_mut().map(|line| line.run(plan, until))).await;
    let mut figures = Figures { took: began.elapsed(), ..Figures::default() };
    for latencies in ended {
        let latencies = latencies?;
        figures.frames += latencies.total();
        figures.latencies.merge(&latencies);
    }
    figures.punches = figures.frames * plan.rows_per_frame as u64;
    Ok(figures)
}

/// A terminal reduced to its messages, so that the load costs less than the server.
struct Saturated {
    serial: String,
    line: Line,
    local_ms: i64,
    text: String,
}

impl Saturated {
    async fn register(plan: &Plan, at: usize) -> anyhow::Result<Self> {
        let wall_ms = SystemClock::new(|| true).wall_ms();
        let device = Device::new(Make { dialect: plan.dialect, ..Make::honest(&serial(at)) }, wall_ms, 0);
        let mut line = Line::open(plan.server, "/pub/chat").await?;
        let answer = line.ask(device.registration(0)).await?;
        ensure!(answer["result"] == json!(true), "{} is refused: {answer}", serial(at));
        let local_ms = answer["cloudtime"].as_str().and_then(parsed).unwrap_or(wall_ms);
        Ok(Self { serial: serial(at), line, local_ms: local_ms - BACKLOG_MS, text: String::new() })
    }

    async fn run(&mut self, plan: &Plan, until: Instant) -> anyhow::Result<Latencies> {
        let mut latencies = Latencies::default();
        let mut index = 0;
        while Instant::now() < until {
            index += 1;
            self.compose(plan, index);
            let said = Instant::now();
            let answer = self.line.ask(&self.text).await.with_context(|| format!("{} at its work", self.serial))?;
            ensure!(
                answer["ret"] == "sendlog" && answer["result"] == json!(true),
                "{} is not acknowledged: {answer}",
                self.serial
            );
            latencies.add(u64::try_from(said.elapsed().as_micros()).unwrap_or(u64::MAX));
        }
        Ok(latencies)
    }

    fn compose(&mut self, plan: &Plan, index: u64) {
        self.local_ms += 1000;
        let (time, mode, count) = (written(self.local_ms), plan.dialect.usual_mode(), plan.rows_per_frame);
        let text = &mut self.text;
        text.clear();
        let head = format!(r#"{{"cmd":"sendlog","sn":"{}","count":{count},"logindex":{index},"record":["#, self.serial);
        text.push_str(&head);
        for at in 0..count {
            let comma = if at == 0 { "" } else { "," };
            let id = at + 1;
            let row = format!(r#"{comma}{{"enrollid":{id},"time":"{time}","mode":{mode},"inout":0,"event":0}}"#);
            text.push_str(&row);
        }
        text.push_str("]}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::terminals::agreeable::Agreeable;

    fn plan(server: SocketAddr) -> Plan {
        let (dialect, faults) = (Dialect::Classic, Faults::default());
        Plan { server, terminals: 3, seconds: 1, rows_per_frame: 5, dialect, faults }
    }

    #[tokio::test]
    async fn people_at_their_pace_are_all_acknowledged_and_listed_once() {
        let lifecycle = Lifecycle::new();
        let server = Agreeable::start(&lifecycle).await;

        let (figures, mut listed) = paced(&plan(server.address), 60, &lifecycle).await.unwrap();

        assert_eq!((figures.punches, figures.unacknowledged, figures.hang_ups), (60, 0, 0));
        assert_eq!(figures.latencies.total(), figures.frames);
        listed.sort();
        listed.dedup();
        assert_eq!(listed.len(), 60);
    }

    #[tokio::test]
    async fn saturated_terminals_count_what_is_acknowledged_and_tell_it_as_a_table_and_as_json() {
        let lifecycle = Lifecycle::new();
        let server = Agreeable::start(&lifecycle).await;
        let plan = plan(server.address);

        let figures = saturate(&plan).await.unwrap();

        assert!(figures.frames >= 3, "{}", figures.frames);
        assert_eq!(figures.punches, figures.frames * 5);
        assert_eq!(figures.json(&plan)["punches"], figures.punches);
        assert!(figures.table(&plan).contains("99 of 100"));
    }
}
