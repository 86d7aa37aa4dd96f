//! Machines as tables for people.

use comfy_table::{Table, presets};
use vigie_shared::wire::reading::{BatteryState, MachineFacts, MachineReach, MachineRow};

use crate::machines::known::Known;

/// Decimal, as Finder counts.
const GIGABYTE: u64 = 1_000_000_000;

/// What a look found.
pub(super) fn of_rows(rows: &[MachineRow]) -> String {
    let mut table =
        table(&["Address", "MAC", "Name", "Made by", "Model", "System", "Disk free", "Battery", "User", "How it went"]);
    for row in rows {
        let facts = row.facts.as_ref();
        let text = |pick: fn(&MachineFacts) -> Option<String>| facts.and_then(pick).unwrap_or_default();
        table.add_row([
            row.ip.to_string(),
            row.mac.map(|mac| mac.to_string()).unwrap_or_default(),
            facts.and_then(|facts| facts.computer_name.clone()).or_else(|| row.name.clone()).unwrap_or_default(),
            row.vendor.clone().unwrap_or_default(),
            text(|facts| facts.model_name.clone().or_else(|| facts.model_id.clone())),
            text(|facts| facts.os_version.clone()),
            text(|facts| facts.disk.map(|disk| format!("{} GB", disk.free_bytes / GIGABYTE))),
            text(battery),
            text(|facts| facts.console_user.clone()),
            reach(&row.reach),
        ]);
    }
    format!("{table}\n{} machines", rows.len())
}

/// Whose keys are pinned.
pub(super) fn of_known(known: &Known) -> String {
    let mut table = table(&["Serial", "Name", "Address", "MAC", "Host key"]);
    for (key, machine) in known.iter() {
        table.add_row([
            machine.serial.clone().unwrap_or_default(),
            machine.name.clone().unwrap_or_default(),
            machine.ip.map(|ip| ip.to_string()).unwrap_or_default(),
            machine.mac.map(|mac| mac.to_string()).unwrap_or_default(),
            key.to_owned(),
        ]);
    }
    format!("{table}\n{} machines", known.iter().count())
}

fn table(head: &[&str]) -> Table {
    let mut table = Table::new();
    table.load_preset(presets::NOTHING).set_header(head);
    table
}

fn battery(facts: &MachineFacts) -> Option<String> {
    let battery = facts.battery.as_ref()?;
    let state = match battery.state {
        BatteryState::Discharging => "discharging",
        BatteryState::Charging => "charging",
        BatteryState::Held => "held",
        BatteryState::Full => "full",
    };
    Some(format!("{} %, {state}", battery.percent))
}

fn reach(reach: &MachineReach) -> String {
    match reach {
        MachineReach::Read => "read".to_owned(),
        MachineReach::NoSsh => "no SSH".to_owned(),
        MachineReach::Refused => "knows neither our key nor our password; `vigie-agent machine key`".to_owned(),
        MachineReach::Shut => "closes the connection at once: penalised or filtered".to_owned(),
        MachineReach::Unpinned(key) => format!("host key not trusted yet: {key}"),
        MachineReach::OtherKey(key) => format!("ANOTHER host key than the pinned one: {key}"),
        MachineReach::Silent => "does not answer".to_owned(),
        MachineReach::Failed(why) => why.clone(),
    }
}

#[cfg(test)]
mod tests {
    use vigie_shared::wire::reading::{Battery, MachineDisk};

    use super::*;

    #[test]
    fn a_row_shows_what_matters_and_a_stranger_its_fingerprint() {
        let battery = Battery {
            percent: 80,
            is_plugged: true,
            state: BatteryState::Held,
            minutes_left: None,
            health_permille: None,
            cycles: None,
            condition: None,
        };
        let disk = MachineDisk { total_bytes: 494 * GIGABYTE, free_bytes: 67 * GIGABYTE, available_bytes: None };
        let facts = MachineFacts { battery: Some(battery), disk: Some(disk), ..MachineFacts::default() };
        let row = |reach, facts| MachineRow {
            ip: [10, 0, 0, 7].into(),
            mac: None,
            name: Some("mac-de-marie".to_owned()),
            vendor: None,
            reach,
            facts,
        };
        let text =
            of_rows(&[row(MachineReach::Read, Some(facts)), row(MachineReach::Unpinned("SHA256:x".to_owned()), None)]);
        for expected in ["mac-de-marie", "67 GB", "80 %, held", "not trusted yet: SHA256:x", "2 machines"] {
            assert!(text.contains(expected), "{text}");
        }
    }
}
