//! A time clock that nobody knows: it is looked at, admitted, told where it stands, and given its people.

use serde_json::json;
use vigie_tests::hr::books::Employee;
use vigie_tests::hr::{HrServer, Setup};
use vigie_tests::processes::wait_for;
use vigie_tests::terminals::Device;

use crate::clocks::{Clocks, ZONE};
use crate::scene::{Scene, play_configured};

const CLOCK: &str = "ZXTEST000417";
/// Where the clock really stands.
const ISLAND: &str = "Indian/Reunion";
const SETTINGS: &str = "[connectors]\nallow = [\"localhost\"]";

/// What the preview says of each person by number: what would become of them, and their name.
async fn preview(scene: &Scene) -> serde_json::Value {
    let script =
        "return Object.fromEntries([...document.querySelectorAll('[aria-labelledby=preview] tbody tr')].map(row =>
        [row.querySelector('th').textContent, [...row.querySelectorAll('td')].map(cell => cell.textContent)]));";
    scene.browser.run(script).await
}

/// The names on a terminal, by number.
fn names(device: &Device) -> Vec<String> {
    device.memory.users.values().map(|user| user.name.clone()).collect()
}

/// An HR system with three people, of whom one has left since the hub read them first.
async fn read_people(scene: &Scene, hr: &HrServer) {
    let connector =
        json!({ "name": "paie", "base": hr.base(), "users_endpoint": "/users", "attendance_endpoint": "/attendance" });
    scene.hub.post("/api/v1/connectors", &connector).await.unwrap();
    scene.hub.post("/api/v1/connectors/paie/people", &json!({})).await.unwrap();
    hr.staff(Employee { is_active: false, ..Employee::new(3) });
}

/// Takes the list over by the connector's page, although a third of the people has left.
async fn take_over(scene: &Scene) {
    scene.open("/connectors/paie").await;
    scene.browser.click("form[action='/confirm/connectors_take_people'] button").await;
    scene.confirm().await;
    scene.browser.wait_for_text("1 of 3 people would go at once").await;
    scene.open("/connectors/paie").await;
    scene.browser.click("form[action='/confirm/connectors_take_anyway'] button").await;
    scene.confirm().await;
    scene.browser.wait_for_text("The people are read.").await;
}

#[tokio::test]
async fn journey_12_an_unknown_terminal_is_reviewed_admitted_placed_and_given_the_people_that_a_preview_showed() {
    play_configured(SETTINGS, async |scene: &mut Scene| {
        let clocks = Clocks::open(scene, "").await;
        let hr = HrServer::start(Setup { people: 3, ..Setup::default() }, clocks.lifecycle()).await.unwrap();
        read_people(scene, &hr).await;
        scene.speak("en").await;
        scene.log_in("max").await;
        take_over(scene).await;
        scene.open("/terminals").await;
        scene.browser.wait_for_text("No terminal yet").await;

        let clock = clocks.terminal(CLOCK, &[(1, "Former name"), (3, "Person 3"), (9, "Guest")]);
        scene.open_until("/terminals", "To approve").await;
        scene.browser.click(&format!("#approve + p + ul a[href='/terminals/{CLOCK}']")).await;
        scene.browser.wait_for_text(ZONE).await;
        assert!(!clock.with(|device| device.is_registered()), "it waits for a person");
        scene.browser.click("form:has([value=admit_terminal]):has([value=true]) button").await;
        scene.confirm().await;
        scene.browser.wait_for_text("Command given").await;
        clock.until("its acceptance", Device::is_registered).await.unwrap();
        scene.browser.reload_until("Fine").await;

        scene.browser.fill("#form-zone [name='data.zone']", "Mars/Base").await;
        scene.browser.click("#form-zone .send button").await;
        scene.confirm().await;
        scene.browser.wait_for_text("`Mars/Base` is no IANA time zone").await;
        scene.browser.fill("#form-zone [name='data.zone']", ISLAND).await;
        scene.browser.click("#form-zone .send button").await;
        scene.confirm().await;
        let is_placed = async || {
            let known = scene.hub.get(&format!("/api/v1/terminals/{CLOCK}")).await.unwrap();
            known["zone"] == ISLAND
        };
        wait_for("the zone", is_placed).await.unwrap();

        scene.open(&format!("/terminals/{CLOCK}")).await;
        scene.browser.click("form:has([value=get_terminal_users]) button").await;
        scene.confirm().await;
        scene.browser.reload_until("Guest").await;
        let shown = json!({ "1": ["changed", "Person 1", "Former name"], "2": ["added", "Person 2", ""],
            "3": ["disabled", "Person 3", "Person 3"] });
        assert_eq!(preview(scene).await, shown);
        scene.browser.click("form[action='/confirm/connectors_to_terminals'] button").await;
        scene.confirm().await;
        clock.until("its people", |device| names(device)[..2] == ["Person 1", "Person 2"]).await.unwrap();
        clock.until("that somebody is let in no more", |device| !device.memory.users[&3].is_enabled).await.unwrap();
        assert_eq!(clock.with(|device| names(device)), ["Person 1", "Person 2", "Person 3", "Guest"]);
    })
    .await;
}
