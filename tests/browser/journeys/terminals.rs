//! Terminals: a schedule is changed and brought to several.

use serde_json::{Value, json};
use vigie_tests::terminals::Device;
use vigie_tests::terminals::device::Make;

use crate::clocks::{Clocks, IN, OUT, WEEKDAYS, days, punched, wait_until_final, yesterday};
use crate::scene::{Scene, play};

const KNOWS: &str = "ZXTEST000501";
const SAYS_NOTHING: &str = "ZXTEST000502";

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
        punched(&clock, &[(7, at("08:20:30"), IN), (7, at("17:01:30"), OUT)]).await;
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
