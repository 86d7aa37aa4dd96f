//! Hashes of the videos: kept while size, time and number of a file stay, read slowly otherwise.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::io::AsyncReadExt as _;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::pause;
use crate::digest::{self, Hasher, Sha256};
use crate::folder::Found;
use crate::media::inventory::Held;
use crate::media::library::Library;

/// Bytes that are read at once.
const BLOCK_BYTES: usize = 512 * 1024;

/// After each block the disk is left to others for this many times as long as the block took.
const REST: u32 = 3;

/// The longest rest: a disk that is busy anyhow must not make a video take for ever.
const REST_MAX: Duration = Duration::from_millis(500);

/// Hashes by path, and the file that keeps them.
pub(super) struct Hashes {
    file: PathBuf,
    known: Option<BTreeMap<String, Hashed>>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Hashed {
    found: Found,
    sha256: String,
}

impl Hashes {
    pub(super) fn new(file: PathBuf) -> Self {
        Self { file, known: None }
    }

    /// The hash of every file; none if the collector must stop. A file that changes while it is read is left to the
    /// next look.
    pub(super) async fn of(
        &mut self,
        library: &Library,
        files: Vec<(String, Found)>,
        stop: &CancellationToken,
    ) -> Option<Held> {
        let mut known = self.known.take().unwrap_or_else(|| self.load());
        let (mut held, mut kept) = (Held::new(), BTreeMap::new());
        for (path, found) in files {
            let is_known = known.get(&path).filter(|hashed| hashed.found == found);
            let sha256 = match is_known.and_then(|hashed| digest::parse(&hashed.sha256).ok()) {
                Some(sha256) => sha256,
                None => match read(library, &path, found, stop).await {
                    Ok(Some(sha256)) => sha256,
                    Ok(None) if stop.is_cancelled() => {
                        self.known = Some(known);
                        return None;
                    }
                    Ok(None) => continue,
                    Err(error) => {
                        tracing::debug!("a video could not be read, the next look tries again: {error}");
                        continue;
                    }
                },
            };
            kept.insert(path.clone(), Hashed { found, sha256: digest::text(&sha256) });
            held.insert(path, (sha256, found.size_bytes));
        }
        if kept != known {
            self.save(&kept);
        }
        std::mem::swap(&mut known, &mut kept);
        self.known = Some(known);
        Some(held)
    }

    fn load(&self) -> BTreeMap<String, Hashed> {
        let text = std::fs::read(&self.file).unwrap_or_default();
        serde_json::from_slice(&text).unwrap_or_default()
    }

    fn save(&self, known: &BTreeMap<String, Hashed>) {
        let text = serde_json::to_vec(known).unwrap_or_default();
        if let Err(error) = vigie_shared::file::replace_private(&self.file, &text) {
            tracing::warn!("the hashes of videos were not kept, a restart reads them all again: {error}");
        }
    }
}

/// Reads a file slowly; none if it changed meanwhile, or the collector must stop.
async fn read(
    library: &Library,
    path: &str,
    found: Found,
    stop: &CancellationToken,
) -> std::io::Result<Option<Sha256>> {
    let file = library.open_file(path)?;
    let mut reading = tokio::fs::File::from_std(file.try_clone()?);
    reading.set_max_buf_size(BLOCK_BYTES);
    let (mut hasher, mut block, mut size_bytes) = (Hasher::default(), vec![0; BLOCK_BYTES], 0_u64);
    loop {
        let began = Instant::now();
        let count = reading.read(&mut block).await?;
        if count == 0 {
            break;
        }
        hasher.update(block.get(..count).unwrap_or_default());
        size_bytes += count as u64;
        if !pause((began.elapsed() * REST).min(REST_MAX), stop).await {
            return Ok(None);
        }
    }
    // What was read once for its hash should not push out what the application shows.
    if let Err(error) = nix::fcntl::posix_fadvise(&file, 0, 0, nix::fcntl::PosixFadviseAdvice::POSIX_FADV_DONTNEED) {
        tracing::debug!("the system keeps in memory what was read of a video: {error}");
    }
    Ok((library.found(&file)? == found && size_bytes == found.size_bytes).then(|| hasher.finish()))
}
