//! The local application that shows the videos: where it keeps its things, and how it is told of a change.
//!
//! All of this is the owner's and stands in the local configuration only. The application is told by a call to a
//! loopback address or by a program; if that fails, the change stands and the answer carries a warning.

pub mod file;

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use url::{Host, Url};

/// Longest time that the application may take to hear of a change.
const HEAR_MAX: Duration = Duration::from_secs(10);

/// The section `app`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AppConfig {
    /// The application's folder. Nothing is done in it while it does not exist.
    pub root: PathBuf,
    /// The folder of videos, below it unless it begins with `/`.
    pub videos: PathBuf,
    /// The application's configuration file, below the root unless it begins with `/`.
    pub configuration: PathBuf,
    /// An address on this machine that is called (POST, JSON) after a change.
    pub hook_url: Option<HookUrl>,
    /// A program that is run after a change, with its arguments; the change is in its environment
    /// (`VIGIE_EVENT`, `VIGIE_PATH`).
    pub hook_command: Vec<String>,
}

impl Default for AppConfig {
    fn default() -> Self {
        Self {
            root: PathBuf::from("/srv/neopro"),
            videos: PathBuf::from("videos"),
            configuration: PathBuf::from("webapp/configuration.json"),
            hook_url: None,
            hook_command: Vec::new(),
        }
    }
}

/// An `http://` address on this machine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct HookUrl(Url);

impl From<HookUrl> for String {
    fn from(url: HookUrl) -> Self {
        url.0.into()
    }
}

impl TryFrom<String> for HookUrl {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let url = Url::parse(&text).ok().filter(|url| url.scheme() == "http");
        let is_here = |url: &Url| match url.host() {
            Some(Host::Domain(name)) => name == "localhost",
            Some(Host::Ipv4(address)) => address.is_loopback(),
            Some(Host::Ipv6(address)) => address.is_loopback(),
            None => false,
        };
        let url = url.filter(is_here);
        url.map(Self).ok_or_else(|| {
            format!("`{text}` is not an address on this machine, like \"http://127.0.0.1:3000/changed\"")
        })
    }
}

/// What changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Change {
    /// One stable word: `video_deployed`, `video_deleted`, `configuration_updated`.
    pub event: &'static str,
    /// The video, as the application's list names it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
}

impl AppConfig {
    /// The folder of videos.
    #[must_use]
    pub fn videos_folder(&self) -> PathBuf {
        self.root.join(&self.videos)
    }

    /// The application's configuration file.
    #[must_use]
    pub fn configuration_file(&self) -> PathBuf {
        self.root.join(&self.configuration)
    }

    /// How the application's list names a file: by its path below the application's folder.
    #[must_use]
    pub fn listed_path(&self, relative: &str) -> String {
        let file = self.videos_folder().join(relative);
        let listed: &Path = file.strip_prefix(&self.root).unwrap_or(&file);
        listed.to_string_lossy().into_owned()
    }

    /// Whether there is an application.
    ///
    /// # Errors
    ///
    /// A sentence, if its folder does not exist.
    pub fn is_installed(&self) -> Result<(), String> {
        if self.root.is_dir() {
            return Ok(());
        }
        let root = self.root.display();
        Err(format!(
            "there is no application on this box: its folder {root} does not exist; set `app.root` if it lies elsewhere"
        ))
    }

    /// Tells the application of a change, in every way that the owner set.
    ///
    /// # Errors
    ///
    /// A sentence; the change stands all the same.
    pub async fn tell(&self, change: &Change) -> Result<(), String> {
        if let Some(HookUrl(url)) = &self.hook_url {
            call(url, change)
                .await
                .map_err(|error| format!("the application was not told, {url} failed: {error:#}"))?;
        }
        if let Some((program, arguments)) = self.hook_command.split_first() {
            let ran = run(program, arguments, change).await;
            ran.map_err(|error| format!("the application was not told, {program} failed: {error}"))?;
        }
        Ok(())
    }
}

async fn call(url: &Url, change: &Change) -> anyhow::Result<()> {
    // The library refuses to be built without cryptography, although none passes here.
    drop(rustls::crypto::ring::default_provider().install_default());
    let client = reqwest::Client::builder()
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .resolve("localhost", ([127, 0, 0, 1], 0).into())
        .timeout(HEAR_MAX)
        .build()?;
    client.post(url.clone()).json(change).send().await?.error_for_status()?;
    Ok(())
}

async fn run(program: &str, arguments: &[String], change: &Change) -> Result<(), String> {
    let mut command = tokio::process::Command::new(program);
    command
        .args(arguments)
        .env("VIGIE_EVENT", change.event)
        .env("VIGIE_PATH", change.path.as_deref().unwrap_or_default());
    command.stdin(std::process::Stdio::null()).stdout(std::process::Stdio::null()).stderr(std::process::Stdio::null());
    let running = command.kill_on_drop(true).status();
    match tokio::time::timeout(HEAR_MAX, running).await {
        Err(_elapsed) => Err(format!("it took longer than {} s and was ended", HEAR_MAX.as_secs())),
        Ok(Err(error)) => Err(error.to_string()),
        Ok(Ok(status)) if status.success() => Ok(()),
        Ok(Ok(status)) => Err(format!("it ended with {status}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_legacy_paths_are_the_defaults() {
        let app = AppConfig::default();
        assert_eq!(app.videos_folder(), Path::new("/srv/neopro/videos"));
        assert_eq!(app.configuration_file(), Path::new("/srv/neopro/webapp/configuration.json"));
        assert_eq!(app.listed_path("T/a.mp4"), "videos/T/a.mp4");
        let elsewhere = AppConfig { videos: PathBuf::from("/srv/videos"), ..app };
        assert_eq!(elsewhere.listed_path("T/a.mp4"), "/srv/videos/T/a.mp4");
    }

    #[test]
    fn only_this_machine_is_told() {
        for here in ["http://127.0.0.1:3000/x", "http://localhost/x", "http://[::1]:1/"] {
            assert!(HookUrl::try_from(here.to_owned()).is_ok(), "{here}");
        }
        for away in ["http://10.0.0.1/", "https://127.0.0.1/", "http://localhost.evil.example/", "x", ""] {
            assert!(HookUrl::try_from(away.to_owned()).unwrap_err().contains("on this machine"), "{away}");
        }
    }

    #[tokio::test]
    async fn a_program_hears_of_the_change_and_its_failure_is_said() {
        let folder = tempfile::tempdir().unwrap();
        let heard = folder.path().join("heard");
        let script = format!("echo \"$VIGIE_EVENT $VIGIE_PATH\" > {}", heard.display());
        let words = |script: &str| ["/bin/sh", "-c", script].map(str::to_owned).to_vec();
        let change = Change { event: "video_deployed", path: Some("videos/T/a.mp4".to_owned()) };
        let app = AppConfig { hook_command: words(&script), ..AppConfig::default() };
        app.tell(&change).await.unwrap();
        assert_eq!(std::fs::read_to_string(heard).unwrap().trim(), "video_deployed videos/T/a.mp4");
        let failing = AppConfig { hook_command: words("exit 3"), ..AppConfig::default() };
        assert!(failing.tell(&change).await.unwrap_err().contains("exit status: 3"));
    }
}
