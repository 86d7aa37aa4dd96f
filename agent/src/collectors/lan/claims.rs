//! The addresses that one machine answers for: what tells a proxy, which answers for others, from a device.

use std::collections::BTreeSet;
use std::net::IpAddr;

use super::census::{ADDRESSES_MAX, CANARY};

/// So many are too many of one kind, whichever came first.
const KEPT: usize = 2 * ADDRESSES_MAX + 1;

/// One machine's addresses, as many as tell something.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Claims {
    addresses: BTreeSet<IpAddr>,
    has_canary: bool,
}

impl Claims {
    /// Notes that the machine used, or answered for, an address. Over IPv6 only those of the link tell anything: of
    /// others a device makes up as many as it likes.
    pub fn add(&mut self, ip: IpAddr) {
        self.has_canary |= ip == CANARY;
        let is_telling = match ip {
            IpAddr::V4(_) => true,
            IpAddr::V6(ip) => ip.is_unicast_link_local(),
        };
        if is_telling && self.addresses.len() < KEPT {
            self.addresses.insert(ip);
        }
    }

    /// Whether the machine answers for others: for more than [`ADDRESSES_MAX`] of one kind, or for the [`CANARY`].
    #[must_use]
    pub fn is_of_proxy(&self) -> bool {
        let v4 = self.addresses.iter().filter(|ip| ip.is_ipv4()).count();
        self.has_canary || v4.max(self.addresses.len() - v4) > ADDRESSES_MAX
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn v4(n: u8) -> IpAddr {
        IpAddr::from([10, 0, 0, n])
    }

    fn v6(prefix: u16, n: u8) -> IpAddr {
        IpAddr::from([prefix, 0, 0, 0, 0, 0, 0, u16::from(n)])
    }

    fn is_proxy(addresses: impl IntoIterator<Item = IpAddr>) -> bool {
        let mut claims = Claims::default();
        addresses.into_iter().for_each(|ip| claims.add(ip));
        claims.is_of_proxy()
    }

    #[test]
    fn many_addresses_of_one_kind_make_a_proxy_and_a_few_of_each_do_not() {
        assert!(!is_proxy((0..8).map(v4).chain((0..8).map(|n| v6(0xfe80, n)))));
        assert!(is_proxy((0..9).map(v4)));
        assert!(is_proxy((0..9).map(|n| v6(0xfe80, n))));
        assert!(is_proxy([CANARY.into()]));
    }

    #[test]
    fn a_device_may_make_up_as_many_global_addresses_as_it_likes() {
        assert!(!is_proxy((0..=255).map(|n| v6(0x2001, n))));
    }

    proptest! {
        #[test]
        fn the_order_does_not_matter(
            addresses in prop::collection::vec((any::<bool>(), 0_u8..16), 0..60), seed: u64,
        ) {
            let addresses: Vec<_> =
                addresses.into_iter().map(|(is_v4, n)| if is_v4 { v4(n) } else { v6(0xfe80, n) }).collect();
            let mut shuffled = addresses.clone();
            fastrand::Rng::with_seed(seed).shuffle(&mut shuffled);
            prop_assert_eq!(is_proxy(addresses), is_proxy(shuffled));
        }
    }
}
