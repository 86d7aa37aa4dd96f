//! What the box remembers of terminals through a restart: who was admitted, how clocks were corrected, who may pass.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use vigie_shared::file::{make_private_folder, read_json, replace_private};

use super::attachments::Waiting;
use super::clock::TerminalClock;
use super::registry::Decisions;
use super::roster::Roster;
use super::serial::Serial;

/// Everything about all terminals but the people.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Memory {
    pub(super) decisions: Decisions,
    pub(super) clocks: BTreeMap<Serial, TerminalClock>,
    /// Those that a command closed for people and did not open again.
    pub(super) disabled: BTreeSet<Serial>,
}

/// The folder on the disk.
#[derive(Debug, Clone)]
pub(super) struct Folder(PathBuf);

impl Folder {
    /// Below the agent's data folder.
    pub(super) fn below(data: &Path) -> io::Result<Self> {
        let folder = data.join("terminals");
        make_private_folder(&folder.join("people"))?;
        Ok(Self(folder))
    }

    /// What waits to be uploaded.
    pub(super) fn waiting(&self) -> io::Result<Waiting> {
        Waiting::in_folder(self.0.join("attachments"))
    }

    pub(super) fn memory(&self) -> Memory {
        read_json(&self.0.join("terminals.json")).unwrap_or_default()
    }

    pub(super) fn roster(&self, serial: &Serial) -> Roster {
        read_json(&self.people(serial)).unwrap_or_default()
    }

    pub(super) fn write_memory(&self, memory: &Memory) -> io::Result<()> {
        replace_private(&self.0.join("terminals.json"), &serde_json::to_vec(memory)?)
    }

    pub(super) fn write_roster(&self, serial: &Serial, roster: &Roster) -> io::Result<()> {
        replace_private(&self.people(serial), &serde_json::to_vec(roster)?)
    }

    fn people(&self, serial: &Serial) -> PathBuf {
        self.0.join("people").join(format!("{serial}.json"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_written_is_there_after_a_restart_and_damage_is_no_end() {
        let data = tempfile::tempdir().unwrap();
        let folder = Folder::below(data.path()).unwrap();
        let serial: Serial = "ZX1".parse().unwrap();
        let mut memory = Memory::default();
        memory.decisions.decided.insert(serial.clone(), true);
        memory.disabled.insert(serial.clone());
        let mut roster = Roster::default();
        roster.meet(7, Some("Ama"));

        folder.write_memory(&memory).unwrap();
        folder.write_roster(&serial, &roster).unwrap();

        let again = Folder::below(data.path()).unwrap();
        assert_eq!((again.memory(), again.roster(&serial)), (memory, roster));
        std::fs::write(data.path().join("terminals/terminals.json"), b"{").unwrap();
        assert_eq!(again.memory(), Memory::default());
    }
}
