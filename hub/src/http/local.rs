//! `/api/v1/sites/{id}/local`: what local programs on a box left for the hub, in the order in which it came.
//!
//! Read straight from the facts: whoever keeps `next` and asks again with it gets every record's lines, and none of them
//! twice. A line that a power cut made the box take twice has the same `id` both times.

use axum::Json;
use axum::extract::{Path, State};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};
use vigie_shared::id::{QueueId, SiteId, to_hex};
use vigie_shared::wire::reading::{LocalLine, LocalLines};
use vigie_shared::wire::{Lane, Reading, Record};

use super::Admin;
use super::cursor::{ROWS, ROWS_MAX};
use super::guard::Viewer;
use super::input::{Params, limit, site_id};
use super::problem::{Problem, Refused};
use super::time::Time;
use crate::store::facts::StoredRecord;

/// Records that one request looks through, at most: a box has many others.
const SCAN_MAX: usize = 10_000;

/// Records that are fetched at once.
const FETCH: usize = 500;

/// Which lines.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Query {
    /// `next` of an earlier answer; from the beginning without it.
    after: Option<String>,
    /// How many, 1 to 1000; 100 if not given.
    #[param(minimum = 1, maximum = 1000)]
    limit: Option<usize>,
}

/// Lines, and where to go on.
#[derive(Debug, Default, Serialize, ToSchema)]
pub(super) struct LocalPage {
    /// The lines.
    items: Vec<LocalView>,
    /// Pass it as `after`: at once if `has_more`, later for what comes later. Missing before the box's first record.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
    /// Whether there may be more already.
    has_more: bool,
}

/// A line that a local program left.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct LocalView {
    /// Names the line for good.
    id: String,
    /// When the box took it, by its own clock.
    taken: Time,
    /// The name of the file that it stood in.
    file: String,
    /// Which line of the file.
    line: u32,
    /// What it said.
    value: Value,
}

/// The next line to read: its queue, its record, its place in the record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Position {
    queue: QueueId,
    seq: u64,
    index: usize,
}

/// Lists what local programs left, oldest first.
#[utoipa::path(
    get, path = "/api/v1/sites/{id}/local", operation_id = "sites_local",
    tag = "sites", params(("id" = String, Path, description = "The site"), Query),
    extensions(("x-role" = json!("viewer"))),
    responses((status = 200, description = "Lines of JSON", body = LocalPage), Refused)
)]
pub(super) async fn list(
    _: Viewer,
    State(admin): State<Admin>,
    Path(id): Path<String>,
    Params(query): Params<Query>,
) -> Result<Json<LocalPage>, Problem> {
    let site = site_id(&id)?;
    if admin.store.site(&site).await?.is_none() {
        return Err(Problem::unknown("site", &id));
    }
    let rows = limit(query.limit, ROWS, ROWS_MAX)?;
    let mut at = query.after.as_deref().map(position).transpose()?;
    let (mut page, mut scanned) = (LocalPage::default(), 0);
    for queue in queues(&admin, &site, at).await? {
        let mut next = at.take().unwrap_or(Position { queue, seq: 0, index: 0 });
        while page.items.len() < rows && scanned < SCAN_MAX {
            let records = admin.store.records(&site, queue, next.seq, FETCH).await?;
            let is_end = records.len() < FETCH;
            scanned += records.len().max(1);
            for record in &records {
                next = page.take(record, next, rows);
                if page.items.len() >= rows {
                    break;
                }
            }
            if is_end && page.items.len() < rows {
                break;
            }
        }
        page.next = Some(text(next));
        page.has_more = page.items.len() >= rows || scanned >= SCAN_MAX;
        if page.has_more {
            break;
        }
    }
    Ok(Json(page))
}

impl LocalPage {
    /// Takes a record's lines until the page is full; where to go on.
    fn take(&mut self, record: &StoredRecord, from: Position, rows: usize) -> Position {
        let behind = Position { seq: record.seq + 1, index: 0, ..from };
        let Ok(Record { stamp, reading: Reading::Local(LocalLines { file, name, lines }) }) =
            Record::decode(&record.bytes)
        else {
            return behind;
        };
        let first = if record.seq == from.seq { from.index } else { 0 };
        for (index, LocalLine { number, json }) in lines.into_iter().enumerate().skip(first) {
            if self.items.len() >= rows {
                return Position { seq: record.seq, index, ..from };
            }
            self.items.push(LocalView {
                id: format!("{}-{number}", to_hex(&file)),
                taken: Time(stamp.wall_ms),
                file: name.clone(),
                line: number,
                // What the box took as JSON is JSON; shown as text if it should not be.
                value: serde_json::from_str(&json).unwrap_or(Value::String(json)),
            });
        }
        behind
    }
}

/// The queues of the lane from a position on, in the order of their birth.
async fn queues(admin: &Admin, site: &SiteId, at: Option<Position>) -> Result<Vec<QueueId>, Problem> {
    let mut all = admin.store.queues().await?;
    all.retain(|queue| queue.site == *site && queue.lane == Lane::Observations);
    all.sort_by_key(|queue| (queue.born_ms, queue.queue));
    let all = all.into_iter().map(|queue| queue.queue);
    Ok(all.skip_while(|queue| at.is_some_and(|at| at.queue != *queue)).collect())
}

fn text(Position { queue, seq, index }: Position) -> String {
    format!("{queue}.{seq}.{index}")
}

fn position(text: &str) -> Result<Position, Problem> {
    let mut parts = text.split('.');
    let mut read = || {
        let position = Position {
            queue: parts.next()?.parse().ok()?,
            seq: parts.next()?.parse().ok()?,
            index: parts.next()?.parse().ok()?,
        };
        parts.next().is_none().then_some(position)
    };
    read().ok_or_else(|| Problem::invalid("after", "this is not a cursor; pass `next` of an earlier answer, unchanged"))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use vigie_shared::id::BootId;
    use vigie_shared::wire::Stamp;
    use vigie_shared::wire::reading::{AlarmKind, BoxAlarm};

    use super::*;
    use crate::http::testing::{NOW, Stage};
    use crate::store::accounts::Role;
    use crate::store::facts::{Arrival, Commit, QueueState};

    fn local(file: u8, numbers: std::ops::Range<u32>) -> Reading {
        let lines = numbers.map(|number| LocalLine { number, json: format!("{{\"n\":{number}}}") }).collect();
        Reading::Local(LocalLines { file: [file; 16], name: "plays.jsonl".to_owned(), lines })
    }

    async fn deliver(stage: &Stage, site: &SiteId, (queue, start): (u8, u64), readings: Vec<Reading>) {
        let stamp = Stamp { boot: BootId([1; 16]), uptime_ms: 1, wall_ms: NOW, is_synced: true };
        let records: Vec<_> = readings.into_iter().map(|reading| Record { stamp, reading }.encode().into()).collect();
        let (lane, queue) = (Lane::Observations, QueueId([queue; 16]));
        let through = start + records.len() as u64 - 1;
        let state = QueueState { site: site.clone(), lane, queue, through, born_ms: NOW + i64::from(queue.0[0]) };
        let arrival = Arrival { site: site.clone(), lane, queue, start, records };
        let commit = Commit { arrivals: vec![arrival], queues: vec![state], received_ms: NOW, ..Commit::default() };
        stage.store.commit(Arc::new(commit)).await.unwrap();
    }

    async fn ask(stage: &Stage, query: &str) -> (Vec<u64>, Option<String>, bool) {
        let page = stage.get(&format!("/api/v1/sites/metz/local{query}")).role(Role::Viewer).send().await.json();
        let numbers = page["items"].as_array().unwrap().iter().map(|item| item["value"]["n"].as_u64().unwrap());
        (numbers.collect(), page["next"].as_str().map(str::to_owned), page["has_more"].as_bool().unwrap())
    }

    #[tokio::test]
    async fn every_line_is_read_once_page_by_page_and_later_ones_later() {
        let stage = Stage::new().await;
        let metz = stage.add_site("metz", "Metz").await;
        assert_eq!(ask(&stage, "").await, (vec![], None, false));
        let alarm = Reading::Alarm(BoxAlarm { kind: AlarmKind::DiskFull, text: "x".to_owned() });
        deliver(&stage, &metz, (1, 1), vec![alarm.clone(), local(1, 1..6), alarm, local(2, 6..9)]).await;
        deliver(&stage, &metz, (2, 1), vec![local(3, 9..11)]).await;
        let (mut all, mut query) = (Vec::new(), "?limit=3".to_owned());
        let next = loop {
            let (numbers, next, has_more) = ask(&stage, &query).await;
            assert!(numbers.len() <= 3);
            all.extend(numbers);
            let next = next.unwrap();
            query = format!("?limit=3&after={next}");
            if !has_more {
                break next;
            }
        };
        assert_eq!(all, (1..11).collect::<Vec<u64>>());
        deliver(&stage, &metz, (2, 2), vec![local(4, 11..13)]).await;
        assert_eq!(ask(&stage, &format!("?after={next}")).await.0, [11, 12]);
    }

    #[tokio::test]
    async fn a_foreign_cursor_and_an_unknown_site_are_refused() {
        let stage = Stage::new().await;
        stage.add_site("metz", "Metz").await;
        for (path, status) in [("metz/local?after=x.1", 422), ("nancy/local", 404)] {
            let answer = stage.get(&format!("/api/v1/sites/{path}")).role(Role::Viewer).send().await;
            assert_eq!(answer.status.as_u16(), status);
        }
    }
}
