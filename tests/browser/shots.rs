//! The pictures of the README: pages of the demo as somebody sees them who just started it.

use std::path::Path;

use crate::browser::Window;
use crate::scene::play_demo_of;

/// Pages, the language they are read in, whether in the dark, and what the picture is called.
const SHOTS: [(&str, &str, bool, &str); 3] = [
    ("/", "en", false, "overview"),
    ("/sites/toulouse", "fr", true, "site"),
    ("/presence/month", "en", false, "month"),
];
/// Days of history: as many as `vigie-hub demo` has by itself.
const DAYS: u32 = 21;

/// Largest picture: a README is read over slow lines, too.
const SHOT_BYTES_MAX: usize = 150_000;

#[tokio::test]
async fn the_readmes_pictures_can_be_made_and_are_small() {
    play_demo_of(DAYS, async |scene| {
        scene.log_in("lea").await;
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().join("target/browser/readme");
        std::fs::create_dir_all(&folder).unwrap();
        for (page, lang, is_dark, name) in SHOTS {
            scene.speak(lang).await;
            scene.browser.show(Window { width: 1280, height: 800 }, is_dark).await;
            scene.open(page).await;
            scene.browser.settle().await;
            let picture = scene.browser.client.screenshot().await.unwrap();
            assert!(picture.len() <= SHOT_BYTES_MAX, "{name} has {} bytes", picture.len());
            std::fs::write(folder.join(format!("{name}.png")), picture).unwrap();
        }
    })
    .await;
}
