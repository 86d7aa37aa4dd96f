//! What the server answers, and the many ways in which an answer can be wrong or arrive badly.

use std::io::Write as _;

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Map, Value, json};

/// An answer as it would be given.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reply {
    /// The status.
    pub status: u16,
    /// Its headers, without length and connection.
    pub headers: Vec<(String, String)>,
    /// Its body.
    pub body: Vec<u8>,
}

impl Reply {
    /// An answer in JSON.
    #[must_use]
    pub fn json(status: u16, body: &Value) -> Self {
        Self::typed(status, "application/json", body.to_string())
    }

    /// An answer of any type.
    #[must_use]
    pub fn typed(status: u16, content_type: &str, body: impl Into<Vec<u8>>) -> Self {
        Self { status, body: body.into(), ..Self::default() }.with("content-type", content_type)
    }

    /// An answer without a body.
    #[must_use]
    pub fn empty(status: u16) -> Self {
        Self { status, ..Self::default() }
    }

    /// The same with one more header.
    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// A page for people, as proxies and logins give it with any status.
    #[must_use]
    pub fn page(status: u16) -> Self {
        let page =
            "<!doctype html><html><title>Sign in</title><body><form method=post>Name <input></form></body></html>";
        Self::typed(status, "text/html; charset=utf-8", page)
    }

    /// An error page of that many bytes.
    #[must_use]
    pub fn huge(status: u16, bytes: usize) -> Self {
        let mut page = b"<html><body>Something went wrong. ".to_vec();
        page.resize(bytes.max(page.len()), b'x');
        Self::typed(status, "text/html", page)
    }

    /// Another address for the same.
    #[must_use]
    pub fn moved(to: &str) -> Self {
        Self::empty(302).with("location", to)
    }

    /// "Too many requests", as Frappe says it: plain text, and the wait as the header gives it, if at all.
    #[must_use]
    pub fn too_many(retry_after: Option<&str>) -> Self {
        let reply = Self::typed(429, "text/plain", "Too many requests");
        match retry_after {
            Some(wait) => reply.with("retry-after", wait),
            None => reply,
        }
    }

    /// An error of JSON-RPC: the status says that all is well.
    #[must_use]
    pub fn rpc_error(code: i64, message: &str) -> Self {
        let error = json!({ "code": code, "message": message, "data": { "name": "fault" } });
        Self::json(200, &json!({ "jsonrpc": "2.0", "id": null, "error": error }))
    }
}

/// How an answer travels.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Delivery {
    /// Whole and at once.
    #[default]
    Whole,
    /// The connection is reset before the first byte.
    Reset,
    /// No byte comes and the connection stays open.
    Stall,
    /// One byte at a time, so slowly that no limit on silence helps.
    Drip,
    /// Half of the announced length, then the end.
    Cut,
    /// In chunks, the last of which is missing.
    CutChunked,
    /// In chunks, whole.
    Chunked,
}

/// What is done to an answer's body on its way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dress {
    /// Compressed, whether it was asked for or not.
    Gzip,
    /// Marked with a byte order mark.
    Bom,
    /// Every key twice, first with null.
    DuplicateKeys,
    /// Every number as text.
    NumbersAsText,
    /// Every text that can be read as a number as one, true and false as text, null as an empty object.
    WrongTypes,
    /// Not JSON but a page, with the same status.
    Page,
    /// The right JSON, announced as a page.
    WrongLabel,
}

impl Dress {
    /// The answer in that dress.
    #[must_use]
    pub fn put_on(self, mut reply: Reply) -> Reply {
        let parsed = || serde_json::from_slice::<Value>(&reply.body).ok();
        match self {
            Self::Gzip => {
                reply.body = gzipped(&reply.body);
                reply.with("content-encoding", "gzip")
            }
            Self::Bom => {
                reply.body.splice(0..0, *b"\xef\xbb\xbf");
                reply
            }
            Self::DuplicateKeys => {
                reply.body = parsed().map_or(reply.body, |value| doubled(&value).into_bytes());
                reply
            }
            Self::NumbersAsText => {
                reply.body = parsed().map_or(reply.body, |value| changed(value, &as_text).to_string().into_bytes());
                reply
            }
            Self::WrongTypes => {
                reply.body = parsed().map_or(reply.body, |value| changed(value, &wrong).to_string().into_bytes());
                reply
            }
            Self::Page => Reply::page(reply.status),
            Self::WrongLabel => {
                reply.headers.retain(|(name, _)| name != "content-type");
                reply.with("content-type", "text/html; charset=utf-8")
            }
        }
    }
}

fn gzipped(body: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    let written = encoder.write_all(body).and_then(|()| encoder.finish());
    written.expect("memory takes everything")
}

/// JSON in which every key of every object stands twice: a careless reader sees the null.
fn doubled(value: &Value) -> String {
    match value {
        Value::Object(fields) => {
            let both = |(name, value): (&String, &Value)| {
                let name = Value::from(name.as_str());
                format!("{name}:null,{name}:{}", doubled(value))
            };
            format!("{{{}}}", fields.iter().map(both).collect::<Vec<_>>().join(","))
        }
        Value::Array(items) => format!("[{}]", items.iter().map(doubled).collect::<Vec<_>>().join(",")),
        plain => plain.to_string(),
    }
}

fn changed(value: Value, change: &dyn Fn(Value) -> Value) -> Value {
    match value {
        Value::Object(fields) => {
            Value::Object(fields.into_iter().map(|(name, value)| (name, changed(value, change))).collect())
        }
        Value::Array(items) => items.into_iter().map(|item| changed(item, change)).collect(),
        plain => change(plain),
    }
}

fn as_text(value: Value) -> Value {
    if value.is_number() { Value::from(value.to_string()) } else { value }
}

fn wrong(value: Value) -> Value {
    match value {
        Value::String(text) => text.parse::<i64>().map_or(Value::String(text), Value::from),
        Value::Bool(is_so) => Value::from(is_so.to_string()),
        Value::Null => Value::Object(Map::new()),
        number => as_text(number),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dressed(dress: Dress) -> String {
        let reply = Reply::json(200, &json!({ "id": 7, "people": [{ "number": "12", "left": false }] }));
        String::from_utf8(dress.put_on(reply).body).unwrap()
    }

    #[test]
    fn a_dress_changes_how_an_answer_looks() {
        assert_eq!(dressed(Dress::NumbersAsText), r#"{"id":"7","people":[{"left":false,"number":"12"}]}"#);
        assert_eq!(dressed(Dress::WrongTypes), r#"{"id":"7","people":[{"left":"false","number":12}]}"#);
        assert!(
            dressed(Dress::DuplicateKeys).starts_with(r#"{"id":null,"id":7,"people":null,"people":[{"left":null,"#)
        );
        assert!(dressed(Dress::Bom).starts_with('\u{feff}'));
        assert!(dressed(Dress::Page).starts_with("<!doctype"));
    }

    #[test]
    fn a_page_label_hides_the_right_json() {
        let reply = Dress::WrongLabel.put_on(Reply::json(200, &json!({ "a": 1 })));
        assert_eq!(reply.headers, [("content-type".to_owned(), "text/html; charset=utf-8".to_owned())]);
        assert_eq!(reply.body, br#"{"a":1}"#);
    }
}
