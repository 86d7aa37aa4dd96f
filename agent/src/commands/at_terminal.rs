//! What commands to terminals share: finding the terminal, asking it, reading its lists page by page.

use std::time::Duration;

use serde_json::value::RawValue;
use serde_json::{Value, json};
use tokio::time::sleep;

use super::Failure;
use crate::terminals::frame::{Fields, Object, Policy, elements, int};
use crate::terminals::paging::{Next, Page, Reader};
use crate::terminals::reply::Order;
use crate::terminals::session::Answered;
use crate::terminals::{AskError, Asking, DecideError, Serial, Terminals};

/// How often what may happen twice is sent again to a terminal that does not answer.
pub(super) const REPEATS: u32 = 2;

/// How often a list is read from its start again after its connection ended.
const RESTARTS_MAX: u32 = 2;

/// How long a terminal may stay away in the midst of a list.
const AWAY_MAX: Duration = Duration::from_secs(90);

/// How often somebody looks whether it is back.
const LOOK: Duration = Duration::from_millis(500);

/// Characters of what a terminal says about a failure.
const WORDS_MAX: usize = 120;

impl From<AskError> for Failure {
    fn from(error: AskError) -> Self {
        match error {
            AskError::Off | AskError::Unknown => Self::Refused(error.to_string()),
            AskError::Away | AskError::Busy | AskError::NoAnswer | AskError::Cut => Self::Failed(error.to_string()),
        }
    }
}

impl From<DecideError> for Failure {
    fn from(error: DecideError) -> Self {
        match error {
            DecideError::Refused(reason) => Self::Refused(reason),
            DecideError::Unsaved(error) => error.into(),
        }
    }
}

/// The terminal of a command.
pub(super) fn serial(text: &str) -> Result<Serial, Failure> {
    text.parse().map_err(|error: crate::terminals::serial::NotASerial| Failure::Refused(error.to_string()))
}

/// Why a command must wait: its terminal may deliver but is not connected.
pub(super) fn hold(terminals: &Terminals, terminal: &str) -> Option<String> {
    let serial: Serial = terminal.parse().ok()?;
    terminals.is_away(&serial).then(|| format!("waits until terminal {serial} is connected"))
}

/// Asks for something that may be asked twice.
pub(super) async fn ask(terminals: &Terminals, serial: &Serial, order: Order) -> Result<Answered, AskError> {
    terminals.ask(serial, Asking::new(order).repeated(REPEATS)).await
}

/// What a terminal said about a failure, in words.
pub(super) fn reason(answered: &Answered) -> String {
    let said = answered.fields.get("msg").or_else(|| answered.fields.get("reason"));
    match said {
        Some(Value::String(text)) => crate::terminals::row::clean_text(text.trim()).chars().take(WORDS_MAX).collect(),
        Some(Value::Number(number)) => format!("the terminal refuses (reason {number})"),
        _ => "the terminal refuses".to_owned(),
    }
}

/// An answer's fields for a person's eyes: without what names the exchange.
pub(super) fn shown(answered: &Answered) -> Value {
    let own = ["result", "sn", "count", "from", "to"];
    let said = answered.fields.iter().filter(|(key, _)| !own.contains(&key.as_str()));
    Value::Object(said.map(|(key, value)| (key.clone(), value.clone())).collect())
}

/// The objects of an answer's `record`.
pub(super) fn objects(answered: &Answered) -> Vec<Fields> {
    let raw = answered.record.as_deref().and_then(|record| serde_json::from_str::<&RawValue>(record).ok());
    let rows = raw.and_then(elements).unwrap_or_default();
    rows.into_iter().filter_map(|row| Some(Object::read(row.get(), Policy::PLAIN)?.fields)).collect()
}

/// A text of an answer's `record`.
pub(super) fn text(answered: &Answered) -> Option<String> {
    match serde_json::from_str(answered.record.as_deref()?).ok()? {
        Value::String(text) => Some(text),
        Value::Number(number) => Some(number.to_string()),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    }
}

/// One page that came.
pub(super) struct Paged {
    /// What it says.
    pub(super) answered: Answered,
    /// It is the first one since the list is read from its start: earlier pages count no more.
    pub(super) is_first: bool,
}

/// A list that is read page by page.
pub(super) struct Pages<'a> {
    terminals: &'a Terminals,
    serial: &'a Serial,
    order: Order,
    capacity: Option<u64>,
    reader: Reader,
    is_first: bool,
    is_over: bool,
    restarts: u32,
    /// Whether every row came, as far as anybody can tell.
    pub(super) is_complete: bool,
}

impl<'a> Pages<'a> {
    /// A list that the order asks for; it gets `stn` by itself.
    pub(super) fn new(terminals: &'a Terminals, serial: &'a Serial, order: Order, capacity: Option<u64>) -> Self {
        let reader = Reader::new(capacity);
        Self {
            terminals,
            serial,
            order,
            capacity,
            reader,
            is_first: true,
            is_over: false,
            restarts: 0,
            is_complete: false,
        }
    }

    /// The next page; none at the end. A page is asked for only when the one before was dealt with.
    pub(super) async fn next(&mut self) -> Result<Option<Paged>, Failure> {
        while !self.is_over {
            let order = self.order.clone().with("stn", self.is_first);
            match self.terminals.ask(self.serial, Asking::new(order)).await {
                Ok(answered) if answered.is_done => return Ok(self.on_page(answered)),
                // Some programs refuse the page behind the last one.
                Ok(_) if !self.is_first => (self.is_over, self.is_complete) = (true, true),
                Ok(answered) => return self.on_refusal(&answered),
                Err(AskError::NoAnswer) if self.reader.is_complete_without_answer() => {
                    (self.is_over, self.is_complete) = (true, true);
                }
                Err(error @ (AskError::NoAnswer | AskError::Cut | AskError::Away)) => self.restart(error).await?,
                Err(error) => return Err(error.into()),
            }
        }
        Ok(None)
    }

    fn on_page(&mut self, answered: Answered) -> Option<Paged> {
        let number = |name: &str| answered.fields.get(name).and_then(int);
        let page = Page { rows: rows(&answered), count: number("count"), from: number("from") };
        let next = self.reader.on_page(page);
        self.is_over = next != Next::More;
        self.is_complete = next == Next::Done;
        let is_first = std::mem::replace(&mut self.is_first, false);
        (next != Next::Stuck && page.rows > 0).then_some(Paged { answered, is_first })
    }

    fn on_refusal(&mut self, answered: &Answered) -> Result<Option<Paged>, Failure> {
        self.is_over = true;
        let reason = reason(answered);
        if reason.to_ascii_lowercase().contains("no data") {
            self.is_complete = true;
            return Ok(None);
        }
        Err(Failure::Failed(reason))
    }

    /// Nobody can ask for a lost page: the list is read from its start again.
    async fn restart(&mut self, error: AskError) -> Result<(), Failure> {
        self.restarts += 1;
        if self.restarts > RESTARTS_MAX {
            return Err(error.into());
        }
        let mut waited = Duration::ZERO;
        while self.terminals.is_away(self.serial) {
            if waited >= AWAY_MAX {
                return Err(AskError::Away.into());
            }
            sleep(LOOK).await;
            waited += LOOK;
        }
        self.reader = Reader::new(self.capacity);
        self.is_first = true;
        Ok(())
    }
}

/// How many rows an answer's `record` has.
fn rows(answered: &Answered) -> u64 {
    let raw = answered.record.as_deref().and_then(|record| serde_json::from_str::<&RawValue>(record).ok());
    raw.and_then(elements).map_or(0, |rows| rows.len() as u64)
}

/// What became of one person, for the answer of a command.
pub(super) fn person(enrol_id: u64, problems: &[String]) -> Value {
    if problems.is_empty() {
        return json!({ "enrol_id": enrol_id, "is_done": true });
    }
    json!({ "enrol_id": enrol_id, "is_done": false, "problems": problems })
}

#[cfg(test)]
mod tests;
