//! Fields that people write in another way than the wire: moments, seconds, JSON inside JSON.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

/// Milliseconds since 1970 UTC; for people also an RFC 3339 moment.
pub(super) mod moment {
    use super::{Deserialize, Deserializer, Serialize, Serializer};
    use serde::de::Error as _;

    #[derive(Deserialize)]
    #[serde(untagged, expecting = "expected a moment like \"2026-11-20T08:00:00Z\" or milliseconds since 1970")]
    enum Written {
        Millis(i64),
        Text(String),
    }

    pub(in super::super) fn serialize<S: Serializer>(value: &Option<i64>, serializer: S) -> Result<S::Ok, S::Error> {
        value.serialize(serializer)
    }

    pub(in super::super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<i64>, D::Error> {
        if !deserializer.is_human_readable() {
            return Option::deserialize(deserializer);
        }
        match Option::<Written>::deserialize(deserializer)? {
            None => Ok(None),
            Some(Written::Millis(millis)) => Ok(Some(millis)),
            Some(Written::Text(text)) => {
                let moment: jiff::Timestamp = text.parse().map_err(|error| {
                    D::Error::custom(format!("`{text}` is not a moment like \"2026-11-20T08:00:00Z\": {error}"))
                })?;
                Ok(Some(moment.as_millisecond()))
            }
        }
    }
}

/// Whole seconds; for people also with a fraction.
pub(super) mod seconds {
    use super::{Deserialize, Deserializer, Serialize, Serializer};
    use serde::de::Error as _;

    /// A video of ten years is none.
    const SECONDS_MAX: f64 = 315_360_000.0;

    pub(in super::super) fn serialize<S: Serializer>(value: &Option<u32>, serializer: S) -> Result<S::Ok, S::Error> {
        value.serialize(serializer)
    }

    pub(in super::super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u32>, D::Error> {
        if !deserializer.is_human_readable() {
            return Option::deserialize(deserializer);
        }
        let Some(seconds) = Option::<f64>::deserialize(deserializer)? else { return Ok(None) };
        if !(0.0..=SECONDS_MAX).contains(&seconds) {
            return Err(D::Error::custom(format!("{seconds} is not a number of seconds")));
        }
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the range was checked above")]
        let whole = seconds.round() as u32;
        Ok(Some(whole))
    }
}

/// A JSON document: text on the wire, itself in JSON.
pub(super) mod json_text {
    use super::{Deserialize, Deserializer, Serialize, Serializer, Value};
    use serde::de::Error as _;
    use serde::ser::Error as _;

    pub(in super::super) fn serialize<S: Serializer>(text: &str, serializer: S) -> Result<S::Ok, S::Error> {
        if !serializer.is_human_readable() {
            return text.serialize(serializer);
        }
        let value: Value = serde_json::from_str(text).map_err(S::Error::custom)?;
        value.serialize(serializer)
    }

    pub(in super::super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
        if !deserializer.is_human_readable() {
            return String::deserialize(deserializer);
        }
        let value = Value::deserialize(deserializer)?;
        if !value.is_object() {
            return Err(D::Error::custom("expected a JSON object"));
        }
        Ok(value.to_string())
    }
}
