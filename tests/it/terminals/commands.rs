//! Cases 58 to 76: one command in flight, answers that are odd, late or never come, and lists that end as they like.

mod answers;
mod lists;
mod people;

use std::time::Duration;

use serde_json::{Value, json};
use vigie_agent::config::AgentConfig;
use vigie_agent::terminals::Limits;
use vigie_tests::terminals::device::{Device, Make, Timers};
use vigie_tests::terminals::{Dialect, Fault, Heard, Line, Terminal};

use super::scene::{NOON_MS, Scene, ZX, done};

/// Terminals are given up soon.
fn impatient() -> Limits {
    let soon = Duration::from_millis(100);
    Limits { answer_within: soon, long_answer_within: soon, ..Limits::default() }
}

fn set(users: &Value) -> Value {
    json!({ "type": "set_terminal_users", "data": { "terminal": ZX, "users": users } })
}

fn person(command: &Value, id: u64, name: &str) -> Value {
    json!({
        "ret": command["cmd"], "result": true, "enrollid": id, "name": name, "backupnum": command["backupnum"],
        "admin": 0, "record": name
    })
}

/// A simulated terminal with so many people on it.
fn populated(people: u64, dialect: Dialect, faults: &[Fault]) -> Device {
    let timers = Timers { reconnect_ms: 10, ..Timers::default() };
    let make = Make { dialect, faults: faults.iter().copied().collect(), timers, ..Make::honest(ZX) };
    let mut device = Device::new(make, NOON_MS, 0);
    (1..=people).for_each(|id| device.memory.enrol(id, &format!("Person {id}"), 0, json!("aa(2)")));
    device.memory.unsent_users.clear();
    device
}

async fn running(scene: &Scene, device: Device) -> Terminal {
    let terminal = Terminal::start_device(device, scene.address, &scene.lifecycle);
    terminal.until("its acceptance", Device::is_registered).await.unwrap();
    terminal
}

/// The texts that a terminal hears until a command has ended, byte for byte.
async fn texts(scene: &Scene, line: &mut Line, order: &Value) -> Vec<String> {
    let end = scene.begin(order);
    let mut texts = Vec::new();
    while !end.is_over() {
        let heard = tokio::select! {
            biased;
            heard = line.hear() => heard.unwrap(),
            _ = end.outcome() => break,
        };
        if let Heard::Message(bytes) = heard {
            let command: Value = serde_json::from_slice(&bytes).unwrap();
            texts.push(String::from_utf8(bytes).unwrap());
            line.say(done(&command).to_string()).await.unwrap();
        }
    }
    texts
}

#[tokio::test]
async fn case_71_a_schedule_ends_as_not_answered_or_not_supported_and_nothing_loops() {
    let order = json!({ "type": "set_terminal_schedule", "data": { "terminal": ZX, "schedule": { "weekday": 0 } } });
    let settings = format!("[terminal.{ZX}]\nschedules = true");
    for (dialect, words) in [(Dialect::Classic, "no answer"), (Dialect::Aiface, "not support")] {
        let scene = Scene::with(&settings, impatient());
        let terminal = running(&scene, populated(1, dialect, &[])).await;

        let outcome = scene.begin(&order).outcome().await;

        assert_ne!(outcome["state"], "succeeded");
        assert!(outcome["text"].as_str().unwrap().contains(words), "{dialect:?}: {outcome}");
        let tries = terminal.with(|device| device.commands.iter().filter(|ask| ask["cmd"] == "setschedule").count());
        assert!((1..=4).contains(&tries), "{tries}");
    }
}

#[tokio::test]
async fn case_72_a_reader_that_a_killed_box_had_stopped_works_again_after_the_next_registration() {
    let scene = Scene::with(&format!("[terminal.{ZX}]\ndialect = \"aiface\""), Limits::default());
    let mut line = scene.registered(ZX).await;
    let end = scene.begin(&set(&json!([{ "enrol_id": 7, "name": "A", "slot": 0, "record": "aa" }])));
    let first = scene.next_command(&mut line, &end).await.unwrap();
    assert_eq!(first["cmd"], "disabledevice");
    line.say(done(&first).to_string()).await.unwrap();
    scene.next_command(&mut line, &end).await.unwrap();

    let scene = scene.killed_and_started();
    let mut line = scene.registered(ZX).await;

    assert_eq!(line.json().await.unwrap()["cmd"], "enabledevice");
}

#[tokio::test]
async fn case_75_erasing_a_terminal_is_for_whom_the_owner_lists_only() {
    let allowed = AgentConfig::default().commands.allowed;
    for name in ["erase_terminal", "open_door", "reboot_terminal"] {
        assert!(!allowed.includes(name), "{name}");
    }
    for name in ["get_terminal_users", "get_terminal_log", "set_terminal_time"] {
        assert!(allowed.includes(name), "{name}");
    }

    let scene = Scene::start();
    let mut line = scene.registered(ZX).await;
    let order = json!({ "type": "erase_terminal", "data": { "terminal": ZX, "what": "everything" } });
    let asked = texts(&scene, &mut line, &order).await;
    assert!(asked.iter().any(|text| text.contains("initsys")), "{asked:?}");
}

#[tokio::test]
async fn case_76_a_command_for_an_absent_terminal_ends_and_is_not_sent_when_it_comes_back() {
    let limits = Limits { answer_within: Duration::from_millis(50), ..Limits::default() };
    let scene = Scene::with("", limits);

    let end = scene.begin(&json!({ "type": "open_door", "data": { "terminal": ZX, "door": 1 } }));
    let outcome = end.outcome().await;
    let mut line = scene.registered(ZX).await;

    assert_ne!(outcome["state"], "succeeded", "{outcome}");
    // A command that still waited would be heard before the pong.
    line.settled().await.unwrap();
}
