//! Opening a lane, whatever it finds: nothing, a lane, an interrupted change, damage.

use std::cell::Cell;
use std::path::{Path, PathBuf};

use vigie_shared::wire::frame;

use super::super::disk::Store;
use super::super::folder::{Folder, Identity, Known};
use super::super::{Extent, Limit, Opened, Opener, Opening, Queue as _, QueueError, SetAside};
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
    let why = match known {
        Known::Nothing => return start(folder, Identity::new(1), options, None),
        _ if opening == Opening::Distrust => "it could not be used".to_owned(),
        Known::Unreadable => "its identity cannot be read".to_owned(),
        Known::Lane(identity) => match resume(&folder, identity) {
            Ok((store, extent)) => match lost_positions(&identity, &extent) {
                Some((from, through)) if opening == Opening::Inspect => {
                    format!("positions {from} to {through} are gone")
                }
                lost => {
                    let queue = queue(folder, store, identity, extent, options);
                    return match lost {
                        Some(lost) => salvage(queue, lost, wall_ms),
                        None => Ok(Opened { queue: Box::new(queue), set_aside: None }),
                    };
                }
            },
            Err(QueueError::Corrupt(why)) => why,
            Err(error) => return Err(error),
        },
    };
    if opening == Opening::Inspect {
        return Err(QueueError::Corrupt(why));
    }
    let fresh = Identity::new(folder.newest_generation().map_err(QueueError::Storage)? + 1);
    let remains = folder.set_aside(None, wall_ms, options.set_aside_bytes_max).map_err(QueueError::Storage)?;
    start(folder, fresh, options, Some(report(known, why, remains)))
}

fn queue(folder: Folder, store: Store, identity: Identity, extent: Extent, options: &DurableOptions) -> DurableQueue {
    let set_aside_bytes_max = options.set_aside_bytes_max;
    DurableQueue { store, identity, extent, deferred: None, folder, set_aside_bytes_max, weighed: Cell::default() }
}

/// Positions that the identity remembers and the store does not.
fn lost_positions(identity: &Identity, extent: &Extent) -> Option<(u64, u64)> {
    let remembered = identity.hi.saturating_sub(identity.offset);
    (remembered > extent.last).then_some((extent.last + 1, remembered))
}

/// Saves what a store still holds that went back in time. Its next positions were given before, so they go on
/// under a new queue id.
fn salvage(mut queue: DurableQueue, lost: (u64, u64), wall_ms: i64) -> Result<Opened, QueueError> {
    let old = queue.extent.queue;
    let trimmed = queue.identity.first.saturating_sub(queue.identity.offset + 1).min(queue.extent.last);
    queue.extent = queue.extent.receipted(trimmed, None, 0);
    queue.renew()?;
    let remains = queue.rebuild(wall_ms)?;
    let set_aside = SetAside {
        queue: Some(old),
        from: lost.0,
        through: lost.1,
        why: "it went back in time; the records that it still held are kept under a new queue id".to_owned(),
        remains,
    };
    Ok(Opened { queue: Box::new(queue), set_aside: Some(set_aside) })
}

/// Puts a record through a queue in an empty folder: does the engine work on this machine and its disk?
///
/// # Errors
///
/// Whatever does not work.
pub fn self_test(folder: &Path, record: &[u8]) -> Result<(), QueueError> {
    let options = DurableOptions { folder: folder.to_owned(), set_aside_bytes_max: 0 };
    let mut queue = open(&options, Opening::Inspect, 0)?.queue;
    queue.append(&[record.to_vec()])?;
    queue.close()?;
    drop(queue);
    let mut queue = open(&options, Opening::Inspect, 0)?.queue;
    let slice = queue.peek(1, Limit { records_max: 1, bytes_max: usize::MAX })?;
    if slice.records.first().map(Vec::as_slice) != Some(record) {
        return Err(QueueError::Corrupt("what was written does not read back".to_owned()));
    }
    queue.trim(1)?;
    queue.close()
}

/// Makes an empty store under an identity.
fn start(
    folder: Folder,
    identity: Identity,
    options: &DurableOptions,
    set_aside: Option<SetAside>,
) -> Result<Opened, QueueError> {
    folder.identify(&identity).map_err(QueueError::Storage)?;
    let store = empty_store(&folder.store(identity.generation), &identity)?;
    let queue = queue(folder, store, identity, Extent::new(identity.queue), options);
    Ok(Opened { queue: Box::new(queue), set_aside })
}

fn empty_store(folder: &Path, identity: &Identity) -> Result<Store, QueueError> {
    let store = Store::open(folder)?;
    let memory = Memory { extent: Extent::new(identity.queue), offset: identity.offset };
    store.remember(&frame::seal(1, &memory))?;
    store.commit()?;
    Ok(store)
}

/// Opens the store of a known lane.
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

#[cfg(test)]
mod tests;
