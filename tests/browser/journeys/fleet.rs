//! The overview: what is wrong, and where.

use serde_json::{Value, json};
use vigie_tests::processes::BoxProcess;

use crate::scene::{Scene, play};

/// The names in the table of sites, from top to bottom.
async fn names(scene: &Scene) -> Vec<String> {
    let script = "return [...document.querySelectorAll('#results tbody tr')].map(row =>
        row.querySelector('a').textContent.trim());";
    let rows = scene.browser.run(script).await;
    rows.as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
}

async fn add_sites(scene: &Scene, count: usize) {
    for number in 0..count {
        let site =
            json!({ "id": format!("site{number:04}"), "name": format!("Site {number:04}"), "zone": "Europe/Paris" });
        scene.hub.post("/api/v1/sites", &site).await.unwrap();
    }
}

#[tokio::test]
async fn journey_04_a_filter_is_in_the_address_and_survives_a_reload_going_back_and_sharing() {
    play(async |scene: &mut Scene| {
        scene.furnish().await;
        add_sites(scene, 120).await;
        scene.speak("en").await;
        scene.log_in("lea").await;
        assert_eq!(names(scene).await.len(), 50);

        scene.browser.fill("form.filter input[name=q]", "Site 011").await;
        scene.browser.wait_for_address("q=Site").await;
        scene.browser.wait_for_text("Site 0110").await;

        let found = names(scene).await;
        assert!(found.len() < 50 && found.contains(&"Site 0110".to_owned()), "{found:?}");
        let shared = scene.browser.address().await;
        scene.browser.client.refresh().await.unwrap();
        assert_eq!(names(scene).await, found, "after a reload");
        scene.browser.click("#results tbody tr a").await;
        scene.browser.wait_for_address("/sites/").await;
        scene.browser.client.back().await.unwrap();
        scene.browser.wait_for_text("Site 0110").await;
        assert_eq!(names(scene).await, found, "after going back");
        scene.browser.client.goto(&shared).await.unwrap();
        assert_eq!(names(scene).await, found, "from a shared address");
    })
    .await;
}

/// Adds a site by the page's own form, registers a real box with the token that is shown, and waits for its row.
async fn add_a_box(scene: &mut Scene) {
    scene.speak("en").await;
    scene.log_in("lea").await;
    scene.browser.click("a[href='/add-site']").await;
    scene.browser.fill("input[name=id]", "nancy").await;
    scene.browser.fill("input[name=name]", "Nancy").await;
    scene.browser.click("#form-sites_create button").await;
    scene.browser.wait_for_text("vigie1-").await;
    let page = scene.browser.text().await;
    let token = page.split_whitespace().find(|word| word.starts_with("vigie1-")).unwrap().to_owned();
    scene.browser.client.refresh().await.unwrap();
    let mut real = BoxProcess::unregistered("nancy", &scene.hub.folder).unwrap();
    real.run_verb(&["register", &token]).await.unwrap();
    scene.open("/?q=nancy").await;
    scene.browser.wait_for_text("Nancy").await;
    real.start().unwrap();
    scene.boxes.push(real);
}

#[tokio::test]
async fn journey_02_a_site_is_added_its_token_shown_once_and_its_box_appears_without_a_reload() {
    play(async |scene: &mut Scene| {
        scene.furnish().await;
        add_a_box(scene).await;
        scene.browser.run("window.vigieIsTheSamePage = true;").await;

        scene.browser.wait_for_text("just now").await;

        assert_eq!(scene.browser.run("return window.vigieIsTheSamePage === true;").await, json!(true));
    })
    .await;
}

#[tokio::test]
async fn journey_02_without_scripts_the_same_works_with_a_refresh() {
    play(async |scene: &mut Scene| {
        scene.furnish().await;
        scene.browser.set_scripts(false).await;
        add_a_box(scene).await;
        let heard = vigie_tests::processes::wait_for("the box to be heard", async || {
            scene.browser.client.refresh().await.unwrap();
            let row = scene.browser.find("#results tbody tr").await.text().await.unwrap_or_default();
            row.contains("just now") || row.contains("min ago")
        });
        heard.await.unwrap();
    })
    .await;
}
