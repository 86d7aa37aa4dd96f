//! The serial number of a terminal: its only name, checked once at the border.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A serial number: 1 to 32 ASCII letters, digits, `-`, `_` and `.`, so that it fits file names and logs as it is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Serial(String);

/// A text that is no serial number.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not the serial number of a terminal: use 1 to 32 letters, digits, `-`, `_` or `.`, as on its label")]
pub struct NotASerial(String);

impl Serial {
    /// The longest serial number, characters.
    pub const LENGTH_MAX: usize = 32;

    /// The serial number as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Serial {
    type Err = NotASerial;

    fn from_str(text: &str) -> Result<Self, NotASerial> {
        let may = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
        let fits = (1..=Self::LENGTH_MAX).contains(&text.len()) && text.bytes().all(may) && !text.starts_with('.');
        if fits {
            return Ok(Self(text.to_owned()));
        }
        Err(NotASerial(text.chars().take(64).flat_map(char::escape_debug).collect()))
    }
}

impl TryFrom<String> for Serial {
    type Error = NotASerial;

    fn try_from(text: String) -> Result<Self, NotASerial> {
        text.parse()
    }
}

impl From<Serial> for String {
    fn from(serial: Serial) -> Self {
        serial.0
    }
}

impl fmt::Display for Serial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_fits_a_label_is_a_serial_number() {
        assert!("ZXTEST000417".parse::<Serial>().is_ok());
        assert!("TM20-001".parse::<Serial>().is_ok());
        for text in ["", "../../etc", "A\0B", "<b>", "a b", ".hidden", &"A".repeat(200), "é"] {
            assert!(text.parse::<Serial>().is_err(), "{text:?}");
        }
    }
}
