//! Pseudonyms: what a device is called outside its site.
//!
//! A bare hash of a MAC is undone in seconds (some 2^24 guesses per manufacturer). A keyed one is not, as long
//! as the key stays: the site's key names registered devices for good; a key that dies daily names all others.

use std::fmt;

use ring::hmac;
use serde::{Deserialize, Serialize};

use crate::id::{from_hex, random_bytes, to_hex};
use crate::mac::Mac;

/// The first 128 bits of a keyed hash of a MAC.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Pseudonym(pub [u8; 16]);

/// A secret that turns addresses into pseudonyms. Its `Debug` form shows nothing.
#[derive(Clone)]
pub struct PseudonymKey(hmac::Key);

impl PseudonymKey {
    /// Length of the secret, bytes.
    pub const BYTES: usize = 32;

    /// Takes a secret as the key.
    #[must_use]
    pub fn new(secret: &[u8; Self::BYTES]) -> Self {
        Self(hmac::Key::new(hmac::HMAC_SHA256, secret))
    }

    /// Draws a key that nobody else has.
    ///
    /// # Panics
    ///
    /// If the kernel has no random source, which no supported system lacks.
    #[must_use]
    pub fn random() -> Self {
        Self::new(&random_bytes())
    }

    /// The name of an address under this key.
    #[must_use]
    pub fn name(&self, mac: Mac) -> Pseudonym {
        let tag = hmac::sign(&self.0, &mac.0);
        let mut name = [0; 16];
        name.iter_mut().zip(tag.as_ref()).for_each(|(to, from)| *to = *from);
        Pseudonym(name)
    }
}

impl fmt::Debug for PseudonymKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PseudonymKey(…)")
    }
}

impl fmt::Display for Pseudonym {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&to_hex(&self.0))
    }
}

impl fmt::Debug for Pseudonym {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for Pseudonym {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            return serializer.collect_str(self);
        }
        self.0.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Pseudonym {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if deserializer.is_human_readable() {
            let text = String::deserialize(deserializer)?;
            let bytes = from_hex(&text).and_then(|bytes| bytes.try_into().ok());
            return bytes.map(Self).ok_or_else(|| serde::de::Error::custom("a pseudonym has 32 hexadecimal digits"));
        }
        <[u8; 16]>::deserialize(deserializer).map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_key_names_a_device_the_same_and_two_keys_differently() {
        let mac: Mac = "8e:1b:7c:00:11:22".parse().unwrap();
        let site = PseudonymKey::new(&[1; 32]);
        assert_eq!(site.name(mac), PseudonymKey::new(&[1; 32]).name(mac));
        assert_ne!(site.name(mac), PseudonymKey::new(&[2; 32]).name(mac));
        assert_ne!(PseudonymKey::random().name(mac), PseudonymKey::random().name(mac));
    }

    #[test]
    fn a_key_never_shows_itself() {
        assert_eq!(format!("{:?}", PseudonymKey::new(&[1; 32])), "PseudonymKey(…)");
    }
}
