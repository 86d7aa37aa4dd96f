//! Who made a network card, by the first half of its address, from the lists that Debian packages bring: `ieee-data`,
//! `arp-scan`, `nmap`, `wireshark`. Without any of them nobody is named: the agent carries no list of its own.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufRead as _, BufReader, Read as _};
use std::path::Path;

use vigie_shared::id::from_hex;
use vigie_shared::mac::Mac;

use crate::machines::{MACHINES_MAX, clean};

/// Where the packages put their lists.
const LISTS: [&str; 5] = [
    "/usr/share/ieee-data/oui.txt",
    "/var/lib/ieee-data/oui.txt",
    "/usr/share/arp-scan/ieee-oui.txt",
    "/usr/share/nmap/nmap-mac-prefixes",
    "/usr/share/wireshark/manuf",
];

/// Most bytes that are read of a list; the longest has 7 MB.
const LIST_BYTES_MAX: u64 = 16 << 20;

/// The first half of an address.
type Prefix = [u8; 3];

/// The makers that were looked up; none for one that no list names.
#[derive(Debug, Clone, Default)]
pub(super) struct Vendors(BTreeMap<Prefix, Option<String>>);

impl Vendors {
    /// Looks up the cards that were not looked up before.
    pub(super) fn learn(&mut self, macs: &[Mac]) {
        self.learn_from(macs, LISTS.iter().map(Path::new));
    }

    fn learn_from<'a>(&mut self, macs: &[Mac], lists: impl Iterator<Item = &'a Path>) {
        let room = MACHINES_MAX.saturating_sub(self.0.len());
        let public = macs.iter().filter(|mac| !mac.is_private()).map(|mac| prefix(*mac));
        let mut wanted: Vec<Prefix> = public.filter(|prefix| !self.0.contains_key(prefix)).take(room).collect();
        if wanted.is_empty() {
            return;
        }
        wanted.sort_unstable();
        for list in lists.filter_map(|path| File::open(path).ok()) {
            if wanted.iter().all(|prefix| self.0.contains_key(prefix)) {
                break;
            }
            for line in BufReader::new(list.take(LIST_BYTES_MAX)).split(b'\n').map_while(Result::ok) {
                if let Some((prefix, maker)) = entry(&String::from_utf8_lossy(&line))
                    && wanted.binary_search(&prefix).is_ok()
                {
                    self.0.entry(prefix).or_insert(Some(maker));
                }
            }
        }
        for prefix in wanted {
            self.0.entry(prefix).or_insert(None);
        }
    }

    /// Who made a card.
    pub(super) fn get(&self, mac: Mac) -> Option<String> {
        self.0.get(&prefix(mac)).cloned().flatten()
    }
}

fn prefix(mac: Mac) -> Prefix {
    let [a, b, c, ..] = mac.0;
    [a, b, c]
}

/// A line of any of the lists: the prefix in some spelling, perhaps a word in brackets, perhaps a short name, the maker.
fn entry(line: &str) -> Option<(Prefix, String)> {
    let (written, rest) = line.split_once([' ', '\t'])?;
    let digits: String = written.chars().filter(|c| !matches!(c, ':' | '-')).collect();
    let prefix = from_hex(&digits)?.try_into().ok()?;
    let rest = rest.trim();
    let rest = rest.strip_prefix("(hex)").or_else(|| rest.strip_prefix("(base 16)")).unwrap_or(rest);
    clean(rest.rsplit('\t').next()?).map(|maker| (prefix, maker))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const CARD: Mac = Mac([0x3c, 0x22, 0xfb, 1, 2, 3]);

    #[test]
    fn every_list_names_the_maker_in_its_own_spelling() {
        for line in [
            "3C-22-FB   (hex)\t\tApple, Inc.",
            "3C22FB     (base 16)\t\tApple, Inc.",
            "3C22FB\tApple, Inc.",
            "3C22FB Apple, Inc.",
            "3C:22:FB\tApple\tApple, Inc.",
        ] {
            assert_eq!(entry(line), Some(([0x3c, 0x22, 0xfb], "Apple, Inc.".to_owned())), "{line}");
        }
        for line in ["", "# a comment", "OUI/MA-L  Organization", "\t\t\t\tCupertino CA 95014", "3C22FB0 x"] {
            assert_eq!(entry(line), None, "{line}");
        }
    }

    #[test]
    fn a_card_is_looked_up_once_and_made_up_addresses_never() {
        let folder = tempfile::tempdir().unwrap();
        let list = folder.path().join("oui.txt");
        std::fs::write(&list, "3C22FB\tApple, Inc.\n").unwrap();
        let mut vendors = Vendors::default();

        vendors.learn_from(&[CARD, Mac([2, 0, 0, 0, 0, 1]), Mac([0, 1, 2, 0, 0, 1])], [list.as_path()].into_iter());

        assert_eq!(vendors.get(CARD).as_deref(), Some("Apple, Inc."));
        assert_eq!(vendors.0.len(), 2);
        std::fs::remove_file(&list).unwrap();
        vendors.learn_from(&[CARD], [list.as_path()].into_iter());
        assert_eq!(vendors.get(CARD).as_deref(), Some("Apple, Inc."));
    }

    proptest! {
        #[test]
        fn reading_a_line_never_panics(line in "\\PC{0,60}") {
            drop(entry(&line));
        }
    }
}
