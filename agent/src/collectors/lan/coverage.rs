//! When the observer could see, and when and why it was blind: the pure half of every statement about absence.

use std::time::Duration;

use vigie_shared::wire::reading::Sight;

/// A stretch of time in which the observer's sight was the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stretch {
    /// Its beginning.
    pub from: Duration,
    /// Its end.
    pub to: Duration,
    /// Addresses asked in it.
    pub asked: u32,
    /// Able to see, or why not.
    pub sight: Sight,
}

/// Keeps the record of one observer's sight.
#[derive(Debug)]
pub struct Lookout {
    current: Stretch,
    closed: Vec<Stretch>,
}

/// More changes of sight in one interval are summed up as blind: a link that flaps is no observer.
const STRETCHES_MAX: usize = 32;

impl Lookout {
    /// Begins with this sight.
    #[must_use]
    pub fn new(sight: Sight, now: Duration) -> Self {
        Self { current: Stretch { from: now, to: now, asked: 0, sight }, closed: Vec::new() }
    }

    /// Notes what the observer's sight is from now on; saying the same again changes nothing.
    pub fn set(&mut self, sight: Sight, now: Duration) {
        if self.current.sight == sight {
            return;
        }
        let next = Stretch { from: now, to: now, asked: 0, sight };
        let ended = Stretch { to: now.max(self.current.from), ..std::mem::replace(&mut self.current, next) };
        let is_full = self.closed.len() >= STRETCHES_MAX;
        match self.closed.last_mut() {
            Some(last) if is_full => {
                last.to = ended.to;
                last.asked = last.asked.saturating_add(ended.asked);
                last.sight = Sight::Blind("the link went up and down again and again".to_owned());
            }
            _ => self.closed.push(ended),
        }
    }

    /// Notes that addresses were asked.
    pub fn asked(&mut self, addresses: u32) {
        self.current.asked = self.current.asked.saturating_add(addresses);
    }

    /// Ends the interval and returns its stretches, oldest first; the sight stays what it is.
    pub fn close(&mut self, now: Duration) -> Vec<Stretch> {
        let next = Stretch { from: now, to: now, asked: 0, sight: self.current.sight.clone() };
        let ended = Stretch { to: now.max(self.current.from), ..std::mem::replace(&mut self.current, next) };
        let mut stretches = std::mem::take(&mut self.closed);
        stretches.push(ended);
        stretches.retain(|stretch| stretch.to > stretch.from);
        stretches
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(s: u64) -> Duration {
        Duration::from_secs(s)
    }

    #[test]
    fn an_outage_is_a_stretch_of_its_own() {
        let mut lookout = Lookout::new(Sight::Clear, at(0));
        lookout.asked(254);
        lookout.set(Sight::Blind("no carrier".to_owned()), at(100));
        lookout.set(Sight::Blind("no carrier".to_owned()), at(120));
        lookout.set(Sight::Clear, at(160));

        let stretches = lookout.close(at(300));

        let sights: Vec<_> = stretches.iter().map(|s| (s.from, s.to, s.asked, s.sight == Sight::Clear)).collect();
        assert_eq!(sights, [(at(0), at(100), 254, true), (at(100), at(160), 0, false), (at(160), at(300), 0, true)]);
        assert_eq!(lookout.close(at(300)), []);
    }

    proptest! {
        #[test]
        fn stretches_follow_one_another_without_a_hole(changes in prop::collection::vec((0_u64..5, 0_u8..3), 0..200)) {
            let mut now = at(0);
            let mut lookout = Lookout::new(Sight::Clear, now);
            let mut blind_ever = false;
            for (pause, sight) in changes {
                now += at(pause);
                blind_ever |= sight != 0;
                let sight = if sight == 0 { Sight::Clear } else { Sight::Blind(sight.to_string()) };
                lookout.set(sight, now);
            }
            let stretches = lookout.close(now + at(1));
            prop_assert!(stretches.len() <= STRETCHES_MAX + 1);
            prop_assert_eq!(stretches.first().map(|s| s.from), Some(at(0)));
            prop_assert_eq!(stretches.last().map(|s| s.to), Some(now + at(1)));
            prop_assert!(stretches.windows(2).all(|pair| pair[0].to == pair[1].from));
            prop_assert!(blind_ever || stretches.iter().all(|s| s.sight == Sight::Clear));
        }
    }
}
