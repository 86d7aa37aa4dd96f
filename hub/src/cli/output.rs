//! What a verb prints: text and tables for people, JSON for programs. Errors go to the second stream.

use std::io::Write;

use comfy_table::{ContentArrangement, Table, presets};
use jiff::tz::TimeZone;
use serde_json::Value;

use crate::http::time::Time;
use crate::text::{self, Lang};

/// Where a verb writes, and what it must know to do so.
pub struct Output<'a> {
    /// Results.
    pub out: &'a mut (dyn Write + Send),
    /// Errors.
    pub err: &'a mut (dyn Write + Send),
    /// JSON instead of text.
    pub is_json: bool,
    /// The present, milliseconds since 1970 UTC.
    pub now_ms: i64,
    /// The zone in which times are shown.
    pub zone: TimeZone,
    /// Columns of the terminal; none if there is none.
    pub width: Option<u16>,
}

impl<'a> Output<'a> {
    /// Writes to the given streams in the machine's zone and at the terminal's width.
    #[must_use]
    pub fn new(out: &'a mut (dyn Write + Send), err: &'a mut (dyn Write + Send), is_json: bool, now_ms: i64) -> Self {
        let width = Table::new().width();
        Self { out, err, is_json, now_ms, zone: TimeZone::system(), width }
    }
}

impl Output<'_> {
    /// Prints lines for people.
    ///
    /// # Errors
    ///
    /// If nobody reads any more.
    pub fn text(&mut self, text: &str) -> anyhow::Result<()> {
        writeln!(self.out, "{text}")?;
        Ok(())
    }

    /// Prints what the hub answered: as it is for programs, told by `text` for people.
    ///
    /// # Errors
    ///
    /// If nobody reads any more.
    pub fn answer(&mut self, answer: &Value, text: impl FnOnce(&Self, &Value) -> String) -> anyhow::Result<()> {
        let text = if self.is_json { serde_json::to_string_pretty(answer)? } else { text(self, answer) };
        self.text(&text)
    }

    /// Says on the second stream how far something is.
    pub fn progress(&mut self, text: &str) {
        // The work goes on, whoever watches.
        drop(writeln!(self.err, "{text}"));
    }

    /// Prints an error on the second stream.
    pub fn error(&mut self, text: &str) {
        // Nobody is left to hear that nobody hears.
        drop(writeln!(self.err, "vigie-hub: {text}"));
    }

    /// A table with these heads, one row per item; `none` if there is no item.
    #[must_use]
    pub fn table<R>(&self, heads: &[&str], items: &Value, none: &str, row: R) -> String
    where
        R: Fn(&Value) -> Vec<String>,
    {
        let items = items.get("items").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        if items.is_empty() {
            return none.to_owned();
        }
        let mut table = Table::new();
        table.load_preset(presets::NOTHING).set_header(heads);
        if let Some(width) = self.width {
            table.set_content_arrangement(ContentArrangement::Dynamic).set_width(width);
        }
        table.add_rows(items.iter().map(|item| row(item).iter().map(|cell| plain(cell)).collect::<Vec<_>>()));
        table.lines().map(|line| line.trim_end().to_owned()).collect::<Vec<_>>().join("\n")
    }

    /// How long ago a moment of the API was; a dash if there is none.
    #[must_use]
    pub fn age(&self, moment: &Value) -> String {
        let time = moment.as_str().and_then(|text| text.parse::<Time>().ok());
        time.map_or("–".to_owned(), |time| {
            text::age(Lang::En, time.0, self.now_ms, &self.zone).replace('\u{a0}', " ")
        })
    }

    /// A moment of the API in the reader's zone; a dash if there is none.
    #[must_use]
    pub fn moment(&self, moment: &Value) -> String {
        let time = moment.as_str().and_then(|text| text.parse::<Time>().ok());
        time.map_or("–".to_owned(), |time| text::moment(Lang::En, time.0, self.now_ms, &self.zone))
    }
}

/// A text of the API; a dash if there is none.
#[must_use]
pub fn word(value: &Value) -> String {
    match value {
        Value::Null => "–".to_owned(),
        Value::String(text) => text.replace('_', " "),
        other => other.to_string(),
    }
}

/// A name of the API as it is; a dash if there is none.
#[must_use]
pub fn name(value: &Value) -> String {
    value.as_str().unwrap_or("–").to_owned()
}

/// Without what would move the cursor: names come from networks that anybody can join.
fn plain(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}
