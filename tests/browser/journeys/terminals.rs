//! Terminals: an unknown one is admitted and gets its people; a schedule is changed and brought to several.

use serde_json::{Value, json};
use vigie_shared::lifecycle::Lifecycle;
use vigie_tests::hr::books::Employee;
use vigie_tests::hr::{HrServer, Setup};
use vigie_tests::terminals::Device;
use vigie_tests::terminals::device::Make;

use crate::clocks::{Clocks, IN, OUT, days, punched, wait_until_final, yesterday};
use crate::scene::{Scene, play};

const NEW: &str = "ZXTEST000418";

/// A third party with four people, of whom its last list leaves one out.
async fn listed(scene: &Scene, lifecycle: &Lifecycle) -> HrServer {
    let hr = HrServer::start(Setup { people: 4, ..Setup::default() }, lifecycle).await.unwrap();
    let connector = json!({
        "name": "hr", "base": hr.base(), "users_endpoint": "/users", "attendance_endpoint": "/attendance",
        "auth": { "kind": "none" },
    });
    scene.hub.post("/api/v1/connectors", &connector).await.unwrap();
    let taken = json!({ "is_confirmed": true });
    scene.hub.post("/api/v1/connectors/hr/people", &taken).await.unwrap();
    hr.staff(Employee { is_active: false, ..Employee::new(3) });
    scene.hub.post("/api/v1/connectors/hr/people", &taken).await.unwrap();
    hr
}

/// Presses a button of the page that asks first, and says yes.
async fn act(scene: &Scene, button: &str) {
    let script = "[...document.querySelectorAll('main form.act button')].find(one =>
        one.textContent.startsWith(arguments[0])).click();";
    scene.browser.client.execute(script, vec![json!(button)]).await.unwrap();
    scene.confirm().await;
}

/// The people whom a preview names, with what would become of them.
async fn preview(scene: &Scene) -> Vec<Vec<String>> {
    let script = "return [...document.querySelectorAll('section[aria-labelledby=preview] tbody tr')].map(row =>
        [...row.children].map(cell => cell.textContent));";
    serde_json::from_value(scene.browser.run(script).await).unwrap()
}

#[tokio::test]
async fn journey_12_an_unknown_terminal_is_admitted_and_its_people_are_seen_before_they_are_sent() {
    play(async |scene: &mut Scene| {
        scene.hub.configure("[connectors]\nallow = [\"localhost\"]").unwrap();
        scene.hub.kill();
        scene.hub.start().await.unwrap();
        let lifecycle = Lifecycle::new();
        let clocks = Clocks::open(scene, &format!("[terminals.terminal.{NEW}]\nzone = \"Indian/Reunion\"")).await;
        let _hr = listed(scene, &lifecycle).await;
        let terminal = clocks.terminal(NEW, &[(1, "Person 1"), (2, "Somebody"), (3, "Person 3"), (9, "Guest")]);
        scene.speak("en").await;
        scene.log_in("max").await;
        scene.open("/terminals").await;
        scene.reload_until(NEW).await;
        let waiting = scene.browser.find("section[aria-labelledby=approve]").await.text().await.unwrap();
        assert!(waiting.contains(NEW) && waiting.contains("To approve"), "{waiting}");
        scene.browser.click(&format!("section[aria-labelledby=approve] a[href='/terminals/{NEW}']")).await;
        act(scene, "Admit").await;
        scene.browser.wait_for_text("Command given").await;
        terminal.until("its admission", Device::is_registered).await.unwrap();
        scene.reload_until("Fine").await;
        act(scene, "Ask for the list").await;
        scene.reload_until("Guest").await;

        let rows = preview(scene).await;
        let expected = [
            ["4", "added", "Person 4", ""],
            ["2", "changed", "Person 2", "Somebody"],
            ["3", "disabled", "Person 3", "Person 3"],
        ];
        assert_eq!(rows, expected);
        assert!(
            !terminal.with(|device| device.memory.users.contains_key(&4)),
            "nothing is sent before somebody says so"
        );
        act(scene, "Send to").await;
        terminal.until("the new person", |device| device.memory.users.contains_key(&4)).await.unwrap();
        assert!(terminal.with(|device| device.memory.users.contains_key(&9)), "whom nobody lists stays");
        lifecycle.stop();
    })
    .await;
}

const KNOWS: &str = "ZXTEST000501";
const SAYS_NOTHING: &str = "ZXTEST000502";

/// Names of weekdays as forms have them, from Monday on.
const WEEKDAYS: [&str; 7] = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];

/// What the page says of each terminal of the schedule.
async fn states(scene: &Scene) -> Value {
    let script = "return Object.fromEntries([...document.querySelectorAll('[id^=sent-] tbody tr')].map(row =>
        [row.querySelector('th').textContent.trim(), row.querySelector('.mark').textContent.trim()]));";
    scene.browser.run(script).await
}

async fn wait_for_state(scene: &Scene, serial: &str, state: &str) {
    let is_so = async || {
        scene.browser.client.refresh().await.unwrap();
        states(scene).await[serial] == state
    };
    let waited = vigie_tests::processes::wait_for(state, is_so).await;
    assert!(waited.is_ok(), "{serial} is not {state}: {}", states(scene).await);
}

/// How late somebody was yesterday, minutes; none if not late.
async fn lateness(scene: &Scene) -> Option<i64> {
    let day = days(scene, yesterday()).await.pop().unwrap();
    let late = day["findings"].as_array().unwrap().iter().find(|finding| finding["is"] == "late")?;
    late["minutes"].as_i64()
}

/// Lets the schedule's day of yesterday begin at nine, from today on or from an earlier day.
async fn begin_at_nine(scene: &Scene, from: Option<&str>) {
    let weekday = WEEKDAYS[usize::try_from(yesterday().weekday().to_monday_zero_offset()).unwrap()];
    scene.open("/schedules").await;
    scene.browser.unfold("#form-office").await;
    scene.browser.set(&format!("#form-office [name='days.{weekday}.starts']"), "09:00").await;
    if let Some(from) = from {
        scene.browser.set("#form-office [name=from]", from).await;
    }
    scene.browser.click("#form-office .send button").await;
    scene.confirm().await;
    scene.browser.wait_for_text("Schedule saved.").await;
}

#[tokio::test]
async fn journey_13_a_changed_schedule_is_told_of_at_each_terminal_and_yesterday_stays_as_it_was() {
    play(async |scene: &mut Scene| {
        let known = [KNOWS, SAYS_NOTHING];
        let lines: Vec<String> =
            known.iter().map(|serial| format!("[terminals.terminal.{serial}]\nschedules = true")).collect();
        let clocks = Clocks::open(scene, &format!("allowed = {known:?}\n{}", lines.join("\n"))).await;
        let shift = json!({ "starts": "08:00", "ends": "17:00", "tolerance_min": 5 });
        let weekday = WEEKDAYS[usize::try_from(yesterday().weekday().to_monday_zero_offset()).unwrap()];
        scene.put("/api/v1/schedules/office", json!({ "terminals": known, "days": { weekday: shift } })).await;
        let silent = clocks.terminal(SAYS_NOTHING, &[]);
        let clock = clocks.made(Make { knows_schedules: true, ..Make::honest(KNOWS) }, &[(7, "Ama")]);
        let at = |time: &str| format!("{} {time}", yesterday());
        punched(&clock, &[(7, at("08:20:00"), IN), (7, at("17:01:00"), OUT)]).await;
        silent.until("its acceptance", Device::is_registered).await.unwrap();
        wait_until_final(scene, yesterday()).await;
        assert_eq!(lateness(scene).await, Some(20));
        scene.speak("en").await;
        scene.log_in("max").await;
        scene.open("/schedules").await;
        scene.browser.wait_for_text(SAYS_NOTHING).await;
        assert_eq!(states(scene).await, json!({ KNOWS: "not sent", SAYS_NOTHING: "not sent" }));

        begin_at_nine(scene, None).await;
        assert_eq!(lateness(scene).await, Some(20), "yesterday is judged by the week that it had");
        for serial in [KNOWS, SAYS_NOTHING] {
            send(scene, serial).await;
        }
        wait_for_state(scene, KNOWS, "accepted").await;
        assert_eq!(states(scene).await[SAYS_NOTHING], "pending");
        begin_at_nine(scene, Some(&yesterday().to_string())).await;
        assert_eq!(lateness(scene).await, None, "yesterday was judged anew because somebody asked for it");
        wait_for_state(scene, SAYS_NOTHING, "no answer").await;
        assert_eq!(states(scene).await[KNOWS], "accepted");
    })
    .await;
}

/// Sends the schedule to one terminal.
async fn send(scene: &Scene, serial: &str) {
    scene.open("/schedules").await;
    let button = format!("form[action='/confirm/terminals_push_schedule']:has([value='{serial}']) button");
    scene.browser.click(&button).await;
    scene.confirm().await;
    scene.browser.wait_for_text("on its way").await;
}
