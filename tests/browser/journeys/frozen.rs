//! A page that is left open: it says when it is frozen, keeps what was typed, and lives again; so do many at once.

use fantoccini::wd::WindowHandle;
use serde_json::json;
use vigie_tests::processes::wait_for;

use crate::scene::{Scene, play};

/// How the page says that it is.
async fn state(scene: &Scene) -> String {
    let state = scene.browser.run("return document.getElementById('live').dataset.state || '';").await;
    state.as_str().unwrap_or_default().to_owned()
}

/// Waits until the page's mark says so.
async fn wait_until(scene: &Scene, wanted: &str) {
    let waited = wait_for(wanted, async || state(scene).await == wanted).await;
    assert!(waited.is_ok(), "the page is not {wanted} but {:?}: {}", state(scene).await, scene.browser.text().await);
}

/// Changes of sites that the audit log holds.
async fn changes(scene: &Scene) -> usize {
    let log = scene.hub.get("/api/v1/audit").await.unwrap();
    let acts = log["items"].as_array().into_iter().flatten();
    acts.filter(|act| act["operation"] == "sites_change" && act["outcome"] == "done").count()
}

#[tokio::test]
async fn journey_19_a_page_without_its_hub_says_since_when_and_keeps_what_was_typed_until_it_can_be_sent() {
    play(async |scene: &mut Scene| {
        scene.furnish().await;
        scene.speak("en").await;
        let real = scene.start_box("nancy", "").await;
        scene.boxes.push(real);
        scene.log_in("lea").await;
        scene.open("/sites/nancy").await;
        scene.browser.wait_for_text("just now").await;
        wait_until(scene, "live").await;
        scene.browser.fill("#form-sites_change [name=name]", "Nancy Nord").await;

        scene.hub.kill();
        scene.pass(120).await;

        scene.browser.wait_for_text("Display frozen since").await;
        scene.browser.wait_for_text("2 min ago").await;
        let typed = async || {
            let script = "return document.querySelector('#form-sites_change [name=name]').value;";
            scene.browser.run(script).await.as_str().unwrap_or_default().to_owned()
        };
        assert_eq!(typed().await, "Nancy Nord");

        scene.hub.start().await.unwrap();
        wait_until(scene, "live").await;
        let typed = scene.browser.run("return document.querySelector('#form-sites_change [name=name]').value;").await;
        assert_eq!(typed, "Nancy Nord");
        let twice =
            "const button = document.querySelector('#form-sites_change button'); button.click(); button.click();";
        scene.browser.run(twice).await;
        scene.browser.wait_for_text("Changes of the site saved.").await;
        assert_eq!(scene.hub.get("/api/v1/sites/nancy").await.unwrap()["site"]["name"], "Nancy Nord");
        assert_eq!(changes(scene).await, 1, "the form was sent once");
    })
    .await;
}

/// Windows of the browser, more than it has connections for.
const WINDOWS: usize = 7;

/// Comes back to a window, as somebody does who clicks into it.
async fn come_back_to(scene: &Scene, window: &WindowHandle) {
    scene.browser.client.switch_to_window(window.clone()).await.unwrap();
    scene.browser.click("h1").await;
}

#[tokio::test]
async fn journey_19_seven_windows_at_once_all_work_and_the_one_that_somebody_looks_at_lives() {
    play(async |scene: &mut Scene| {
        scene.furnish().await;
        scene.speak("en").await;
        scene.log_in("lea").await;
        let mut windows = vec![scene.browser.client.window().await.unwrap()];
        while windows.len() < WINDOWS {
            let window = scene.browser.client.new_window(false).await.unwrap().handle;
            scene.browser.client.switch_to_window(window.clone()).await.unwrap();
            scene.open("/sites/metz").await;
            scene.browser.wait_for_text("Metz").await;
            wait_until(scene, "live").await;
            windows.push(window);
        }
        scene.browser.client.switch_to_window(windows[0].clone()).await.unwrap();
        wait_until(scene, "paused").await;

        for window in &windows {
            come_back_to(scene, window).await;
            wait_until(scene, "live").await;
            scene.open("/sites/rennes").await;
            scene.browser.wait_for_text("Rennes").await;
            wait_until(scene, "live").await;
        }
    })
    .await;
}

#[tokio::test]
async fn a_page_that_finds_no_place_for_its_stream_keeps_its_rows_and_lives_as_soon_as_there_is_one() {
    play(async |scene: &mut Scene| {
        scene.furnish().await;
        scene.speak("en").await;
        scene.log_in("lea").await;
        scene.open("/account").await;
        let mut others = Vec::new();
        while let Ok(other) = scene.hub.follow("/api/v1/events").await {
            others.push(other);
        }

        scene.open("/").await;
        scene.browser.find("#site-metz").await;
        scene.pass(60).await;
        wait_until(scene, "frozen").await;
        assert_eq!(scene.browser.count("#site-metz").await, 1);

        drop(others);
        wait_until(scene, "live").await;
        assert_eq!(scene.browser.count("#site-metz").await, 1);
    })
    .await;
}

#[tokio::test]
async fn a_page_whose_reader_has_logged_out_elsewhere_leads_to_the_login_and_back() {
    play(async |scene: &mut Scene| {
        scene.furnish().await;
        scene.speak("en").await;
        scene.log_in("lea").await;
        scene.open("/sites/metz").await;
        wait_until(scene, "live").await;
        scene.hub.kill();
        scene.browser.devtools("Network.clearBrowserCookies", json!({})).await;

        scene.hub.start().await.unwrap();

        scene.browser.wait_for_address("/login?next=/sites/metz").await;
    })
    .await;
}
