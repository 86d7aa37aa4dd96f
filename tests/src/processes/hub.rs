//! A hub as its own process, with its API.

use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context as _;
use serde_json::Value;
use tokio::time::Instant;

use super::{Program, free_port, wait_for};

/// How long a port may be in somebody else's way.
const PORTS_WITHIN: Duration = Duration::from_secs(10);

/// A hub as its own process.
pub struct HubProcess {
    /// Its folder: data, configuration, log.
    pub folder: PathBuf,
    /// Where its API listens.
    pub admin_port: u16,
    /// Where its HTTPS for boxes listens.
    pub boxes_port: u16,
    /// Where its MQTT for boxes listens.
    pub mqtt_port: u16,
    /// Where its MQTT for people's programs listens.
    pub operators_port: u16,
    program: Option<Program>,
    http: reqwest::Client,
}

impl HubProcess {
    /// Prepares a hub in an empty folder; [`HubProcess::start`] starts it, as often as it was killed.
    ///
    /// # Errors
    ///
    /// If the folder cannot be written or no port is free.
    pub fn new(folder: &Path) -> anyhow::Result<Self> {
        let (admin_port, boxes_port) = (free_port()?, free_port()?);
        let (mqtt_port, operators_port) = (free_port()?, free_port()?);
        let mut config = File::create(folder.join("hub.toml"))?;
        writeln!(config, "data = \"{}\"\npublic_address = \"127.0.0.1\"\n[listen]", folder.join("data").display())?;
        for (door, port) in
            [("admin", admin_port), ("boxes", boxes_port), ("mqtt", mqtt_port), ("operators", operators_port)]
        {
            writeln!(config, "{door} = \"127.0.0.1:{port}\"")?;
        }
        // The client wants a provider even where no TLS is spoken; a second installation keeps the first.
        drop(rustls::crypto::ring::default_provider().install_default());
        let http = reqwest::Client::builder().no_proxy().build()?;
        Ok(Self {
            folder: folder.to_path_buf(),
            admin_port,
            boxes_port,
            mqtt_port,
            operators_port,
            program: None,
            http,
        })
    }

    /// Adds lines to the configuration, before a start.
    ///
    /// # Errors
    ///
    /// If the file cannot be written.
    pub fn configure(&self, lines: &str) -> anyhow::Result<()> {
        let mut config = File::options().append(true).open(self.folder.join("hub.toml"))?;
        writeln!(config, "{lines}")?;
        Ok(())
    }

    /// Starts the hub and waits until it is ready.
    ///
    /// # Errors
    ///
    /// If it does not get ready; the message holds what it printed.
    pub async fn start(&mut self) -> anyhow::Result<()> {
        let config = self.folder.join("hub.toml");
        let config = config.to_str().context("the folder's name is text")?.to_owned();
        self.launch(&["--config", &config, "run"], "").await
    }

    /// Starts a hub with a simulated fleet that has so many days of history instead, and waits until it is ready.
    ///
    /// # Errors
    ///
    /// As [`HubProcess::start`].
    pub async fn start_demo(&mut self, days: u32) -> anyhow::Result<()> {
        let data = self.folder.join("data");
        let data = data.to_str().context("the folder's name is text")?.to_owned();
        let (admin, days) = (format!("127.0.0.1:{}", self.admin_port), days.to_string());
        // Its history is told while it answers already: it says where it is once that is done.
        self.launch(&["--data", &data, "demo", "--admin", &admin, "--days", &days], "Dashboard").await
    }

    /// Starts the hub again while one of its ports is taken: somebody's outgoing connection may hold it for a moment.
    async fn launch(&mut self, args: &[&str], word: &str) -> anyhow::Result<()> {
        let began = Instant::now();
        loop {
            match self.try_launch(args, word).await {
                Err(error) if is_port_taken(&error) && began.elapsed() < PORTS_WITHIN => {}
                result => return result,
            }
        }
    }

    /// Waits until it is ready and has said that word.
    async fn try_launch(&mut self, args: &[&str], word: &str) -> anyhow::Result<()> {
        let mut program = Program::start("vigie-hub", args, &self.folder.join("hub.log"))?;
        let ready = format!("http://127.0.0.1:{}/readyz", self.admin_port);
        let http = self.http.clone();
        let result = wait_for("the hub's readiness", async || {
            let answer = http.get(&ready).send().await;
            let is_ready = answer.is_ok_and(|answer| answer.status().is_success()) && program.said().contains(word);
            program.ended().is_some() || is_ready
        })
        .await;
        let ended = program.ended();
        anyhow::ensure!(result.is_ok() && ended.is_none(), "the hub did not get ready; it said:\n{}", program.said());
        self.program = Some(program);
        Ok(())
    }

    /// The running program.
    ///
    /// # Panics
    ///
    /// If it was not started.
    pub fn program(&mut self) -> &mut Program {
        self.program.as_mut().expect("the hub was started")
    }

    /// Ends the hub as a power cut does.
    pub fn kill(&mut self) {
        self.program = None;
    }

    /// Asks the API as the hub's owner.
    ///
    /// # Errors
    ///
    /// If the hub does not answer with success.
    pub async fn get(&self, path: &str) -> anyhow::Result<Value> {
        Ok(serde_json::from_str(&self.text(path).await?)?)
    }

    /// Asks for something that is no JSON as the hub's owner: a page, a CSV.
    ///
    /// # Errors
    ///
    /// If the hub does not answer with success.
    pub async fn text(&self, path: &str) -> anyhow::Result<String> {
        let request = self.http.get(self.url(path)).header("authorization", self.bearer()?);
        let answer = request.send().await?;
        let status = answer.status();
        let text = answer.text().await?;
        anyhow::ensure!(status.is_success(), "{path}: {status}: {text}");
        Ok(text)
    }

    /// Begins to follow a live stream as the hub's owner, until what comes back is dropped.
    ///
    /// # Errors
    ///
    /// If the hub does not answer with success.
    pub async fn follow(&self, path: &str) -> anyhow::Result<reqwest::Response> {
        let request = self.http.get(self.url(path)).header("authorization", self.bearer()?);
        Ok(request.send().await?.error_for_status()?)
    }

    /// Changes something over the API as the hub's owner.
    ///
    /// # Errors
    ///
    /// If the hub does not answer with success.
    pub async fn post(&self, path: &str, body: &Value) -> anyhow::Result<Value> {
        self.change(reqwest::Method::POST, path, body).await
    }

    /// Changes something over the API as the hub's owner, by any method.
    ///
    /// # Errors
    ///
    /// If the hub does not answer with success.
    pub async fn change(&self, method: reqwest::Method, path: &str, body: &Value) -> anyhow::Result<Value> {
        let request = self.http.request(method, self.url(path)).header("authorization", self.bearer()?).json(body);
        let answer = request.send().await?;
        let status = answer.status();
        let text = answer.text().await?;
        anyhow::ensure!(status.is_success(), "{path}: {status}: {text}");
        Ok(if text.is_empty() { Value::Null } else { serde_json::from_str(&text)? })
    }

    /// Runs one verb of the command line on this hub's configuration and returns what it printed.
    ///
    /// # Errors
    ///
    /// If the verb fails; the message holds what it printed.
    pub async fn run_verb(&self, words: &[&str]) -> anyhow::Result<String> {
        let config = self.folder.join("hub.toml");
        let mut command = tokio::process::Command::new(super::binary("vigie-hub")?);
        let out = command.arg("--config").arg(config).args(words).output().await?;
        let (said, complained) = (String::from_utf8_lossy(&out.stdout), String::from_utf8_lossy(&out.stderr));
        anyhow::ensure!(out.status.success(), "{words:?} failed: {said}{complained}");
        Ok(said.into_owned())
    }

    /// Where a path of its admin HTTP is.
    #[must_use]
    pub fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.admin_port)
    }

    fn bearer(&self) -> anyhow::Result<String> {
        let header = std::fs::read_to_string(self.folder.join("data/curl-header")).context("read the curl header")?;
        let value = header.trim().strip_prefix("Authorization: ").context("the header file holds one header")?;
        Ok(value.to_owned())
    }
}

/// Whether a hub that did not start says that a port of its own is taken.
fn is_port_taken(error: &anyhow::Error) -> bool {
    error.to_string().contains("Address already in use")
}
