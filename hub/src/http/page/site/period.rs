//! Reads what is known of a site in the period that a reader chose.

use vigie_shared::id::SiteId;
use vigie_shared::wire::Record;

use super::missing::{Lost, Past};
use super::pulse::Pulse;
use super::words::Words;
use crate::http::Admin;
use crate::http::hours::hours;
use crate::http::page::history::DAY_MS;
use crate::http::problem::Problem;
use crate::store::StoreError;
use crate::store::facts::Gap;

/// Samples read for one chart: a day of one every ten seconds.
const SAMPLES_MAX: usize = 9_000;
/// Hours read for one chart: a month of them, and the one that has just begun.
const HOURS_MAX: usize = 745;
/// Words of observers read: a month of one every five minutes, of two networks.
const SPANS_MAX: usize = 20_000;
/// Gaps that are dated, the newest: each costs two questions.
pub(super) const GAPS_MAX: usize = 50;

/// A period that charts can show.
pub(super) struct Span {
    pub(super) word: &'static str,
    pub(super) code: &'static str,
    long_ms: i64,
    /// Whether it is drawn from hours: it is longer than a chart can show samples, or than they are kept.
    is_hourly: bool,
    pub(super) is_chosen: bool,
}

/// Every period; a day is chosen unless the reader wants another.
pub(super) fn spans(w: &'static Words, wanted: &str) -> [Span; 4] {
    let wanted = if ["1h", "7d", "30d"].contains(&wanted) { wanted } else { "24h" };
    let span = |word, code, (long_ms, is_hourly)| Span { word, code, long_ms, is_hourly, is_chosen: code == wanted };
    [
        span(w.one_hour, "1h", (DAY_MS / 24, false)),
        span(w.one_day, "24h", (DAY_MS, false)),
        span(w.one_week, "7d", (7 * DAY_MS, true)),
        span(w.one_month, "30d", (30 * DAY_MS, true)),
    ]
}

/// Everything that is known of the period that was chosen.
pub(super) async fn past(
    admin: &Admin,
    (site, gaps): (&SiteId, &[Gap]),
    spans: &[Span],
    now_ms: i64,
) -> Result<Past, Problem> {
    let chosen = spans.iter().find(|span| span.is_chosen);
    let (long_ms, is_hourly) = chosen.map_or((DAY_MS, false), |span| (span.long_ms, span.is_hourly));
    let (from_ms, to_ms) = (now_ms.saturating_sub(long_ms), now_ms);
    Ok(Past {
        from_ms,
        to_ms,
        pulse: if is_hourly {
            by_the_hour(admin, site, (from_ms, to_ms)).await?
        } else {
            Pulse::of_samples(&admin.store.metrics(site, from_ms, to_ms.saturating_add(1), SAMPLES_MAX).await?)
        },
        coverage: admin.store.coverage(site, from_ms, to_ms, SPANS_MAX).await?,
        lost: lost(admin, gaps).await?,
    })
}

async fn by_the_hour(admin: &Admin, site: &SiteId, (from_ms, to_ms): (i64, i64)) -> Result<Pulse, Problem> {
    let (hours, _next) = hours(&*admin.store, site, (from_ms, to_ms), HOURS_MAX).await?;
    let told = admin.fleet.site(site).heartbeat.map(|pulse| pulse.host.memory_total_bytes);
    let total_bytes = match told {
        Some(bytes) => Some(bytes),
        None => {
            let first = admin.store.metrics(site, from_ms, to_ms, 1).await?.pop();
            first.map(|sample| sample.host.memory_total_bytes)
        }
    };
    Ok(Pulse::of_hours(&hours, to_ms.saturating_sub(from_ms), total_bytes))
}

/// Dates gaps by the records around them. One whose neighbours are forgotten, too, cannot be dated.
async fn lost(admin: &Admin, gaps: &[Gap]) -> Result<Vec<Lost>, StoreError> {
    let mut lost = Vec::new();
    for gap in gaps.iter().rev().take(GAPS_MAX) {
        let before = gap.from.saturating_sub(1);
        let before_ms = if before == 0 { None } else { written(admin, gap, before).await? };
        let after_ms = written(admin, gap, gap.to.saturating_add(1)).await?;
        let (from_ms, to_ms) = match (before_ms, after_ms) {
            (Some(before_ms), after_ms) => (before_ms, after_ms.unwrap_or(gap.noticed_ms)),
            (None, Some(after_ms)) => (after_ms, after_ms),
            (None, None) => continue,
        };
        lost.push(Lost { lane: gap.lane, from_ms: from_ms.min(to_ms), to_ms, reason: gap.reason });
    }
    Ok(lost)
}

/// When a record was written, milliseconds since 1970 UTC, as its box believed; none if it is not held.
async fn written(admin: &Admin, gap: &Gap, seq: u64) -> Result<Option<i64>, StoreError> {
    let found = admin.store.records(&gap.site, gap.queue, seq, 1).await?;
    let record = found.first().filter(|record| record.seq == seq);
    Ok(record.and_then(|record| Record::decode(&record.bytes).ok()).map(|record| record.stamp.wall_ms))
}
