//! The folder of videos on the disk: the one place where a [`Place`] becomes a file.
//!
//! The folder itself is the owner's and may be reached through links. Below it every step goes from an open folder to
//! a name in it and follows no link, so that nobody can lead a command elsewhere, not even between check and use ([`Folder`]).

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use nix::sys::stat::fstat;

use super::names::{Place, kind_of};
use crate::download::partial::is_unfinished;
use crate::folder::{Folder, Found, found, walk};
use crate::space;

/// Folders are walked so deep: category, sub-category, and two more of the owner's own.
const DEPTH_MAX: usize = 4;

/// Most files that are listed.
pub const FILES_MAX: usize = 20_000;

/// The folder of videos.
#[derive(Debug, Clone)]
pub struct Library {
    root: PathBuf,
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
    pub fn free_bytes(&self) -> io::Result<u64> {
        space::free_bytes(&self.root)
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
                if is_unfinished(name) && found.changed_ns < before_ns && folder.remove(name).is_ok() {
                    removed += 1;
                }
            })?;
        }
        Ok(removed)
    }

    fn open(&self) -> io::Result<Option<Folder>> {
        Folder::open(&self.root)
    }
}

#[cfg(test)]
mod tests;
