//! Events and spans: out of turn, in doubt, corrected.

use super::*;

/// An Odoo that keeps one record per IN: refuses an IN while one is open, and answers searches.
#[derive(Default)]
struct Odoo {
    /// Person, IN, OUT.
    records: Vec<(u64, String, Option<String>)>,
    loses_answers: usize,
}

impl Odoo {
    fn reply(&mut self, ask: &Ask) -> Reply {
        let body = ask.call.body.clone().unwrap_or_default();
        let answer = match ask.call.path.rsplit('/').next().unwrap() {
            "create" => self.create(&body["vals_list"][0]),
            "write" => {
                let id = usize::try_from(body["ids"][0].as_u64().unwrap()).unwrap();
                self.records[id - 1].2 = body["vals"]["check_out"].as_str().map(str::to_owned);
                says(200, &json!(true))
            }
            _ if ask.call.path.contains("employee") => {
                let people: Vec<Value> =
                    (1..=9).map(|id| json!({ "id": id + 1000, "name": "N", "barcode": id.to_string() })).collect();
                let is_first = body["offset"] == 0;
                says(200, &if is_first { json!(people) } else { json!([]) })
            }
            _ => self.search(&body["domain"]),
        };
        let is_change = ask.call.path.ends_with("create") || ask.call.path.ends_with("write");
        if is_change && self.loses_answers > 0 {
            self.loses_answers -= 1;
            return Err(Broken::Lost("the connection broke".to_owned()));
        }
        answer
    }

    fn create(&mut self, row: &Value) -> Reply {
        let person = row["employee_id"].as_u64().unwrap();
        if self.records.iter().any(|record| record.0 == person && record.2.is_none()) {
            return says(422, &json!({ "message": "d\u{e9}j\u{e0} point\u{e9}" }));
        }
        self.records.push((person, row["check_in"].as_str().unwrap().to_owned(), None));
        says(200, &json!([self.records.len()]))
    }

    fn search(&self, domain: &Value) -> Reply {
        let person = domain[0][2].as_u64().unwrap();
        let is_asked = |record: &(u64, String, Option<String>)| match domain[1].as_str() {
            Some(_) => domain[2][2] == json!(record.1) || domain[3][2] == json!(record.2),
            None => record.2.is_none(),
        };
        let found = (1..).zip(&self.records).filter(|(_, record)| record.0 == person && is_asked(record));
        says(200, &json!(found.map(|(id, _)| json!({ "id": id })).collect::<Vec<_>>()))
    }
}

async fn odoo(loses_answers: usize) -> (Stage, Arc<Mutex<Odoo>>) {
    let odoo = Arc::new(Mutex::new(Odoo { loses_answers, ..Odoo::default() }));
    let server = odoo.clone();
    let stage = Stage::new(of("odoo"), move |ask, _| server.lock().unwrap().reply(ask)).await;
    stage
        .store
        .put_connector_secrets("hr", &BTreeMap::from([("api_key".to_owned(), Some("k".to_owned()))]))
        .await
        .unwrap();
    stage.exchange.people("hr", PeopleWish::Take).await.unwrap();
    (stage, odoo)
}

fn at(person: u64, hour: i64, direction: Direction) -> Punch {
    punch(person, MORNING + hour * HOUR, Some(direction))
}

#[tokio::test]
async fn in_and_out_are_one_record() {
    let (stage, odoo) = odoo(0).await;
    stage.hear([at(7, 0, Direction::In), at(7, 4, Direction::Out)]).await;
    stage.serve().await;
    let records = odoo.lock().unwrap().records.clone();
    assert_eq!(records, [(1007, "2031-05-06 08:00:00".to_owned(), Some("2031-05-06 12:00:00".to_owned()))]);
    assert_eq!(stage.states().await, [JobState::Sent, JobState::Sent]);
}

#[tokio::test]
async fn a_record_whose_answer_was_lost_is_found_and_not_made_again() {
    let (stage, odoo) = odoo(1).await;
    stage.hear([at(7, 0, Direction::In)]).await;
    stage.serve().await;
    stage.hear([at(7, 4, Direction::Out)]).await;
    stage.serve_later().await;

    assert_eq!(odoo.lock().unwrap().records.len(), 1);
    assert!(odoo.lock().unwrap().records[0].2.is_some());
    assert!(stage.jobs().await.iter().all(|job| job.state == JobState::Sent && job.maybe_twice.is_none()));
}

#[tokio::test]
async fn a_forgotten_out_holds_its_person_until_it_arrives_and_nobody_else() {
    let (stage, odoo) = odoo(0).await;
    stage
        .hear([at(7, -24, Direction::In), at(7, 0, Direction::In), at(7, 9, Direction::Out), at(8, 0, Direction::In)])
        .await;
    stage.serve().await;

    let states = stage.states().await;
    assert_eq!(states.iter().filter(|state| **state == JobState::Parked).count(), 2, "{:?}", stage.jobs().await);
    assert_eq!(states.iter().filter(|state| **state == JobState::Sent).count(), 2);

    stage.hear([at(7, -15, Direction::Out)]).await;
    stage.serve_later().await;
    assert!(stage.states().await.iter().all(|state| *state == JobState::Sent), "{:?}", stage.jobs().await);
    let records = odoo.lock().unwrap().records.clone();
    let of_seven: Vec<_> = records
        .iter()
        .filter(|record| record.0 == 1007)
        .map(|record| (record.1.as_str(), record.2.as_deref()))
        .collect();
    let expected =
        [("2031-05-05 08:00:00", Some("2031-05-05 17:00:00")), ("2031-05-06 08:00:00", Some("2031-05-06 17:00:00"))];
    assert_eq!(of_seven, expected);
}

#[tokio::test]
async fn yesterdays_punches_repair_instead_of_blocking_today() {
    let (stage, odoo) = odoo(0).await;
    stage.hear([at(7, 0, Direction::In)]).await;
    stage.serve().await;
    stage.hear([at(7, -24, Direction::In), at(7, -15, Direction::Out)]).await;
    stage.serve().await;
    stage.hear([at(7, 9, Direction::Out)]).await;
    stage.serve().await;

    assert!(stage.states().await.iter().all(|state| *state == JobState::Sent), "{:?}", stage.jobs().await);
    let mut records = odoo.lock().unwrap().records.clone();
    records.sort();
    assert_eq!(
        records.iter().map(|record| record.2.as_deref().unwrap()).collect::<Vec<_>>(),
        ["2031-05-05 17:00:00", "2031-05-06 17:00:00"]
    );
}

#[tokio::test]
async fn an_out_without_an_in_is_shown_and_others_go_on() {
    let (stage, _odoo) = odoo(0).await;
    stage.hear([at(7, 0, Direction::Out), at(8, 1, Direction::In), at(7, 2, Direction::In)]).await;
    stage.serve().await;
    let jobs = stage.jobs().await;
    assert_eq!(jobs.iter().map(|job| job.state).collect::<Vec<_>>(), [JobState::Dead, JobState::Sent, JobState::Sent]);
    assert!(jobs[0].last_error.as_ref().unwrap().contains("no IN"));
}

#[tokio::test]
async fn a_late_punch_corrects_a_span_that_was_sent() {
    let kimai = Arc::new(Mutex::new(BTreeMap::<u64, Value>::new()));
    let server = kimai.clone();
    let cfg = [("project", "1"), ("activity", "2")].map(|(key, value)| (key.to_owned(), value.to_owned()));
    let stage = Stage::new(Connector { cfg: cfg.into(), ..of("kimai") }, move |ask, number| {
        let mut sheets = server.lock().unwrap();
        match (ask.call.method.as_str(), ask.call.path.as_str()) {
            ("GET", "/api/users") => {
                says(200, &json!([{ "id": 42, "username": "ama", "accountNumber": "7", "enabled": true }]))
            }
            ("GET", _) => {
                let begin = ask.call.query.iter().find(|(key, _)| key == "begin").unwrap().1.clone();
                let found = sheets
                    .iter()
                    .filter(|(_, sheet)| sheet["begin"] == json!(begin))
                    .map(|(id, _)| json!({ "id": id }));
                says(200, &Value::Array(found.collect()))
            }
            ("DELETE", path) => {
                sheets.remove(&path.rsplit('/').next().unwrap().parse().unwrap());
                Ok(Answer { status: 204, ..Answer::default() })
            }
            _ => {
                let id = u64::try_from(number).unwrap();
                sheets.insert(id, ask.call.body.clone().unwrap());
                says(200, &json!({ "id": id }))
            }
        }
    })
    .await;
    stage
        .store
        .put_connector_secrets("hr", &BTreeMap::from([("token".to_owned(), Some("t".to_owned()))]))
        .await
        .unwrap();
    stage.hear([at(7, 0, Direction::In), at(7, 9, Direction::Out)]).await;
    stage.serve().await;
    let ends = |stage: &Arc<Mutex<BTreeMap<u64, Value>>>| -> Vec<(String, String)> {
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let mut ends: Vec<_> =
            stage.lock().unwrap().values().map(|sheet| (text(&sheet["begin"]), text(&sheet["end"]))).collect();
        ends.sort();
        ends
    };
    assert_eq!(ends(&kimai), [("2031-05-06T08:00:00".to_owned(), "2031-05-06T17:00:00".to_owned())]);

    stage.hear([at(7, 4, Direction::Out), at(7, 5, Direction::In)]).await;
    stage.serve().await;

    let spans = ends(&kimai);
    assert_eq!(
        spans.iter().map(|(_, end)| end.as_str()).collect::<Vec<_>>(),
        ["2031-05-06T12:00:00", "2031-05-06T17:00:00"]
    );
    assert_eq!(spans[1].0, "2031-05-06T13:00:00");
}
