//! The keys that make a hub this hub: asked for, they go along in a backup, so that a new machine can take over.

use std::path::{Path, PathBuf};

use anyhow::Context as _;

/// The hub's key files, relative to its data folder: the key of the store's secrets, its CA, its command key.
///
/// # Errors
///
/// If the folder of keys cannot be read.
pub fn key_files(data: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let what = || format!("look for the hub's keys in {}", data.display());
    let mut files = vec![PathBuf::from(crate::STORE_KEY)];
    for entry in std::fs::read_dir(data.join(crate::PKI_FOLDER)).with_context(what)? {
        files.push(Path::new(crate::PKI_FOLDER).join(entry.with_context(what)?.file_name()));
    }
    files.sort();
    Ok(files)
}
