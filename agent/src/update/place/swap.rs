//! One entry at the top of the folder takes the place of another, and gives it back.
//!
//! What must be preserved inside an entry moves over from the old one to the new one. Every move is one rename, and what
//! lies where tells which moves were made: so both directions can be interrupted anywhere and done again.

use std::collections::BTreeMap;
use std::io;
use std::path::{Component, Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::Disk;

/// What takes whose place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Swap {
    /// The name at the top of the folder.
    pub entry: String,
    /// Where the new one lies; none if the name goes away.
    pub source: Option<PathBuf>,
    /// Paths from the top of the folder, inside the entry, that move over to the new one.
    pub preserved: Vec<PathBuf>,
}

/// Plans the swaps for what a version brings. What is preserved as a whole is left out.
pub(super) fn plan(folder: &Path, brings: &BTreeMap<String, Option<PathBuf>>, preserve: &[PathBuf]) -> Vec<Swap> {
    let is_preserved = |entry: &str| preserve.iter().any(|path| path.as_path() == Path::new(entry));
    let inside = |entry: &str| -> Vec<PathBuf> {
        let within = preserve.iter().filter(|path| path.starts_with(entry) && is_real(folder, path));
        within.cloned().collect()
    };
    let swap = |(entry, source): (&String, &Option<PathBuf>)| {
        let swap = Swap { entry: entry.clone(), source: source.clone(), preserved: inside(entry) };
        let must_stay = is_preserved(entry) || (swap.source.is_none() && !swap.preserved.is_empty());
        (!must_stay).then_some(swap)
    };
    brings.iter().filter_map(swap).collect()
}

impl Swap {
    /// Makes the swap; `old` takes what was there.
    pub(super) fn perform(&self, folder: &Path, old: &Path, disk: &dyn Disk) -> io::Result<()> {
        let here = folder.join(&self.entry);
        if let Some(source) = &self.source {
            for path in &self.preserved {
                make_room(source, &self.below(path), disk)?;
            }
        }
        if is_there(&here) {
            disk.rename(&here, &old.join(&self.entry))?;
        }
        if let Some(source) = &self.source {
            disk.rename(source, &here)?;
        }
        for path in &self.preserved {
            disk.rename(&old.join(path), &folder.join(path))?;
        }
        Ok(())
    }

    /// Takes back as much of the swap as was made.
    pub(super) fn take_back(&self, folder: &Path, old: &Path, disk: &dyn Disk) -> io::Result<()> {
        let (here, before) = (folder.join(&self.entry), old.join(&self.entry));
        if let Some(source) = self.source.as_ref().filter(|source| !is_there(source)) {
            for path in self.preserved.iter().rev() {
                if is_there(&folder.join(path)) && !is_there(&old.join(path)) {
                    disk.rename(&folder.join(path), &old.join(path))?;
                }
            }
            disk.rename(&here, source)?;
        }
        if is_there(&before) { disk.rename(&before, &here) } else { Ok(()) }
    }

    /// The path inside the entry.
    fn below(&self, path: &Path) -> PathBuf {
        path.strip_prefix(&self.entry).unwrap_or(path).to_owned()
    }
}

/// Removes what the new version brings where something is preserved, and makes the folders on the way.
fn make_room(source: &Path, below: &Path, disk: &dyn Disk) -> io::Result<()> {
    let parent = below.parent().unwrap_or(Path::new(""));
    let mut way = source.to_owned();
    for part in std::iter::once(Component::CurDir).chain(parent.components()) {
        way.push(part);
        if is_there(&way) && !way.symlink_metadata()?.is_dir() {
            let text = format!("it brings no folder for `{}`, which must be preserved", below.display());
            return Err(io::Error::other(text));
        }
    }
    disk.make_folder(&source.join(parent))?;
    disk.remove(&source.join(below))
}

/// Whether something is there, be it a link to nothing.
pub(super) fn is_there(path: &Path) -> bool {
    path.symlink_metadata().is_ok()
}

/// Whether the path is there, on a way of real folders: what lies behind a link is not ours to move.
fn is_real(folder: &Path, path: &Path) -> bool {
    let mut way = folder.to_owned();
    let above = path.parent().into_iter().flat_map(Path::components);
    for part in above {
        way.push(part);
        if !way.symlink_metadata().is_ok_and(|metadata| metadata.is_dir()) {
            return false;
        }
    }
    is_there(&folder.join(path))
}
