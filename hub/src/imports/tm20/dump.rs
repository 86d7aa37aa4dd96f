//! The rows of a dump, sorted by what they are; one row at a time is in memory.

use std::collections::BTreeMap;
use std::fmt;
use std::io::Read;

use serde::de::{DeserializeSeed, Error as _, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};

use super::fields::{Fields, reference};
use super::punches::Log;
use super::report::Report;
use super::{ROWS_MAX, Terminal, Unreadable};

/// Serial numbers of terminals by what other rows call them.
pub(super) type Known = BTreeMap<String, String>;

/// A row and the number that it had.
#[derive(Debug)]
pub(super) struct Numbered {
    pub(super) number: Option<i64>,
    pub(super) fields: Fields,
}

/// Everything of a dump that is of use.
#[derive(Debug, Default)]
pub(super) struct Gathered {
    /// By their number: what else they are called, and the terminal.
    pub(super) terminals: BTreeMap<String, (String, Terminal)>,
    pub(super) users: Vec<Numbered>,
    pub(super) schedules: Vec<Numbered>,
    pub(super) configs: BTreeMap<String, Fields>,
    pub(super) mappings: Vec<Fields>,
    pub(super) logs: Vec<Log>,
    pub(super) report: Report,
    rows: BTreeMap<String, u64>,
}

impl Gathered {
    /// What rows call the terminals.
    pub(super) fn terminals(&self) -> Known {
        let names = self
            .terminals
            .iter()
            .flat_map(|(number, (key, terminal))| [number, key].map(|name| (name.clone(), terminal.serial.clone())));
        names.collect()
    }

    /// What the file holds, in words.
    pub(super) fn contents(&self) -> String {
        let rows: Vec<String> = self.rows.iter().map(|(model, count)| format!("{count} × {model}")).collect();
        if rows.is_empty() { "nothing".to_owned() } else { rows.join(", ") }
    }

    fn add(&mut self, row: Row) {
        *self.rows.entry(row.model.clone()).or_default() += 1;
        let (app, name) = row.model.rsplit_once('.').unwrap_or(("", &row.model));
        let number = reference(&row.pk).unwrap_or_default();
        let fields = Fields(row.fields);
        match (app, name) {
            ("auth" | "admin" | "sessions" | "contenttypes" | "authtoken", _) => {
                self.report.leave(
                    "accounts, sessions and rights of the old server",
                    "people log in to the hub with their own",
                );
            }
            (app, _) if app.starts_with("django_celery") => {
                self.report.leave("timers of the old server", "the hub has its own");
            }
            (_, "terminal" | "device") => self.terminal(number, &fields),
            (_, "biometricuser" | "terminaluser" | "user" | "employee") => {
                self.users.push(Numbered { number: number.parse().ok(), fields });
            }
            (_, "terminalschedule" | "schedule") => {
                self.schedules.push(Numbered { number: number.parse().ok(), fields });
            }
            (_, "thirdpartyconfig") => {
                let name = if number.is_empty() { fields.text(&["name"]).unwrap_or_default() } else { number };
                self.configs.insert(name, fields);
            }
            (_, "terminalthirdpartymapping") => self.mappings.push(fields),
            (_, "attendancelog") => match Log::read(&fields) {
                Some(log) => self.logs.push(log),
                None => self
                    .report
                    .leave("punches without a terminal, a number or a time", "nobody can tell whose they are"),
            },
            (_, "biometriccredential") => {
                self.report.leave("fingerprints, faces, cards and codes", "they stay on the terminals");
            }
            (_, "commandqueue") => {
                self.report.leave("commands that waited for a terminal", "give them again if they still matter");
            }
            _ => self.report.leave(&format!("rows of `{}`", row.model), "the hub does not know what they are"),
        }
    }

    fn terminal(&mut self, number: String, fields: &Fields) {
        let Some(serial) = fields.text(&["sn", "serial_number", "serial"]) else {
            return self.report.leave("time clocks without a serial number", "nothing can be joined to them");
        };
        let is_allowed = fields.flag(&["is_active"], true) && fields.flag(&["is_whitelisted"], true);
        // With natural keys a row has no number, and others call it by its serial number.
        let number = if number.is_empty() { serial.clone() } else { number };
        self.terminals.insert(number, (serial.clone(), Terminal { serial, is_allowed }));
    }
}

/// One row as it stands in the file.
#[derive(Deserialize)]
struct Row {
    #[serde(deserialize_with = "lowercase")]
    model: String,
    #[serde(default)]
    pk: Value,
    #[serde(default)]
    fields: Map<String, Value>,
}

fn lowercase<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    String::deserialize(deserializer).map(|model| model.to_lowercase())
}

/// What ends the reading early, said in the words of the reader's error.
const TOO_MANY: &str = "too many rows";

/// Reads a file of at most so many bytes row by row.
pub(super) fn gather(file: impl Read, bytes_max: u64) -> Result<Gathered, Unreadable> {
    let mut gathered = Gathered::default();
    // One byte more than allowed, to tell a file that is too long from one that just fits.
    let mut file = std::io::BufReader::new(file.take(bytes_max + 1));
    let mut reader = serde_json::Deserializer::from_reader(&mut file);
    let read = Rows(&mut gathered).deserialize(&mut reader).and_then(|()| reader.end());
    let is_too_long = file.into_inner().limit() == 0;
    match read {
        _ if is_too_long => Err(Unreadable::TooLong),
        Ok(()) => Ok(gathered),
        Err(error) if error.to_string().starts_with(TOO_MANY) => Err(Unreadable::TooMany),
        Err(error) => Err(error.into()),
    }
}

struct Rows<'a>(&'a mut Gathered);

impl<'de> DeserializeSeed<'de> for Rows<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for Rows<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of rows, each with `model`, `pk` and `fields`")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut rows: A) -> Result<(), A::Error> {
        let mut count = 0;
        while let Some(row) = rows.next_element::<Row>()? {
            count += 1;
            if count > ROWS_MAX {
                return Err(A::Error::custom(TOO_MANY));
            }
            self.0.add(row);
        }
        Ok(())
    }
}
