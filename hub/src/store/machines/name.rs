//! Pure: under which name words about a machine stand: its serial number, else its address on the LAN, else where it
//! answered.

use vigie_shared::id::SiteId;
use vigie_shared::wire::reading::MachineRow;

/// Characters that a serial number may have: more than any maker uses.
const SERIAL_CHARS: std::ops::RangeInclusive<usize> = 5..=64;

/// What makers of boards leave where a serial number belongs, in small letters without what is between words.
const PLACEHOLDERS: [&str; 8] = [
    "tobefilledbyoem",
    "defaultstring",
    "systemserialnumber",
    "notspecified",
    "notapplicable",
    "serialnumber",
    "chassisserialnumber",
    "unknown",
];

/// The name: `C02XL0ABCDEF`, `8e:1b:7c:00:11:22`, or `metz@192.168.1.7`. No two kinds can be taken for one another.
#[must_use]
pub fn of(site: &SiteId, row: &MachineRow) -> String {
    let serial = row.facts.as_ref().and_then(|facts| serial(facts.serial.as_deref()?));
    let mac = || row.mac.filter(|mac| mac.is_device()).map(|mac| mac.to_string());
    serial.or_else(mac).unwrap_or_else(|| format!("{site}@{}", row.ip))
}

/// Whether a name is a serial number.
#[must_use]
pub fn is_serial(name: &str) -> bool {
    !name.contains([':', '@'])
}

/// Whether a name is where a machine answered.
#[must_use]
pub fn is_place(name: &str) -> bool {
    name.contains('@')
}

/// A serial number that belongs to one machine, without what is between its letters; none of what only looks like one.
fn serial(text: &str) -> Option<String> {
    let kept: String = text.chars().filter(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_')).collect();
    let letters: String = kept.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_lowercase();
    let first = letters.chars().next()?;
    let is_one_letter = letters.chars().all(|c| c == first);
    let is_counted = letters.starts_with("0123456") || letters.starts_with("1234567");
    let is_own = SERIAL_CHARS.contains(&kept.len()) && !is_one_letter && !is_counted;
    (is_own && !PLACEHOLDERS.contains(&letters.as_str())).then_some(kept)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use vigie_shared::mac::Mac;

    use super::*;
    use crate::store::machines::tests::row;

    fn named(serial: Option<&str>, mac: Option<u8>) -> String {
        let mut row = row(7, mac, serial);
        row.facts.get_or_insert_default().serial = serial.map(str::to_owned);
        of(&"metz".parse().unwrap(), &row)
    }

    #[test]
    fn the_serial_number_is_the_best_name_and_the_place_the_last() {
        assert_eq!(named(Some(" C02XL0ABCDEF\n"), Some(1)), "C02XL0ABCDEF");
        assert_eq!(named(None, Some(1)), Mac([2, 0, 0, 0, 0, 1]).to_string());
        assert_eq!(named(None, None), "metz@192.168.1.7");
    }

    #[test]
    fn what_makers_leave_in_place_of_a_serial_number_is_none() {
        for text in [
            "",
            "0",
            "None",
            "To Be Filled By O.E.M.",
            "Default string",
            "System Serial Number",
            "00000000",
            "123456789",
            "xxxxxxxxxx",
            "Not Specified",
            "°°°°°°°",
        ] {
            assert_eq!(named(Some(text), Some(1)), "02:00:00:00:00:01", "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_machine_can_take_another_kinds_name(text: String, mac in prop::option::of(any::<u8>())) {
            let name = named(Some(&text), mac);
            prop_assert_eq!(is_serial(&name), serial(&text).is_some());
            prop_assert!(!is_place(&name) || mac.is_none());
            prop_assert!(name.len() <= 64 && !name.contains(['/', '?', '#', '%']));
        }
    }
}
