//! Holds a value against a schema of the OpenAPI document: as much of JSON Schema as utoipa writes.

use regex::Regex;
use serde_json::Value;

/// Says where a value is not what the schema promises; none if it is.
pub(crate) fn broken(document: &Value, schema: &Value, value: &Value) -> Option<String> {
    if let Some(place) = schema["$ref"].as_str() {
        let named = document.pointer(place.trim_start_matches('#'));
        return named.map_or_else(|| Some(format!("there is no {place}")), |named| broken(document, named, value));
    }
    let all = schema["allOf"].as_array().into_iter().flatten();
    of_kind(schema, value)
        .or_else(|| of_choice(document, schema, value))
        .or_else(|| all.filter_map(|one| broken(document, one, value)).next())
        .or_else(|| of_parts(document, schema, value))
        .or_else(|| within_bounds(schema, value))
}

/// The type, and the words of an enumeration.
fn of_kind(schema: &Value, value: &Value) -> Option<String> {
    let is = |kind: &str| match kind {
        "null" => value.is_null(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "string" => value.is_string(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        other => panic!("no value is of the type {other}"),
    };
    let fits = match &schema["type"] {
        Value::String(kind) => is(kind),
        Value::Array(kinds) => kinds.iter().filter_map(Value::as_str).any(is),
        _ => true,
    };
    if !fits {
        return Some(format!("{value} is not of the type {}", schema["type"]));
    }
    let words = schema["enum"].as_array();
    words.filter(|words| !words.contains(value)).map(|words| format!("{value} is none of {words:?}"))
}

/// Exactly one, or at least one, of several schemas.
fn of_choice(document: &Value, schema: &Value, value: &Value) -> Option<String> {
    for (name, at_most) in [("oneOf", 1), ("anyOf", usize::MAX)] {
        let Some(choices) = schema[name].as_array() else { continue };
        let fitting = choices.iter().filter(|choice| broken(document, choice, value).is_none()).count();
        if fitting == 0 || fitting > at_most {
            return Some(format!("{value} fits {fitting} of {} in {name}", choices.len()));
        }
    }
    None
}

/// The rows of a list, the fields of an object.
fn of_parts(document: &Value, schema: &Value, value: &Value) -> Option<String> {
    if let (Some(rows), Some(of_row)) = (value.as_array(), schema.get("items")) {
        return rows.iter().find_map(|row| broken(document, of_row, row));
    }
    let fields = value.as_object()?;
    let required = schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str);
    let missing = required.into_iter().find(|name| !fields.contains_key(*name));
    if let Some(missing) = missing {
        return Some(format!("`{missing}` is missing"));
    }
    fields.iter().find_map(|(name, field)| {
        let of_field = schema["properties"].get(name).or_else(|| schema.get("additionalProperties"));
        match of_field {
            Some(Value::Bool(false)) => Some(format!("`{name}` is unknown")),
            Some(of_field) => broken(document, of_field, field).map(|wrong| format!("`{name}`: {wrong}")),
            None => None,
        }
    })
}

/// The range of a number, the pattern of a text.
fn within_bounds(schema: &Value, value: &Value) -> Option<String> {
    if let (Some(text), Some(pattern)) = (value.as_str(), schema["pattern"].as_str()) {
        let fits = Regex::new(pattern).unwrap().is_match(text);
        return (!fits).then(|| format!("`{text}` is not {pattern}"));
    }
    let number = value.as_f64()?;
    let below = schema["minimum"].as_f64().is_some_and(|least| number < least);
    let above = schema["maximum"].as_f64().is_some_and(|most| number > most);
    (below || above).then(|| format!("{value} is out of its range"))
}
