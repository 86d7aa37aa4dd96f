//! Multicast DNS as bytes (RFC 6762 on RFC 1035): the names that devices announce, and the question "what is your
//! name?" for a list of addresses.
//!
//! Only answers are read, and of these only A records and reverse PTR records below `.local`. Bounds: 64 records
//! and 16 jumps per name, so that a hostile packet costs nothing.

use std::net::Ipv4Addr;

const RECORDS_MAX: u16 = 64;
const JUMPS_MAX: u8 = 16;
const NAME_BYTES_MAX: usize = 255;
const HEADER_BYTES: usize = 12;
const IS_RESPONSE: u8 = 0x80;
const A: u16 = 1;
const PTR: u16 = 12;
const INTERNET: u16 = 1;
/// In a question: "answer me alone".
const UNICAST_WISHED: u16 = 0x8000;

/// A device's own word about its name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Announcement {
    /// The address it speaks for.
    pub ip: Ipv4Addr,
    /// Its name without `.local`, printable characters only.
    pub name: String,
}

/// Reads the payload of a datagram from port 5353; empty if nobody is named.
#[must_use]
pub fn announcements(payload: &[u8]) -> Vec<Announcement> {
    let mut found = Vec::new();
    // A damaged record ends the reading; what came before it counts.
    let _is_whole = read_answers(payload, &mut found).is_some();
    found
}

fn read_answers(payload: &[u8], found: &mut Vec<Announcement>) -> Option<()> {
    let flags = *payload.get(2)?;
    if flags & IS_RESPONSE == 0 {
        return None;
    }
    let (questions, answers) = (u16_at(payload, 4)?, u16_at(payload, 6)?);
    let more = u16_at(payload, 8)?.saturating_add(u16_at(payload, 10)?);
    let mut at = HEADER_BYTES;
    for _ in 0..questions.min(RECORDS_MAX) {
        at = name(payload, at)?.1 + 4;
    }
    for _ in 0..answers.saturating_add(more).min(RECORDS_MAX) {
        let (owner, after_name) = name(payload, at)?;
        let kind = u16_at(payload, after_name)?;
        let length = usize::from(u16_at(payload, after_name + 8)?);
        let start = after_name + 10;
        let value = payload.get(start..start + length)?;
        let announced = match kind {
            A => value.try_into().ok().map(|octets: [u8; 4]| (Ipv4Addr::from(octets), owner)),
            PTR => reverse(&owner).zip(name(payload, start).map(|(target, _)| target)),
            _ => None,
        };
        found.extend(announced.and_then(|(ip, name)| Some(Announcement { ip, name: host(&name)? })));
        at = start + length;
    }
    Some(())
}

/// Reads a name that may jump backwards; returns it with the place after it.
fn name(payload: &[u8], start: usize) -> Option<(String, usize)> {
    let mut text = String::new();
    let (mut at, mut after, mut jumps) = (start, None, 0);
    loop {
        let length = *payload.get(at)?;
        match length {
            0 => return Some((text, after.unwrap_or(at + 1))),
            0xc0.. => {
                after = after.or(Some(at + 2));
                at = usize::from(u16_at(payload, at)? & 0x3fff);
                jumps += 1;
            }
            1..=63 => {
                let label = payload.get(at + 1..at + 1 + usize::from(length))?;
                if !text.is_empty() {
                    text.push('.');
                }
                text.extend(String::from_utf8_lossy(label).chars().filter(|c| !c.is_control()));
                at += 1 + usize::from(length);
            }
            64..0xc0 => return None,
        }
        if jumps > JUMPS_MAX || text.len() > NAME_BYTES_MAX {
            return None;
        }
    }
}

fn u16_at(payload: &[u8], at: usize) -> Option<u16> {
    payload.get(at..at + 2)?.try_into().ok().map(u16::from_be_bytes)
}

/// The address in `7.0.0.10.in-addr.arpa`.
fn reverse(owner: &str) -> Option<Ipv4Addr> {
    let digits = owner.to_ascii_lowercase();
    let ip: Ipv4Addr = digits.strip_suffix(".in-addr.arpa")?.parse().ok()?;
    let [a, b, c, d] = ip.octets();
    Some(Ipv4Addr::new(d, c, b, a))
}

/// The host in `marie-iphone.local`.
fn host(name: &str) -> Option<String> {
    let (host, domain) = name.rsplit_once('.')?;
    (domain.eq_ignore_ascii_case("local") && !host.is_empty()).then(|| host.to_owned())
}

/// Writes one question for the names of all these addresses, to be sent to 224.0.0.251 port 5353.
///
/// At most 20 addresses fit a datagram of 1 000 bytes; the rest is left out.
#[must_use]
pub fn question(addresses: &[Ipv4Addr]) -> Vec<u8> {
    let asked: Vec<_> = addresses.iter().take(20).collect();
    let count = u16::try_from(asked.len()).unwrap_or(u16::MAX);
    let mut payload = vec![0; 4];
    payload.extend(count.to_be_bytes());
    payload.extend([0; 6]);
    for ip in asked {
        let [a, b, c, d] = ip.octets().map(|octet| octet.to_string());
        for label in [d.as_str(), &c, &b, &a, "in-addr", "arpa"] {
            payload.extend(u8::try_from(label.len()));
            payload.extend(label.as_bytes());
        }
        payload.push(0);
        payload.extend(PTR.to_be_bytes());
        payload.extend((INTERNET | UNICAST_WISHED).to_be_bytes());
    }
    payload
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const PHONE: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 7);

    /// An answer with an A record and, by a jump to its name, a reverse PTR record.
    fn response() -> Vec<u8> {
        let mut payload = vec![0, 0, 0x84, 0, 0, 0, 0, 1, 0, 0, 0, 1];
        payload.extend(b"\x0cMarie-iPhone\x05local\x00");
        payload.extend([0, 1, 0x80, 1, 0, 0, 0, 120, 0, 4, 10, 0, 0, 7]);
        payload.extend(b"\x019\x010\x010\x0210\x07in-addr\x04arpa\x00");
        payload.extend([0, 12, 0x80, 1, 0, 0, 0, 120, 0, 2, 0xc0, 12]);
        payload
    }

    #[test]
    fn names_are_read_from_forward_and_reverse_records() {
        let named = |ip| Announcement { ip, name: "Marie-iPhone".to_owned() };
        assert_eq!(announcements(&response()), [named(PHONE), named(Ipv4Addr::new(10, 0, 0, 9))]);
    }

    #[test]
    fn a_question_and_a_foreign_domain_name_nobody() {
        let mut question = response();
        question[2] = 0;
        assert_eq!(announcements(&question), []);
        let text = String::from_utf8_lossy(&response()).contains("local");
        assert!(text);
        let foreign: Vec<u8> = response().iter().map(|byte| if *byte == b'l' { b'x' } else { *byte }).collect();
        assert_eq!(announcements(&foreign), []);
    }

    #[test]
    fn a_name_that_jumps_to_itself_ends() {
        let mut payload = vec![0, 0, 0x84, 0, 0, 0, 0, 1, 0, 0, 0, 0];
        payload.extend([0xc0, 12, 0, 1, 0, 1]);
        assert_eq!(announcements(&payload), []);
    }

    #[test]
    fn a_question_asks_for_the_reverse_names() {
        let payload = question(&[PHONE]);
        assert_eq!(name(&payload, HEADER_BYTES).unwrap().0, "7.0.0.10.in-addr.arpa");
        assert!(question(&[PHONE; 300]).len() <= 1000);
    }

    proptest! {
        #[test]
        fn reading_never_panics(payload: Vec<u8>) {
            drop(announcements(&payload));
        }

        #[test]
        fn reading_a_damaged_response_never_panics(at in 0_usize..80, value: u8, length in 0_usize..90) {
            let mut payload = response();
            payload[at] = value;
            payload.truncate(length);
            drop(announcements(&payload));
        }

        #[test]
        fn every_address_in_a_question_reads_back(octets: [u8; 4]) {
            let payload = question(&[octets.into()]);
            prop_assert_eq!(reverse(&name(&payload, HEADER_BYTES).unwrap().0), Some(octets.into()));
        }
    }
}
