//! Commands in SQLite.

use async_trait::async_trait;
use rusqlite::{OptionalExtension as _, Row};
use vigie_shared::id::{CommandId, SiteId};

use super::codes::{Column, code, coded};
use super::{Sqlite, Writing, conflict_is};
use crate::store::StoreError;
use crate::store::commands::{CommandState, Commands, Move, StoredCommand, Told};

const COMMAND: &str = "SELECT site.id, command.id, body, kind, account, retry_of, issued_ms, expires_ms, state,
                       changed_ms, detail, answer FROM command JOIN site ON site.no = site_no";

#[async_trait]
impl Commands for Sqlite {
    async fn add_command(&self, command: &StoredCommand) -> Result<(), StoreError> {
        let command = command.clone();
        self.write(move |writing| {
            let no = writing.keys.site(writing.sql, &command.site)?;
            writing
                .sql
                .prepare_cached(
                    "INSERT INTO command (site_no, id, body, kind, account, retry_of, issued_ms, expires_ms, state,
                     changed_ms, detail, answer) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
                )?
                .execute(rusqlite::params![
                    no,
                    command.id.0,
                    command.body,
                    command.kind,
                    command.account,
                    command.retry_of.map(|id| id.0),
                    command.issued_ms,
                    command.expires_ms,
                    code(&CommandState::ALL, &command.state),
                    command.changed_ms,
                    command.detail,
                    command.answer,
                ])
                .map_err(conflict_is(|| format!("command {}", command.id)))?;
            Ok(())
        })
        .await
    }

    async fn command(&self, site: &SiteId, id: CommandId) -> Result<Option<StoredCommand>, StoreError> {
        let site = site.clone();
        self.read(move |sql| {
            let mut select = sql.prepare_cached(&format!("{COMMAND} WHERE site.id = ?1 AND command.id = ?2"))?;
            Ok(select.query_row((site.as_str(), id.0), command).optional()?)
        })
        .await
    }

    async fn commands(
        &self,
        site: &SiteId,
        after: Option<(i64, CommandId)>,
        limit: usize,
    ) -> Result<Vec<StoredCommand>, StoreError> {
        let site = site.clone();
        let (after_ms, after_id) = after.unwrap_or((i64::MAX, CommandId([0xff; 16])));
        self.read(move |sql| {
            let mut select = sql.prepare_cached(&format!(
                "{COMMAND} WHERE site_no = (SELECT no FROM site WHERE id = ?1) AND (issued_ms, command.id) < (?2, ?3)
                 ORDER BY issued_ms DESC, command.id DESC LIMIT ?4"
            ))?;
            let rows = select.query_map((site.as_str(), after_ms, after_id.0, limit), command)?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
        .await
    }

    async fn commands_of_kind(
        &self,
        kind: &str,
        site: Option<&SiteId>,
        limit: usize,
    ) -> Result<Vec<StoredCommand>, StoreError> {
        let (kind, site) = (kind.to_owned(), site.cloned());
        self.read(move |sql| {
            let mut select = sql.prepare_cached(&format!(
                "{COMMAND} WHERE kind = ?1 AND (?2 IS NULL OR site.id = ?2)
                 ORDER BY issued_ms DESC, command.id DESC, site.id LIMIT ?3"
            ))?;
            let rows = select.query_map((kind, site.as_ref().map(SiteId::as_str), limit), command)?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
        .await
    }

    async fn open_commands(&self, limit: usize) -> Result<Vec<StoredCommand>, StoreError> {
        self.read(move |sql| {
            let mut select =
                sql.prepare_cached(&format!("{COMMAND} WHERE state < 4 ORDER BY issued_ms, command.id LIMIT ?1"))?;
            let rows = select.query_map([limit], command)?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
        .await
    }

    async fn move_command(&self, change: &Move) -> Result<bool, StoreError> {
        let change = change.clone();
        self.write(move |writing| {
            let Some(present) = state(writing, &change.site, change.id)? else { return Ok(false) };
            if !change.from.contains(&present) {
                return Ok(false);
            }
            writing
                .sql
                .prepare_cached(
                    "UPDATE command SET state = ?3, changed_ms = ?4, detail = iif(?5 = '', detail, ?5)
                     WHERE site_no = (SELECT no FROM site WHERE id = ?1) AND id = ?2",
                )?
                .execute((
                    change.site.as_str(),
                    change.id.0,
                    code(&CommandState::ALL, &change.to),
                    change.at_ms,
                    change.detail,
                ))?;
            Ok(true)
        })
        .await
    }
}

/// A box's word about a command; of one that nobody here gave, nothing is kept.
pub(super) fn hear(writing: &mut Writing<'_>, told: &Told) -> Result<(), StoreError> {
    let outcome = &told.outcome;
    let Some(present) = state(writing, &told.site, outcome.id)? else { return Ok(()) };
    if present.accepts(outcome.state) {
        writing
            .sql
            .prepare_cached(
                "UPDATE command SET state = ?3, changed_ms = ?4, detail = ?5, answer = ?6
                 WHERE site_no = (SELECT no FROM site WHERE id = ?1) AND id = ?2",
            )?
            .execute((
                told.site.as_str(),
                outcome.id.0,
                code(&CommandState::ALL, &CommandState::from(outcome.state)),
                told.at_ms,
                &outcome.detail,
                &outcome.answer,
            ))?;
    }
    Ok(())
}

fn state(writing: &Writing<'_>, site: &SiteId, id: CommandId) -> rusqlite::Result<Option<CommandState>> {
    writing
        .sql
        .prepare_cached("SELECT state FROM command WHERE site_no = (SELECT no FROM site WHERE id = ?1) AND id = ?2")?
        .query_row((site.as_str(), id.0), |row| coded(row, 0, &CommandState::ALL))
        .optional()
}

fn command(row: &Row<'_>) -> rusqlite::Result<StoredCommand> {
    let (Column(site), id) = (row.get(0)?, CommandId(row.get(1)?));
    Ok(StoredCommand {
        site,
        id,
        body: row.get(2)?,
        kind: row.get(3)?,
        account: row.get(4)?,
        retry_of: row.get::<_, Option<[u8; 16]>>(5)?.map(CommandId),
        issued_ms: row.get(6)?,
        expires_ms: row.get(7)?,
        state: coded(row, 8, &CommandState::ALL)?,
        changed_ms: row.get(9)?,
        detail: row.get(10)?,
        answer: row.get(11)?,
    })
}
