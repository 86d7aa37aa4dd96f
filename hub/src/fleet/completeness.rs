//! Pure: how far the facts of a site are complete, per lane, from what the store and the last pulse say.

use std::collections::BTreeMap;

use vigie_shared::id::{QueueId, SiteId};
use vigie_shared::wire::{Heartbeat, Lane};

use crate::store::facts::{Gap, QueueState};
use crate::store::projections::Cursor;

/// The completeness line of one lane, for the queue that the box fills at present.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// Which lane.
    pub lane: Lane,
    /// The queue that is filled at present.
    pub queue: QueueId,
    /// The newest position that the hub holds without a break.
    pub through: u64,
    /// Everything that happened before this moment has arrived, but for the gaps; none if nobody can say.
    pub complete_ms: Option<i64>,
    /// Positions that will never arrive, all queues of the lane together.
    pub missing: u64,
}

/// What is known about the deliveries of all sites.
#[derive(Debug, Clone, Default)]
pub struct Deliveries(BTreeMap<SiteId, Delivered>);

/// What is known about the deliveries of one site.
#[derive(Debug, Clone, Default)]
pub struct Delivered {
    /// Every queue.
    pub queues: Vec<QueueState>,
    /// How far each is evaluated.
    pub cursors: Vec<Cursor>,
}

impl Deliveries {
    /// Puts each site's together, so that one is found among many without looking at all.
    #[must_use]
    pub fn of(queues: Vec<QueueState>, cursors: Vec<Cursor>) -> Self {
        let mut sites: BTreeMap<SiteId, Delivered> = BTreeMap::new();
        for queue in queues {
            sites.entry(queue.site.clone()).or_default().queues.push(queue);
        }
        for cursor in cursors {
            sites.entry(cursor.site.clone()).or_default().cursors.push(cursor);
        }
        Self(sites)
    }

    /// Every site that delivered something.
    pub fn sites(&self) -> impl Iterator<Item = &SiteId> {
        self.0.keys()
    }

    /// What is known about one site; none if it never delivered.
    #[must_use]
    pub fn site(&self, site: &SiteId) -> Option<&Delivered> {
        self.0.get(site)
    }

    /// The lines of one site, in the order of the lanes.
    #[must_use]
    pub fn lines(&self, site: &SiteId, gaps: &[Gap], pulse: Option<&Heartbeat>) -> Vec<Line> {
        self.site(site).map(|delivered| delivered.lines(gaps, pulse)).unwrap_or_default()
    }
}

impl Delivered {
    /// Its lines, in the order of the lanes.
    #[must_use]
    pub fn lines(&self, gaps: &[Gap], pulse: Option<&Heartbeat>) -> Vec<Line> {
        Lane::ALL.iter().filter_map(|lane| self.line(*lane, gaps, pulse)).collect()
    }

    fn line(&self, lane: Lane, gaps: &[Gap], pulse: Option<&Heartbeat>) -> Option<Line> {
        let queues = self.queues.iter().filter(|queue| queue.lane == lane);
        let current = queues.max_by_key(|queue| queue.born_ms)?;
        let cursor = self.cursors.iter().find(|cursor| cursor.lane == lane && cursor.queue == current.queue);
        let is_evaluated = cursor.map_or(0, |cursor| cursor.through) == current.through;
        let emptied_ms = pulse.filter(|_| is_evaluated).and_then(|pulse| emptied(pulse, current));
        let newest_ms = cursor.and_then(|cursor| cursor.complete_ms);
        let missing = gaps.iter().filter(|gap| gap.lane == lane).map(|gap| gap.to.saturating_sub(gap.from) + 1).sum();
        Some(Line {
            lane,
            queue: current.queue,
            through: current.through,
            complete_ms: newest_ms.max(emptied_ms),
            missing,
        })
    }
}

/// When the box said, with a clock that was right, that nothing of this queue waits.
fn emptied(pulse: &Heartbeat, queue: &QueueState) -> Option<i64> {
    let lane = pulse.lanes.iter().find(|lane| lane.lane == queue.lane && lane.queue == queue.queue)?;
    (lane.waiting == 0 && pulse.stamp.is_synced).then_some(pulse.stamp.wall_ms)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::testing::heartbeat;
    use crate::store::facts::GapReason;

    fn site() -> SiteId {
        "metz".parse().unwrap()
    }

    fn deliveries(through: u64, evaluated: u64) -> Deliveries {
        let queue = QueueId([1; 16]);
        let state = QueueState { site: site(), lane: Lane::Telemetry, queue, through, born_ms: 10 };
        let former = QueueState { queue: QueueId([9; 16]), born_ms: 1, ..state.clone() };
        let cursor =
            Cursor { site: site(), lane: Lane::Telemetry, queue, through: evaluated, complete_ms: Some(5_000) };
        Deliveries::of(vec![state, former], vec![cursor])
    }

    #[test]
    fn the_queue_in_use_decides_and_gaps_of_the_lane_add_up() {
        let gap = |queue: u8, from, to| Gap {
            site: site(),
            lane: Lane::Telemetry,
            queue: QueueId([queue; 16]),
            from,
            to,
            reason: GapReason::Dropped,
            noticed_ms: 0,
        };
        let lines = deliveries(7, 7).lines(&site(), &[gap(1, 1, 2), gap(9, 5, 5)], None);
        assert_eq!(lines.len(), 1);
        assert_eq!((lines[0].queue, lines[0].through), (QueueId([1; 16]), 7));
        assert_eq!((lines[0].complete_ms, lines[0].missing), (Some(5_000), 3));
    }

    #[test]
    fn an_empty_queue_is_complete_to_the_moment_of_the_pulse() {
        let mut pulse = heartbeat();
        pulse.lanes[0].lane = Lane::Telemetry;
        pulse.lanes[0].queue = QueueId([1; 16]);
        pulse.lanes[0].waiting = 0;
        let complete =
            |delivered: &Deliveries, pulse: &Heartbeat| delivered.lines(&site(), &[], Some(pulse))[0].complete_ms;
        assert_eq!(complete(&deliveries(7, 7), &pulse), Some(pulse.stamp.wall_ms));
        assert_eq!(complete(&deliveries(7, 6), &pulse), Some(5_000));
        pulse.stamp.is_synced = false;
        assert_eq!(complete(&deliveries(7, 7), &pulse), Some(5_000));
    }
}
