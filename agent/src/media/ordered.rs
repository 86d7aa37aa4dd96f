//! JSON that keeps what it is not asked to change: order, numbers and unknown keys stay as they were written.
//!
//! Pure. A document is opened only along the way to a change; everything else remains the text that it was. So a file
//! of any depth costs no recursion, and a number that no program could hold survives.

use serde::de::{MapAccess, Visitor};
use serde::ser::SerializeMap as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::RawValue;

/// A value: as it was written, or opened.
#[derive(Debug, Clone)]
pub enum Node {
    /// As it was written.
    Raw(Box<RawValue>),
    /// An object, with its keys in their order.
    Object(Object),
    /// A list.
    List(Vec<Node>),
}

/// An object that keeps its order. Of equal keys the last one counts, as programs read it.
#[derive(Debug, Clone, Default)]
pub struct Object(Vec<(String, Node)>);

impl Node {
    /// A text.
    #[must_use]
    pub fn text(text: &str) -> Self {
        let written = serde_json::value::to_raw_value(text).unwrap_or_else(|_never| RawValue::NULL.to_owned());
        Self::Raw(written)
    }

    /// The value as a text, if it is one.
    #[must_use]
    pub fn as_text(&self) -> Option<String> {
        match self {
            Self::Raw(raw) => serde_json::from_str(raw.get()).ok(),
            Self::Object(_) | Self::List(_) => None,
        }
    }

    /// Opens an object; none if it is something else.
    pub fn object(&mut self) -> Option<&mut Object> {
        if let Self::Raw(raw) = self {
            *self = Self::Object(serde_json::from_str(raw.get()).ok()?);
        }
        match self {
            Self::Object(object) => Some(object),
            Self::Raw(_) | Self::List(_) => None,
        }
    }

    /// Opens a list; none if it is something else.
    pub fn list(&mut self) -> Option<&mut Vec<Node>> {
        if let Self::Raw(raw) = self {
            let items: Vec<Box<RawValue>> = serde_json::from_str(raw.get()).ok()?;
            *self = Self::List(items.into_iter().map(Self::Raw).collect());
        }
        match self {
            Self::List(items) => Some(items),
            Self::Raw(_) | Self::Object(_) => None,
        }
    }
}

impl Object {
    /// The value of a key.
    pub fn get(&mut self, key: &str) -> Option<&mut Node> {
        self.0.iter_mut().rev().find(|(name, _)| name == key).map(|(_, node)| node)
    }

    /// The value of a key, put at the end if it is missing.
    pub fn get_or_put(&mut self, key: &str, missing: impl FnOnce() -> Node) -> &mut Node {
        let at = match self.0.iter().rposition(|(name, _)| name == key) {
            Some(at) => at,
            None => {
                self.0.push((key.to_owned(), missing()));
                self.0.len() - 1
            }
        };
        #[expect(clippy::indexing_slicing, reason = "the position was found, or made, just above")]
        &mut self.0[at].1
    }

    /// Sets a key where it stands, or at the end; false if it had that text already.
    pub fn set_text(&mut self, key: &str, text: &str) -> bool {
        if self.get(key).and_then(|node| node.as_text()).as_deref() == Some(text) {
            return false;
        }
        *self.get_or_put(key, || Node::text(text)) = Node::text(text);
        true
    }

    /// The text under a key.
    pub fn text_of(&mut self, key: &str) -> Option<String> {
        self.get(key).and_then(|node| node.as_text())
    }
}

impl FromIterator<(String, Node)> for Object {
    fn from_iter<I: IntoIterator<Item = (String, Node)>>(entries: I) -> Self {
        Self(entries.into_iter().collect())
    }
}

impl Serialize for Node {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Raw(raw) => raw.serialize(serializer),
            Self::Object(object) => object.serialize(serializer),
            Self::List(items) => items.serialize(serializer),
        }
    }
}

impl Serialize for Object {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (key, node) in &self.0 {
            map.serialize_entry(key, node)?;
        }
        map.end()
    }
}

impl<'de> Deserialize<'de> for Object {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Entries;
        impl<'de> Visitor<'de> for Entries {
            type Value = Object;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Object, A::Error> {
                let mut entries = Vec::new();
                while let Some((key, raw)) = map.next_entry::<String, Box<RawValue>>()? {
                    entries.push((key, Node::Raw(raw)));
                }
                Ok(Object(entries))
            }
        }
        deserializer.deserialize_map(Entries)
    }
}
