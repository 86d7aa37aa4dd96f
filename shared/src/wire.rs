//! The wire: every message and record that agent and hub exchange, and nothing else.
//!
//! | topic | body | QoS |
//! |---|---|---|
//! | `/tenants/<site>/up/hello` | [`Hello`]: what each lane holds; opens every connection | 0 |
//! | `/tenants/<site>/up/<lane>` | [`Batch`]: records of one lane, in order | 0 |
//! | `/tenants/<site>/up/live` | [`Live`]: heartbeat, progress; never stored as fact | 0 |
//! | `/tenants/<site>/down/receipt` | [`Answer`]: "I hold everything through n", or "take a new queue id" | 0 |
//! | `/tenants/<site>/down/command` | [`SignedCommand`] | 0 |
//!
//! QoS is 0 throughout: a broker's acknowledgement is not custody, so nobody asks for one. Order comes from
//! TCP, completeness from receipts and resending.
//!
//! Every body and every stored record is a [`frame`]: a version byte, the postcard form of that version's
//! *frozen* struct, a CRC-32. A released struct is never edited: a change adds a new version, and the golden
//! bytes in `tests` keep the old one readable for ever. Enums grow only at their end.

pub mod command;
pub mod delivery;
pub mod frame;
#[cfg(test)]
mod golden;
pub mod live;
pub mod reading;
pub mod record;
pub mod topic;

pub use command::{Command, CommandHeader, CommandKind, CommandOutcome, OutcomeState, SignedCommand};
pub use delivery::{Answer, Batch, Below, Hello, Lane, LaneHello, Receipted};
pub use live::{Heartbeat, LaneDepth, Live};
pub use reading::Reading;
pub use record::{Record, Stamp};
pub use topic::{Down, Topic, Up};
