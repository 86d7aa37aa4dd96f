//! How somebody was seen: the sources that boxes know, and what only the hub knows.

use vigie_shared::wire::reading::Source;

/// The bit of somebody's activity in a web application; boxes have bits from below.
pub const APP: u16 = 1 << 15;

/// The bit of a line in a log of another program that was imported.
pub const LOG: u16 = 1 << 14;

/// The bit of such a line whose address is not in capitals with colons: the old scripts found no device for it.
pub const MISSPELT: u16 = 1 << 13;

/// Sources that prove an arrival by a single sight: a device that talks to its DHCP server, a person in an application.
pub const STRONG: u16 = Source::Dhcp.bit() | Source::Lease.bit() | APP;

/// The name under which strips of activity stand where others have their site.
pub const APP_SITE: &str = "app";

/// The sources of a sum of bits, each as one word.
#[must_use]
pub fn words(sources: u16) -> Vec<&'static str> {
    let known = Source::ALL.iter().map(|source| (source.bit(), source.as_str()));
    known.chain([(LOG, "log"), (APP, "app")]).filter(|(bit, _)| sources & bit != 0).map(|(_, word)| word).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sources_of_boxes_and_of_the_hub_are_told_apart() {
        assert_eq!(words(Source::ArpReply.bit() | LOG), ["arp", "log"]);
        assert_eq!(words(LOG | MISSPELT), ["log"], "how a line is written says nothing of the person");
        assert_eq!(words(APP | Source::Lease.bit()), ["lease", "app"]);
        assert!(Source::ALL.iter().all(|source| source.bit() & (APP | LOG | MISSPELT) == 0));
        assert_eq!(words(0), Vec::<&str>::new());
    }
}
