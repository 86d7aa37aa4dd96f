//! An outage as people see it: a box falls silent and comes back, and what its charts show of the time between.

use serde_json::{Value, json};
use vigie_shared::lifecycle::Lifecycle;
use vigie_tests::processes::{free_port, wait_for};
use vigie_tests::terminals::Terminal;
use vigie_tests::terminals::device::Make;

use crate::scene::{Scene, play_configured, play_demo};

/// A hub for which seconds are what minutes are for others.
const QUICK: &str = "[alerts.site_offline]\nafter = \"6s\"\n[alerts.telling]\nfirst_wait = \"1s\"\nover_after = \"1s\"";

/// A line of hours goes from middle to middle, a strip shows whole ones: the difference, in hundredths of a week, and a little.
const HALF_AN_HOUR_OF_A_WEEK: f64 = 0.35;

/// A time clock behind the box.
const CLOCK: &str = "ZXTEST000417";

async fn count(scene: &Scene, path: &str) -> usize {
    let page = scene.hub.get(path).await.unwrap();
    page["items"].as_array().map_or(0, Vec::len)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn journey_05_a_silent_box_is_one_incident_with_its_clock_inside_and_what_waited_arrives_when_it_is_back() {
    let lifecycle = Lifecycle::new();
    play_configured(QUICK, async |scene: &mut Scene| {
        scene.furnish().await;
        scene.speak("en").await;
        let door = free_port().unwrap();
        let clocks = format!("[terminals]\nenabled = true\nlisten = \"127.0.0.1:{door}\"\nallowed = [\"{CLOCK}\"]\n");
        let mut victim = scene.start_box("nancy", &clocks).await;
        let other = scene.start_box("lyon", "").await;
        let clock = Terminal::start(Make::honest(CLOCK), ([127, 0, 0, 1], door).into(), &lifecycle);
        wait_for("the clock at the hub", async || count(scene, "/api/v1/terminals").await == 1).await.unwrap();
        scene.log_in("lea").await;
        scene.open("/").await;
        scene.browser.find("#site-nancy .mark[data-state=fine]").await;

        victim.kill();

        scene.browser.find("#site-nancy .mark[data-state=critical] use[href='#g-critical']").await;
        let row = scene.browser.find("#site-nancy").await.text().await.unwrap();
        assert!(row.contains("Silent"), "the state is a word, too: {row}");
        let grown = async || {
            scene.pass(5).await;
            scene.browser.find("#site-nancy").await.text().await.unwrap().contains(" min ago")
        };
        wait_for("its age to grow", grown).await.unwrap();

        clock.punch(7);
        scene.open_until("/incidents", "1 open incident").await;
        assert_eq!(scene.browser.count("#open-incidents li").await, 1, "one outage, one incident");
        scene.browser.click("#open-incidents a").await;
        scene.browser.wait_for_text(&format!("1 terminal ({CLOCK})")).await;

        victim.start().unwrap();
        wait_for("the punch that waited", async || count(scene, "/api/v1/punches").await == 1).await.unwrap();
        scene.open_until("/?q=nancy", "Reachable").await;
        let row = scene.browser.find("#site-nancy").await.text().await.unwrap();
        assert!(!row.contains("Silent"), "{row}");
        drop((victim, other));
    })
    .await;
    lifecycle.stop();
}

/// Where the first chart and the strip of measurements have holes, in hundredths of their width, as the server drew them.
const HOLES: &str = "
    const request = new XMLHttpRequest();
    request.open('GET', location.href, false);
    request.send();
    const page = new DOMParser().parseFromString(request.responseText, 'text/html');
    const line = page.querySelector('figure[data-from] path').getAttribute('d');
    const points = [...line.matchAll(/([ML])([\\d.]+) /g)].map(([, step, x]) => [step, x / 6]);
    const holes = points.slice(1).map(([step, x], at) => step === 'M' ? [points[at][1], x] : null).filter(hole => hole);
    const lane = page.querySelector('[data-lane=Mesures]');
    const strip = [...lane.querySelectorAll('g.unseen rect')].map(rect =>
        [parseFloat(rect.getAttribute('x')), parseFloat(rect.getAttribute('x')) + parseFloat(rect.getAttribute('width'))]);
    return { holes, strip, lines: page.querySelector('figure[data-from] svg').querySelectorAll('path').length };";

/// Left and right edge of what the chart draws on, and of the strip, in pixels.
const EDGES: &str = "
    const edges = (selector) => { const box = document.querySelector(selector).getBoundingClientRect();
        return [box.left, box.right]; };
    return [edges('.u-over'), edges('.strip')];";

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().into_iter().flatten().filter_map(Value::as_f64).collect()
}

/// The only hole of each is at the same place.
fn assert_same_place(found: &Value, tolerance: f64) {
    let (holes, strip) = (found["holes"].as_array().unwrap(), found["strip"].as_array().unwrap());
    assert_eq!((holes.len(), strip.len()), (1, 1), "{found}");
    for (line, part) in numbers(&holes[0]).into_iter().zip(numbers(&strip[0])) {
        assert!((line - part).abs() <= tolerance, "line and strip differ: {found}");
    }
}

#[tokio::test]
async fn journey_06_an_outage_is_a_hole_in_line_and_strip_at_the_same_place_and_says_why() {
    play_demo(async |scene: &mut Scene| {
        scene.speak("fr").await;
        scene.log_in("lea").await;

        scene.open("/sites/nantes").await;
        scene.browser.find(".u-over").await;
        let found = scene.browser.run(HOLES).await;
        assert_same_place(&found, 0.1);
        let edges = scene.browser.run(EDGES).await;
        for (chart, strip) in numbers(&edges[0]).into_iter().zip(numbers(&edges[1])) {
            assert!((chart - strip).abs() <= 1.5, "chart and strip have different axes: {edges}");
        }

        scene.browser.run("document.querySelector('[data-lane=Mesures] g.unseen').focus();").await;
        let why = scene.browser.find("[data-lane=Mesures] g.unseen:focus foreignObject").await;
        assert_eq!(why.css_value("visibility").await.unwrap(), "visible");
        let clipped = scene.browser.run("return getComputedStyle(document.querySelector('g.unseen')).clipPath;").await;
        assert_eq!(clipped, json!("none"), "what was not observed can be seen in the strip");
        assert!(scene.browser.find(".u-legend").await.text().await.unwrap().contains("Heure"));
        assert!(why.text().await.unwrap().contains("non observé"));
        scene.browser.click("details.see summary").await;
        let row = scene.browser.find("details.see td.unobserved").await.text().await.unwrap();
        assert!(row.contains("non observé"), "{row}");

        // Of a week and a month hours are drawn, their mean and their highest; the hole stays where it was.
        scene.open("/sites/nantes?span=30d").await;
        assert_eq!(scene.browser.run(HOLES).await["lines"], json!(2));
        scene.open("/sites/nantes?span=7d").await;
        let found = scene.browser.run(HOLES).await;
        assert_eq!(found["lines"], json!(2));
        let last = |of: &str| numbers(found[of].as_array().unwrap().last().unwrap_or(&Value::Null));
        assert_eq!((last("holes").len(), last("strip").len()), (2, 2), "{found}");
        for (line, part) in last("holes").into_iter().zip(last("strip")) {
            assert!((line - part).abs() <= HALF_AN_HOUR_OF_A_WEEK, "{found}");
        }
    })
    .await;
}
