//! Opening a lane, whatever it finds: nothing, a lane, an interrupted change, damage.

use std::path::{Path, PathBuf};

use vigie_shared::wire::frame;

use super::super::disk::Store;
use super::super::folder::{Folder, Identity, Known};
use super::super::{Extent, Opened, Opener, Opening, QueueError, SetAside};
use super::{DurableQueue, Memory};

/// Where a lane lives.
#[derive(Debug, Clone)]
pub struct DurableOptions {
    /// The lane's folder; made if missing.
    pub folder: PathBuf,
    /// Most bytes of damaged stores that are kept.
    pub set_aside_bytes_max: u64,
}

/// An opener for a keeper.
#[must_use]
pub fn opener(options: DurableOptions) -> Opener {
    Box::new(move |opening, wall_ms| open(&options, opening, wall_ms))
}

/// An opener that leaves a damaged lane alone.
#[must_use]
pub fn inspector(options: DurableOptions) -> Opener {
    Box::new(move |_opening, wall_ms| open(&options, Opening::Inspect, wall_ms))
}

/// Opens a lane. `wall_ms` names what is set aside.
///
/// # Errors
///
/// [`QueueError::Busy`] if another process has it; [`QueueError::Storage`] if the disk refuses;
/// [`QueueError::Corrupt`] only when inspecting.
pub fn open(options: &DurableOptions, opening: Opening, wall_ms: i64) -> Result<Opened, QueueError> {
    let folder = Folder::lock(&options.folder)?;
    let known = folder.identity().map_err(QueueError::Storage)?;
    let damage = match known {
        Known::Nothing => return start(folder, Identity::new(1), None),
        _ if opening == Opening::Distrust => "it could not be used".to_owned(),
        Known::Unreadable => "its identity cannot be read".to_owned(),
        Known::Lane(identity) => match resume(&folder, identity) {
            Ok((store, extent)) => {
                let queue = DurableQueue { store, identity, extent, folder };
                return Ok(Opened { queue: Box::new(queue), set_aside: None });
            }
            Err(QueueError::Corrupt(why)) => why,
            Err(error) => return Err(error),
        },
    };
    if opening == Opening::Inspect {
        return Err(QueueError::Corrupt(damage));
    }
    let fresh = Identity::new(folder.newest_generation().map_err(QueueError::Storage)? + 1);
    let remains = folder.set_aside(wall_ms, options.set_aside_bytes_max).map_err(QueueError::Storage)?;
    start(folder, fresh, Some(report(known, damage, remains)))
}

/// Makes an empty store under an identity.
fn start(folder: Folder, identity: Identity, set_aside: Option<SetAside>) -> Result<Opened, QueueError> {
    folder.identify(&identity).map_err(QueueError::Storage)?;
    let store = empty_store(&folder.store(identity.generation), &identity)?;
    let queue = DurableQueue { store, identity, extent: Extent::new(identity.queue), folder };
    Ok(Opened { queue: Box::new(queue), set_aside })
}

fn empty_store(folder: &Path, identity: &Identity) -> Result<Store, QueueError> {
    let store = Store::open(folder)?;
    let memory = Memory { extent: Extent::new(identity.queue), offset: identity.offset };
    store.remember(&frame::seal(1, &memory))?;
    store.commit()?;
    Ok(store)
}

/// Opens the store of a known lane and checks that it remembers what the identity does.
fn resume(folder: &Folder, identity: Identity) -> Result<(Store, Extent), QueueError> {
    folder.remove_stores_except(identity.generation).map_err(QueueError::Storage)?;
    let path = folder.store(identity.generation);
    let held_records = identity.hi > 0;
    if held_records && !path.is_dir() {
        return Err(QueueError::Corrupt("its store is gone".to_owned()));
    }
    let store = Store::open(&path)?;
    let Some(memory) = store.memory()? else {
        if held_records || !store.is_empty()? {
            return Err(QueueError::Corrupt("it held records and opened without its memory of them".to_owned()));
        }
        drop(store);
        return Ok((empty_store(&path, &identity)?, Extent::new(identity.queue)));
    };
    let memory: Memory = frame::open(&memory).map_err(|error| QueueError::Corrupt(error.to_string()))?;
    let last_key = memory.offset + memory.extent.last;
    if last_key < identity.hi {
        let text = format!("it held records through key {} and opened with none above {last_key}", identity.hi);
        return Err(QueueError::Corrupt(text));
    }
    // What reads back may still be on its way to the disk, if the process was killed while it wrote.
    store.commit()?;
    let extent = extent_under(identity, memory, &store)?;
    Ok((store, extent))
}

/// What the store remembers, in the positions of the current queue id.
fn extent_under(identity: Identity, memory: Memory, store: &Store) -> Result<Extent, QueueError> {
    let Memory { extent, offset } = memory;
    if extent.queue == identity.queue && offset == identity.offset {
        return Ok(extent);
    }
    // The identity was renewed after this was written. Records below its offset were trimmed by then, even if
    // the store no longer knows.
    let trimmed = (identity.offset + 1).checked_sub(offset + extent.first);
    let Some(trimmed) = trimmed.filter(|_| identity.offset <= offset + extent.last) else {
        return Err(QueueError::Corrupt("its identity and its store belong to different queues".to_owned()));
    };
    let kept = if trimmed == 0 { extent } else { extent.receipted(extent.first + trimmed - 1, None, 0) };
    let extent = kept.renewed(identity.queue);
    store.remove(0, identity.offset, |_bytes| frame::seal(1, &Memory { extent, offset: identity.offset }))?;
    Ok(extent)
}

fn report(known: Known, why: String, remains: String) -> SetAside {
    let Known::Lane(identity) = known else {
        return SetAside { queue: None, from: 1, through: 0, why, remains };
    };
    let position = |key: u64| key.saturating_sub(identity.offset);
    SetAside {
        queue: Some(identity.queue),
        from: position(identity.first).max(1),
        through: position(identity.hi),
        why,
        remains,
    }
}

