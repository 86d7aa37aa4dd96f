//! Upkeep in SQLite: short deletes, each a transaction of its own.

use async_trait::async_trait;
use vigie_shared::id::SiteId;
use vigie_shared::wire::Lane;

use super::keys::site_no;
use super::{Sqlite, Writing, failed, settle};
use crate::store::StoreError;
use crate::store::facts::StoredRecord;
use crate::store::presence::utc_day;
use crate::store::projections::Step;
use crate::store::upkeep::{Class, HourlySample, Upkeep};

#[async_trait]
impl Upkeep for Sqlite {
    async fn ripe(&self, lane: Lane, before_ms: i64, limit: usize) -> Result<Vec<StoredRecord>, StoreError> {
        self.read(move |sql| settle::ripe(sql, lane, before_ms, limit)).await
    }

    async fn settle(&self, rest: Step) -> Result<u64, StoreError> {
        self.write(move |writing| writing.settle(&rest)).await
    }

    async fn forget(&self, class: Class, before_ms: i64, limit: usize) -> Result<u64, StoreError> {
        self.write(move |writing| match class {
            Class::HourlyMetrics => writing.forget_rows(HOURS, before_ms, limit),
            Class::PassingDevices => writing.forget_rows(PASSING, before_ms, limit),
            Class::Punches => {
                let kept = writing.forget_rows(KEPT_PUNCHES, before_ms, limit)?;
                let shown = writing.forget_rows(PUNCHES, before_ms, limit)?;
                let decided = writing.forget_rows(REVIEWS, before_ms, limit)?;
                Ok(kept.max(shown) + decided + writing.forget_rows(CLOSINGS, before_ms, limit)?)
            }
            Class::PendingTerminals => {
                let kept = writing.forget_rows(KEPT_PENDING, before_ms, limit)?;
                Ok(kept.max(writing.forget_rows(PENDING, before_ms, limit)?))
            }
            Class::Strips => {
                let sights = writing.forget_rows(WAITING, before_ms, limit)?;
                let kept = writing.forget_rows(KEPT_WAITING, before_ms, limit)?;
                let strips = writing.forget_days(&STRIPS, before_ms, limit)?;
                Ok(strips + sights.max(kept) + writing.forget_rows(ENDS, before_ms, limit)?)
            }
            Class::PassingMachines => {
                let kept = writing.forget_rows(KEPT_PASSING_MACHINES, before_ms, limit)?;
                Ok(kept.max(writing.forget_rows(PASSING_MACHINES, before_ms, limit)?))
            }
            Class::Machines => writing.forget_machines(before_ms, limit),
            Class::PersonDays => writing.forget_days(&DAYS, before_ms, limit),
            Class::Looks => writing.forget_rows(LOOKS, before_ms, limit),
            Class::Claims => writing.forget_rows(CLAIMS, before_ms, limit),
            Class::Commands => writing.forget_rows(COMMANDS, before_ms, limit),
            Class::Alerts => {
                let alerts = writing.forget_rows(ALERTS, before_ms, limit)?;
                let incidents = writing.forget_rows(INCIDENTS, before_ms, limit)?;
                Ok(alerts + incidents + writing.forget_rows(SILENCES, before_ms, limit)?)
            }
            Class::Diary => writing.forget_rows(ENTRIES, before_ms, limit),
            Class::Credentials => {
                let credentials = writing.forget_rows(CREDENTIALS, before_ms, limit)?;
                let credentials = credentials + writing.forget_rows(SESSIONS, before_ms, limit)?;
                Ok(credentials + writing.forget_rows(ENROLMENTS, before_ms, limit)?)
            }
            Class::Acts => writing.forget_rows(ACTS, before_ms, limit),
        })
        .await
    }

    async fn hours(
        &self,
        site: &SiteId,
        from_ms: i64,
        to_ms: i64,
        limit: usize,
    ) -> Result<Vec<HourlySample>, StoreError> {
        let site = site.clone();
        self.read(move |sql| {
            let Some(no) = site_no(sql, &site)? else { return Ok(Vec::new()) };
            let mut select = sql.prepare_cached(
                "SELECT body FROM metric_hour WHERE site_no = ?1 AND at_ms >= ?2 AND at_ms < ?3 ORDER BY at_ms LIMIT ?4",
            )?;
            let bodies = select.query_map((no, from_ms, to_ms, limit), |row| row.get::<_, String>(0))?;
            bodies.map(|body| serde_json::from_str(&body?).map_err(failed)).collect()
        })
        .await
    }
}

const HOURS: &str = "DELETE FROM metric_hour WHERE (site_no, at_ms) IN
    (SELECT site_no, at_ms FROM metric_hour WHERE at_ms < ?1 LIMIT ?2)";
const PASSING: &str = "DELETE FROM device WHERE (site_no, id, boot) IN
    (SELECT site_no, id, boot FROM device WHERE kind = 1 AND last_seen_ms + believed_ms < ?1 LIMIT ?2)";
const PUNCHES: &str = "DELETE FROM punch WHERE no IN (SELECT no FROM punch WHERE received_ms < ?1 LIMIT ?2)";
const KEPT_PUNCHES: &str = "DELETE FROM kept_punch WHERE no IN
    (SELECT no FROM kept_punch WHERE received_ms < ?1 LIMIT ?2)";
const REVIEWS: &str = "DELETE FROM punch_review WHERE key IN
    (SELECT key FROM punch_review WHERE made_ms < ?1 LIMIT ?2)";
const CLOSINGS: &str = "DELETE FROM closing WHERE (date, plan) IN
    (SELECT date, plan FROM closing WHERE closed_ms < ?1 LIMIT ?2)";
const PENDING: &str = "DELETE FROM terminal WHERE (site_no, serial) IN
    (SELECT site_no, serial FROM terminal WHERE is_pending = 1 AND told_ms < ?1 LIMIT ?2)";
const KEPT_PENDING: &str = "DELETE FROM kept_terminal WHERE (site_no, serial) IN
    (SELECT site_no, serial FROM kept_terminal WHERE is_pending = 1 AND told_ms < ?1 LIMIT ?2)";
const COMMANDS: &str = "DELETE FROM command WHERE no IN
    (SELECT no FROM command WHERE state >= 4 AND changed_ms < ?1 LIMIT ?2)";
const ALERTS: &str = "DELETE FROM alert WHERE no IN
    (SELECT no FROM alert WHERE is_past = 1 AND ended_ms < ?1 LIMIT ?2)";
const INCIDENTS: &str = "DELETE FROM incident WHERE id IN
    (SELECT id FROM incident WHERE closed_ms < ?1 LIMIT ?2)";
const SILENCES: &str = "DELETE FROM silence WHERE no IN (SELECT no FROM silence WHERE until_ms < ?1 LIMIT ?2)";
const ENTRIES: &str = "DELETE FROM entry WHERE no IN (SELECT no FROM entry WHERE at_ms < ?1 LIMIT ?2)";
const CREDENTIALS: &str = "DELETE FROM credential WHERE secret_sha256 IN
    (SELECT secret_sha256 FROM credential WHERE expires_ms < ?1 LIMIT ?2)";
const SESSIONS: &str = "DELETE FROM session WHERE id IN (SELECT id FROM session WHERE expires_ms < ?1 LIMIT ?2)";
const ACTS: &str = "DELETE FROM audit WHERE no IN (SELECT no FROM audit WHERE at_ms < ?1 LIMIT ?2)";
const ENROLMENTS: &str = "DELETE FROM enrolment WHERE secret_sha256 IN
    (SELECT secret_sha256 FROM enrolment WHERE expires_ms < ?1 LIMIT ?2)";

const WAITING: &str = "DELETE FROM waiting_sight WHERE received_ms < ?1 AND ?2 > 0";
const KEPT_WAITING: &str = "DELETE FROM kept_waiting_sight WHERE received_ms < ?1 AND ?2 > 0";
const ENDS: &str = "DELETE FROM presence_end WHERE (at_ms, person) IN
    (SELECT at_ms, person FROM presence_end WHERE at_ms < ?1 LIMIT ?2)";
const LOOKS: &str = "DELETE FROM look WHERE no IN (SELECT no FROM look WHERE at_ms < ?1 LIMIT ?2)";
const CLAIMS: &str = "DELETE FROM claim WHERE id IN (SELECT id FROM claim WHERE made_ms < ?1 LIMIT ?2)";
const PASSING_MACHINES: &str = "DELETE FROM machine WHERE id IN
    (SELECT id FROM machine WHERE has_serial = 0 AND met_ms < ?1 LIMIT ?2)";
const KEPT_PASSING_MACHINES: &str = "DELETE FROM kept_machine WHERE id IN
    (SELECT id FROM kept_machine WHERE has_serial = 0 AND met_ms < ?1 LIMIT ?2)";
const STRIPS: [&str; 2] = ["strip", "kept_strip"];
const DAYS: [&str; 3] = ["person_day", "day_override", "day_dispute"];

impl Writing<'_> {
    /// Forgets rows of days of UTC that ended before a moment; says how many of the table that had most.
    fn forget_days(&mut self, tables: &[&str], before_ms: i64, limit: usize) -> Result<u64, StoreError> {
        let Some(first) = utc_day(before_ms) else { return Ok(0) };
        let mut forgotten = 0;
        for table in tables {
            let key = if table.ends_with("strip") { "trace, date, device, site_no" } else { "date, person" };
            let delete =
                format!("DELETE FROM {table} WHERE ({key}) IN (SELECT {key} FROM {table} WHERE date < ?1 LIMIT ?2)");
            let count = self.sql.prepare_cached(&delete)?.execute((first.to_string(), limit))? as u64;
            forgotten = forgotten.max(count);
        }
        Ok(forgotten)
    }

    fn forget_rows(&mut self, delete: &str, before_ms: i64, limit: usize) -> Result<u64, StoreError> {
        Ok(self.sql.prepare_cached(delete)?.execute((before_ms, limit))? as u64)
    }
}
