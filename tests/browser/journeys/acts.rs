//! Acts that ask before: what will happen, a way back, and one command however often somebody clicks.

use fantoccini::key::Key;
use serde_json::Value;

use crate::scene::{Scene, play};

async fn commands(scene: &Scene) -> Vec<Value> {
    let page = scene.hub.get("/api/v1/sites/metz/commands").await.unwrap();
    page["items"].as_array().cloned().unwrap_or_default()
}

#[tokio::test]
async fn journey_07_a_restart_asks_can_be_cancelled_by_enter_and_is_given_once() {
    play(async |scene: &mut Scene| {
        scene.furnish().await;
        scene.speak("en").await;
        scene.log_in("lea").await;
        scene.open("/sites/metz").await;
        let ask = async || {
            scene.browser.unfold("#form-commands_create").await;
            scene.browser.click("#form-commands_create select[name=type] option[value=restart_service]").await;
            scene.browser.fill("#form-commands_create [name='data.service']", "player").await;
            scene.browser.click("#form-commands_create button").await;
            scene.browser.find("dialog[open] #confirm").await;
        };

        ask().await;
        scene.browser.press(&Key::Enter.to_string()).await;
        let closed = async || scene.browser.count("dialog[open]").await == 0;
        vigie_tests::processes::wait_for("the dialog to close", closed).await.unwrap();
        assert!(commands(scene).await.is_empty(), "Enter cancels");

        ask().await;
        scene.confirm().await;
        scene.browser.wait_for_text("restart_service").await;
        scene.browser.client.refresh().await.unwrap();
        let given = commands(scene).await;
        assert_eq!(given.len(), 1, "{given:?}");
        assert_eq!(given[0]["type"], "restart_service");
    })
    .await;
}

#[tokio::test]
async fn journey_07_without_scripts_a_page_asks_leads_back_and_gives_one_command() {
    play(async |scene: &mut Scene| {
        scene.furnish().await;
        scene.speak("en").await;
        scene.browser.set_scripts(false).await;
        scene.log_in("lea").await;
        let ask = async || {
            scene.open("/sites/metz").await;
            scene.browser.click("details:has(#form-commands_create) summary").await;
            scene.browser.click("#form-commands_create select[name=type] option[value=restart_service]").await;
            scene.browser.fill("#form-commands_create [name='data.service']", "player").await;
            scene.browser.click("#form-commands_create button").await;
            scene.browser.wait_for_address("/confirm/commands_create").await;
        };

        ask().await;
        scene.browser.click("#confirm a.button").await;
        scene.browser.wait_for_address("/sites/metz").await;
        assert!(commands(scene).await.is_empty(), "the way back gives no command");

        ask().await;
        scene.browser.click("#confirm form button").await;
        scene.browser.wait_for_text("restart_service").await;
        let given = commands(scene).await;
        assert_eq!(given.len(), 1, "{given:?}");
    })
    .await;
}
