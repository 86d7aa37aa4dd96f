//! Which terminals may deliver: those that the owner lists, those that were admitted, and those that wait.
//!
//! Pure. Nobody is admitted by calling; whoever nobody knows is remembered for a person to decide, in a small room, so
//! that a stranger with a hundred thousand names costs nothing. What a terminal shows of its hardware is pinned when it
//! first delivers: all of it can be forged, it only raises the bar.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use serde::{Deserialize, Serialize};
use vigie_shared::wire::reading::{Standing, TerminalHardware};

use super::clock::Zone;
use super::serial::Serial;

/// Terminals that were admitted or refused by command, at most: a site has a handful.
pub const DECIDED_MAX: usize = 2_000;

/// Terminals that wait, at most.
pub const PENDING_MAX: usize = 64;

/// Of those so many from one address: a whole site may share one.
const PENDING_PER_ADDRESS_MAX: usize = 32;

/// One that waits and was not heard for so long is forgotten when another needs its place.
const PENDING_MS: u64 = 3_600_000;

/// What was decided by command, and the hardware that was seen; kept on the disk.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Decisions {
    /// True: admitted; false: refused.
    pub decided: BTreeMap<Serial, bool>,
    /// What each admitted terminal showed when it first delivered.
    pub pinned: BTreeMap<Serial, Pin>,
    /// In which zone a terminal stands, where a command said so.
    pub zones: BTreeMap<Serial, Zone>,
}

/// What should not change about a terminal.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Pin {
    /// Its processor's serial number.
    pub cpu: Option<String>,
    /// Its network address.
    pub mac: Option<String>,
    /// Its model.
    pub model: Option<String>,
}

/// The terminals of a box.
#[derive(Debug)]
pub struct Registry {
    listed: BTreeSet<Serial>,
    is_strict: bool,
    decisions: Decisions,
    pending: BTreeMap<Serial, Waiting>,
    /// Calls of terminals that found no room to wait.
    turned_away: u64,
}

#[derive(Debug, Clone)]
struct Waiting {
    address: Option<IpAddr>,
    heard_ms: u64,
}

/// What a call of a terminal means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Call {
    /// It may deliver.
    Admitted {
        /// It shows other hardware than before; the words say what.
        changed: Option<String>,
    },
    /// A person must decide.
    Pending {
        /// It called for the first time since the box started.
        is_first: bool,
    },
    /// There are too many that wait; it is not even remembered.
    TurnedAway,
    /// It was refused.
    Refused,
    /// It shows other hardware than before, and the owner is strict.
    Changed(String),
}

impl Registry {
    /// The owner's list, and what was decided by command.
    #[must_use]
    pub fn new(listed: BTreeSet<Serial>, is_strict: bool, decisions: Decisions) -> Self {
        Self { listed, is_strict, decisions, pending: BTreeMap::new(), turned_away: 0 }
    }

    /// What must survive a restart.
    #[must_use]
    pub fn decisions(&self) -> &Decisions {
        &self.decisions
    }

    /// A terminal calls, and says what it is.
    pub fn on_call(
        &mut self,
        serial: &Serial,
        address: Option<IpAddr>,
        hardware: &TerminalHardware,
        now_ms: u64,
    ) -> Call {
        match self.standing(serial) {
            Some(Standing::Refused) => Call::Refused,
            Some(Standing::Admitted) => self.on_known(serial, hardware),
            Some(Standing::Pending) | None => self.on_stranger(serial, address, now_ms),
        }
    }

    fn on_known(&mut self, serial: &Serial, hardware: &TerminalHardware) -> Call {
        let seen = Pin { cpu: hardware.cpu.clone(), mac: hardware.mac.clone(), model: hardware.model.clone() };
        let pinned = self.decisions.pinned.entry(serial.clone()).or_default();
        let changes = pinned.changes(&seen);
        if !changes.is_empty() && self.is_strict {
            return Call::Changed(changes.join(", "));
        }
        pinned.learn(seen);
        Call::Admitted { changed: (!changes.is_empty()).then(|| changes.join(", ")) }
    }

    fn on_stranger(&mut self, serial: &Serial, address: Option<IpAddr>, now_ms: u64) -> Call {
        if let Some(waiting) = self.pending.get_mut(serial) {
            waiting.heard_ms = now_ms;
            return Call::Pending { is_first: false };
        }
        if self.pending.len() >= PENDING_MAX {
            self.pending.retain(|_, waiting| now_ms.saturating_sub(waiting.heard_ms) < PENDING_MS);
        }
        let from_there = self.pending.values().filter(|waiting| waiting.address == address).count();
        if self.pending.len() >= PENDING_MAX || from_there >= PENDING_PER_ADDRESS_MAX {
            self.turned_away = self.turned_away.saturating_add(1);
            return Call::TurnedAway;
        }
        self.pending.insert(serial.clone(), Waiting { address, heard_ms: now_ms });
        Call::Pending { is_first: true }
    }

    /// A person decides. The owner's list cannot be overruled in his favour only: what he lists may be refused.
    ///
    /// # Errors
    ///
    /// Words, if too many were decided already.
    pub fn decide(&mut self, serial: &Serial, is_admitted: bool) -> Result<(), String> {
        let decided = &mut self.decisions.decided;
        if decided.len() >= DECIDED_MAX && !decided.contains_key(serial) {
            return Err(format!("{DECIDED_MAX} terminals were admitted or refused on this box; it takes no more"));
        }
        decided.insert(serial.clone(), is_admitted);
        self.pending.remove(serial);
        // Whoever admits a terminal anew takes it as it is.
        self.decisions.pinned.remove(serial);
        Ok(())
    }

    /// A person says in which zone a terminal stands; none: as the owner's settings say again.
    ///
    /// # Errors
    ///
    /// Words, if nobody admitted it: a box remembers nothing for whoever calls.
    pub fn place(&mut self, serial: &Serial, zone: Option<Zone>) -> Result<(), String> {
        if self.standing(serial) != Some(Standing::Admitted) {
            return Err(format!("terminal {serial} may not deliver to this box: admit it first"));
        }
        match zone {
            Some(zone) => drop(self.decisions.zones.insert(serial.clone(), zone)),
            None => drop(self.decisions.zones.remove(serial)),
        }
        Ok(())
    }

    /// Whether a terminal may deliver; none if it never called.
    #[must_use]
    pub fn standing(&self, serial: &Serial) -> Option<Standing> {
        match self.decisions.decided.get(serial) {
            Some(true) => Some(Standing::Admitted),
            Some(false) => Some(Standing::Refused),
            None if self.listed.contains(serial) => Some(Standing::Admitted),
            None => self.pending.contains_key(serial).then_some(Standing::Pending),
        }
    }

    /// Every terminal that anybody knows of, with where one that waits called from.
    pub fn all(&self) -> impl Iterator<Item = (&Serial, Standing, Option<IpAddr>)> {
        let known: BTreeSet<&Serial> = self.listed.iter().chain(self.decisions.decided.keys()).collect();
        let known = known.into_iter().map(|serial| (serial, self.standing(serial).unwrap_or(Standing::Pending), None));
        known.chain(self.pending.iter().map(|(serial, waiting)| (serial, Standing::Pending, waiting.address)))
    }
}

impl Pin {
    fn changes(&self, seen: &Self) -> Vec<String> {
        let pairs = [
            ("processor", &self.cpu, &seen.cpu),
            ("network address", &self.mac, &seen.mac),
            ("model", &self.model, &seen.model),
        ];
        let differs = |(what, before, after): (&str, &Option<String>, &Option<String>)| match (before, after) {
            (Some(before), Some(after)) if !before.eq_ignore_ascii_case(after) => {
                Some(format!("{what} {after} instead of {before}"))
            }
            _ => None,
        };
        pairs.into_iter().filter_map(differs).collect()
    }

    fn learn(&mut self, seen: Self) {
        self.cpu = seen.cpu.or_else(|| self.cpu.take());
        self.mac = seen.mac.or_else(|| self.mac.take());
        self.model = seen.model.or_else(|| self.model.take());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn serial(text: &str) -> Serial {
        text.parse().unwrap()
    }

    fn registry(is_strict: bool) -> Registry {
        Registry::new(BTreeSet::from([serial("ZX1")]), is_strict, Decisions::default())
    }

    fn hardware(cpu: &str) -> TerminalHardware {
        TerminalHardware { cpu: Some(cpu.to_owned()), ..TerminalHardware::default() }
    }

    fn call(registry: &mut Registry, name: &str, cpu: &str) -> Call {
        registry.on_call(&serial(name), Some(IpAddr::from([10, 0, 0, 1])), &hardware(cpu), 0)
    }

    #[test]
    fn whoever_is_listed_delivers_and_a_stranger_waits_for_a_person() {
        let mut registry = registry(false);
        assert_eq!(call(&mut registry, "ZX1", "a"), Call::Admitted { changed: None });
        assert_eq!(call(&mut registry, "ZX2", "a"), Call::Pending { is_first: true });
        assert_eq!(call(&mut registry, "ZX2", "a"), Call::Pending { is_first: false });

        registry.decide(&serial("ZX2"), true).unwrap();
        registry.decide(&serial("ZX1"), false).unwrap();

        assert_eq!(call(&mut registry, "ZX2", "a"), Call::Admitted { changed: None });
        assert_eq!(call(&mut registry, "ZX1", "a"), Call::Refused);
        let standings: Vec<Standing> = registry.all().map(|(_, standing, _)| standing).collect();
        assert_eq!(standings, [Standing::Refused, Standing::Admitted]);
    }

    #[test]
    fn only_who_was_admitted_is_placed_and_it_is_kept() {
        let mut registry = registry(false);
        call(&mut registry, "ZX2", "a");
        let tokyo: Zone = "Asia/Tokyo".parse().unwrap();
        let refused = registry.place(&serial("ZX2"), Some(tokyo.clone())).unwrap_err();
        assert!(refused.contains("admit it first"), "{refused}");

        registry.place(&serial("ZX1"), Some(tokyo.clone())).unwrap();

        let kept = serde_json::to_string(registry.decisions()).unwrap();
        let kept: Decisions = serde_json::from_str(&kept).unwrap();
        assert_eq!(kept.zones, BTreeMap::from([(serial("ZX1"), tokyo)]));
        registry.place(&serial("ZX1"), None).unwrap();
        assert!(registry.decisions().zones.is_empty());
    }

    #[test]
    fn other_hardware_is_told_once_or_refused_where_the_owner_is_strict() {
        let mut lenient = registry(false);
        call(&mut lenient, "ZX1", "a");
        let Call::Admitted { changed: Some(words) } = call(&mut lenient, "ZX1", "b") else { panic!("no change") };
        assert_eq!(words, "processor b instead of a");
        assert_eq!(call(&mut lenient, "ZX1", "b"), Call::Admitted { changed: None });

        let mut strict = registry(true);
        call(&mut strict, "ZX1", "a");
        assert!(matches!(call(&mut strict, "ZX1", "b"), Call::Changed(_)));
        assert_eq!(call(&mut strict, "ZX1", "a"), Call::Admitted { changed: None });
        strict.decide(&serial("ZX1"), true).unwrap();
        assert_eq!(call(&mut strict, "ZX1", "b"), Call::Admitted { changed: None }, "admitted anew, as it is");
    }

    #[test]
    fn a_hundred_thousand_strangers_fill_a_small_room_and_no_more() {
        let mut registry = registry(false);
        let mut turned_away = 0;
        for number in 0..100_000_u32 {
            let address = Some(IpAddr::from([10, 0, 0, u8::try_from(number % 4).unwrap()]));
            let called = registry.on_call(&serial(&format!("A{number}")), address, &hardware("a"), u64::from(number));
            turned_away += u64::from(called == Call::TurnedAway);
        }
        assert_eq!(registry.pending.len(), PENDING_MAX);
        assert_eq!(turned_away, registry.turned_away);
        assert_eq!(call(&mut registry, "ZX1", "a"), Call::Admitted { changed: None });
        let later = registry.on_call(&serial("B1"), None, &hardware("a"), 100_000 + PENDING_MS);
        assert_eq!(later, Call::Pending { is_first: true }, "the old ones have gone");
    }
}
