//! Speaks with the running hub through its unix socket.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use bytes::Bytes;
use futures_util::{Stream, TryStreamExt as _};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use tokio::io::AsyncBufReadExt as _;
use tokio_util::io::StreamReader;

use crate::http::problem::Problem;

/// The running hub of one data folder.
pub struct Hub {
    http: reqwest::Client,
    socket: PathBuf,
}

/// An event of a live view.
#[derive(Debug, Default)]
pub struct LiveEvent {
    /// What it is called.
    pub name: String,
    /// By what the view goes on behind it; empty if by nothing.
    pub id: String,
    /// What it says.
    pub data: String,
}

impl LiveEvent {
    fn add(&mut self, field: &str, value: &str) {
        match field {
            "event" => value.clone_into(&mut self.name),
            "id" => value.clone_into(&mut self.id),
            "data" => self.data.push_str(value),
            _ => {}
        }
    }
}

/// Why the hub did not do it.
#[derive(Debug, thiserror::Error)]
pub enum HubError {
    /// Nobody answers on the socket.
    #[error(
        "no hub is running here: nothing answers on {}; nothing was changed; start it with `vigie-hub run`, or name \
         its data folder with `--data FOLDER`",
        socket.display()
    )]
    NotRunning {
        /// Where it was looked for.
        socket: PathBuf,
    },
    /// The socket is not ours to open.
    #[error(
        "the hub's socket {} belongs to another account; nothing was changed; run this as root or as the hub's own \
         account",
        socket.display()
    )]
    Closed {
        /// The socket.
        socket: PathBuf,
    },
    /// It said no.
    #[error("{}", .0.detail)]
    Refused(Problem),
    /// It broke off.
    #[error("the hub did not answer: {0:#}")]
    Failed(#[source] anyhow::Error),
}

impl Hub {
    /// Will speak with the hub behind this socket; nothing is sent yet.
    ///
    /// # Errors
    ///
    /// If the machine lacks what is needed for HTTP.
    pub fn new(socket: &Path) -> Result<Self, HubError> {
        // The client refuses to be built without a provider, although no TLS passes a unix socket. A second start
        // keeps the first provider.
        drop(rustls::crypto::ring::default_provider().install_default());
        let http =
            reqwest::Client::builder().unix_socket(socket).build().context("prepare HTTP").map_err(HubError::Failed)?;
        Ok(Self { http, socket: socket.to_owned() })
    }

    /// Asks for something.
    ///
    /// # Errors
    ///
    /// Every [`HubError`].
    pub async fn get(&self, path: &str) -> Result<Value, HubError> {
        self.send(Method::GET, path, None).await
    }

    /// Asks for something that is no JSON, as a page to print.
    ///
    /// # Errors
    ///
    /// Every [`HubError`].
    pub async fn text(&self, path: &str) -> Result<String, HubError> {
        let request = self.http.get(format!("http://hub{path}"));
        let response = request.send().await.map_err(|error| self.judge(error))?;
        if response.status().is_success() {
            return response.text().await.map_err(|error| HubError::Failed(error.into()));
        }
        judged(response).await.map(|said| said.to_string())
    }

    /// Asks for the rows of a list, page after page, at most that many; `query` is what else is asked, `a=b&c=d`.
    ///
    /// # Errors
    ///
    /// Every [`HubError`].
    pub async fn pages(&self, path: &str, query: &str, rows_max: usize) -> Result<Value, HubError> {
        let (mut items, mut after) = (Vec::new(), String::new());
        while items.len() < rows_max {
            let rows = (rows_max - items.len()).min(1000);
            let mut page = self.get(&format!("{path}?limit={rows}&{query}{after}")).await?;
            if let Some(Value::Array(rows)) = page.get_mut("items").map(Value::take) {
                items.extend(rows);
            }
            match page.get("next").and_then(Value::as_str) {
                Some(next) => after = format!("&after={next}"),
                None => break,
            }
        }
        Ok(json!({ "items": items }))
    }

    /// Follows a live view until `each`, which gets every event, says that it is enough, or the hub ends it.
    ///
    /// # Errors
    ///
    /// Every [`HubError`]; [`HubError::Failed`] also if `each` fails.
    pub async fn follow(
        &self,
        path: &str,
        after: Option<&str>,
        mut each: impl FnMut(&LiveEvent) -> anyhow::Result<bool>,
    ) -> Result<(), HubError> {
        let mut request = self.http.get(format!("http://hub{path}"));
        if let Some(after) = after {
            request = request.header("last-event-id", after);
        }
        let response = request.send().await.map_err(|error| self.judge(error))?;
        if !response.status().is_success() {
            return judged(response).await.map(drop);
        }
        let bytes = response.bytes_stream().map_err(std::io::Error::other);
        let mut lines = tokio::io::BufReader::new(StreamReader::new(bytes)).lines();
        let mut event = LiveEvent::default();
        while let Some(line) = lines.next_line().await.map_err(|error| HubError::Failed(error.into()))? {
            if let Some((field, value)) = line.split_once(':') {
                event.add(field, value.strip_prefix(' ').unwrap_or(value));
            } else if line.is_empty() && !each(&std::mem::take(&mut event)).map_err(HubError::Failed)? {
                break;
            }
        }
        Ok(())
    }

    /// Asks for a change.
    ///
    /// # Errors
    ///
    /// Every [`HubError`].
    pub async fn change(&self, method: Method, path: &str, body: &Value) -> Result<Value, HubError> {
        self.send(method, path, Some(body)).await
    }

    /// Sends a file as it is.
    ///
    /// # Errors
    ///
    /// Every [`HubError`].
    pub async fn upload(&self, path: &str, file: tokio::fs::File) -> Result<Value, HubError> {
        self.upload_stream(path, tokio_util::io::ReaderStream::with_capacity(file, 256 * 1024)).await
    }

    /// Sends bytes as they come.
    ///
    /// # Errors
    ///
    /// Every [`HubError`].
    pub async fn upload_stream(
        &self,
        path: &str,
        content: impl Stream<Item = std::io::Result<Bytes>> + Send + 'static,
    ) -> Result<Value, HubError> {
        let content = reqwest::Body::wrap_stream(content);
        self.exchange(self.http.post(format!("http://hub{path}")).body(content)).await
    }

    /// Sends bytes as they are.
    ///
    /// # Errors
    ///
    /// Every [`HubError`].
    pub async fn send_bytes(&self, method: Method, path: &str, body: Vec<u8>) -> Result<Value, HubError> {
        let request = self.http.request(method, format!("http://hub{path}"));
        self.exchange(request.header("content-type", "application/octet-stream").body(body)).await
    }

    async fn send(&self, method: Method, path: &str, body: Option<&Value>) -> Result<Value, HubError> {
        let request = self.http.request(method, format!("http://hub{path}"));
        let request = match body {
            Some(body) => request.json(body),
            None => request,
        };
        self.exchange(request).await
    }

    async fn exchange(&self, request: reqwest::RequestBuilder) -> Result<Value, HubError> {
        let response = request.send().await.map_err(|error| self.judge(error))?;
        judged(response).await
    }

    fn judge(&self, error: reqwest::Error) -> HubError {
        let socket = self.socket.clone();
        match io_kind(&error) {
            Some(ErrorKind::NotFound | ErrorKind::ConnectionRefused) => HubError::NotRunning { socket },
            Some(ErrorKind::PermissionDenied) => HubError::Closed { socket },
            _ => HubError::Failed(error.into()),
        }
    }
}

/// What an answer says.
async fn judged(response: reqwest::Response) -> Result<Value, HubError> {
    let status = response.status();
    if status == StatusCode::NO_CONTENT {
        return Ok(Value::Null);
    }
    let bytes = response.bytes().await.map_err(|error| HubError::Failed(error.into()))?;
    if status.is_success() {
        return serde_json::from_slice(&bytes).context("read the answer").map_err(HubError::Failed);
    }
    match serde_json::from_slice(&bytes) {
        Ok(problem) => Err(HubError::Refused(problem)),
        Err(_) => Err(HubError::Failed(anyhow::anyhow!("it answered {status}"))),
    }
}

/// The system's reason at the bottom of an error.
fn io_kind(error: &reqwest::Error) -> Option<ErrorKind> {
    let mut cause: Option<&dyn std::error::Error> = Some(error);
    while let Some(error) = cause {
        if let Some(io) = error.downcast_ref::<std::io::Error>()
            && io.kind() != ErrorKind::Other
        {
            return Some(io.kind());
        }
        cause = error.source();
    }
    None
}

/// Writes a name into a path.
#[must_use]
pub fn segment(name: &str) -> String {
    name.bytes().fold(String::new(), |mut text, byte| {
        if byte.is_ascii_alphanumeric() || b"-_.".contains(&byte) {
            text.push(char::from(byte));
        } else {
            text.push_str(&format!("%{byte:02X}"));
        }
        text
    })
}
