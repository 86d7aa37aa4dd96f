//! How a terminal writes JSON, and how its faults garble it.

use serde_json::{Map, Value};

use super::fault::{Fault, Faults};

/// Stands in a name for a byte that is not UTF-8.
pub const NOT_UTF8: char = '\u{e000}';

/// Keys that are seen with a blank behind them in the field.
const SPACED: [&str; 3] = ["time", "enrollid", "backupnum"];

/// The bytes of one message.
#[must_use]
pub fn write(message: Value, faults: &Faults) -> Vec<u8> {
    let message = if faults.has(Fault::SpacedKeys) { spaced(message) } else { message };
    let text = message.to_string();
    let text = if faults.has(Fault::TrailingComma) { with_trailing_commas(&text) } else { text };
    let mut bytes = Vec::with_capacity(text.len());
    for (at, part) in text.split(NOT_UTF8).enumerate() {
        if at > 0 {
            bytes.push(0xff);
        }
        bytes.extend_from_slice(part.as_bytes());
    }
    bytes
}

fn spaced(value: Value) -> Value {
    match value {
        Value::Object(fields) => Value::Object(fields.into_iter().map(spaced_field).collect::<Map<_, _>>()),
        Value::Array(values) => Value::Array(values.into_iter().map(spaced).collect()),
        other => other,
    }
}

fn spaced_field((key, value): (String, Value)) -> (String, Value) {
    let value = match value {
        Value::String(text) if key == "ret" => Value::String(format!(" {text} ")),
        other => spaced(other),
    };
    if SPACED.contains(&key.as_str()) { (format!("{key} "), value) } else { (key, value) }
}

/// A comma before each bracket that closes a list with something in it, never inside a text.
fn with_trailing_commas(text: &str) -> String {
    let (mut out, mut before, mut is_text, mut is_escaped) = (String::with_capacity(text.len() + 8), ' ', false, false);
    for sign in text.chars() {
        if !is_text && sign == ']' && before != '[' {
            out.push(',');
        }
        is_text ^= sign == '"' && !is_escaped;
        is_escaped = is_text && sign == '\\' && !is_escaped;
        out.push(sign);
        before = sign;
    }
    out
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[track_caller]
    fn check(fault: Fault, message: Value, expected: &[u8]) {
        let said = write(message, &Faults::from_iter([fault]));
        assert_eq!(said.escape_ascii().to_string(), expected.escape_ascii().to_string());
    }

    #[test]
    fn each_fault_garbles_only_what_it_is_about() {
        let row = json!({ "name": "a\",]", "time": "t", "none": [], "list": [1] });
        check(Fault::TrailingComma, row.clone(), br#"{"list":[1,],"name":"a\",]","none":[],"time":"t"}"#);
        check(Fault::SpacedKeys, row, br#"{"list":[1],"name":"a\",]","none":[],"time ":"t"}"#);
        check(Fault::SpacedKeys, json!({ "ret": "reg" }), br#"{"ret":" reg "}"#);
        check(Fault::InvalidUtf8, json!({ "name": "a\u{e000}b" }), b"{\"name\":\"a\xffb\"}");
    }
}
