//! How many connections each address has.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::login::limiter::network_of;

pub(super) struct Addresses {
    taken: Mutex<BTreeMap<IpAddr, usize>>,
    each_max: usize,
}

/// One connection of an address, given back when dropped.
pub(super) struct Seat {
    network: IpAddr,
    owner: Arc<Addresses>,
}

impl Addresses {
    pub(super) fn new(each_max: usize) -> Self {
        Self { taken: Mutex::default(), each_max: each_max.max(1) }
    }

    /// Takes a seat; none if the address has as many as it may.
    pub(super) fn enter(self: &Arc<Self>, address: IpAddr) -> Option<Seat> {
        let network = network_of(address);
        let mut taken = self.taken();
        let count = taken.entry(network).or_default();
        if *count >= self.each_max {
            return None;
        }
        *count += 1;
        Some(Seat { network, owner: Arc::clone(self) })
    }

    fn taken(&self) -> MutexGuard<'_, BTreeMap<IpAddr, usize>> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut taken = self.owner.taken();
        if let Some(count) = taken.get_mut(&self.network) {
            *count -= 1;
            if *count == 0 {
                taken.remove(&self.network);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_so_many_and_its_neighbour_has_its_own() {
        let addresses = Arc::new(Addresses::new(2));
        let (one, other) = (IpAddr::from([192, 0, 2, 1]), IpAddr::from([192, 0, 2, 2]));
        let (first, _second) = (addresses.enter(one).unwrap(), addresses.enter(one).unwrap());
        assert!(addresses.enter(one).is_none() && addresses.enter(other).is_some());
        drop(first);
        assert!(addresses.enter(one).is_some());
        assert_eq!(addresses.taken().len(), 1, "who has none is forgotten");
    }
}
