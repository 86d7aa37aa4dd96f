//! The agent's side of the door to root: asks the helper's socket for one act at a time.

use std::path::PathBuf;
use std::time::Duration;

use async_trait::async_trait;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::UnixStream;

use super::{Privileges, Refusal, SOCKET, Verb};

/// How long an act may take, the waiting behind others included.
const ACT_MAX: Duration = Duration::from_secs(240);

/// Longest answer, bytes.
const ANSWER_BYTES_MAX: u64 = 16 * 1024;

/// The root helper behind its socket.
#[derive(Debug, Clone)]
pub struct RootHelper {
    socket: PathBuf,
}

impl Default for RootHelper {
    /// The helper of the installed package.
    fn default() -> Self {
        Self::new(PathBuf::from(SOCKET))
    }
}

impl RootHelper {
    /// The helper behind this socket.
    #[must_use]
    pub fn new(socket: PathBuf) -> Self {
        Self { socket }
    }

    async fn ask(&self, verb: &Verb) -> std::io::Result<Result<(), Refusal>> {
        let (reader, mut writer) = UnixStream::connect(&self.socket).await?.into_split();
        let mut text = serde_json::to_string(verb)?;
        text.push('\n');
        writer.write_all(text.as_bytes()).await?;
        let mut line = String::new();
        let read = BufReader::new(reader.take(ANSWER_BYTES_MAX)).read_line(&mut line).await;
        if read.is_err() || line.is_empty() {
            let text = format!("{} hung up; `journalctl -u vigie-privileged` says why", self.socket.display());
            return Ok(Err(Refusal::Unanswered(text)));
        }
        Ok(serde_json::from_str(&line)?)
    }
}

#[async_trait]
impl Privileges for RootHelper {
    async fn act(&self, verb: Verb) -> Result<(), Refusal> {
        match tokio::time::timeout(ACT_MAX, self.ask(&verb)).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(error)) => Err(Refusal::Unavailable(format!("{}: {error}", self.socket.display()))),
            Err(_elapsed) => Err(Refusal::Unavailable(format!("no answer for {} s", ACT_MAX.as_secs()))),
        }
    }
}
