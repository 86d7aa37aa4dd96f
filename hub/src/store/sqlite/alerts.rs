//! Alerts and incidents in SQLite.

use async_trait::async_trait;
use rusqlite::{Params, Row};
use serde::Serialize;
use serde::de::DeserializeOwned;
use vigie_shared::id::CommandId;

use super::codes::Column;
use super::{Sqlite, Writing, diary, failed};
use crate::alerts::alert::Alert;
use crate::alerts::book::Turn;
use crate::alerts::incident::Incident;
use crate::alerts::news::News;
use crate::alerts::silence::Silence;
use crate::store::StoreError;
use crate::store::alerts::{AlertFilter, Alerts, Undone};
use crate::store::diary::Entry;

#[async_trait]
impl Alerts for Sqlite {
    async fn save_alerts(&self, turn: &Turn, entries: &[Entry]) -> Result<(), StoreError> {
        let (turn, entries) = (turn.clone(), entries.to_vec());
        self.write(move |writing| {
            writing.save_turn(&turn)?;
            entries.iter().try_for_each(|entry| diary::write(writing, entry, None))
        })
        .await
    }

    async fn present_alerts(&self) -> Result<Vec<Alert>, StoreError> {
        self.bodies("SELECT body FROM alert WHERE is_past = 0 ORDER BY no", []).await
    }

    async fn next_alert(&self) -> Result<u64, StoreError> {
        self.read(|sql| Ok(sql.query_row("SELECT coalesce(max(no), 0) + 1 FROM alert", [], |row| row.get(0))?)).await
    }

    async fn alerts(&self, filter: &AlertFilter, before: Option<u64>, limit: usize) -> Result<Vec<Alert>, StoreError> {
        let AlertFilter { site, rule, incident } = filter.clone();
        let before = before.and_then(|before| i64::try_from(before).ok()).unwrap_or(i64::MAX);
        let sql = "SELECT body FROM alert WHERE has_fired = 1 AND no < ?1 AND (?2 IS NULL OR site = ?2)
                   AND (?3 IS NULL OR rule = ?3) AND (?4 IS NULL OR incident = ?4) ORDER BY no DESC LIMIT ?5";
        self.bodies(sql, (before, site.map(String::from), rule, incident, limit)).await
    }

    async fn alert(&self, no: u64) -> Result<Option<Alert>, StoreError> {
        // No number is larger than the database can hold.
        let Ok(no) = i64::try_from(no) else { return Ok(None) };
        Ok(self.bodies("SELECT body FROM alert WHERE no = ?1", [no]).await?.pop())
    }

    async fn incidents_since(&self, closed_ms: i64) -> Result<Vec<Incident>, StoreError> {
        let sql = "SELECT body FROM incident WHERE closed_ms IS NULL OR closed_ms > ?1 ORDER BY id";
        self.bodies(sql, [closed_ms]).await
    }

    async fn incidents(&self, before: Option<&str>, limit: usize) -> Result<Vec<Incident>, StoreError> {
        let sql = "SELECT body FROM incident WHERE ?1 IS NULL OR id < ?1 ORDER BY id DESC LIMIT ?2";
        self.bodies(sql, (before.map(str::to_owned), limit)).await
    }

    async fn incident(&self, id: &str) -> Result<Option<Incident>, StoreError> {
        Ok(self.bodies("SELECT body FROM incident WHERE id = ?1", [id.to_owned()]).await?.pop())
    }

    async fn news_of(&self, incident: &str) -> Result<Vec<News>, StoreError> {
        self.bodies("SELECT body FROM news WHERE incident = ?1 ORDER BY number", [incident.to_owned()]).await
    }

    async fn untold(&self, limit: usize) -> Result<Vec<News>, StoreError> {
        let sql = "SELECT body FROM news WHERE is_told = 0 ORDER BY at_ms, incident, number LIMIT ?1";
        self.bodies(sql, [limit]).await
    }

    async fn mark_told(&self, incident: &str, number: u32) -> Result<(), StoreError> {
        let incident = incident.to_owned();
        self.write(move |writing| {
            let mut update =
                writing.sql.prepare_cached("UPDATE news SET is_told = 1 WHERE incident = ?1 AND number = ?2")?;
            update.execute((incident, number))?;
            Ok(())
        })
        .await
    }

    async fn add_silence(&self, silence: &Silence) -> Result<u64, StoreError> {
        let silence = silence.clone();
        self.write(move |writing| {
            let mut insert = writing.sql.prepare_cached("INSERT INTO silence (until_ms, body) VALUES (?1, '')")?;
            let no = insert.insert([silence.until_ms])?;
            let silence = Silence { no: u64::try_from(no).map_err(failed)?, ..silence };
            let mut update = writing.sql.prepare_cached("UPDATE silence SET body = ?2 WHERE no = ?1")?;
            update.execute((no, json(&silence)?))?;
            Ok(silence.no)
        })
        .await
    }

    async fn silences(&self, after_ms: i64) -> Result<Vec<Silence>, StoreError> {
        self.bodies("SELECT body FROM silence WHERE until_ms > ?1 ORDER BY no", [after_ms]).await
    }

    async fn remove_silence(&self, no: u64) -> Result<bool, StoreError> {
        self.write(move |writing| {
            Ok(writing.sql.prepare_cached("DELETE FROM silence WHERE no = ?1")?.execute([no.cast_signed()])? > 0)
        })
        .await
    }

    async fn undone_since(&self, after_ms: i64, limit: usize) -> Result<Vec<Undone>, StoreError> {
        self.read(move |sql| {
            let mut select = sql.prepare_cached(
                "SELECT site.id, command.id, kind, changed_ms, detail FROM command JOIN site ON site.no = site_no
                 WHERE state = 7 AND changed_ms > ?1 ORDER BY changed_ms, command.id LIMIT ?2",
            )?;
            Ok(select.query_map((after_ms, limit), undone)?.collect::<Result<_, _>>()?)
        })
        .await
    }
}

fn undone(row: &Row<'_>) -> rusqlite::Result<Undone> {
    let (Column(site), id) = (row.get(0)?, CommandId(row.get(1)?));
    Ok(Undone { site, id, kind: row.get(2)?, at_ms: row.get(3)?, detail: row.get(4)? })
}

fn json(value: &impl Serialize) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(failed)
}

impl Sqlite {
    /// Reads rows that are one body each.
    async fn bodies<T: DeserializeOwned + Send + 'static>(
        &self,
        select: &'static str,
        params: impl Params + Send + 'static,
    ) -> Result<Vec<T>, StoreError> {
        self.read(move |sql| {
            let mut select = sql.prepare_cached(select)?;
            let bodies = select.query_map(params, |row| row.get::<_, String>(0))?;
            bodies.map(|body| serde_json::from_str(&body?).map_err(failed)).collect()
        })
        .await
    }
}

impl Writing<'_> {
    fn save_turn(&mut self, turn: &Turn) -> Result<(), StoreError> {
        for incident in &turn.incidents {
            let mut put = self.sql.prepare_cached(
                "INSERT INTO incident VALUES (?1, ?2, ?3)
                 ON CONFLICT (id) DO UPDATE SET closed_ms = excluded.closed_ms, body = excluded.body",
            )?;
            put.execute((&incident.id, incident.closed_ms, json(incident)?))?;
        }
        for (alerts, is_past) in [(&turn.saved, false), (&turn.past, true)] {
            alerts.iter().try_for_each(|alert| self.put_alert(alert, is_past))?;
        }
        for no in &turn.dropped {
            self.sql.prepare_cached("DELETE FROM alert WHERE no = ?1")?.execute([no.cast_signed()])?;
        }
        for news in &turn.news {
            let mut insert = self.sql.prepare_cached("INSERT OR IGNORE INTO news VALUES (?1, ?2, ?3, 0, ?4)")?;
            insert.execute((&news.incident, news.number, news.at_ms, json(news)?))?;
        }
        for id in &turn.dropped_incidents {
            self.sql.prepare_cached("DELETE FROM incident WHERE id = ?1")?.execute([id])?;
        }
        Ok(())
    }

    fn put_alert(&mut self, alert: &Alert, is_past: bool) -> Result<(), StoreError> {
        let mut put =
            self.sql.prepare_cached("INSERT OR REPLACE INTO alert VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)")?;
        let site = alert.key.site.as_ref().map(vigie_shared::id::SiteId::as_str);
        let has_fired = alert.fired_ms > 0;
        let body = json(alert)?;
        let row =
            (alert.no.cast_signed(), site, &alert.key.rule, &alert.incident, has_fired, is_past, alert.ended_ms, body);
        put.execute(row)?;
        Ok(())
    }
}
