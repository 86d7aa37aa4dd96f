//! Alerts on a phone, and the link of a mail.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::task::JoinSet;
use vigie_agent::identity::{Identity, enrol};
use vigie_shared::enrol::Said;
use vigie_shared::lifecycle::Lifecycle;
use vigie_tests::load::{Recipe, live};
use vigie_tests::processes::wait_for;
use vigie_tests::smtp::mime::Mail;
use vigie_tests::smtp::{Setup, SmtpServer};

use crate::browser::Window;
use crate::scene::{LOG_IN, PASSWORD, Scene, play_configured};

/// Where the hub's pages are, as its configuration says in mails; the test puts the real port in its place.
const DASHBOARD: &str = "http://vigie.example.org";

/// Somebody who is told, and seconds where others have minutes.
fn settings(server: &SmtpServer) -> String {
    format!(
        "[mail]\nserver = \"localhost\"\nport = {}\nsecurity = \"none\"\nfrom = \"vigie@example.org\"\n\
         dashboard = \"{DASHBOARD}\"\nrecipients = [\"max@example.org\"]\n[alerts.site_offline]\nafter = \"6s\"\n\
         [alerts.telling]\nfirst_wait = \"3s\"\nover_after = \"1s\"",
        server.port()
    )
}

async fn identity(scene: &Scene, site: &str) -> Identity {
    let invited = scene.hub.post("/api/v1/enrolments", &json!({ "site": site })).await.unwrap();
    let token = invited["token"].as_str().unwrap().parse().unwrap();
    enrol::register(&token, Said::default(), enrol::box_facts(), 0).await.unwrap().identity
}

/// Two boxes are heard, and then no more.
async fn fall_silent(scene: &Scene) {
    let recipe = Recipe { record_bytes: 200, mqtt_port: scene.hub.mqtt_port };
    let mut heard = JoinSet::new();
    for site in ["metz", "brest"] {
        let identity = identity(scene, site).await;
        heard.spawn(async move { live(&identity, recipe, Duration::from_millis(500)).await });
    }
    let reachable = async || {
        let sites = scene.hub.get("/api/v1/sites").await.unwrap();
        sites["items"].as_array().unwrap().iter().filter(|site| site["reach"] == "reachable").count() == 2
    };
    wait_for("both boxes", reachable).await.unwrap();
    heard.shutdown().await;
}

/// The state of the alert of each site, by the API.
async fn state(scene: &Scene, site: &str) -> String {
    let alerts = scene.hub.get("/api/v1/alerts").await.unwrap();
    let found = alerts["items"].as_array().into_iter().flatten().find(|alert| alert["site"] == site).cloned();
    found.unwrap_or(Value::Null)["state"].as_str().unwrap_or_default().to_owned()
}

/// Clicks on the first button for that act of the alert that names this.
async fn act(scene: &Scene, name: &str, act: &str) {
    let script = format!(
        "const item = [...document.querySelectorAll('#inside li')].find(item => item.textContent.includes('{name}'));
        item.querySelector(`form[action='/act/{act}'] button`).setAttribute('data-meant', '');"
    );
    scene.browser.run(&script).await;
    scene.browser.click("[data-meant]").await;
}

/// The address of our own page that a mail leads to.
fn link(mail: &Mail) -> String {
    let text = mail.plain();
    let word = text.split_whitespace().find(|word| word.starts_with(DASHBOARD)).unwrap_or_default();
    word.strip_prefix(DASHBOARD).unwrap_or_default().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn journey_18_an_alert_is_silenced_and_heard_again_another_taken_on_and_a_mail_leads_to_its_incident() {
    let lifecycle = Lifecycle::new();
    let server = SmtpServer::start(Setup::default(), &lifecycle).await.unwrap();
    play_configured(&settings(&server), async |scene: &mut Scene| {
        scene.furnish().await;
        fall_silent(scene).await;
        scene.browser.show(Window::PHONE, false).await;
        scene.speak("en").await;
        let mail = server.wait_for(1).await.unwrap().remove(0);

        let path = link(&mail);
        assert!(path.starts_with("/incidents/"), "the mail leads to {path:?}:\n{}", mail.plain());
        scene.open(&path).await;
        scene.browser.wait_for_address("/login").await;
        scene.browser.fill("input[name=account]", "max").await;
        scene.browser.fill("input[name=password]", PASSWORD).await;
        scene.browser.click(LOG_IN).await;
        scene.browser.wait_for_address(&path).await;
        scene.browser.wait_for_text("What is inside").await;

        act(scene, "Metz", "silences_create").await;
        scene.browser.wait_for_text("Silenced: what fires stays shown").await;
        wait_for("the silence", async || state(scene, "metz").await == "silenced").await.unwrap();
        assert_eq!(state(scene, "brest").await, "firing", "nobody silenced the other one");
        act(scene, "Metz", "silences_delete").await;
        scene.browser.wait_for_text("Silence ended").await;
        wait_for("the alert to be heard", async || state(scene, "metz").await == "firing").await.unwrap();

        act(scene, "Brest", "alerts_acknowledge").await;
        scene.browser.wait_for_text("Acknowledged: nobody is told again").await;
        wait_for("the acknowledgement", async || state(scene, "brest").await == "acknowledged").await.unwrap();
        scene.browser.wait_for_text("acknowledged by max").await;
    })
    .await;
    lifecycle.stop();
}
