//! Names that devices gave themselves, shared by the collectors that learn them and those that show them.
//!
//! A name is personal more often than not (`Marie-iPhone`). It stays in memory, on the box, and leaves it only
//! inside the record of a device whose owner declared it his own equipment.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use vigie_shared::mac::Mac;

/// Longest name that is kept, in characters: one label of a host name.
pub const NAME_CHARS_MAX: usize = 63;

/// Most devices whose names are kept: a /20 full of them. The name learnt longest ago makes room.
const DEVICES_MAX: usize = 4096;

/// The newest known name of each device.
#[derive(Default)]
pub struct HostNames(Mutex<Table>);

#[derive(Default)]
struct Table {
    names: BTreeMap<Mac, Named>,
    age: BTreeMap<u64, Mac>,
    lessons: u64,
}

struct Named {
    name: String,
    lesson: u64,
}

impl HostNames {
    /// Keeps a name; one that [`clean_name`] finds empty is ignored.
    pub fn learn(&self, mac: Mac, name: &str) {
        if let Some(name) = clean_name(name) {
            self.0.lock().unwrap_or_else(PoisonError::into_inner).learn(mac, name);
        }
    }

    /// The newest name that the device gave itself.
    #[must_use]
    pub fn get(&self, mac: Mac) -> Option<String> {
        let table = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        table.names.get(&mac).map(|named| named.name.clone())
    }

    /// How many devices have a name.
    #[must_use]
    pub fn count(&self) -> usize {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).names.len()
    }
}

impl Table {
    fn learn(&mut self, mac: Mac, name: String) {
        self.lessons += 1;
        let lesson = self.lessons;
        if let Some(former) = self.names.insert(mac, Named { name, lesson }) {
            self.age.remove(&former.lesson);
        }
        self.age.insert(lesson, mac);
        if self.names.len() > DEVICES_MAX
            && let Some((_, oldest)) = self.age.pop_first()
        {
            self.names.remove(&oldest);
        }
    }
}

/// A name fit to be shown: without control characters, blanks at its ends and the final dot of a full domain
/// name, at most [`NAME_CHARS_MAX`] characters; none if nothing is left.
#[must_use]
pub fn clean_name(name: &str) -> Option<String> {
    let printable: String = name.trim().chars().filter(|c| !c.is_control()).take(NAME_CHARS_MAX).collect();
    let name = printable.trim().trim_end_matches('.');
    (!name.is_empty()).then(|| name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mac(number: u16) -> Mac {
        let [high, low] = number.to_be_bytes();
        Mac([0x3c, 0x22, 0xfb, 0, high, low])
    }

    #[test]
    fn the_newest_name_wins() {
        let names = HostNames::default();

        names.learn(mac(1), "iPhone");
        names.learn(mac(1), "Marie-iPhone.");
        names.learn(mac(1), " \u{7} ");

        assert_eq!(names.get(mac(1)).as_deref(), Some("Marie-iPhone"));
        assert_eq!(names.get(mac(2)), None);
        assert_eq!(names.count(), 1);
    }

    #[test]
    fn a_full_table_forgets_the_name_learnt_longest_ago() {
        let names = HostNames::default();
        for number in 0..=u16::try_from(DEVICES_MAX).unwrap() {
            names.learn(mac(number), "device");
            names.learn(mac(0), "kept fresh");
        }

        assert_eq!(names.count(), DEVICES_MAX);
        assert!(names.get(mac(0)).is_some());
        assert_eq!(names.get(mac(1)), None);
    }

    #[test]
    fn a_name_is_cut_between_characters() {
        let long = "é".repeat(200);
        assert_eq!(clean_name(&long).unwrap().chars().count(), NAME_CHARS_MAX);
    }
}
