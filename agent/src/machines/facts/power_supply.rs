//! A Linux machine's battery, from the `uevent` files of its power supplies: lines of `path:KEY=value`.

use std::collections::BTreeMap;

use vigie_shared::wire::reading::{Battery, BatteryState};

/// One supply's values, without `POWER_SUPPLY_`.
type Supply<'a> = BTreeMap<&'a str, &'a str>;

/// Reads the first battery that feeds the machine; those of a mouse or a pen do not.
pub(super) fn read(text: &str) -> Option<Battery> {
    let supplies = supplies(text);
    let is = |supply: &Supply<'_>, key: &str, value: &str| supply.get(key) == Some(&value);
    let battery = supplies.values().find(|supply| {
        is(supply, "TYPE", "Battery") && !is(supply, "SCOPE", "Device") && !is(supply, "PRESENT", "0")
    })?;
    let is_on_mains = supplies.values().any(|supply| !is(supply, "TYPE", "Battery") && is(supply, "ONLINE", "1"));
    let status = battery.get("STATUS").copied().unwrap_or_default();
    let state = match status {
        "Charging" => BatteryState::Charging,
        "Full" => BatteryState::Full,
        "Discharging" => BatteryState::Discharging,
        _ if is_on_mains => BatteryState::Held,
        _ => BatteryState::Discharging,
    };
    let number = |key: &str| battery.get(key)?.parse::<u64>().ok();
    let held = number("ENERGY_FULL").or_else(|| number("CHARGE_FULL"));
    let design = number("ENERGY_FULL_DESIGN").or_else(|| number("CHARGE_FULL_DESIGN")).filter(|design| *design > 0);
    let permille = held.zip(design).and_then(|(held, design)| held.checked_mul(1_000).map(|held| held / design));
    Some(Battery {
        percent: number("CAPACITY").and_then(|percent| u8::try_from(percent).ok()).filter(|percent| *percent <= 100)?,
        is_plugged: is_on_mains || matches!(state, BatteryState::Charging | BatteryState::Full | BatteryState::Held),
        state,
        minutes_left: None,
        health_permille: permille
            .and_then(|permille| u16::try_from(permille).ok())
            .filter(|permille| *permille <= 2_000),
        cycles: number("CYCLE_COUNT").and_then(|cycles| u32::try_from(cycles).ok()).filter(|cycles| *cycles > 0),
        condition: None,
    })
}

fn supplies(text: &str) -> BTreeMap<&str, Supply<'_>> {
    let mut supplies: BTreeMap<&str, Supply<'_>> = BTreeMap::new();
    for line in text.lines() {
        let read = line.split_once(':').and_then(|(path, pair)| Some((path, pair.split_once('=')?)));
        if let Some((path, (key, value))) = read
            && let Some(key) = key.strip_prefix("POWER_SUPPLY_")
        {
            supplies.entry(path).or_default().insert(key, value.trim());
        }
    }
    supplies
}

#[cfg(test)]
pub(super) mod tests {
    use proptest::prelude::*;

    use super::*;

    pub(crate) const LAPTOP: &str = "/sys/class/power_supply/AC/uevent:POWER_SUPPLY_TYPE=Mains\n\
        /sys/class/power_supply/AC/uevent:POWER_SUPPLY_ONLINE=1\n\
        /sys/class/power_supply/BAT0/uevent:POWER_SUPPLY_TYPE=Battery\n\
        /sys/class/power_supply/BAT0/uevent:POWER_SUPPLY_STATUS=Not charging\n\
        /sys/class/power_supply/BAT0/uevent:POWER_SUPPLY_CAPACITY=80\n\
        /sys/class/power_supply/BAT0/uevent:POWER_SUPPLY_CYCLE_COUNT=312\n\
        /sys/class/power_supply/BAT0/uevent:POWER_SUPPLY_ENERGY_FULL=45500000\n\
        /sys/class/power_supply/BAT0/uevent:POWER_SUPPLY_ENERGY_FULL_DESIGN=50000000\n";

    #[test]
    fn a_laptop_that_is_spared_at_eighty_percent_is_held() {
        let battery = read(LAPTOP).unwrap();
        assert_eq!((battery.percent, battery.is_plugged, battery.state), (80, true, BatteryState::Held));
        assert_eq!((battery.health_permille, battery.cycles), (Some(910), Some(312)));
    }

    #[test]
    fn without_mains_it_feeds_the_machine() {
        let battery = read(&LAPTOP.replace("ONLINE=1", "ONLINE=0").replace("Not charging", "Discharging")).unwrap();
        assert_eq!((battery.is_plugged, battery.state), (false, BatteryState::Discharging));
    }

    #[test]
    fn a_mouse_or_nothing_is_no_battery() {
        let mouse = "/sys/class/power_supply/hidpp_battery_0/uevent:POWER_SUPPLY_TYPE=Battery\n\
            /sys/class/power_supply/hidpp_battery_0/uevent:POWER_SUPPLY_SCOPE=Device\n\
            /sys/class/power_supply/hidpp_battery_0/uevent:POWER_SUPPLY_CAPACITY=5\n";
        assert_eq!(read(mouse), None);
        assert_eq!(read(""), None);
        assert_eq!(read(&LAPTOP.replace("CAPACITY=80", "CAPACITY=800")), None);
    }

    proptest! {
        #[test]
        fn reading_never_panics(text in "[\\PC\n]{0,200}", full: u64, design: u64) {
            drop(read(&text));
            drop(read(&LAPTOP.replace("=45500000", &format!("={full}")).replace("=50000000", &format!("={design}"))));
        }
    }
}
