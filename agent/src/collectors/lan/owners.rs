//! Which device is behind an internet address, as far as it is proven: the pure core that keeps words which name no
//! device from crediting the wrong one.
//!
//! A ping's answer or a name comes from an internet address. It credits a device only if the device's own address
//! was confirmed in the last minute (by the kernel, or by an answer to our ARP), or is within the time that the
//! kernel may take to find out. Addresses and waiting words are bounded; what finds no room proves nothing.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::time::Duration;

use vigie_shared::mac::Mac;
use vigie_shared::wire::reading::Source;

use super::census::Evidence;
use super::neighbour::{CONFIRMED_MAX, RECHECK};

/// More addresses than the largest network that is swept unasked has; later ones are not remembered.
pub const OWNERS_MAX: usize = 4096;

/// Words that wait for their owner's confirmation; an invented crowd gets no more.
pub const WORDS_MAX: usize = 1024;

/// Something said from an internet address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Word {
    /// From where.
    pub ip: IpAddr,
    /// When.
    pub at: Duration,
    /// What kind of word.
    pub source: Source,
    /// The name that the speaker gave itself, if any.
    pub name: Option<String>,
}

/// What is known about addresses.
#[derive(Debug, Default)]
pub struct Owners {
    owners: BTreeMap<IpAddr, Owner>,
    waiting: BTreeMap<IpAddr, Word>,
}

#[derive(Debug, Clone, Copy)]
struct Owner {
    mac: Mac,
    confirmed_at: Option<Duration>,
    listed_at: Option<Duration>,
}

impl Owners {
    /// Notes that the kernel's table lists this pair, confirmed or not.
    pub fn listed(&mut self, ip: IpAddr, mac: Mac, now: Duration) {
        if let Some(owner) = self.learn(ip, mac) {
            owner.listed_at = Some(now);
        }
    }

    /// Notes that this pair is true at a moment. Returns what the word that waited for it proves.
    pub fn confirmed(&mut self, ip: IpAddr, mac: Mac, at: Duration) -> Option<Evidence> {
        let owner = self.learn(ip, mac)?;
        owner.confirmed_at = owner.confirmed_at.max(Some(at));
        let word = self.waiting.remove(&ip)?;
        (at <= word.at + RECHECK && word.at <= at + CONFIRMED_MAX).then(|| word.by(mac))
    }

    /// Takes a word: evidence if its owner is confirmed, else it waits.
    pub fn said(&mut self, word: Word) -> Option<Evidence> {
        let owner = self.owners.get(&word.ip);
        let confirmed = owner.filter(|owner| owner.confirmed_at.is_some_and(|at| word.at <= at + CONFIRMED_MAX));
        if let Some(owner) = confirmed {
            return Some(word.by(owner.mac));
        }
        if self.waiting.len() >= WORDS_MAX {
            self.waiting.retain(|_, old| word.at <= old.at + RECHECK);
        }
        if self.waiting.len() < WORDS_MAX || self.waiting.contains_key(&word.ip) {
            self.waiting.insert(word.ip, word);
        }
        None
    }

    /// Whose address this is, proven or not.
    #[must_use]
    pub fn mac(&self, ip: IpAddr) -> Option<Mac> {
        self.owners.get(&ip).map(|owner| owner.mac)
    }

    /// Whether the kernel listed an owner of this address within the last minute: a packet to it needs no broadcast.
    #[must_use]
    pub fn is_listed(&self, ip: IpAddr, now: Duration) -> bool {
        self.owners.get(&ip).is_some_and(|owner| owner.listed_at.is_some_and(|at| now <= at + CONFIRMED_MAX))
    }

    /// The addresses that are listed, in their order.
    pub fn all_listed(&self, now: Duration) -> impl Iterator<Item = IpAddr> + '_ {
        self.owners.keys().copied().filter(move |ip| self.is_listed(*ip, now))
    }

    /// The owner as it is now; another device at the address begins anew, and takes no word of the former.
    fn learn(&mut self, ip: IpAddr, mac: Mac) -> Option<&mut Owner> {
        if ip.is_unspecified() || self.owners.len() >= OWNERS_MAX && !self.owners.contains_key(&ip) {
            return None;
        }
        let new = Owner { mac, confirmed_at: None, listed_at: None };
        let owner = self.owners.entry(ip).or_insert(new);
        if owner.mac != mac {
            *owner = new;
            self.waiting.remove(&ip);
        }
        Some(owner)
    }
}

impl Word {
    fn by(self, mac: Mac) -> Evidence {
        Evidence { mac, ip: Some(self.ip), at: self.at, source: self.source, name: self.name }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const PHONE: Mac = Mac([0x8e, 0x1b, 0x7c, 0, 0x11, 0x22]);
    const LAPTOP: Mac = Mac([0x3c, 0x22, 0xfb, 0, 0x11, 0x23]);

    fn at(s: u64) -> Duration {
        Duration::from_secs(s)
    }

    fn ip(n: u8) -> IpAddr {
        IpAddr::from([0xfe80, 0, 0, 0, 0, 0, 0, u16::from(n)])
    }

    fn answer(n: u8, s: u64) -> Word {
        Word { ip: ip(n), at: at(s), source: Source::Icmp, name: None }
    }

    fn proof(mac: Mac, n: u8, s: u64) -> Evidence {
        Evidence { mac, ip: Some(ip(n)), at: at(s), source: Source::Icmp, name: None }
    }

    #[test]
    fn an_answer_credits_nobody_while_its_owner_is_only_listed() {
        let mut owners = Owners::default();
        assert_eq!(owners.said(answer(7, 100)), None);
        owners.listed(ip(7), PHONE, at(100));
        assert_eq!(owners.said(answer(7, 101)), None);
        assert_eq!(owners.confirmed(ip(7), PHONE, at(106)), Some(proof(PHONE, 7, 101)));
        assert_eq!(owners.said(answer(7, 110)), Some(proof(PHONE, 7, 110)));
    }

    #[test]
    fn a_confirmation_that_comes_too_late_or_is_too_old_credits_nobody() {
        let mut owners = Owners::default();
        assert_eq!(owners.said(answer(7, 100)), None);
        assert_eq!(owners.confirmed(ip(7), PHONE, at(110)), None);
        assert_eq!(owners.said(answer(7, 171)), None);
    }

    #[test]
    fn another_device_at_the_address_takes_no_credit_for_the_former() {
        let mut owners = Owners::default();
        owners.listed(ip(7), PHONE, at(100));
        assert_eq!(owners.said(answer(7, 101)), None);
        assert_eq!(owners.confirmed(ip(7), LAPTOP, at(102)), None);
        assert_eq!(owners.said(answer(7, 103)), Some(proof(LAPTOP, 7, 103)));
        owners.listed(ip(7), PHONE, at(104));
        assert_eq!(owners.said(answer(7, 105)), None);
    }

    #[test]
    fn a_crowd_that_nobody_confirms_is_bounded_and_displaced_by_time() {
        let mut owners = Owners::default();
        let invented = |n: u16| IpAddr::from([0xfe80, 0, 0, 0, 1, 0, 0, n]);
        (0..5000).for_each(|n| {
            owners.listed(invented(n), PHONE, at(100));
            owners.said(Word { ip: invented(n), ..answer(0, 100) });
        });
        assert_eq!((owners.owners.len(), owners.waiting.len()), (OWNERS_MAX, WORDS_MAX));
        owners.said(answer(0, 120));
        assert_eq!(owners.waiting.len(), 1);
    }

    #[test]
    fn what_the_kernel_listed_long_ago_needs_a_broadcast() {
        let mut owners = Owners::default();
        owners.listed(ip(7), PHONE, at(100));
        owners.confirmed(ip(8), LAPTOP, at(100));
        assert!(owners.is_listed(ip(7), at(160)) && !owners.is_listed(ip(7), at(161)));
        assert!(!owners.is_listed(ip(8), at(100)));
        assert_eq!(owners.all_listed(at(160)).collect::<Vec<_>>(), [ip(7)]);
    }

    #[derive(Debug, Clone, Copy)]
    enum Step {
        Listed(u8, Mac),
        Confirmed(u8, Mac),
        Said(u8),
    }

    fn any_step() -> impl Strategy<Value = (u64, Step)> {
        let mac = prop_oneof![Just(PHONE), Just(LAPTOP)];
        let step = prop_oneof![
            (0_u8..4, mac.clone()).prop_map(|(n, mac)| Step::Listed(n, mac)),
            (0_u8..4, mac).prop_map(|(n, mac)| Step::Confirmed(n, mac)),
            (0_u8..4).prop_map(Step::Said),
        ];
        (0_u64..30, step)
    }

    proptest! {
        #[test]
        fn whoever_is_credited_was_confirmed_at_the_address_at_about_the_time(
            steps in prop::collection::vec(any_step(), 0..100),
        ) {
            let mut owners = Owners::default();
            let mut confirmations = Vec::new();
            let mut now = 100;
            for (pause, step) in steps {
                now += pause;
                let proof = match step {
                    Step::Listed(n, mac) => {
                        owners.listed(ip(n), mac, at(now));
                        None
                    }
                    Step::Confirmed(n, mac) => {
                        confirmations.push((mac, Some(ip(n)), at(now)));
                        owners.confirmed(ip(n), mac, at(now))
                    }
                    Step::Said(n) => owners.said(answer(n, now)),
                };
                if let Some(proof) = proof {
                    let is_near = |at: Duration| at <= proof.at + RECHECK && proof.at <= at + CONFIRMED_MAX;
                    let is_it = |(mac, ip, at): &(Mac, Option<IpAddr>, Duration)| (*mac, *ip) == (proof.mac, proof.ip) && is_near(*at);
                    prop_assert!(confirmations.iter().any(is_it), "{proof:?}");
                }
            }
        }
    }
}
