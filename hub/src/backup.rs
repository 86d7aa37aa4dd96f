//! Backups: a consistent copy of everything while the hub runs, and the way back.
//!
//! A backup is a folder: `vigie.db`, the files that were asked for under `files/`, and `manifest.json` with the
//! size and checksum of each. It is written under a passing name and renamed when it is whole and synced: a
//! folder with the final name is a good backup. Secrets inside the database are sealed with the store's key,
//! which is only in the backup if the caller lists it.
//!
//! After a restore, boxes send again what they still hold. What the hub had receipted after the backup is gone
//! from boxes, too; the ingest names it as gaps when they say hello.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail, ensure};
use jiff::Timestamp;
use ring::digest::{Context as Digest, SHA256};
use serde::{Deserialize, Serialize};
use vigie_shared::file::make_private_folder;
use vigie_shared::id::to_hex;

use crate::store::Sqlite;
use crate::store::sqlite::{CopyProgress, check_file};

mod keys;
mod lock;
mod restore;

pub use keys::key_files;
pub use lock::FolderLock;
pub use restore::{Restored, restore};

/// The database's file name, in the data folder and in a backup.
pub const DATABASE: &str = "vigie.db";

const MANIFEST: &str = "manifest.json";
const FILES: &str = "files";

/// Format of the folder.
const VERSION: u32 = 1;

/// What a backup contains.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// Format of the folder.
    pub version: u32,
    /// When it was made, milliseconds since 1970 UTC.
    pub made_ms: i64,
    /// Version of the database's tables.
    pub tables: usize,
    /// Every file but this one.
    pub files: Vec<Item>,
}

/// One file of a backup.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Item {
    /// Where it belongs in the data folder.
    pub path: PathBuf,
    /// Its size.
    pub size_bytes: u64,
    /// SHA-256 of its bytes, lower-case hexadecimal.
    pub sha256: String,
}

/// A finished backup.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Made {
    /// Its folder.
    pub folder: PathBuf,
    /// Its size.
    pub size_bytes: u64,
    /// What is in it.
    pub manifest: Manifest,
}

/// Writes a backup of the store and of `files` (relative to the data folder) as a new folder inside `target`.
///
/// # Errors
///
/// If anything could not be written or read back; then nothing half-written remains.
pub async fn write(
    store: &Sqlite,
    (data, files): (&Path, &[PathBuf]),
    target: &Path,
    now_ms: i64,
    progress: impl Fn(CopyProgress) + Send + 'static,
) -> anyhow::Result<Made> {
    let when = Timestamp::from_millisecond(now_ms).context("the clock shows an impossible time")?;
    let name = format!("vigie-backup-{}", when.strftime("%Y%m%dT%H%M%SZ"));
    let (partial, folder) = (target.join(format!(".{name}.partial")), target.join(name));
    ensure!(!folder.exists(), "{} exists already: wait a second", folder.display());
    make_folder(&partial)?;
    let copied = store.copy_to(&partial.join(DATABASE), progress).await.map_err(anyhow::Error::from);
    let (data, files) = (data.to_owned(), files.to_vec());
    let (inside, end) = (partial.clone(), folder.clone());
    let finish = move || {
        copied.and_then(|()| finish(&data, &files, &inside, now_ms)).and_then(|made| publish(made, &inside, &end))
    };
    let made = tokio::task::spawn_blocking(finish).await?;
    if made.is_err() && partial.exists() {
        std::fs::remove_dir_all(&partial).with_context(|| format!("remove {}", partial.display()))?;
    }
    made.with_context(|| format!("write the backup {}", folder.display()))
}

/// Adds the files and the manifest to a folder that holds the database.
fn finish(data: &Path, files: &[PathBuf], folder: &Path, made_ms: i64) -> anyhow::Result<Manifest> {
    let tables = check_file(&folder.join(DATABASE))?;
    let mut items = vec![item(folder, Path::new(DATABASE))?];
    for path in files {
        ensure_inside(path)?;
        let copy = folder.join(FILES).join(path);
        copy.parent().map_or(Ok(()), make_folder)?;
        std::fs::copy(data.join(path), &copy).with_context(|| format!("copy {}", path.display()))?;
        sync(&copy)?;
        let stored = item(folder, &Path::new(FILES).join(path))?;
        items.push(Item { path: path.clone(), ..stored });
    }
    let manifest = Manifest { version: VERSION, made_ms, tables, files: items };
    let file = folder.join(MANIFEST);
    std::fs::write(&file, serde_json::to_vec_pretty(&manifest)?)
        .with_context(|| format!("write {}", file.display()))?;
    sync(&file)?;
    Ok(manifest)
}

fn publish(manifest: Manifest, partial: &Path, folder: &Path) -> anyhow::Result<Made> {
    sync(partial)?;
    std::fs::rename(partial, folder).with_context(|| format!("rename to {}", folder.display()))?;
    folder.parent().map_or(Ok(()), sync)?;
    let size_bytes = manifest.files.iter().map(|item| item.size_bytes).sum();
    Ok(Made { folder: folder.to_owned(), size_bytes, manifest })
}

/// Reads a backup's manifest and checks every file against it.
///
/// # Errors
///
/// If a file is missing or changed, or the backup was made by a newer program. The text names the file.
pub fn verify(folder: &Path) -> anyhow::Result<Manifest> {
    let file = folder.join(MANIFEST);
    let text =
        std::fs::read(&file).with_context(|| format!("{} is not a backup: read its manifest", folder.display()))?;
    let manifest: Manifest = serde_json::from_slice(&text).with_context(|| format!("read {}", file.display()))?;
    if manifest.version != VERSION {
        bail!("the backup has format {}, this program knows {VERSION}: use a newer vigie-hub", manifest.version);
    }
    for expected in &manifest.files {
        ensure_inside(&expected.path)?;
        let found = item(folder, &place(&expected.path))?;
        let is_same = found.sha256 == expected.sha256 && found.size_bytes == expected.size_bytes;
        ensure!(is_same, "{} was changed or damaged since the backup was made", found.path.display());
    }
    check_file(&folder.join(DATABASE))?;
    Ok(manifest)
}

/// Where a file lies in a backup.
fn place(path: &Path) -> PathBuf {
    if path == Path::new(DATABASE) { path.to_owned() } else { Path::new(FILES).join(path) }
}

/// A manifest is not believed when it points out of the data folder.
fn ensure_inside(path: &Path) -> anyhow::Result<()> {
    let is_plain = path.components().all(|part| matches!(part, std::path::Component::Normal(_)));
    ensure!(is_plain && path.components().next().is_some(), "`{}` does not lie in the data folder", path.display());
    Ok(())
}

fn item(folder: &Path, path: &Path) -> anyhow::Result<Item> {
    let what = || format!("read {}", folder.join(path).display());
    let mut file = std::fs::File::open(folder.join(path)).with_context(what)?;
    let size_bytes = file.metadata().with_context(what)?.len();
    let mut digest = DigestWriter(Digest::new(&SHA256));
    std::io::copy(&mut file, &mut digest).with_context(what)?;
    Ok(Item { path: path.to_owned(), size_bytes, sha256: to_hex(digest.0.finish().as_ref()) })
}

/// Digests whatever is written to it.
struct DigestWriter(Digest);

impl std::io::Write for DigestWriter {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

fn make_folder(folder: &Path) -> anyhow::Result<()> {
    make_private_folder(folder).with_context(|| format!("make the folder {}", folder.display()))
}

fn sync(path: &Path) -> anyhow::Result<()> {
    std::fs::File::open(path).and_then(|file| file.sync_all()).with_context(|| format!("sync {}", path.display()))
}

#[cfg(test)]
mod tests;
