//! HTTPS to the hub, as this box: what is too large for a message goes this way.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use async_trait::async_trait;
use reqwest::Client;
use vigie_shared::blob::{BLOB_BYTES_MAX, BLOBS_PATH, BlobRef};

use crate::identity::Identity;
use crate::timekeeper::Timekeeper;

/// Longest wait for a connection.
const CONNECT_MAX: Duration = Duration::from_secs(15);

/// Longest silence of the hub in the middle of an exchange.
const SILENCE_MAX: Duration = Duration::from_secs(60);

/// Port: what takes blobs for the hub.
#[async_trait]
pub trait Upload: Send + Sync {
    /// Hands the hub a blob; returns the reference to it.
    ///
    /// # Errors
    ///
    /// Words on what stood in the way; what was sent so far counts for nothing.
    async fn put_blob(&self, content: Vec<u8>) -> anyhow::Result<BlobRef>;
}

/// Makes clients with the box's certificate.
pub struct HubHttps {
    identity_folder: PathBuf,
    time: Arc<Timekeeper>,
}

impl HubHttps {
    /// For the identity in that folder, whichever it is at the moment of a call.
    #[must_use]
    pub fn new(identity_folder: PathBuf, time: Arc<Timekeeper>) -> Self {
        Self { identity_folder, time }
    }

    /// The identity that the box has now.
    ///
    /// # Errors
    ///
    /// If it has none, or it cannot be read.
    pub fn identity(&self) -> anyhow::Result<Identity> {
        Identity::load(&self.identity_folder)?.context("this box is not registered with a hub")
    }

    /// A client that trusts the hub only and shows the box's certificate, and the hub's address, `https://host:port`.
    /// It follows no redirects, and gives up a silent hub, but not a slow one.
    ///
    /// # Errors
    ///
    /// As [`HubHttps::identity`], or if its keys are damaged.
    pub fn client(&self) -> anyhow::Result<(Client, String)> {
        let identity = self.identity()?;
        let client = Client::builder()
            .tls_backend_preconfigured(identity.tls(self.time.trusted_now_ms())?)
            .https_only(true)
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(CONNECT_MAX)
            .read_timeout(SILENCE_MAX)
            .build()
            .context("prepare HTTPS")?;
        Ok((client, format!("https://{}", identity.hub)))
    }

    /// Asks the hub for a small thing, unless it is still the one of that tag; returns it with its tag.
    ///
    /// # Errors
    ///
    /// Words on what stood in the way; also if it is larger than `bytes_max`.
    pub async fn get_changed(
        &self,
        path: &str,
        tag: Option<&str>,
        bytes_max: usize,
    ) -> anyhow::Result<Option<(Vec<u8>, Option<String>)>> {
        let (client, hub) = self.client()?;
        let mut request = client.get(format!("{hub}{path}"));
        if let Some(tag) = tag {
            request = request.header("if-none-match", tag);
        }
        let mut response = request.send().await.context("ask the hub")?;
        let status = response.status();
        if status.as_u16() == 304 {
            return Ok(None);
        }
        anyhow::ensure!(status.is_success(), "the hub answered {status}");
        let tag = response.headers().get("etag").and_then(|tag| tag.to_str().ok()).map(str::to_owned);
        let mut body = Vec::new();
        while let Some(piece) = response.chunk().await.context("read the hub's answer")? {
            body.extend_from_slice(&piece);
            anyhow::ensure!(body.len() <= bytes_max, "the hub's answer is larger than {bytes_max} bytes");
        }
        Ok(Some((body, tag)))
    }

    /// Tells the hub something.
    ///
    /// # Errors
    ///
    /// Words on what stood in the way.
    pub async fn post<T: serde::Serialize + Sync>(&self, path: &str, body: &T) -> anyhow::Result<()> {
        let (client, hub) = self.client()?;
        let response = client.post(format!("{hub}{path}")).json(body).send().await.context("tell the hub")?;
        let status = response.status();
        anyhow::ensure!(status.is_success(), "the hub answered {status}");
        Ok(())
    }
}

#[async_trait]
impl Upload for HubHttps {
    async fn put_blob(&self, content: Vec<u8>) -> anyhow::Result<BlobRef> {
        anyhow::ensure!(content.len() <= BLOB_BYTES_MAX, "{} bytes are more than the hub takes", content.len());
        let blob = BlobRef::of(&content);
        let (client, hub) = self.client()?;
        let url = format!("{hub}{BLOBS_PATH}{}", blob.sha256);
        let response = client.put(url).body(content).send().await.context("upload to the hub")?;
        let status = response.status();
        anyhow::ensure!(status.is_success(), "the hub refused the upload: {status}");
        Ok(blob)
    }
}
