//! People from lists, tokens, and comparing records.

use super::*;

fn people(numbers: &[u64]) -> Value {
    json!({ "users": numbers.iter().map(|number| json!({ "enrollid": number, "name": "N" })).collect::<Vec<_>>() })
}

#[tokio::test]
async fn a_look_changes_nobody_and_a_shrunken_list_takes_nobody_away() {
    let lists = Arc::new(Mutex::new(people(&[1, 2, 3, 4, 5])));
    let server = lists.clone();
    let stage = Stage::new(of("default"), move |_, _| says(200, &server.lock().unwrap())).await;

    let look = stage.exchange.people("hr", PeopleWish::Look).await.unwrap();
    assert_eq!((look.changes.added.len(), stage.store.listed_people("hr").await.unwrap().len()), (5, 0));
    stage.exchange.people("hr", PeopleWish::Take).await.unwrap();
    *lists.lock().unwrap() = people(&[]);
    let held = stage.exchange.people("hr", PeopleWish::Take).await.unwrap();
    let gone = |stage: &Stage| {
        let store = stage.store.clone();
        async move { store.listed_people("hr").await.unwrap().values().filter(|one| one.is_gone).count() }
    };
    assert_eq!((held.changes.gone.len(), gone(&stage).await), (5, 0));
    assert!(stage.standing().await.people_note.unwrap().contains("confirm"));
    stage.exchange.people("hr", PeopleWish::TakeConfirmed).await.unwrap();
    assert_eq!(gone(&stage).await, 5);
    assert_eq!(stage.store.listed_people("hr").await.unwrap().len(), 5, "nobody is removed");
}

#[tokio::test]
async fn a_list_that_cannot_be_read_changes_nobody_and_holds_up_no_row() {
    let stage =
        Stage::new(of("default"), |ask, _| if is_push(ask) { says(200, &json!({})) } else { says(500, &json!({})) })
            .await;
    stage.hear([punch(7, MORNING, None)]).await;
    let report = stage.serve().await;
    assert_eq!((report.halted, stage.states().await), (None, vec![JobState::Sent]));
    assert!(stage.standing().await.people_note.unwrap().contains("nobody was changed"));
}

const ROTATING: &str = "[connector]\nname = 'x'\n[auth]\nkind = 'refresh'\npath = '/token'\n\
    [push]\nunit = 'punch'\nsend = { method = 'POST', path = '/rows', body = { id = '{enrollid}' } }\n";

fn rotating() -> Connector {
    Connector { mapping: MappingChoice::Own("own.toml".to_owned(), ROTATING.to_owned()), ..connector("hr") }
}

#[tokio::test]
async fn a_rotated_token_is_kept_before_it_is_used_and_fetched_once() {
    let stage = Stage::new(rotating(), |ask, _| {
        let bearer = ask.credentials.first().map(|(_, value)| value.clone()).unwrap_or_default();
        match (ask.call.path.as_str(), bearer.as_str()) {
            ("/token", _) => {
                let next = ask.call.body.as_ref().unwrap()["refresh_token"].as_str().unwrap().to_owned() + "+";
                says(200, &json!({ "access_token": format!("for {next}"), "refresh_token": next, "expires_in": 3600 }))
            }
            (_, "Bearer for r++") => says(200, &json!({})),
            _ => says(401, &json!({})),
        }
    })
    .await;
    let secret = BTreeMap::from([
        ("refresh_token".to_owned(), Some("r".to_owned())),
        ("access_token".to_owned(), Some("old".to_owned())),
    ]);
    stage.store.put_connector_secrets("hr", &secret).await.unwrap();
    stage.hear([punch(7, MORNING, None)]).await;

    let stopped = stage.serve().await;
    assert!(stopped.halted.is_some(), "a fresh token that is refused is no reason to fetch another");
    assert_eq!(stage.bodies("/token").len(), 1);
    let kept = stage.store.connector_secrets("hr").await.unwrap();
    assert_eq!((kept["refresh_token"].as_str(), kept["access_token"].as_str()), ("r+", "for r+"));

    stage.clock.advance(Duration::from_secs(3600));
    stage.exchange.serve("hr", Occasion::Asked).await.unwrap();
    assert_eq!(stage.states().await, [JobState::Sent]);
    assert_eq!(stage.bodies("/token").len(), 2);
}

#[tokio::test]
async fn a_refused_login_stops_at_once() {
    let stage = Stage::new(rotating(), |_, _| says(400, &json!({ "error": "invalid_grant" }))).await;
    stage
        .store
        .put_connector_secrets("hr", &BTreeMap::from([("refresh_token".to_owned(), Some("r".to_owned()))]))
        .await
        .unwrap();
    stage.hear([punch(7, MORNING, None)]).await;
    stage.serve().await;
    stage.serve_later().await;
    assert_eq!((stage.bodies("/token").len(), stage.states().await), (1, vec![JobState::Pending]));
    assert!(stage.standing().await.stopped.unwrap().reason.contains("invalid_grant"));
}

#[tokio::test]
async fn what_is_missing_there_is_found_by_comparing() {
    let stage = Stage::new(of("erpnext"), |ask, number| match ask.call.path.as_str() {
        "/api/resource/Employee" if number < 3 => {
            says(200, &json!({ "data": [{ "name": "E7", "attendance_device_id": "7", "status": "Active" }] }))
        }
        "/api/resource/Employee Checkin" if number < 7 => {
            says(200, &json!({ "data": [{ "employee": "E7", "time": "2031-05-06 09:00:00" }] }))
        }
        path if path.contains("add_log") => says(200, &json!({ "message": { "name": "C1" } })),
        _ => says(200, &json!({ "data": [] })),
    })
    .await;
    let secrets =
        BTreeMap::from([("key".to_owned(), Some("k".to_owned())), ("secret".to_owned(), Some("s".to_owned()))]);
    stage.store.put_connector_secrets("hr", &secrets).await.unwrap();
    stage.exchange.people("hr", PeopleWish::Take).await.unwrap();
    stage.hear([punch(7, MORNING, None)]).await;
    stage.serve().await;

    let found = stage.exchange.reconcile("hr", (MORNING - 8 * HOUR, MORNING + 16 * HOUR)).await.unwrap();

    assert_eq!(found.differences.len(), 1);
    assert_eq!(
        (found.differences[0].missing_ms.as_slice(), found.differences[0].foreign_ms.as_slice()),
        ([MORNING].as_slice(), [MORNING + HOUR].as_slice())
    );
}
