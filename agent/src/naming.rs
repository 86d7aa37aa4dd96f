//! What a device is called outside its site: registered ones by the site's key, all others by a key of the day.
//!
//! The day's key exists in memory only and dies at local midnight, or with the process: nobody, not even the box,
//! can link two days of a passing device. Equipment of an owner who declared `inventory` is named openly; whom
//! the owner excluded is not named at all.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use vigie_shared::clock::Clock;
use vigie_shared::devices::DeviceRegister;
use vigie_shared::mac::Mac;
use vigie_shared::pseudonym::{Pseudonym, PseudonymKey};
use vigie_shared::wire::reading::{DeviceRef, OwnedDevice};

use crate::collectors::Naming;

/// What the owner of the box decides about names; no command can widen it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// The equipment here is the owner's own: devices are named openly.
    pub inventory: bool,
    /// Devices of which nothing may be stored.
    pub exclude: BTreeSet<Mac>,
}

/// What the box knows about the site's devices; the hub tells it.
#[derive(Debug, Clone, Default)]
pub struct Register {
    /// The site's key; without it nobody is registered.
    pub site_key: Option<PseudonymKey>,
    /// Devices with a stable name.
    pub known: BTreeSet<Pseudonym>,
    /// Devices that must not be stored, ever.
    pub excluded: BTreeSet<Pseudonym>,
}

impl Register {
    /// What the hub says of devices, under that key.
    #[must_use]
    pub fn new(site_key: Option<PseudonymKey>, devices: DeviceRegister) -> Self {
        Self { site_key, known: devices.known, excluded: devices.excluded }
    }
}

/// Names devices.
pub struct DeviceNames {
    config: Config,
    zone: TimeZone,
    clock: Arc<dyn Clock>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    register: Register,
    day: Option<(Date, PseudonymKey)>,
}

impl DeviceNames {
    /// Names by the days of the box's own zone, or of UTC if it has none.
    #[must_use]
    pub fn new(config: Config, clock: Arc<dyn Clock>) -> Self {
        Self::in_zone(config, clock, TimeZone::try_system().unwrap_or(TimeZone::UTC))
    }

    /// Names by the days of the given zone.
    #[must_use]
    pub fn in_zone(config: Config, clock: Arc<dyn Clock>, zone: TimeZone) -> Self {
        Self { config, zone, clock, state: Mutex::default() }
    }

    /// Takes what the hub says about the site's devices.
    pub fn set_register(&self, register: Register) {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).register = register;
    }

    fn today(&self) -> Date {
        let moment = Timestamp::from_millisecond(self.clock.wall_ms()).unwrap_or(Timestamp::UNIX_EPOCH);
        self.zone.to_datetime(moment).date()
    }
}

impl Naming for DeviceNames {
    fn names_openly(&self) -> bool {
        self.config.inventory
    }

    fn device(&self, mac: Mac, ip: Option<IpAddr>, name: Option<String>) -> Option<DeviceRef> {
        if self.config.exclude.contains(&mac) {
            return None;
        }
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(key) = &state.register.site_key {
            let pseudonym = key.name(mac);
            if state.register.excluded.contains(&pseudonym) {
                return None;
            }
            if state.register.known.contains(&pseudonym) {
                return Some(DeviceRef::Known(pseudonym));
            }
        }
        if self.config.inventory {
            return Some(DeviceRef::Owned(OwnedDevice { mac, ip, name }));
        }
        Some(DeviceRef::Passing(state.passing(mac, self.today())))
    }
}

impl State {
    /// The name of the day. A date that differs in any direction is another day: clocks are corrected.
    fn passing(&mut self, mac: Mac, today: Date) -> Pseudonym {
        if self.day.as_ref().is_none_or(|(day, _)| *day != today) {
            self.day = Some((today, PseudonymKey::random()));
        }
        let (_, key) = self.day.get_or_insert_with(|| (today, PseudonymKey::random()));
        key.name(mac)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use vigie_shared::clock::ManualClock;
    use vigie_shared::id::BootId;
    use vigie_shared::wire::Stamp;

    use super::*;

    const PHONE: Mac = Mac([0x8e, 0x1b, 0x7c, 0, 0x11, 0x22]);
    /// 2026-11-20 22:59:59 UTC, one second before midnight in Paris.
    const LATE_MS: i64 = 1_795_215_599_000;

    fn names(config: Config) -> (DeviceNames, Arc<ManualClock>) {
        let stamp = Stamp { boot: BootId::default(), uptime_ms: 0, wall_ms: LATE_MS, is_synced: true };
        let clock = Arc::new(ManualClock::new(stamp));
        let zone = TimeZone::get("Europe/Paris").unwrap();
        (DeviceNames::in_zone(config, Arc::clone(&clock) as Arc<dyn Clock>, zone), clock)
    }

    fn passing() -> (DeviceNames, Arc<ManualClock>) {
        names(Config::default())
    }

    fn name(names: &DeviceNames) -> Option<DeviceRef> {
        names.device(PHONE, Some([10, 0, 0, 7].into()), Some("Marie-iPhone".to_owned()))
    }

    #[test]
    fn a_passing_device_has_one_name_a_day_and_another_after_local_midnight() {
        let (names, clock) = passing();

        let evening = name(&names);

        assert!(matches!(evening, Some(DeviceRef::Passing(_))));
        assert_eq!(name(&names), evening);
        clock.advance(Duration::from_secs(1));
        let night = name(&names);
        assert_ne!(night, evening);
        clock.advance(Duration::from_secs(23 * 3600));
        assert_eq!(name(&names), night);
        clock.change(|stamp| stamp.wall_ms = LATE_MS);
        assert_ne!(name(&names), evening, "a key that died must not come back");
    }

    #[test]
    fn two_boxes_name_a_passing_device_differently() {
        assert_ne!(name(&passing().0), name(&passing().0));
    }

    #[test]
    fn a_registered_device_keeps_its_name_and_an_excluded_one_has_none() {
        let key = PseudonymKey::new(&[1; 32]);
        let pseudonym = key.name(PHONE);
        let (names, clock) = names(Config { inventory: true, exclude: BTreeSet::new() });
        let register = Register { site_key: Some(key), known: [pseudonym].into(), excluded: [].into() };

        names.set_register(register.clone());

        assert_eq!(name(&names), Some(DeviceRef::Known(pseudonym)));
        clock.advance(Duration::from_secs(86_400));
        assert_eq!(name(&names), Some(DeviceRef::Known(pseudonym)));
        names.set_register(Register { excluded: [pseudonym].into(), ..register });
        assert_eq!(name(&names), None);
    }

    #[test]
    fn the_owners_exclude_list_needs_no_hub() {
        let (names, _clock) = names(Config { inventory: true, exclude: [PHONE].into() });
        assert_eq!(name(&names), None);
    }

    #[test]
    fn only_declared_equipment_is_named_openly() {
        let (open, _clock) = names(Config { inventory: true, exclude: BTreeSet::new() });
        let Some(DeviceRef::Owned(owned)) = name(&open) else { panic!("not owned") };
        assert_eq!((owned.mac, owned.name.as_deref()), (PHONE, Some("Marie-iPhone")));
        assert!(!format!("{:?}", name(&passing().0)).contains("8e:1b"));
    }
}
