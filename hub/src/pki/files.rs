//! Secret files: written whole or not at all, readable by their owner only.

use std::fs;
use std::io::ErrorKind;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use anyhow::{Context as _, ensure};
use vigie_shared::file::{make_private_folder, replace_private};

/// Makes a folder that only its owner may enter; an existing one is left as it is.
pub(super) fn make_folder(folder: &Path) -> anyhow::Result<()> {
    make_private_folder(folder).with_context(|| format!("make the folder {}", folder.display()))
}

/// Reads a file that only its owner may read; makes it first if it is missing.
pub(super) fn read_or_make_secret(
    file: &Path,
    make: impl FnOnce() -> anyhow::Result<Vec<u8>>,
) -> anyhow::Result<Vec<u8>> {
    if let Some(bytes) = read_secret(file)? {
        return Ok(bytes);
    }
    let bytes = make()?;
    write(file, &bytes)?;
    Ok(bytes)
}

/// Reads a file that only its owner may read; `None` if there is none.
pub(super) fn read_secret(file: &Path) -> anyhow::Result<Option<Vec<u8>>> {
    let metadata = match fs::metadata(file) {
        Ok(metadata) => metadata,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error).with_context(|| format!("look at {}", file.display())),
    };
    let mode = metadata.permissions().mode();
    ensure!(
        mode & 0o077 == 0,
        "others may read the key {} (mode {:03o}): run `chmod 600 {}`, and if somebody may have read it, make a new one",
        file.display(),
        mode & 0o777,
        file.display()
    );
    fs::read(file).map(Some).with_context(|| format!("read {}", file.display()))
}

/// Writes a file that only its owner may read.
pub(super) fn write(file: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    replace_private(file, bytes).with_context(|| format!("write {}", file.display()))
}
