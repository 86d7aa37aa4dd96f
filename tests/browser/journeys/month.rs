//! A month of presence: found by keys, read, corrected with a reason.

use fantoccini::key::Key;
use serde_json::json;

use crate::clocks::yesterday;
use crate::scene::{Scene, play_demo};

/// The page of the month in which yesterday lies.
fn page() -> String {
    let date = yesterday();
    format!("/presence/month?month={:04}-{:02}", date.year(), date.month())
}

/// The cell that has the focus: its class and what it says to who cannot see it.
async fn focused(scene: &Scene) -> (String, String) {
    let script = "const at = document.activeElement; return [at.className, at.getAttribute('aria-label') || ''];";
    let cell = scene.browser.run(script).await;
    (cell[0].as_str().unwrap_or_default().to_owned(), cell[1].as_str().unwrap_or_default().to_owned())
}

/// Walks by keys from the page's head to yesterday's cell of a row of the month grid.
async fn walk_to(scene: &Scene, row: usize) {
    for _ in 0..80 {
        if focused(scene).await.0.contains("cell") {
            break;
        }
        scene.browser.press(&Key::Tab.to_string()).await;
    }
    assert!(focused(scene).await.0.contains("cell"), "the grid is one tab stop");
    for _ in 0..row {
        scene.browser.press(&Key::Down.to_string()).await;
    }
    scene.browser.press(&Key::End.to_string()).await;
    scene.browser.press(&Key::Home.to_string()).await;
    for _ in 1..yesterday().day() {
        scene.browser.press(&Key::Right.to_string()).await;
    }
}

/// The first row of the month grid in which somebody was there yesterday.
async fn present_row(scene: &Scene) -> usize {
    let script = "return [...document.querySelectorAll('table.month tbody tr')].findIndex(row =>
        /full|half/.test(row.querySelectorAll('[data-cell]')[arguments[0] - 1].className));";
    let day = vec![json!(yesterday().day())];
    let found = scene.browser.client.execute(script, day).await.unwrap();
    usize::try_from(found.as_i64().unwrap()).expect("somebody was there yesterday")
}

/// What a row of the month grid adds up to.
async fn total(scene: &Scene, row: usize) -> String {
    let script = "return document.querySelectorAll('table.month tbody tr')[arguments[0]]
        .querySelector('td.number').textContent;";
    let total = scene.browser.client.execute(script, vec![json!(row)]).await.unwrap();
    total.as_str().unwrap().to_owned()
}

#[tokio::test]
async fn journey_09_a_day_is_found_by_keys_read_corrected_with_a_reason_and_everything_of_it_is_written_down() {
    play_demo(async |scene: &mut Scene| {
        scene.speak("en").await;
        scene.log_in("lea").await;
        scene.open(&page()).await;
        let row = present_row(scene).await;
        let before = total(scene, row).await;

        walk_to(scene, row).await;
        let (_, said) = focused(scene).await;
        assert!(said.contains("final") || said.contains("provisional"), "{said}");
        scene.browser.press(&Key::Enter.to_string()).await;
        scene.browser.wait_for_address("/presence/days/").await;
        let day = scene.browser.address().await;
        scene.browser.wait_for_text("This look is recorded.").await;
        assert!(scene.browser.count("svg.day rect.seen").await > 0, "the strip shows when the device was seen");

        let worth = scene.browser.find("dl.values dd strong").await.text().await.unwrap();
        let other = if worth == "0.5" { "1" } else { "0.5" };
        scene.browser.click(&format!("select[name=value] option[value='{other}']")).await;
        scene.browser.fill("input[name=comment]", "left the phone at home").await;
        scene.browser.click("#form-presence_override_put button").await;

        scene.browser.wait_for_text("Override saved.").await;
        scene.browser.wait_for_text("corrected").await;
        let history = scene.browser.find("section[aria-labelledby=history]").await.text().await.unwrap();
        let both = history.contains(&worth) && history.contains(other);
        assert!(both && history.contains("left the phone at home") && history.contains("lea"), "{history}");
        scene.browser.wait_for_text(&format!("{worth} → {other}")).await;
        scene.open(&page()).await;
        assert_ne!(total(scene, row).await, before);
        walk_to(scene, row).await;
        let (class, said) = focused(scene).await;
        assert!(class.contains("corrected") && said.contains("corrected"), "{class}: {said}");
        written_down(scene, &day).await;
    })
    .await;
}

#[tokio::test]
async fn every_kind_of_square_of_a_month_can_be_seen() {
    play_demo(async |scene: &mut Scene| {
        scene.speak("en").await;
        scene.log_in("lea").await;
        scene.open(&page()).await;
        scene.browser.unfold(".legend").await;
        let script = "return [...document.querySelectorAll('.cell')].filter(cell => {
            const box = cell.getBoundingClientRect();
            return box.width !== 24 || box.height !== 24 || getComputedStyle(cell).clipPath !== 'none';
        }).map(cell => cell.className);";
        assert_eq!(scene.browser.run(script).await, json!([]), "squares of another size, or hidden ones");
        assert!(scene.browser.count(".legend .cell").await >= 7);
        let field = scene.browser.run("return document.querySelector('input[type=month]').value;").await;
        assert_eq!(field.as_str(), page().strip_prefix("/presence/month?month="));
    })
    .await;
}

/// The audit log has the look and the write.
async fn written_down(scene: &Scene, day: &str) {
    let steps: Vec<&str> = day.split('?').next().unwrap().rsplit('/').take(2).collect();
    scene.open("/audit?account=lea").await;
    scene.browser.wait_for_text("Correct this day").await;
    scene.browser.wait_for_text("look (day)").await;
    scene.browser.wait_for_text(&format!("{} {}", steps[1], steps[0])).await;
}
