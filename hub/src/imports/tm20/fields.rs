//! The fields of one row of a dump, read in any spelling that serialisers and people give them.

use jiff::Timestamp;
use jiff::civil::{Date, Time};
use serde_json::{Map, Value};

/// Characters of a text that are kept.
const TEXT_CHARS_MAX: usize = 500;

/// The fields of one row.
#[derive(Debug, Clone, Default)]
pub(super) struct Fields(pub(super) Map<String, Value>);

impl Fields {
    fn first(&self, names: &[&str]) -> Option<&Value> {
        names.iter().find_map(|name| self.0.get(*name)).filter(|value| !value.is_null())
    }

    /// The first of these fields as text without blanks around it; none if it is empty.
    pub(super) fn text(&self, names: &[&str]) -> Option<String> {
        let text = match self.first(names)? {
            Value::String(text) => text.trim().chars().take(TEXT_CHARS_MAX).collect(),
            Value::Number(number) => number.to_string(),
            _ => return None,
        };
        (!text.is_empty()).then_some(text)
    }

    /// The first of these fields as a whole number.
    pub(super) fn int(&self, names: &[&str]) -> Option<i64> {
        whole(self.first(names)?)
    }

    /// The first of these fields as a yes or a no.
    pub(super) fn flag(&self, names: &[&str], otherwise: bool) -> bool {
        match self.first(names) {
            Some(Value::Bool(is_so)) => *is_so,
            Some(Value::String(text)) => !matches!(text.to_lowercase().as_str(), "" | "0" | "false" | "no" | "off"),
            Some(Value::Number(number)) => number.as_f64() != Some(0.0),
            _ => otherwise,
        }
    }

    /// The row that one of these fields points to: its number, or what it is called with natural keys.
    pub(super) fn reference(&self, names: &[&str]) -> Option<String> {
        reference(self.first(names)?)
    }

    /// The first of these fields as a time of day.
    pub(super) fn time(&self, names: &[&str]) -> Option<Time> {
        self.first(names)?.as_str()?.trim().parse().ok()
    }

    /// The first of these fields as a date.
    pub(super) fn date(&self, names: &[&str]) -> Option<Date> {
        self.first(names)?.as_str()?.trim().parse().ok()
    }

    /// The first of these fields as a moment. One without a zone is taken for UTC, in which Django keeps them.
    pub(super) fn moment(&self, names: &[&str]) -> Option<Timestamp> {
        let text = self.first(names)?.as_str()?.trim();
        text.parse().ok().or_else(|| format!("{text}Z").parse().ok())
    }

    /// The first of these fields that holds fields itself, as JSON or as JSON in a text.
    pub(super) fn inner(&self, names: &[&str]) -> Option<Self> {
        match self.first(names)? {
            Value::Object(fields) => Some(Self(fields.clone())),
            Value::String(text) => serde_json::from_str(text).ok().map(Self),
            _ => None,
        }
    }
}

/// What names a row: its number, or its natural key.
pub(super) fn reference(value: &Value) -> Option<String> {
    match value {
        Value::Number(number) => Some(number.to_string()),
        Value::String(text) => Some(text.trim().to_owned()),
        Value::Array(parts) => parts.iter().map(reference).collect::<Option<Vec<_>>>().map(|parts| parts.join(" ")),
        _ => None,
    }
}

fn whole(value: &Value) -> Option<i64> {
    value.as_i64().or_else(|| value.as_str()?.trim().parse().ok())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn fields(value: &Value) -> Fields {
        Fields(value.as_object().unwrap().clone())
    }

    #[test]
    fn numbers_flags_and_references_are_read_in_any_spelling() {
        let row =
            fields(&json!({ "a": " 7 ", "b": 7, "off": "False", "on": 1, "terminal": ["TM20-001"], "none": null }));
        assert_eq!((row.int(&["a"]), row.int(&["b"]), row.int(&["off"])), (Some(7), Some(7), None));
        assert!(!row.flag(&["off"], true) && row.flag(&["on"], false) && row.flag(&["none"], true));
        assert_eq!(row.reference(&["none", "terminal"]).as_deref(), None);
        assert_eq!(row.reference(&["terminal"]).as_deref(), Some("TM20-001"));
    }

    #[test]
    fn moments_with_and_without_a_zone_are_read() {
        let row = fields(
            &json!({ "a": "2031-05-06T08:01:09.123Z", "b": "2031-05-06T10:01:09+02:00", "c": "2031-05-06T08:01:09" }),
        );
        assert_eq!(row.moment(&["b"]), row.moment(&["c"]));
        assert_eq!(row.moment(&["a"]).unwrap().as_second(), row.moment(&["b"]).unwrap().as_second());
    }
}
