//! The dead-man ping: an outside watcher is called while the hub can do its work, and raises the alarm when calls stop.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, bail};
use serde::{Deserialize, Serialize};
use tokio_util::sync::CancellationToken;
use vigie_shared::units;

use crate::connectors::request::{Call, Verb};
use crate::connectors::web::{Ask, Web};
use crate::http::ports::Readiness;
use crate::webhook::is_url;

/// Longest wait for the watcher's answer.
const ANSWER_WITHIN: Duration = Duration::from_secs(20);

/// Wait before another try: a watcher's patience is about the time between two calls.
const TRY_AGAIN: Duration = Duration::from_secs(20);

/// The section `dead_man` of `hub.toml`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DeadManConfig {
    /// The address to call; nobody is called without.
    pub url: Option<String>,
    /// A file that holds the address instead: whoever knows it can keep the watcher quiet.
    pub url_file: Option<PathBuf>,
    /// How often.
    #[serde(with = "units::duration")]
    pub every: Duration,
}

impl Default for DeadManConfig {
    fn default() -> Self {
        Self { url: None, url_file: None, every: Duration::from_secs(5 * 60) }
    }
}

impl DeadManConfig {
    /// The address, if there is one.
    ///
    /// # Errors
    ///
    /// Words for people, without the address.
    pub fn address(&self) -> anyhow::Result<Option<String>> {
        let url = match (&self.url, &self.url_file) {
            (None, None) => return Ok(None),
            (Some(_), Some(_)) => bail!("dead_man.url and dead_man.url_file: set one of them"),
            (Some(url), None) => url.clone(),
            (None, Some(file)) => {
                let what = || format!("read dead_man.url_file {}", file.display());
                std::fs::read_to_string(file).with_context(what)?.trim().to_owned()
            }
        };
        anyhow::ensure!(is_url(&url), "dead_man: the address is none; write \"https://watcher.example.org/ping/…\"");
        Ok(Some(url))
    }
}

/// Calls while the hub is ready, until it stops.
///
/// # Errors
///
/// None so far: what fails is tried again.
pub async fn run(
    (url, every): (String, Duration),
    (web, readiness): (Arc<dyn Web>, Arc<dyn Readiness>),
    stopping: CancellationToken,
) -> anyhow::Result<()> {
    let mut has_failed = false;
    while !stopping.is_cancelled() {
        let obstacles = readiness.obstacles().await;
        let outcome = if obstacles.is_empty() { call(&url, web.as_ref()).await } else { Err(obstacles.join("; ")) };
        match &outcome {
            Ok(()) if has_failed => tracing::info!("the outside watcher is called again"),
            Ok(()) => {}
            Err(why) if !has_failed => tracing::warn!("the outside watcher is not called: {why}"),
            Err(_) => {}
        }
        has_failed = outcome.is_err();
        let pause = if has_failed { TRY_AGAIN.min(every) } else { every };
        tokio::select! {
            () = stopping.cancelled() => {}
            () = tokio::time::sleep(pause) => {}
        }
    }
    Ok(())
}

async fn call(url: &str, web: &dyn Web) -> Result<(), String> {
    let call = Call {
        method: Verb::Get,
        path: String::new(),
        query: Vec::new(),
        headers: Vec::new(),
        body: None,
        is_form: false,
    };
    let ask = Ask { base: url.to_owned(), call, credentials: Vec::new(), timeout: ANSWER_WITHIN, follows: true };
    match web.ask(ask).await {
        Ok(answer) if answer.status < 300 => Ok(()),
        // Not its words: they may repeat the address.
        Ok(answer) => Err(format!("it answered {}", answer.status)),
        Err(broken) => Err(broken.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use async_trait::async_trait;

    use super::*;
    use crate::connectors::outcome::Answer;
    use crate::connectors::web::Broken;

    /// Counts calls, and answers as told.
    struct Watcher {
        called: Mutex<u32>,
        status: u16,
    }

    #[async_trait]
    impl Web for Watcher {
        async fn ask(&self, ask: Ask) -> Result<Answer, Broken> {
            assert_eq!(ask.base, "https://w.example.org/ping/1");
            *self.called.lock().unwrap() += 1;
            Ok(Answer {
                status: self.status,
                content_type: String::new(),
                retry_after: None,
                text: String::new(),
                json: None,
                is_too_long: false,
            })
        }
    }

    struct Health(Vec<String>);

    #[async_trait]
    impl Readiness for Health {
        async fn obstacles(&self) -> Vec<String> {
            self.0.clone()
        }
    }

    /// How often a watcher is called in one hour.
    async fn calls(status: u16, obstacles: &[&str]) -> u32 {
        let watcher = Arc::new(Watcher { called: Mutex::new(0), status });
        let health = Arc::new(Health(obstacles.iter().map(|text| (*text).to_owned()).collect()));
        let (stopping, every) = (CancellationToken::new(), Duration::from_secs(300));
        let url = "https://w.example.org/ping/1".to_owned();
        let task = run((url, every), (watcher.clone(), health), stopping.clone());
        let hour = async {
            tokio::time::sleep(Duration::from_secs(3599)).await;
            stopping.cancel();
        };
        tokio::join!(task, hour).0.unwrap();
        *watcher.called.lock().unwrap()
    }

    #[tokio::test(start_paused = true)]
    async fn the_watcher_is_called_while_the_hub_is_ready_and_only_then() {
        assert_eq!(calls(200, &[]).await, 12);
        assert_eq!(calls(200, &["records cannot be stored"]).await, 0);
    }

    #[tokio::test(start_paused = true)]
    async fn a_call_that_fails_is_tried_again_soon() {
        assert_eq!(calls(500, &[]).await, 180);
    }

    #[test]
    fn the_address_comes_from_one_place_and_errors_do_not_show_it() {
        let config = |url: Option<&str>, file: Option<PathBuf>| DeadManConfig {
            url: url.map(str::to_owned),
            url_file: file,
            ..DeadManConfig::default()
        };
        assert_eq!(config(None, None).address().unwrap(), None);
        let error = config(Some("watcher/s3cret"), None).address().unwrap_err().to_string();
        assert!(error.contains("https://") && !error.contains("s3cret"), "{error}");
        assert!(config(Some("https://a"), Some("f".into())).address().is_err());
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("url");
        std::fs::write(&file, "https://w.example.org/ping/1\n").unwrap();
        assert_eq!(config(None, Some(file)).address().unwrap().unwrap(), "https://w.example.org/ping/1");
    }
}
