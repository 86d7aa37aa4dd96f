//! Pure: a form's dotted names as a tree: `about.town`, `numbers.0.terminal`, and `data.lines:integer` where a form says
//! the type itself; `at:at@Europe/Paris` is a local time there, `from:from@…` and `to:through@…` are days.

use std::collections::BTreeMap;

/// Steps of the deepest name.
const DEPTH_MAX: usize = 6;

/// One name, what was given for it, and the names below it.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Node {
    pub(super) values: Vec<String>,
    /// The type that the form says.
    pub(super) kind: Option<String>,
    pub(super) children: BTreeMap<String, Node>,
}

impl Node {
    /// The tree of these fields; the name that is too deep if there is one.
    pub(super) fn of(fields: impl IntoIterator<Item = (String, String)>) -> Result<Self, String> {
        let mut root = Self::default();
        for (name, value) in fields {
            let (path, kind) = name.split_once(':').map_or((name.as_str(), None), |(path, kind)| (path, Some(kind)));
            if path.split('.').count() > DEPTH_MAX {
                return Err(name);
            }
            let node = path.split('.').fold(&mut root, |node, step| node.children.entry(step.to_owned()).or_default());
            node.kind = kind.map(str::to_owned).or_else(|| node.kind.take());
            node.values.push(value);
        }
        Ok(root)
    }

    /// Whether nothing was given here nor below. What a form calls a text or a list is given even if it is empty.
    pub(super) fn is_blank(&self) -> bool {
        let is_said = self.kind.as_deref().is_some_and(|kind| ["text", "list"].contains(&kind));
        !is_said
            && self.values.iter().all(|value| value.trim().is_empty())
            && self.children.values().all(Self::is_blank)
    }
}
