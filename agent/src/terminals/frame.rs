//! Reads a terminal's messages, however its program writes them.
//!
//! Pure. Firmwares disagree about everything that JSON leaves open and some of what it does not: blanks around keys,
//! upper case, commas before a closing bracket, texts that are not UTF-8. Nothing of that may stop a terminal, because it
//! would send the same message for ever.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::Value;
use serde_json::value::RawValue;

use super::repair::repaired;

/// Fields of one object that are kept; terminals have some forty at most.
const FIELDS_MAX: usize = 64;

/// The longest name of a command that is kept, characters.
const VERB_CHARS_MAX: usize = 40;

/// The fields of an object, by their names without blanks and in lower case.
pub type Fields = BTreeMap<String, Value>;

/// What a message is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verb {
    /// The terminal asks or reports.
    Cmd(String),
    /// It answers.
    Ret(String),
}

/// One message.
#[derive(Debug)]
pub struct Frame {
    /// What it is.
    pub verb: Verb,
    /// Its fields, without `record`.
    pub fields: Fields,
    /// The field `record` as it was written.
    pub record: Option<Box<RawValue>>,
    /// Characters that no text may have were replaced.
    pub is_lossy: bool,
}

/// Why bytes are no message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    /// Not even with every tolerance.
    #[error("not a JSON object")]
    NotAnObject,
    /// Neither `cmd` nor `ret` is a word.
    #[error("neither a command nor an answer")]
    NoVerb,
}

impl Frame {
    /// Understands the bytes of one message.
    ///
    /// # Errors
    ///
    /// [`Unreadable`].
    pub fn decode(bytes: &[u8]) -> Result<Self, Unreadable> {
        let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        let text = String::from_utf8_lossy(bytes);
        let is_lossy = matches!(text, Cow::Owned(_));
        let text = text.trim_matches(|c: char| c.is_whitespace() || c == '\0');
        let object = Object::read(text, Policy::MESSAGE).ok_or(Unreadable::NotAnObject)?;
        let mut fields = object.fields;
        let cmd = fields.remove("cmd").as_ref().and_then(word).map(Verb::Cmd);
        let ret = fields.remove("ret").as_ref().and_then(word).map(Verb::Ret);
        let verb = cmd.or(ret).ok_or(Unreadable::NoVerb)?;
        Ok(Self { verb, fields, record: object.raw, is_lossy: is_lossy || object.is_lossy })
    }

    /// The field's whole number, if it is one.
    #[must_use]
    pub fn int(&self, name: &str) -> Option<i64> {
        self.fields.get(name).and_then(int)
    }

    /// The field's text, if it is one.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<&str> {
        self.fields.get(name).and_then(Value::as_str)
    }

    /// Whether an answer says that it was done. Some answers do not say: then it was.
    #[must_use]
    pub fn is_success(&self) -> bool {
        self.fields.get("result").is_none_or(|result| truth(result) != Some(false))
    }
}

/// What to do with some fields of an object.
#[derive(Debug, Clone, Copy)]
pub struct Policy {
    /// Kept as it was written.
    pub raw: Option<&'static str>,
    /// Passed over.
    pub left_out: &'static [&'static str],
}

impl Policy {
    /// Of a message.
    pub const MESSAGE: Self = Self { raw: Some("record"), left_out: &["image"] };
    /// Of anything else.
    pub const PLAIN: Self = Self { raw: None, left_out: &[] };
}

/// One JSON object.
#[derive(Debug, Default)]
pub struct Object {
    /// Its fields; of those with one name the last.
    pub fields: Fields,
    /// The field that the policy wanted as it was written.
    pub raw: Option<Box<RawValue>>,
    /// Characters that no text may have were replaced.
    pub is_lossy: bool,
}

impl Object {
    /// Understands the text of an object, repaired if it must be; none if it is no object even so.
    #[must_use]
    pub fn read(text: &str, policy: Policy) -> Option<Self> {
        let parse = |text: &str| {
            let mut deserializer = serde_json::Deserializer::from_str(text);
            let object = policy.deserialize(&mut deserializer).ok()?;
            deserializer.end().is_ok().then_some(object)
        };
        if !text.starts_with('{') {
            return None;
        }
        parse(text).or_else(|| {
            let (text, is_lossy) = repaired(text);
            parse(&text).map(|object: Self| Self { is_lossy, ..object })
        })
    }
}

impl<'de> DeserializeSeed<'de> for Policy {
    type Value = Object;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Object, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Policy {
    type Value = Object;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Object, A::Error> {
        let mut object = Object::default();
        while let Some(key) = map.next_key::<String>()? {
            let key = key.trim().to_ascii_lowercase();
            if self.raw == Some(key.as_str()) {
                object.raw = Some(map.next_value()?);
            } else if self.left_out.contains(&key.as_str()) {
                map.next_value::<IgnoredAny>()?;
            } else {
                let value = map.next_value()?;
                if object.fields.len() < FIELDS_MAX || object.fields.contains_key(&key) {
                    object.fields.insert(key, value);
                }
            }
        }
        Ok(object)
    }
}

/// The name of a command.
fn word(value: &Value) -> Option<String> {
    let word = value.as_str()?.trim().to_ascii_lowercase();
    (!word.is_empty() && word.chars().count() <= VERB_CHARS_MAX).then_some(word)
}

/// A whole number, written as one, as `2.0`, or as text.
#[must_use]
pub fn int(value: &Value) -> Option<i64> {
    match value {
        Value::Number(number) => number.as_i64().or_else(|| whole(number.as_f64()?)),
        Value::String(text) => {
            let text = text.trim();
            text.parse().ok().or_else(|| whole(text.parse().ok()?))
        }
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    }
}

/// The largest number that a float still tells apart from its neighbours.
const FLOAT_INT_MAX: f64 = 9_007_199_254_740_992.0;

fn whole(number: f64) -> Option<i64> {
    let is_whole = number.fract() == 0.0 && number.abs() < FLOAT_INT_MAX;
    #[expect(clippy::cast_possible_truncation, reason = "the range was checked")]
    is_whole.then_some(number as i64)
}

/// Whether something is said to be so: a boolean, 1 or 0, or either as text.
#[must_use]
pub fn truth(value: &Value) -> Option<bool> {
    match value {
        Value::Bool(truth) => Some(*truth),
        Value::String(text) if text.trim().eq_ignore_ascii_case("true") => Some(true),
        Value::String(text) if text.trim().eq_ignore_ascii_case("false") => Some(false),
        other => int(other).map(|number| number != 0),
    }
}

/// The elements of a `record`: an array's, or the one object itself; none if it is neither.
#[must_use]
pub fn elements(record: &RawValue) -> Option<Vec<&RawValue>> {
    let text = record.get();
    match text.as_bytes().first()? {
        b'{' => Some(vec![record]),
        b'[' => serde_json::Deserializer::from_str(text).deserialize_seq(Elements).ok(),
        _ => None,
    }
}

struct Elements;

impl<'de> Visitor<'de> for Elements {
    type Value = Vec<&'de RawValue>;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a list")
    }

    fn visit_seq<A: serde::de::SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
        let mut elements = Vec::new();
        while let Some(element) = list.next_element()? {
            elements.push(element);
        }
        Ok(elements)
    }
}

#[cfg(test)]
mod tests;
