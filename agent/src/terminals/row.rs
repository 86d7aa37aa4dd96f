//! Rows of a terminal's log: one bad row never spoils the others, and nothing that the owner does not want is kept.
//!
//! Pure. What can be read goes into its field, everything else stays in `rest` as it was said.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::value::RawValue;
use serde_json::{Map, Value};
use vigie_shared::wire::reading::LogRow;

use super::attachments::Attachment;
use super::clock;
use super::frame::{Fields, Frame, Object, Policy, elements, int};

/// Characters of one text that are kept.
const TEXT_CHARS_MAX: usize = 256;

/// Bytes of everything else that a row says: with more, only the name is kept.
const REST_BYTES_MAX: usize = 4 * 1024;

/// Characters of a row that is no object: nobody can tell what is a photo in it.
const NONSENSE_CHARS_MAX: usize = 200;

/// Photos, by the names that firmwares give them.
const PHOTOS: &[&str] = &["image", "photo", "record"];

/// Bytes of a photo that stays in its row, as text: what fits a record beside it. A larger one is attached.
const PHOTO_BYTES_MAX: usize = 20 * 1024;

/// How a JPEG begins.
const JPEG: &[u8] = &[0xff, 0xd8, 0xff];

/// Parts of the names of fields that nobody here keeps of messages that nobody here understands.
const SECRETS: [&str; 10] = ["pin", "pwd", "pass", "image", "photo", "record", "sign", "template", "card", "finger"];

/// What the owner lets the box keep of a row.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Kept {
    /// The photo of the punch.
    pub photos: bool,
    /// The body temperature.
    pub temperatures: bool,
}

/// The rows of one message.
#[derive(Debug)]
pub struct Batch<'a> {
    /// How many the terminal announced.
    pub declared: Option<u64>,
    /// The terminal's own number of the message.
    pub log_index: Option<i64>,
    /// Each row as it was written.
    pub rows: Vec<&'a RawValue>,
}

/// Why a message is no batch of rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NoBatch {
    /// A negative number of rows.
    #[error("it announces a negative number of rows")]
    NegativeCount,
    /// Neither a list nor an object.
    #[error("it has no rows")]
    NoRows,
}

impl<'a> Batch<'a> {
    /// Finds the rows of a message.
    ///
    /// # Errors
    ///
    /// [`NoBatch`].
    pub fn find(frame: &'a Frame) -> Result<Self, NoBatch> {
        let declared = match frame.int("count") {
            Some(count) => Some(u64::try_from(count).map_err(|_negative| NoBatch::NegativeCount)?),
            None => None,
        };
        let rows = frame.record.as_deref().and_then(elements).ok_or(NoBatch::NoRows)?;
        Ok(Self { declared, log_index: frame.int("logindex"), rows })
    }

    /// Whether another number of rows came than was announced.
    #[must_use]
    pub fn is_miscounted(&self) -> bool {
        self.declared.is_some_and(|declared| declared != self.rows.len() as u64)
    }

    /// How many rows to acknowledge.
    #[must_use]
    pub fn acknowledged(&self) -> u64 {
        let rows = self.rows.len() as u64;
        self.declared.map_or(rows, |declared| declared.min(rows))
    }
}

/// Reads one row, and its photo if that is kept and too large for a record.
#[must_use]
pub fn read(raw: &RawValue, kept: Kept) -> (LogRow, Option<Attachment>) {
    let policy = Policy { left_out: if kept.photos { &[] } else { PHOTOS }, ..Policy::PLAIN };
    let Some(mut object) = Object::read(raw.get(), policy) else { return (nonsense(raw.get()), None) };
    if !kept.temperatures {
        object.fields.remove("temp");
    }
    let photos = PHOTOS.iter().filter_map(|name| object.fields.remove(*name));
    let (photo, attachment) = photos.filter_map(|value| photo(&value)).next().unzip();
    let enrol_id = object.fields.get("enrollid").and_then(enrol_id);
    let time = object.fields.get("time").and_then(Value::as_str).and_then(clock::local);
    let mut row = LogRow { enrol_id, ..LogRow::default() };
    match (enrol_id, time) {
        (Some(id), Some(time)) => {
            row.local_time = clock::text(time);
            forget_if(&mut object.fields, "enrollid", |value| value.as_u64() == Some(id));
            forget_if(&mut object.fields, "time", |value| value.as_str() == Some(&row.local_time));
            row.mode = take_number(&mut object.fields, "mode");
            row.in_out = take_number(&mut object.fields, "inout");
            row.event = take_number(&mut object.fields, "event");
            row.verify_mode = take_number(&mut object.fields, "verifymode");
            row.temperature_centi_c = object.fields.get("temp").and_then(temperature);
        }
        (_, _) => row.flags |= LogRow::UNREADABLE,
    }
    let (rest, is_shortened) = rest(object.fields, photo);
    row.rest = rest;
    if object.is_lossy || is_shortened {
        row.flags |= LogRow::LOSSY_TEXT;
    }
    (row, attachment.flatten())
}

/// A message that is no row, as one: everything that it says, but nothing that is secret or of somebody's body.
#[must_use]
pub fn other_message(frame: &Frame, record: Option<&str>) -> LogRow {
    let mut fields = frame.fields.clone();
    fields.retain(|key, _| !SECRETS.iter().any(|secret| key.contains(secret)));
    let (super::frame::Verb::Cmd(verb) | super::frame::Verb::Ret(verb)) = &frame.verb;
    fields.insert("cmd".to_owned(), Value::from(verb.as_str()));
    if let Some(record) = record {
        fields.insert("record".to_owned(), Value::from(record));
    }
    let (rest, _) = rest(fields, None);
    LogRow { flags: LogRow::OTHER_MESSAGE, rest, ..LogRow::default() }
}

/// The number of a person: whole, not negative, in any spelling.
#[must_use]
pub fn enrol_id(value: &Value) -> Option<u64> {
    value.as_u64().or_else(|| u64::try_from(int(value)?).ok())
}

/// Body temperature in hundredths of a degree: firmwares send degrees, tenths or hundredths.
#[must_use]
pub fn temperature(value: &Value) -> Option<i32> {
    let number = value.as_f64().or_else(|| value.as_str()?.trim().parse().ok())?;
    let scale = match number {
        30.0..=45.0 => 100.0,
        300.0..=450.0 => 10.0,
        3_000.0..=4_500.0 => 1.0,
        _ => return None,
    };
    #[expect(clippy::cast_possible_truncation, reason = "the range was checked")]
    Some((number * scale).round() as i32)
}

/// A photo that is one, as its row says it: itself, or the reference to what is attached.
fn photo(value: &Value) -> Option<(Value, Option<Attachment>)> {
    let text = value.as_str()?.trim();
    let text = text.strip_prefix("data:image/jpeg;base64,").unwrap_or(text);
    let bytes = STANDARD.decode(text).ok().filter(|bytes| bytes.starts_with(JPEG))?;
    if text.len() <= PHOTO_BYTES_MAX {
        return Some((Value::from(text), None));
    }
    let attachment = Attachment::new(bytes)?;
    Some((serde_json::to_value(&attachment.blob).ok()?, Some(attachment)))
}

fn nonsense(text: &str) -> LogRow {
    let cut: String = text.chars().take(NONSENSE_CHARS_MAX).collect();
    let mut value = Value::from(cut);
    clean(&mut value);
    LogRow { flags: LogRow::UNREADABLE | LogRow::LOSSY_TEXT, rest: value.to_string(), ..LogRow::default() }
}

fn take_number(fields: &mut Fields, name: &str) -> Option<i32> {
    let number = i32::try_from(int(fields.get(name)?)?).ok()?;
    fields.remove(name);
    Some(number)
}

fn forget_if(fields: &mut Fields, name: &str, is_said: impl FnOnce(&Value) -> bool) {
    if fields.get(name).is_some_and(is_said) {
        fields.remove(name);
    }
}

/// Everything else as JSON, and whether something was replaced or shortened.
fn rest(fields: Fields, photo: Option<Value>) -> (String, bool) {
    let is_empty = |value: &Value| value.is_null() || value.as_str() == Some("");
    let mut map: Map<String, Value> = fields.into_iter().filter(|(_, value)| !is_empty(value)).collect();
    let mut is_shortened = map.values_mut().fold(false, |is_shortened, value| clean(value) | is_shortened);
    if Value::Object(map.clone()).to_string().len() > REST_BYTES_MAX {
        map.retain(|key, _| key == "name" || key == "time" || key == "enrollid" || key == "cmd");
        map.retain(|_, value| !value.is_object() && !value.is_array());
        is_shortened = true;
    }
    map.extend(photo.map(|photo| ("image".to_owned(), photo)));
    (Value::Object(map).to_string(), is_shortened)
}

/// Replaces what no text may have and cuts texts that are too long; says whether it did.
pub fn clean(value: &mut Value) -> bool {
    match value {
        Value::String(text) => {
            let cleaned = clean_text(text);
            let is_changed = cleaned != *text;
            *text = cleaned;
            is_changed
        }
        Value::Array(list) => list.iter_mut().fold(false, |is_changed, value| clean(value) | is_changed),
        Value::Object(map) => map.values_mut().fold(false, |is_changed, value| clean(value) | is_changed),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}

/// A text without controls and without what turns the direction of what follows, and not too long.
#[must_use]
pub fn clean_text(text: &str) -> String {
    let turns = |c: char| matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let clean = |c: char| if c.is_control() || turns(c) { '\u{fffd}' } else { c };
    text.chars().take(TEXT_CHARS_MAX).map(clean).collect()
}

#[cfg(test)]
mod tests;
