//! What is too large for a record, photos and templates: it stays on the box until the hub has it.
//!
//! A record names it by its hash and never waits for it: it is written after the terminal was answered, and nothing of it
//! is flushed. So a power cut may cost a photo, never a punch.

use std::fs::Metadata;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use tokio::time::sleep;
use tokio_util::sync::CancellationToken;
use vigie_shared::backoff::Backoff;
use vigie_shared::blob::{BLOB_BYTES_MAX, BlobRef};
use vigie_shared::file::make_private_folder;
use vigie_shared::id::InstanceId;
use vigie_shared::wire::Reading;
use vigie_shared::wire::reading::{AlarmKind, BoxAlarm};

use super::hall::Hall;

/// What may wait for the hub, bytes: what the hub keeps of one site, and what a small card can spare.
const WAITING_BYTES_MAX: u64 = 64 << 20;

/// How many may wait for the hub.
const WAITING_MAX: usize = 512;

/// After a failed upload.
const RETRY_MIN: Duration = Duration::from_secs(5);

/// After many: an outage may last for days.
const RETRY_MAX: Duration = Duration::from_secs(300);

/// The loss of some is told once in this time.
const LOSS_MS: u64 = 3_600_000;

/// A photo or a template as the hub shall keep it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attachment {
    /// Its name.
    pub blob: BlobRef,
    content: Vec<u8>,
}

impl Attachment {
    /// None if it is larger than a hub takes.
    #[must_use]
    pub fn new(content: Vec<u8>) -> Option<Self> {
        (content.len() <= BLOB_BYTES_MAX).then(|| Self { blob: BlobRef::of(&content), content })
    }
}

/// Those that wait for the hub, a file each.
#[derive(Debug, Clone)]
pub(super) struct Waiting {
    folder: PathBuf,
    bytes_max: u64,
}

impl Waiting {
    pub(super) fn in_folder(folder: PathBuf) -> io::Result<Self> {
        make_private_folder(&folder)?;
        Ok(Self { folder, bytes_max: WAITING_BYTES_MAX })
    }

    /// Adds one; returns how many of the oldest had to go for it.
    fn add(&self, attachment: &Attachment) -> io::Result<u64> {
        let lost = self.make_room(attachment.blob.size_bytes)?;
        std::fs::write(self.folder.join(&attachment.blob.sha256), &attachment.content)?;
        Ok(lost)
    }

    fn make_room(&self, bytes: u64) -> io::Result<u64> {
        let waiting = self.oldest_first()?;
        let (mut count, mut total) = (waiting.len(), waiting.iter().map(|(_, size, _)| size).sum::<u64>());
        let mut lost = 0;
        for (_, size, path) in waiting {
            if count < WAITING_MAX && total + bytes <= self.bytes_max {
                break;
            }
            std::fs::remove_file(path)?;
            (count, total, lost) = (count - 1, total - size, lost + 1);
        }
        Ok(lost)
    }

    fn oldest_first(&self) -> io::Result<Vec<(SystemTime, u64, PathBuf)>> {
        let mut waiting = Vec::new();
        for entry in std::fs::read_dir(&self.folder)? {
            let entry = entry?;
            let about: Metadata = entry.metadata()?;
            waiting.push((about.modified()?, about.len(), entry.path()));
        }
        waiting.sort();
        Ok(waiting)
    }

    /// The oldest one that is whole. Those that a power cut damaged are removed.
    fn oldest(&self) -> io::Result<Option<(PathBuf, Vec<u8>)>> {
        for (_, _, path) in self.oldest_first()? {
            let content = std::fs::read(&path)?;
            if path.ends_with(BlobRef::of(&content).sha256) {
                return Ok(Some((path, content)));
            }
            std::fs::remove_file(path)?;
        }
        Ok(None)
    }
}

impl Hall {
    /// Keeps what came with rows that are stored; the terminal has been answered.
    pub(super) async fn keep(&self, attachments: Vec<Attachment>) {
        if attachments.is_empty() {
            return;
        }
        let waiting = self.waiting.clone();
        let kept = tokio::task::spawn_blocking(move || {
            attachments.iter().map(|one| waiting.add(one)).sum::<io::Result<u64>>()
        });
        match kept.await.map_err(io::Error::other).flatten() {
            Ok(lost) => self.tell(self.loss(lost)).await,
            Err(error) => tracing::warn!("a photo or template of a terminal cannot be kept: {error}"),
        }
        self.has_attachments.notify_one();
    }

    /// An alarm that some are lost, unless the same was told lately: then they are counted for the next.
    fn loss(&self, lost: u64) -> Option<Reading> {
        let now_ms = self.now_ms();
        let mut state = self.lock();
        let (count, told_ms) = &mut state.lost;
        *count += lost;
        if *count == 0 || told_ms.is_some_and(|told_ms| now_ms.saturating_sub(told_ms) < LOSS_MS) {
            return None;
        }
        *told_ms = Some(now_ms);
        let text = format!(
            "{} photos or templates of terminals, the oldest, were dropped before the hub had them: more waited than this \
             box keeps; the punches are safe; look why the hub cannot be reached",
            std::mem::take(count)
        );
        Some(Reading::Alarm(BoxAlarm { kind: AlarmKind::UploadsDropped, text }))
    }

    /// Hands the hub the oldest; false if none waits.
    async fn upload(&self) -> anyhow::Result<bool> {
        let waiting = self.waiting.clone();
        let Some((path, content)) = tokio::task::spawn_blocking(move || waiting.oldest()).await?? else {
            return Ok(false);
        };
        self.parts.uploads.put_blob(content).await?;
        forget(&path)?;
        Ok(true)
    }
}

/// It may have gone meanwhile, to make room.
fn forget(path: &Path) -> io::Result<()> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Hands the hub what waits, one after the other, through any outage, until the process stops.
pub(super) async fn deliver(hall: Arc<Hall>, stop: CancellationToken) -> anyhow::Result<()> {
    let seed = u64::from_le_bytes(*InstanceId::random().0.first_chunk().unwrap_or(&[0; 8]));
    let mut backoff = Backoff::new(RETRY_MIN, RETRY_MAX, seed);
    loop {
        let uploaded = tokio::select! {
            () = stop.cancelled() => return Ok(()),
            uploaded = hall.upload() => uploaded,
        };
        let pause = match uploaded {
            Ok(is_one) => {
                backoff.reset();
                if is_one {
                    continue;
                }
                None
            }
            Err(error) => {
                tracing::debug!("photos and templates of terminals wait for the hub: {error:#}");
                Some(backoff.next_wait())
            }
        };
        tokio::select! {
            () = stop.cancelled() => return Ok(()),
            () = sleep(pause.unwrap_or_default()), if pause.is_some() => {}
            () = hall.has_attachments.notified(), if pause.is_none() => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn waiting() -> (tempfile::TempDir, Waiting) {
        let folder = tempfile::tempdir().unwrap();
        let waiting = Waiting::in_folder(folder.path().join("attachments")).unwrap();
        (folder, waiting)
    }

    fn add(waiting: &Waiting, content: &[u8]) -> u64 {
        waiting.add(&Attachment::new(content.to_vec()).unwrap()).unwrap()
    }

    /// Adds one that is so many seconds old.
    fn add_old(waiting: &Waiting, content: &[u8], age_s: u64) -> u64 {
        let lost = add(waiting, content);
        let path = waiting.folder.join(BlobRef::of(content).sha256);
        let then = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000 - age_s);
        std::fs::File::options().write(true).open(path).unwrap().set_modified(then).unwrap();
        lost
    }

    #[test]
    fn the_oldest_make_room_and_are_counted() {
        let (_folder, waiting) = waiting();
        let waiting = Waiting { bytes_max: 10, ..waiting };

        let lost = [add_old(&waiting, b"abcd", 3), add_old(&waiting, b"efgh", 2), add_old(&waiting, b"ijklmnop", 1)];

        assert_eq!(lost, [0, 0, 2]);
        assert_eq!(waiting.oldest().unwrap().unwrap().1, b"ijklmnop");
    }

    #[test]
    fn what_a_power_cut_damaged_goes_and_holds_up_nothing() {
        let (_folder, waiting) = waiting();
        add(&waiting, b"first");
        std::fs::write(waiting.oldest().unwrap().unwrap().0, b"fi").unwrap();
        add(&waiting, b"second");

        assert_eq!(waiting.oldest().unwrap().unwrap().1, b"second");
        assert_eq!(waiting.oldest_first().unwrap().len(), 1);
    }

    #[test]
    fn what_no_hub_takes_is_no_attachment() {
        assert_eq!(Attachment::new(vec![0; BLOB_BYTES_MAX + 1]), None);
    }
}
