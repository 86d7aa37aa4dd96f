//! Pure: what was met as rows, and rows as readings that each fit a record.

use vigie_shared::wire::delivery::RECORD_BYTES_MAX;
use vigie_shared::wire::frame;
use vigie_shared::wire::reading::{MachineRow, Machines};
use vigie_shared::wire::{Reading, Record};

use super::awake::Awake;
use super::vendors::Vendors;
use crate::machines::clean;
use crate::machines::visit::Visit;

/// Bytes of rows in one reading; what is left is the stamp's and the frame's.
const ROWS_BYTES_MAX: usize = RECORD_BYTES_MAX - 256;

/// Every name of a machine.
pub(super) fn names<'a>(awake: &'a Awake, visit: &'a Visit) -> Vec<&'a str> {
    let facts = visit.facts.as_ref();
    let said = facts.into_iter().flat_map(|facts| [&facts.computer_name, &facts.host_name]);
    said.chain([&awake.name]).filter_map(|name| name.as_deref()).collect()
}

/// A machine as the wire has it.
pub(super) fn row(awake: Awake, visit: Visit, vendors: &Vendors) -> MachineRow {
    let Awake { place, name, .. } = awake;
    MachineRow {
        ip: place.ip,
        mac: place.mac,
        name: name.as_deref().and_then(clean),
        vendor: place.mac.and_then(|mac| vendors.get(mac)),
        reach: visit.reach,
        facts: visit.facts,
    }
}

/// As few readings as hold all rows; none for no row.
pub(super) fn readings(rows: Vec<MachineRow>) -> Vec<Reading> {
    let mut pieces: Vec<Machines> = Vec::new();
    let mut left = 0;
    for row in rows {
        let bytes = frame::seal(Record::VERSION, &row).len();
        match pieces.last_mut() {
            Some(piece) if bytes <= left => piece.rows.push(row),
            _ => {
                pieces.push(Machines { rows: vec![row] });
                left = ROWS_BYTES_MAX;
            }
        }
        left = left.saturating_sub(bytes);
    }
    pieces.into_iter().map(Reading::Machines).collect()
}

/// What somebody should know of a machine that shows another key than the pinned one.
pub(super) fn foreign_key(row: &MachineRow, key: &str) -> String {
    let what = row.name.clone().unwrap_or_else(|| "a machine".to_owned());
    let mac = row.mac.map(|mac| format!(" ({mac})")).unwrap_or_default();
    format!(
        "{what} at {}{mac} shows another host key than the pinned one: {key}. Nothing was said to it, neither key nor password. \
         Either it was installed anew, or somebody stands in for it. If `ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub` on \
         the machine itself says the same, `vigie-agent machine trust {key}` on the box lets it in again.",
        row.ip
    )
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use vigie_shared::id::BootId;
    use vigie_shared::wire::Stamp;
    use vigie_shared::wire::reading::{MachineFacts, MachineReach};

    use super::*;
    use crate::machines::TEXT_CHARS_MAX;

    fn full_row(last: u8) -> MachineRow {
        let text = || Some("é".repeat(TEXT_CHARS_MAX));
        let facts = MachineFacts {
            serial: text(),
            computer_name: text(),
            host_name: text(),
            model_name: text(),
            model_id: text(),
            chip: text(),
            os_version: text(),
            os_build: text(),
            console_user: text(),
            ..MachineFacts::default()
        };
        let reach = MachineReach::Failed("é".repeat(300));
        MachineRow { ip: [10, 0, 0, last].into(), mac: None, name: text(), vendor: text(), reach, facts: Some(facts) }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]
        #[test]
        fn every_reading_fits_a_record_and_no_machine_is_lost(count in 0_u8..120) {
            let rows: Vec<MachineRow> = (0..count).map(full_row).collect();
            let stamp = Stamp { boot: BootId::default(), uptime_ms: u64::MAX, wall_ms: i64::MIN, is_synced: true };
            let mut back = Vec::new();
            for reading in readings(rows.clone()) {
                let record = Record { stamp, reading };
                prop_assert!(record.encode().len() <= RECORD_BYTES_MAX);
                let Reading::Machines(piece) = record.reading else { panic!("another kind") };
                back.extend(piece.rows);
            }
            prop_assert_eq!(back, rows);
        }
    }

    #[test]
    fn fifty_machines_without_facts_take_one_record_and_nobody_none() {
        let row = |last: u8| MachineRow { facts: None, reach: MachineReach::NoSsh, ..full_row(last) };
        assert_eq!(readings((0..50).map(row).collect()).len(), 1);
        assert!(readings(Vec::new()).is_empty());
    }
}
