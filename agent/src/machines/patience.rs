//! Pure: when a machine that refused or shut the door is asked again, so that no server punishes the box for a storm.
//!
//! OpenSSH refuses an address for a while that fails to log in, or that leaves before it tried. After a refusal the box
//! stays away for at least one round and twice as long each time, up to a day. What it said last stays said meanwhile.

use std::collections::BTreeMap;
use std::time::Duration;

use vigie_shared::backoff::Backoff;
use vigie_shared::wire::reading::MachineReach;

use super::MACHINES_MAX;

/// First and longest time to stay away.
const STAY_AWAY: (Duration, Duration) = (Duration::from_secs(20 * 60), Duration::from_secs(24 * 3600));

/// Whom the box leaves in peace; by the machine's own name for itself: its address on the LAN, or the internet address.
#[derive(Debug, Default)]
pub struct Patience {
    refused: BTreeMap<String, Refusal>,
}

#[derive(Debug)]
struct Refusal {
    reach: MachineReach,
    backoff: Backoff,
    again_at: Duration,
}

impl Patience {
    /// What the machine said last, if it must be left in peace now.
    #[must_use]
    pub fn still_says(&self, machine: &str, now: Duration) -> Option<&MachineReach> {
        self.refused.get(machine).filter(|refusal| now < refusal.again_at).map(|refusal| &refusal.reach)
    }

    /// Notes how a contact ended. `seed` decides the jitter.
    pub fn note(&mut self, machine: &str, reach: &MachineReach, now: Duration, seed: u64) {
        match reach {
            MachineReach::Refused | MachineReach::Shut => {
                if self.refused.len() >= MACHINES_MAX {
                    self.refused.retain(|_, refusal| now < refusal.again_at);
                }
                if self.refused.len() >= MACHINES_MAX && !self.refused.contains_key(machine) {
                    return;
                }
                let fresh = || Refusal {
                    reach: reach.clone(),
                    // The jitter takes up to half away; the first wait must outlast one round.
                    backoff: Backoff::new(STAY_AWAY.0, STAY_AWAY.1, seed),
                    again_at: now,
                };
                let refusal = self.refused.entry(machine.to_owned()).or_insert_with(fresh);
                refusal.reach = reach.clone();
                refusal.again_at = now + refusal.backoff.next_wait();
            }
            // Whoever is away or not at home says nothing about the login.
            MachineReach::Silent | MachineReach::NoSsh => {}
            _ => {
                self.refused.remove(machine);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MAC: &str = "3c:22:fb:00:11:22";

    fn minutes(n: u64) -> Duration {
        Duration::from_secs(n * 60)
    }

    /// The minutes at which a machine that always ends like this is asked in a day of looks every ten minutes.
    fn asked(reach: &MachineReach) -> Vec<u64> {
        let mut patience = Patience::default();
        let mut asked = Vec::new();
        for minute in (0..24 * 60).step_by(10) {
            if patience.still_says(MAC, minutes(minute)).is_none() {
                asked.push(minute);
                patience.note(MAC, reach, minutes(minute), 7);
            }
        }
        asked
    }

    #[test]
    fn s22_a_refusal_or_a_shut_door_is_no_storm_of_tries() {
        for reach in [MachineReach::Refused, MachineReach::Shut] {
            let asked = asked(&reach);
            assert!(asked.len() <= 10, "{asked:?}");
            assert!(asked[1] >= 10, "{asked:?}");
        }
        assert_eq!(asked(&MachineReach::Silent).len(), 144);
        assert_eq!(asked(&MachineReach::Read).len(), 144);
    }

    #[test]
    fn what_it_said_stays_said_until_it_is_asked_again() {
        let mut patience = Patience::default();
        patience.note(MAC, &MachineReach::Shut, minutes(0), 7);
        assert_eq!(patience.still_says(MAC, minutes(9)), Some(&MachineReach::Shut));
        assert_eq!(patience.still_says("10.0.0.9", minutes(9)), None);
        patience.note(MAC, &MachineReach::Read, minutes(60), 7);
        assert_eq!(patience.still_says(MAC, minutes(61)), None);
    }

    #[test]
    fn a_crowd_of_refusals_is_bounded() {
        let mut patience = Patience::default();
        for n in 0..2 * MACHINES_MAX {
            patience.note(&n.to_string(), &MachineReach::Refused, minutes(0), 7);
        }
        assert_eq!(patience.refused.len(), MACHINES_MAX);
    }
}
