//! Devices as third parties list them, one row each. A row that cannot be used is told by its line, the rest is used.

use vigie_shared::mac::Mac;

/// Rows of one list that are read: more than a hub has devices.
const ROWS_MAX: usize = 50_000;

/// Wrong rows that are told with their line; all are counted.
const TOLD_MAX: usize = 100;

/// The word in a member's name by which the venue's own devices are known there.
const OF_THE_VENUE: &str = "coworking";

/// A device of a list, and whose it is.
#[derive(Clone, PartialEq, Eq)]
pub struct ListedDevice {
    /// Its address.
    pub mac: Mac,
    /// Its owner's e-mail address, in small letters.
    pub email: String,
    /// Its owner's name.
    pub name: String,
    /// It is the venue's own and says nothing of anybody.
    pub is_of_venue: bool,
}

/// A row that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadRow {
    /// Its line, from 1.
    pub line: usize,
    /// What is wrong; the row is not repeated, as it may name somebody.
    pub says: &'static str,
}

/// What a list held.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct DeviceList {
    /// The devices, each once; of a device that is listed twice the last row holds.
    pub devices: Vec<ListedDevice>,
    /// Rows that cannot be used, the first of them.
    pub bad: Vec<BadRow>,
    /// How many there are.
    pub bad_count: usize,
}

impl DeviceList {
    /// Reads rows of address, e-mail address, first name and last name, separated by tabs.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        let mut list = Self::default();
        let mut devices = std::collections::BTreeMap::new();
        let rows = text.lines().enumerate().filter(|(_, row)| !row.trim().is_empty());
        for (at, row) in rows.take(ROWS_MAX) {
            match device(row) {
                Ok(device) => drop(devices.insert(device.mac, device)),
                Err(says) => {
                    list.bad_count += 1;
                    if list.bad.len() < TOLD_MAX {
                        list.bad.push(BadRow { line: at + 1, says });
                    }
                }
            }
        }
        list.devices = devices.into_values().collect();
        list
    }
}

fn device(row: &str) -> Result<ListedDevice, &'static str> {
    let mut fields = row.split('\t').map(str::trim);
    let mac: Option<Mac> = fields.next().and_then(|field| field.parse().ok());
    let mac = mac.ok_or("its first field is no MAC address; six pairs of hexadecimal digits are one")?;
    if !mac.is_device() {
        return Err("its address belongs to a group or to nobody, never to a device");
    }
    let email = fields.next().filter(|email| email.contains('@')).ok_or("its second field is no e-mail address")?;
    let name = fields.filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ");
    let is_of_venue = name.to_lowercase().contains(OF_THE_VENUE);
    Ok(ListedDevice { mac, email: email.to_lowercase(), name, is_of_venue })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_of_devices_is_read_row_by_row_and_what_is_wrong_is_named() {
        let text = "8E:1B:7C:00:11:22\tLea@Example.org\tLéa\tMartin\n\
                    8e:1b:7c:00:11\tbob@example.org\tBob\t\n\n\
                    3C-22-FB-00-11-22\tinfo@example.org\tCoworking\tMetz\r\n\
                    3c:22:fb:00:11:23\tnobody\tNo\tBody\n\
                    ff:ff:ff:ff:ff:ff\tall@example.org\tAll\t\n";
        let list = DeviceList::parse(text);

        let found: Vec<(String, &str, &str, bool)> = list
            .devices
            .iter()
            .map(|one| (one.mac.to_string(), one.email.as_str(), one.name.as_str(), one.is_of_venue))
            .collect();
        assert_eq!(
            found,
            [
                ("3c:22:fb:00:11:22".to_owned(), "info@example.org", "Coworking Metz", true),
                ("8e:1b:7c:00:11:22".to_owned(), "lea@example.org", "Léa Martin", false),
            ]
        );
        assert_eq!(list.bad.iter().map(|bad| bad.line).collect::<Vec<_>>(), [2, 5, 6]);
        assert_eq!(list.bad_count, 3);
    }

    #[test]
    fn of_endless_wrong_rows_the_first_are_told_and_all_are_counted() {
        let list = DeviceList::parse(&"no address\n".repeat(500));
        assert_eq!((list.bad.len(), list.bad_count, list.devices.len()), (TOLD_MAX, 500, 0));
    }
}
