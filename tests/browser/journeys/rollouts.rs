//! A release that goes out in waves.

use std::path::{Path, PathBuf};

use vigie_tests::packages::player;
use vigie_tests::processes::wait_for;

use crate::scene::{Scene, play};

/// The first group, the box where the release does not start, and the one behind it.
const SITES: [&str; 3] = ["brest", "metz", "rennes"];
const SICK: &str = "metz";

/// The file that says which player a box has.
fn state(scene: &Scene, site: &str) -> PathBuf {
    scene.hub.folder.join(format!("player-{site}/app/state"))
}

/// What makes the release start on the sick box, too.
fn fix(folder: &Path) -> PathBuf {
    folder.join("fixed")
}

/// A box with a player; on the sick one only the old version works until it is mended.
async fn add_box(scene: &mut Scene, site: &str) {
    let place = state(scene, site);
    std::fs::create_dir_all(place.parent().unwrap()).unwrap();
    std::fs::write(&place, "well 1.0.0").unwrap();
    let health = if site == SICK {
        format!("grep -q 'well 1' {place:?} || test -e {:?}", fix(&scene.hub.folder))
    } else {
        format!("grep -q well {place:?}")
    };
    let settings = format!(
        "[collect.software]\npoll = \"1s\"\n[commands.update_software]\nrelease_keys = {:?}\n\
         [software.player]\nfolder = {:?}\nservices = [\"neopro-app\"]\nhealth_timeout = \"2s\"\n\
         health = [\"/bin/sh\", \"-c\", {health:?}]\n",
        scene.hub.folder.join("keys"),
        scene.hub.folder.join(format!("player-{site}")),
    );
    let mut real = scene.register(site, &settings).await;
    real.start_acting().unwrap();
    scene.boxes.push(real);
}

/// A key for releases that the boxes believe, and a release that it signed.
async fn release(scene: &Scene, version: &str) {
    let folder = &scene.hub.folder;
    let (package, key) = (folder.join(format!("player-{version}")), folder.join("key"));
    std::fs::write(&package, player(version, "well")).unwrap();
    let (package, key) = (package.to_str().unwrap(), key.to_str().unwrap());
    let words = ["release", "sign", package, "--name", "player", "--version", version, "--key", key];
    scene.hub.run_verb(&words).await.unwrap();
    scene.hub.run_verb(&["release", "add", package]).await.unwrap();
}

async fn make_key(scene: &Scene) {
    let folder = &scene.hub.folder;
    std::fs::create_dir(folder.join("keys")).unwrap();
    scene.hub.run_verb(&["release", "keygen", folder.join("key").to_str().unwrap()]).await.unwrap();
    std::fs::copy(folder.join("key.pub"), folder.join("keys/key.pub")).unwrap();
}

/// Begins the rollout by the page's own form: one box first, then one at a time.
async fn begin(scene: &Scene) {
    scene.open("/releases").await;
    scene.browser.unfold("#form-rollouts_create").await;
    for (field, text) in [("version", "2.0.0"), ("canary_sites", SITES[0]), ("batch", "1"), ("soak", "1s")] {
        scene.browser.fill(&format!("#form-rollouts_create [name={field}]"), text).await;
    }
    scene.browser.click("#form-rollouts_create > .send button").await;
    scene.confirm().await;
    scene.browser.wait_for_text("Le déploiement de version commence").await;
    scene.browser.click("#running a").await;
    scene.browser.wait_for_address("/rollouts/").await;
}

fn versions(scene: &Scene) -> Vec<String> {
    SITES.iter().map(|site| std::fs::read_to_string(state(scene, site)).unwrap_or_default()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn journey_17_a_wave_stops_where_a_box_undoes_the_update_says_so_and_goes_on_after_a_fix() {
    play(async |scene: &mut Scene| {
        scene.furnish().await;
        make_key(scene).await;
        for site in SITES {
            add_box(scene, site).await;
        }
        release(scene, "2.0.0").await;
        let behind = async || {
            let found = scene.hub.get("/api/v1/releases/outdated").await.unwrap();
            found["items"][0]["behind"].as_array().is_some_and(|behind| behind.len() == SITES.len())
        };
        wait_for("every box to tell what it has", behind).await.unwrap();
        scene.speak("fr").await;
        scene.log_in("max").await;

        begin(scene).await;
        scene.browser.reload_until("Mise à jour annulée sur Metz : player 2.0.0 n’a pas démarré").await;

        let page = scene.browser.text().await;
        for part in ["est rétablie et les relevés sont intacts", "Déploiement de version suspendu", "En pause"] {
            assert!(page.contains(part), "{part} is not said:\n{page}");
        }
        assert_eq!(versions(scene), ["well 2.0.0", "well 1.0.0", "well 1.0.0"], "the wave stops");

        std::fs::write(fix(&scene.hub.folder), "").unwrap();
        scene.browser.click("#standing form[action='/act/rollouts_retry'] button").await;
        scene.browser.wait_for_text("de nouveau essayés").await;
        if scene.browser.count("form[action='/act/rollouts_resume']").await > 0 {
            scene.browser.click("form[action='/act/rollouts_resume'] button").await;
        }
        scene.browser.reload_until("Terminé").await;

        assert_eq!(versions(scene), ["well 2.0.0", "well 2.0.0", "well 2.0.0"]);
        assert!(!scene.browser.text().await.contains("Mise à jour annulée"));
    })
    .await;
}
