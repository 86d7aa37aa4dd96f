//! Port: the few changes of a folder, so that tests can cut the power after each of them.

use std::fs::File;
use std::io;
use std::path::Path;

/// Changes folders.
pub trait Disk: Send + Sync {
    /// Gives a file or folder another name.
    ///
    /// # Errors
    ///
    /// Those of the file system; nothing was changed then.
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;

    /// Removes a file, a link, or a folder with everything in it; not being there is fine.
    ///
    /// # Errors
    ///
    /// Those of the file system; a part may be gone then.
    fn remove(&self, path: &Path) -> io::Result<()>;

    /// Makes a folder and those above it; being there is fine.
    ///
    /// # Errors
    ///
    /// Those of the file system.
    fn make_folder(&self, path: &Path) -> io::Result<()>;

    /// Replaces a small file, whole and durably.
    ///
    /// # Errors
    ///
    /// Those of the file system; the old content is untouched then.
    fn write(&self, path: &Path, content: &[u8]) -> io::Result<()>;

    /// Brings everything on the folder's file system to the disk.
    ///
    /// # Errors
    ///
    /// Those of the file system.
    fn sync(&self, folder: &Path) -> io::Result<()>;
}

/// The machine's disk.
pub struct RealDisk;

impl Disk for RealDisk {
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        std::fs::rename(from, to)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        let removed = match path.symlink_metadata() {
            Ok(metadata) if metadata.is_dir() => std::fs::remove_dir_all(path),
            Ok(_) => std::fs::remove_file(path),
            Err(error) => Err(error),
        };
        match removed {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            removed => removed,
        }
    }

    fn make_folder(&self, path: &Path) -> io::Result<()> {
        std::fs::create_dir_all(path)
    }

    fn write(&self, path: &Path, content: &[u8]) -> io::Result<()> {
        vigie_shared::file::replace_private(path, content)
    }

    fn sync(&self, folder: &Path) -> io::Result<()> {
        Ok(nix::unistd::syncfs(File::open(folder)?)?)
    }
}
