//! Secret files: written whole or not at all, readable by their owner only.

use std::fs::{self, File, OpenOptions};
use std::io::{ErrorKind, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::Path;

use anyhow::{Context as _, ensure};

/// Makes a folder that only its owner may enter; an existing one is left as it is.
pub(super) fn make_folder(folder: &Path) -> anyhow::Result<()> {
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)
        .with_context(|| format!("make the folder {}", folder.display()))
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
    write(file, &bytes, 0o600)?;
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

/// Writes a file so that after a power cut there is either the old one or the whole new one.
pub(super) fn write(file: &Path, bytes: &[u8], mode: u32) -> anyhow::Result<()> {
    let draft = file.with_extension("new");
    let write = || -> std::io::Result<()> {
        let mut to = OpenOptions::new().write(true).create(true).truncate(true).mode(mode).open(&draft)?;
        to.set_permissions(fs::Permissions::from_mode(mode))?;
        to.write_all(bytes)?;
        to.sync_all()?;
        fs::rename(&draft, file)?;
        file.parent().map_or(Ok(()), |folder| File::open(folder)?.sync_all())
    };
    write().with_context(|| format!("write {}", file.display()))
}
