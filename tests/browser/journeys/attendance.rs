//! Attendance: what has to be settled before anybody is paid.

use serde_json::json;

use crate::clocks::{Clocks, IN, OUT, WEEKDAYS, punched, wait_until_final, yesterday};
use crate::scene::{Scene, play};

/// A name that a spreadsheet would compute.
const FORMULA: &str = "=1+1";

/// The days for the pay office, from the address of the page's own form.
async fn export(scene: &Scene, which: &str) -> String {
    let date = yesterday();
    let path = format!("/attendance.csv?date={date}&through={date}&which={which}");
    let (status, text) = scene.browser.ask(&path).await;
    assert_eq!(status, 200, "{text}");
    text
}

/// The exit of a terminal whose clock had fallen back to its first year.
const RESET: &str = "2000-01-01 00:20:00";

/// Somebody came yesterday morning, and there is no exit that counts: none at all, or one at a time that cannot be.
async fn lack_an_exit(scene: &mut Scene, exit: Option<&str>) -> Clocks {
    let clocks = Clocks::open(scene, "allowed = [\"ZXTEST000417\"]").await;
    let shift = json!({ "starts": "08:00", "ends": "17:00", "tolerance_min": 5 });
    let week: serde_json::Map<_, _> = WEEKDAYS.map(|day| (day.to_owned(), shift.clone())).into_iter().collect();
    scene.put("/api/v1/schedules/office", json!({ "days": week })).await;
    let numbers = json!([{ "terminal": "ZXTEST000417", "number": 7 }]);
    scene.put("/api/v1/people/E7", json!({ "name": FORMULA, "numbers": numbers })).await;
    let terminal = clocks.terminal("ZXTEST000417", &[(7, "Ama")]);
    // In the middle of a minute: the box measures how wrong the terminal's clock is only to some seconds.
    let entry = (7, format!("{} 08:00:30", yesterday()), IN);
    let rows: Vec<_> = [entry].into_iter().chain(exit.map(|exit| (7, exit.to_owned(), OUT))).collect();
    punched(&terminal, &rows).await;
    wait_until_final(scene, yesterday()).await;
    clocks
}

/// Opens the review list; the day is not for the pay office yet.
async fn open_review(scene: &Scene) {
    let date = yesterday();
    scene.open(&format!("/attendance?date={date}")).await;
    scene.browser.wait_for_text("missing out").await;
    assert!(!export(scene, "").await.contains("1+1"), "a day that lacks its exit is not for the pay office");
    assert!(export(scene, "all").await.contains(&date.to_string()));
}

/// The day is settled, and goes to the pay office with its exit.
async fn assert_settled(scene: &Scene) {
    scene.browser.wait_for_text("Nothing to settle.").await;
    let text = export(scene, "").await;
    let row = text.lines().find(|line| line.contains("1+1")).unwrap_or_else(|| panic!("{text}"));
    assert!(row.starts_with("'=1+1,"), "a name stays a name: {row}");
    let date = yesterday();
    assert!(row.contains(&format!(",{date} 08:00,{date} 17:05,544,")), "the terminal's local times: {row}");
    assert!(row.contains("on time") && (row.ends_with("amended") || row.ends_with("final")), "{row}");
}

/// Settles the exit from the review list, and compares what goes to the pay office before and after.
async fn settle(scene: &Scene) {
    open_review(scene).await;
    let date = yesterday();

    scene.browser.set("input[type=datetime-local]", &format!("{date}T17:05")).await;
    scene.browser.fill("input[name=comment]", "battery was empty, confirmed by Ama").await;
    scene.browser.click(".cardlist form.fields button").await;

    scene.browser.wait_for_text("Decision saved.").await;
    assert_settled(scene).await;
}

#[tokio::test]
async fn journey_14_a_missing_exit_is_settled_from_the_review_list_and_the_day_goes_to_the_pay_office() {
    play(async |scene: &mut Scene| {
        let _clocks = lack_an_exit(scene, Some(RESET)).await;
        scene.speak("en").await;
        scene.log_in("max").await;
        settle(scene).await;
    })
    .await;
}

#[tokio::test]
async fn journey_14_without_scripts_the_same_works() {
    play(async |scene: &mut Scene| {
        let _clocks = lack_an_exit(scene, Some(RESET)).await;
        scene.speak("en").await;
        scene.browser.set_scripts(false).await;
        scene.log_in("max").await;
        settle(scene).await;
    })
    .await;
}

#[tokio::test]
async fn journey_14_an_exit_that_nobody_punched_is_added_with_a_reason() {
    play(async |scene: &mut Scene| {
        let _clocks = lack_an_exit(scene, None).await;
        scene.speak("en").await;
        scene.log_in("max").await;
        open_review(scene).await;

        scene.browser.click("ul[aria-labelledby=lacking] summary").await;
        let form = "ul[aria-labelledby=lacking] form";
        scene.browser.set(&format!("{form} input[type=datetime-local]"), &format!("{}T17:05", yesterday())).await;
        scene.browser.fill(&format!("{form} input[name=comment]"), "went to the dentist, told us on the phone").await;
        scene.browser.click(&format!("{form} button")).await;

        scene.browser.wait_for_text("Punch added").await;
        assert_settled(scene).await;
    })
    .await;
}
