//! Cases 53 to 57: people enrolled at the keypad, and codes shown to the reader.

use serde_json::{Value, json};
use vigie_agent::terminals::Limits;
use vigie_shared::wire::reading::TerminalUser;

use super::scene::{Scene, ZX};

/// Credentials stay on the box's ledger only where the owner says why.
const KEEP_TEMPLATES: &str = "keep_templates = { reason = \"terminals are replaced often\" }";

fn enrolled(slot: i64, record: &Value) -> Value {
    json!({
        "cmd": "senduser", "sn": ZX, "enrollid": 1204, "name": "Ama K.", "backupnum": slot, "admin": 0, "record": record
    })
}

fn people(scene: &Scene) -> Vec<TerminalUser> {
    scene.users().into_iter().flat_map(|users| users.rows).collect()
}

#[tokio::test]
async fn case_53_every_credential_is_acknowledged_and_kept_verbatim_only_where_the_owner_wants_it() {
    let credentials = [
        (0, json!("aa(12)bb")),
        (10, json!(123_456)),
        (11, json!(3_390_021)),
        (20, json!("face")),
        (30, json!("palm")),
        (50, json!("/9j/4AAQ")),
    ];
    for (settings, is_kept) in [("", false), (KEEP_TEMPLATES, true)] {
        let scene = Scene::with(settings, Limits::default());
        let mut line = scene.registered(ZX).await;
        for (slot, record) in &credentials {
            let answer = line.ask(enrolled(*slot, record).to_string()).await.unwrap();
            assert_eq!((&answer["ret"], &answer["result"]), (&json!("senduser"), &json!(true)), "{slot}");
        }

        let people = people(&scene);
        assert_eq!(people.iter().map(|user| i64::from(user.slot)).collect::<Vec<_>>(), [0, 10, 11, 20, 30, 50]);
        for (user, (slot, record)) in people.iter().zip(&credentials) {
            let verbatim = record.as_str().map_or_else(|| record.to_string(), str::to_owned);
            assert_eq!(user.record, is_kept.then_some(verbatim), "{slot}");
            assert_eq!((user.enrol_id, user.name.as_deref()), (1204, Some("Ama K.")));
        }
    }
}

#[tokio::test]
async fn case_54_unknown_slots_text_for_admin_and_no_name_are_acknowledged() {
    let scene = Scene::start();
    let mut line = scene.registered(ZX).await;
    let mut odd = enrolled(0, &json!("aa"));
    odd["admin"] = json!("0");
    odd.as_object_mut().unwrap().remove("name");
    let all = [51, 40, 99, -1].map(|slot| enrolled(slot, &json!("aa")));
    for message in all.iter().chain([&odd]) {
        let answer = line.ask(message.to_string()).await.unwrap();
        assert_eq!((&answer["ret"], &answer["result"]), (&json!("senduser"), &json!(true)), "{message}");
    }

    let people = people(&scene);
    let slots: Vec<i32> = people.iter().map(|user| user.slot).collect();
    assert_eq!(slots, [51, 40, 99, 0], "-1 is no credential");
    assert_eq!((people[3].admin, people[3].name.as_deref()), (Some(0), None));
}

#[tokio::test]
async fn case_55_a_template_with_runs_of_zeros_is_kept_and_sent_back_byte_for_byte() {
    let template = "c51a(200)0b7f(3)e2";
    let scene = Scene::with(KEEP_TEMPLATES, Limits::default());
    let mut line = scene.registered(ZX).await;
    assert_eq!(line.ask(enrolled(3, &json!(template)).to_string()).await.unwrap()["result"], true);
    let kept = people(&scene)[0].record.clone().unwrap();

    let end = scene.begin(&json!({ "type": "set_terminal_users", "data": {
        "terminal": ZX, "users": [{ "enrol_id": 1204, "slot": 3, "record": kept }]
    }}));
    let mut sent = Vec::new();
    while let Some(command) = scene.next_command(&mut line, &end).await {
        sent.extend(command["record"].as_str().map(str::to_owned));
        line.say(json!({ "ret": command["cmd"], "result": true }).to_string()).await.unwrap();
    }

    assert_eq!((kept.as_str(), sent), (template, vec![template.to_owned()]));
    assert_eq!(end.outcome().await["state"], "succeeded");
}

#[tokio::test]
async fn case_56_four_hundred_people_in_a_burst_are_acknowledged_in_order() {
    let scene = Scene::start();
    let mut line = scene.registered(ZX).await;
    for id in 1..=424 {
        let mut message = enrolled(0, &json!("ab".repeat(800)));
        message["enrollid"] = json!(id);
        line.say(message.to_string()).await.unwrap();
    }

    for id in 1..=424 {
        let answer = line.json().await.unwrap();
        assert_eq!((&answer["ret"], &answer["result"]), (&json!("senduser"), &json!(true)), "{id}");
    }

    let ids: Vec<u64> = people(&scene).iter().map(|user| user.enrol_id).collect();
    assert_eq!(ids, (1..=424).collect::<Vec<u64>>());
}

#[tokio::test]
async fn case_57_any_code_shown_to_the_reader_gets_a_decision_and_no_error() {
    let scene = Scene::with("approve = true", Limits::default());
    let mut line = scene.registered(ZX).await;
    let people = [json!({ "enrol_id": 7 }), json!({ "enrol_id": 8, "ends": "2031-05-05 23:59:59" })];
    scene.enrol(&mut line, &json!(people)).await;
    let long = "9".repeat(10_000);

    let codes = [("7", 1), ("8", 0), ("9", 0), ("VISIT-5521", 0), (&long, 0), ("'; DROP TABLE punches; --", 0)];
    for (code, access) in codes {
        let answer = line.ask(json!({ "cmd": "sendqrcode", "sn": ZX, "record": code }).to_string()).await.unwrap();
        assert_eq!((&answer["ret"], &answer["result"]), (&json!("sendqrcode"), &json!(true)), "{code:.20}");
        assert_eq!(answer["access"], access, "{code:.20}");
    }
}
