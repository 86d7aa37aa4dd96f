//! Rollouts in SQLite.

use std::collections::BTreeMap;

use async_trait::async_trait;
use rusqlite::{Connection, OptionalExtension as _, Row};
use vigie_shared::id::{RolloutId, SiteId};

use super::codes::{Column, code, coded};
use super::{Sqlite, Writing, conflict_is, failed};
use crate::rollout::{Member, MemberState, Plan, Progress, Rollout, Tally};
use crate::store::StoreError;
use crate::store::rollouts::{Rollouts, Summary};

const HEAD: &str = "SELECT no, plan, progress FROM rollout";

#[async_trait]
impl Rollouts for Sqlite {
    async fn add_rollout(&self, rollout: &Rollout) -> Result<(), StoreError> {
        let Rollout { plan, progress, members } = rollout.clone();
        self.write(move |writing| {
            let mut insert = writing.sql.prepare_cached(
                "INSERT INTO rollout (id, software, created_ms, is_open, plan, progress) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            )?;
            let is_open = progress.stage.is_open();
            let (plan_text, progress_text) = (json(&plan)?, json(&progress)?);
            insert
                .execute((plan.id.0, &plan.software, plan.created_ms, is_open, plan_text, progress_text))
                .map_err(conflict_is(|| format!("an open rollout of {}", plan.software)))?;
            put_members(writing, plan.id, &members)
        })
        .await
    }

    async fn rollout(&self, id: RolloutId) -> Result<Option<Rollout>, StoreError> {
        self.read(move |sql| {
            let mut select = sql.prepare_cached(&format!("{HEAD} WHERE id = ?1"))?;
            let head = select.query_row([id.0], head).optional()?;
            head.map(|head| whole(sql, &head)).transpose()
        })
        .await
    }

    async fn rollouts(&self, after: Option<(i64, RolloutId)>, limit: usize) -> Result<Vec<Summary>, StoreError> {
        let (after_ms, after_id) = after.unwrap_or((i64::MAX, RolloutId([0xff; 16])));
        self.read(move |sql| {
            let order = "WHERE (created_ms, id) < (?1, ?2) ORDER BY created_ms DESC, id DESC LIMIT ?3";
            let mut select = sql.prepare_cached(&format!("{HEAD} {order}"))?;
            let heads: Vec<Head> = select.query_map((after_ms, after_id.0, limit), head)?.collect::<Result<_, _>>()?;
            heads.iter().map(|head| summary(sql, head)).collect()
        })
        .await
    }

    async fn live_rollouts(&self) -> Result<Vec<Rollout>, StoreError> {
        self.read(|sql| {
            let mut select = sql.prepare_cached(&format!(
                "{HEAD} WHERE is_open = 1 OR EXISTS
                     (SELECT 1 FROM rollout_member WHERE rollout_no = no AND rollout_member.state = ?1)
                 ORDER BY created_ms, id"
            ))?;
            let given = code(&MemberState::ALL, &MemberState::Given);
            let heads: Vec<Head> = select.query_map([given], head)?.collect::<Result<_, _>>()?;
            heads.iter().map(|head| whole(sql, head)).collect()
        })
        .await
    }

    async fn save_rollout(
        &self,
        id: RolloutId,
        progress: &Progress,
        changed: &BTreeMap<SiteId, Member>,
    ) -> Result<(), StoreError> {
        let (progress, changed) = (progress.clone(), changed.clone());
        self.write(move |writing| {
            let mut update =
                writing.sql.prepare_cached("UPDATE rollout SET is_open = ?2, progress = ?3 WHERE id = ?1")?;
            let count = update
                .execute((id.0, progress.stage.is_open(), json(&progress)?))
                .map_err(conflict_is(|| "an open rollout of that software".to_owned()))?;
            if count == 0 { Ok(()) } else { put_members(writing, id, &changed) }
        })
        .await
    }
}

/// A rollout's key, plan and progress.
type Head = (i64, String, String);

fn head(row: &Row<'_>) -> rusqlite::Result<Head> {
    Ok((row.get(0)?, row.get(1)?, row.get(2)?))
}

fn json(value: &impl serde::Serialize) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(failed)
}

fn read((_, plan, progress): &Head) -> Result<(Plan, Progress), StoreError> {
    Ok((serde_json::from_str(plan).map_err(failed)?, serde_json::from_str(progress).map_err(failed)?))
}

fn whole(sql: &Connection, head: &Head) -> Result<Rollout, StoreError> {
    let (plan, progress) = read(head)?;
    let mut select = sql.prepare_cached(
        "SELECT site.id, is_canary, state, attempt, detail, changed_ms FROM rollout_member
         JOIN site ON site.no = site_no WHERE rollout_no = ?1",
    )?;
    let members = select.query_map([head.0], member)?.collect::<Result<_, _>>()?;
    Ok(Rollout { plan, progress, members })
}

fn summary(sql: &Connection, head: &Head) -> Result<Summary, StoreError> {
    let (plan, progress) = read(head)?;
    let mut tally: Tally = MemberState::ALL.into_iter().map(|state| (state, 0)).collect();
    let mut select =
        sql.prepare_cached("SELECT state, count(*) FROM rollout_member WHERE rollout_no = ?1 GROUP BY state")?;
    let counts = select.query_map([head.0], |row| Ok((coded(row, 0, &MemberState::ALL)?, row.get::<_, usize>(1)?)))?;
    for count in counts {
        let (state, count) = count?;
        tally.insert(state, count);
    }
    Ok(Summary { plan, progress, tally })
}

fn put_members(writing: &mut Writing<'_>, id: RolloutId, members: &BTreeMap<SiteId, Member>) -> Result<(), StoreError> {
    let no: i64 =
        writing.sql.prepare_cached("SELECT no FROM rollout WHERE id = ?1")?.query_row([id.0], |row| row.get(0))?;
    let mut insert =
        writing.sql.prepare_cached("INSERT OR REPLACE INTO rollout_member VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)")?;
    for (site, member) in members {
        let site_no = writing.keys.site(writing.sql, site)?;
        let Member { is_canary, state, attempt, detail, changed_ms } = member;
        let state = code(&MemberState::ALL, state);
        insert.execute((no, site_no, is_canary, state, attempt, detail, changed_ms))?;
    }
    Ok(())
}

fn member(row: &Row<'_>) -> rusqlite::Result<(SiteId, Member)> {
    let Column(site) = row.get(0)?;
    let (is_canary, state) = (row.get(1)?, coded(row, 2, &MemberState::ALL)?);
    let member = Member { is_canary, state, attempt: row.get(3)?, detail: row.get(4)?, changed_ms: row.get(5)? };
    Ok((site, member))
}
