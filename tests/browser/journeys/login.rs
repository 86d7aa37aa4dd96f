//! The way in, and what a reader chooses for every page.

use vigie_tests::processes::wait_for;

use crate::scene::{LOG_IN, PASSWORD, Scene, play};

/// Types a password, sends it, and waits for the next page.
async fn try_password(scene: &Scene, password: &str) {
    scene.browser.fill("input[name=account]", "lea").await;
    scene.browser.fill("input[name=password]", password).await;
    scene.browser.click(LOG_IN).await;
}

/// What the page says of the last attempt.
async fn alert(scene: &Scene) -> String {
    let script = "return window.vigieSent ? '' : (document.querySelector('[role=alert]') || {}).textContent || '';";
    let said = async || scene.browser.run(script).await.as_str().unwrap_or_default().to_owned();
    wait_for("an answer", async || !said().await.is_empty()).await.unwrap();
    said().await
}

/// Wrong passwords until one is answered otherwise than the first; what is said then.
async fn guess_until_slowed(scene: &Scene) -> String {
    let mut first = String::new();
    for _ in 0..10 {
        scene.browser.run("window.vigieSent = true;").await;
        try_password(scene, "wrong horse battery").await;
        let said = alert(scene).await;
        if !first.is_empty() && said != first {
            return said;
        }
        first = said;
    }
    panic!("ten wrong passwords were not slowed:\n{}", scene.browser.text().await);
}

#[tokio::test]
async fn journey_01_wrong_passwords_are_slowed_and_say_so_and_nobody_comes_in() {
    play(async |scene: &mut Scene| {
        scene.furnish().await;
        scene.speak("en").await;
        scene.open("/").await;
        scene.browser.wait_for_address("/login").await;

        let said = guess_until_slowed(scene).await;

        assert!(said.contains(|one: char| one.is_ascii_digit()), "it says how long to wait: {said}");
        scene.open("/").await;
        scene.browser.wait_for_address("/login").await;
    })
    .await;
}

#[tokio::test]
async fn journey_01_without_scripts_wrong_passwords_are_slowed_and_the_right_one_lets_in() {
    play(async |scene: &mut Scene| {
        scene.furnish().await;
        scene.speak("en").await;
        scene.browser.set_scripts(false).await;
        scene.open("/login?next=/machines").await;
        try_password(scene, "wrong horse battery").await;
        scene.browser.find("[role=alert]").await;

        try_password(scene, PASSWORD).await;

        scene.browser.wait_for_address("/machines").await;
    })
    .await;
}

#[tokio::test]
async fn journey_20_language_and_theme_are_kept_from_page_to_page() {
    play(async |scene: &mut Scene| {
        scene.furnish().await;
        scene.log_in("lea").await;
        scene.browser.click("details.choices summary").await;
        scene.browser.run("document.querySelector('[name=lang]').value = 'en'; document.querySelector('[name=theme]').value = 'dark';").await;

        scene.browser.click("details.choices form[action='/preferences'] button").await;

        for page in ["/", "/machines"] {
            scene.open(page).await;
            let root = scene.browser.run("return [document.documentElement.lang, document.documentElement.dataset.theme, getComputedStyle(document.body).backgroundColor];").await;
            assert_eq!((&root[0], &root[1]), (&"en".into(), &"dark".into()), "{page}");
            assert_eq!(root[2], "rgb(15, 20, 25)", "{page} is not dark");
        }
    })
    .await;
}
