//! Punches on their way to a third party that refuses, is down, and is well again.

use std::net::SocketAddr;
use std::time::Duration;

use serde_json::json;
use tokio::time::Instant;
use vigie_shared::lifecycle::Lifecycle;
use vigie_tests::hr::dialect::{Kind, Manners, Results};
use vigie_tests::hr::reply::Reply;
use vigie_tests::hr::script::{On, Plan, Trick};
use vigie_tests::hr::{HrServer, Setup};
use vigie_tests::processes::{free_port, wait_for};
use vigie_tests::terminals::Terminal;
use vigie_tests::terminals::device::{Device, Make};

use crate::scene::{Scene, play_configured};

/// Seconds are here what minutes are for others.
const SETTINGS: &str = "[connectors]\nallow = [\"localhost\"]\nretry_min = \"1s\"\nretry_max = \"2s\"";
/// The time clock of the site.
const CLOCK: &str = "ZXTEST000417";
/// People whom the third party knows by the numbers that they have on the clock.
const KNOWN: [u64; 2] = [1, 2];
/// People whom it knows by another number, and the one whom it refuses for another reason.
const UNKNOWN: [(u64, u64); 2] = [(117, 3), (118, 4)];
const REFUSED: u64 = 5;

/// An HR server that knows its people, says of each row what became of it, and does not want one of them.
async fn start_hr(lifecycle: &Lifecycle) -> HrServer {
    let manners = Manners {
        knows_its_people: true,
        results: Results::ByRow,
        poison: vec![format!("\"enrollid\":{REFUSED},")],
        ..Manners::default()
    };
    HrServer::start(Setup { people: 5, manners, ..Setup::default() }, lifecycle).await.unwrap()
}

/// A real box with a time clock that has registered.
async fn start_clock(scene: &mut Scene, lifecycle: &Lifecycle) -> Terminal {
    let door = free_port().unwrap();
    let settings = format!("[terminals]\nenabled = true\nlisten = \"127.0.0.1:{door}\"\nallowed = [\"{CLOCK}\"]");
    let mut real = scene.register("metz", &settings).await;
    real.start().unwrap();
    scene.boxes.push(real);
    let clock = Terminal::start(Make::honest(CLOCK), SocketAddr::from(([127, 0, 0, 1], door)), lifecycle);
    clock.until("the clock to be let in", Device::is_registered).await.unwrap();
    clock
}

/// Adds the connector by the page's own form.
async fn add_connector(scene: &Scene, base: &str) {
    scene.open("/connectors").await;
    let form = "#form-connectors_create";
    for (field, text) in [
        ("name", "paie"),
        ("base", base),
        ("users_endpoint", "/users"),
        ("attendance_endpoint", "/attendance"),
        ("interval", "immediate"),
    ] {
        scene.browser.fill(&format!("{form} [name={field}]"), text).await;
    }
    scene.browser.click(&format!("{form} > .send button")).await;
    scene.browser.wait_for_text("Connecteur ajouté").await;
}

/// A figure of the connector's page, by the word beside it.
async fn figure(scene: &Scene, word: &str) -> String {
    let script = format!(
        "const name = [...document.querySelectorAll('#standing dt')].find(name => name.textContent === '{word}');
        return name ? name.nextElementSibling.textContent.trim() : '';"
    );
    scene.browser.run(&script).await.as_str().unwrap_or_default().to_owned()
}

/// Loads the connector's page again until it says this.
async fn wait_for_figures(scene: &Scene, figures: &[(&str, &str)]) {
    scene.open("/connectors/paie").await;
    let are_so = wait_for("the figures", async || {
        scene.browser.client.refresh().await.unwrap();
        for (word, wanted) in figures {
            if figure(scene, word).await != *wanted {
                return false;
            }
        }
        true
    });
    assert!(are_so.await.is_ok(), "{figures:?} are not on the page:\n{}", scene.browser.text().await);
}

/// Says which number somebody has at the third party, where one of their rows waits.
async fn map(scene: &Scene, (here, there): (u64, u64)) {
    let form = format!("form.fields:has([name='numbers.{here}'])");
    scene.browser.unfold(&form).await;
    scene.browser.fill(&format!("{form} [name='numbers.{here}']"), &there.to_string()).await;
    scene.browser.click(&format!("{form} button")).await;
    scene.browser.wait_for_text("Personne associée").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn journey_15_what_a_third_party_refuses_is_settled_what_waits_goes_and_both_count_the_same() {
    play_configured(SETTINGS, async |scene: &mut Scene| {
        let lifecycle = Lifecycle::new();
        let hr = start_hr(&lifecycle).await;
        scene.furnish().await;
        scene.speak("fr").await;
        scene.log_in("lea").await;
        add_connector(scene, hr.base()).await;
        scene.open("/connectors/paie").await;
        scene.browser.click("form[action='/act/connectors_try'] button").await;
        scene.browser.wait_for_text("La liaison fonctionne").await;
        let clock = start_clock(scene, &lifecycle).await;

        let unknown = UNKNOWN.map(|(here, _)| here);
        for person in KNOWN.into_iter().chain(unknown).chain([REFUSED]) {
            clock.punch(person);
        }
        let punched = Instant::now();
        wait_for_figures(scene, &[("En attente", "0"), ("Envoyés", "2"), ("À traiter", "3")]).await;

        // Two punches of one person in one second are one punch.
        wait_for("the clock's next second", async || punched.elapsed() > Duration::from_secs(1)).await.unwrap();
        hr.plan(Plan::on(On::Kind(Kind::Push), Trick::Refuse(Reply::page(503))));
        KNOWN.into_iter().for_each(|person| clock.punch(person));
        wait_for_figures(scene, &[("En attente", "2"), ("Envoyés", "2"), ("À traiter", "3")]).await;
        let waiting =
            async || scene.browser.text().await.contains("503") && !figure(scene, "Prochain essai").await.is_empty();
        wait_for("the last answer and the next try", async || {
            scene.browser.client.refresh().await.unwrap();
            waiting().await
        })
        .await
        .unwrap();
        hr.calm();
        wait_for_figures(scene, &[("En attente", "0"), ("Envoyés", "4"), ("À traiter", "3")]).await;

        scene.browser.click("#to-settle li a").await;
        scene.browser.wait_for_text("Ce qui est envoyé").await;
        assert!(
            scene.browser.text().await.contains("\"terminal_sn\": \"ZXTEST000417\""),
            "{}",
            scene.browser.text().await
        );
        for (person, [sent, to_settle]) in UNKNOWN.into_iter().zip([["5", "2"], ["6", "1"]]) {
            scene.open("/connectors/paie").await;
            map(scene, person).await;
            wait_for_figures(scene, &[("En attente", "0"), ("Envoyés", sent), ("À traiter", to_settle)]).await;
        }
        hr.behave(|manners| manners.poison.clear());
        scene.browser.click("#to-settle li form[action='/act/jobs_retry'] button").await;
        wait_for_figures(scene, &[("En attente", "0"), ("Envoyés", "7"), ("À traiter", "0")]).await;

        let rows = hr.records();
        assert_eq!(rows.len(), 7, "{rows:#?}");
        let stats = scene.hub.get("/api/v1/jobs/stats").await.unwrap();
        assert_eq!(stats["connectors"]["paie"]["sent"], json!(rows.len()));
        assert!(UNKNOWN.iter().all(|(_, there)| rows.iter().any(|row| row.person == *there)), "{rows:#?}");
        lifecycle.stop();
    })
    .await;
}
