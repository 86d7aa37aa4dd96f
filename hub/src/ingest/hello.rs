//! Hellos: what each lane of a box holds, judged against what the hub holds.

use vigie_shared::id::SiteId;
use vigie_shared::wire::{Hello, LaneHello};

use super::queue::Held;
use super::{Check, Claim, Ingest, memo_of};

impl Ingest {
    /// Takes a hello. If it returns a check, nothing was decided yet.
    pub fn on_hello(&mut self, site: &SiteId, hello: &Hello, now_ms: i64) -> Option<Check> {
        let at = (hello.instance, hello.stamp.uptime_ms);
        let newest = self.sites.get(site).and_then(|memo| memo.hello);
        let is_late = newest.is_some_and(|(instance, uptime_ms)| instance == at.0 && at.1 <= uptime_ms);
        for lane in &hello.lanes {
            if !is_sane(lane) {
                self.counters.malformed += 1;
                continue;
            }
            if is_late {
                self.answer_again(site, lane);
                continue;
            }
            let check = self.on_lane(site, lane, now_ms);
            if check.is_some() {
                return check;
            }
        }
        self.counters.hellos += 1;
        if is_late {
            self.counters.late_hellos += 1;
        } else {
            self.sites.entry(site.clone()).or_default().hello = Some(at);
        }
        None
    }

    /// Repeats the last word on a lane.
    fn answer_again(&mut self, site: &SiteId, lane: &LaneHello) {
        if memo_of(&mut self.sites, site, lane.queue).is_some_and(|memo| memo.is_disputed) {
            self.group.renew(site, lane.lane, lane.queue);
        } else {
            self.group.answer(site, lane.queue);
        }
    }

    fn on_lane(&mut self, site: &SiteId, lane: &LaneHello, now_ms: i64) -> Option<Check> {
        let receipted = lane.receipted.map_or(0, |record| record.seq);
        let claim = Claim { queue: lane.queue, lane: lane.lane, first: lane.first, below: lane.below, receipted };
        let memo = self.queue(site, &claim, now_ms)?;
        let is_ours = memo.lane == lane.lane && lane.last >= memo.through;
        let held = lane.receipted.map(|record| (record, memo.held(record.seq)));
        match held {
            Some((record, Held::Unknown)) if is_ours => {
                return Some(Check { site: site.clone(), queue: lane.queue, seq: record.seq });
            }
            Some((record, Held::Crc(crc))) if is_ours && crc != record.crc => {
                self.dispute(site, lane.queue, lane.lane, now_ms);
            }
            _ if !is_ours => self.dispute(site, lane.queue, lane.lane, now_ms),
            _ => {
                memo.begin(receipted.max(lane.first - 1));
                self.close_gap(site, &claim, now_ms);
                self.group.answer(site, lane.queue);
            }
        }
        None
    }
}

/// Whether a lane's word fits itself. Positions stay within what the store can count.
fn is_sane(lane: &LaneHello) -> bool {
    let ends = lane.last.checked_add(1).filter(|next| i64::try_from(*next).is_ok());
    lane.first >= 1
        && ends.is_some_and(|next| lane.first <= next)
        && lane.receipted.is_none_or(|record| (1..=lane.last).contains(&record.seq))
}
