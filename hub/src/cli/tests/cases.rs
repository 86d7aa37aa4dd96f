//! Cases of the terminals' protocol as far as they speak of the hub: from a box's records to what the API and the verbs
//! show. What they say of the box is tested where the terminals' server is.

use serde_json::{Value, json};
use vigie_shared::id::{BootId, CommandId, QueueId, SiteId};
use vigie_shared::wire::reading::{LogOrigin, LogRow, TerminalLog};
use vigie_shared::wire::{CommandOutcome, Lane, OutcomeState, Reading, Record, Stamp};

use super::*;
use crate::connectors::driver::Occasion;
use crate::connectors::settings::Connector;
use crate::connectors::settings::tests::connector;
use crate::http::testing::Answer;
use crate::projector::{Place, project};
use crate::store::accounts::Role;
use crate::store::contract::attendance::terminal;
use crate::store::facts::StoredRecord;
use crate::store::jobs::JobFilter;
use crate::store::projections::Step;

const ZX: &str = "ZXTEST000417";

/// A row of a terminal in Paris, where it is five past three.
fn row(enrol_id: u64, local_time: &str) -> LogRow {
    let local_time = local_time.to_owned();
    LogRow { enrol_id: Some(enrol_id), local_time, in_out: Some(0), ..LogRow::default() }
}

fn message(rows: &[LogRow]) -> Reading {
    Reading::TerminalLog(TerminalLog {
        terminal: ZX.to_owned(),
        zone: "Europe/Paris".to_owned(),
        clock_ahead_ms: None,
        origin: LogOrigin::Pushed,
        log_index: Some(31),
        rows: rows.to_vec(),
    })
}

impl Desk {
    /// A hub that knows the terminal and has followed these readings of its box.
    async fn told(readings: Vec<Reading>) -> Self {
        let desk = Self::new().await;
        desk.stage.add_site("metz", "Metz").await;
        let terminals = vec![terminal("metz", ZX, 1)];
        desk.stage.store.apply(Step { terminals, ..Step::default() }).await.unwrap();
        desk.hear(readings, QueueId([1; 16])).await;
        desk
    }

    /// The hub follows these readings, which fill a queue.
    async fn hear(&self, readings: Vec<Reading>, queue: QueueId) {
        let (site, lane): (SiteId, _) = ("metz".parse().unwrap(), Lane::Ledger);
        let stamp = Stamp { boot: BootId([1; 16]), uptime_ms: 9, wall_ms: NOW, is_synced: true };
        let stored = |(seq, reading)| {
            let bytes = Record { stamp, reading }.encode().into();
            StoredRecord { site: site.clone(), lane, queue, seq, received_ms: NOW, bytes }
        };
        let records: Vec<StoredRecord> = (1..).zip(readings).map(stored).collect();
        let held = records.len() as u64;
        let step = project(&Place { site, lane, queue, through: 0 }, &records, held, true);
        self.stage.store.apply(step).await.unwrap();
    }

    async fn get(&self, path: &str) -> Value {
        let answer = self.stage.get(path).role(Role::Operator).send().await;
        assert!(answer.status.is_success(), "{path}: {}", answer.text);
        answer.json()
    }

    async fn punches(&self, query: &str) -> Vec<Value> {
        self.get(&format!("/api/v1/punches?{query}")).await["items"].as_array().unwrap().clone()
    }

    async fn ask(&self, role: Role, path: &str, body: &Value) -> Answer {
        self.stage.post(path).json(body).role(role).send().await
    }
}

#[tokio::test]
async fn case_20_a_message_that_came_five_times_is_one_punch() {
    let desk = Desk::told(vec![message(&[row(7, "2026-11-20 08:00:00")]); 5]).await;

    let punches = desk.punches("").await;

    assert_eq!(punches.iter().map(|punch| &punch["seen"]).collect::<Vec<_>>(), [5]);
}

#[tokio::test]
async fn case_21_rows_that_repeat_within_a_message_are_one_punch() {
    let (one, other) = (row(7, "2026-11-20 08:00:00"), row(8, "2026-11-20 08:00:00"));
    let desk = Desk::told(vec![message(&[one.clone(), other, one])]).await;

    let mut seen: Vec<_> =
        desk.punches("").await.iter().map(|punch| (punch["number"].clone(), punch["seen"].clone())).collect();
    seen.sort_by_key(|(number, _)| number.as_u64());

    assert_eq!(seen, [(json!(7), json!(2)), (json!(8), json!(1))]);
}

#[tokio::test]
async fn case_26_a_row_of_the_year_2000_is_in_doubt_and_neither_computed_nor_sent_until_somebody_decides() {
    let desk = Desk::told(vec![message(&[row(7, "2000-01-01 00:00:00")])]).await;
    let to_hr = Connector { start_at_ms: 0, ..connector("hr") };
    desk.stage.store.add_connector(&to_hr).await.unwrap();
    let jobs = async || {
        // Nobody answers there; what is to be sent is decided before.
        drop(desk.stage.admin.exchange.serve("hr", Occasion::Due).await);
        desk.stage.store.jobs(&JobFilter::default(), None, 9).await.unwrap().len()
    };
    let days = async || desk.get("/api/v1/attendance?from=2026-11-20").await["items"].as_array().unwrap().len();

    let punch = desk.punches("only=in_doubt").await.remove(0);
    assert_eq!((&punch["doubts"], &punch["counts"]), (&json!(["clock_reset"]), &json!(false)));
    assert_eq!((punch["local_time"].as_str(), jobs().await, days().await), (Some("2000-01-01 00:00:00"), 0, 0));

    let path = format!("/api/v1/punches/{}/review", punch["key"].as_str().unwrap());
    let accepted = json!({ "is_accepted": true, "at": "2026-11-20T07:00:00Z", "comment": "she was seen" });
    let reviewed = desk.stage.request(axum::http::Method::PUT, &path).json(&accepted).role(Role::Operator).send().await;
    assert_eq!(reviewed.json()["counts"], true, "{}", reviewed.text);
    assert_eq!((jobs().await, days().await), (1, 1));
}

#[tokio::test]
async fn case_27_a_year_ahead_is_doubted_and_five_minutes_are_not() {
    let desk = Desk::told(vec![message(&[row(7, "2027-11-20 15:05:00"), row(8, "2026-11-20 15:10:00")])]).await;

    let punches = desk.punches("").await;

    assert_eq!((&punches[0]["doubts"], &punches[0]["counts"]), (&json!(["future"]), &json!(false)));
    assert_eq!((&punches[1]["doubts"], &punches[1]["counts"]), (&json!([]), &json!(true)));
}

#[tokio::test]
async fn case_45_a_name_with_html_or_a_formula_is_shown_as_it_is_and_computed_by_no_spreadsheet() {
    let names = ["<img src=x onerror=alert(1)>", r#"=HYPERLINK("http://x")"#];
    let named = |name: &str| LogRow { rest: json!({ "name": name }).to_string(), ..row(7, "2026-11-20 08:00:00") };
    let rows: Vec<LogRow> =
        names.iter().zip(7..).map(|(name, id)| LogRow { enrol_id: Some(id), ..named(name) }).collect();
    let desk = Desk::told(vec![message(&rows)]).await;

    let answer = desk.stage.get("/api/v1/punches").role(Role::Operator).send().await;
    let csv = desk.type_in("attendance punches --csv").await.out;

    let mut shown: Vec<_> = answer.json()["items"].as_array().unwrap().iter().map(|one| one["name"].clone()).collect();
    shown.sort_by_key(ToString::to_string);
    assert_eq!(shown, names);
    assert_eq!(answer.headers["content-type"], "application/json", "no browser takes it for a page");
    assert!(csv.contains("HYPERLINK") && !csv.contains(",=") && !csv.contains(",\"="), "{csv}");
}

#[tokio::test]
async fn case_51_a_time_that_came_twice_is_the_first_and_one_that_was_skipped_moves_on_and_both_say_so() {
    let desk = Desk::told(vec![message(&[row(7, "2026-10-25 02:30:00"), row(7, "2026-03-29 02:30:00")])]).await;

    let punches = desk.punches("").await;

    let shown = punches.iter().map(|punch| (punch["at"].as_str(), &punch["doubts"], &punch["counts"]));
    let expected = [
        (Some("2026-10-25T00:30:00.000Z"), &json!(["ambiguous"]), &json!(true)),
        (Some("2026-03-29T01:30:00.000Z"), &json!(["skipped"]), &json!(true)),
    ];
    assert_eq!(shown.collect::<Vec<_>>(), expected);
}

#[tokio::test]
async fn case_71_a_schedule_that_a_terminal_does_not_know_still_judges_its_days() {
    let desk = Desk::told(vec![message(&[row(7, "2026-11-20 09:00:00")])]).await;
    let office = json!({ "terminals": [ZX], "zone": "Europe/Paris", "days": { "friday": { "starts": "08:00", "ends": "17:00" } } });
    let path = "/api/v1/schedules/office";
    desk.stage.request(axum::http::Method::PUT, path).json(&office).role(Role::Operator).send().await;
    let given = desk.ask(Role::Operator, &format!("/api/v1/terminals/{ZX}/schedule"), &json!({})).await.json();
    let command = given["items"][0]["id"].as_str().unwrap().to_owned();
    let id: CommandId = command.parse().unwrap();

    let detail = "not supported: can not find this command; the hub's own schedule stays in force".to_owned();
    let outcome = CommandOutcome { id, state: OutcomeState::Failed, detail: detail.clone(), answer: None };
    desk.hear(vec![Reading::Outcome(outcome)], QueueId([2; 16])).await;

    let shown = desk.get(&format!("/api/v1/sites/metz/commands/{command}")).await;
    assert_eq!((shown["state"].as_str(), shown["detail"].as_str()), (Some("failed"), Some(detail.as_str())));
    let day = desk.get("/api/v1/attendance?from=2026-11-20").await["items"][0].clone();
    assert_eq!((&day["schedule"], &day["findings"][0]["is"]), (&json!("office"), &json!("late")), "{day}");
}

#[tokio::test]
async fn case_75_who_may_not_erase_a_terminal_is_refused_and_that_is_written_down() {
    let desk = Desk::told(Vec::new()).await;
    let path = format!("/api/v1/terminals/{ZX}/commands");
    let erase = json!({ "type": "erase_terminal", "data": { "what": "everything" } });

    for _ in 0..3 {
        assert_eq!(desk.ask(Role::Viewer, &path, &erase).await.code(), "forbidden");
    }
    let given = desk.ask(Role::Operator, &path, &erase).await.json();

    let diary = desk.type_in("diary").await.out;
    assert_eq!(diary.matches("asked for more").count(), 1, "{diary}");
    assert!(diary.contains("Account viewer is viewer") && diary.contains(&path), "{diary}");
    assert_eq!((&given["type"], &given["account"]), (&json!("erase_terminal"), &json!("operator")));
    let site = "metz".parse().unwrap();
    assert_eq!(desk.stage.store.commands(&site, None, 9).await.unwrap().len(), 1);
}
