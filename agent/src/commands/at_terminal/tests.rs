//! Commands against a terminal over a real socket, with every answer that terminals are known to give.

use std::sync::Arc;

use serde_json::{Value, json};
use vigie_shared::wire::command::{
    DeleteTerminalUsers, EraseTerminal, Erased, GetTerminalLog, GetTerminalUsers, OpenDoor, SetTerminalSchedule,
    SetTerminalTime, SetTerminalUsers, WantedUser,
};
use vigie_shared::wire::reading::LogOrigin;

use crate::commands::{self, Act, Answer, Context, Failure};
use crate::config::AgentConfig;
use crate::terminals::Limits;
use crate::terminals::fake::Site;
use crate::testing::{Acts, Kept, command_context, underway};

/// Runs a command while a terminal answers; what the command said, and what the terminal was asked.
async fn run<A: Act>(
    site: &Site,
    act: impl FnOnce(&Context) -> A,
    parameters: A::Parameters,
    answer: impl Fn(&Value) -> Option<Value>,
) -> (Result<Answer, Failure>, Vec<Value>) {
    let folder = tempfile::tempdir().unwrap();
    let settings = AgentConfig::in_folder(folder.path().to_owned());
    let context = Context { terminals: site.terminals.clone(), ..command_context(settings, Arc::new(Acts::default())) };
    let terminal = site.terminal().await;
    let running = async {
        let ended = act(&context).run(&parameters, &underway(Arc::new(Kept::default()))).await;
        site.lifecycle.stop();
        ended
    };
    tokio::join!(running, terminal.answer(answer))
}

fn quick() -> Limits {
    Limits { answer_within: std::time::Duration::from_millis(100), ..Limits::default() }
}

#[expect(clippy::unnecessary_wraps, reason = "other answers of terminals may not come")]
fn done(_: &Value) -> Option<Value> {
    Some(json!({"result": true}))
}

fn named(heard: &[Value], cmd: &str) -> Vec<Value> {
    heard.iter().filter(|command| command["cmd"] == cmd).cloned().collect()
}

#[tokio::test]
async fn everybody_on_a_terminal_is_read_page_by_page_and_told() {
    let site = Site::open("{}");
    let page = |from: u64, to: u64| {
        let rows: Vec<Value> =
            (from..to).map(|id| json!({"enrollid": id + 1, "admin": "0", "backupnum": 11})).collect();
        json!({"result": true, "count": to - from, "from": from, "to": to, "record": rows})
    };
    let at = std::sync::atomic::AtomicU64::new(0);
    let answer = move |command: &Value| {
        if command["stn"] == true {
            at.store(0, std::sync::atomic::Ordering::SeqCst);
        }
        let from = at.load(std::sync::atomic::Ordering::SeqCst);
        let to = (from + 40).min(95);
        at.store(to, std::sync::atomic::Ordering::SeqCst);
        Some(page(from, to))
    };
    let parameters = GetTerminalUsers { terminal: "ZX1".to_owned(), enrol_id: None, names: false };

    let (ended, heard) =
        run(&site, |context| commands::get_terminal_users::new(&Default::default(), context), parameters, answer).await;

    let answer = ended.unwrap();
    assert!(answer.text.starts_with("95 people with 95 credentials"), "{}", answer.text);
    assert_eq!(heard.len(), 4);
    let users = site.shelf.users();
    assert_eq!(users.iter().map(|users| users.rows.len()).sum::<usize>(), 95);
    assert_eq!(users[0].stretch.unwrap().through, u64::MAX);
}

#[tokio::test]
async fn a_period_of_the_log_is_stored_as_asked_for() {
    let site = Site::open("{}");
    let row = json!({"enrollid": 7, "time": "2026-11-18 08:00:00", "mode": 1, "inout": 0, "event": 0});
    let answer = move |command: &Value| {
        let rows = if command["stn"] == true { vec![row.clone()] } else { Vec::new() };
        Some(json!({"result": true, "count": rows.len(), "from": 0, "to": rows.len(), "record": rows}))
    };
    let (from, to) = (Some("2026-11-18".to_owned()), Some("2026-11-18".to_owned()));
    let parameters = GetTerminalLog { terminal: "ZX1".to_owned(), from, to };

    let (ended, heard) =
        run(&site, |context| commands::get_terminal_log::new(&Default::default(), context), parameters, answer).await;

    assert_eq!(ended.unwrap().value.unwrap(), json!({"rows": 1, "is_complete": true}));
    assert_eq!((&heard[0]["cmd"], &heard[0]["from"]), (&json!("getalllog"), &json!("2026-11-18")));
    let log = site.shelf.readings().into_iter().find_map(|reading| match reading {
        vigie_shared::wire::Reading::TerminalLog(log) => Some(log),
        _ => None,
    });
    assert_eq!(log.unwrap().origin, LogOrigin::Asked);
}

#[tokio::test]
async fn names_go_in_fifties_and_hours_of_access_in_forties() {
    let site = Site::open("{}");
    let user = |enrol_id: u64| WantedUser {
        enrol_id,
        name: Some(format!("Éloïse {enrol_id}")),
        weekzone: (enrol_id <= 95).then_some(2),
        ..WantedUser::default()
    };
    let parameters = SetTerminalUsers { terminal: "ZX1".to_owned(), users: (1..=120).map(user).collect() };

    let (ended, heard) =
        run(&site, |context| commands::set_terminal_users::new(&Default::default(), context), parameters, done).await;

    assert!(ended.unwrap().text.starts_with("120 of 120 people"));
    let counts = |cmd: &str| named(&heard, cmd).iter().map(|sent| sent["count"].as_u64().unwrap()).collect::<Vec<_>>();
    assert_eq!((counts("setusername"), counts("setuserlock")), (vec![50, 50, 20], vec![40, 40, 15]));
    assert!(named(&heard, "setusername")[0]["record"][0]["name"] == "Éloïse 1");
}

#[tokio::test]
async fn what_became_of_each_person_is_told_truthfully() {
    let site = Site::open("{}");
    let user = |enrol_id: u64, slot: Option<i32>, record: Option<&str>| WantedUser {
        enrol_id,
        slot,
        record: record.map(str::to_owned),
        is_enabled: Some(false),
        ..WantedUser::default()
    };
    let users = vec![user(1, Some(11), Some("3390021")), user(2, Some(50), Some("/9j/")), user(0, None, None)];
    let answer = |command: &Value| {
        let is_photo = command["cmd"] == "setuserinfo" && command["backupnum"] == 50;
        Some(if is_photo { json!({"result": false, "reason": 6}) } else { json!({"result": true}) })
    };
    let parameters = SetTerminalUsers { terminal: "ZX1".to_owned(), users };

    let (ended, heard) =
        run(&site, |context| commands::set_terminal_users::new(&Default::default(), context), parameters, answer).await;

    let answer = ended.unwrap();
    let people = answer.value.unwrap()["people"].clone();
    assert!(answer.text.starts_with("1 of 3 people"), "{}", answer.text);
    assert_eq!(people[0], json!({"enrol_id": 1, "is_done": true}));
    assert_eq!(people[1]["problems"], json!(["there are several faces on the photo"]));
    assert!(people[2]["problems"][0].as_str().unwrap().starts_with("not tried"));
    assert_eq!(named(&heard, "setuserinfo")[0]["record"], 3_390_021);
    assert_eq!(named(&heard, "enableuser")[0]["enflag"], 0);
}

#[tokio::test]
async fn a_silent_terminal_is_not_asked_for_everybody() {
    let site = Site::with("{}", quick());
    let user = |enrol_id| WantedUser { enrol_id, is_enabled: Some(true), ..WantedUser::default() };
    let parameters = SetTerminalUsers { terminal: "ZX1".to_owned(), users: (1..=50).map(user).collect() };

    let (ended, heard) =
        run(&site, |context| commands::set_terminal_users::new(&Default::default(), context), parameters, |_| None)
            .await;

    assert!(matches!(ended, Err(Failure::Failed(text)) if text.contains("did not answer")));
    assert_eq!(heard.len(), 3, "one command, sent three times");
}

#[tokio::test]
async fn somebody_who_stays_after_being_deleted_is_deleted_in_other_ways() {
    let site = Site::open("{}");
    let deleted = std::sync::Mutex::new(Vec::new());
    let answer = move |command: &Value| {
        let mut deleted = deleted.lock().unwrap();
        if command["cmd"] == "deleteuser" {
            deleted.push(command["backupnum"].as_i64().unwrap());
            return Some(json!({"result": true}));
        }
        Some(json!({"result": !deleted.contains(&12)}))
    };
    let parameters = DeleteTerminalUsers { terminal: "ZX1".to_owned(), enrol_ids: vec![7], slot: None };

    let (ended, heard) =
        run(&site, |context| commands::delete_terminal_users::new(&Default::default(), context), parameters, answer)
            .await;

    assert!(ended.unwrap().text.starts_with("1 of 1 people are gone"));
    let slots: Vec<i64> = named(&heard, "deleteuser").iter().map(|sent| sent["backupnum"].as_i64().unwrap()).collect();
    assert_eq!(slots, [13, 12]);
}

#[tokio::test]
async fn somebody_who_cannot_be_deleted_is_said_to_be_there_still() {
    let site = Site::open("{}");
    let parameters = DeleteTerminalUsers { terminal: "ZX1".to_owned(), enrol_ids: vec![7], slot: None };
    let (ended, _) =
        run(&site, |context| commands::delete_terminal_users::new(&Default::default(), context), parameters, done)
            .await;
    assert!(matches!(ended, Err(Failure::Failed(text)) if text.contains("not confirmed")));
}

#[tokio::test]
async fn a_door_is_asked_to_open_once_and_never_again() {
    let site = Site::with("{}", quick());
    let parameters = OpenDoor { terminal: "ZX1".to_owned(), door: None };
    let (ended, heard) =
        run(&site, |context| commands::open_door::new(&Default::default(), context), parameters, |_| None).await;
    assert!(matches!(ended, Err(Failure::Failed(text)) if text.contains("not asked again")));
    assert_eq!(heard.len(), 1);
}

#[tokio::test]
async fn a_schedule_is_brought_only_where_the_owner_says_that_it_is_known() {
    let schedule = || SetTerminalSchedule { terminal: "ZX1".to_owned(), schedule: r#"{"weekday":0}"#.to_owned() };
    let site = Site::open("{}");
    let act = |context: &Context| commands::set_terminal_schedule::new(&Default::default(), context);
    let (ended, heard) = run(&site, act, schedule(), done).await;
    assert!(matches!(ended, Err(Failure::Refused(text)) if text.contains("does not know schedules")));
    assert!(heard.is_empty());

    let settings = r#"{"terminal":{"ZX1":{"schedules":true}}}"#;
    let site = Site::with(settings, quick());
    let (ended, _) = run(&site, act, schedule(), |_| None).await;
    assert!(matches!(ended, Err(Failure::Failed(text)) if text.starts_with("no answer")));

    let site = Site::open(settings);
    let unknown = |_: &Value| Some(json!({"result": false, "msg": "can not find this command"}));
    let (ended, heard) = run(&site, act, schedule(), unknown).await;
    assert!(matches!(ended, Err(Failure::Failed(text)) if text.starts_with("not supported: can not find")));
    assert_eq!(heard[0]["weekday"], 0);
}

#[tokio::test]
async fn the_time_is_set_in_the_terminals_zone_and_a_log_is_erased_by_its_own_word() {
    let site = Site::open("{}");
    let parameters = SetTerminalTime { terminal: "ZX1".to_owned() };
    let (ended, heard) =
        run(&site, |context| commands::set_terminal_time::new(&Default::default(), context), parameters, done).await;
    assert_eq!(ended.unwrap().text, "terminal ZX1 shows 2026-11-18 12:06:40");
    assert_eq!(heard[0]["cloudtime"], "2026-11-18 12:06:40");

    let site = Site::open("{}");
    let parameters = EraseTerminal { terminal: "ZX1".to_owned(), what: Erased::Log };
    let (ended, heard) =
        run(&site, |context| commands::erase_terminal::new(&Default::default(), context), parameters, done).await;
    assert_eq!(ended.unwrap().text, "the log is empty on terminal ZX1");
    assert_eq!(heard[0]["cmd"], "cleanlog");
}
