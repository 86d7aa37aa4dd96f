//! The agent's own door: a unix socket by which the command line asks a running agent.
//!
//! One JSON line asks, one JSON line answers. Before the answer to an export come its pieces, each a JSON line and the
//! bytes that it announces: whoever asked writes the file, since the agent may write nowhere but in its own folder.
//! Only the agent's user and root can open the socket.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::unix::OwnedWriteHalf;
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::Semaphore;
use tokio::time::timeout;
use vigie_shared::lifecycle::Lifecycle;
use vigie_shared::wire::Lane;

use crate::journal::answers::{Piece, Pieces};
use crate::terminals::Serial;

/// Longest question, bytes.
const ASK_BYTES_MAX: u64 = 16 * 1024;

/// Longest answer, bytes.
const ANSWER_BYTES_MAX: u64 = 8 << 20;

/// How long a question, an answer or one piece may take; a slow stick is the longest.
const STEP_MAX: Duration = Duration::from_secs(120);

/// Largest piece, bytes.
const PIECE_BYTES_MAX: usize = 1 << 20;

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
    /// Everything that waits, sealed, in pieces.
    QueueExport,
    /// Give up waiting records.
    QueueDrop {
        /// Of which lane.
        lane: Lane,
        /// Through which position.
        through: u64,
    },
    /// Every time clock that anybody knows of.
    Terminals,
    /// Let a time clock deliver, or refuse it.
    AdmitTerminal {
        /// Which.
        serial: Serial,
        /// True: it may.
        is_admitted: bool,
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
    /// So many bytes of a file follow this line; then more answers.
    Piece {
        /// How many.
        bytes: usize,
        /// Records done with them.
        done: u64,
        /// Records in all.
        total: u64,
    },
}

/// Whoever knows the answers.
#[async_trait]
pub trait Answering: Send + Sync + 'static {
    /// Answers one question; an export goes to `pieces` first.
    async fn answer(&self, ask: Ask, pieces: &mut dyn Pieces) -> anyhow::Result<Value>;
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
            if let Err(error) = exchange(stream, answering.as_ref()).await {
                tracing::debug!("a question at the control socket: {error:#}");
            }
        });
    }
}

async fn exchange(stream: UnixStream, answering: &dyn Answering) -> anyhow::Result<()> {
    let (reader, writer) = stream.into_split();
    let mut line = String::new();
    timeout(STEP_MAX, BufReader::new(reader.take(ASK_BYTES_MAX)).read_line(&mut line)).await??;
    let mut mouth = Mouth(writer);
    let answered = match serde_json::from_str::<Ask>(&line) {
        // Its pieces have a time each; all of them together take as long as the stick does.
        Ok(Ask::QueueExport) => answering.answer(Ask::QueueExport, &mut mouth).await,
        Ok(ask) => timeout(STEP_MAX, answering.answer(ask, &mut mouth)).await?,
        Err(error) => Err(anyhow::anyhow!("this agent does not understand the question: {error}")),
    };
    let answer = answered.map_or_else(|error| Answer::Error(format!("{error:#}")), Answer::Ok);
    mouth.say(&answer, &[]).await
}

/// Where answers go.
struct Mouth(OwnedWriteHalf);

impl Mouth {
    async fn say(&mut self, answer: &Answer, bytes: &[u8]) -> anyhow::Result<()> {
        let mut text = serde_json::to_vec(answer)?;
        text.push(b'\n');
        text.extend_from_slice(bytes);
        timeout(STEP_MAX, self.0.write_all(&text)).await.context("whoever asked does not listen")??;
        Ok(())
    }
}

#[async_trait]
impl Pieces for Mouth {
    async fn take(&mut self, piece: Piece) -> anyhow::Result<()> {
        let Piece { bytes, done, total } = piece;
        self.say(&Answer::Piece { bytes: bytes.len(), done, total }, &bytes).await
    }
}

/// Asks a running agent for something that fits one line; `Ok(None)` if none runs.
///
/// # Errors
///
/// As [`ask_for_pieces`].
pub async fn ask(path: &Path, ask: &Ask) -> anyhow::Result<Option<Value>> {
    ask_for_pieces(path, ask, &mut Nowhere).await
}

/// Takes no piece.
struct Nowhere;

#[async_trait]
impl Pieces for Nowhere {
    async fn take(&mut self, _piece: Piece) -> anyhow::Result<()> {
        anyhow::bail!("the agent answers with a file where none was asked for")
    }
}

/// Asks a running agent; pieces of a file go to `pieces`. `Ok(None)` if none runs.
///
/// # Errors
///
/// What the agent says is wrong, that the socket may not be opened, or that a piece was not taken.
pub async fn ask_for_pieces(path: &Path, ask: &Ask, pieces: &mut dyn Pieces) -> anyhow::Result<Option<Value>> {
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
    let mut reader = BufReader::new(reader);
    loop {
        let mut line = String::new();
        let heard = (&mut reader).take(ANSWER_BYTES_MAX).read_line(&mut line).await;
        anyhow::ensure!(heard.context("hear the agent's answer")? > 0, "the agent ended before it had answered");
        match serde_json::from_str(&line).context("understand the agent's answer; is it of another version?")? {
            Answer::Ok(value) => return Ok(Some(value)),
            Answer::Error(text) => return Err(anyhow::anyhow!(text)),
            Answer::Piece { bytes: length, done, total } => {
                anyhow::ensure!(length <= PIECE_BYTES_MAX, "the agent sends a piece of {length} bytes");
                let mut bytes = vec![0; length];
                reader.read_exact(&mut bytes).await.context("the agent ended in the midst of the file")?;
                pieces.take(Piece { bytes, done, total }).await?;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Echo;

    #[async_trait]
    impl Answering for Echo {
        async fn answer(&self, ask: Ask, pieces: &mut dyn Pieces) -> anyhow::Result<Value> {
            match ask {
                Ask::QueueExport => {
                    for (done, bytes) in [(1, b"{\"not\":\n".to_vec()), (2, vec![0; 70_000])] {
                        pieces.take(Piece { bytes, done, total: 2 }).await?;
                    }
                    Ok(Value::from("done"))
                }
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
    async fn a_file_comes_in_its_pieces_byte_by_byte_before_the_answer() {
        let (_folder, path, _lifecycle) = running();
        let mut file = Vec::new();
        let answer = ask_for_pieces(&path, &Ask::QueueExport, &mut file).await.unwrap();
        assert_eq!(answer, Some(Value::from("done")));
        assert_eq!(file, [b"{\"not\":\n".to_vec(), vec![0; 70_000]].concat());
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
