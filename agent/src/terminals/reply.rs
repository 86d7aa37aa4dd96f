//! What the box says to terminals: written by a serializer, in the order that documents show, texts as they are.

use std::borrow::Cow;

use serde::{Serialize, Serializer};
use serde_json::Value;

/// An answer to what a terminal sent.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Reply<'a> {
    /// The name of what is answered.
    pub ret: &'a str,
    /// Whether it was done.
    pub result: bool,
    /// Why not, for the terminal's screen.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<Reason<'a>>,
    /// Rows that are acknowledged.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub count: Option<u64>,
    /// The terminal's own number of the message.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub logindex: Option<i64>,
    /// What the terminal's clock should show.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cloudtime: Option<&'a str>,
    /// Do not tell of people who are enrolled at the terminal.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nosenduser: Option<bool>,
    /// Whether the door opens.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub access: Option<u8>,
    /// The person whom an answer is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enrollid: Option<u64>,
    /// The credential that an answer is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub backupnum: Option<i64>,
}

/// Why something was not done.
#[derive(Debug, Clone, Copy, Serialize)]
#[serde(untagged)]
pub enum Reason<'a> {
    /// As classic programs expect it.
    Number(u8),
    /// For the screen.
    Text(&'a str),
}

impl<'a> Reply<'a> {
    /// It was done.
    #[must_use]
    pub fn done(ret: &'a str) -> Self {
        Self { ret, result: true, ..Self::default() }
    }

    /// It could not be done; the terminal keeps what it has and tries again.
    #[must_use]
    pub fn not_done(ret: &'a str) -> Self {
        Self { ret, reason: Some(Reason::Number(1)), ..Self::default() }
    }

    /// It is refused, with words for the screen.
    #[must_use]
    pub fn refused(ret: &'a str, reason: &'a str) -> Self {
        Self { ret, reason: Some(Reason::Text(reason)), ..Self::default() }
    }

    /// As it goes over the wire.
    #[must_use]
    pub fn text(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }
}

/// A command for a terminal.
#[derive(Debug, Clone, PartialEq)]
pub struct Order {
    /// Its name.
    pub cmd: &'static str,
    /// Its fields, in the order in which they are written.
    pub fields: Vec<(Cow<'static, str>, Value)>,
}

impl Order {
    /// A command without fields.
    #[must_use]
    pub fn new(cmd: &'static str) -> Self {
        Self { cmd, fields: Vec::new() }
    }

    /// The same with a field more.
    #[must_use]
    pub fn with(mut self, name: impl Into<Cow<'static, str>>, value: impl Into<Value>) -> Self {
        self.fields.push((name.into(), value.into()));
        self
    }

    /// The number of the person that it is about.
    #[must_use]
    pub fn enrol_id(&self) -> Option<u64> {
        self.fields.iter().find(|(name, _)| name == "enrollid").and_then(|(_, value)| value.as_u64())
    }

    /// As it goes over the wire to the terminal of that serial number.
    #[must_use]
    pub fn text(&self, serial: &str) -> String {
        serde_json::to_string(&Addressed { order: self, serial }).unwrap_or_default()
    }
}

struct Addressed<'a> {
    order: &'a Order,
    serial: &'a str,
}

impl Serialize for Addressed<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let own = [(Cow::from("cmd"), Value::from(self.order.cmd)), (Cow::from("sn"), Value::from(self.serial))];
        serializer.collect_map(own.iter().chain(&self.order.fields).map(|(name, value)| (name, value)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_say_only_what_they_know_in_the_documents_order() {
        let reply = Reply { count: Some(2), logindex: Some(31), access: Some(1), ..Reply::done("sendlog") };
        assert_eq!(reply.text(), r#"{"ret":"sendlog","result":true,"count":2,"logindex":31,"access":1}"#);
        assert_eq!(Reply::not_done("sendlog").text(), r#"{"ret":"sendlog","result":false,"reason":1}"#);
        assert_eq!(
            Reply::refused("reg", "not authorised").text(),
            r#"{"ret":"reg","result":false,"reason":"not authorised"}"#
        );
    }

    #[test]
    fn orders_carry_names_as_they_are_and_quotes_harm_nothing() {
        let order = Order::new("setusername").with("enrollid", 12).with("name", "Éloïse 张伟 \"x\"");
        let text = order.text("ZX1");
        assert_eq!(text, r#"{"cmd":"setusername","sn":"ZX1","enrollid":12,"name":"Éloïse 张伟 \"x\""}"#);
        assert_eq!(order.enrol_id(), Some(12));
    }
}
