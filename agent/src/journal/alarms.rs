//! Turns what happens to a lane into alarms for people: pure, at most one of a kind per hour, counts added up.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use vigie_shared::wire::Lane;
use vigie_shared::wire::reading::{AlarmKind, BoxAlarm};

use crate::queue::SetAside;
use crate::queue::keeper::Notice;
use crate::queue::quota::Shortage;

/// Alarms of one kind come at most this often.
pub const PERIOD: Duration = Duration::from_secs(3600);

/// What a lane has to tell.
#[derive(Debug)]
pub struct LaneAlarms {
    lane: Lane,
    told: BTreeMap<AlarmKind, Instant>,
    set_aside: Vec<SetAside>,
    rebuilt: Option<(String, String)>,
    dropped: Option<(u64, Shortage)>,
    damaged: u64,
    is_disk_full: bool,
}

impl LaneAlarms {
    /// Nothing to tell so far.
    #[must_use]
    pub fn new(lane: Lane) -> Self {
        let (told, set_aside) = (BTreeMap::new(), Vec::new());
        Self { lane, told, set_aside, rebuilt: None, dropped: None, damaged: 0, is_disk_full: false }
    }

    /// Something happened.
    pub fn on_notice(&mut self, notice: Notice) {
        match notice {
            Notice::SetAside(set_aside) => self.set_aside.push(set_aside),
            Notice::Rebuilt { why, remains } => self.rebuilt = Some((why, remains)),
            Notice::Dropped { count, shortage } => {
                let before = self.dropped.map_or(0, |(count, _)| count);
                self.dropped = Some((before + count, shortage));
            }
            Notice::Damaged { count } => self.damaged += count,
            Notice::DiskFull => self.is_disk_full = true,
        }
    }

    /// The alarms whose time has come.
    pub fn poll(&mut self, now: Instant) -> Vec<BoxAlarm> {
        let mut alarms = Vec::new();
        // Each names positions that nobody else knows, so none is held back.
        alarms.extend(std::mem::take(&mut self.set_aside).iter().map(|set_aside| self.on_set_aside(set_aside)));
        if self.rebuilt.is_some() && self.may_tell(AlarmKind::LaneQuarantined, now) {
            alarms.extend(self.rebuilt.take().map(|(why, remains)| self.on_rebuilt(&why, &remains)));
        }
        if (self.dropped.is_some() || self.damaged > 0) && self.may_tell(AlarmKind::LaneDropped, now) {
            alarms.extend(self.dropped.take().map(|(count, shortage)| self.on_dropped(count, shortage)));
            let damaged = std::mem::take(&mut self.damaged);
            alarms.extend((damaged > 0).then(|| self.on_damaged(damaged)));
        }
        if self.is_disk_full && self.may_tell(AlarmKind::DiskFull, now) {
            self.is_disk_full = false;
            alarms.push(self.on_disk_full());
        }
        alarms
    }

    fn may_tell(&mut self, kind: AlarmKind, now: Instant) -> bool {
        let is_due = self.told.get(&kind).is_none_or(|told| now.saturating_duration_since(*told) >= PERIOD);
        if is_due {
            self.told.insert(kind, now);
        }
        is_due
    }

    fn on_set_aside(&self, set_aside: &SetAside) -> BoxAlarm {
        let lane = self.lane;
        let SetAside { queue, from, through, why, remains } = set_aside;
        let missing = match queue {
            Some(queue) if through >= from => format!(
                "Records {from} to at least {through} of queue {queue} are missing unless the hub has them already."
            ),
            Some(queue) => format!("No record of queue {queue} is known to be missing."),
            None => "Which records are missing cannot be told.".to_owned(),
        };
        let text = format!(
            "The lane `{lane}` was damaged ({why}) and a new one took its place. {missing} The remains lie in \
             `{remains}` in the lane's folder. Check the box's card; replace it if this happens again."
        );
        BoxAlarm { kind: AlarmKind::LaneQuarantined, text }
    }

    fn on_rebuilt(&self, why: &str, remains: &str) -> BoxAlarm {
        let text = format!(
            "The lane `{}` was damaged ({why}). All records that could be read are safe in a new store; the others \
             will be noted as a gap. The old store lies in `{remains}` in the lane's folder. Check the box's card; \
             replace it if this happens again.",
            self.lane
        );
        BoxAlarm { kind: AlarmKind::LaneQuarantined, text }
    }

    fn on_dropped(&self, count: u64, shortage: Shortage) -> BoxAlarm {
        let lane = self.lane;
        let text = format!("The lane `{lane}` gave up its {count} oldest records unsent, because {shortage}.");
        BoxAlarm { kind: AlarmKind::LaneDropped, text }
    }

    fn on_damaged(&self, count: u64) -> BoxAlarm {
        let lane = self.lane;
        let text = format!(
            "{count} records of the lane `{lane}` could not be read back and were skipped; the others are safe. \
             Check the box's card; replace it if this happens again."
        );
        BoxAlarm { kind: AlarmKind::LaneDropped, text }
    }

    fn on_disk_full(&self) -> BoxAlarm {
        let what = match self.lane {
            Lane::Ledger => "Terminals keep their punches until there is room.",
            Lane::Observations | Lane::Telemetry => "The oldest records make room for new ones.",
        };
        let text = format!(
            "The box's disk is full; the lane `{}` could not be written. What was stored is safe. {what} Free some \
             space on the box.",
            self.lane
        );
        BoxAlarm { kind: AlarmKind::DiskFull, text }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[expect(clippy::disallowed_methods, reason = "a starting point only")]
    fn a_flood_of_drops_is_one_alarm_an_hour_with_the_sum() {
        let mut alarms = LaneAlarms::new(Lane::Telemetry);
        let start = Instant::now();
        let drop = |count| Notice::Dropped { count, shortage: Shortage::Records };

        alarms.on_notice(drop(1));
        assert!(alarms.poll(start)[0].text.contains(" 1 oldest"));
        for minute in 1..=50 {
            alarms.on_notice(drop(7));
            assert_eq!(alarms.poll(start + Duration::from_secs(60 * minute)), []);
        }

        let later = alarms.poll(start + PERIOD);
        assert_eq!(later.len(), 1);
        assert!(later[0].text.contains(" 350 oldest"), "{}", later[0].text);
        assert_eq!(alarms.poll(start + PERIOD * 2), []);
    }

    #[test]
    #[expect(clippy::disallowed_methods, reason = "a starting point only")]
    fn every_damaged_lane_is_told_with_its_positions() {
        let mut alarms = LaneAlarms::new(Lane::Ledger);
        let set_aside = |through| SetAside {
            queue: Some(vigie_shared::id::QueueId([7; 16])),
            from: 3,
            through,
            why: "planned".to_owned(),
            remains: "corrupt-1".to_owned(),
        };
        alarms.on_notice(Notice::SetAside(set_aside(9)));
        alarms.on_notice(Notice::SetAside(set_aside(2)));

        let told = alarms.poll(Instant::now());

        assert!(told[0].text.contains("Records 3 to at least 9 of queue 0707"));
        assert!(told[1].text.contains("No record"));
    }
}
