//! A box as its own process: the real agent, registered with a token.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Context as _;
use serde_json::{Value, json};
use vigie_shared::id::SiteId;

use super::{HubProcess, Program, binary, wait_for};

/// A box in a folder of its own.
pub struct BoxProcess {
    /// Its site.
    pub site: SiteId,
    /// Its folder: data, configuration, log.
    pub folder: PathBuf,
    program: Option<Program>,
}

impl BoxProcess {
    /// Adds a site at the hub and registers a box for it. Its collectors are off; see [`BoxProcess::configure`].
    ///
    /// # Errors
    ///
    /// If hub or agent refuse; the message holds what the agent said.
    pub async fn enrol(hub: &HubProcess, site: &str, folder: &Path) -> anyhow::Result<Self> {
        let invited = hub.post("/api/v1/sites", &json!({ "id": site })).await?;
        let token = invited["token"].as_str().context("the answer holds the token")?.to_owned();
        let this = Self::unregistered(site, folder)?;
        this.run_verb(&["register", &token]).await.context("register the box")?;
        Ok(this)
    }

    /// A box that no hub knows yet, in a folder of this name. Its collectors are off.
    ///
    /// # Errors
    ///
    /// If the folder cannot be written.
    pub fn unregistered(name: &str, folder: &Path) -> anyhow::Result<Self> {
        let folder = folder.join(name);
        std::fs::create_dir_all(&folder)?;
        let this = Self { site: name.parse()?, folder, program: None };
        this.configure(
            "[collect.host]\nenabled = false\n[collect.lan]\nenabled = false\n[collect.leases]\nenabled = false",
        )?;
        Ok(this)
    }

    /// A copy of the box's card in another folder: the same identity and the same queue.
    ///
    /// # Errors
    ///
    /// If the folder cannot be copied.
    pub fn copy_card(&self, folder: &Path) -> anyhow::Result<Self> {
        std::fs::create_dir_all(folder)?;
        let status = Command::new("cp").arg("-a").arg(self.folder.join("data")).arg(folder).status()?;
        anyhow::ensure!(status.success(), "the card cannot be copied");
        let copy = Self { site: self.site.clone(), folder: folder.to_path_buf(), program: None };
        let settings = std::fs::read_to_string(self.folder.join("agent.toml"))?;
        let (_, rest) = settings.split_once("\n\n").context("the settings have a body")?;
        copy.configure(rest)?;
        Ok(copy)
    }

    /// Writes the configuration: where everything lies, and these lines.
    ///
    /// # Errors
    ///
    /// If the file cannot be written.
    pub fn configure(&self, lines: &str) -> anyhow::Result<()> {
        let (data, socket) = (self.folder.join("data"), self.folder.join("sock"));
        let text = format!("data = \"{}\"\nsocket = \"{}\"\n\n{lines}\n", data.display(), socket.display());
        std::fs::write(self.folder.join("agent.toml"), text)?;
        Ok(())
    }

    /// Starts the agent.
    ///
    /// # Errors
    ///
    /// If it does not start.
    pub fn start(&mut self) -> anyhow::Result<()> {
        let config = self.config()?;
        self.program = Some(Program::start("vigie-agent", &["--config", &config, "run"], &self.folder.join("log"))?);
        Ok(())
    }

    /// Starts the agent inside a control group.
    ///
    /// # Errors
    ///
    /// If it does not start.
    pub fn start_within(&mut self, door: &Path) -> anyhow::Result<()> {
        let config = self.config()?;
        let args = ["--config", &config, "run"];
        self.program = Some(Program::start_within(door, "vigie-agent", &args, &self.folder.join("log"))?);
        Ok(())
    }

    /// Starts the agent with a collector that punches as fast as the disk allows; see `test_box`.
    ///
    /// # Errors
    ///
    /// If it does not start.
    pub fn start_punching(&mut self) -> anyhow::Result<()> {
        let (config, list) = (self.config()?, self.list());
        let list = list.to_str().context("the folder's name is text")?;
        let args = ["--config", &config, "--list", list];
        self.program = Some(Program::start("test_box", &args, &self.folder.join("log"))?);
        Ok(())
    }

    /// Starts the agent with acts that need root only noted down, see [`BoxProcess::acts`].
    ///
    /// # Errors
    ///
    /// If it does not start.
    pub fn start_acting(&mut self) -> anyhow::Result<()> {
        let (config, list, acts) = (self.config()?, self.list(), self.acts());
        let list = list.to_str().context("the folder's name is text")?;
        let acts = acts.to_str().context("the folder's name is text")?;
        let args = ["--config", &config, "--list", list, "--punchers", "0", "--acts", acts];
        self.program = Some(Program::start("test_box", &args, &self.folder.join("log"))?);
        Ok(())
    }

    /// The acts that were carried out, one JSON line each.
    #[must_use]
    pub fn acts(&self) -> PathBuf {
        self.folder.join("acts")
    }

    /// While this file exists, acts wait.
    #[must_use]
    pub fn hold(&self) -> PathBuf {
        self.folder.join("acts.hold")
    }

    /// The list that punching keeps.
    #[must_use]
    pub fn list(&self) -> PathBuf {
        self.folder.join("list")
    }

    /// The running program.
    ///
    /// # Panics
    ///
    /// If it was not started.
    pub fn program(&mut self) -> &mut Program {
        self.program.as_mut().expect("the box was started")
    }

    /// Ends the agent as a power cut does.
    pub fn kill(&mut self) {
        self.program = None;
    }

    /// What `vigie-agent status --json` says; none while it does not answer.
    #[must_use]
    pub fn status(&self) -> Option<Value> {
        let out = Command::new(binary("vigie-agent").ok()?)
            .args(["--config", &self.config().ok()?, "status", "--json"])
            .output()
            .ok()?;
        serde_json::from_slice(&out.stdout).ok()
    }

    /// Whether the hub answers this box.
    #[must_use]
    pub fn is_connected(&self) -> bool {
        self.status().is_some_and(|status| !status["link"]["connected_since_ms"].is_null())
    }

    /// Records that wait in all lanes; none while the agent does not answer.
    #[must_use]
    pub fn waiting(&self) -> Option<u64> {
        let status = self.status()?;
        status["lanes"].as_array()?.iter().map(|lane| lane["waiting"].as_u64()).sum()
    }

    /// Starts the plain agent and waits until everything that the box holds is at the hub; then stops it.
    ///
    /// # Errors
    ///
    /// If that does not happen in time.
    pub async fn drain(&mut self) -> anyhow::Result<()> {
        self.start()?;
        let drained = wait_for("an empty queue", async || self.is_connected() && self.waiting() == Some(0)).await;
        drained.with_context(|| {
            format!("the box said:\n{}", self.program.as_ref().map_or(String::new(), Program::said))
        })?;
        anyhow::ensure!(self.program().stop().await?, "the agent did not end well:\n{}", self.program().said());
        Ok(())
    }

    /// Runs one verb of the command line and returns what it printed.
    ///
    /// # Errors
    ///
    /// If the verb fails; the message holds what it printed.
    pub async fn run_verb(&self, words: &[&str]) -> anyhow::Result<String> {
        let mut command = tokio::process::Command::new(binary("vigie-agent")?);
        let out = command.args(["--config", &self.config()?]).args(words).output().await?;
        let (said, complained) = (String::from_utf8_lossy(&out.stdout), String::from_utf8_lossy(&out.stderr));
        anyhow::ensure!(out.status.success(), "{words:?} failed: {said}{complained}");
        Ok(said.into_owned())
    }

    fn config(&self) -> anyhow::Result<String> {
        let path = self.folder.join("agent.toml");
        Ok(path.to_str().context("the folder's name is text")?.to_owned())
    }
}
