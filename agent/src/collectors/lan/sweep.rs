//! One sweep over a range, as a pure core: whom to ask when, whom again, and when enough is known.
//!
//! Sending is cheap and waiting is dear, so all are asked at the pace, the silent are asked again, and the sweep
//! ends when nobody has answered for the plan's patience. A question that the system refuses (its send buffer is
//! full) is asked again: an address is never skipped. The driver decides nothing: it asks [`Sweep::poll`].

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::net::Ipv4Addr;
use std::time::Duration;

/// How long the sweep holds back after a refused question: the kernel frees buffers in this order of time.
const REFUSED_PAUSE: Duration = Duration::from_millis(20);

/// The most that a late timer makes up for at once.
const BURST: Duration = Duration::from_millis(10);

/// How a sweep asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Plan {
    /// Pause between two questions.
    pub gap: Duration,
    /// How often a silent address is asked.
    pub tries: u8,
    /// Pause before a further try.
    pub retry_after: Duration,
    /// Silence after the last question or new answer that ends the sweep.
    pub patience: Duration,
    /// The same for addresses that were [expected](Sweep::expect).
    pub patience_expected: Duration,
    /// Time after which the sweep ends in any case.
    pub deadline: Duration,
}

/// What the driver does next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Asks this address.
    Ask(Ipv4Addr),
    /// Waits until this moment, or for an answer.
    Wait(Duration),
    /// Stops.
    Done,
}

/// How a sweep went.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Outcome {
    /// Addresses in the range.
    pub addresses: usize,
    /// Addresses that were asked at least once.
    pub asked: usize,
    /// Addresses that answered.
    pub answered: usize,
    /// Of these, the ones that answered only after they were asked again.
    pub answered_late: usize,
    /// Questions that the system refused; each was asked again.
    pub refused: u32,
}

/// A sweep on its way.
#[derive(Debug)]
pub struct Sweep {
    plan: Plan,
    start: Duration,
    queue: VecDeque<Ipv4Addr>,
    silent: BTreeMap<Ipv4Addr, Asked>,
    expected: BTreeSet<Ipv4Addr>,
    tries_left: u8,
    next_at: Duration,
    last_asked_at: Duration,
    last_answer_at: Duration,
    outcome: Outcome,
}

/// How often an address was asked.
type Asked = u8;

impl Outcome {
    /// Whether the first pace was too fast for this network: asking again found more than a tenth.
    #[must_use]
    pub fn is_lossy(&self) -> bool {
        self.answered_late * 10 > self.answered
    }

    /// Whether every address was asked.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.asked == self.addresses
    }
}

impl Sweep {
    /// Begins a sweep over `addresses`, in their order.
    #[must_use]
    pub fn new(addresses: Vec<Ipv4Addr>, plan: Plan, now: Duration) -> Self {
        let silent: BTreeMap<_, _> = addresses.iter().map(|ip| (*ip, 0)).collect();
        Self {
            plan,
            start: now,
            outcome: Outcome { addresses: silent.len(), ..Outcome::default() },
            queue: addresses.into(),
            silent,
            expected: BTreeSet::new(),
            tries_left: plan.tries.saturating_sub(1),
            next_at: now,
            last_asked_at: now,
            last_answer_at: now,
        }
    }

    /// Says that a device is known at this address and may take long to answer.
    pub fn expect(&mut self, ip: Ipv4Addr) {
        if self.silent.contains_key(&ip) {
            self.expected.insert(ip);
        }
    }

    /// What to do now. After [`Step::Ask`] the address counts as asked.
    pub fn poll(&mut self, now: Duration) -> Step {
        if now >= self.ends_by() {
            return Step::Done;
        }
        if self.queue.is_empty() && self.tries_left > 0 {
            self.begin_next_try();
        }
        while let Some(ip) = self.queue.front().copied() {
            if !self.silent.contains_key(&ip) {
                self.queue.pop_front();
                continue;
            }
            if now < self.next_at {
                return Step::Wait(self.next_at);
            }
            self.queue.pop_front();
            self.note_asked(ip, now);
            return Step::Ask(ip);
        }
        self.wait_for_the_last(now)
    }

    fn begin_next_try(&mut self) {
        self.tries_left -= 1;
        self.queue.extend(self.silent.keys());
        self.next_at = self.next_at.max(self.last_asked_at + self.plan.retry_after);
    }

    fn note_asked(&mut self, ip: Ipv4Addr, now: Duration) {
        self.next_at = self.next_at.max(now.saturating_sub(BURST)) + self.plan.gap;
        self.last_asked_at = now;
        if let Some(asked) = self.silent.get_mut(&ip) {
            self.outcome.asked += usize::from(*asked == 0);
            *asked += 1;
        }
    }

    fn wait_for_the_last(&self, now: Duration) -> Step {
        if self.silent.is_empty() {
            return Step::Done;
        }
        // A system that was short of room asks and hears late.
        let patience = if self.outcome.refused > 0 { self.plan.patience * 2 } else { self.plan.patience };
        let quiet_at = self.last_asked_at.max(self.last_answer_at) + patience;
        let known_at = self.last_asked_at + self.plan.patience_expected;
        let end = if self.expected.is_empty() { quiet_at } else { quiet_at.max(known_at) };
        if now >= end { Step::Done } else { Step::Wait(end.min(self.ends_by())) }
    }

    /// Notes that somebody answered for an address.
    pub fn answered(&mut self, ip: Ipv4Addr, now: Duration) {
        if let Some(asked) = self.silent.remove(&ip) {
            self.expected.remove(&ip);
            self.last_answer_at = now;
            self.outcome.answered += 1;
            self.outcome.answered_late += usize::from(asked > 1);
            // Who speaks before it is asked need not be asked.
            self.outcome.asked += usize::from(asked == 0);
        }
    }

    /// Takes back a question that the system refused: it comes first, after a pause.
    pub fn refused(&mut self, ip: Ipv4Addr, now: Duration) {
        self.outcome.refused = self.outcome.refused.saturating_add(1);
        self.next_at = now + REFUSED_PAUSE;
        if let Some(asked) = self.silent.get_mut(&ip) {
            *asked = asked.saturating_sub(1);
            self.outcome.asked -= usize::from(*asked == 0);
            self.queue.push_front(ip);
        }
    }

    /// When it ends in any case.
    #[must_use]
    pub fn ends_by(&self) -> Duration {
        self.start + self.plan.deadline
    }

    /// How it went so far.
    #[must_use]
    pub fn outcome(&self) -> Outcome {
        self.outcome
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const PLAN: Plan = Plan {
        gap: Duration::from_millis(1),
        tries: 2,
        retry_after: Duration::from_millis(200),
        patience: Duration::from_millis(400),
        patience_expected: Duration::from_secs(9),
        deadline: Duration::from_secs(60),
    };

    fn ip(n: usize) -> Ipv4Addr {
        Ipv4Addr::from(0x0a00_0000 + u32::try_from(n).unwrap())
    }

    fn range(count: usize) -> Vec<Ipv4Addr> {
        (0..count).map(ip).collect()
    }

    /// Drives a sweep in simulated time; `react` says what happens to each question.
    fn drive(sweep: &mut Sweep, mut react: impl FnMut(&mut Sweep, Ipv4Addr, Duration)) -> Duration {
        let mut now = Duration::ZERO;
        for _ in 0..1_000_000 {
            match sweep.poll(now) {
                Step::Ask(ip) => react(sweep, ip, now),
                Step::Wait(until) => {
                    assert!(until > now, "the sweep waits for the past");
                    now = until;
                }
                Step::Done => return now,
            }
        }
        panic!("the sweep never ends");
    }

    #[test]
    fn only_the_silent_are_asked_again() {
        let mut sweep = Sweep::new(range(254), PLAN, Duration::ZERO);
        let mut asked = BTreeMap::new();

        drive(&mut sweep, |sweep, ip, now| {
            *asked.entry(ip).or_insert(0) += 1;
            if ip.octets()[3] < 60 {
                sweep.answered(ip, now);
            }
        });

        assert_eq!(asked.values().filter(|times| **times == 1).count(), 60);
        assert_eq!(asked.values().filter(|times| **times == 2).count(), 194);
        assert_eq!(sweep.outcome().answered, 60);
        assert!(!sweep.outcome().is_lossy());
    }

    #[test]
    fn a_quiet_network_ends_the_sweep_soon() {
        let end = drive(&mut Sweep::new(range(254), PLAN, Duration::ZERO), |_, _, _| {});
        assert!(end < Duration::from_millis(1_200), "{end:?}");
    }

    #[test]
    fn s21_refused_questions_are_all_asked_again() {
        let mut sweep = Sweep::new(range(1022), Plan { tries: 1, ..PLAN }, Duration::ZERO);
        let mut refusals = 402;
        let mut asked = BTreeSet::new();

        drive(&mut sweep, |sweep, ip, now| {
            if refusals > 0 && asked.len() > 300 {
                refusals -= 1;
                return sweep.refused(ip, now);
            }
            asked.insert(ip);
        });

        assert_eq!(asked.len(), 1022);
        let outcome = sweep.outcome();
        assert_eq!((outcome.refused, outcome.asked, outcome.is_complete()), (402, 1022, true));
    }

    #[test]
    fn a_device_that_was_known_is_waited_for() {
        let mut sweep = Sweep::new(range(10), PLAN, Duration::ZERO);
        sweep.expect(ip(3));
        let end = drive(&mut sweep, |_, _, _| {});
        assert!(end > Duration::from_secs(9), "{end:?}");
    }

    #[test]
    fn a_network_that_drops_fast_questions_is_recognised() {
        let mut sweep = Sweep::new(range(100), PLAN, Duration::ZERO);
        let mut seen = BTreeSet::new();
        drive(&mut sweep, |sweep, ip, now| {
            if ip.octets()[3].is_multiple_of(2) || !seen.insert(ip) {
                sweep.answered(ip, now);
            }
        });
        assert!(sweep.outcome().is_lossy());
    }

    #[test]
    fn the_deadline_ends_what_would_never_end() {
        let plan = Plan { deadline: Duration::from_secs(2), ..PLAN };
        let mut sweep = Sweep::new(range(10), plan, Duration::ZERO);
        let end = drive(&mut sweep, Sweep::refused);
        assert!(end <= Duration::from_secs(2) + REFUSED_PAUSE);
        assert!(!sweep.outcome().is_complete());
    }

    proptest! {
        #[test]
        fn every_address_is_asked_whatever_is_refused(
            count in 1_usize..300, fates in prop::collection::vec(0_u8..4, 1..600),
        ) {
            let mut sweep = Sweep::new(range(count), PLAN, Duration::ZERO);
            let mut asked = BTreeSet::new();
            let mut fates = fates.into_iter();
            drive(&mut sweep, |sweep, ip, now| match fates.next() {
                Some(0) => sweep.refused(ip, now),
                Some(1) => { asked.insert(ip); sweep.answered(ip, now); }
                _ => { asked.insert(ip); }
            });
            prop_assert_eq!(asked.len(), count);
            let outcome = sweep.outcome();
            prop_assert!(outcome.is_complete() && outcome.answered <= outcome.asked);
        }
    }
}
