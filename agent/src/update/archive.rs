//! Unpacks a package, a `tar.gz`, and believes nothing that stands in it.
//!
//! Names stay inside the folder, links point inside it, nothing is written through a link, devices and pipes are refused,
//! and entries, bytes and their ratio to the packed size have limits. [`measure`] judges the whole archive and counts
//! before anything is written; [`unpack`] judges again.
//!
//! Links are safe by induction: a link's own place is made of real folders, `..` stands only at the beginning of its
//! target and never leads above the top, and what follows goes down, perhaps through links that are safe themselves.

#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::fs::{File, OpenOptions};
use std::io::{self, BufReader, Read as _};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt, symlink};
use std::path::{Component, Path, PathBuf};

use flate2::bufread::MultiGzDecoder;
use tar::{Archive, Entry, EntryType};

/// What an archive may be at most.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Files, folders and links.
    pub entries_max: u64,
    /// Bytes of all files together.
    pub bytes_max: u64,
    /// Bytes unpacked for each byte packed.
    pub ratio_max: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self { entries_max: 200_000, bytes_max: 8 << 30, ratio_max: 200 }
    }
}

/// Bytes that a small archive may grow to whatever its ratio.
const SMALL_BYTES: u64 = 1 << 20;

/// Folders within folders.
const DEPTH_MAX: usize = 32;

/// What is in an archive.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Contents {
    /// Files, folders and links.
    pub entries: u64,
    /// Bytes of all files together.
    pub bytes: u64,
    /// The names at its top.
    pub tops: BTreeSet<String>,
}

/// Why an archive is not unpacked. The texts are for people.
#[derive(Debug, thiserror::Error)]
pub enum ArchiveError {
    /// An entry that no package may have.
    #[error("the package holds `{name}`, which {why}")]
    Hostile {
        /// Its name.
        name: String,
        /// What is wrong with it.
        why: &'static str,
    },
    /// More than the limits allow.
    #[error("the package {0}")]
    TooMuch(String),
    /// Nothing is in it.
    #[error("the package is empty")]
    Empty,
    /// Not an archive, or cut off, or the disk failed.
    #[error("the package cannot be unpacked (a .tar.gz is expected): {0}")]
    Unreadable(#[from] io::Error),
}

/// Judges a whole archive and counts what is in it; writes nothing.
///
/// # Errors
///
/// Every [`ArchiveError`].
pub fn measure(package: &Path, limits: Limits) -> Result<Contents, ArchiveError> {
    let (source, bytes) = open(package)?;
    walk((source, bytes), limits, &mut |_, _| Ok(()))
}

/// The same of an archive in memory.
///
/// # Errors
///
/// Every [`ArchiveError`].
pub fn measure_bytes(package: Vec<u8>, limits: Limits) -> Result<Contents, ArchiveError> {
    let bytes = package.len() as u64;
    walk((Box::new(io::Cursor::new(package)), bytes), limits, &mut |_, _| Ok(()))
}

/// Unpacks an archive into an empty folder.
///
/// # Errors
///
/// Every [`ArchiveError`]; the folder then holds a part of it.
pub fn unpack(package: &Path, folder: &Path, limits: Limits) -> Result<Contents, ArchiveError> {
    walk(open(package)?, limits, &mut |entry, thing| put(folder, entry, thing))
}

/// An entry that was judged.
enum Thing {
    Folder(PathBuf),
    File(PathBuf),
    /// The link and what it says.
    Link(PathBuf, PathBuf),
    /// The second name, and the path of the first in the archive.
    SecondName(PathBuf, PathBuf),
}

type Source = Box<dyn io::Read>;
type Reader = MultiGzDecoder<BufReader<Source>>;
type Put<'a> = dyn FnMut(&mut Entry<'_, Reader>, &Thing) -> Result<(), ArchiveError> + 'a;

fn open(package: &Path) -> io::Result<(Source, u64)> {
    let file = File::open(package)?;
    let bytes = file.metadata()?.len();
    Ok((Box::new(file), bytes))
}

fn walk((source, packed_bytes): (Source, u64), limits: Limits, put: &mut Put<'_>) -> Result<Contents, ArchiveError> {
    let bytes_max = limits.bytes_max.min(packed_bytes.saturating_mul(limits.ratio_max).max(SMALL_BYTES));
    let mut archive = Archive::new(MultiGzDecoder::new(BufReader::new(source)));
    let mut contents = Contents::default();
    let (mut names, mut links) = (BTreeSet::new(), BTreeSet::new());
    for entry in archive.entries()? {
        let mut entry = entry?;
        let Some(thing) = judge(&entry)? else { continue };
        contents.entries += 1;
        contents.bytes = contents.bytes.saturating_add(entry.size());
        if contents.entries > limits.entries_max {
            return Err(ArchiveError::TooMuch(format!("holds more than {} files", limits.entries_max)));
        }
        if contents.bytes > bytes_max {
            return Err(ArchiveError::TooMuch(format!("grows to more than {bytes_max} bytes when unpacked")));
        }
        remember(&thing, &mut names, &mut links)?;
        contents.tops.extend(top(thing.path()));
        put(&mut entry, &thing)?;
    }
    // The archive ends before its compressed stream does: only the end tells whether that was whole.
    io::copy(&mut archive.into_inner().take(SMALL_BYTES), &mut io::sink())?;
    if contents.tops.is_empty() { Err(ArchiveError::Empty) } else { Ok(contents) }
}

impl Thing {
    fn path(&self) -> &Path {
        match self {
            Self::Folder(path) | Self::File(path) | Self::Link(path, _) | Self::SecondName(path, _) => path,
        }
    }
}

/// What the entry is; none for those that are only about the archive.
fn judge<R: io::Read>(entry: &Entry<'_, R>) -> Result<Option<Thing>, ArchiveError> {
    let raw = entry.path_bytes().into_owned();
    let name = String::from_utf8_lossy(&raw).into_owned();
    let hostile = |why| ArchiveError::Hostile { name: name.clone(), why };
    let text = std::str::from_utf8(&raw).map_err(|_other_letters| hostile("is not a name in UTF-8"))?;
    let path = inside(Path::new(text)).map_err(hostile)?;
    let target = || -> Result<PathBuf, ArchiveError> {
        let raw = entry.link_name_bytes().ok_or_else(|| hostile("is a link to nothing"))?.into_owned();
        let text = String::from_utf8(raw).map_err(|_other_letters| hostile("links to a name that is not UTF-8"))?;
        Ok(PathBuf::from(text))
    };
    if path.as_os_str().is_empty() {
        return match entry.header().entry_type() {
            EntryType::Directory | EntryType::XGlobalHeader => Ok(None),
            _ => Err(hostile("has no name")),
        };
    }
    match entry.header().entry_type() {
        EntryType::Directory => Ok(Some(Thing::Folder(path))),
        EntryType::Regular | EntryType::Continuous => Ok(Some(Thing::File(path))),
        EntryType::Symlink => {
            let target = target()?;
            stays_inside(&path, &target).map_err(hostile)?;
            Ok(Some(Thing::Link(path, target)))
        }
        EntryType::Link => {
            let first = inside(&target()?).map_err(|_why| hostile("is a second name for something outside"))?;
            Ok(Some(Thing::SecondName(path, first)))
        }
        EntryType::XGlobalHeader => Ok(None),
        _ => Err(hostile("is neither a file nor a folder nor a link")),
    }
}

/// The path from the folder's top, without `.`.
fn inside(path: &Path) -> Result<PathBuf, &'static str> {
    let mut clean = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::Normal(name) if name.as_encoded_bytes().iter().any(u8::is_ascii_control) => {
                return Err("has control characters in its name");
            }
            Component::Normal(name) => clean.push(name),
            Component::ParentDir => return Err("leads out of the folder"),
            Component::RootDir | Component::Prefix(_) => return Err("is an absolute path"),
        }
    }
    if clean.components().count() > DEPTH_MAX { Err("lies too deep") } else { Ok(clean) }
}

/// Checks that a link's target cannot be outside.
fn stays_inside(link: &Path, target: &Path) -> Result<(), &'static str> {
    let mut height = link.components().count() - 1;
    let mut goes_down = false;
    for part in target.components() {
        match part {
            Component::CurDir => {}
            Component::Normal(_) => goes_down = true,
            Component::ParentDir if goes_down || height == 0 => return Err("is a link out of the folder"),
            Component::ParentDir => height -= 1,
            Component::RootDir | Component::Prefix(_) => return Err("is a link to an absolute path"),
        }
    }
    Ok(())
}

/// Refuses what is there twice and what lies behind a link.
fn remember(thing: &Thing, names: &mut BTreeSet<PathBuf>, links: &mut BTreeSet<PathBuf>) -> Result<(), ArchiveError> {
    let path = thing.path();
    let hostile = |why| Err(ArchiveError::Hostile { name: path.display().to_string(), why });
    if path.ancestors().skip(1).any(|above| links.contains(above)) {
        return hostile("lies behind a link");
    }
    if let Thing::SecondName(_, first) = thing
        && (!names.contains(first) || links.contains(first))
    {
        return hostile("is a second name for no file before it");
    }
    match thing {
        Thing::Folder(_) if links.contains(path) => return hostile("is there twice"),
        // A folder may be named again.
        Thing::Folder(_) => return Ok(()),
        Thing::Link(..) => drop(links.insert(path.to_owned())),
        Thing::File(_) | Thing::SecondName(..) => {}
    }
    if names.insert(path.to_owned()) { Ok(()) } else { hostile("is there twice") }
}

fn top(path: &Path) -> Option<String> {
    Some(path.components().next()?.as_os_str().to_str()?.to_owned())
}

fn put(folder: &Path, entry: &mut Entry<'_, Reader>, thing: &Thing) -> Result<(), ArchiveError> {
    let path = folder.join(thing.path());
    if let Some(parent) = path.parent() {
        std::fs::create_dir_all(parent)?;
    }
    // Nobody but the owner may write, nothing runs as another user.
    let mode = entry.header().mode().unwrap_or(0o644) & 0o755 | 0o600;
    match thing {
        Thing::Folder(_) => {
            std::fs::create_dir_all(&path)?;
            std::fs::set_permissions(&path, PermissionsExt::from_mode(mode | 0o700))?;
        }
        Thing::File(_) => {
            let mut file = OpenOptions::new().write(true).create_new(true).mode(mode).open(&path)?;
            let size = entry.size();
            if io::copy(&mut entry.take(size), &mut file)? != size {
                return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into());
            }
            // The mode at opening went through the process's mask.
            file.set_permissions(PermissionsExt::from_mode(mode))?;
        }
        Thing::Link(_, target) => symlink(target, &path)?,
        Thing::SecondName(_, first) => drop(std::fs::copy(folder.join(first), &path)?),
    }
    Ok(())
}
