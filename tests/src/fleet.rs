//! A fleet in memory: the real cores of boxes and hub, joined by a link that loses, repeats and cuts.
//!
//! One thread, no clock but the one that is moved by hand. A history is a list of [`Event`]s; after it the
//! fleet is left alone and must come to rest: every record stored exactly once or named in a gap. What must
//! hold *all the time* is checked after every event. [`Bug`]s can be planted at the seams, to prove that the
//! checks would notice them.

mod boxes;
mod hub;
mod link;

use std::time::{Duration, Instant};

use boxes::{LANES, SimBox};
use hub::SimHub;
use link::Link;

/// Something that happens to the fleet. `of` names a box; numbers are taken modulo what exists.
#[derive(Debug, Clone)]
#[expect(missing_docs, reason = "the fields say what they are")]
pub enum Event {
    /// A box collects so many records in one lane.
    Append { of: usize, lane: usize, count: usize },
    /// A box that is not connected connects.
    Connect { of: usize },
    /// The cable is pulled.
    Cut { of: usize },
    /// The next messages to the hub are lost on the way.
    LoseUp { of: usize, count: usize },
    /// The next messages to the box are lost on the way.
    LoseDown { of: usize, count: usize },
    /// The messages on their way to the hub arrive twice.
    RepeatUp { of: usize },
    /// A box loses power: what is not on its disk is gone.
    CrashBox { of: usize },
    /// The hub is killed: what is not committed is gone.
    CrashHub,
    /// Somebody saves the hub's store.
    BackUp,
    /// The hub is replaced by the last save.
    Restore,
    /// A lane that may drop gives up its oldest records.
    Drop { of: usize, count: u64 },
    /// Time passes.
    Wait { ms: u64 },
}

/// A mistake that somebody might make, planted to see the checks fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bug {
    /// The box forgets a record when it is sent, as if sending were custody.
    TrimWhenSent,
    /// The hub sends receipts before its commit is on disk.
    ReceiptBeforeCommit,
    /// A restarted hub does not remember how far its queues were.
    HubForgetsQueues,
    /// The box never sends again.
    NeverResend,
    /// The box does not say which records no longer exist.
    HidesWhatIsGone,
    /// A restarted box gives positions of an emptied queue a second time.
    RepeatsPositions,
    /// The hub receipts one record more than it holds.
    ReceiptsTooMuch,
    /// The hub does not answer what it already holds.
    IgnoresDuplicates,
}

impl Bug {
    /// Every planted mistake.
    pub const ALL: [Self; 8] = [
        Self::TrimWhenSent,
        Self::ReceiptBeforeCommit,
        Self::HubForgetsQueues,
        Self::NeverResend,
        Self::HidesWhatIsGone,
        Self::RepeatsPositions,
        Self::ReceiptsTooMuch,
        Self::IgnoresDuplicates,
    ];
}

/// How long a fleet that is left alone may take to come to rest.
const REST_WITHIN: Duration = Duration::from_secs(120);

/// One step of time; messages take one step.
const STEP: Duration = Duration::from_millis(100);

/// Boxes, their links and their hub.
pub struct Fleet {
    now: Instant,
    elapsed: Duration,
    boxes: Vec<SimBox>,
    links: Vec<Link>,
    hub: SimHub,
    bug: Option<Bug>,
}

impl Fleet {
    /// A fleet of so many boxes, none connected.
    #[must_use]
    pub fn new(boxes: usize, bug: Option<Bug>) -> Self {
        Self {
            now: tokio::time::Instant::now().into_std(),
            elapsed: Duration::ZERO,
            boxes: (0..boxes).map(SimBox::new).collect(),
            links: (0..boxes).map(|_| Link::default()).collect(),
            hub: SimHub::new(bug),
            bug,
        }
    }

    /// Plays a history, then leaves the fleet alone.
    ///
    /// # Errors
    ///
    /// The first thing that is not as it must be.
    pub fn play(boxes: usize, bug: Option<Bug>, history: &[Event]) -> Result<(), String> {
        let mut fleet = Self::new(boxes, bug);
        for event in history {
            fleet.apply(event);
            fleet.check().map_err(|error| format!("after {event:?}: {error}"))?;
        }
        fleet.come_to_rest()
    }

    fn apply(&mut self, event: &Event) {
        match *event {
            Event::Append { of, lane, count } => self.at(of).0.append(lane % LANES.len(), count),
            Event::Connect { of } => self.connect(of),
            Event::Cut { of } => self.cut(of),
            Event::LoseUp { of, count } => self.at(of).1.lose_up += count,
            Event::LoseDown { of, count } => self.at(of).1.lose_down += count,
            Event::RepeatUp { of } => self.at(of).1.repeat_up(),
            Event::CrashBox { of } => {
                self.cut(of);
                let bug = self.bug;
                self.at(of).0.crash(bug);
            }
            Event::CrashHub => {
                self.hub.crash();
                (0..self.boxes.len()).for_each(|of| self.cut(of));
            }
            Event::BackUp => self.hub.back_up(),
            Event::Restore => {
                self.hub.restore();
                (0..self.boxes.len()).for_each(|of| self.cut(of));
            }
            Event::Drop { of, count } => self.at(of).0.drop_oldest(count),
            Event::Wait { ms } => (0..ms / 100).for_each(|_| {
                self.step();
            }),
        }
    }

    fn at(&mut self, of: usize) -> (&mut SimBox, &mut Link) {
        let of = of % self.boxes.len();
        (&mut self.boxes[of], &mut self.links[of])
    }

    fn connect(&mut self, of: usize) {
        let now = self.now;
        let (sim_box, link) = self.at(of);
        if sim_box.outbox.is_none() {
            link.connect();
            sim_box.connect(now);
        }
    }

    fn cut(&mut self, of: usize) {
        let (sim_box, link) = self.at(of);
        link.cut();
        sim_box.outbox = None;
    }

    /// One step of time: boxes speak, messages arrive, the hub commits and answers. Whether anything moved.
    fn step(&mut self) -> bool {
        self.elapsed += STEP;
        self.now += STEP;
        let (now, elapsed, bug) = (self.now, self.elapsed, self.bug);
        let mut has_moved = false;
        for (sim_box, link) in self.boxes.iter_mut().zip(&mut self.links) {
            let heard = link.take_down();
            has_moved |= !heard.is_empty();
            sim_box.hear(heard, now);
            sim_box.speak(link, now, elapsed, bug);
            for message in link.take_up() {
                has_moved = true;
                self.hub.hear(sim_box.site(), &message, elapsed);
            }
        }
        for (site, answer) in self.hub.commit(elapsed) {
            has_moved = true;
            let of = self.boxes.iter().position(|sim_box| *sim_box.site() == site);
            if let Some(link) = of.and_then(|of| self.links.get_mut(of)) {
                link.send_down(answer);
            }
        }
        has_moved
    }

    /// What holds at every moment.
    fn check(&self) -> Result<(), String> {
        for sim_box in &self.boxes {
            sim_box.check()?;
            self.hub.check_trimmed(sim_box)?;
        }
        self.hub.check()
    }

    /// Nothing more happens to the fleet; boxes without a connection make one.
    fn come_to_rest(mut self) -> Result<(), String> {
        self.links.iter_mut().for_each(Link::mend);
        let give_ups: usize = self.boxes.iter().map(|sim_box| sim_box.give_ups).sum();
        let steps = REST_WITHIN.as_millis() / STEP.as_millis();
        for _ in 0..steps {
            (0..self.boxes.len()).for_each(|of| self.connect(of));
            if self.step() {
                self.check()?;
            }
        }
        let give_ups_resting = self.boxes.iter().map(|sim_box| sim_box.give_ups).sum::<usize>() - give_ups;
        if give_ups_resting > 0 {
            return Err(format!("{give_ups_resting} connections were given up although the link was sound"));
        }
        self.boxes.iter().try_for_each(|sim_box| self.hub.check_complete(sim_box))
    }
}
