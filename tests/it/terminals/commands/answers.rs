//! Answers: in order, none, late, unasked for, and in odd words.

use serde_json::{Value, json};
use vigie_agent::terminals::reply::Order;

use super::super::scene::{Scene, ZX, done, log, row};
use super::{impatient, person};

fn about(id: u64) -> Order {
    Order::new("getuserinfo").with("enrollid", id).with("backupnum", 0)
}

fn names(asked: &[Value]) -> Vec<&str> {
    asked.iter().map(|command| command["cmd"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn case_58_two_questions_at_once_are_sent_one_after_the_other() {
    let scene = Scene::start();
    let mut line = scene.registered(ZX).await;
    let (one, two) = (scene.ask(about(1)), scene.ask(about(2)));
    let mut asked = Vec::new();

    for end in [&one, &two] {
        while !end.is_over() {
            let Some(command) = scene.next_command(&mut line, end).await else { break };
            // Another command would be heard before the pong.
            line.settled().await.unwrap();
            asked.push(command["enrollid"].as_u64().unwrap());
            line.say(person(&command, command["enrollid"].as_u64().unwrap(), "P").to_string()).await.unwrap();
        }
    }

    assert_eq!(
        (&one.outcome().await["state"], &two.outcome().await["state"]),
        (&json!("succeeded"), &json!("succeeded"))
    );
    assert!(asked.contains(&1) && asked.contains(&2), "{asked:?}");
}

#[tokio::test]
async fn case_59_a_command_without_an_answer_ends_and_a_door_is_never_asked_twice() {
    let scene = Scene::with("", impatient());
    let mut line = scene.registered(ZX).await;

    let open = scene.begin(&json!({ "type": "open_door", "data": { "terminal": ZX, "door": 1 } }));
    let doors = scene.serve(&mut line, &open, |_| None).await;
    let reboot = scene.begin(&json!({ "type": "reboot_terminal", "data": { "terminal": ZX } }));
    let reboots = scene.serve(&mut line, &reboot, |_| None).await;
    let time = scene.begin(&json!({ "type": "set_terminal_time", "data": { "terminal": ZX } }));
    let times = scene.serve(&mut line, &time, |_| None).await;
    let next = scene.begin(&json!({ "type": "set_terminal_time", "data": { "terminal": ZX } }));
    let after = scene.serve(&mut line, &next, |command| Some(done(command))).await;

    assert_eq!((names(&doors), &open.outcome().await["state"]), (vec!["opendoor"], &json!("failed")));
    assert_eq!(names(&reboots), ["reboot"]);
    assert!((2..=4).contains(&times.len()), "{times:?}");
    assert_eq!(time.outcome().await["state"], "failed");
    assert!(!after.is_empty());
}

#[tokio::test]
async fn case_60_an_answer_that_comes_too_late_is_not_taken_for_the_next_ones() {
    let scene = Scene::with("", impatient());
    let mut line = scene.registered(ZX).await;
    let first = scene.ask(about(1));
    let unanswered = scene.serve(&mut line, &first, |_| None).await;
    assert_ne!(first.outcome().await["state"], "succeeded");

    let second = scene.ask(about(2));
    let command = scene.next_command(&mut line, &second).await.unwrap();
    line.say(person(&unanswered[0], 1, "Late").to_string()).await.unwrap();
    line.say(person(&command, 2, "Right").to_string()).await.unwrap();
    scene.serve(&mut line, &second, |command| Some(person(command, 2, "Right"))).await;

    let outcome = second.outcome().await;
    assert_eq!(outcome["state"], "succeeded", "{outcome}");
    assert!(outcome["answer"].to_string().contains("Right"), "{outcome}");
    assert!(!outcome["answer"].to_string().contains("Late"), "{outcome}");
}

#[tokio::test]
async fn case_61_an_answer_that_nobody_asked_for_is_passed_over_and_counted() {
    let scene = Scene::start();
    let mut line = scene.registered(ZX).await;

    line.say(json!({ "ret": "getuserlist", "sn": ZX, "result": true, "count": 1, "record": [] }).to_string())
        .await
        .unwrap();
    line.settled().await.unwrap();
    let answer = line.ask(log(ZX, &json!([row(7, "2031-05-06 08:00:00")]))).await.unwrap();

    assert_eq!(answer["result"], true);
    drop(line);
    scene.until("the count", |scene| scene.states().iter().any(|state| state.violations == 1)).await;
}

#[tokio::test]
async fn case_62_an_answer_without_a_result_or_with_another_word_for_yes_is_success() {
    for result in [Value::Null, json!(1), json!("true")] {
        let scene = Scene::start();
        let mut line = scene.registered(ZX).await;
        let end = scene.begin(&json!({ "type": "set_terminal_time", "data": { "terminal": ZX } }));

        scene
            .serve(&mut line, &end, |command| {
                let mut answer = json!({ "ret": command["cmd"], "time": "2031-05-06 08:00:00", "result": result });
                if result.is_null() {
                    answer.as_object_mut().unwrap().remove("result");
                }
                Some(answer)
            })
            .await;

        assert_eq!(end.outcome().await["state"], "succeeded", "{result}");
    }
}

#[tokio::test]
async fn case_63_a_refusal_under_the_name_of_the_opposite_command_ends_the_right_one() {
    let scene = Scene::start();
    let mut line = scene.registered(ZX).await;
    let end = scene.begin(&json!({ "type": "get_terminal_info", "data": { "terminal": ZX } }));

    // Were it not taken, the command would be sent again or wait.
    let asked = scene
        .serve(&mut line, &end, |command| match command["cmd"].as_str() {
            Some("getdevlock") => Some(json!({ "ret": "setdevlock", "result": false, "reason": 1 })),
            _ => Some(done(command)),
        })
        .await;

    assert_eq!(names(&asked).iter().filter(|name| **name == "getdevlock").count(), 1, "{asked:?}");
    let outcome = end.outcome().await;
    assert_eq!(outcome["state"], "succeeded", "the rest is told: {outcome}");
}
