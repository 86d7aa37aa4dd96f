//! A terminal server with a ledger in memory that can refuse, wait and fall silent, and a clock that stands still.

mod ledger;
mod orders;
mod uploads;

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::{Value, json};
use tokio::runtime::Runtime;
use vigie_agent::terminals::{Config, Limits, Parts, Terminals};
use vigie_shared::clock::ManualClock;
use vigie_shared::id::BootId;
use vigie_shared::lifecycle::Lifecycle;
use vigie_shared::wire::Stamp;
use vigie_shared::wire::reading::{AlarmKind, BoxAlarm, LogRow, Reading, TerminalLog, TerminalState, TerminalUsers};
use vigie_tests::processes::wait_for;
use vigie_tests::terminals::Line;

pub(super) use self::ledger::{MemoryLedger, Mood};
pub(super) use self::orders::{ask_users, done};
use self::uploads::MemoryUploads;

/// The terminal of most tests.
pub(super) const ZX: &str = "ZXTEST000417";
/// Another one that may deliver, too.
pub(super) const OTHER: &str = "AITEST00077";
/// 08:00 in Paris on 6 May 2031.
pub(super) const WALL_MS: i64 = 1_935_813_600_000;
/// The local time of a simulated terminal: 12:00 on that day.
pub(super) const NOON_MS: i64 = 1_935_835_200_000;

/// What makes a punch one and the same.
pub(super) type Punch = (String, Option<u64>, String, Option<i32>, Option<i32>, Option<i32>);

/// Where what terminals say goes: the box's ledger, and the hub.
type Ends = (Arc<MemoryLedger>, Arc<MemoryUploads>);

/// A running server.
pub(super) struct Scene {
    pub(super) address: SocketAddr,
    pub(super) ledger: Arc<MemoryLedger>,
    pub(super) hub: Arc<MemoryUploads>,
    pub(super) lifecycle: Lifecycle,
    pub(super) terminals: Terminals,
    pub(super) clock: Arc<ManualClock>,
    /// The box is a program of its own: it ends with its run time, as a killed one does.
    box_runtime: Option<Runtime>,
    folder: Option<tempfile::TempDir>,
    settings: String,
    limits: Limits,
}

impl Drop for Scene {
    fn drop(&mut self) {
        if let Some(runtime) = self.box_runtime.take() {
            runtime.shutdown_background();
        }
    }
}

impl Scene {
    /// A server that admits [`ZX`] and [`OTHER`].
    pub(super) fn start() -> Self {
        Self::with("", Limits::default())
    }

    /// The same with other settings, as they stand in `agent.toml`, and other limits.
    pub(super) fn with(settings: &str, limits: Limits) -> Self {
        let settings = format!("allowed = [\"{ZX}\", \"{OTHER}\"]\n{settings}");
        Self::on(tempfile::tempdir().unwrap(), settings, limits, Ends::default())
    }

    /// A server that admits these.
    pub(super) fn admitting(serials: &[String]) -> Self {
        let settings = format!("allowed = {}", json!(serials));
        Self::on(tempfile::tempdir().unwrap(), settings, Limits::default(), Ends::default())
    }

    fn on(folder: tempfile::TempDir, settings: String, limits: Limits, (ledger, hub): Ends) -> Self {
        let text = format!("enabled = true\nlisten = \"127.0.0.1:0\"\nzone = \"Europe/Paris\"\n{settings}");
        let config: Config = toml::from_str(&text).unwrap();
        let stamp = Stamp { boot: BootId([7; 16]), uptime_ms: 1_000_000, wall_ms: WALL_MS, is_synced: true };
        let (clock, lifecycle) = (Arc::new(ManualClock::new(stamp)), Lifecycle::new());
        let parts = Parts {
            data: PathBuf::from(folder.path()),
            clock: clock.clone(),
            ledger: ledger.clone(),
            uploads: hub.clone(),
            limits: limits.clone(),
        };
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let terminals = {
            let _inside = runtime.enter();
            Terminals::start(&config, parts, &lifecycle).unwrap()
        };
        let address = terminals.address().unwrap();
        let (box_runtime, folder) = (Some(runtime), Some(folder));
        Self { address, ledger, hub, lifecycle, terminals, clock, box_runtime, folder, settings, limits }
    }

    /// The same box after a power cut: its disk and its ledger are what they were.
    pub(super) fn killed_and_started(mut self) -> Self {
        let (ends, folder) = ((Arc::clone(&self.ledger), Arc::clone(&self.hub)), self.folder.take().unwrap());
        let (settings, limits) = (std::mem::take(&mut self.settings), self.limits.clone());
        drop(self);
        ends.0.mood(Mood::Willing);
        Self::on(folder, settings, limits, ends)
    }

    /// How many photos and templates wait on the box's disk.
    pub(super) fn waiting(&self) -> usize {
        std::fs::read_dir(self.data().join("terminals/attachments")).unwrap().count()
    }

    /// The box's folder of data.
    pub(super) fn data(&self) -> &Path {
        self.folder.as_ref().unwrap().path()
    }

    /// A connection that has not registered.
    pub(super) async fn dial(&self) -> Line {
        Line::open(self.address, "/pub/chat").await.unwrap()
    }

    /// A connection that is accepted under this serial number.
    pub(super) async fn registered(&self, serial: &str) -> Line {
        let mut line = self.dial().await;
        let answer = line.ask(registration(serial)).await.unwrap();
        assert_eq!((&answer["ret"], &answer["result"]), (&json!("reg"), &json!(true)), "{answer}");
        line
    }

    /// Says something that must be answered by a refusal, or by the end of the connection.
    pub(super) async fn until_refused(&self, line: &mut Line, message: impl AsRef<[u8]>) {
        if let Ok(answer) = line.ask(message).await {
            assert_eq!(answer["result"], false, "{answer}");
        }
    }

    /// Waits until something is so.
    pub(super) async fn until(&self, what: &str, is_so: impl Fn(&Self) -> bool) {
        wait_for(what, async || is_so(self)).await.unwrap();
    }

    pub(super) fn logs(&self) -> Vec<TerminalLog> {
        self.ledger.of(|reading| match reading {
            Reading::TerminalLog(log) => Some(log.clone()),
            _ => None,
        })
    }

    /// All rows, in the order in which they came.
    pub(super) fn rows(&self) -> Vec<LogRow> {
        self.logs().into_iter().flat_map(|log| log.rows).collect()
    }

    /// The rows as punches: what the hub's store holds once.
    pub(super) fn punches(&self) -> BTreeSet<Punch> {
        let punch = |terminal: &str, row: LogRow| {
            (terminal.to_owned(), row.enrol_id, row.local_time, row.mode, row.in_out, row.event)
        };
        let of = |log: TerminalLog| log.rows.into_iter().map(move |row| punch(&log.terminal, row)).collect::<Vec<_>>();
        self.logs().into_iter().flat_map(of).collect()
    }

    pub(super) fn users(&self) -> Vec<TerminalUsers> {
        self.ledger.of(|reading| match reading {
            Reading::TerminalUsers(users) => Some(users.clone()),
            _ => None,
        })
    }

    pub(super) fn states(&self) -> Vec<TerminalState> {
        self.ledger.of(|reading| match reading {
            Reading::TerminalState(state) => Some(state.clone()),
            _ => None,
        })
    }

    pub(super) fn alarms(&self) -> Vec<BoxAlarm> {
        self.ledger.of(|reading| match reading {
            Reading::Alarm(alarm) => Some(alarm.clone()),
            _ => None,
        })
    }

    /// Whether an alarm of this kind names this terminal.
    pub(super) fn has_alarm(&self, kind: AlarmKind, serial: &str) -> bool {
        self.alarms().iter().any(|alarm| alarm.kind == kind && alarm.text.contains(serial))
    }

    /// Whether the last thing told of it is that it is not connected.
    pub(super) fn is_offline(&self, serial: &str) -> bool {
        self.states().iter().rfind(|state| state.terminal == serial).is_some_and(|state| !state.is_connected)
    }

    /// How many strangers may be on the list, at most.
    pub(super) fn pending_max(&self) -> usize {
        vigie_agent::terminals::registry::PENDING_MAX
    }
}

/// A registration whose clock is right.
pub(super) fn registration(serial: &str) -> String {
    json!({
        "cmd": "reg", "sn": serial, "cpusn": "8800112233", "devinfo": {
            "modelname": "tfs30", "usersize": 3000, "fpsize": 3000, "logsize": 100_000, "useduser": 42, "usedlog": 9120,
            "usednewlog": 18, "fpalgo": "thbio3.0", "firmware": "TH900 V9.9", "time": "2031-05-06 08:00:00",
            "mac": "00-01-A9-0C-0D-0E"
        }
    })
    .to_string()
}

/// A message of rows, number 31.
pub(super) fn log(serial: &str, record: &Value) -> String {
    let count = record.as_array().map_or(1, Vec::len);
    json!({ "cmd": "sendlog", "sn": serial, "count": count, "logindex": 31, "record": record }).to_string()
}

/// One row.
pub(super) fn row(enrol_id: u64, time: &str) -> Value {
    json!({ "enrollid": enrol_id, "time": time, "mode": 1, "inout": 0, "event": 0 })
}
