//! What local programs left for the hub: JSON, line by line, as they wrote it.

use serde::{Deserialize, Serialize};

/// Lines of one file. A power cut at the wrong moment lets lines come twice: `(file, number)` names each for good.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LocalLines {
    /// Drawn when the agent took the file.
    pub file: [u8; 16],
    /// The name that its program gave it.
    pub name: String,
    /// The lines, in their order.
    pub lines: Vec<LocalLine>,
}

/// One line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LocalLine {
    /// Which line of the file, from 1.
    pub number: u32,
    /// A JSON object, as its program wrote it.
    pub json: String,
}
