//! Punches in SQLite. What people decided of a row is applied when the row is written, so that lists need not look.

use async_trait::async_trait;
use rusqlite::{OptionalExtension as _, Row, named_params};
use vigie_shared::id::{BootId, SiteId};

use super::codes::BootColumn;
use super::keys::site_no;
use super::profiles::profile_of;
use super::projections::dating;
use super::{Sqlite, Writing, failed};
use crate::store::StoreError;
use crate::store::attendance::{Attendance, Punch, PunchFigures, PunchFilter, PunchKey, Review, Told};
use crate::store::projections::Undated;

/// Which rows of projections: what people see, or what settled records amount to.
#[derive(Clone, Copy)]
pub(super) struct Side(pub(super) &'static str);

impl Side {
    /// What people see.
    pub(super) const LIVE: Self = Self("");

    /// What settled records amount to.
    pub(super) const KEPT: Self = Self("kept_");
}

/// The columns of a row but its number.
const COLUMNS: &str =
    "key, site_no, terminal, enrol_id, moment_ms, counts, in_doubt, received_ms, boot, believed_ms, body";

/// A row with what was decided of it, the name of its person (a third party's, else the terminal's), and how its terminal
/// is read.
const PUNCH: &str = "SELECT punch.no, punch.body, review.key, review.is_accepted, review.at_ms, review.account,
    review.comment, review.made_ms, coalesce(
        (SELECT person.name FROM person_number JOIN person ON person.id = person_number.person
         WHERE person_number.terminal = punch.terminal AND person_number.enrol_id = punch.enrol_id),
        (SELECT enrolled.name FROM enrolled WHERE enrolled.terminal = punch.terminal
         AND enrolled.enrol_id = punch.enrol_id AND enrolled.name <> '' LIMIT 1)),
        (SELECT profile.body FROM terminal_profile AS profile WHERE profile.serial = punch.terminal)
    FROM punch LEFT JOIN punch_review AS review ON review.key = punch.key";

#[async_trait]
impl Attendance for Sqlite {
    async fn punches_after(&self, order: u64, limit: usize) -> Result<Vec<Punch>, StoreError> {
        let order = i64::try_from(order).unwrap_or(i64::MAX);
        self.read(move |sql| {
            let mut select = sql.prepare_cached(&format!("{PUNCH} WHERE punch.no > ?1 ORDER BY punch.no LIMIT ?2"))?;
            select.query_map((order, limit), shown)?.map(|row| punch(row?)).collect()
        })
        .await
    }

    async fn punch(&self, key: PunchKey) -> Result<Option<Punch>, StoreError> {
        self.read(move |sql| {
            let mut select = sql.prepare_cached(&format!("{PUNCH} WHERE punch.key = ?1"))?;
            select.query_row([key.0], shown).optional()?.map(punch).transpose()
        })
        .await
    }

    async fn punches(
        &self,
        filter: &PunchFilter,
        after: Option<(i64, u64)>,
        limit: usize,
    ) -> Result<Vec<Punch>, StoreError> {
        let filter = filter.clone();
        self.read(move |sql| {
            let site = match &filter.site {
                Some(site) => match site_no(sql, site)? {
                    Some(no) => Some(no),
                    None => return Ok(Vec::new()),
                },
                None => None,
            };
            let (after_ms, after_no) = after.unwrap_or((i64::MAX, u64::MAX));
            let doubt = if filter.only_in_doubt { "punch.in_doubt = 1 AND" } else { "" };
            let mut select = sql.prepare_cached(&format!(
                "{PUNCH} WHERE {doubt} (punch.moment_ms, punch.no) < (:after_ms, :after_no)
                 AND (:site IS NULL OR punch.site_no = :site) AND (:terminal IS NULL OR punch.terminal = :terminal)
                 AND (:enrol_id IS NULL OR punch.enrol_id = :enrol_id) AND punch.moment_ms >= :from_ms
                 AND punch.moment_ms < :to_ms AND (punch.counts = 1 OR :only_counting = 0)
                 ORDER BY punch.moment_ms DESC, punch.no DESC LIMIT :limit"
            ))?;
            let params = named_params! {
                ":after_ms": after_ms, ":after_no": i64::try_from(after_no).unwrap_or(i64::MAX), ":site": site,
                ":terminal": filter.terminal, ":enrol_id": filter.enrol_id.map(number),
                ":from_ms": filter.from_ms.unwrap_or(i64::MIN), ":to_ms": filter.to_ms.unwrap_or(i64::MAX),
                ":only_counting": filter.only_counting, ":limit": limit,
            };
            select.query_map(params, shown)?.map(|row| punch(row?)).collect()
        })
        .await
    }

    async fn punch_figures(&self) -> Result<PunchFigures, StoreError> {
        self.read(|sql| {
            let count = |of: &str| -> rusqlite::Result<u64> {
                sql.prepare_cached(&format!("SELECT count(*) FROM punch {of}"))?.query_row([], |row| row.get(0))
            };
            Ok(PunchFigures { rows: count("")?, in_doubt: count("WHERE in_doubt = 1")? })
        })
        .await
    }

    async fn add_punch(&self, told: &Told) -> Result<bool, StoreError> {
        let told = told.clone();
        self.write(move |writing| {
            if writing.told(Side::LIVE, told.punch.key)?.is_some() {
                return Ok(false);
            }
            // No record stands behind it: a rebuild begins with what is kept.
            writing.merge_punch(Side::KEPT, &told, None)?;
            writing.merge_punch(Side::LIVE, &told, None)?;
            Ok(true)
        })
        .await
    }

    async fn put_review(&self, review: &Review) -> Result<(), StoreError> {
        let Review { key, is_accepted, at_ms, account, comment, made_ms } = review.clone();
        self.write(move |writing| {
            let mut put =
                writing.sql.prepare_cached("INSERT OR REPLACE INTO punch_review VALUES (?1, ?2, ?3, ?4, ?5, ?6)")?;
            put.execute((key.0, is_accepted, at_ms, account, comment, made_ms))?;
            writing.put_again(key)
        })
        .await
    }

    async fn remove_review(&self, key: PunchKey) -> Result<bool, StoreError> {
        self.write(move |writing| {
            let mut delete = writing.sql.prepare_cached("DELETE FROM punch_review WHERE key = ?1")?;
            let had_one = delete.execute([key.0])? > 0;
            if had_one {
                writing.put_again(key)?;
            }
            Ok(had_one)
        })
        .await
    }

    async fn reviews(&self, limit: usize) -> Result<Vec<Review>, StoreError> {
        self.read(move |sql| {
            let mut select = sql.prepare_cached(&format!("{REVIEW} ORDER BY made_ms DESC, key LIMIT ?1"))?;
            Ok(select.query_map([limit], |row| review(row, 0))?.collect::<Result<_, _>>()?)
        })
        .await
    }
}

const REVIEW: &str = "SELECT key, is_accepted, at_ms, account, comment, made_ms FROM punch_review";

/// A row as it lies there: its number, its body, what was decided of it, a name, and its terminal's profile.
type Shown = (u64, String, Option<Review>, Option<String>, Option<String>);

fn shown(row: &Row<'_>) -> rusqlite::Result<Shown> {
    let is_reviewed = row.get::<_, Option<[u8; 16]>>(2)?.is_some();
    let review = is_reviewed.then(|| review(row, 2)).transpose()?;
    Ok((row.get(0)?, row.get(1)?, review, row.get(8)?, row.get(9)?))
}

/// A decision, from that column on.
fn review(row: &Row<'_>, at: usize) -> rusqlite::Result<Review> {
    Ok(Review {
        key: PunchKey(row.get(at)?),
        is_accepted: row.get(at + 1)?,
        at_ms: row.get(at + 2)?,
        account: row.get(at + 3)?,
        comment: row.get(at + 4)?,
        made_ms: row.get(at + 5)?,
    })
}

fn punch((order, body, review, name, profile): Shown) -> Result<Punch, StoreError> {
    let punch = profile_of(profile)?.applied(read(&body)?.punch);
    let punch = Punch { order, name: name.or_else(|| punch.name.clone()), ..punch };
    Ok(match review {
        Some(review) => review.applied(punch),
        None => punch,
    })
}

pub(super) fn read(body: &str) -> Result<Told, StoreError> {
    serde_json::from_str(body).map_err(failed)
}

/// A number as a column holds it; the projector lets no greater one pass.
pub(super) fn number(enrol_id: u64) -> i64 {
    i64::try_from(enrol_id).unwrap_or(i64::MAX)
}

/// What a row waits for: a boot, and its beginning as the box believed.
type Waits = (BootColumn, i64);

impl Writing<'_> {
    /// Adds a row, or to the one that says the same.
    pub(super) fn merge_punch(&mut self, side: Side, told: &Told, undated: Option<Undated>) -> Result<(), StoreError> {
        let (mut merged, mut waits) = (told.clone(), dating(undated));
        if let Some((known, known_waits)) = self.told(side, told.punch.key)? {
            let other = std::mem::replace(&mut merged, known);
            if !merged.merge(other) {
                waits = known_waits;
            }
        }
        self.put_punch(side, &merged, waits)
    }

    pub(super) fn told(&self, Side(side): Side, key: PunchKey) -> Result<Option<(Told, Waits)>, StoreError> {
        let mut select =
            self.sql.prepare_cached(&format!("SELECT body, boot, believed_ms FROM {side}punch WHERE key = ?1"))?;
        let found: Option<(String, BootColumn, i64)> =
            select.query_row([key.0], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?))).optional()?;
        found.map(|(body, boot, believed_ms)| Ok((read(&body)?, (boot, believed_ms)))).transpose()
    }

    pub(super) fn put_punch(
        &mut self,
        Side(side): Side,
        told: &Told,
        (boot, believed_ms): Waits,
    ) -> Result<(), StoreError> {
        let key = told.punch.key;
        let review = self
            .sql
            .prepare_cached(&format!("{REVIEW} WHERE key = ?1"))?
            .query_row([key.0], |row| review(row, 0))
            .optional()?;
        let punch = self.profile(&told.punch.terminal)?.applied(told.punch.clone());
        let in_doubt = review.is_none() && punch.is_in_doubt();
        let shown = match review {
            Some(review) => review.applied(punch),
            None => punch,
        };
        let no = self.keys.site(self.sql, &shown.site)?;
        let mut put = self.sql.prepare_cached(&format!(
            "INSERT INTO {side}punch ({COLUMNS}) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)
             ON CONFLICT (key) DO UPDATE SET site_no = excluded.site_no, moment_ms = excluded.moment_ms,
             counts = excluded.counts, in_doubt = excluded.in_doubt, received_ms = excluded.received_ms,
             boot = excluded.boot, believed_ms = excluded.believed_ms, body = excluded.body"
        ))?;
        put.execute(rusqlite::params![
            key.0,
            no,
            shown.terminal,
            shown.enrol_id.map(number),
            shown.moment_ms(),
            shown.counts,
            in_doubt,
            told.last_ms,
            boot,
            believed_ms,
            serde_json::to_string(told).map_err(failed)?
        ])?;
        Ok(())
    }

    /// Writes a row anew after something was decided of it: it gets a new place in the order of arrival.
    pub(super) fn put_again(&mut self, key: PunchKey) -> Result<(), StoreError> {
        let Some((told, waits)) = self.told(Side::LIVE, key)? else { return Ok(()) };
        self.sql.prepare_cached("DELETE FROM punch WHERE key = ?1")?.execute([key.0])?;
        self.put_punch(Side::LIVE, &told, waits)
    }

    /// Corrects what waited for a boot's anchor.
    pub(super) fn date_punches(&mut self, site: &SiteId, boot: BootId, began_ms: i64) -> Result<(), StoreError> {
        let no = self.keys.site(self.sql, site)?;
        let mut select = self
            .sql
            .prepare_cached("SELECT body, believed_ms FROM punch WHERE site_no = ?1 AND boot = ?2 AND boot <> x''")?;
        let waiting: Vec<(String, i64)> =
            select.query_map((no, boot.0), |row| Ok((row.get(0)?, row.get(1)?)))?.collect::<Result<_, _>>()?;
        for (body, believed_ms) in waiting {
            let mut told = read(&body)?;
            told.date(believed_ms, began_ms);
            self.put_punch(Side::LIVE, &told, dating(None))?;
        }
        Ok(())
    }

    /// Puts the kept rows where people see them, each with a new number, and what was decided since.
    pub(super) fn restore_punches(&mut self) -> Result<(), StoreError> {
        self.sql
            .execute_batch(&format!("INSERT INTO punch ({COLUMNS}) SELECT {COLUMNS} FROM kept_punch ORDER BY no;"))?;
        let mut select =
            self.sql.prepare_cached("SELECT punch.key FROM punch JOIN punch_review USING (key) ORDER BY punch.no")?;
        let decided: Vec<[u8; 16]> = select.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
        decided.into_iter().try_for_each(|key| self.put_again(PunchKey(key)))
    }
}
