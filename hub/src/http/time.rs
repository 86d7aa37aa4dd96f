//! Times in JSON: RFC 3339 in UTC, to the millisecond.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// A moment, milliseconds since 1970 UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Time(pub i64);

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let moment =
            Timestamp::from_millisecond(self.0).unwrap_or(if self.0 < 0 { Timestamp::MIN } else { Timestamp::MAX });
        write!(f, "{moment:.3}")
    }
}

impl FromStr for Time {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let shown: String = text.chars().take(64).collect();
        text.parse::<Timestamp>()
            .map(|moment| Self(moment.as_millisecond()))
            .map_err(|_unreadable| format!("`{shown}` is not a time; write it like 2026-11-20T14:05:00Z"))
    }
}

impl TryFrom<String> for Time {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<Time> for String {
    fn from(time: Time) -> Self {
        time.to_string()
    }
}

impl utoipa::PartialSchema for Time {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        utoipa::openapi::ObjectBuilder::new()
            .schema_type(utoipa::openapi::schema::Type::String)
            .format(Some(utoipa::openapi::SchemaFormat::KnownFormat(utoipa::openapi::KnownFormat::DateTime)))
            .description(Some("A moment in UTC, RFC 3339."))
            .into()
    }
}

impl utoipa::ToSchema for Time {}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_time_is_written_in_utc_with_milliseconds() {
        assert_eq!(Time(1_795_183_500_000).to_string(), "2026-11-20T14:05:00.000Z");
        assert_eq!("2026-11-20T15:05:00+01:00".parse(), Ok(Time(1_795_183_500_000)));
    }

    #[test]
    fn what_is_not_a_time_says_how_to_write_one() {
        assert!("yesterday".parse::<Time>().unwrap_err().contains("2026-11-20T14:05:00Z"));
    }

    proptest! {
        #[test]
        fn a_time_reads_back(ms in -60_000_000_000_000i64..250_000_000_000_000) {
            prop_assert_eq!(Time(ms).to_string().parse(), Ok(Time(ms)));
        }

        #[test]
        fn any_number_can_be_shown(ms: i64) {
            prop_assert!(!Time(ms).to_string().is_empty());
        }
    }
}
