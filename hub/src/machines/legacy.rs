//! Pure: a machine with the keys and in the language of the program that Vigie replaces, for what reads them.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::Serialize;
use vigie_shared::wire::reading::{Battery, BatteryState, MachineFacts};

use super::sold;
use crate::store::machines::Machine;

/// A machine as the older program wrote it. What is not known is empty.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct LegacyMachine {
    /// Where it answered.
    pub ip: String,
    /// Its network card.
    pub mac: String,
    /// Its name.
    pub hostname: String,
    /// The model as it is sold.
    pub model_info: String,
    /// The system's version.
    pub macos_version: String,
    /// The model as the maker numbers it.
    pub model_identifier: String,
    /// The diagonal of its screen: `14 pouces`.
    pub taille: String,
    /// The year of the model.
    pub annee: String,
    /// What is free of its disk, in powers of ten: `67.0 Go`.
    pub disk_free: String,
    /// Its memory: `16 Go`.
    pub ram_info: String,
    /// Always empty: which programs people use is nobody's business.
    pub open_apps: String,
    /// Its battery's charge: `80%`.
    pub battery_status: String,
    /// What its battery does, and how it is.
    pub battery_details: String,
    /// Who is logged in.
    pub current_user: String,
    /// When it was read last, else met, in the hub's zone: `2026-11-20 15:05:00`.
    pub date_recuperation: String,
}

impl LegacyMachine {
    /// The keys, in their order.
    pub const KEYS: [&'static str; 15] = [
        "ip",
        "mac",
        "hostname",
        "model_info",
        "macos_version",
        "model_identifier",
        "taille",
        "annee",
        "disk_free",
        "ram_info",
        "open_apps",
        "battery_status",
        "battery_details",
        "current_user",
        "date_recuperation",
    ];

    /// A machine in the old form, with times of that zone.
    #[must_use]
    pub fn of(machine: &Machine, zone: &TimeZone) -> Self {
        let at_ms = machine.read.as_ref().map_or(machine.met.at_ms, |read| read.at_ms);
        let facts = machine.facts().cloned().unwrap_or_default();
        let sold = facts.model_name.clone().unwrap_or_default();
        Self {
            ip: machine.met.ip.to_string(),
            mac: machine.mac().map(|mac| mac.to_string()).unwrap_or_default(),
            hostname: machine.title().to_owned(),
            taille: sold::inches(&sold).map(|inches| format!("{inches} pouces")).unwrap_or_default(),
            annee: sold::year(&sold).unwrap_or_default().to_owned(),
            model_info: sold,
            disk_free: facts.disk.map(|disk| gigabytes(disk.free_bytes)).unwrap_or_default(),
            ram_info: ram(&facts),
            battery_status: facts.battery.as_ref().map(|one| format!("{}%", one.percent)).unwrap_or_default(),
            battery_details: facts.battery.as_ref().map(battery).unwrap_or_default(),
            macos_version: facts.os_version.unwrap_or_default(),
            model_identifier: facts.model_id.unwrap_or_default(),
            open_apps: String::new(),
            current_user: facts.console_user.unwrap_or_default(),
            date_recuperation: moment(at_ms, zone),
        }
    }

    /// Its values, in the order of the keys.
    #[must_use]
    pub fn values(self) -> Vec<String> {
        vec![
            self.ip,
            self.mac,
            self.hostname,
            self.model_info,
            self.macos_version,
            self.model_identifier,
            self.taille,
            self.annee,
            self.disk_free,
            self.ram_info,
            self.open_apps,
            self.battery_status,
            self.battery_details,
            self.current_user,
            self.date_recuperation,
        ]
    }
}

/// Bytes as a Mac shows them: `67.0 Go`, in powers of ten, rounded down so that no threshold is passed on paper.
fn gigabytes(bytes: u64) -> String {
    let tenths = bytes / 100_000_000;
    format!("{}.{} Go", tenths / 10, tenths % 10)
}

/// Memory as it is sold, in powers of two: `16 Go`, and how much of it is in use.
fn ram(facts: &MachineFacts) -> String {
    let Some(total) = facts.memory_bytes.filter(|total| *total > 0) else { return String::new() };
    let sold = total.saturating_add(1 << 29) >> 30;
    match facts.memory_used_bytes {
        Some(used) => format!("{sold} Go ({} % utilisés)", used.min(total).saturating_mul(100) / total),
        None => format!("{sold} Go"),
    }
}

fn battery(battery: &Battery) -> String {
    let mut parts = vec![if battery.is_plugged { "branché" } else { "sur batterie" }.to_owned()];
    let state = match battery.state {
        BatteryState::Charging => Some("en charge"),
        BatteryState::Held => Some("charge suspendue"),
        BatteryState::Full => Some("pleine"),
        BatteryState::Discharging => None,
    };
    parts.extend(state.map(str::to_owned));
    parts.extend(battery.health_permille.map(|permille| format!("santé {} %", permille.saturating_add(5) / 10)));
    parts.extend(battery.cycles.map(|cycles| format!("{cycles} cycles")));
    parts.extend(battery.condition.clone());
    parts.join(", ")
}

fn moment(at_ms: i64, zone: &TimeZone) -> String {
    let at = Timestamp::from_millisecond(at_ms).unwrap_or(Timestamp::UNIX_EPOCH);
    at.to_zoned(zone.clone()).strftime("%Y-%m-%d %H:%M:%S").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::testing::NOW;
    use crate::store::machines::tests::{row, told};

    fn paris() -> TimeZone {
        TimeZone::get("Europe/Paris").unwrap()
    }

    #[test]
    fn a_mac_has_exactly_the_keys_that_the_older_program_wrote() {
        let machine = told("metz", NOW, &row(7, Some(1), Some("C02XL0AA"))).machine;
        let json = serde_json::to_value(LegacyMachine::of(&machine, &paris())).unwrap();
        let expected = serde_json::json!({
            "ip": "192.168.1.7", "mac": "02:00:00:00:00:01", "hostname": "Mac C02XL0AA",
            "model_info": "MacBook Pro (14-inch, 2021)", "macos_version": "26.1", "model_identifier": "MacBookPro18,3",
            "taille": "14 pouces", "annee": "2021", "disk_free": "67.0 Go", "ram_info": "16 Go (56 % utilisés)",
            "open_apps": "", "battery_status": "80%",
            "battery_details": "branché, charge suspendue, santé 91 %, 213 cycles, Normal",
            "current_user": "marie", "date_recuperation": "2026-11-20 15:05:00",
        });
        assert_eq!(json, expected);
    }

    #[test]
    fn what_is_not_known_is_empty_and_every_key_is_there() {
        let machine = told("metz", NOW, &row(7, None, None)).machine;
        let legacy = LegacyMachine::of(&machine, &paris());
        assert_eq!(
            (legacy.hostname.as_str(), legacy.disk_free.as_str(), legacy.battery_status.as_str()),
            ("host-7", "", "")
        );
        let json = serde_json::to_value(&legacy).unwrap();
        let values = legacy.values();
        assert_eq!(json.as_object().unwrap().len(), LegacyMachine::KEYS.len());
        for (key, value) in LegacyMachine::KEYS.iter().zip(values) {
            assert_eq!(json[key], value.as_str(), "{key}");
        }
    }

    #[test]
    fn a_disk_at_a_threshold_is_not_shown_above_it() {
        assert_eq!(gigabytes(15_000_000_000), "15.0 Go");
        assert_eq!(gigabytes(14_999_999_999), "14.9 Go");
        assert_eq!(gigabytes(0), "0.0 Go");
    }
}
