//! Erases a person in SQLite, in one transaction.

use super::super::{Writing, failed};
use crate::connectors::job::member_no;
use crate::store::StoreError;
use crate::store::presence::Erased;
use crate::store::presence::strips::APP_SITE;

/// Rows that go with a person.
const OF_PERSON: [&str; 8] = [
    "DELETE FROM pairing WHERE person = ?1",
    "DELETE FROM claim WHERE person = ?1",
    "DELETE FROM ownership WHERE person = ?1",
    "DELETE FROM day_override WHERE person = ?1",
    "DELETE FROM day_dispute WHERE person = ?1",
    "DELETE FROM presence_end WHERE person = ?1",
    "DELETE FROM look WHERE person = ?1",
    "DELETE FROM person WHERE id = ?1",
];

impl Writing<'_> {
    /// Erases a person, or does it again after a restore.
    pub(super) fn erase(&mut self, erased: &Erased) -> Result<(), StoreError> {
        let Erased { person, erased_ms, tombstone, devices } = erased;
        for (site, device) in devices {
            let no = self.keys.site(self.sql, site)?;
            for table in ["registered", "claim"] {
                let delete = format!("DELETE FROM {table} WHERE site_no = ?1 AND device = ?2");
                self.sql.prepare_cached(&delete)?.execute((no, device))?;
            }
            let mut owners = self.sql.prepare_cached("DELETE FROM ownership WHERE site = ?1 AND device = ?2")?;
            owners.execute((site.as_str(), device))?;
            self.erase_device(site, device, *erased_ms)?;
        }
        let app = APP_SITE.parse().map_err(failed)?;
        self.erase_device(&app, person, *erased_ms)?;
        OF_PERSON.iter().try_for_each(|delete| self.sql.prepare_cached(delete)?.execute([person]).map(drop))?;
        let mut told = self.sql.prepare_cached("DELETE FROM job WHERE enrol_id = ?1")?;
        told.execute([member_no(person)])?;
        self.sql
            .prepare_cached("UPDATE OR REPLACE person_day SET person = ?2, body = '{}' WHERE person = ?1")?
            .execute((person, tombstone))?;
        let body = serde_json::to_string(erased).map_err(failed)?;
        let mut note = self.sql.prepare_cached("INSERT OR REPLACE INTO erasure VALUES (?1, ?2, ?3)")?;
        note.execute((person, erased_ms, body))?;
        Ok(())
    }
}
