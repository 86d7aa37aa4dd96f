//! One session of the watch: the open sockets, what they look at, and the sweep on its way.

use std::collections::VecDeque;
use std::time::Duration;

use ipnet::Ipv4Net;

use crate::collectors::lan::census::Check;
use crate::collectors::lan::eyes::Eyes;
use crate::collectors::lan::interface::{self, Interface};
use crate::collectors::lan::survey;
use crate::collectors::lan::sweep::{Plan, Sweep};

/// What a session owns.
pub(super) struct Session {
    pub(super) eyes: Eyes,
    pub(super) interface: Interface,
    pub(super) ranges: Vec<Ipv4Net>,
    pub(super) sweep: Option<Sweep>,
    pub(super) is_full: bool,
    pub(super) next_sweep_at: Duration,
    pub(super) reread_at: Duration,
    pub(super) checks: VecDeque<Check>,
}

impl Session {
    /// Begins a session that is due a full sweep.
    pub(super) fn new(eyes: Eyes, interface: Interface, ranges: Vec<Ipv4Net>, now: Duration) -> Self {
        Self {
            eyes,
            interface,
            ranges,
            sweep: None,
            is_full: false,
            next_sweep_at: now,
            reread_at: now,
            checks: VecDeque::new(),
        }
    }

    /// A full sweep over the session's ranges.
    pub(super) fn full_sweep(&self, plan: Plan, now: Duration) -> Sweep {
        Sweep::new(interface::addresses(&self.ranges, self.interface.address.addr()), plan, now)
    }

    /// Begins a full sweep at once; a slow one on its way is given up.
    pub(super) fn begin_full_sweep(&mut self, plan: Plan, now: Duration) {
        survey::begin(&mut self.eyes);
        self.sweep = Some(self.full_sweep(plan, now));
        self.is_full = true;
        self.next_sweep_at = now;
    }

    /// Begins a sweep of one try, spread over `period` in random order: nothing is due before it is over.
    pub(super) fn begin_slow_sweep(&mut self, period: Duration, now: Duration) {
        let mut addresses = interface::addresses(&self.ranges, self.interface.address.addr());
        fastrand::shuffle(&mut addresses);
        self.eyes.wake_v6();
        let gap = period / u32::try_from(addresses.len()).unwrap_or(u32::MAX).max(1);
        let plan = Plan {
            gap,
            tries: 1,
            retry_after: Duration::ZERO,
            patience: Duration::ZERO,
            patience_expected: Duration::ZERO,
            deadline: 2 * period,
        };
        self.sweep = Some(Sweep::new(addresses, plan, now));
        self.is_full = false;
        self.next_sweep_at = now + period;
    }

    /// Whether a full sweep has just ended; true once.
    pub(super) fn has_ended_full_sweep(&mut self) -> bool {
        let has_ended = self.is_full && self.sweep.is_none();
        self.is_full &= !has_ended;
        has_ended
    }
}
