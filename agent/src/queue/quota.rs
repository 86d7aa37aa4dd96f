//! How much a lane may take: pure.
//!
//! Four bounds, each for something that runs out by itself: records (each costs the engine memory), bytes of
//! the lane, free space of the volume, free inodes of the volume.

use std::fmt;

use vigie_shared::wire::Lane;

/// The bounds of one lane.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quota {
    /// Most records that wait.
    pub records_max: u64,
    /// Most bytes of the lane's folder.
    pub bytes_max: u64,
    /// Bytes that must stay free on the volume.
    pub free_bytes_min: u64,
    /// Inodes that must stay free on the volume.
    pub free_inodes_min: u64,
}

/// The engine's files are about 1.9 times as large as the records in them.
const BYTES_PER_RECORD_BYTE: u64 = 2;

impl Quota {
    /// Most bytes of all waiting records.
    #[must_use]
    pub fn record_bytes_max(&self) -> u64 {
        self.bytes_max / BYTES_PER_RECORD_BYTE
    }
}

/// What a lane does when it has no room.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Policy {
    /// It refuses; whoever wants to append keeps the record.
    Refuse,
    /// It gives up its oldest records and says so.
    DropOldest,
}

impl Policy {
    /// The policy of a lane.
    #[must_use]
    pub fn of(lane: Lane) -> Self {
        match lane {
            Lane::Ledger => Self::Refuse,
            Lane::Observations | Lane::Telemetry => Self::DropOldest,
        }
    }
}

/// What the volume still has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Free {
    /// Bytes that the agent's user may still write.
    pub bytes: u64,
    /// Files that may still be created; `u64::MAX` where the file system does not count them.
    pub inodes: u64,
}

/// Which bound is reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shortage {
    /// Too many records wait.
    Records,
    /// The waiting records are too large.
    Bytes,
    /// The volume is nearly full.
    FreeBytes,
    /// The volume has nearly no room for more files.
    FreeInodes,
    /// The volume is full.
    Disk,
}

impl fmt::Display for Shortage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Records => "it holds as many records as it may; connect the box to its hub",
            Self::Bytes => "it takes as many bytes as it may; connect the box to its hub",
            Self::FreeBytes => "the disk is nearly full; free some space",
            Self::FreeInodes => "the disk has room for hardly any more files; remove some",
            Self::Disk => "the disk is full; free some space",
        })
    }
}

/// What lies in a lane, and what is about to be added.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Load {
    /// Records.
    pub records: u64,
    /// Their bytes.
    pub bytes: u64,
}

impl Quota {
    /// The first bound that would be crossed, if any.
    #[must_use]
    pub fn shortage(&self, waiting: Load, added: Load, free: Free) -> Option<Shortage> {
        let checks = [
            (waiting.records + added.records > self.records_max, Shortage::Records),
            (waiting.bytes + added.bytes > self.record_bytes_max(), Shortage::Bytes),
            (free.bytes < self.free_bytes_min, Shortage::FreeBytes),
            (free.inodes < self.free_inodes_min, Shortage::FreeInodes),
        ];
        checks.into_iter().find_map(|(is_short, shortage)| is_short.then_some(shortage))
    }

    /// How many of the oldest records to give up so that the new ones fit: a little more than needed, so that
    /// a full lane does not pay for it at each append.
    #[must_use]
    pub fn records_to_drop(&self, waiting: Load, added: Load, shortage: Shortage) -> u64 {
        let wanted = match shortage {
            Shortage::Records => (waiting.records + added.records).saturating_sub(self.records_max),
            Shortage::Bytes => {
                let over = (waiting.bytes + added.bytes).saturating_sub(self.record_bytes_max());
                over.div_ceil(waiting.bytes.div_ceil(waiting.records.max(1)).max(1))
            }
            // Giving up records frees no space of the volume, but lets the engine use its own again.
            Shortage::FreeBytes | Shortage::FreeInodes | Shortage::Disk => added.records,
        };
        (wanted + waiting.records / 256).min(waiting.records)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const AMPLE: Free = Free { bytes: u64::MAX, inodes: u64::MAX };
    const QUOTA: Quota = Quota { records_max: 1000, bytes_max: 200_000, free_bytes_min: 100, free_inodes_min: 10 };

    #[test]
    fn each_bound_is_named() {
        let (none, one) = (Load { records: 0, bytes: 0 }, Load { records: 1, bytes: 10 });
        assert_eq!(QUOTA.shortage(none, one, AMPLE), None);
        assert_eq!(QUOTA.shortage(Load { records: 1000, bytes: 0 }, one, AMPLE), Some(Shortage::Records));
        assert_eq!(QUOTA.shortage(Load { records: 9, bytes: 99_991 }, one, AMPLE), Some(Shortage::Bytes));
        assert_eq!(QUOTA.shortage(none, one, Free { bytes: 99, ..AMPLE }), Some(Shortage::FreeBytes));
        assert_eq!(QUOTA.shortage(none, one, Free { inodes: 9, ..AMPLE }), Some(Shortage::FreeInodes));
    }

    proptest! {
        #[test]
        fn after_the_drop_there_is_room_if_records_are_of_one_size(
            records in 0..2000u64, size in 1..100u64, more in 1..100u64
        ) {
            let (waiting, added) = (Load { records, bytes: records * size }, Load { records: more, bytes: more * size });
            let mut left = waiting;
            while let Some(shortage) = QUOTA.shortage(left, added, AMPLE) {
                let dropped = QUOTA.records_to_drop(left, added, shortage);
                prop_assert!(dropped > 0);
                left.records -= dropped;
                left.bytes -= dropped * size;
            }
        }
    }
}
