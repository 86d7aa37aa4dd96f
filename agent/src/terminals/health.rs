//! How a terminal is, from what it says of itself at each registration.
//!
//! Pure. Everything is optional, every text is cut, and a number that is none is not known.

use std::collections::BTreeMap;

use jiff::civil::DateTime;
use serde_json::Value;
use vigie_shared::wire::reading::{TerminalHardware, TerminalRoom};

use super::clock;
use super::frame::{Frame, int};
use super::row::clean_text;

/// Characters of one text about a terminal.
const TEXT_CHARS_MAX: usize = 64;

/// Memories: what they hold, how many are used, how many fit.
const ROOMS: [(&str, &str, &str); 7] = [
    ("users", "useduser", "usersize"),
    ("faces", "usedface", "facesize"),
    ("fingerprints", "usedfp", "fpsize"),
    ("palms", "usedpalm", "palmsize"),
    ("cards", "usedcard", "cardsize"),
    ("passwords", "usedpwd", "pwdsize"),
    ("log", "usedlog", "logsize"),
];

/// What a terminal says it is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Device {
    /// Its make.
    pub hardware: TerminalHardware,
    /// How full its memories are.
    pub room: Vec<TerminalRoom>,
    /// Rows that nobody acknowledged.
    pub unsent: Option<u64>,
    /// What its clock shows.
    pub time: Option<DateTime>,
}

impl Device {
    /// Reads a registration.
    #[must_use]
    pub fn read(frame: &Frame) -> Self {
        let said: BTreeMap<String, &Value> = match frame.fields.get("devinfo") {
            Some(Value::Object(map)) => {
                map.iter().map(|(key, value)| (key.trim().to_ascii_lowercase(), value)).collect()
            }
            _ => BTreeMap::new(),
        };
        let text = |name: &str| said.get(name).copied().and_then(short);
        let number = |name: &str| said.get(name).and_then(|value| u64::try_from(int(value)?).ok());
        let room = ROOMS.iter().filter_map(|(what, used, capacity)| {
            let (used, capacity) = (number(used), number(capacity).filter(|capacity| *capacity > 0));
            let room = TerminalRoom { what: (*what).to_owned(), used, capacity };
            (used.is_some() || capacity.is_some()).then_some(room)
        });
        let cpu = frame.fields.get("cpusn").and_then(short).or_else(|| text("cpusn"));
        Self {
            hardware: TerminalHardware { model: text("modelname"), firmware: text("firmware"), mac: text("mac"), cpu },
            room: room.collect(),
            unsent: [number("usednewlog"), number("usedrtlog")].into_iter().flatten().max(),
            time: said.get("time").and_then(|time| clock::local(time.as_str()?)),
        }
    }

    /// How many of something fit.
    #[must_use]
    pub fn capacity(&self, what: &str) -> Option<u64> {
        self.room.iter().find(|room| room.what == what)?.capacity
    }
}

fn short(value: &Value) -> Option<String> {
    let text = match value {
        Value::String(text) => text.trim().to_owned(),
        Value::Number(number) => number.to_string(),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => return None,
    };
    let text: String = clean_text(&text).chars().take(TEXT_CHARS_MAX).collect();
    (!text.is_empty()).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn device(text: &str) -> Device {
        Device::read(&Frame::decode(text.as_bytes()).unwrap())
    }

    #[test]
    fn a_registration_tells_make_memories_and_clock() {
        let device = device(
            r#"{"cmd":"reg","sn":"ZX1","cpusn":8800,"devinfo":{"modelname":"tfs30","logsize":100000,"usedlog":"9120",
                "useduser":42,"usednewlog":18,"usedrtlog":3,"firmware":"TH900 V9.9","time":"2031-05-06 07:58:12"}}"#,
        );
        assert_eq!(device.hardware.cpu.as_deref(), Some("8800"));
        assert_eq!(device.hardware.model.as_deref(), Some("tfs30"));
        assert_eq!((device.unsent, device.capacity("log"), device.capacity("users")), (Some(18), Some(100_000), None));
        assert_eq!(device.time, clock::local("2031-05-06 07:58:12"));
        let log = device.room.iter().find(|room| room.what == "log").unwrap();
        assert_eq!(log.used, Some(9_120));
    }

    #[test]
    fn nonsense_about_itself_is_not_known() {
        for text in [
            r#"{"cmd":"reg","sn":"ZX1"}"#,
            r#"{"cmd":"reg","sn":"ZX1","devinfo":[]}"#,
            r#"{"cmd":"reg","sn":"ZX1","devinfo":{"logsize":-1,"usedlog":"many","modelname":{},"time":7}}"#,
        ] {
            assert_eq!(device(text), Device::default(), "{text}");
        }
    }
}
