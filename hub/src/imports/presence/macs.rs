//! Lists of addresses as the old probe sends them: each that is none is reported by its place, the others count.

use vigie_shared::mac::Mac;

/// Most addresses of one list.
pub const LIST_MAX: usize = 10_000;

/// An address that was not taken. The text is not repeated: it may name a device.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NoAddress {
    /// Its place in the list, from 1.
    pub place: usize,
    /// What is wrong with it.
    pub reason: &'static str,
}

/// Reads a list with commas, semicolons or blanks between its addresses.
#[must_use]
pub fn read(list: &str) -> (Vec<Mac>, Vec<NoAddress>) {
    let (mut macs, mut refused) = (Vec::new(), Vec::new());
    let texts = list.split(|c: char| c == ',' || c == ';' || c.is_whitespace()).filter(|text| !text.is_empty());
    for (place, text) in (1..).zip(texts).take(LIST_MAX) {
        match text.parse::<Mac>() {
            Ok(mac) if mac.is_device() => macs.push(mac),
            Ok(_) => refused.push(NoAddress { place, reason: "it belongs to a group or to nobody, never to a device" }),
            Err(_) => refused.push(NoAddress { place, reason: "it is not a MAC address, such as 8e:1b:7c:00:11:22" }),
        }
    }
    (macs, refused)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn p27_one_malformed_address_costs_itself_and_no_other() {
        let mut texts: Vec<String> = (0..40).map(|at| format!("8e:1b:7c:00:11:{at:02x}")).collect();
        texts[16] = "8e:1b:7c:00:11".to_owned();

        let (macs, refused) = read(&texts.join(","));

        assert_eq!(macs.len(), 39);
        assert_eq!(refused.iter().map(|one| one.place).collect::<Vec<_>>(), [17]);
    }

    #[test]
    fn every_spelling_and_separator_is_read_and_groups_are_no_devices() {
        let (macs, refused) = read("8E-1B-7C-00-11-22; 8e1b.7c00.1122\n8E1B7C001122,,ff:ff:ff:ff:ff:ff");
        assert_eq!((macs.len(), refused.len(), refused[0].place), (3, 1, 4));
        assert!(macs.iter().all(|mac| *mac == macs[0]));
    }
}
