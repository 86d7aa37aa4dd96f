//! The agent's own door: a unix socket by which the command line asks a running agent.
//!
//! One JSON line asks, one JSON line answers. Only the agent's user and root can open the socket.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::Semaphore;
use vigie_shared::lifecycle::Lifecycle;
use vigie_shared::wire::Lane;

/// Longest question, bytes.
const ASK_BYTES_MAX: u64 = 16 * 1024;

/// Longest answer, bytes.
const ANSWER_BYTES_MAX: u64 = 8 << 20;

/// How long a question and its answer may take; exports of a full queue are the longest.
const EXCHANGE_MAX: Duration = Duration::from_secs(120);

/// Questions at the same time.
const EXCHANGES_MAX: usize = 8;

/// What the command line can ask.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "ask", rename_all = "snake_case")]
pub enum Ask {
    /// How the agent is doing.
    Status,
    /// What each lane holds.
    QueueStatus,
    /// Read every waiting record and check it.
    QueueVerify,
    /// Write what waits to a file.
    QueueExport {
        /// The file, as an absolute path.
        file: std::path::PathBuf,
    },
    /// Give up waiting records.
    QueueDrop {
        /// Of which lane.
        lane: Lane,
        /// Through which position.
        through: u64,
    },
}

/// What comes back.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Answer {
    /// What was asked for.
    Ok(Value),
    /// Why not, for people.
    Error(String),
}

/// Whoever knows the answers.
#[async_trait]
pub trait Answering: Send + Sync + 'static {
    /// Answers one question.
    async fn answer(&self, ask: Ask) -> anyhow::Result<Value>;
}

/// Opens the socket, in place of one that a dead agent left behind.
///
/// # Errors
///
/// If another agent answers there, or the folder cannot be written.
pub fn open(path: &Path) -> anyhow::Result<UnixListener> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).with_context(|| format!("make the folder {}", folder.display()))?;
    }
    if std::os::unix::net::UnixStream::connect(path).is_ok() {
        anyhow::bail!("another agent is running: it answers at {}", path.display());
    }
    if let Err(error) = std::fs::remove_file(path)
        && error.kind() != std::io::ErrorKind::NotFound
    {
        return Err(error).with_context(|| format!("remove the old socket {}", path.display()));
    }
    let listener = UnixListener::bind(path).with_context(|| format!("open the socket {}", path.display()))?;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600))
        .with_context(|| format!("protect the socket {}", path.display()))?;
    Ok(listener)
}

/// Answers until the process stops.
///
/// # Errors
///
/// None; a peer that misbehaves loses its own connection only.
pub async fn serve(listener: UnixListener, answering: Arc<dyn Answering>, lifecycle: Lifecycle) -> anyhow::Result<()> {
    let stopping = lifecycle.stopping();
    let places = Arc::new(Semaphore::new(EXCHANGES_MAX));
    loop {
        let place = tokio::select! {
            () = stopping.cancelled() => return Ok(()),
            place = Arc::clone(&places).acquire_owned() => place.context("the door's places are never closed")?,
        };
        let stream = tokio::select! {
            () = stopping.cancelled() => return Ok(()),
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => stream,
                Err(error) => {
                    tracing::debug!("the control socket: {error}");
                    continue;
                }
            },
        };
        let answering = Arc::clone(&answering);
        lifecycle.spawn_detached(async move {
            let _place = place;
            if let Ok(Err(error)) = tokio::time::timeout(EXCHANGE_MAX, exchange(stream, answering.as_ref())).await {
                tracing::debug!("a question at the control socket: {error:#}");
            }
        });
    }
}

async fn exchange(stream: UnixStream, answering: &dyn Answering) -> anyhow::Result<()> {
    let (reader, mut writer) = stream.into_split();
    let mut line = String::new();
    BufReader::new(reader.take(ASK_BYTES_MAX)).read_line(&mut line).await?;
    let answer = match serde_json::from_str::<Ask>(&line) {
        Ok(ask) => match answering.answer(ask).await {
            Ok(value) => Answer::Ok(value),
            Err(error) => Answer::Error(format!("{error:#}")),
        },
        Err(error) => Answer::Error(format!("this agent does not understand the question: {error}")),
    };
    let mut text = serde_json::to_string(&answer)?;
    text.push('\n');
    writer.write_all(text.as_bytes()).await?;
    Ok(())
}

/// Asks a running agent; `Ok(None)` if none runs.
///
/// # Errors
///
/// What the agent says is wrong, or that the socket may not be opened.
pub async fn ask(path: &Path, ask: &Ask) -> anyhow::Result<Option<Value>> {
    use std::io::ErrorKind;
    let stream = match UnixStream::connect(path).await {
        Ok(stream) => stream,
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::ConnectionRefused) => return Ok(None),
        Err(error) => {
            return Err(error).with_context(|| format!("open {}; are you root or the agent's user?", path.display()));
        }
    };
    let (reader, mut writer) = stream.into_split();
    let mut text = serde_json::to_string(ask)?;
    text.push('\n');
    writer.write_all(text.as_bytes()).await.context("ask the agent")?;
    let mut line = String::new();
    BufReader::new(reader.take(ANSWER_BYTES_MAX)).read_line(&mut line).await.context("hear the agent's answer")?;
    match serde_json::from_str(&line).context("understand the agent's answer")? {
        Answer::Ok(value) => Ok(Some(value)),
        Answer::Error(text) => Err(anyhow::anyhow!(text)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Echo;

    #[async_trait]
    impl Answering for Echo {
        async fn answer(&self, ask: Ask) -> anyhow::Result<Value> {
            match ask {
                Ask::QueueVerify => anyhow::bail!("planned"),
                other => Ok(serde_json::to_value(other)?),
            }
        }
    }

    fn running() -> (tempfile::TempDir, std::path::PathBuf, Lifecycle) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("agent.sock");
        let lifecycle = Lifecycle::new();
        let listener = open(&path).unwrap();
        lifecycle.spawn("control", serve(listener, Arc::new(Echo), lifecycle.clone()));
        (folder, path, lifecycle)
    }

    #[tokio::test]
    async fn a_question_is_answered_and_a_refusal_says_why() {
        let (_folder, path, _lifecycle) = running();
        let drop = Ask::QueueDrop { lane: Lane::Telemetry, through: 7 };
        assert_eq!(ask(&path, &drop).await.unwrap().unwrap()["through"], 7);
        assert_eq!(ask(&path, &Ask::QueueVerify).await.unwrap_err().to_string(), "planned");
    }

    #[tokio::test]
    async fn garbage_is_answered_with_a_sentence_and_harms_nobody() {
        let (_folder, path, _lifecycle) = running();
        let mut stream = UnixStream::connect(&path).await.unwrap();
        stream.write_all(b"{\"ask\":\"dance\"}\n").await.unwrap();
        let mut text = String::new();
        stream.read_to_string(&mut text).await.unwrap();
        assert!(text.contains("does not understand"), "{text}");
        assert!(ask(&path, &Ask::Status).await.unwrap().is_some());
    }

    #[tokio::test]
    async fn nobody_there_is_not_an_error_and_two_agents_are() {
        let (folder, path, _lifecycle) = running();
        assert!(ask(&folder.path().join("none.sock"), &Ask::Status).await.unwrap().is_none());
        assert!(open(&path).unwrap_err().to_string().contains("another agent is running"));
    }
}
