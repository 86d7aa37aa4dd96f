//! One device's confirmations in one interval: first, last, how many, by what, and for which addresses.

use std::net::IpAddr;
use std::time::Duration;

use vigie_shared::wire::reading::Source;

use super::claims::Claims;

/// Words of the bitmap: 384 seconds, an interval of five minutes and what it may reach back.
const WORDS: usize = 6;

/// The confirmations. Adding the same ones in any order gives the same tally.
#[derive(Debug, Clone)]
pub struct Tally {
    start: Duration,
    first: Duration,
    last: Duration,
    seconds: [u64; WORDS],
    sources: u16,
    claims: Claims,
}

impl Tally {
    /// Begins an empty tally of an interval that begins at `start`.
    #[must_use]
    pub fn new(start: Duration) -> Self {
        Self {
            start,
            first: Duration::MAX,
            last: Duration::ZERO,
            seconds: [0; WORDS],
            sources: 0,
            claims: Claims::default(),
        }
    }

    /// Counts a confirmation, which is not before the interval's start.
    pub fn add(&mut self, at: Duration, source: Source) {
        self.first = self.first.min(at);
        self.last = self.last.max(at);
        self.sources |= source.bit();
        let second = at.saturating_sub(self.start).as_secs();
        let word = usize::try_from(second / 64).unwrap_or(WORDS).min(WORDS - 1);
        if let Some(word) = self.seconds.get_mut(word) {
            *word |= 1 << (second % 64);
        }
    }

    /// Notes that the device used, or answered for, an address.
    pub fn answer_for(&mut self, ip: IpAddr) {
        self.claims.add(ip);
    }

    /// First confirmation.
    #[must_use]
    pub fn first(&self) -> Duration {
        self.first
    }

    /// Last confirmation.
    #[must_use]
    pub fn last(&self) -> Duration {
        self.last
    }

    /// Seconds in which it was confirmed: one answer that reaches us on two ways counts once.
    #[must_use]
    pub fn count(&self) -> u16 {
        let seconds: u32 = self.seconds.iter().map(|word| word.count_ones()).sum();
        u16::try_from(seconds).unwrap_or(u16::MAX)
    }

    /// A sum of [`Source::bit`].
    #[must_use]
    pub fn sources(&self) -> u16 {
        self.sources
    }

    /// Whether a machine with this tally answers for others.
    #[must_use]
    pub fn is_of_proxy(&self) -> bool {
        self.claims.is_of_proxy()
    }
}
