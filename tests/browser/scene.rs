//! A hub with something to see, somebody who is logged in, and a browser.

use std::panic::{AssertUnwindSafe, resume_unwind};

use futures_util::FutureExt as _;
use reqwest::Method;
use serde_json::{Value, json};
use tempfile::TempDir;
use vigie_tests::not_run;
use vigie_tests::processes::{BoxProcess, HubProcess, wait_for};

use crate::browser::{self, Browser};

/// The password of everybody on a scene.
pub(crate) const PASSWORD: &str = "correct horse battery";

/// The button of the login.
pub(crate) const LOG_IN: &str = "form:has(input[name=password]) button";

/// What a test looks at.
pub(crate) struct Scene {
    pub(crate) hub: HubProcess,
    pub(crate) browser: Browser,
    /// Real boxes that a test started.
    pub(crate) boxes: Vec<BoxProcess>,
    _folder: TempDir,
}

/// Runs a test with a hub and a browser of its own, and ends both whatever happens.
pub(crate) async fn play(test: impl AsyncFnOnce(&mut Scene)) {
    play_with(Kind::Empty, "", test).await;
}

/// The same with these lines in the hub's configuration.
pub(crate) async fn play_configured(lines: &str, test: impl AsyncFnOnce(&mut Scene)) {
    play_with(Kind::Empty, lines, test).await;
}

/// The same with the simulated fleet of `vigie-hub demo`, of a few days: enough for every page, and soon written.
pub(crate) async fn play_demo(test: impl AsyncFnOnce(&mut Scene)) {
    play_demo_of(4, test).await;
}

/// The same with so many days of history.
pub(crate) async fn play_demo_of(days: u32, test: impl AsyncFnOnce(&mut Scene)) {
    play_with(Kind::Demo { days }, "", test).await;
}

/// What a hub holds at first.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Empty,
    Demo { days: u32 },
}

async fn play_with(kind: Kind, lines: &str, test: impl AsyncFnOnce(&mut Scene)) {
    if !browser::is_here() {
        return not_run("chromium and chromium-driver are not installed");
    }
    let mut scene = Scene::set(kind, lines).await;
    let end = AssertUnwindSafe(test(&mut scene)).catch_unwind().await;
    scene.browser.close().await;
    if let Err(panic) = end {
        resume_unwind(panic);
    }
}

impl Scene {
    async fn set(kind: Kind, lines: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut hub = HubProcess::new(folder.path()).unwrap();
        hub.configure(lines).unwrap();
        match kind {
            Kind::Empty => hub.start().await.unwrap(),
            Kind::Demo { days } => hub.start_demo(days).await.unwrap(),
        }
        for (name, role) in [("lea", "owner"), ("max", "operator"), ("eva", "viewer")] {
            let wanted = json!({ "role": role, "password": PASSWORD });
            hub.change(Method::PUT, &format!("/api/v1/users/{name}"), &wanted).await.unwrap();
        }
        Self { hub, browser: Browser::start().await, boxes: Vec::new(), _folder: folder }
    }

    /// Adds what people have to do with: sites, a person, a schedule.
    pub(crate) async fn furnish(&self) {
        for (id, name, town) in [("metz", "Metz", "Metz"), ("rennes", "Rennes", "Rennes"), ("brest", "Brest", "Brest")]
        {
            let site =
                json!({ "id": id, "name": name, "zone": "Europe/Paris", "about": { "town": town, "tags": ["demo"] } });
            self.hub.post("/api/v1/sites", &site).await.unwrap();
        }
        for (id, name) in [("E1", "Anne Blanc"), ("E2", "Bruno Colin")] {
            self.put(&format!("/api/v1/people/{id}"), json!({ "name": name })).await;
        }
        let shift = json!({ "starts": "08:00", "ends": "17:00", "tolerance_min": 5 });
        self.put("/api/v1/schedules/office", json!({ "days": { "monday": shift } })).await;
    }

    /// Sets something over the API.
    pub(crate) async fn put(&self, path: &str, body: Value) {
        self.hub.change(Method::PUT, path, &body).await.unwrap();
    }

    /// A real box for a site that is there, with these settings and all usual collectors off. It does not run yet.
    pub(crate) async fn register(&self, site: &str, settings: &str) -> BoxProcess {
        let invited = self.hub.post("/api/v1/enrolments", &json!({ "site": site })).await.unwrap();
        let real = BoxProcess::unregistered(site, &self.hub.folder).unwrap();
        real.run_verb(&["register", invited["token"].as_str().unwrap()]).await.unwrap();
        let off = "[collect.host]\nenabled = false\n[collect.lan]\nenabled = false\n[collect.leases]\nenabled = false";
        real.configure(&format!("{off}\n{settings}")).unwrap();
        real
    }

    /// A real box of a new site that runs and sends a pulse every second, with room for more settings.
    pub(crate) async fn start_box(&self, site: &str, more: &str) -> BoxProcess {
        let mut real = BoxProcess::enrol(&self.hub, site, &self.hub.folder).await.unwrap();
        let quiet = "[collect.lan]\nenabled = false\n[collect.leases]\nenabled = false";
        real.configure(&format!("[collect.host]\nheartbeat = \"1s\"\n{quiet}\n{more}")).unwrap();
        real.start().unwrap();
        real
    }

    /// Opens a page.
    pub(crate) async fn open(&self, path: &str) {
        self.browser.client.goto(&self.hub.url(path)).await.unwrap();
    }

    /// Logs somebody in by the page's own form.
    pub(crate) async fn log_in(&self, account: &str) {
        self.enter(account).await;
        self.browser.wait_for_text("Metz").await;
    }

    /// The same for somebody who need not see a site.
    pub(crate) async fn enter(&self, account: &str) {
        self.open("/login").await;
        self.browser.fill("input[name=account]", account).await;
        self.browser.fill("input[name=password]", PASSWORD).await;
        self.browser.click(LOG_IN).await;
        let is_in = async || !self.browser.address().await.contains("/login");
        wait_for("the first page", is_in).await.unwrap();
    }

    /// Says yes to what a dialog asks.
    pub(crate) async fn confirm(&self) {
        self.browser.click("dialog[open] #confirm form button").await;
    }

    /// Lets the reader's clock jump ahead, so that nobody has to sit before the page for so long.
    pub(crate) async fn pass(&self, seconds: u32) {
        let script = format!(
            "window.vigiePassed = (window.vigiePassed || 0) + {seconds} * 1000;
             window.vigieNow = window.vigieNow || Date.now.bind(Date);
             Date.now = () => vigieNow() + vigiePassed;"
        );
        self.browser.run(&script).await;
    }

    /// Opens a page again and again until the reader reads this.
    pub(crate) async fn open_until(&self, path: &str, wanted: &str) {
        let is_there = async || {
            self.open(path).await;
            self.browser.text().await.contains(wanted)
        };
        let seen = wait_for(wanted, is_there).await;
        assert!(seen.is_ok(), "`{wanted}` is not on {path}:\n{}", self.browser.text().await);
    }

    /// Reads the pages in this language from now on.
    pub(crate) async fn speak(&self, lang: &str) {
        self.browser.set_cookie(&self.hub.url("/"), ("lang", lang)).await;
    }
}
