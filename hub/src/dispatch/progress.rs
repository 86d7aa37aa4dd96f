//! How far running commands are: of the moment, forgotten with the process, bounded.

use std::collections::BTreeMap;

use vigie_shared::id::{CommandId, SiteId};

/// Commands whose progress is remembered; the one that was silent longest goes first.
const COMMANDS_MAX: usize = 4_096;

/// How far a command is, as its box said last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Progress {
    /// What it is doing, for people.
    pub stage: String,
    /// 0 to 1000; none if it cannot be told.
    pub permille: Option<u16>,
    /// Bytes moved so far.
    pub done_bytes: Option<u64>,
    /// When the box said so, milliseconds since 1970 UTC.
    pub at_ms: i64,
}

/// What is known of the moment.
#[derive(Debug, Default)]
pub(super) struct Moment(BTreeMap<(SiteId, CommandId), Progress>);

impl Moment {
    pub(super) fn note(&mut self, site: &SiteId, id: CommandId, progress: Progress) {
        let key = (site.clone(), id);
        if self.0.len() >= COMMANDS_MAX && !self.0.contains_key(&key) {
            let oldest = self.0.iter().min_by_key(|(_, known)| known.at_ms).map(|(key, _)| key.clone());
            oldest.and_then(|key| self.0.remove(&key));
        }
        self.0.insert(key, progress);
    }

    pub(super) fn get(&self, site: &SiteId, id: CommandId) -> Option<Progress> {
        self.0.get(&(site.clone(), id)).cloned()
    }

    pub(super) fn forget(&mut self, site: &SiteId, id: CommandId) {
        self.0.remove(&(site.clone(), id));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_box_that_invents_commands_does_not_fill_the_memory() {
        let mut moment = Moment::default();
        let site: SiteId = "a".parse().unwrap();
        for number in 0..5_000u16 {
            let mut id = [0; 16];
            id[..2].copy_from_slice(&number.to_le_bytes());
            let progress = Progress { stage: String::new(), permille: None, done_bytes: None, at_ms: number.into() };
            moment.note(&site, CommandId(id), progress);
        }
        assert_eq!(moment.0.len(), COMMANDS_MAX);
        assert!(moment.get(&site, CommandId([0; 16])).is_none());
    }
}
