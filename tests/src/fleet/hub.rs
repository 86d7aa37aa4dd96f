//! A hub without sockets: the real ingest over a store that is three maps.

use std::collections::BTreeMap;
use std::time::Duration;

use bytes::Bytes;
use vigie_hub::ingest::Ingest;
use vigie_hub::store::facts::{Commit, Gap, GapReason, QueueState};
use vigie_shared::id::{QueueId, SiteId};
use vigie_shared::wire::{Answer, Hello, Lane, Up, frame};

use super::Bug;
use super::boxes::SimBox;
use super::link::UpMessage;

/// How late a commit is that the planted mistake did not wait for.
const LATE: Duration = Duration::from_millis(500);

/// What is on the hub's disk.
#[derive(Clone, Default)]
struct Disk {
    records: BTreeMap<(SiteId, QueueId, u64), Bytes>,
    gaps: Vec<Gap>,
    queues: BTreeMap<(SiteId, QueueId), QueueState>,
}

/// The hub.
pub(super) struct SimHub {
    ingest: Ingest,
    disk: Disk,
    saved: Disk,
    was_restored: bool,
    answered: BTreeMap<(SiteId, QueueId), u64>,
    /// Planted: commits whose answers went out already, and when they reach the disk.
    uncommitted: Vec<(Duration, Commit)>,
    broken: Option<String>,
    bug: Option<Bug>,
}

impl SimHub {
    pub(super) fn new(bug: Option<Bug>) -> Self {
        Self {
            ingest: Ingest::new(Vec::new()),
            disk: Disk::default(),
            saved: Disk::default(),
            was_restored: false,
            answered: BTreeMap::new(),
            uncommitted: Vec::new(),
            broken: None,
            bug,
        }
    }

    pub(super) fn crash(&mut self) {
        self.uncommitted.clear();
        let is_forgetful = self.bug == Some(Bug::HubForgetsQueues);
        let queues = if is_forgetful { Vec::new() } else { self.disk.queues.values().cloned().collect() };
        self.ingest = Ingest::new(queues);
    }

    pub(super) fn back_up(&mut self) {
        self.saved = self.disk.clone();
    }

    pub(super) fn restore(&mut self) {
        self.disk = self.saved.clone();
        self.was_restored = true;
        self.answered.clear();
        self.crash();
    }

    pub(super) fn hear(&mut self, site: &SiteId, message: &UpMessage, elapsed: Duration) {
        let now_ms = millis(elapsed);
        loop {
            let check = match message.up {
                Up::Hello => {
                    let hello = Hello::decode(&message.payload).expect("boxes send whole hellos");
                    self.ingest.on_hello(site, &hello, now_ms)
                }
                Up::Lane(lane) => self.ingest.on_batch(site, lane, &message.payload, now_ms),
                Up::Live => None,
            };
            let Some(check) = check else { return };
            let held = self.disk.records.get(&(check.site.clone(), check.queue, check.seq));
            self.ingest.on_checked(&check, held.and_then(|record| frame::crc(record)));
        }
    }

    /// Commits what was heard and returns the answers.
    pub(super) fn commit(&mut self, elapsed: Duration) -> Vec<(SiteId, Answer)> {
        let is_due = |(due, _): &mut (Duration, Commit)| *due <= elapsed;
        for (_, late) in self.uncommitted.extract_if(.., is_due).collect::<Vec<_>>() {
            self.write(&late);
        }
        let Some(group) = self.ingest.take_group(millis(elapsed)) else { return Vec::new() };
        if self.bug == Some(Bug::ReceiptBeforeCommit) {
            self.uncommitted.push((elapsed + LATE, (*group.commit).clone()));
        } else {
            self.write(&group.commit.clone());
        }
        let answers = self.ingest.committed(group, millis(elapsed));
        answers.into_iter().filter_map(|(site, answer)| self.planted(site, answer)).collect()
    }

    /// The answer as a hub with the planted mistake would give it.
    fn planted(&mut self, site: SiteId, mut answer: Answer) -> Option<(SiteId, Answer)> {
        if let Answer::Receipt { queue, through, .. } = &mut answer {
            let before = self.answered.insert((site.clone(), *queue), *through);
            match self.bug {
                Some(Bug::ReceiptsTooMuch) => *through += 1,
                Some(Bug::IgnoresDuplicates) if before == Some(*through) => return None,
                _ => {}
            }
        }
        Some((site, answer))
    }

    fn write(&mut self, commit: &Commit) {
        for arrival in &commit.arrivals {
            for (seq, record) in (arrival.start..).zip(&arrival.records) {
                let key = (arrival.site.clone(), arrival.queue, seq);
                if self.disk.records.insert(key, record.clone()).is_some() {
                    self.broken = Some(format!("{} {} position {seq} was stored twice", arrival.site, arrival.lane));
                }
            }
        }
        self.disk.gaps.extend(commit.gaps.iter().cloned());
        for state in &commit.queues {
            self.disk.queues.insert((state.site.clone(), state.queue), state.clone());
        }
    }

    /// What holds for the store at every moment: rows without holes.
    pub(super) fn check(&self) -> Result<(), String> {
        if let Some(broken) = &self.broken {
            return Err(broken.clone());
        }
        for ((site, queue), state) in &self.disk.queues {
            let missing = (1..=state.through).find(|seq| !self.accounts_for(site, *queue, *seq));
            if let Some(seq) = missing {
                return Err(format!("{site} {}: position {seq} is neither stored nor in a gap", state.lane));
            }
        }
        Ok(())
    }

    /// A box forgets only what this hub holds on its disk, or what it says it dropped.
    pub(super) fn check_trimmed(&self, sim_box: &SimBox) -> Result<(), String> {
        if self.was_restored {
            return Ok(());
        }
        for lane in sim_box.lanes() {
            let extent = lane.extent();
            let through =
                self.disk.queues.get(&(sim_box.site().clone(), extent.queue)).map_or(0, |state| state.through);
            if lane.lane == Lane::Ledger && extent.first > through + 1 {
                return Err(format!(
                    "{}: the box forgot through {}, the hub holds {through}",
                    sim_box.site(),
                    extent.first - 1
                ));
            }
        }
        Ok(())
    }

    /// At rest, every record that the box ever collected is stored exactly once, or named in a gap.
    pub(super) fn check_complete(&self, sim_box: &SimBox) -> Result<(), String> {
        for lane in sim_box.lanes() {
            let waiting = lane.extent().waiting();
            if waiting > 0 {
                return Err(format!("{} {}: {waiting} records still wait", sim_box.site(), lane.lane));
            }
            for (content, (queue, position)) in &lane.collected {
                let stored = self
                    .disk
                    .records
                    .iter()
                    .filter(|((site, ..), record)| site == sim_box.site() && record.as_ref() == content.as_slice());
                let copies = stored.count();
                let is_excused = self.gap(sim_box.site(), *queue, *position).is_some_and(|gap| self.may_lack(gap));
                if copies > 1 || (copies == 0 && !is_excused) {
                    return Err(format!(
                        "{} {}: position {position} is stored {copies} times, excused: {is_excused}",
                        sim_box.site(),
                        lane.lane
                    ));
                }
            }
        }
        Ok(())
    }

    /// A ledger record may be missing only after a restore.
    fn may_lack(&self, gap: &Gap) -> bool {
        match gap.reason {
            GapReason::HubRestored => self.was_restored,
            GapReason::Dropped => gap.lane != Lane::Ledger,
            GapReason::Damaged => false,
        }
    }

    fn accounts_for(&self, site: &SiteId, queue: QueueId, seq: u64) -> bool {
        self.disk.records.contains_key(&(site.clone(), queue, seq)) || self.gap(site, queue, seq).is_some()
    }

    fn gap(&self, site: &SiteId, queue: QueueId, seq: u64) -> Option<&Gap> {
        self.disk.gaps.iter().find(|gap| gap.site == *site && gap.queue == queue && (gap.from..=gap.to).contains(&seq))
    }
}

fn millis(elapsed: Duration) -> i64 {
    i64::try_from(elapsed.as_millis()).expect("a simulation is short")
}
