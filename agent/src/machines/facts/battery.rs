//! A Mac's battery: `pmset -g batt` says what it does now, `ioreg` what it can hold, `system_profiler` in which condition
//! it is.
//!
//! On Apple silicon `CurrentCapacity` and `MaxCapacity` are percent, on Intel they are mAh; their ratio is the charge on
//! both, and the health is counted from the raw capacity. A machine without a battery has none, not an empty one.

use serde_json::Value;
use vigie_shared::wire::reading::{Battery, BatteryState};

use super::plist::{self, Dict};
use crate::machines::clean;

/// `pmset` and `ioreg` say this where nobody can tell the time left.
const UNKNOWN_MINUTES: i64 = 65_535;

/// On Apple silicon the largest capacity is this, and no mAh.
const FULL_PERCENT: i64 = 100;

/// What `pmset` says.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Now {
    percent: u8,
    is_plugged: bool,
    state: BatteryState,
    minutes_left: Option<u16>,
}

/// What `ioreg` says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Gauge {
    percent: Option<u8>,
    health_permille: Option<u16>,
    cycles: Option<u32>,
    minutes_left: Option<u16>,
    is_plugged: bool,
    is_charging: bool,
    is_full: bool,
    /// Below zero it feeds the machine.
    amperage_ma: Option<i64>,
}

/// Puts together what the three say.
pub(super) fn read(pmset: &str, ioreg: &str, profile: &str) -> Option<Battery> {
    let gauge = plist::with_first(ioreg, |dict| Some(gauge(dict)));
    let now = now(pmset).or_else(|| gauge.as_ref().and_then(Gauge::now))?;
    let (condition, profile_permille) = condition(profile);
    let gauge = gauge.unwrap_or_default();
    Some(Battery {
        percent: now.percent,
        is_plugged: now.is_plugged,
        state: now.state,
        minutes_left: now.minutes_left,
        health_permille: gauge.health_permille.or(profile_permille),
        cycles: gauge.cycles,
        condition,
    })
}

/// Reads the entry of the built-in battery: a UPS on the desk is another one.
fn now(text: &str) -> Option<Now> {
    let is_plugged = text.lines().next()?.contains("AC Power");
    let entry = text.lines().find(|line| line.trim_start().starts_with("-InternalBattery"))?;
    if entry.contains("present: false") {
        return None;
    }
    let mut parts = entry.split('\t').nth(1)?.split(';').map(str::trim);
    let percent = percent(parts.next()?.strip_suffix('%')?.parse().ok()?)?;
    let (word, rest) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    let state = match word {
        "discharging" => BatteryState::Discharging,
        "charging" | "finishing charge" => BatteryState::Charging,
        "charged" => BatteryState::Full,
        _ if is_plugged && percent == 100 => BatteryState::Full,
        _ if is_plugged => BatteryState::Held,
        _ => BatteryState::Discharging,
    };
    let minutes_left = rest.split(' ').next().and_then(minutes).filter(|_| is_moving(state));
    Some(Now { percent, is_plugged, state, minutes_left })
}

/// `1:48` as minutes.
fn minutes(text: &str) -> Option<u16> {
    let (hours, minutes) = text.split_once(':')?;
    let (hours, minutes): (u16, u16) = (hours.parse().ok()?, minutes.parse().ok()?);
    hours.checked_mul(60)?.checked_add(minutes)
}

/// Only what fills or empties has a time left.
fn is_moving(state: BatteryState) -> bool {
    matches!(state, BatteryState::Charging | BatteryState::Discharging)
}

fn percent(value: i64) -> Option<u8> {
    u8::try_from(value).ok().filter(|percent| *percent <= 100)
}

fn gauge(dict: Dict<'_>) -> Gauge {
    let (current, most) = (dict.int("CurrentCapacity"), dict.int("MaxCapacity"));
    let design = dict.int("DesignCapacity").filter(|design| *design > 0);
    let raw = dict.int("AppleRawMaxCapacity").or_else(|| most.filter(|most| *most > FULL_PERCENT));
    let share = |part: i64, whole: i64, of: i64| {
        let part = part.checked_mul(of)?.checked_add(whole / 2)?;
        (whole > 0 && part >= 0).then(|| part / whole)
    };
    Gauge {
        percent: current.zip(most).and_then(|(current, most)| share(current, most, 100)).and_then(percent),
        health_permille: raw.zip(design).and_then(|(raw, design)| share(raw, design, 1_000)).and_then(permille),
        cycles: dict.int("CycleCount").and_then(|cycles| u32::try_from(cycles).ok()),
        minutes_left: dict
            .int("TimeRemaining")
            .filter(|left| *left != UNKNOWN_MINUTES)
            .and_then(|left| left.try_into().ok()),
        is_plugged: dict.bool("ExternalConnected").unwrap_or(false),
        is_charging: dict.bool("IsCharging").unwrap_or(false),
        is_full: dict.bool("FullyCharged").unwrap_or(false),
        amperage_ma: dict.int("Amperage"),
    }
}

/// A battery can be a little better than its design; twice as good is nonsense.
fn permille(value: i64) -> Option<u16> {
    u16::try_from(value).ok().filter(|permille| *permille <= 2_000)
}

impl Gauge {
    /// What `pmset` would say, if it said nothing.
    fn now(&self) -> Option<Now> {
        let is_draining = self.amperage_ma.is_some_and(|amperage| amperage < 0);
        let state = match self {
            _ if !self.is_plugged || is_draining => BatteryState::Discharging,
            Self { is_charging: true, .. } => BatteryState::Charging,
            Self { is_full: true, .. } => BatteryState::Full,
            _ => BatteryState::Held,
        };
        let minutes_left = self.minutes_left.filter(|_| is_moving(state));
        Some(Now { percent: self.percent?, is_plugged: self.is_plugged, state, minutes_left })
    }
}

/// The system's own word for the condition, and what it can hold in thousandths.
fn condition(profile: &str) -> (Option<String>, Option<u16>) {
    let read = |value: &Value| {
        let parts = value.get("SPPowerDataType")?.as_array()?;
        let health = parts.iter().find_map(|part| part.get("sppower_battery_health_info"))?;
        let word = health.get("sppower_battery_health").and_then(Value::as_str).and_then(clean);
        let most = health.get("sppower_battery_health_maximum_capacity").and_then(Value::as_str);
        let most: Option<u16> = most.and_then(|most| most.trim().strip_suffix('%')?.parse().ok());
        Some((word, most.and_then(|percent| percent.checked_mul(10)).filter(|permille| *permille <= 2_000)))
    };
    serde_json::from_str(profile).ok().and_then(|value: Value| read(&value)).unwrap_or_default()
}

#[cfg(test)]
pub(super) mod tests {
    use proptest::prelude::*;

    use super::*;

    pub(crate) const ON_MAINS: &str = "Now drawing from 'AC Power'\n \
        -InternalBattery-0 (id=8126563)\t80%; AC attached; not charging present: true\n";
    const ON_BATTERY: &str = "Now drawing from 'Battery Power'\n \
        -InternalBattery-0 (id=8126563)\t27%; discharging; 1:48 remaining present: true\n";

    pub(crate) fn list(entries: &[(&str, &str)]) -> String {
        let entries: String = entries.iter().map(|(key, value)| format!("<key>{key}</key>{value}\n")).collect();
        format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<!DOCTYPE plist PUBLIC \"-//Apple//DTD PLIST 1.0//EN\" \
             \"http://www.apple.com/DTDs/PropertyList-1.0.dtd\">\n<plist version=\"1.0\">\n<array>\n<dict>\n{entries}</dict>\n\
             </array>\n</plist>\n"
        )
    }

    fn gauge_of(numbers: &[(&str, &str)]) -> Gauge {
        let numbers: Vec<(&str, String)> =
            numbers.iter().map(|(key, value)| (*key, format!("<integer>{value}</integer>"))).collect();
        let entries: Vec<(&str, &str)> = numbers.iter().map(|(key, value)| (*key, value.as_str())).collect();
        plist::with_first(&list(&entries), |dict| Some(gauge(dict))).unwrap()
    }

    fn said(power: &str, entry: &str) -> Now {
        now(&format!("Now drawing from '{power}'\n -InternalBattery-0 (id=1)\t{entry} present: true\n")).unwrap()
    }

    #[test]
    fn s12_pmset_says_charge_mains_state_and_time_left() {
        use BatteryState::{Charging, Discharging, Full, Held};
        let facts = |now: Now| (now.percent, now.is_plugged, now.state, now.minutes_left);
        assert_eq!(facts(now(ON_MAINS).unwrap()), (80, true, Held, None));
        assert_eq!(facts(now(ON_BATTERY).unwrap()), (27, false, Discharging, Some(108)));
        for (entry, expected) in [
            ("100%; charged; 0:00 remaining", (100, true, Full, None)),
            ("54%; charging; (no estimate)", (54, true, Charging, None)),
            ("97%; finishing charge; 0:24 remaining", (97, true, Charging, Some(24))),
        ] {
            assert_eq!(facts(said("AC Power", entry)), expected, "{entry}");
        }
    }

    #[test]
    fn s13_no_battery_is_none_and_not_empty() {
        let ups =
            "Now drawing from 'AC Power'\n -Back-UPS ES 700 (id=3)\t100%; charging; 0:00 remaining present: true\n";
        for pmset in ["Now drawing from 'AC Power'\n", ups, ""] {
            assert_eq!(read(pmset, "", ""), None, "{pmset}");
        }
    }

    #[test]
    fn s14_apple_silicon_counts_charge_in_percent_and_health_in_raw_mah() {
        let gauge = gauge_of(&[
            ("CurrentCapacity", "80"),
            ("MaxCapacity", "100"),
            ("AppleRawMaxCapacity", "4213"),
            ("DesignCapacity", "4629"),
            ("Amperage", "18446744073709550084"),
        ]);
        assert_eq!((gauge.percent, gauge.health_permille, gauge.amperage_ma), (Some(80), Some(910), Some(-1_532)));
    }

    #[test]
    fn s15_intel_counts_both_in_mah() {
        let gauge = gauge_of(&[("CurrentCapacity", "3120"), ("MaxCapacity", "6240"), ("DesignCapacity", "6669")]);
        assert_eq!((gauge.percent, gauge.health_permille), (Some(50), Some(936)));
    }

    #[test]
    fn without_raw_capacity_apple_silicon_has_no_health_of_two_percent() {
        let gauge = gauge_of(&[("CurrentCapacity", "80"), ("MaxCapacity", "100"), ("DesignCapacity", "4629")]);
        assert_eq!(gauge.health_permille, None);
    }

    #[test]
    fn where_pmset_says_nothing_the_gauge_speaks() {
        let list = list(&[
            ("CurrentCapacity", "<integer>54</integer>"),
            ("MaxCapacity", "<integer>100</integer>"),
            ("ExternalConnected", "<true/>"),
            ("IsCharging", "<true/>"),
            ("TimeRemaining", "<integer>65535</integer>"),
            ("CycleCount", "<integer>312</integer>"),
        ]);
        let profile = r#"{"SPPowerDataType": [{}, {"sppower_battery_health_info":
            {"sppower_battery_health": "Good", "sppower_battery_health_maximum_capacity": "91%"}}]}"#;
        let battery = read("pmset: unbekannter Befehl", &list, profile).unwrap();
        assert_eq!((battery.percent, battery.state, battery.minutes_left), (54, BatteryState::Charging, None));
        assert_eq!((battery.health_permille, battery.cycles), (Some(910), Some(312)));
        assert_eq!(battery.condition.as_deref(), Some("Good"));
    }

    proptest! {
        #[test]
        fn reading_never_panics(pmset in "\\PC{0,80}", entry in "\\PC{0,60}", numbers in proptest::collection::vec(any::<u64>(), 4)) {
            drop(read(&pmset, &pmset, &pmset));
            let _said = now(&format!("AC Power\n -InternalBattery-0\t{entry}"));
            let keys = ["CurrentCapacity", "MaxCapacity", "AppleRawMaxCapacity", "DesignCapacity"];
            let numbers: Vec<String> = numbers.iter().map(|n| format!("<integer>{n}</integer>")).collect();
            let entries: Vec<(&str, &str)> = keys.into_iter().zip(numbers.iter().map(String::as_str)).collect();
            let battery = read("", &list(&entries), "");
            prop_assert!(battery.is_none_or(|battery| battery.percent <= 100));
        }
    }
}
