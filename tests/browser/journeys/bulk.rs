//! Many sites at once: who is skipped and why before, what became of each after, and only the rest once more.

use serde_json::json;
use vigie_tests::processes::wait_for;

use crate::scene::{Scene, play};

const SITES: [&str; 5] = ["metz", "rennes", "brest", "nancy", "lyon"];

/// How many commands a site was given.
async fn commands(scene: &Scene, site: &str) -> usize {
    let page = scene.hub.get(&format!("/api/v1/sites/{site}/commands")).await.unwrap();
    page["items"].as_array().map_or(0, Vec::len)
}

#[tokio::test]
async fn journey_08_a_command_for_all_says_whom_it_meets_then_what_became_of_each_and_only_the_refused_try_again() {
    play(async |scene: &mut Scene| {
        scene.furnish().await;
        scene.speak("en").await;
        let real = scene.start_box("nancy", "").await;
        scene.boxes.push(real);
        scene.hub.post("/api/v1/sites", &json!({ "id": "lyon" })).await.unwrap();
        scene.hub.post("/api/v1/sites/lyon/revoke", &json!({})).await.unwrap();
        let heard = async || scene.hub.get("/api/v1/sites/nancy").await.unwrap()["site"]["reach"] == "reachable";
        wait_for("the box", heard).await.unwrap();
        scene.log_in("lea").await;

        scene.open("/").await;
        scene.browser.click("#chosen [name=every]").await;
        scene.browser.click("#chosen button").await;
        scene.browser.wait_for_text("5 sites: 1 at once, 3 when the box returns, 1 will refuse the command").await;
        scene.browser.wait_for_text("refused: the box is revoked").await;
        scene.browser.click("#form-commands_create [value=get_system_info]").await;
        scene.browser.click("#form-commands_create button").await;
        scene.confirm().await;
        scene.browser.wait_for_text("4 done, 1 refused").await;

        for site in SITES {
            assert_eq!(commands(scene, site).await, usize::from(site != "lyon"), "{site}");
        }
        let refused = scene.browser.find("main ul").await.text().await.unwrap();
        assert!(refused.contains("lyon") && !refused.contains("metz"), "{refused}");
        scene.browser.click("main form.fields button").await;
        scene.browser.find("#summary").await;
        for site in SITES {
            assert_eq!(commands(scene, site).await, usize::from(site != "lyon"), "{site} after the second try");
        }
    })
    .await;
}

#[tokio::test]
async fn journey_08_what_is_chosen_stays_chosen_while_its_row_changes() {
    play(async |scene: &mut Scene| {
        scene.furnish().await;
        scene.speak("en").await;
        let real = scene.start_box("nancy", "").await;
        scene.boxes.push(real);
        scene.log_in("max").await;
        scene.open("/").await;
        scene.browser.find("#site-nancy .mark[data-state=fine]").await;
        let heard = async || scene.browser.find("#site-nancy time").await.attr("datetime").await.unwrap();

        scene.browser.click("#site-nancy .pick input").await;
        scene.browser.run("document.activeElement.blur();").await;
        let before = heard().await;

        wait_for("the row to change", async || heard().await > before).await.unwrap();
        scene.browser.click("#chosen button").await;
        scene.browser.wait_for_text("1 site: 1 at once").await;
    })
    .await;
}

#[tokio::test]
async fn journey_08_the_alerts_of_chosen_sites_are_silenced_together() {
    play(async |scene: &mut Scene| {
        scene.furnish().await;
        scene.speak("en").await;
        scene.log_in("max").await;
        scene.open("/").await;
        for site in ["metz", "brest"] {
            scene.browser.click(&format!("#site-{site} .pick input")).await;
        }
        scene.browser.click("#chosen button").await;
        scene.browser.wait_for_text("2 sites: 2 when the box returns").await;

        scene.browser.click("#form-silences_create [value='4h']").await;
        scene.browser.fill("#form-silences_create [name=note]", "works on the line").await;
        scene.browser.click("#form-silences_create button").await;
        scene.browser.wait_for_text("2 done").await;

        let silences = scene.hub.get("/api/v1/alerts/silences").await.unwrap();
        let mut sites: Vec<&str> =
            silences["items"].as_array().unwrap().iter().filter_map(|one| one["site"].as_str()).collect();
        sites.sort_unstable();
        assert_eq!(sites, ["brest", "metz"]);
    })
    .await;
}
