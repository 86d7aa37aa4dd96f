//! An open folder: every step goes from here to a name in it, and follows no link.
//!
//! Folders and files are made with the permissions of the folder they lie in: other programs must read them.

use std::fs::File;
use std::io;
use std::os::fd::{AsFd as _, OwnedFd};
use std::path::Path;

use nix::dir::Dir;
use nix::errno::Errno;
use nix::fcntl::{AtFlags, OFlag, openat, renameat};
use nix::sys::stat::{FileStat, Mode, fchmod, fstat, fstatat, mkdirat};
use nix::unistd::{UnlinkatFlags, unlinkat};

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

/// An open folder.
#[derive(Debug)]
pub struct Folder {
    descriptor: OwnedFd,
}

impl Folder {
    /// Opens a folder, which may be reached through links; none if there is nothing.
    ///
    /// # Errors
    ///
    /// Those of the file system.
    pub fn open(path: &Path) -> io::Result<Option<Self>> {
        let flags = OFlag::O_RDONLY | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC;
        match nix::fcntl::open(path, flags, Mode::empty()) {
            Ok(descriptor) => Ok(Some(Self { descriptor })),
            Err(Errno::ENOENT) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

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

    pub(crate) fn enter(&self, name: &str) -> io::Result<Option<Self>> {
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

    pub(crate) fn make(&self, name: &str) -> io::Result<Self> {
        let own = Mode::from_bits_truncate(self.mode()?);
        mkdirat(self.descriptor.as_fd(), name, own)?;
        self.sync()?;
        let made = self.enter(name)?.ok_or(io::ErrorKind::NotFound)?;
        fchmod(&made.descriptor, own)?;
        Ok(made)
    }

    pub(crate) fn remove_empty(&self, name: &str) -> io::Result<()> {
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
pub(crate) fn walk(
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

/// What the disk knows of a file.
#[expect(clippy::useless_conversion, reason = "these numbers have 32 bits on the smallest boards")]
pub(crate) fn found(stat: &FileStat) -> Found {
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
