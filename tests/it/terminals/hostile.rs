//! Cases 77 to 85: frames of people who mean harm, and of programs that know no better.

use std::time::Duration;

use serde_json::{Value, json};
use vigie_agent::terminals::Limits;
use vigie_shared::telemetry::{self, LogFile};
use vigie_shared::wire::reading::{AlarmKind, LogRow};
use vigie_tests::terminals::{Line, frame};

use super::scene::{OTHER, Scene, ZX, log, registration, row};

const NOW: &str = "2031-05-06 08:00:00";

/// Few messages may break the rules.
fn strict() -> Limits {
    Limits { violations_max: 5, ..Limits::default() }
}

/// Another terminal is served as if nothing had happened.
async fn assert_others_are_served(scene: &Scene) {
    let answer = scene.registered(OTHER).await.ask(log(OTHER, &json!([row(9, NOW)]))).await.unwrap();
    assert_eq!(answer["result"], true);
}

#[tokio::test]
async fn case_77_what_is_no_object_is_not_acknowledged_and_ends_the_connection_in_the_end() {
    let cut = r#"{"cmd":"sendlog","record":[{"enrollid":7"#;
    for text in ["not json", cut, "[]", "\"x\"", "null", "1", ""] {
        let scene = Scene::with("", strict());
        let mut line = scene.registered(ZX).await;
        for _ in 0..10 {
            // The connection may be gone by then.
            drop(line.say(text).await);
        }

        line.closed().await.unwrap();

        assert!(scene.logs().is_empty(), "{text}");
        assert_others_are_served(&scene).await;
    }
}

#[tokio::test]
async fn case_78_commands_and_answers_at_once_in_capitals_or_as_numbers_are_read_or_counted() {
    let scene = Scene::start();
    let mut line = scene.registered(ZX).await;
    let mut both: Value = serde_json::from_str(&log(ZX, &json!([row(7, NOW)]))).unwrap();
    both["ret"] = json!("gettime");
    let capitals = log(ZX, &json!([row(8, NOW)])).replace("\"sendlog\"", "\"SENDLOG\"");

    assert_eq!(line.ask(both.to_string()).await.unwrap()["ret"], "sendlog");
    assert_eq!(line.ask(capitals).await.unwrap()["result"], true);
    line.say(json!({ "sn": ZX }).to_string()).await.unwrap();
    line.say(json!({ "cmd": 7, "sn": ZX }).to_string()).await.unwrap();
    line.settled().await.unwrap();

    assert_eq!(scene.rows().len(), 2);
    drop(line);
    scene.until("two violations", |scene| scene.states().iter().any(|state| state.violations == 2)).await;
}

#[tokio::test]
async fn case_79_deep_nests_endless_numbers_and_double_keys_harm_nothing() {
    let deep = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
    let long = "9".repeat(1_000);
    let texts = [
        format!(r#"{{"cmd":"sendlog","sn":"{ZX}","count":1,"record":{deep}}}"#),
        format!(r#"{{"cmd":"sendlog","sn":"{ZX}","x":{deep},"record":[]}}"#),
        format!(r#"{{"cmd":"sendlog","sn":"{ZX}","count":{long},"record":[]}}"#),
        format!(r#"{{"cmd":"sendlog","sn":"{ZX}","count":NaN,"record":[]}}"#),
        format!(r#"{{"cmd":"sendlog","sn":"{ZX}","count":1,"record":[{{"enrollid":{long},"time":"{NOW}"}}]}}"#),
    ];
    let scene = Scene::start();
    for text in texts {
        let mut line = scene.registered(ZX).await;
        line.say(text).await.unwrap();
        // Answered, refused or passed over: but alive.
        line.say_bytes(&frame::message(frame::PING, b"")).await.unwrap();
        assert_others_are_served(&scene).await;
    }
    let mut line = scene.registered(ZX).await;
    let double =
        format!(r#"{{"cmd":"sendlog","sn":"{ZX}","count":1,"record":[{{"enrollid":1,"enrollid":2,"time":"{NOW}"}}]}}"#);
    assert_eq!(line.ask(double).await.unwrap()["result"], true);
    assert_eq!(scene.rows().last().unwrap().enrol_id, Some(2));
}

#[tokio::test]
async fn case_80_a_command_that_nobody_knows_is_stored_as_it_came_and_acknowledged() {
    let scene = Scene::start();
    let mut line = scene.registered(ZX).await;

    let answer = line.ask(json!({ "cmd": "sendgps", "sn": ZX, "location": "48.85,2.35" }).to_string()).await.unwrap();
    let huge = json!({ "cmd": "vicheckonline", "sn": ZX, "blob": "z".repeat(1_000_000) }).to_string();
    let huge = line.ask(huge).await.unwrap();

    assert_eq!((&answer["ret"], &answer["result"]), (&json!("sendgps"), &json!(true)));
    assert_eq!((&huge["ret"], &huge["result"]), (&json!("vicheckonline"), &json!(true)));
    let rows = scene.rows();
    assert!(rows.iter().all(|row| row.flags & LogRow::OTHER_MESSAGE != 0 && row.rest.len() < 32 * 1024));
    assert!(rows[0].rest.contains("48.85,2.35"), "{}", rows[0].rest);
}

#[tokio::test]
async fn case_81_bytes_are_read_like_text_and_garbage_in_them_ends_the_connection() {
    let scene = Scene::with("", strict());
    let mut line = scene.registered(ZX).await;

    line.say_bytes(&frame::message(frame::BINARY, log(ZX, &json!([row(7, NOW)])).as_bytes())).await.unwrap();
    assert_eq!(line.json().await.unwrap()["result"], true);
    for _ in 0..10 {
        // The connection may be gone by then.
        drop(line.say_bytes(&frame::message(frame::BINARY, &[0xde, 0xad, 0xbe, 0xef])).await);
    }

    line.closed().await.unwrap();
    assert_others_are_served(&scene).await;
}

#[tokio::test]
async fn case_82_a_message_in_a_thousand_pieces_is_read_and_who_trickles_is_closed() {
    let limits =
        Limits { silence_max: Duration::from_millis(300), ping_every: Duration::from_millis(100), ..Limits::default() };
    let scene = Scene::with("", limits);
    let mut line = scene.registered(ZX).await;
    let text = log(ZX, &json!((0..20).map(|id| row(id, NOW)).collect::<Vec<_>>()));
    let parts: Vec<&[u8]> = text.as_bytes().chunks(text.len().div_ceil(1_000).max(1)).collect();

    line.say_bytes(&frame::fragments(frame::TEXT, &parts)).await.unwrap();
    assert_eq!(line.json().await.unwrap()["count"], 20);

    line.answers_pings = false;
    let slow = frame::message(frame::TEXT, &[b' '; 10_000]);
    let mut pace = tokio::time::interval(Duration::from_millis(20));
    for byte in slow {
        pace.tick().await;
        if line.say_bytes(&[byte]).await.is_err() {
            break;
        }
    }
    line.closed().await.unwrap();
    assert_others_are_served(&scene).await;
}

#[tokio::test]
async fn case_83_frames_without_mask_floods_of_pings_and_long_farewells_end_the_connection() {
    let flood = frame::message(frame::PING, b"x").repeat(100_000);
    let farewell = frame::message(frame::CLOSE, &[b'x'; 100_000]);
    for (what, bytes) in [
        ("no mask", frame::unmasked(frame::TEXT, log(ZX, &json!([row(7, NOW)])).as_bytes())),
        ("a reserved bit", frame::masked(0xc1, b"{}")),
        ("a flood", flood),
        ("a farewell", farewell),
    ] {
        let scene = Scene::start();
        let mut line = scene.registered(ZX).await;
        // The connection may be gone by then.
        drop(line.say_bytes(&bytes).await);

        let code = line.closed().await.unwrap();

        assert!(matches!(code, None | Some(1002 | 1008)), "{what}: {code:?}");
        assert!(scene.logs().is_empty(), "{what}");
        assert_others_are_served(&scene).await;
    }
}

#[tokio::test]
async fn case_84_line_breaks_and_escapes_forge_nothing_that_people_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("agent.log");
    telemetry::start_with("trace", &LogFile { path: Some(path.clone()), ..LogFile::default() }).unwrap();
    let scene = Scene::start();
    let forged = "ZX\r\n2031-05-06 ERROR all is lost\u{1b}[2J";
    let mut stranger = scene.dial().await;
    let answer = stranger.ask(registration("@").replace('@', r"ZX\r\nERROR\u001b[2J")).await.unwrap();
    assert_eq!(answer["result"], false);
    let mut line = scene.registered(ZX).await;
    let mut odd = row(7, NOW);
    odd["name"] = json!(forged);
    assert_eq!(line.ask(log(ZX, &json!([odd]))).await.unwrap()["result"], true);
    assert_eq!(line.ask(json!({ "cmd": forged, "sn": ZX }).to_string()).await.unwrap()["result"], true);
    let other = registration(ZX).replace("tfs30", r"tfs\r\n2031-05-06 ERROR all is lost\u001b[2J");
    assert_eq!(scene.dial().await.ask(other).await.unwrap()["result"], true);
    scene.until("the alarm", |scene| scene.has_alarm(AlarmKind::TerminalChanged, ZX)).await;

    let log = std::fs::read_to_string(path).unwrap();
    let own = log.lines().find(|line| line.contains("shows other hardware")).expect("what was said stands in the log");
    assert!(own.contains("all is lost") && !own.contains("\u{1b}"), "{own:?}");
    for line in log.lines() {
        assert!(!line.starts_with("2031") && !line.chars().any(char::is_control), "{line:?}");
    }
    let texts = scene.alarms().into_iter().map(|alarm| alarm.text);
    let rows = scene.rows().into_iter().map(|row| row.rest);
    let states = scene.states().into_iter().map(|state| state.terminal);
    for text in texts.chain(rows).chain(states) {
        assert!(!text.chars().any(char::is_control), "{text:?}");
        assert!(!text.contains("\\u001b") && !text.contains("\\r"), "{text:?}");
    }
}

#[tokio::test]
async fn case_85_keys_with_a_meaning_elsewhere_are_plain_data() {
    let scene = Scene::start();
    let mut line = scene.registered(ZX).await;
    let mut odd = row(7, NOW);
    for key in ["__proto__", "constructor", "$where"] {
        odd[key] = json!({ "admin": true });
    }

    let answer = line.ask(log(ZX, &json!([odd]))).await.unwrap();

    assert_eq!(answer["result"], true);
    let rest: Value = serde_json::from_str(&scene.rows()[0].rest).unwrap();
    assert_eq!(rest["__proto__"], json!({ "admin": true }));
    assert_eq!(rest["$where"], json!({ "admin": true }));
    assert_others_are_served(&scene).await;
}

#[tokio::test]
async fn random_bytes_on_any_connection_harm_nobody_else() {
    let scene = Scene::start();
    for at in 0..20_u8 {
        let mut raw = Line::dial(scene.address).await.unwrap();
        let bytes: Vec<u8> = (0..2_000_u32).map(|index| at.wrapping_mul(31) ^ index.to_le_bytes()[0]).collect();
        // It may be hung up on while it speaks.
        drop(raw.say_bytes(&bytes).await);
    }

    assert_others_are_served(&scene).await;
}
