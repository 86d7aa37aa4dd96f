//! Identifiers that travel: they parse at the border and are trusted inside.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// An identifier that is not of the expected form.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not a {kind}: {rule}")]
pub struct IdError {
    kind: &'static str,
    rule: &'static str,
    text: String,
}

/// The name of a site: 1 to 32 ASCII letters or digits, so that it fits topics and certificates unescaped.
///
/// ```
/// use vigie_shared::id::SiteId;
/// assert!("rennes01".parse::<SiteId>().is_ok());
/// assert!("rennes/01".parse::<SiteId>().is_err());
/// ```
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct SiteId(String);

impl SiteId {
    /// The longest site id, in characters.
    pub const LENGTH_MAX: usize = 32;

    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for SiteId {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        let fits = (1..=Self::LENGTH_MAX).contains(&text.len());
        if fits && text.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            return Ok(Self(text.to_owned()));
        }
        Err(IdError {
            kind: "site id",
            rule: "use 1 to 32 letters (without accents) or digits, for example `rennes01`",
            text: text.chars().take(64).collect(),
        })
    }
}

impl TryFrom<String> for SiteId {
    type Error = IdError;

    fn try_from(text: String) -> Result<Self, IdError> {
        text.parse()
    }
}

impl From<SiteId> for String {
    fn from(id: SiteId) -> Self {
        id.0
    }
}

impl fmt::Display for SiteId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for SiteId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Declares a random 128-bit identifier, written as 32 hexadecimal digits.
macro_rules! random_id {
    ($(#[$doc:meta])* $name:ident, $kind:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
        pub struct $name(pub [u8; 16]);

        impl $name {
            /// Draws a new identifier from the system's random source.
            ///
            /// # Panics
            ///
            /// If the kernel has no random source, which no supported system lacks.
            #[must_use]
            pub fn random() -> Self {
                Self(random_bytes())
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&to_hex(&self.0))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&to_hex(&self.0))
            }
        }

        impl FromStr for $name {
            type Err = IdError;

            fn from_str(text: &str) -> Result<Self, IdError> {
                from_hex(&text.replace('-', "")).and_then(|bytes| bytes.try_into().ok()).map(Self).ok_or_else(|| {
                    IdError { kind: $kind, rule: "use 32 hexadecimal digits", text: text.chars().take(64).collect() }
                })
            }
        }

        impl Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                if serializer.is_human_readable() {
                    return serializer.collect_str(self);
                }
                self.0.serialize(serializer)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                if deserializer.is_human_readable() {
                    let text = String::deserialize(deserializer)?;
                    return text.parse().map_err(serde::de::Error::custom);
                }
                <[u8; 16]>::deserialize(deserializer).map(Self)
            }
        }
    };
}

random_id! {
    /// Born with a lane's directory; together with a position it names a record for ever.
    QueueId, "queue id"
}
random_id! {
    /// One start of a machine, as the kernel numbers it.
    BootId, "boot id"
}
random_id! {
    /// One start of an agent process: an instance that another one replaced never comes back.
    InstanceId, "instance id"
}
random_id! {
    /// One command, chosen by whoever asks for it, so that asking twice is harmless.
    CommandId, "command id"
}

random_id! {
    /// One rollout of a release to many boxes.
    RolloutId, "rollout id"
}

/// Draws bytes that nobody can guess.
///
/// # Panics
///
/// If the kernel has no random source, which no supported system lacks.
#[must_use]
pub fn random_bytes<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).expect("the kernel provides random bytes");
    bytes
}

/// Writes bytes as lower-case hexadecimal digits.
#[must_use]
pub fn to_hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        write!(text, "{byte:02x}").expect("writing to a string cannot fail");
        text
    })
}

/// Reads hexadecimal digits of either case; `None` if a digit is wrong or their number is odd.
#[must_use]
pub fn from_hex(text: &str) -> Option<Vec<u8>> {
    let digits: Option<Vec<u8>> =
        text.chars().map(|digit| digit.to_digit(16).and_then(|value| u8::try_from(value).ok())).collect();
    let digits = digits?;
    let pairs = digits.as_chunks::<2>();
    pairs.1.is_empty().then(|| pairs.0.iter().map(|[high, low]| high << 4 | low).collect())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_site_id_refuses_what_a_topic_or_certificate_would_misread() {
        for bad in ["", "a/b", "a+", "#", "é", "a b", "a-b", &"x".repeat(33)] {
            assert!(bad.parse::<SiteId>().is_err(), "{bad:?} was accepted");
        }
        assert!("x".repeat(32).parse::<SiteId>().is_ok());
    }

    #[test]
    fn a_uuid_with_hyphens_is_a_queue_id() {
        let id: QueueId = "00112233-4455-6677-8899-aabbccddeeff".parse().unwrap();
        assert_eq!(id.to_string(), "00112233445566778899aabbccddeeff");
    }

    proptest! {
        #[test]
        fn hexadecimal_text_reads_back(bytes: Vec<u8>) {
            prop_assert_eq!(from_hex(&to_hex(&bytes)), Some(bytes));
        }

        #[test]
        fn reading_hexadecimal_never_panics(text: String) {
            drop(from_hex(&text));
        }
    }
}
