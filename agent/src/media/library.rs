//! The folder of videos on the disk: the one place where a [`Place`] becomes a file.
//!
//! The folder itself is the owner's and may be reached through links. Below it every step goes from an open folder to
//! a name in it and follows no link, so that nobody can lead a command elsewhere, not even between check and use.
//! Folders and files are made with the permissions of the folder they lie in: the application must read them.

mod folder;

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use nix::errno::Errno;
use nix::fcntl::OFlag;
use nix::sys::stat::{Mode, fstat};

use super::names::{Place, kind_of};
use folder::{found, walk};

pub use folder::Folder;

/// What the name of an unfinished download begins and ends with.
const PARTIAL: (&str, &str) = (".", ".vigie-part");

/// What is kept about an unfinished download.
const NOTE: (&str, &str) = (".", ".vigie-note");

/// Folders are walked so deep: category, sub-category, and two more of the owner's own.
const DEPTH_MAX: usize = 4;

/// Most files that are listed.
pub const FILES_MAX: usize = 20_000;

/// The folder of videos.
#[derive(Debug, Clone)]
pub struct Library {
    root: PathBuf,
}

/// A file as the disk knows it: the same identity means the same content.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
pub struct Found {
    /// Its size.
    pub size_bytes: u64,
    /// Its number on the file system.
    pub inode: u64,
    /// When it was changed, nanoseconds since 1970 UTC.
    pub changed_ns: i64,
}

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

impl Library {
    /// The library in that folder, which need not exist yet.
    #[must_use]
    pub fn new(root: PathBuf) -> Self {
        Self { root }
    }

    /// The folder itself.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The folder of a place; none if it does not exist.
    ///
    /// # Errors
    ///
    /// Those of the file system; a link or a file in its stead is one.
    pub fn folder(&self, place: &Place) -> io::Result<Option<Folder>> {
        let Some(mut folder) = self.open()? else { return Ok(None) };
        for name in place.folders() {
            match folder.enter(name)? {
                Some(inner) => folder = inner,
                None => return Ok(None),
            }
        }
        Ok(Some(folder))
    }

    /// The folder of a place, made if it is missing; the folder that holds the library must exist.
    ///
    /// # Errors
    ///
    /// Those of the file system; a link or a file in its stead is one.
    pub fn make_folder(&self, place: &Place) -> io::Result<Folder> {
        if let Err(error) = std::fs::create_dir(&self.root)
            && error.kind() != io::ErrorKind::AlreadyExists
        {
            return Err(error);
        }
        let mut folder = self.open()?.ok_or(io::ErrorKind::NotFound)?;
        for name in place.folders() {
            folder = match folder.enter(name)? {
                Some(inner) => inner,
                None => folder.make(name)?,
            };
        }
        Ok(folder)
    }

    /// Removes the folders of a place that are empty, from the inside out.
    ///
    /// # Errors
    ///
    /// Those of the file system; a folder that is not empty is none.
    pub fn remove_empty(&self, place: &Place) -> io::Result<()> {
        let Some(outer) = self.open()? else { return Ok(()) };
        if let (Some(subcategory), Some(category)) = (place.subcategory(), outer.enter(place.category())?) {
            category.remove_empty(subcategory)?;
        }
        outer.remove_empty(place.category())
    }

    /// Bytes that an ordinary user can still write.
    ///
    /// # Errors
    ///
    /// Those of the file system.
    #[expect(clippy::useless_conversion, reason = "these numbers have 32 bits on the smallest boards")]
    pub fn free_bytes(&self) -> io::Result<u64> {
        let existing = self.root.ancestors().find(|folder| folder.exists()).unwrap_or(Path::new("/"));
        let volume = nix::sys::statvfs::statvfs(existing)?;
        Ok(u64::from(volume.blocks_available()).saturating_mul(u64::from(volume.fragment_size())))
    }

    /// Every file that is shown, by its path below the library, sorted; at most [`FILES_MAX`].
    ///
    /// # Errors
    ///
    /// Those of the file system. A library that does not exist is empty.
    pub fn files(&self) -> io::Result<Vec<(String, Found)>> {
        let mut files = Vec::new();
        if let Some(folder) = self.open()? {
            walk(&folder, "", DEPTH_MAX, &mut |path, name, found, _| {
                if kind_of(name).is_some() && !name.starts_with('.') && files.len() < FILES_MAX {
                    files.push((path.to_owned(), found));
                }
            })?;
        }
        files.sort_unstable();
        Ok(files)
    }

    /// Opens a file for reading, by a path that [`Library::files`] gave.
    ///
    /// # Errors
    ///
    /// Those of the file system.
    pub fn open_file(&self, path: &str) -> io::Result<File> {
        let mut folder = self.open()?.ok_or(io::ErrorKind::NotFound)?;
        let (folders, name) = path.rsplit_once('/').unwrap_or(("", path));
        for inner in folders.split('/').filter(|inner| !inner.is_empty()) {
            folder = folder.enter(inner)?.ok_or(io::ErrorKind::NotFound)?;
        }
        folder.read(name)?.ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    /// What the disk knows of an open file.
    ///
    /// # Errors
    ///
    /// Those of the file system.
    pub fn found(&self, file: &File) -> io::Result<Found> {
        Ok(found(&fstat(file)?))
    }

    /// Removes what downloads left that nobody continued since that moment, nanoseconds since 1970 UTC; how many.
    ///
    /// # Errors
    ///
    /// Those of the file system.
    pub fn sweep(&self, before_ns: i64) -> io::Result<usize> {
        let mut removed = 0;
        if let Some(folder) = self.open()? {
            walk(&folder, "", DEPTH_MAX, &mut |_, name, found, folder| {
                let is_left = [PARTIAL, NOTE].iter().any(|(begin, end)| name.starts_with(begin) && name.ends_with(end));
                if is_left && found.changed_ns < before_ns && folder.remove(name).is_ok() {
                    removed += 1;
                }
            })?;
        }
        Ok(removed)
    }

    fn open(&self) -> io::Result<Option<Folder>> {
        let flags = OFlag::O_RDONLY | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC;
        match nix::fcntl::open(&self.root, flags, Mode::empty()) {
            Ok(descriptor) => Ok(Some(Folder { descriptor })),
            Err(Errno::ENOENT) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }
}

#[cfg(test)]
mod tests;
