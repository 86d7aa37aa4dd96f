//! Pure: how often somebody may guess a password.
//!
//! Every attempt counts before the password is looked at, so that parallel guesses gain nothing; success
//! forgets. The first attempts are free, then each one doubles the wait. Two rows count: one per account and
//! address, one per address whatever the account.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::time::{Duration, Instant};

/// Attempts that cost no wait, per account and address.
const FREE_PER_ACCOUNT: u32 = 5;
/// Attempts that cost no wait, per address.
const FREE_PER_ADDRESS: u32 = 20;
/// The longest wait.
const WAIT_MAX: Duration = Duration::from_secs(15 * 60);
/// After this time without an attempt a row is forgotten.
const MEMORY: Duration = Duration::from_secs(60 * 60);
/// Rows kept at once; those that were quiet longest go first.
const ROWS_MAX: usize = 10_000;

/// Who is guessing: the account, none for the whole address, and the network the guess came from.
type Key = (Option<String>, Option<IpAddr>);

/// Counts attempts and says who must wait.
#[derive(Default)]
pub struct Limiter {
    rows: BTreeMap<Key, Row>,
}

struct Row {
    attempts: u32,
    last: Instant,
}

impl Limiter {
    /// Counts an attempt; `Err` says how long to wait before the next one can count.
    ///
    /// # Errors
    ///
    /// The remaining wait, if the attempt comes too early. It is then not counted.
    pub fn on_attempt(&mut self, account: &str, address: Option<IpAddr>, now: Instant) -> Result<(), Duration> {
        let network = address.map(network_of);
        self.attempt([((Some(fold(account)), network), FREE_PER_ACCOUNT), ((None, network), FREE_PER_ADDRESS)], now)
    }

    /// Counts a guess at something so short that it must be guessed slowly from wherever in the world.
    ///
    /// # Errors
    ///
    /// The remaining wait, if the guess comes too early. It is then not counted.
    pub fn on_guess(&mut self, what: &str, now: Instant) -> Result<(), Duration> {
        self.attempt([((Some(fold(what)), None), FREE_PER_ACCOUNT)], now)
    }

    /// Forgets the guesses of somebody who knew it.
    pub fn on_right_guess(&mut self, what: &str) {
        self.rows.remove(&(Some(fold(what)), None));
    }

    fn attempt<const N: usize>(&mut self, keys: [(Key, u32); N], now: Instant) -> Result<(), Duration> {
        let wait = keys.iter().map(|(key, free)| self.wait(key, *free, now)).max().unwrap_or_default();
        if !wait.is_zero() {
            return Err(wait);
        }
        for (key, _) in keys {
            self.count(key, now);
        }
        Ok(())
    }

    /// Forgets the attempts of somebody who knew the password.
    pub fn on_success(&mut self, account: &str, address: Option<IpAddr>) {
        let network = address.map(network_of);
        self.rows.remove(&(Some(fold(account)), network));
        self.rows.remove(&(None, network));
    }

    fn wait(&self, key: &Key, free: u32, now: Instant) -> Duration {
        let Some(row) = self.rows.get(key) else { return Duration::ZERO };
        let quiet = now.saturating_duration_since(row.last);
        if row.attempts < free || quiet >= MEMORY {
            return Duration::ZERO;
        }
        let doublings = (row.attempts - free).min(16);
        Duration::from_secs(1 << doublings).min(WAIT_MAX).saturating_sub(quiet)
    }

    fn count(&mut self, key: Key, now: Instant) {
        if self.rows.len() >= ROWS_MAX && !self.rows.contains_key(&key) {
            self.make_room(now);
        }
        let row = self.rows.entry(key).or_insert(Row { attempts: 0, last: now });
        if now.saturating_duration_since(row.last) >= MEMORY {
            row.attempts = 0;
        }
        row.attempts = row.attempts.saturating_add(1);
        row.last = now;
    }

    /// Forgets the half that was quiet longest: rarely much work, instead of some at each attempt.
    fn make_room(&mut self, now: Instant) {
        self.rows.retain(|_, row| now.saturating_duration_since(row.last) < MEMORY);
        if self.rows.len() < ROWS_MAX {
            return;
        }
        let mut ages: Vec<Instant> = self.rows.values().map(|row| row.last).collect();
        let half = ages.len() / 2;
        let (_, middle, _) = ages.select_nth_unstable(half);
        let middle = *middle;
        self.rows.retain(|_, row| row.last > middle);
    }
}

/// A household of IPv6 has a whole /64: it counts as one.
pub(crate) fn network_of(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(long) => match long.to_ipv4_mapped() {
            Some(short) => IpAddr::V4(short),
            None => IpAddr::V6((u128::from(long) & !u128::from(u64::MAX)).into()),
        },
    }
}

/// Names that a person would take for the same, cut so that a row stays small.
fn fold(account: &str) -> String {
    account.trim().to_lowercase().chars().take(96).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const HOME: Option<IpAddr> = Some(IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 1)));
    const AWAY: Option<IpAddr> = Some(IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 2)));

    fn now() -> Instant {
        tokio::time::Instant::now().into_std()
    }

    fn exhaust(limiter: &mut Limiter, now: Instant) {
        for _ in 0..FREE_PER_ACCOUNT {
            assert_eq!(limiter.on_attempt("lea", HOME, now), Ok(()));
        }
    }

    #[test]
    fn the_sixth_guess_waits_and_each_further_one_waits_twice_as_long() {
        let (mut limiter, start) = (Limiter::default(), now());
        exhaust(&mut limiter, start);
        assert_eq!(limiter.on_attempt("lea", HOME, start), Err(Duration::from_secs(1)));
        let later = start + Duration::from_secs(1);
        assert_eq!(limiter.on_attempt("lea", HOME, later), Ok(()));
        assert_eq!(limiter.on_attempt("lea", HOME, later), Err(Duration::from_secs(2)));
    }

    #[test]
    fn another_address_and_another_account_are_not_punished() {
        let (mut limiter, start) = (Limiter::default(), now());
        exhaust(&mut limiter, start);
        assert_eq!(limiter.on_attempt("lea", AWAY, start), Ok(()));
        assert_eq!(limiter.on_attempt("max", HOME, start), Ok(()));
    }

    #[test]
    fn writing_the_name_differently_does_not_help() {
        let (mut limiter, start) = (Limiter::default(), now());
        exhaust(&mut limiter, start);
        assert!(limiter.on_attempt(" LEA ", HOME, start).is_err());
    }

    #[test]
    fn many_accounts_from_one_address_are_one_attack() {
        let (mut limiter, start) = (Limiter::default(), now());
        let allowed = (0..100).filter(|n| limiter.on_attempt(&format!("a{n}"), HOME, start).is_ok()).count();
        assert_eq!(allowed, FREE_PER_ADDRESS as usize);
    }

    #[test]
    fn success_forgets() {
        let (mut limiter, start) = (Limiter::default(), now());
        exhaust(&mut limiter, start);
        limiter.on_success("lea", HOME);
        exhaust(&mut limiter, start);
    }

    #[test]
    fn a_network_of_many_ipv6_addresses_counts_once() {
        let (mut limiter, start) = (Limiter::default(), now());
        let address = |n: u16| Some(format!("2001:db8:1:2::{n:x}").parse().unwrap());
        let allowed = (0..50).filter(|n| limiter.on_attempt("lea", address(*n), start).is_ok()).count();
        assert_eq!(allowed, FREE_PER_ACCOUNT as usize);
    }

    #[test]
    fn memory_is_bounded_whatever_is_tried() {
        let (mut limiter, start) = (Limiter::default(), now());
        for n in 0..(2 * u32::try_from(ROWS_MAX).unwrap()) {
            let address = Some(IpAddr::V4(n.into()));
            limiter.on_attempt("lea", address, start + Duration::from_millis(n.into())).unwrap();
        }
        assert!(limiter.rows.len() <= ROWS_MAX);
    }

    proptest! {
        #[test]
        fn no_wait_is_longer_than_the_longest(gaps in prop::collection::vec(0u64..4000, 0..60)) {
            let (mut limiter, mut time) = (Limiter::default(), now());
            for gap in gaps {
                time += Duration::from_secs(gap);
                if let Err(wait) = limiter.on_attempt("lea", HOME, time) {
                    prop_assert!(wait <= WAIT_MAX);
                }
            }
        }
    }
}
