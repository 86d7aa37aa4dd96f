//! What an answer says once everything that is wrapped in it is unwrapped: JSON within texts, entities of HTML.

use serde_json::Value;

use super::Answer;

/// Texts within texts within texts: no known system wraps deeper.
const DEPTH_MAX: usize = 6;

/// Longest text that is looked at, bytes: a page of an error may have megabytes.
const TEXT_BYTES_MAX: usize = 64 * 1024;

/// The answer as lines of `name: text`, or as it came if it is no JSON.
#[must_use]
pub fn plain(answer: &Answer) -> String {
    let mut text = String::new();
    match &answer.json {
        Some(json) => unwrap(json, "", 0, &mut text),
        None => line("", &entities(&super::cut(&answer.text, TEXT_BYTES_MAX)), &mut text),
    }
    text
}

fn unwrap(value: &Value, name: &str, depth: usize, text: &mut String) {
    if text.len() > TEXT_BYTES_MAX || depth > DEPTH_MAX * 4 {
        return;
    }
    match value {
        Value::Object(fields) => fields.iter().for_each(|(key, one)| unwrap(one, key, depth + 1, text)),
        Value::Array(list) => list.iter().for_each(|one| unwrap(one, name, depth + 1, text)),
        Value::String(inner) => match wrapped(inner).filter(|_| depth < DEPTH_MAX) {
            Some(value) => unwrap(&value, name, depth + 1, text),
            None => line(name, &entities(inner), text),
        },
        Value::Null => {}
        Value::Bool(_) | Value::Number(_) => line(name, &value.to_string(), text),
    }
}

/// A text that is itself an object, a list or a text of JSON.
fn wrapped(text: &str) -> Option<Value> {
    let begins = text.trim_start().starts_with(['{', '[', '"']);
    begins.then(|| serde_json::from_str(text).ok()).flatten()
}

fn line(name: &str, said: &str, text: &mut String) {
    if said.trim().is_empty() {
        return;
    }
    if !text.is_empty() {
        text.push('\n');
    }
    if !name.is_empty() {
        text.push_str(name);
        text.push_str(": ");
    }
    // Nothing that a terminal or a page would obey.
    text.extend(said.trim().chars().map(|c| if c.is_control() { ' ' } else { c }));
}

/// The text with the entities of HTML resolved that stand in messages.
fn entities(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, behind)) = rest.split_once('&') {
        plain.push_str(before);
        let resolved = behind
            .split_once(';')
            .filter(|(name, _)| name.len() <= 8)
            .and_then(|(name, behind)| Some((entity(name)?, behind)));
        match resolved {
            Some((character, behind)) => {
                plain.push(character);
                rest = behind;
            }
            None => {
                plain.push('&');
                rest = behind;
            }
        }
    }
    plain.push_str(rest);
    plain
}

fn entity(name: &str) -> Option<char> {
    let code = match name {
        "lt" => return Some('<'),
        "gt" => return Some('>'),
        "amp" => return Some('&'),
        "quot" => return Some('"'),
        "apos" => return Some('\''),
        "nbsp" => return Some(' '),
        _ => name.strip_prefix('#')?,
    };
    let number = match code.strip_prefix(['x', 'X']) {
        Some(hex) => u32::from_str_radix(hex, 16).ok()?,
        None => code.parse().ok()?,
    };
    char::from_u32(number)
}
