//! The hub as far as a box uploads to it: takes, cannot be reached, or never answers.

use std::sync::Mutex;

use async_trait::async_trait;
use vigie_agent::hub_https::Upload;
use vigie_shared::blob::BlobRef;

/// See the file.
#[derive(Default)]
pub(in super::super) struct MemoryUploads {
    blobs: Mutex<Vec<Vec<u8>>>,
    line: Mutex<Line>,
}

/// How the way to the hub is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Line {
    #[default]
    Open,
    Cut,
    Held,
}

impl MemoryUploads {
    /// Cuts the way to it, or mends it.
    pub(in super::super) fn cut(&self, is_cut: bool) {
        *self.line.lock().unwrap() = if is_cut { Line::Cut } else { Line::Open };
    }

    /// It takes what comes and never answers.
    pub(in super::super) fn hold(&self) {
        *self.line.lock().unwrap() = Line::Held;
    }

    /// What it took, in order.
    pub(in super::super) fn blobs(&self) -> Vec<Vec<u8>> {
        self.blobs.lock().unwrap().clone()
    }
}

#[async_trait]
impl Upload for MemoryUploads {
    async fn put_blob(&self, content: Vec<u8>) -> anyhow::Result<BlobRef> {
        let line = *self.line.lock().unwrap();
        match line {
            Line::Open => {}
            Line::Cut => anyhow::bail!("no route to the hub"),
            Line::Held => std::future::pending().await,
        }
        let blob = BlobRef::of(&content);
        self.blobs.lock().unwrap().push(content);
        Ok(blob)
    }
}
