//! The folder of videos on the disk: the one place where a [`Place`] becomes a file.
//!
//! The folder itself is the owner's and may be reached through links. Below it every step goes from an open folder to
//! a name in it and follows no link, so that nobody can lead a command elsewhere, not even between check and use.
//! Folders and files are made with the permissions of the folder they lie in: the application must read them.

use std::fs::File;
use std::io;
use std::os::fd::{AsFd as _, OwnedFd};
use std::path::{Path, PathBuf};

use nix::dir::Dir;
use nix::errno::Errno;
use nix::fcntl::{AtFlags, OFlag, openat, renameat};
use nix::sys::stat::{FileStat, Mode, fchmod, fstat, fstatat, mkdirat};
use nix::unistd::{UnlinkatFlags, unlinkat};

use super::names::{Place, kind_of};

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

/// An open folder below it.
#[derive(Debug)]
pub struct Folder {
    descriptor: OwnedFd,
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

impl Folder {
    /// A regular file of that name; none if there is nothing.
    ///
    /// # Errors
    ///
    /// Those of the file system; a link, folder or device under that name is one.
    pub fn look(&self, name: &str) -> io::Result<Option<Found>> {
        match fstatat(self.descriptor.as_fd(), name, AtFlags::AT_SYMLINK_NOFOLLOW) {
            Ok(stat) if is_regular(&stat) => Ok(Some(found(&stat))),
            Ok(_) => Err(not_a_file(name)),
            Err(Errno::ENOENT) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Opens a regular file for reading; none if there is nothing.
    ///
    /// # Errors
    ///
    /// As [`Folder::look`].
    pub fn read(&self, name: &str) -> io::Result<Option<File>> {
        // Without O_NONBLOCK a pipe of that name would make us wait for ever.
        let flags = OFlag::O_RDONLY | OFlag::O_NOFOLLOW | OFlag::O_NONBLOCK | OFlag::O_CLOEXEC;
        match openat(self.descriptor.as_fd(), name, flags, Mode::empty()) {
            Ok(descriptor) if is_regular(&fstat(&descriptor)?) => Ok(Some(File::from(descriptor))),
            Ok(_) | Err(Errno::ELOOP) => Err(not_a_file(name)),
            Err(Errno::ENOENT) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Opens a regular file for reading and writing, made if it is missing.
    ///
    /// # Errors
    ///
    /// As [`Folder::look`].
    pub fn write(&self, name: &str) -> io::Result<File> {
        let flags = OFlag::O_RDWR | OFlag::O_CREAT | OFlag::O_NOFOLLOW | OFlag::O_NONBLOCK | OFlag::O_CLOEXEC;
        let own = self.mode()? & 0o666;
        let descriptor = openat(self.descriptor.as_fd(), name, flags, Mode::from_bits_truncate(own))
            .map_err(|error| if error == Errno::ELOOP { not_a_file(name) } else { error.into() })?;
        if !is_regular(&fstat(&descriptor)?) {
            return Err(not_a_file(name));
        }
        // The service's mask would keep the application from reading.
        fchmod(&descriptor, Mode::from_bits_truncate(own))?;
        Ok(File::from(descriptor))
    }

    /// Puts a file in the place of another one, or of none; it is on the disk when this returns.
    ///
    /// # Errors
    ///
    /// Those of the file system; a link, folder or device under the new name is one.
    pub fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        self.look(to)?;
        renameat(self.descriptor.as_fd(), from, self.descriptor.as_fd(), to)?;
        self.sync()
    }

    /// Removes a file; false if there was none.
    ///
    /// # Errors
    ///
    /// As [`Folder::look`].
    pub fn remove(&self, name: &str) -> io::Result<bool> {
        if self.look(name)?.is_none() {
            return Ok(false);
        }
        unlinkat(self.descriptor.as_fd(), name, UnlinkatFlags::NoRemoveDir)?;
        self.sync()?;
        Ok(true)
    }

    fn enter(&self, name: &str) -> io::Result<Option<Self>> {
        let flags = OFlag::O_RDONLY | OFlag::O_DIRECTORY | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC;
        match openat(self.descriptor.as_fd(), name, flags, Mode::empty()) {
            Ok(descriptor) => Ok(Some(Self { descriptor })),
            Err(Errno::ENOENT) => Ok(None),
            Err(Errno::ENOTDIR | Errno::ELOOP) => {
                Err(io::Error::other(format!("{name:?} is not a folder, but a link or a file")))
            }
            Err(error) => Err(error.into()),
        }
    }

    fn make(&self, name: &str) -> io::Result<Self> {
        let own = Mode::from_bits_truncate(self.mode()?);
        mkdirat(self.descriptor.as_fd(), name, own)?;
        self.sync()?;
        let made = self.enter(name)?.ok_or(io::ErrorKind::NotFound)?;
        fchmod(&made.descriptor, own)?;
        Ok(made)
    }

    fn remove_empty(&self, name: &str) -> io::Result<()> {
        match unlinkat(self.descriptor.as_fd(), name, UnlinkatFlags::RemoveDir) {
            Ok(()) => self.sync(),
            Err(Errno::ENOTEMPTY | Errno::EEXIST | Errno::ENOENT | Errno::ENOTDIR) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// The permissions, with the bit that hands the group down.
    fn mode(&self) -> io::Result<u32> {
        Ok(fstat(&self.descriptor)?.st_mode & 0o2777)
    }

    fn sync(&self) -> io::Result<()> {
        Ok(nix::unistd::fsync(&self.descriptor)?)
    }

    fn names(&self) -> io::Result<Vec<String>> {
        let mut folder = Dir::openat(self.descriptor.as_fd(), ".", OFlag::O_RDONLY | OFlag::O_CLOEXEC, Mode::empty())?;
        let mut names = Vec::new();
        for entry in folder.iter() {
            // A name that is no text cannot be told to anybody.
            if let Ok(name) = entry?.file_name().to_str()
                && name != "."
                && name != ".."
            {
                names.push(name.to_owned());
            }
        }
        Ok(names)
    }
}

/// Visits every regular file: its path, its name, what the disk knows of it, and its folder.
fn walk(
    folder: &Folder,
    path: &str,
    depth: usize,
    visit: &mut impl FnMut(&str, &str, Found, &Folder),
) -> io::Result<()> {
    for name in folder.names()? {
        let Ok(stat) = fstatat(folder.descriptor.as_fd(), name.as_str(), AtFlags::AT_SYMLINK_NOFOLLOW) else {
            continue;
        };
        let inner = if path.is_empty() { name.clone() } else { format!("{path}/{name}") };
        if is_regular(&stat) {
            visit(&inner, &name, found(&stat), folder);
        } else if depth > 1
            && is_folder(&stat)
            && let Some(below) = folder.enter(&name)?
        {
            walk(&below, &inner, depth - 1, visit)?;
        }
    }
    Ok(())
}

fn is_regular(stat: &FileStat) -> bool {
    stat.st_mode & nix::libc::S_IFMT == nix::libc::S_IFREG
}

fn is_folder(stat: &FileStat) -> bool {
    stat.st_mode & nix::libc::S_IFMT == nix::libc::S_IFDIR
}

#[expect(clippy::useless_conversion, reason = "these numbers have 32 bits on the smallest boards")]
fn found(stat: &FileStat) -> Found {
    let seconds_ns = i64::from(stat.st_mtime).saturating_mul(1_000_000_000);
    Found {
        size_bytes: u64::try_from(stat.st_size).unwrap_or(0),
        inode: u64::from(stat.st_ino),
        changed_ns: seconds_ns.saturating_add(i64::from(stat.st_mtime_nsec)),
    }
}

fn not_a_file(name: &str) -> io::Error {
    io::Error::other(format!("{name:?} is not a plain file, but a link, a folder or a device"))
}

#[cfg(test)]
mod tests;
