//! How terminals are read, in SQLite: a profile is applied when a row is shown, and its columns follow when it changes.

use rusqlite::OptionalExtension as _;

use super::punches::{Side, read};
use super::{Writing, failed};
use crate::attendance::Profile;
use crate::store::StoreError;
use crate::store::attendance::PunchKey;

/// How a terminal is read; without a word, by the usual tables.
pub(super) fn profile_of(body: Option<String>) -> Result<Profile, StoreError> {
    body.map(|body| serde_json::from_str(&body).map_err(failed)).transpose().map(Option::unwrap_or_default)
}

impl Writing<'_> {
    /// How a terminal is read.
    pub(super) fn profile(&self, terminal: &str) -> Result<Profile, StoreError> {
        let mut select = self.sql.prepare_cached("SELECT body FROM terminal_profile WHERE serial = ?1")?;
        profile_of(select.query_row([terminal], |row| row.get(0)).optional()?)
    }

    /// Writes anew what a terminal's new profile reads otherwise than the one before.
    pub(super) fn read_anew(&mut self, terminal: &str, before: &Profile, profile: &Profile) -> Result<(), StoreError> {
        for key in self.read_otherwise(Side::KEPT, terminal, (before, profile))? {
            if let Some((told, waits)) = self.told(Side::KEPT, key)? {
                self.put_punch(Side::KEPT, &told, waits)?;
            }
        }
        let live = self.read_otherwise(Side::LIVE, terminal, (before, profile))?;
        live.into_iter().try_for_each(|key| self.put_again(key))
    }

    /// The rows of a terminal that two profiles read differently, in the order of arrival.
    fn read_otherwise(
        &self,
        Side(side): Side,
        terminal: &str,
        (before, profile): (&Profile, &Profile),
    ) -> Result<Vec<PunchKey>, StoreError> {
        let mut select =
            self.sql.prepare_cached(&format!("SELECT body FROM {side}punch WHERE terminal = ?1 ORDER BY no"))?;
        let mut others = Vec::new();
        for body in select.query_map([terminal], |row| row.get::<_, String>(0))? {
            let punch = read(&body?)?.punch;
            if before.applied(punch.clone()) != profile.applied(punch.clone()) {
                others.push(punch.key);
            }
        }
        Ok(others)
    }
}
