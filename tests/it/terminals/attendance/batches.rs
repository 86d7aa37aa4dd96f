//! How many rows a message announces, and in which form they come.

use serde_json::{Value, json};
use vigie_shared::wire::reading::LogRow;

use super::super::scene::{Scene, ZX, log, row};
use super::{NOW, rest, told};

#[tokio::test]
async fn case_30_a_wrong_count_stores_all_rows_and_acknowledges_the_smaller_number() {
    for (declared, acknowledged) in [(3, 2), (1, 1)] {
        let mut message: Value = serde_json::from_str(&log(ZX, &json!([row(7, NOW), row(8, NOW)]))).unwrap();
        message["count"] = json!(declared);
        let (answer, rows) = told(message.to_string()).await;

        assert_eq!((&answer["result"], &answer["count"]), (&json!(true), &json!(acknowledged)));
        assert_eq!(rows.len(), 2);
        assert!(rows.iter().all(|row| row.flags & LogRow::MISCOUNTED != 0));
    }
}

#[tokio::test]
async fn case_31_a_negative_count_is_refused_and_odd_spellings_are_tolerated() {
    for (count, is_accepted) in [(json!(-1), false), (json!("2"), true), (json!(2.0), true), (Value::Null, true)] {
        let mut message: Value = serde_json::from_str(&log(ZX, &json!([row(7, NOW), row(8, NOW)]))).unwrap();
        message["count"] = count.clone();
        if count.is_null() {
            message.as_object_mut().unwrap().remove("count");
        }
        let scene = Scene::start();
        let mut line = scene.registered(ZX).await;

        let answer = line.ask(message.to_string()).await.unwrap();

        assert_eq!(answer["result"], is_accepted, "{count}: {answer}");
        assert_eq!(scene.rows().len(), if is_accepted { 2 } else { 0 });
        if is_accepted {
            assert_eq!(answer["count"], 2);
        } else {
            drop(line);
            scene.until("the violation", |scene| scene.states().iter().any(|state| state.violations > 0)).await;
        }
    }
}

#[tokio::test]
async fn case_32_an_empty_message_is_acknowledged_with_0() {
    let (answer, rows) = told(log(ZX, &json!([]))).await;

    assert_eq!((&answer["ret"], &answer["result"], &answer["count"]), (&json!("sendlog"), &json!(true), &json!(0)));
    assert!(rows.is_empty());
}

#[tokio::test]
async fn case_33_one_row_may_stand_without_a_list_and_anything_else_is_refused() {
    for (record, stored) in [(row(7, NOW), 1), (Value::Null, 0), (json!("x"), 0)] {
        let (answer, rows) = told(log(ZX, &record)).await;
        assert_eq!((&answer["result"], rows.len()), (&json!(stored == 1), stored), "{record}");
    }
    let (answer, rows) = told(json!({ "cmd": "sendlog", "sn": ZX, "count": 1 }).to_string()).await;
    assert_eq!((&answer["result"], rows.len()), (&json!(false), 0));
}

#[tokio::test]
async fn case_41_a_message_without_a_number_of_its_own_is_acknowledged_without_one() {
    let mut message: Value = serde_json::from_str(&log(ZX, &json!([row(7, NOW)]))).unwrap();
    message.as_object_mut().unwrap().remove("logindex");

    let (answer, rows) = told(message.to_string()).await;

    assert_eq!((&answer["result"], answer.get("logindex"), rows.len()), (&json!(true), None, 1));
}

#[tokio::test]
async fn case_44_blanks_around_keys_and_commas_too_many_are_read_and_a_name_stays_as_it_is() {
    let text = format!(
        r#" {{"cmd":" sendlog ","sn":"{ZX}","count":2,"record":[
        {{"enrollid ":7,"time ":"{NOW}","mode":1,"name":"a,]b ,}}"}},{{"EnrollId":8,"time":"{NOW}",}},]}} "#
    );
    let (answer, rows) = told(text).await;

    assert_eq!((&answer["result"], &answer["count"]), (&json!(true), &json!(2)), "{answer}");
    assert_eq!((rows[0].enrol_id, rows[0].local_time.as_str(), rows[1].enrol_id), (Some(7), NOW, Some(8)));
    assert_eq!(rest(&rows[0])["name"], "a,]b ,}");
}
