//! A number of boxes, or a percentage of a group: `3`, `10%`.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Some boxes of a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Share {
    /// So many.
    Boxes(u32),
    /// So many of a hundred, rounded up.
    Percent(u8),
}

/// A text that is no share.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("use a number of boxes, as `3`, or a percentage, as `10%`")]
pub struct ShareError;

impl Share {
    /// How many boxes it is of a group of that size.
    #[must_use]
    pub fn of(self, size: usize) -> usize {
        match self {
            Self::Boxes(count) => usize::try_from(count).unwrap_or(usize::MAX).min(size),
            Self::Percent(percent) => size.saturating_mul(usize::from(percent)).div_ceil(100).min(size),
        }
    }
}

impl FromStr for Share {
    type Err = ShareError;

    fn from_str(text: &str) -> Result<Self, ShareError> {
        let is_number = |text: &str| !text.is_empty() && text.bytes().all(|digit| digit.is_ascii_digit());
        match text.trim().strip_suffix('%') {
            Some(percent) if is_number(percent) => {
                let percent = percent.parse().ok().filter(|percent| *percent <= 100);
                percent.map(Self::Percent).ok_or(ShareError)
            }
            None if is_number(text.trim()) => text.trim().parse().map(Self::Boxes).map_err(|_too_large| ShareError),
            _ => Err(ShareError),
        }
    }
}

impl fmt::Display for Share {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Boxes(count) => write!(f, "{count}"),
            Self::Percent(percent) => write!(f, "{percent}%"),
        }
    }
}

impl TryFrom<String> for Share {
    type Error = ShareError;

    fn try_from(text: String) -> Result<Self, ShareError> {
        text.parse()
    }
}

impl From<Share> for String {
    fn from(share: Share) -> Self {
        share.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_is_a_number_or_a_percentage_rounded_up() {
        for (text, of_25) in [("0", 0), ("3", 3), ("40", 25), ("0%", 0), ("1%", 1), ("10%", 3), ("100%", 25)] {
            let share: Share = text.parse().unwrap();
            assert_eq!((share.of(25), share.to_string().as_str()), (of_25, text));
        }
        for odd in ["", "%", "101%", "-1", "+1", "1.5", "10 %x", "99999999999"] {
            assert_eq!(odd.parse::<Share>(), Err(ShareError), "{odd}");
        }
    }
}
