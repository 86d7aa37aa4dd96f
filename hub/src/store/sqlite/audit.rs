//! The audit log in SQLite.

use async_trait::async_trait;

use super::Sqlite;
use crate::store::StoreError;
use crate::store::audit::{Act, ActFilter, Audit, Place};

#[async_trait]
impl Audit for Sqlite {
    async fn note_act(&self, act: &Act) -> Result<(), StoreError> {
        let Act { at_ms, account, via, address, operation, subject, status } = act.clone();
        self.write(move |writing| {
            let insert = "INSERT INTO audit (at_ms, account, via, address, operation, subject, status)
                          VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
            writing.sql.prepare_cached(insert)?.execute((at_ms, account, via, address, operation, subject, status))?;
            Ok(())
        })
        .await
    }

    async fn acts(
        &self,
        filter: &ActFilter,
        after: Option<Place>,
        limit: usize,
    ) -> Result<Vec<(Place, Act)>, StoreError> {
        let ActFilter { account, operation, from_ms, to_ms } = filter.clone();
        // Nothing comes before the beginning, and everything behind it.
        let after = after.unwrap_or(Place { at_ms: i64::MAX, shelf: u8::MAX, no: i64::MAX });
        self.read(move |sql| {
            let mut select = sql.prepare_cached(ACTS)?;
            let bounds = (from_ms.unwrap_or(i64::MIN), to_ms.unwrap_or(i64::MAX));
            let rows = select.query_map(
                (account, operation, bounds.0, bounds.1, after.at_ms, after.shelf, after.no, limit),
                |row| {
                    let act = Act {
                        at_ms: row.get(0)?,
                        account: row.get(3)?,
                        via: row.get(4)?,
                        address: row.get(5)?,
                        operation: row.get(6)?,
                        subject: row.get(7)?,
                        status: row.get(8)?,
                    };
                    Ok((Place { at_ms: act.at_ms, shelf: row.get(1)?, no: row.get(2)? }, act))
                },
            )?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
        .await
    }
}

/// Each half is cut by its own index before both are put in order.
const ACTS: &str = "
    SELECT * FROM (
        SELECT * FROM (
            SELECT at_ms, 0 AS shelf, no, account, via, address, operation, subject, status FROM audit
            WHERE (?1 IS NULL OR account = ?1) AND (?2 IS NULL OR operation = ?2) AND at_ms >= ?3 AND at_ms < ?4
            AND at_ms <= ?5 AND (at_ms, 0, no) < (?5, ?6, ?7) ORDER BY at_ms DESC, no DESC LIMIT ?8
        )
        UNION ALL
        SELECT * FROM (
            SELECT at_ms, 1 AS shelf, no, account, '', '', 'look_' || what, person, 200 FROM look
            WHERE (?1 IS NULL OR account = ?1) AND (?2 IS NULL OR 'look_' || what = ?2) AND at_ms >= ?3 AND at_ms < ?4
            AND at_ms <= ?5 AND (at_ms, 1, no) < (?5, ?6, ?7) ORDER BY at_ms DESC, no DESC LIMIT ?8
        )
    ) ORDER BY at_ms DESC, shelf DESC, no DESC LIMIT ?8";
