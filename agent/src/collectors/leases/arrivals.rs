//! Pure: which devices spoke to the DHCP server since the last look.
//!
//! A lease says "was here when it renewed". So an arrival is a lease that is new or whose end moved, dated at its
//! last contact where the file tells, else at the file's last change. A lease that vanishes says nothing. The
//! first look has nothing to compare with and reports only contacts that are recent by the file's own word.

use std::collections::BTreeMap;
use std::net::IpAddr;

use vigie_shared::mac::Mac;
use vigie_shared::wire::Stamp;

use super::lease::{Expiry, Lease};

/// A contact this recent is reported even if an earlier look could not have seen it, as after a restart.
const RECENT_S: u64 = 300;

/// The circumstances of a look.
#[derive(Debug, Clone, Copy)]
pub(super) struct Look {
    /// The clocks at the look.
    pub(super) now: Stamp,
    /// When the file last changed, seconds since 1970 by the same wall clock.
    pub(super) changed_s: i64,
}

/// A device that was there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Arrival {
    pub(super) mac: Mac,
    pub(super) ip: IpAddr,
    pub(super) name: Option<String>,
    /// Seconds from its contact to the look.
    pub(super) ago_s: u32,
}

/// What the last look at a file saw.
#[derive(Debug, Default)]
pub(super) struct Arrivals {
    known: BTreeMap<(Mac, IpAddr), (Expiry, Option<i64>)>,
    looked_ms: Option<u64>,
}

impl Arrivals {
    /// Compares the file's leases with those of the last look.
    pub(super) fn on_look(&mut self, leases: &[Lease], look: Look) -> Vec<Arrival> {
        let gap_s = self.looked_ms.map(|looked_ms| look.now.uptime_ms.saturating_sub(looked_ms) / 1000);
        let arrived = |lease: &&Lease| {
            let is_new = self.known.get(&(lease.mac, lease.ip)) != Some(&(lease.expiry, lease.contact_s));
            is_new && (gap_s.is_some() || lease.contact_s.is_some())
        };
        let horizon_s = gap_s.unwrap_or(0).max(RECENT_S);
        let arrivals = present(leases.iter().filter(arrived), look);
        self.known = leases.iter().map(|lease| ((lease.mac, lease.ip), (lease.expiry, lease.contact_s))).collect();
        self.looked_ms = Some(look.now.uptime_ms);
        arrivals.into_iter().filter(|arrival| u64::from(arrival.ago_s) <= horizon_s).collect()
    }

    /// Notes a look at a file that had not changed.
    pub(super) fn on_quiet_look(&mut self, now: Stamp) {
        self.looked_ms = Some(now.uptime_ms);
    }
}

/// The devices of the leases that have not ended, each at its last contact.
pub(super) fn present<'a>(leases: impl IntoIterator<Item = &'a Lease>, look: Look) -> Vec<Arrival> {
    let now_s = look.now.wall_ms.div_euclid(1000);
    let is_valid = |lease: &&Lease| !matches!(lease.expiry, Expiry::At(end_s) if end_s < now_s);
    let arrival = |lease: &Lease| Arrival {
        mac: lease.mac,
        ip: lease.ip,
        name: lease.name.clone(),
        // A contact after the look is a clock that was set back in between: the device is there now.
        ago_s: u32::try_from(now_s.saturating_sub(lease.contact_s.unwrap_or(look.changed_s)).max(0))
            .unwrap_or(u32::MAX),
    };
    leases.into_iter().filter(|lease| lease.mac.is_device()).filter(is_valid).map(arrival).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use vigie_shared::id::BootId;

    use super::*;

    const NOW_S: i64 = 1_795_176_000;

    fn look(at_s: i64, changed_s: i64) -> Look {
        let uptime_ms = u64::try_from(at_s - NOW_S + 1000).unwrap() * 1000;
        let now = Stamp { boot: BootId([1; 16]), uptime_ms, wall_ms: at_s * 1000, is_synced: true };
        Look { now, changed_s }
    }

    fn lease(last: u8, expiry: Expiry, contact_s: Option<i64>) -> Lease {
        let (mac, ip) = (Mac([0x3c, 0x22, 0xfb, 0, 0, last]), IpAddr::from([10, 0, 0, last]));
        Lease { mac, ip, name: None, expiry, contact_s }
    }

    fn seen(arrivals: &[Arrival]) -> Vec<(u8, u32)> {
        arrivals.iter().map(|arrival| (arrival.mac.0[5], arrival.ago_s)).collect()
    }

    #[test]
    fn a_renewed_lease_is_an_arrival_at_the_files_last_change() {
        let mut arrivals = Arrivals::default();
        let ends = |by_s| Expiry::At(NOW_S + by_s);

        let first = arrivals.on_look(&[lease(1, ends(3600), None), lease(2, ends(3600), None)], look(NOW_S, NOW_S));
        let second = arrivals.on_look(
            &[lease(1, ends(3650), None), lease(2, ends(3600), None), lease(3, ends(3600), None)],
            look(NOW_S + 60, NOW_S + 50),
        );

        assert_eq!(seen(&first), []);
        assert_eq!(seen(&second), [(1, 10), (3, 10)]);
    }

    #[test]
    fn a_known_contact_dates_the_arrival() {
        let mut arrivals = Arrivals::default();
        let at = |contact_s| lease(1, Expiry::At(contact_s + 600), Some(contact_s));

        assert_eq!(seen(&arrivals.on_look(&[at(NOW_S - 20)], look(NOW_S, NOW_S))), [(1, 20)]);
        assert_eq!(seen(&arrivals.on_look(&[at(NOW_S - 20)], look(NOW_S + 60, NOW_S))), []);
        assert_eq!(seen(&arrivals.on_look(&[at(NOW_S + 75)], look(NOW_S + 120, NOW_S + 119))), [(1, 45)]);
    }

    #[test]
    fn an_agent_that_starts_does_not_report_the_past_again() {
        let old = lease(1, Expiry::At(NOW_S + 3600), Some(NOW_S - 1000));
        assert_eq!(seen(&Arrivals::default().on_look(&[old], look(NOW_S, NOW_S))), []);
    }

    #[test]
    fn after_a_long_blindness_every_contact_since_the_last_look_counts() {
        let mut arrivals = Arrivals::default();
        arrivals.on_look(&[], look(NOW_S, NOW_S));

        let renewed = lease(1, Expiry::At(NOW_S + 7200), Some(NOW_S + 100));
        let older = lease(2, Expiry::At(NOW_S + 7200), Some(NOW_S - 100));
        let back = arrivals.on_look(&[renewed, older], look(NOW_S + 3600, NOW_S + 3600));

        assert_eq!(seen(&back), [(1, 3500)]);
    }

    #[test]
    fn a_lease_that_ended_or_names_no_device_is_no_arrival() {
        let mut arrivals = Arrivals::default();
        arrivals.on_look(&[], look(NOW_S, NOW_S));
        let group = Lease { mac: Mac([0xff; 6]), ..lease(2, Expiry::Never, None) };
        let rows = [lease(1, Expiry::At(NOW_S - 1), None), group, lease(3, Expiry::Lasts(600), None)];
        assert_eq!(seen(&arrivals.on_look(&rows, look(NOW_S + 60, NOW_S + 60))), [(3, 0)]);
    }

    #[test]
    fn a_clock_set_back_gives_no_negative_age() {
        let mut arrivals = Arrivals::default();
        arrivals.on_look(&[], look(NOW_S, NOW_S));
        let rows = [lease(1, Expiry::Never, Some(NOW_S + 9000))];
        assert_eq!(seen(&arrivals.on_look(&rows, look(NOW_S + 60, NOW_S + 60))), [(1, 0)]);
    }

    proptest! {
        #[test]
        fn a_file_that_stays_the_same_brings_nobody(
            rows in proptest::collection::vec((1..9u8, proptest::option::of(0..9_000i64)), 0..9),
            gap_s in 0..9_000i64,
        ) {
            let rows: Vec<Lease> =
                rows.into_iter().map(|(last, ago)| lease(last, Expiry::Never, ago.map(|ago| NOW_S - ago))).collect();
            // Two rows of one device and address: the last one is the file's word.
            let rows: Vec<Lease> =
                rows.iter().map(|row| ((row.mac, row.ip), row.clone())).collect::<BTreeMap<_, _>>().into_values().collect();
            let mut arrivals = Arrivals::default();
            arrivals.on_look(&rows, look(NOW_S, NOW_S));
            prop_assert_eq!(arrivals.on_look(&rows, look(NOW_S + gap_s, NOW_S + gap_s)), []);
        }
    }
}
