//! MAC addresses: every spelling people and programs use, and what an address says about itself.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A device's address on a LAN, 48 bits.
///
/// ```
/// use vigie_shared::mac::Mac;
/// let mac: Mac = "8E-1B-7C-00-11-22".parse()?;
/// assert_eq!(mac.to_string(), "8e:1b:7c:00:11:22");
/// # Ok::<(), vigie_shared::mac::MacError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Mac(pub [u8; 6]);

/// Text that is not a MAC address.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a MAC address: use six pairs of hexadecimal digits, for example `8e:1b:7c:00:11:22`")]
pub struct MacError(String);

/// What the bits of an address say about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MacKind {
    /// Given by a manufacturer.
    Universal,
    /// Made up by the device: private, rotating, virtual.
    Local(Quadrant),
    /// A group, never one device.
    Multicast,
    /// Everybody.
    Broadcast,
    /// All zeros: nobody.
    Null,
}

/// The quarter of the local addresses (RFC 8948).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Quadrant {
    /// Administratively assigned: second digit 2. Containers and virtual machines live here.
    Aai,
    /// Extended local: second digit a.
    Eli,
    /// Standard assigned: second digit e.
    Sai,
    /// Reserved: second digit 6.
    Reserved,
}

impl Mac {
    /// What the address says about itself.
    #[must_use]
    pub fn kind(self) -> MacKind {
        let [lead, ..] = self.0;
        match (self.0, lead & 0b01, lead & 0b10, lead & 0b1100) {
            ([0xff, 0xff, 0xff, 0xff, 0xff, 0xff], ..) => MacKind::Broadcast,
            ([0, 0, 0, 0, 0, 0], ..) => MacKind::Null,
            (_, 1, ..) => MacKind::Multicast,
            (_, _, 0, _) => MacKind::Universal,
            (_, _, _, 0b0000) => MacKind::Local(Quadrant::Aai),
            (_, _, _, 0b1000) => MacKind::Local(Quadrant::Eli),
            (_, _, _, 0b1100) => MacKind::Local(Quadrant::Sai),
            _ => MacKind::Local(Quadrant::Reserved),
        }
    }

    /// Whether the address can belong to one device.
    #[must_use]
    pub fn is_device(self) -> bool {
        matches!(self.kind(), MacKind::Universal | MacKind::Local(_))
    }

    /// Whether the device made the address up, so that it may change.
    #[must_use]
    pub fn is_private(self) -> bool {
        matches!(self.kind(), MacKind::Local(_))
    }

    /// Whether the address is of the pattern that container engines use.
    #[must_use]
    pub fn is_container(self) -> bool {
        matches!(self.0, [0x02, 0x42, ..])
    }
}

impl FromStr for Mac {
    type Err = MacError;

    fn from_str(text: &str) -> Result<Self, MacError> {
        let error = || MacError(text.chars().take(40).collect());
        let trimmed = text.trim();
        let separator = trimmed.chars().find(|c| matches!(c, ':' | '-' | '.'));
        let (groups, digits_max): (Vec<&str>, usize) = match separator {
            Some(separator) => {
                let groups: Vec<&str> = trimmed.split(separator).collect();
                match groups.len() {
                    6 => (groups, 2),
                    3 => (groups, 4),
                    _ => return Err(error()),
                }
            }
            None => (vec![trimmed], 12),
        };
        let mut digits = String::with_capacity(12);
        for group in groups {
            let is_short = digits_max == 2 && group.len() == 1;
            if !(group.len() == digits_max || is_short) {
                return Err(error());
            }
            if is_short {
                digits.push('0');
            }
            digits.push_str(group);
        }
        let bytes = crate::id::from_hex(&digits).ok_or_else(error)?;
        bytes.try_into().map(Self).map_err(|_wrong_length| error())
    }
}

impl fmt::Display for Mac {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [a, b, c, d, e, g] = self.0;
        write!(f, "{a:02x}:{b:02x}:{c:02x}:{d:02x}:{e:02x}:{g:02x}")
    }
}

impl fmt::Debug for Mac {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for Mac {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            return serializer.collect_str(self);
        }
        self.0.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Mac {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if deserializer.is_human_readable() {
            let text = String::deserialize(deserializer)?;
            return text.parse().map_err(serde::de::Error::custom);
        }
        <[u8; 6]>::deserialize(deserializer).map(Self)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn s01_every_spelling_of_one_address_is_the_same_address() {
        for text in ["8E-1B-7C-00-11-22", "8e1b.7c00.1122", "8e:1b:7c:0:11:22", "8E1B7C001122"] {
            assert_eq!(text.parse::<Mac>().unwrap().to_string(), "8e:1b:7c:00:11:22", "{text}");
        }
    }

    #[test]
    fn s01_what_is_not_an_address_is_refused_by_name() {
        for text in [
            "8e:1b:7c:00:11",
            "zz:1b:7c:00:11:22",
            "",
            "8e:1b:7c:00:11:222",
            "+8:1b:7c:00:11:22",
            "é".repeat(6).as_str(),
        ] {
            assert!(text.parse::<Mac>().is_err(), "{text:?} was accepted");
        }
    }

    #[test]
    fn s02_an_address_says_what_it_is() {
        let kind = |text: &str| text.parse::<Mac>().unwrap().kind();
        assert_eq!(kind("8e:1b:7c:00:11:22"), MacKind::Local(Quadrant::Sai));
        assert_eq!(kind("0a:1b:7c:00:11:22"), MacKind::Local(Quadrant::Eli));
        assert_eq!(kind("02:42:ac:11:00:02"), MacKind::Local(Quadrant::Aai));
        assert_eq!(kind("06:1b:7c:00:11:22"), MacKind::Local(Quadrant::Reserved));
        assert_eq!(kind("3c:22:fb:00:11:22"), MacKind::Universal);
        assert_eq!(kind("33:33:00:00:00:fb"), MacKind::Multicast);
        assert_eq!(kind("ff:ff:ff:ff:ff:ff"), MacKind::Broadcast);
        assert_eq!(kind("00:00:00:00:00:00"), MacKind::Null);
        assert!("02:42:ac:11:00:02".parse::<Mac>().unwrap().is_container());
    }

    proptest! {
        #[test]
        fn an_address_reads_back(bytes: [u8; 6]) {
            prop_assert_eq!(Mac(bytes).to_string().parse::<Mac>(), Ok(Mac(bytes)));
        }

        #[test]
        fn reading_never_panics(text: String) {
            drop(text.parse::<Mac>());
        }
    }
}
