//! What words about machines amount to.

use std::net::Ipv4Addr;

use proptest::prelude::*;
use vigie_shared::wire::reading::{Battery, BatteryState, MachineDisk, MachineSystem};

use super::*;

pub(crate) fn site(id: &str) -> SiteId {
    id.parse().unwrap()
}

/// A machine at an address of 192.168.1.0/24; read if it has a serial number.
pub(crate) fn row(host: u8, mac: Option<u8>, serial: Option<&str>) -> MachineRow {
    MachineRow {
        ip: Ipv4Addr::new(192, 168, 1, host).into(),
        mac: mac.map(|last| Mac([2, 0, 0, 0, 0, last])),
        name: Some(format!("host-{host}")),
        vendor: None,
        reach: if serial.is_some() { MachineReach::Read } else { MachineReach::Refused },
        facts: serial.map(facts),
    }
}

/// What a laptop says of itself.
pub(crate) fn facts(serial: &str) -> MachineFacts {
    let battery = Battery {
        percent: 80,
        is_plugged: true,
        state: BatteryState::Held,
        minutes_left: None,
        health_permille: Some(910),
        cycles: Some(213),
        condition: Some("Normal".to_owned()),
    };
    MachineFacts {
        system: MachineSystem::MacOs,
        serial: Some(serial.to_owned()),
        computer_name: Some(format!("Mac {serial}")),
        host_name: Some("mac".to_owned()),
        model_name: Some("MacBook Pro (14-inch, 2021)".to_owned()),
        model_id: Some("MacBookPro18,3".to_owned()),
        chip: Some("Apple M1 Pro".to_owned()),
        os_version: Some("26.1".to_owned()),
        os_build: Some("25B78".to_owned()),
        memory_bytes: Some(16 << 30),
        memory_used_bytes: Some(9 << 30),
        disk: Some(MachineDisk { total_bytes: 494_384_795_648, free_bytes: 67_002_470_400, available_bytes: None }),
        battery: Some(battery),
        console_user: Some("marie".to_owned()),
        ..MachineFacts::default()
    }
}

/// A word of a box.
pub(crate) fn told(id: &str, at_ms: i64, row: &MachineRow) -> Told {
    Told::new(&site(id), (at_ms, 1), row)
}

fn machines(words: &[Told]) -> Vec<Machine> {
    let mut rows: std::collections::BTreeMap<String, Machine> = std::collections::BTreeMap::new();
    for word in words {
        let machine = word.machine.clone();
        match rows.get_mut(&machine.id) {
            Some(known) => known.merge(machine),
            None => drop(rows.insert(machine.id.clone(), machine)),
        }
    }
    unite(rows.into_values().collect())
}

#[test]
fn a_machine_that_moves_is_one_machine_with_two_places() {
    let words =
        [told("brest", 10, &row(7, Some(1), Some("C02XL0AA"))), told("metz", 20, &row(9, Some(2), Some("C02XL0AA")))];
    let all = machines(&words);
    assert_eq!(all.len(), 1);
    assert_eq!((all[0].met.site.as_str(), all[0].first_ms, all[0].met.at_ms), ("metz", 10, 20));
    let places: Vec<_> = all[0].places.iter().map(|place| (place.site.as_str(), place.ip.to_string())).collect();
    assert_eq!(places, [("metz", "192.168.1.9".to_owned()), ("brest", "192.168.1.7".to_owned())]);
    assert_eq!(all[0].cards.len(), 2);
}

#[test]
fn what_was_met_before_it_could_be_read_turns_out_to_be_the_machine_of_that_card() {
    let words = [
        told("metz", 10, &row(7, Some(1), None)),
        told("metz", 20, &row(7, Some(1), Some("C02XL0AA"))),
        told("metz", 30, &row(8, Some(1), None)),
        told("metz", 30, &row(9, Some(2), None)),
    ];
    let all = machines(&words);
    let names: Vec<&str> = all.iter().map(|one| one.id.as_str()).collect();
    assert_eq!(names, ["02:00:00:00:00:02", "C02XL0AA"]);
    let mac = &all[1];
    assert_eq!((mac.first_ms, &mac.met.reach), (10, &MachineReach::Refused), "refused since");
    assert_eq!(mac.read.as_ref().unwrap().at_ms, 20, "what it said keeps its age");
    assert_eq!(mac.names(), ["C02XL0AA", "02:00:00:00:00:01"]);
}

#[test]
fn an_adapter_that_goes_round_belongs_to_whom_it_was_last_seen_with() {
    let words = [
        told("metz", 10, &row(7, Some(1), Some("C02XL0AA"))),
        told("metz", 20, &row(8, Some(1), Some("C02XL0BB"))),
        told("metz", 15, &row(9, Some(1), None)),
    ];
    let all = machines(&words);
    assert_eq!(all.iter().map(|one| one.also.len()).collect::<Vec<_>>(), [0, 1]);
}

#[test]
fn behind_a_router_a_machine_is_known_by_its_serial_number_or_its_place() {
    let words = [
        told("metz", 10, &row(7, None, Some("C02XL0AA"))),
        told("metz", 20, &row(7, None, None)),
        told("metz", 20, &row(8, None, None)),
    ];
    let all = machines(&words);
    assert_eq!(
        all.iter().map(|one| (one.id.as_str(), one.met.at_ms)).collect::<Vec<_>>(),
        [("C02XL0AA", 20), ("metz@192.168.1.8", 20)]
    );
}

#[test]
fn a_change_is_told_once_and_silence_is_none() {
    let day = |at_ms: i64, version: Option<&str>| {
        let mut row = row(7, Some(1), Some("C02XL0AA"));
        row.facts.as_mut().unwrap().os_version = version.map(str::to_owned);
        told("metz", at_ms, &row).day.unwrap()
    };
    let days = [day(10, Some("26.0")), day(20, None), day(30, Some("26.0")), day(40, Some("26.1"))];
    let change = Change { at_ms: 40, what: "os_version", from: Some("26.0".to_owned()), to: Some("26.1".to_owned()) };
    assert_eq!(changes(&days), [change]);
}

fn any_word() -> impl Strategy<Value = Told> {
    let row = (1..4u8, prop::option::of(1..12u8), prop::option::of("[AB]XL0AA"))
        .prop_map(|(host, mac, serial)| row(host, mac, serial.as_deref()));
    ("[ab]", 0..9i64, 0..4u64, row).prop_map(|(id, at_ms, seq, row)| Told::new(&site(&id), (at_ms, seq), &row))
}

proptest! {
    #[test]
    fn neither_the_order_of_words_nor_their_repetition_matters(
        (words, shuffled) in prop::collection::vec(any_word(), 1..60).prop_flat_map(|words| (Just(words.clone()), Just(words).prop_shuffle()))
    ) {
        let twice = [shuffled.clone(), words.clone()].concat();
        prop_assert_eq!(machines(&words), machines(&shuffled));
        prop_assert_eq!(machines(&words), machines(&twice));
    }

    #[test]
    fn no_machine_is_lost_or_shown_twice_and_its_lists_have_an_end(words in prop::collection::vec(any_word(), 1..60)) {
        let all = machines(&words);
        let mut names: Vec<String> = all.iter().flat_map(Machine::names).collect();
        let count = names.len();
        names.sort();
        names.dedup();
        let told: std::collections::BTreeSet<String> = words.iter().map(|word| word.machine.id.clone()).collect();
        prop_assert_eq!((count, names), (told.len(), told.into_iter().collect::<Vec<_>>()));
        prop_assert!(all.iter().all(|one| one.cards.len() <= CARDS_MAX && one.places.len() <= PLACES_MAX));
    }
}
