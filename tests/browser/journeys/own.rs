//! What each role sees: members the own data and nothing else, viewers no buttons, nobody more than the role of this moment.

use reqwest::Method;
use serde_json::json;

use crate::clocks::yesterday;
use crate::scene::{PASSWORD, Scene, play_demo};

/// Whose month the member sees, and somebody else's.
const OWN: &str = "M01";
const OTHER: &str = "M02";

/// Pages on which people with a greater role find buttons.
const PAGES: [&str; 9] =
    ["/", "/sites/metz", "/incidents", "/presence", "/schedules", "/terminals", "/connectors", "/media", "/releases"];

async fn name_of(scene: &Scene, person: &str) -> String {
    let people = scene.hub.get("/api/v1/people").await.unwrap();
    let found = people["items"].as_array().into_iter().flatten().find(|one| one["id"] == person);
    found.unwrap()["name"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn journey_20_a_member_reads_the_own_month_in_both_languages_exports_the_own_data_and_finds_nobody_else() {
    play_demo(async |scene: &mut Scene| {
        let wanted = json!({ "role": "member", "person": OWN, "password": PASSWORD });
        scene.hub.change(Method::PUT, "/api/v1/users/ama", &wanted).await.unwrap();
        let (own, other) = (name_of(scene, OWN).await, name_of(scene, OTHER).await);
        scene.enter("ama").await;
        scene.browser.wait_for_address("/presence/month").await;

        let month = format!("/presence/month?month={:04}-{:02}", yesterday().year(), yesterday().month());
        for (lang, words) in [("fr", "Mon mois"), ("en", "My month")] {
            scene.speak(lang).await;
            scene.open(&month).await;
            scene.browser.wait_for_text(words).await;
            let text = scene.browser.text().await;
            assert!(text.contains(&own) && !text.contains(&other), "{text}");
            assert_eq!(scene.browser.count("table.month tbody tr").await, 1);
        }

        let of_other = [
            format!("/presence/days/{OTHER}/{}", yesterday()),
            format!("/api/v1/presence/days/{OTHER}/{}", yesterday()),
            format!("/api/v1/people/{OTHER}/export"),
        ];
        for path in of_other {
            assert_eq!(scene.browser.ask(&path).await.0, 404, "{path}");
        }
        scene.open("/my-data").await;
        scene.browser.find(&format!("a[download][href='/api/v1/people/{OWN}/export']")).await;
        let (status, data) = scene.browser.ask(&format!("/api/v1/people/{OWN}/export")).await;
        assert!(status == 200 && data.contains(&own) && !data.contains(&other), "{status}: {data}");
    })
    .await;
}

#[tokio::test]
async fn journey_20_a_viewer_finds_no_button_for_any_act() {
    play_demo(async |scene: &mut Scene| {
        let acts = "main form[action^='/act/'], main form[action^='/confirm/']";
        scene.log_in("lea").await;
        let mut seen = 0;
        for page in PAGES {
            scene.open(page).await;
            seen += scene.browser.count(acts).await;
        }
        assert!(seen > 10, "an owner finds them: {seen}");
        scene.browser.client.delete_all_cookies().await.unwrap();
        scene.log_in("eva").await;
        for page in PAGES {
            scene.open(page).await;
            assert_eq!(scene.browser.count(acts).await, 0, "{page}");
        }
        for page in ["/attendance", "/people", "/presence/month", "/settings", "/audit"] {
            assert_eq!(scene.browser.ask(page).await.0, 403, "{page}");
        }
    })
    .await;
}

#[tokio::test]
async fn journey_20_an_open_page_ends_with_its_readers_role() {
    play_demo(async |scene: &mut Scene| {
        scene.speak("en").await;
        scene.log_in("eva").await;
        scene.open("/").await;
        scene.browser.wait_for_text("Live").await;

        let less = json!({ "role": "member", "person": OWN });
        scene.hub.change(Method::PATCH, "/api/v1/users/eva", &less).await.unwrap();

        scene.browser.wait_for_address("/login").await;
        scene.enter("eva").await;
        scene.browser.wait_for_address("/presence/month").await;
    })
    .await;
}

#[tokio::test]
async fn a_member_disputes_a_day_and_reads_the_answer_that_an_operator_gave() {
    play_demo(async |scene: &mut Scene| {
        let wanted = json!({ "role": "member", "person": OWN, "password": PASSWORD });
        scene.hub.change(Method::PUT, "/api/v1/users/ama", &wanted).await.unwrap();
        let (day, own) = (format!("/presence/days/{OWN}/{}", yesterday()), name_of(scene, OWN).await);
        scene.speak("en").await;
        scene.enter("ama").await;
        scene.open(&day).await;
        scene.browser.wait_for_text("Nobody disputed this day.").await;
        scene.browser.unfold("#form-presence_dispute_put").await;
        scene.browser.fill("#form-presence_dispute_put [name=text]", "I was there <b>until six</b>").await;
        scene.browser.click("#form-presence_dispute_put button").await;
        scene.browser.wait_for_text("Waits for an answer.").await;
        scene.browser.wait_for_text("I was there <b>until six</b>").await;
        assert_eq!(scene.browser.count("#form-presence_dispute_answer").await, 0, "a member answers nobody");

        scene.browser.client.delete_all_cookies().await.unwrap();
        scene.speak("en").await;
        scene.enter("max").await;
        scene.open("/presence").await;
        scene.browser.wait_for_text("Disputed days").await;
        scene.browser.wait_for_text(&own).await;
        scene.browser.click(&format!("a[href='{day}#dispute']")).await;
        scene.browser.fill("#form-presence_dispute_answer [name=answer]", "the porter saw you leave at four").await;
        scene.browser.click("#form-presence_dispute_answer button").await;
        scene.browser.wait_for_text("Answer saved.").await;
        scene.open("/presence").await;
        assert!(!scene.browser.text().await.contains("Disputed days"));

        scene.browser.client.delete_all_cookies().await.unwrap();
        scene.speak("en").await;
        scene.enter("ama").await;
        scene.open(&day).await;
        scene.browser.wait_for_text("the porter saw you leave at four").await;
    })
    .await;
}
