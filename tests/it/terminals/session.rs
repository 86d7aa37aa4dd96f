//! Cases 1 to 16: who may speak, for how long, and under which name.

use std::time::Duration;

use serde_json::{Value, json};
use vigie_agent::terminals::Limits;
use vigie_shared::wire::reading::{AlarmKind, Standing};
use vigie_tests::effort;
use vigie_tests::terminals::device::{Device, Make};
use vigie_tests::terminals::{Line, Terminal, Upgrade};

use super::scene::{NOON_MS, OTHER, Scene, ZX, log, registration, row};

#[tokio::test]
async fn case_01_the_answer_to_a_registration_goes_out_first_and_queued_commands_follow_one_at_a_time() {
    let scene = Scene::start();
    let mut line = scene.dial().await;
    let order = json!({ "type": "set_terminal_time", "data": { "terminal": ZX } });
    let given = [scene.begin(&order), scene.begin(&order), scene.begin(&order)];

    let first = line.ask(registration(ZX)).await.unwrap();
    assert_eq!(first["ret"], "reg", "{first}");
    assert_eq!((&first["result"], &first["cloudtime"]), (&json!(true), &json!("2031-05-06 08:00:00")));
    let mut asked = Vec::new();
    for end in given {
        while !end.is_over() {
            let Some(command) = scene.next_command(&mut line, &end).await else { break };
            // Nothing comes before the answer: a pong is the next thing heard.
            line.settled().await.unwrap();
            asked.push(command["cmd"].as_str().unwrap().to_owned());
            line.say(json!({ "ret": command["cmd"], "result": true }).to_string()).await.unwrap();
        }
        assert_eq!(end.outcome().await["state"], "succeeded");
    }

    assert_eq!(asked, ["settime", "settime", "settime"]);
}

#[tokio::test]
async fn case_02_an_unknown_terminal_is_refused_with_words_and_waits_for_approval() {
    let scene = Scene::start();
    let mut line = scene.dial().await;

    let answer = line.ask(registration("NOBODY1")).await.unwrap();
    assert_eq!(answer["result"], false, "{answer}");
    assert!(answer["reason"].as_str().is_some_and(|reason| !reason.is_empty()), "{answer}");
    scene.until_refused(&mut line, log("NOBODY1", &json!([row(7, "2031-05-06 08:00:00")]))).await;

    scene
        .until("the pending list", |scene| {
            scene.states().iter().any(|state| state.terminal == "NOBODY1" && state.standing == Standing::Pending)
        })
        .await;
    scene.until("the alarm", |scene| scene.has_alarm(AlarmKind::TerminalPending, "NOBODY1")).await;
    assert!(scene.logs().is_empty());
    scene.terminals.admit(&"NOBODY1".parse().unwrap(), true).await.unwrap();
    assert_eq!(scene.dial().await.ask(registration("NOBODY1")).await.unwrap()["result"], true);
}

#[tokio::test]
async fn case_03_floods_of_unknown_terminals_cost_little_and_leave_approved_ones_alone() {
    let scene = Scene::start();
    let mut honest = scene.registered(ZX).await;

    for at in 0..effort(500, 100_000) {
        let mut line = scene.dial().await;
        // It may be hung up on: that is the point.
        drop(line.ask(registration(&format!("R{at:011}"))).await);
        if at % 50 == 0 {
            let answer = honest.ask(log(ZX, &json!([row(at as u64, "2031-05-06 08:00:00")]))).await.unwrap();
            assert_eq!(answer["result"], true);
        }
    }

    let pending = scene.states().iter().filter(|state| state.standing == Standing::Pending).count();
    assert!(pending <= scene.pending_max(), "{pending} are on the list");
    assert!(scene.alarms().len() <= scene.pending_max(), "{} alarms", scene.alarms().len());
}

#[tokio::test]
async fn case_04_rows_before_a_registration_are_refused_and_not_stored() {
    let scene = Scene::start();
    let mut line = scene.dial().await;

    scene.until_refused(&mut line, log(ZX, &json!([row(7, "2031-05-06 08:00:00")]))).await;

    assert!(scene.logs().is_empty());
}

#[tokio::test]
async fn case_05_who_never_registers_is_closed() {
    let limits = Limits { register_within: Duration::from_millis(100), ..Limits::default() };
    let scene = Scene::with("", limits);

    let mut silent = scene.dial().await;

    silent.closed().await.unwrap();
    assert_eq!(Limits::default().register_within, Duration::from_secs(30));
}

#[tokio::test]
async fn case_06_a_second_registration_on_one_connection_is_acknowledged_and_disturbs_no_command() {
    let scene = Scene::start();
    let mut line = scene.registered(ZX).await;
    let end = scene.begin(&json!({ "type": "set_terminal_time", "data": { "terminal": ZX } }));
    let command = scene.next_command(&mut line, &end).await.unwrap();

    let again = line.ask(registration(ZX)).await.unwrap();
    line.say(json!({ "ret": command["cmd"], "result": true }).to_string()).await.unwrap();

    assert_eq!((&again["ret"], &again["result"]), (&json!("reg"), &json!(true)));
    assert_eq!(end.outcome().await["state"], "succeeded");
}

#[tokio::test]
async fn case_07_the_newest_connection_wins_and_the_end_of_the_old_one_does_not_count() {
    let scene = Scene::start();
    let mut old = scene.registered(ZX).await;

    let mut new = scene.registered(ZX).await;
    old.closed().await.unwrap();

    let answer = new.ask(log(ZX, &json!([row(7, "2031-05-06 08:00:00")]))).await.unwrap();
    assert_eq!(answer["result"], true);
    new.settled().await.unwrap();
    assert!(scene.states().iter().rfind(|state| state.terminal == ZX).is_none_or(|state| state.is_connected));
    drop(new);
    scene.until("the end of the new one", |scene| scene.is_offline(ZX)).await;
}

#[tokio::test]
async fn case_08_a_half_open_connection_is_closed_shown_offline_and_its_command_ends() {
    let limits =
        Limits { ping_every: Duration::from_millis(50), silence_max: Duration::from_millis(200), ..Limits::default() };
    let scene = Scene::with("", limits);
    let mut line = scene.registered(ZX).await;
    line.answers_pings = false;
    let end = scene.begin(&json!({ "type": "set_terminal_time", "data": { "terminal": ZX } }));

    line.closed().await.unwrap();

    scene.until("the terminal's absence", |scene| scene.is_offline(ZX)).await;
    assert_ne!(end.outcome().await["state"], "succeeded");
    assert_eq!(Limits::default().silence_max, Duration::from_secs(90));
}

#[tokio::test]
async fn case_09_other_hardware_under_a_known_name_raises_an_alarm_and_is_refused_if_strict() {
    let other = || registration(ZX).replace("8800112233", "8800119999").replace("0C-0D-0E", "0C-0D-99");
    for (settings, is_accepted) in [("", true), ("strict = true", false)] {
        let scene = Scene::with(settings, Limits::default());
        drop(scene.registered(ZX).await);

        let answer = scene.dial().await.ask(other()).await.unwrap();

        assert_eq!(answer["result"], is_accepted, "{settings}: {answer}");
        scene.until("the alarm", |scene| scene.has_alarm(AlarmKind::TerminalChanged, ZX)).await;
    }
}

#[tokio::test]
async fn case_10_a_message_under_another_name_is_nobodys_and_ends_the_connection() {
    let scene = Scene::start();
    let mut line = scene.registered(ZX).await;
    let _other = scene.registered(OTHER).await;

    line.say(log(OTHER, &json!([row(7, "2031-05-06 08:00:00")]))).await.unwrap();
    line.closed().await.unwrap();

    assert!(scene.logs().is_empty());
    scene.until("the note of it", |scene| scene.has_alarm(AlarmKind::TerminalUnruly, ZX)).await;
}

#[tokio::test]
async fn case_11_sixty_terminals_behind_one_address_are_all_served() {
    let serials: Vec<String> = (0..60).map(|at| format!("NAT{at:03}")).collect();
    let scene = Scene::admitting(&serials);
    let terminals: Vec<Terminal> = serials
        .iter()
        .map(|serial| {
            let mut device = Device::new(Make::honest(serial), NOON_MS, 0);
            (1..=120).for_each(|id| drop(device.punch(id, 0)));
            Terminal::start_device(device, scene.address, &scene.lifecycle)
        })
        .collect();

    for terminal in &terminals {
        terminal.until("the whole backlog", |device| device.memory.unread() == 0).await.unwrap();
    }

    assert_eq!(scene.punches().len(), 60 * 120);
}

#[tokio::test]
async fn case_12_only_the_terminals_paths_are_there() {
    let scene = Scene::start();
    for (path, status) in [("/pub/chat", 101), ("/", 101), ("/admin", 404), ("/pub/chat/../../etc", 404)] {
        let mut line = Line::dial(scene.address).await.unwrap();
        let answer = line.upgrade(&Upgrade { path: path.to_owned(), ..Upgrade::default() }).await.unwrap();
        assert_eq!(answer.status, status, "{path}");
    }
}

#[tokio::test]
async fn case_13_no_origin_is_wanted_and_neither_sub_protocol_nor_compression_is_agreed() {
    let scene = Scene::start();
    let mut line = Line::dial(scene.address).await.unwrap();
    let offers = ["Sec-WebSocket-Protocol: x", "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits"];
    let upgrade = Upgrade { headers: offers.map(str::to_owned).into(), ..Upgrade::default() };

    let answer = line.upgrade(&upgrade).await.unwrap();

    assert_eq!(answer.status, 101);
    assert_eq!(answer.headers.get("sec-websocket-protocol"), None);
    assert_eq!(answer.headers.get("sec-websocket-extensions"), None);
    assert_eq!(line.ask(registration(ZX)).await.unwrap()["result"], true);
}

#[tokio::test]
async fn case_14_what_is_no_serial_number_is_refused_and_named_nowhere_as_it_is() {
    let scene = Scene::start();
    let long = "9".repeat(200);
    let bad = [json!(""), json!(long), json!("../../etc"), json!("A\u{0}B"), json!("<b>"), json!(12345), Value::Null];
    for serial in bad {
        let mut line = scene.dial().await;
        let answer = line.ask(json!({ "cmd": "reg", "sn": serial }).to_string()).await.unwrap();
        assert_eq!((&answer["ret"], &answer["result"]), (&json!("reg"), &json!(false)), "{serial}");
    }

    let said: Vec<String> = scene.alarms().into_iter().map(|alarm| alarm.text).collect();
    assert!(!said.iter().any(|text| text.contains(['\0', '<']) || text.contains("../")), "{said:?}");
    assert!(scene.states().iter().all(|state| state.terminal.bytes().all(|byte| byte.is_ascii_alphanumeric())));
}

#[tokio::test]
async fn case_15_a_registration_without_or_with_senseless_devinfo_is_accepted() {
    let scene = Scene::start();
    let senseless = json!({ "usersize": -5, "logsize": "many", "usedlog": {}, "time": 5, "mac": null, "firmware": [] });
    for devinfo in [None, Some(json!([])), Some(senseless)] {
        let mut message = json!({ "cmd": "reg", "sn": ZX });
        if let Some(devinfo) = devinfo {
            message["devinfo"] = devinfo;
        }
        assert_eq!(scene.dial().await.ask(message.to_string()).await.unwrap()["result"], true, "{message}");
    }

    scene.until("its state", |scene| scene.states().iter().any(|state| state.terminal == ZX)).await;
    let room = scene.states().into_iter().flat_map(|state| state.room);
    assert!(room.into_iter().all(|room| room.capacity.is_none_or(|capacity| capacity < 1 << 32)));
}

#[tokio::test]
async fn case_16_a_clock_three_hours_off_is_measured_before_it_is_set_and_shown() {
    let scene = Scene::start();
    let message = registration(ZX).replace("2031-05-06 08:00:00", "2031-05-06 11:00:00");

    let answer = scene.dial().await.ask(message).await.unwrap();

    assert_eq!(answer["result"], true);
    let is_ahead = |ahead_ms: i64| (ahead_ms - 3 * 3_600_000).abs() < 2_000;
    scene
        .until("the measured difference", |scene| {
            scene.states().iter().any(|state| state.clock_ahead_ms.is_some_and(is_ahead))
        })
        .await;
    scene.until("the warning", |scene| scene.has_alarm(AlarmKind::TerminalClock, ZX)).await;
}
