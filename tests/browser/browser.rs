//! A browser of its own for one test: Debian's Chromium, told what to do by its driver on loopback.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use fantoccini::elements::Element;
use fantoccini::wd::{Capabilities, WebDriverCompatibleCommand};
use fantoccini::{Client, ClientBuilder, Locator};
use reqwest::{Method, Url};
use serde_json::{Value, json};
use vigie_tests::processes::{PATIENCE, free_port, wait_for};

/// The driver, beside the browser it belongs to.
const DRIVER: &str = "/usr/bin/chromedriver";
const CHROMIUM: &str = "/usr/bin/chromium";

/// How long a browser waits before it looks at a condition again.
const LOOK_AGAIN: Duration = Duration::from_millis(50);

/// Runs before a page's own scripts: notes what the page may not do, and how much it jumps.
const WATCH: &str = "
    window.vigieSeen = { policy: [], shift: 0, shifts: [] };
    document.addEventListener('securitypolicyviolation',
        event => vigieSeen.policy.push(event.violatedDirective + ' ' + event.blockedURI));
    new PerformanceObserver(list => list.getEntries().filter(entry => !entry.hadRecentInput).forEach(entry => {
        vigieSeen.shift += entry.value;
        vigieSeen.shifts.push((entry.sources || []).map(source => source.node && source.node.nodeName + '.'
            + source.node.className).join(' '));
    })).observe({ type: 'layout-shift', buffered: true });";

/// A window, as wide as a phone or a desk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Window {
    /// CSS pixels.
    pub(crate) width: u32,
    /// CSS pixels.
    pub(crate) height: u32,
}

impl Window {
    pub(crate) const PHONE: Self = Self { width: 360, height: 740 };
    pub(crate) const DESK: Self = Self { width: 1280, height: 900 };
}

/// Whether this machine has a browser with a driver.
pub(crate) fn is_here() -> bool {
    Path::new(DRIVER).exists() && Path::new(CHROMIUM).exists()
}

/// A running browser. [`Browser::close`] ends it.
pub(crate) struct Browser {
    pub(crate) client: Client,
    driver: Child,
    _profile: tempfile::TempDir,
}

/// A command of the driver that goes beyond the standard.
#[derive(Debug)]
struct Beyond {
    place: &'static str,
    body: Value,
}

impl WebDriverCompatibleCommand for Beyond {
    fn endpoint(&self, base_url: &Url, session_id: Option<&str>) -> Result<Url, <Url as std::str::FromStr>::Err> {
        base_url.join(&format!("session/{}/{}", session_id.unwrap_or_default(), self.place))
    }

    fn method_and_body(&self, _: &Url) -> (Method, Option<String>) {
        (Method::POST, Some(self.body.to_string()))
    }
}

impl Browser {
    /// Starts a browser without a past.
    pub(crate) async fn start() -> Self {
        let (port, profile) = (free_port().unwrap(), tempfile::tempdir().unwrap());
        let driver = Command::new(DRIVER)
            .arg(format!("--port={port}"))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let address = format!("http://127.0.0.1:{port}");
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        let status = format!("{address}/status");
        wait_for("the driver", async || http.get(&status).send().await.is_ok()).await.unwrap();
        let client = ClientBuilder::new(hyper_util::client::legacy::connect::HttpConnector::new())
            .capabilities(capabilities(profile.path()))
            .connect(&address)
            .await
            .unwrap();
        let browser = Self { client, driver, _profile: profile };
        browser.devtools("Page.addScriptToEvaluateOnNewDocument", json!({ "source": WATCH })).await;
        browser.devtools("Network.setCacheDisabled", json!({ "cacheDisabled": true })).await;
        browser.show(Window::DESK, false).await;
        browser
    }

    /// Ends the browser and its driver.
    pub(crate) async fn close(mut self) {
        drop(self.client.close().await);
        drop(self.driver.kill());
        drop(self.driver.wait());
    }

    /// A command of the browser's own tools.
    pub(crate) async fn devtools(&self, command: &str, params: Value) -> Value {
        let body = json!({ "cmd": command, "params": params });
        self.client.issue_cmd(Beyond { place: "goog/cdp/execute", body }).await.unwrap()
    }

    /// The lines of a log since it was read last: `browser` is the console, `performance` what went over the network.
    pub(crate) async fn log(&self, name: &str) -> Vec<Value> {
        let lines = self.client.issue_cmd(Beyond { place: "se/log", body: json!({ "type": name }) }).await.unwrap();
        lines.as_array().cloned().unwrap_or_default()
    }

    /// Makes the window so large, and the room light or dark.
    pub(crate) async fn show(&self, window: Window, is_dark: bool) {
        let Window { width, height } = window;
        let size =
            json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": window == Window::PHONE });
        self.devtools("Emulation.setDeviceMetricsOverride", size).await;
        let touch = json!({ "enabled": window == Window::PHONE });
        self.devtools("Emulation.setTouchEmulationEnabled", touch).await;
        let scheme = json!({ "name": "prefers-color-scheme", "value": if is_dark { "dark" } else { "light" } });
        let still = json!({ "name": "prefers-reduced-motion", "value": "reduce" });
        self.devtools("Emulation.setEmulatedMedia", json!({ "features": [scheme, still] })).await;
    }

    /// Switches the pages' scripts off, or on again.
    pub(crate) async fn set_scripts(&self, are_on: bool) {
        self.devtools("Emulation.setScriptExecutionDisabled", json!({ "value": !are_on })).await;
    }

    /// Keeps a cookie for the pages of that address.
    pub(crate) async fn set_cookie(&self, address: &str, (name, value): (&str, &str)) {
        self.devtools("Network.setCookie", json!({ "url": address, "name": name, "value": value })).await;
    }

    /// Runs a script in the page and returns what it returns.
    pub(crate) async fn run(&self, script: &str) -> Value {
        self.client.execute(script, Vec::new()).await.unwrap()
    }

    /// Waits for what a selector names.
    pub(crate) async fn find(&self, selector: &str) -> Element {
        let found = self.client.wait().at_most(PATIENCE).every(LOOK_AGAIN).for_element(Locator::Css(selector)).await;
        match found {
            Ok(element) => element,
            Err(error) => panic!("{selector} is not on {}: {error}\n{}", self.address().await, self.text().await),
        }
    }

    /// Clicks on what a selector names.
    pub(crate) async fn click(&self, selector: &str) {
        let element = self.find(selector).await;
        if let Err(error) = element.click().await {
            panic!("{selector} on {} cannot be clicked: {error}", self.address().await);
        }
    }

    /// Types into a field, in place of what stood there.
    pub(crate) async fn fill(&self, selector: &str, text: &str) {
        let field = self.find(selector).await;
        field.clear().await.unwrap();
        field.send_keys(text).await.unwrap();
    }

    /// Sets a field whose typed form depends on the machine's language: dates and times.
    pub(crate) async fn set(&self, selector: &str, value: &str) {
        self.find(selector).await;
        let script = format!(
            "const field = document.querySelector({}); field.value = {}; return field.value;",
            json!(selector),
            json!(value)
        );
        assert_eq!(self.run(&script).await, json!(value), "{selector}");
    }

    /// Opens the part that something is in.
    pub(crate) async fn unfold(&self, selector: &str) {
        self.find(selector).await;
        self.run(&format!("document.querySelector({}).closest('details').open = true;", json!(selector))).await;
    }

    /// What the hub answers to this reader: its status and its text.
    pub(crate) async fn ask(&self, path: &str) -> (u64, String) {
        let script = "const done = arguments[arguments.length - 1];
            fetch(arguments[0]).then(async answer => done([answer.status, await answer.text()]), () => done([0, '']));";
        let answer = self.client.execute_async(script, vec![json!(path)]).await.unwrap();
        (answer[0].as_u64().unwrap_or(0), answer[1].as_str().unwrap_or_default().to_owned())
    }

    /// Loads the page again and again until a reader reads this.
    pub(crate) async fn reload_until(&self, wanted: &str) {
        let seen = wait_for(wanted, async || {
            self.client.refresh().await.unwrap();
            self.text().await.contains(wanted)
        });
        assert!(seen.await.is_ok(), "`{wanted}` does not come to {}:\n{}", self.address().await, self.text().await);
    }

    /// Presses keys, wherever the focus is.
    pub(crate) async fn press(&self, keys: &str) {
        self.client.active_element().await.unwrap().send_keys(keys).await.unwrap();
    }

    /// How many there are of what a selector names.
    pub(crate) async fn count(&self, selector: &str) -> usize {
        self.client.find_all(Locator::Css(selector)).await.unwrap().len()
    }

    /// What a reader reads.
    pub(crate) async fn text(&self) -> String {
        match self.client.find(Locator::Css("body")).await {
            Ok(body) => body.text().await.unwrap_or_default(),
            Err(_) => String::new(),
        }
    }

    /// Where the browser is.
    pub(crate) async fn address(&self) -> String {
        self.client.current_url().await.map(String::from).unwrap_or_default()
    }

    /// Waits until the reader reads this.
    pub(crate) async fn wait_for_text(&self, wanted: &str) {
        let seen = wait_for(wanted, async || self.text().await.contains(wanted)).await;
        assert!(seen.is_ok(), "`{wanted}` is not on {}:\n{}", self.address().await, self.text().await);
    }

    /// Waits until the address has this in it.
    pub(crate) async fn wait_for_address(&self, wanted: &str) {
        let there = wait_for(wanted, async || self.address().await.contains(wanted)).await;
        assert!(
            there.is_ok(),
            "the browser is on {} and not on {wanted}:\n{}",
            self.address().await,
            self.text().await
        );
    }

    /// Waits until the page has drawn itself twice.
    pub(crate) async fn settle(&self) {
        let script = "const done = arguments[0]; const drawn = () => requestAnimationFrame(() =>
            requestAnimationFrame(() => done(true)));
            document.readyState === 'complete' ? drawn() : addEventListener('load', drawn);";
        self.client.execute_async(script, Vec::new()).await.unwrap();
    }
}

fn capabilities(profile: &Path) -> Capabilities {
    let arguments = [
        "--headless=new".to_owned(),
        // The browser ends with its driver, however that ends.
        "--remote-debugging-pipe".to_owned(),
        // The sandbox wants rights that a machine for tests often lacks; the pages are our own.
        "--no-sandbox".to_owned(),
        "--disable-gpu".to_owned(),
        "--disable-dev-shm-usage".to_owned(),
        "--disable-background-networking".to_owned(),
        "--disable-component-update".to_owned(),
        "--no-first-run".to_owned(),
        "--no-proxy-server".to_owned(),
        "--hide-scrollbars".to_owned(),
        format!("--user-data-dir={}", profile.display()),
    ];
    let options = json!({ "args": arguments, "binary": CHROMIUM });
    let logs = json!({ "browser": "ALL", "performance": "ALL" });
    let wishes =
        json!({ "goog:chromeOptions": options, "goog:loggingPrefs": logs, "unhandledPromptBehavior": "accept" });
    wishes.as_object().cloned().unwrap_or_default()
}
