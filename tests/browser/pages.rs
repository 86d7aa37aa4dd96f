//! Every page in both languages, in the light and in the dark, on a phone and on a desk: nothing is wrong with it.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::axe;
use crate::browser::{Browser, Window};
use crate::scene::{Scene, play, play_demo};

/// Heaviest page with everything it loads, compressed, bytes.
const PAGE_BYTES_MAX: u64 = 200_000;
/// Pages below the ones of the rail: each is found by the first link with this beginning.
const BELOW: [&str; 10] = [
    "/sites/",
    "/machines/",
    "/terminals/",
    "/connectors/",
    "/incidents/",
    "/rollouts/",
    "/people/",
    "/presence/",
    "/settings/",
    "/media/",
];

/// How a page is looked at.
#[derive(Debug, Clone, Copy)]
struct Look {
    lang: &'static str,
    is_dark: bool,
    window: Window,
}

impl Look {
    fn name(self) -> String {
        let light = if self.is_dark { "dark" } else { "light" };
        format!("{}-{light}-{}", self.lang, self.window.width)
    }
}

#[tokio::test]
async fn every_page_is_well_on_a_desk_in_the_light() {
    look_at_all(&[("fr", false), ("en", false)], Window::DESK).await;
}

#[tokio::test]
async fn every_page_is_well_on_a_desk_in_the_dark() {
    look_at_all(&[("fr", true), ("en", true)], Window::DESK).await;
}

#[tokio::test]
async fn every_page_is_well_on_a_phone_in_the_light() {
    look_at_all(&[("fr", false), ("en", false)], Window::PHONE).await;
}

#[tokio::test]
async fn every_page_is_well_on_a_phone_in_the_dark() {
    look_at_all(&[("fr", true), ("en", true)], Window::PHONE).await;
}

/// A page with faults of every kind that is looked for.
const BROKEN: &str =
    "data:text/html,<html lang=xx><title>x</title><body style='width:3000px'><img src=x><input><script>
    console.error('a fault'); setInterval(() => document.body.prepend(Object.assign(document.createElement('p'),
    { textContent: 'late', style: 'height:300px' })), 300);</script>";

#[tokio::test]
async fn what_is_wrong_with_a_page_is_found() {
    play(async |scene: &mut Scene| {
        let browser = &scene.browser;
        browser.client.goto(BROKEN).await.unwrap();
        let has_jumped = async || browser.run("return vigieSeen.shift > 0;").await == Value::Bool(true);
        vigie_tests::processes::wait_for("the page to jump", has_jumped).await.unwrap();

        let look = Look { lang: "fr", is_dark: false, window: Window::DESK };
        let wrong = [seen(browser, look).await, complaints(browser).await].concat().join("\n");

        for part in ["its language is \"xx\"", "sideways", "it jumps by", "a fault"] {
            assert!(wrong.contains(part), "{part} was not found:\n{wrong}");
        }
        if let Some(axe) = axe::source() {
            let found = axe::findings(browser, &axe).await.join("\n");
            assert!(found.contains("image-alt") && found.contains("label"), "{found}");
        }
    })
    .await;
}

async fn look_at_all(looks: &[(&'static str, bool)], window: Window) {
    play_demo(async |scene: &mut Scene| {
        scene.log_in("lea").await;
        let pages = pages(scene).await;
        let mut wrong = Vec::new();
        for &(lang, is_dark) in looks {
            let look = Look { lang, is_dark, window };
            scene.speak(lang).await;
            scene.browser.show(window, is_dark).await;
            let mut titles = BTreeSet::new();
            for page in &pages {
                let found = look_at(scene, page, look).await;
                wrong.extend(found.into_iter().map(|what| format!("{page} ({}): {what}", look.name())));
                let title = scene.browser.client.title().await.unwrap();
                if !titles.insert(title.clone()) {
                    wrong.push(format!("{page} ({lang}): another page is called `{title}`, too"));
                }
            }
        }
        assert!(wrong.is_empty(), "{} findings:\n{}", wrong.len(), wrong.join("\n"));
    })
    .await;
}

/// Every page that the rail leads to, and one of each kind below them.
async fn pages(scene: &Scene) -> Vec<String> {
    let mut pages = links(scene, "/").await;
    let rail = pages.clone();
    for page in &rail {
        for link in links(scene, page).await {
            let is_new_kind = BELOW.iter().any(|kind| {
                link.starts_with(kind) && !pages.iter().any(|known| known.starts_with(kind) && known.len() > kind.len())
            });
            if is_new_kind {
                pages.push(link);
            }
        }
    }
    assert!(pages.contains(&"/".to_owned()), "{pages:?}");
    pages
}

/// Addresses of our own pages that a page links to, without their query.
async fn links(scene: &Scene, page: &str) -> Vec<String> {
    scene.open(page).await;
    let script = "return [...document.querySelectorAll('a[href]')].filter(a => a.origin === location.origin
        && !a.hasAttribute('download') && !/^\\/(api|assets|metrics|healthz|act|confirm)/.test(a.pathname)
        && !/\\.(csv|json|ics|pdf)$/.test(a.pathname)).map(a => a.pathname);";
    let found = scene.browser.run(script).await;
    let found: BTreeSet<String> =
        found.as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect();
    let own = ["/".to_owned()].into_iter();
    // Below the pages of the rail there are too many: `pages` takes one of each kind.
    let is_rail = |page: &String| page.matches('/').count() == 1;
    if page == "/" {
        own.chain(found.into_iter().filter(|page| page != "/" && is_rail(page))).collect()
    } else {
        found.into_iter().filter(|page| !is_rail(page)).collect()
    }
}

/// What is wrong with a page.
async fn look_at(scene: &Scene, page: &str, look: Look) -> Vec<String> {
    let browser = &scene.browser;
    // What was told before belongs to the page before.
    browser.log("browser").await;
    browser.log("performance").await;
    scene.open(page).await;
    browser.settle().await;
    let mut wrong = Vec::new();
    let traffic = browser.log("performance").await;
    wrong.extend(strangers(&traffic, &scene.hub.url("")));
    let bytes = bytes(&traffic);
    if bytes > PAGE_BYTES_MAX {
        wrong.push(format!("it weighs {bytes} bytes"));
    }
    wrong.extend(seen(browser, look).await);
    wrong.extend(complaints(browser).await);
    if let Some(axe) = axe::source() {
        wrong.extend(axe::findings(browser, &axe).await);
    }
    keep(browser, page, look).await;
    wrong
}

/// Language, width, jumps and what the policy forbade.
async fn seen(browser: &Browser, look: Look) -> Vec<String> {
    let script = "const root = document.documentElement; return { lang: root.lang, wide: root.scrollWidth,
        inner: root.clientWidth, policy: vigieSeen.policy, shift: vigieSeen.shift, shifts: vigieSeen.shifts,
        title: document.title };";
    let page = browser.run(script).await;
    let mut wrong = Vec::new();
    if page["lang"] != look.lang {
        wrong.push(format!("its language is {}", page["lang"]));
    }
    if page["wide"].as_u64() > page["inner"].as_u64() {
        wrong.push(format!("it scrolls sideways: {} in {}", page["wide"], page["inner"]));
    }
    if page["policy"] != serde_json::json!([]) {
        wrong.push(format!("the policy forbade {}", page["policy"]));
    }
    if page["shift"].as_f64() != Some(0.0) {
        wrong.push(format!("it jumps by {}: {}", page["shift"], page["shifts"]));
    }
    wrong
}

/// What the page wrote on the console.
async fn complaints(browser: &Browser) -> Vec<String> {
    let lines = browser.log("browser").await;
    let is_bad = |line: &&Value| line["level"] == "SEVERE" || line["level"] == "WARNING";
    lines.iter().filter(is_bad).map(|line| format!("the console says {}", line["message"])).collect()
}

/// The events of the network in a log.
fn events(traffic: &[Value]) -> impl Iterator<Item = Value> {
    traffic.iter().filter_map(|line| {
        let event: Value = serde_json::from_str(line["message"].as_str()?).ok()?;
        Some(event["message"].clone())
    })
}

/// Requests to anybody but the hub.
fn strangers(traffic: &[Value], hub: &str) -> Vec<String> {
    let asked = events(traffic).filter(|event| event["method"] == "Network.requestWillBeSent");
    let urls = asked.filter_map(|event| Some(event["params"]["request"]["url"].as_str()?.to_owned()));
    let is_foreign = |url: &String| !url.starts_with(hub) && !url.starts_with("data:");
    urls.filter(is_foreign).map(|url| format!("it asks {url}")).collect()
}

/// What the page and everything it loaded weighed on the wire.
fn bytes(traffic: &[Value]) -> u64 {
    let loaded = events(traffic).filter(|event| event["method"] == "Network.loadingFinished");
    let sizes = loaded.filter_map(|event| event["params"]["encodedDataLength"].as_f64());
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "sizes of pages are small and positive"
    )]
    sizes.map(|size| size as u64).sum()
}

/// Keeps a picture of the page.
async fn keep(browser: &Browser, page: &str, look: Look) {
    let name = if page == "/" { "overview".to_owned() } else { page.trim_matches('/').replace('/', "-") };
    let picture = browser.client.screenshot().await.unwrap();
    let folder = folder();
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join(format!("{name}-{}.png", look.name())), picture).unwrap();
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().join("target/browser")
}
