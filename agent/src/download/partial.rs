//! A download that is not whole yet: a file beside its target, and a note about whence it comes.
//!
//! The note is what makes it safe to go on after a restart: only the same source, with the same validator, may add to
//! the file. A file without a note that fits is begun again.

use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use tokio::io::AsyncWriteExt as _;

use crate::digest::{Hasher, Sha256};
use crate::folder::Folder;

/// What the name of an unfinished download begins and ends with.
const PARTIAL: (&str, &str) = (".", ".vigie-part");

/// What is kept about an unfinished download.
const NOTE: (&str, &str) = (".", ".vigie-note");

/// Bytes after which what has arrived is put on the disk: a power cut costs no more.
const SYNC_BYTES: u64 = 16 << 20;

/// Largest note, bytes.
const NOTE_BYTES_MAX: u64 = 16 * 1024;

/// The name of an unfinished download of a file.
#[must_use]
pub fn partial_name(filename: &str) -> String {
    format!("{}{filename}{}", PARTIAL.0, PARTIAL.1)
}

/// The name of what is kept about it.
#[must_use]
pub fn note_name(filename: &str) -> String {
    format!("{}{filename}{}", NOTE.0, NOTE.1)
}

/// Whether a file of this name is an unfinished download, or what is kept about one.
#[must_use]
pub fn is_unfinished(name: &str) -> bool {
    [PARTIAL, NOTE].iter().any(|(begin, end)| name.starts_with(begin) && name.ends_with(end))
}

/// Whence a partial file comes.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Origin {
    /// The source, as the command wrote it.
    pub source: String,
    /// A strong `ETag`, or else `Last-Modified`; none if the server gave neither.
    pub validator: Option<String>,
    /// The hash that the command expects, hexadecimal.
    pub sha256: Option<String>,
}

/// The file that grows.
pub struct Partial {
    folder: Arc<Folder>,
    filename: String,
    file: tokio::fs::File,
    hasher: Hasher,
    size_bytes: u64,
    unsynced_bytes: u64,
    origin: Origin,
}

impl Partial {
    /// Takes up what an earlier attempt left for this file, if it is of the same source; reads it for its hash.
    ///
    /// # Errors
    ///
    /// Those of the file system.
    pub async fn open(folder: Arc<Folder>, filename: &str, wanted: Origin) -> io::Result<Self> {
        let name = filename.to_owned();
        let opened =
            tokio::task::spawn_blocking(move || take_up(&folder, &name, &wanted).map(|taken| (folder, name, taken)));
        let (folder, filename, Taken { file, hasher, size_bytes, origin }) =
            opened.await.map_err(io::Error::other)??;
        let file = tokio::fs::File::from_std(file);
        Ok(Self { folder, filename, file, hasher, size_bytes, unsynced_bytes: 0, origin })
    }

    /// Bytes that are here.
    #[must_use]
    pub fn size_bytes(&self) -> u64 {
        self.size_bytes
    }

    /// What the server must still have for us to go on.
    #[must_use]
    pub fn validator(&self) -> Option<&str> {
        self.origin.validator.as_deref()
    }

    /// Whether more may be asked for: the server named the content, or the command did.
    #[must_use]
    pub fn may_go_on(&self) -> bool {
        self.size_bytes > 0 && (self.origin.validator.is_some() || self.origin.sha256.is_some())
    }

    /// Forgets what is here; what follows has this validator.
    ///
    /// # Errors
    ///
    /// Those of the file system.
    pub async fn begin(&mut self, validator: Option<String>) -> io::Result<()> {
        self.file.set_len(0).await?;
        tokio::io::AsyncSeekExt::rewind(&mut self.file).await?;
        (self.hasher, self.size_bytes, self.unsynced_bytes) = (Hasher::default(), 0, 0);
        self.origin.validator = validator;
        let note = serde_json::to_vec(&self.origin)?;
        let mut file = self.folder.write(&note_name(&self.filename))?;
        file.set_len(0)?;
        file.write_all(&note)
    }

    /// Adds bytes.
    ///
    /// # Errors
    ///
    /// Those of the file system: the disk is full, most of all.
    pub async fn add(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.file.write_all(bytes).await?;
        self.hasher.update(bytes);
        let count = bytes.len() as u64;
        self.size_bytes += count;
        self.unsynced_bytes += count;
        if self.unsynced_bytes >= SYNC_BYTES {
            self.unsynced_bytes = 0;
            self.file.sync_data().await?;
        }
        Ok(())
    }

    /// Lets go for now: everything that has arrived is in the file.
    ///
    /// # Errors
    ///
    /// Those of the file system.
    pub async fn pause(&mut self) -> io::Result<()> {
        self.file.flush().await
    }

    /// Puts the whole on the disk; its hash. [`Partial::place`] follows.
    ///
    /// # Errors
    ///
    /// Those of the file system.
    pub async fn finish(&mut self) -> io::Result<Sha256> {
        self.file.flush().await?;
        self.file.sync_all().await?;
        Ok(self.hasher.clone().finish())
    }

    /// Puts the file in the place of its target.
    ///
    /// # Errors
    ///
    /// Those of the file system.
    pub fn place(self) -> io::Result<()> {
        self.folder.rename(&partial_name(&self.filename), &self.filename)?;
        self.folder.remove(&note_name(&self.filename)).map(drop)
    }

    /// Removes what has arrived.
    pub fn discard(self) {
        for name in [partial_name(&self.filename), note_name(&self.filename)] {
            if let Err(error) = self.folder.remove(&name) {
                tracing::warn!("what a download left could not be removed, a later sweep tries again: {error}");
            }
        }
    }
}

struct Taken {
    file: File,
    hasher: Hasher,
    size_bytes: u64,
    origin: Origin,
}

fn take_up(folder: &Folder, filename: &str, wanted: &Origin) -> io::Result<Taken> {
    let note = folder.read(&note_name(filename)).ok().flatten();
    let kept: Option<Origin> = note.and_then(|file| {
        let mut text = String::new();
        file.take(NOTE_BYTES_MAX).read_to_string(&mut text).ok()?;
        serde_json::from_str(&text).ok()
    });
    let mut file = folder.write(&partial_name(filename))?;
    let is_same = |kept: &Origin| kept.source == wanted.source && kept.sha256 == wanted.sha256;
    let Some(origin) = kept.filter(is_same) else {
        file.set_len(0)?;
        return Ok(Taken { file, hasher: Hasher::default(), size_bytes: 0, origin: wanted.clone() });
    };
    let mut hasher = Hasher::default();
    let size_bytes = read_into(&mut file, &mut hasher, || {})?;
    file.seek(SeekFrom::End(0))?;
    Ok(Taken { file, hasher, size_bytes, origin })
}

/// Reads a file to its end into a hash, with a rest after each block; how many bytes it has.
///
/// # Errors
///
/// Those of the file system.
pub fn read_into(file: &mut File, hasher: &mut Hasher, mut rest: impl FnMut()) -> io::Result<u64> {
    let mut block = vec![0; 256 * 1024];
    let mut size_bytes = 0;
    loop {
        let count = match file.read(&mut block) {
            Ok(0) => return Ok(size_bytes),
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        hasher.update(block.get(..count).unwrap_or_default());
        size_bytes += count as u64;
        rest();
    }
}
