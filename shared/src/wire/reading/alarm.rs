//! What somebody should know of a box.

use serde::{Deserialize, Serialize};

/// Something about the box that somebody should know.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BoxAlarm {
    /// What happened, as one stable word.
    pub kind: AlarmKind,
    /// What happened, what is safe, what to do: for people.
    pub text: String,
}

/// Kinds of alarms of a box.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum AlarmKind {
    /// A lane was damaged and set aside.
    LaneQuarantined,
    /// A lane dropped its oldest records.
    LaneDropped,
    /// The disk was full.
    DiskFull,
    /// The clock jumped.
    ClockStep,
    /// A collector fails.
    CollectorFailing,
    /// The network can hide devices from us: client isolation, proxy ARP…
    BlindNetwork,
    /// A time clock that nobody admitted wants to deliver.
    TerminalPending,
    /// A time clock's clock is wrong, stands still, or was reset.
    TerminalClock,
    /// A time clock shows another make or network address than before.
    TerminalChanged,
    /// A time clock breaks the rules: messages that are too large, nonsense, a flood.
    TerminalUnruly,
    /// What waited to be uploaded to the hub was dropped, the oldest first.
    UploadsDropped,
    /// A Mac or PC shows another host key than the pinned one.
    MachineKey,
}
