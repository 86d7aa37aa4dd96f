//! DHCP requests as bytes (RFC 2131, options of RFC 2132): who asks for an address, and how it describes itself.
//!
//! Only what clients send is read. Option 55, the list of wished options, and the vendor class are the
//! fingerprint of a kind of device.

use std::net::Ipv4Addr;

use vigie_shared::mac::Mac;

const FIXED_BYTES: usize = 236;
const COOKIE: [u8; 4] = [99, 130, 83, 99];
const BOOT_REQUEST: u8 = 1;
const ETHERNET: u8 = 1;
const PAD: u8 = 0;
const HOST_NAME: u8 = 12;
const WISHED_ADDRESS: u8 = 50;
const KIND: u8 = 53;
const WISHED_OPTIONS: u8 = 55;
const VENDOR_CLASS: u8 = 60;
const END: u8 = 255;

/// What a client wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Looks for a server: it has just joined.
    Discover,
    /// Asks for, or renews, one address.
    Request,
    /// Asks for settings only.
    Inform,
    /// Gives its address back: it leaves.
    Release,
    /// Refuses an address that somebody else uses.
    Decline,
}

/// One message of a client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// What it wants.
    pub kind: Kind,
    /// The device, by the address inside the message: a relay changes the frame's.
    pub client: Mac,
    /// The address that it has or wishes, if it says.
    pub ip: Option<Ipv4Addr>,
    /// The name it gives itself, printable characters only.
    pub host_name: Option<String>,
    /// Option 55 as it came.
    pub wished_options: Vec<u8>,
    /// Option 60, printable characters only.
    pub vendor_class: Option<String>,
}

/// Reads the payload of a datagram from port 68 to port 67; `None` if it is not a client's message.
#[must_use]
pub fn request(payload: &[u8]) -> Option<Request> {
    let (fixed, rest) = payload.split_at_checked(FIXED_BYTES)?;
    let options = rest.strip_prefix(&COOKIE)?;
    let [BOOT_REQUEST, ETHERNET, 6, ..] = fixed else { return None };
    let client = Mac(fixed.get(28..34)?.try_into().ok()?);
    if !client.is_device() {
        return None;
    }
    let has_address = address(fixed.get(12..16)?);
    let mut kind = None;
    let mut read = Request {
        kind: Kind::Inform,
        client,
        ip: has_address,
        host_name: None,
        wished_options: Vec::new(),
        vendor_class: None,
    };
    for (code, value) in Options(options) {
        match code {
            KIND => kind = kind_of(value),
            HOST_NAME => read.host_name = printable(value),
            WISHED_ADDRESS => read.ip = read.ip.or_else(|| address(value)),
            WISHED_OPTIONS => read.wished_options = value.to_vec(),
            VENDOR_CLASS => read.vendor_class = printable(value),
            _ => {}
        }
    }
    kind.map(|kind| Request { kind, ..read })
}

/// The options one after another; ends at the first that is cut short.
struct Options<'a>(&'a [u8]);

impl<'a> Iterator for Options<'a> {
    type Item = (u8, &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            match self.0 {
                [] | [END, ..] => return None,
                [PAD, rest @ ..] => self.0 = rest,
                [code, length, rest @ ..] => {
                    let (value, rest) = rest.split_at_checked(usize::from(*length))?;
                    self.0 = rest;
                    return Some((*code, value));
                }
                [_] => return None,
            }
        }
    }
}

fn kind_of(value: &[u8]) -> Option<Kind> {
    match value {
        [1] => Some(Kind::Discover),
        [3] => Some(Kind::Request),
        [4] => Some(Kind::Decline),
        [7] => Some(Kind::Release),
        [8] => Some(Kind::Inform),
        _ => None,
    }
}

fn address(value: &[u8]) -> Option<Ipv4Addr> {
    let octets: [u8; 4] = value.try_into().ok()?;
    Some(Ipv4Addr::from(octets)).filter(|ip| !ip.is_unspecified())
}

fn printable(value: &[u8]) -> Option<String> {
    let text: String = String::from_utf8_lossy(value).chars().filter(|c| !c.is_control()).collect();
    Some(text).filter(|text| !text.is_empty())
}

#[cfg(test)]
pub(super) mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The message that a device sends when it joins.
    pub(in super::super) fn discover(client: Mac, name: &str) -> Vec<u8> {
        let mut payload = vec![0; FIXED_BYTES];
        payload[..3].copy_from_slice(&[BOOT_REQUEST, ETHERNET, 6]);
        payload[28..34].copy_from_slice(&client.0);
        payload.extend(COOKIE);
        payload.extend([KIND, 1, 1, PAD, HOST_NAME, u8::try_from(name.len()).unwrap()]);
        payload.extend(name.as_bytes());
        payload.extend([WISHED_OPTIONS, 4, 1, 121, 3, 6, WISHED_ADDRESS, 4, 192, 168, 77, 62]);
        payload.extend([VENDOR_CLASS, 12]);
        payload.extend(b"android-dhcp");
        payload.push(END);
        payload
    }

    const PHONE: Mac = Mac([0x8e, 0x1b, 0x7c, 0, 0x11, 0x22]);

    #[test]
    fn a_joining_device_is_read_with_its_fingerprint() {
        let read = request(&discover(PHONE, "Marie-iPhone")).unwrap();
        assert_eq!(
            read,
            Request {
                kind: Kind::Discover,
                client: PHONE,
                ip: Some(Ipv4Addr::new(192, 168, 77, 62)),
                host_name: Some("Marie-iPhone".to_owned()),
                wished_options: vec![1, 121, 3, 6],
                vendor_class: Some("android-dhcp".to_owned()),
            }
        );
    }

    #[test]
    fn a_message_without_a_kind_or_from_nobody_is_ignored() {
        assert_eq!(request(&discover(Mac([0; 6]), "x")), None);
        let mut payload = discover(PHONE, "x");
        payload.truncate(FIXED_BYTES + COOKIE.len());
        assert_eq!(request(&payload), None);
    }

    #[test]
    fn a_cut_message_keeps_what_came_before_the_cut() {
        let whole = discover(PHONE, "Marie-iPhone");
        for length in 0..whole.len() {
            let read = request(&whole[..length]);
            assert_eq!(read.is_some(), length >= FIXED_BYTES + COOKIE.len() + 3, "{length} bytes");
        }
    }

    #[test]
    fn control_characters_never_reach_a_name() {
        assert_eq!(request(&discover(PHONE, "a\u{1b}[2Jb\n")).unwrap().host_name.unwrap(), "a[2Jb");
    }

    proptest! {
        #[test]
        fn reading_never_panics(payload: Vec<u8>) {
            drop(request(&payload));
        }

        #[test]
        fn reading_any_options_never_panics(options: Vec<u8>) {
            let mut payload = discover(PHONE, "x");
            payload.truncate(FIXED_BYTES + COOKIE.len());
            payload.extend(options);
            drop(request(&payload));
        }
    }
}
