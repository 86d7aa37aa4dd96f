//! Every call of the old server's guide, word for word but for the host and one header, by `curl` in a shell: programs
//! that were written for that server go on working.

use std::path::Path;
use std::process::Output;
use std::sync::Arc;

use serde_json::{Value, json};
use tokio::process::Command;
use vigie_hub::store::facts::{Arrival, Commit, QueueState};
use vigie_hub::store::sites::Site;
use vigie_hub::store::{Facts as _, Sites as _, Sqlite, Vault};
use vigie_shared::clock::{Clock as _, SystemClock};
use vigie_shared::id::{BootId, QueueId, SiteId};
use vigie_shared::lifecycle::Lifecycle;
use vigie_shared::wire::reading::{LogOrigin, LogRow, Standing, TerminalHardware, TerminalLog, TerminalState};
use vigie_shared::wire::{Reading, Record, Stamp};
use vigie_tests::hr::door::Access;
use vigie_tests::hr::{HrServer, Setup};
use vigie_tests::processes::{HubProcess, wait_for};

const CREATE_CONFIG: &str = r#"curl -X POST http://localhost:8000/devices/api/third-party-configs/ \
  -H "Content-Type: application/json" \
  -d '{
    "name": "Mon Service RH",
    "base_url": "https://api.monservice.com",
    "users_endpoint": "/api/v1/employees",
    "attendance_endpoint": "/api/v1/attendance",
    "auth_type": "bearer",
    "auth_token": "your-api-token-here",
    "sync_interval_minutes": 15
  }'"#;

const USERS_FROM_THIRD_PARTY: &str = r#"curl -X POST http://localhost:8000/devices/api/sync/users/from-third-party/ \
  -H "Content-Type: application/json" \
  -d '{
    "terminal_id": 1,
    "config_id": 1
  }'"#;

const USERS_TO_TERMINAL: &str = r#"curl -X POST http://localhost:8000/devices/api/sync/users/to-terminal/ \
  -H "Content-Type: application/json" \
  -d '{
    "terminal_id": 1,
    "user_ids": [1, 2, 3]  # Optionnel, null = tous
  }'"#;

const CREATE_SCHEDULE: &str = r#"curl -X POST http://localhost:8000/devices/api/terminals/1/schedules/ \
  -H "Content-Type: application/json" \
  -d '{
    "name": "Horaire Standard",
    "weekday": 0,
    "check_in_time": "08:00",
    "check_out_time": "17:00",
    "break_start_time": "12:00",
    "break_end_time": "13:00",
    "tolerance_minutes": 15
  }'"#;

const SYNC_SCHEDULE: &str = r#"curl -X POST http://localhost:8000/devices/api/terminals/1/schedules/sync/ \
  -H "Content-Type: application/json" \
  -d '{
    "schedule_id": 1  # Optionnel, null = tous les horaires
  }'"#;

const SYNC_STATUS: &str = "curl http://localhost:8000/devices/api/attendance/sync-status/?status=pending";

const MANUAL_SYNC: &str = r#"curl -X POST http://localhost:8000/devices/api/attendance/manual-sync/ \
  -H "Content-Type: application/json" \
  -d '{
    "config_id": 1,
    "terminal_id": 1  # Optionnel
  }'"#;

const SERIAL: &str = "TM20-001";

/// Writes a time clock and a punch into the store of a hub that does not run, as its box would have told of them.
async fn deliver(data: &Path, site: &SiteId) {
    let vault = Vault::open(&data.join("store.key")).unwrap();
    let store = Sqlite::open(&data.join(vigie_hub::backup::DATABASE), vault).unwrap();
    store.add_site(&Site::new(site.clone(), "Metz".to_owned(), "Europe/Paris".to_owned(), 1)).await.unwrap();
    let received_ms = SystemClock::new(|| true).wall_ms();
    let stamp = Stamp { boot: BootId([1; 16]), uptime_ms: 9, wall_ms: received_ms, is_synced: true };
    for (number, reading) in (1..).zip([state(), punch(received_ms)]) {
        let (lane, queue) = (reading.lane(), QueueId([number; 16]));
        let records = vec![Record { stamp, reading }.encode().into()];
        let commit = Commit {
            arrivals: vec![Arrival { site: site.clone(), lane, queue, start: 1, records }],
            queues: vec![QueueState { site: site.clone(), lane, queue, through: 1, born_ms: 1 }],
            received_ms,
            ..Commit::default()
        };
        store.commit(Arc::new(commit)).await.unwrap();
    }
}

fn state() -> Reading {
    Reading::TerminalState(TerminalState {
        terminal: SERIAL.to_owned(),
        standing: Standing::Admitted,
        is_connected: true,
        heard_ago_s: Some(1),
        address: None,
        hardware: TerminalHardware::default(),
        zone: "UTC".to_owned(),
        clock_ahead_ms: Some(0),
        room: Vec::new(),
        unsent: Some(0),
        violations: 0,
    })
}

/// Some minutes after now, so that it belongs to a third party that is added today.
fn punch(now_ms: i64) -> Reading {
    let at = jiff::Timestamp::from_millisecond(now_ms + 4 * 60_000).unwrap();
    let row = LogRow {
        enrol_id: Some(1),
        local_time: at.strftime("%Y-%m-%d %H:%M:%S").to_string(),
        in_out: Some(0),
        ..LogRow::default()
    };
    Reading::TerminalLog(TerminalLog {
        terminal: SERIAL.to_owned(),
        zone: "UTC".to_owned(),
        clock_ahead_ms: Some(0),
        origin: LogOrigin::Pushed,
        log_index: None,
        rows: vec![row],
    })
}

/// Somebody's scripts: the host is another one, and each call says who asks.
struct Scripts {
    hub: String,
    hr: String,
    header: String,
}

impl Scripts {
    async fn run(&self, call: &str) -> Output {
        let call = call.replace("http://localhost:8000", &self.hub).replace("https://api.monservice.com", &self.hr);
        let call = call.replacen("curl", &format!("curl --silent --show-error -H @{}", self.header), 1);
        Command::new("sh").args(["-c", &call]).output().await.unwrap()
    }

    /// Runs a call that must succeed.
    async fn answer(&self, call: &str) -> Value {
        let output = self.run(call).await;
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let said: Value = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text} {output:?}"));
        assert!(said.get("code").is_none(), "{call}\nwas refused: {text}");
        said
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn scripts_for_the_old_server_go_on_with_one_more_header() {
    let (folder, lifecycle) = (tempfile::tempdir().unwrap(), Lifecycle::new());
    let access = Access::bearer("your-api-token-here");
    let hr = HrServer::start(Setup { people: 3, access, ..Setup::default() }, &lifecycle).await.unwrap();
    let mut hub = HubProcess::new(folder.path()).unwrap();
    hub.configure("[connectors]\nallow = [\"localhost\"]").unwrap();
    hub.run_verb(&["init"]).await.unwrap();
    let data = folder.path().join("data");
    deliver(&data, &"metz".parse().unwrap()).await;
    hub.start().await.unwrap();
    let scripts = Scripts {
        hub: format!("http://127.0.0.1:{}", hub.admin_port),
        hr: hr.base().to_owned(),
        header: data.join("curl-header").display().to_string(),
    };
    let terminals = async || hub.get("/api/v1/terminals").await.unwrap()["items"].as_array().unwrap().len();
    wait_for("the terminal", async || terminals().await == 1).await.unwrap();

    let config = scripts.answer(CREATE_CONFIG).await;
    assert_eq!((&config["id"], &config["is_active"]), (&json!(1), &json!(true)), "{config}");
    let taken = scripts.answer(USERS_FROM_THIRD_PARTY).await;
    assert_eq!((&taken["count"], &taken["users"][2]["id"]), (&json!(3), &json!(3)), "{taken}");
    let brought = scripts.answer(USERS_TO_TERMINAL).await;
    assert_eq!((&brought["count"], brought["commands"].as_array().unwrap().len()), (&json!(3), 1), "{brought}");
    let hours = scripts.answer(CREATE_SCHEDULE).await;
    assert_eq!((&hours["id"], &hours["weekday"]), (&json!(1), &json!(0)), "{hours}");
    let pushed = scripts.answer(SYNC_SCHEDULE).await;
    assert_eq!(pushed["commands"].as_array().unwrap().len(), 1, "{pushed}");
    let status = scripts.answer(SYNC_STATUS).await;
    let synced = scripts.answer(MANUAL_SYNC).await;
    assert_eq!(synced["success"], json!(true), "{synced}");
    hr.wait_until("the punch", |books| books.of(1).len() == 1).await.unwrap();
    assert!(status["stats"]["pending"].is_u64() && status["results"].is_array(), "{status}");
    let schedule = &hub.get("/api/v1/schedules").await.unwrap()["items"][0];
    assert_eq!(schedule["days"]["monday"]["starts"], "08:00", "{schedule}");
    assert!(hub.program().stop().await.unwrap(), "{}", hub.program().said());
    lifecycle.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_header_nobody_is_let_in() {
    let folder = tempfile::tempdir().unwrap();
    let mut hub = HubProcess::new(folder.path()).unwrap();
    hub.start().await.unwrap();
    let nothing = folder.path().join("nothing");
    std::fs::write(&nothing, "").unwrap();
    let (hub_at, header) = (format!("http://127.0.0.1:{}", hub.admin_port), nothing.display().to_string());
    let scripts = Scripts { hub: hub_at, hr: "http://localhost:1".to_owned(), header };
    for call in [CREATE_CONFIG, USERS_FROM_THIRD_PARTY, USERS_TO_TERMINAL, CREATE_SCHEDULE, SYNC_STATUS, MANUAL_SYNC] {
        let output = scripts.run(call).await;
        assert!(String::from_utf8_lossy(&output.stdout).contains("unauthenticated"), "{call}: {output:?}");
    }
}
