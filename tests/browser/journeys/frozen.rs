//! A page that is left open: it says when it is frozen, keeps what was typed, and lives again.

use vigie_tests::processes::wait_for;

use crate::scene::{Scene, play};

/// How the page says that it is.
async fn state(scene: &Scene) -> String {
    let state = scene.browser.run("return document.getElementById('live').dataset.state || '';").await;
    state.as_str().unwrap_or_default().to_owned()
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
        wait_for("the page to live", async || state(scene).await == "live").await.unwrap();
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
        wait_for("the page to live again", async || state(scene).await == "live").await.unwrap();
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
