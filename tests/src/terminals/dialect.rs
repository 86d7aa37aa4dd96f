//! What differs between families of terminals.

use std::str::FromStr;

use serde_json::{Value, json};

/// A family of terminals.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// Fingerprint readers: no names in rows, silent on commands they do not know.
    Classic,
    /// Face readers: names, images, words with errors, an error on commands they do not know.
    Aiface,
}

impl FromStr for Dialect {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "classic" => Ok(Self::Classic),
            "aiface" => Ok(Self::Aiface),
            _ => Err(format!("there is no dialect {text}; there are classic and aiface")),
        }
    }
}

impl Dialect {
    /// The `mode` of the usual way to be recognised: finger or face.
    #[must_use]
    pub fn usual_mode(self) -> i32 {
        match self {
            Self::Classic => 1,
            Self::Aiface => 8,
        }
    }

    /// The `modelname` of `devinfo`.
    #[must_use]
    pub fn model(self) -> &'static str {
        match self {
            Self::Classic => "tfs30",
            Self::Aiface => "AiFace",
        }
    }

    /// What it answers to a command that it does not know; none if it is silent.
    #[must_use]
    pub fn unknown_command(self, command: &str) -> Option<Value> {
        match self {
            Self::Classic => None,
            Self::Aiface => Some(json!({ "ret": command, "result": false, "msg": "can not find this command" })),
        }
    }

    /// What it answers if it has not got what was asked for.
    #[must_use]
    pub fn nothing_there(self, command: &str) -> Value {
        match self {
            Self::Classic => json!({ "ret": command, "result": false, "reason": 1 }),
            Self::Aiface => json!({ "ret": command, "result": false, "msg": "have no data" }),
        }
    }

    /// Whether an acknowledgement without the batch's own number counts.
    #[must_use]
    pub fn insists_on_log_index(self) -> bool {
        self == Self::Aiface
    }
}
