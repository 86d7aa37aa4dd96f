//! A JSON value whose texts are templates: the body of a request, or what a row becomes.

use serde_json::{Map, Value};

use super::template::{Scope, Template, Unfit, Values};

/// Deepest body: third parties need three or four levels.
const DEPTH_MAX: usize = 16;

/// A value with templates in it.
#[derive(Debug, Clone, PartialEq)]
pub enum Tree {
    /// A value without templates.
    Plain(Value),
    /// A template.
    Text(Template),
    /// A list; what is dropped is left out.
    List(Vec<Tree>),
    /// An object; what is dropped is left out.
    Object(Vec<(String, Tree)>),
}

/// What is wrong at one place of a mapping.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wrong {
    /// Where, as keys from the top.
    pub path: Vec<String>,
    /// What, and what to write instead.
    pub text: String,
}

impl Tree {
    /// Reads and checks every template of a value; what is wrong goes to `wrongs`.
    #[must_use]
    pub fn read(value: &toml::Value, scope: &Scope, path: &mut Vec<String>, wrongs: &mut Vec<Wrong>) -> Self {
        if path.len() > DEPTH_MAX {
            wrongs.push(Wrong { path: path.clone(), text: format!("it is nested deeper than {DEPTH_MAX}") });
            return Self::Plain(Value::Null);
        }
        match value {
            toml::Value::String(text) => match Template::parse(text, scope) {
                Ok(template) => Self::Text(template),
                Err(text) => {
                    wrongs.push(Wrong { path: path.clone(), text });
                    Self::Plain(Value::Null)
                }
            },
            toml::Value::Integer(number) => Self::Plain((*number).into()),
            toml::Value::Float(number) => Self::Plain((*number).into()),
            toml::Value::Boolean(is) => Self::Plain((*is).into()),
            toml::Value::Datetime(at) => Self::Plain(at.to_string().into()),
            toml::Value::Array(list) => {
                let mut read = |(index, one): (usize, &toml::Value)| {
                    below(path, &index.to_string(), |path| Self::read(one, scope, path, wrongs))
                };
                Self::List(list.iter().enumerate().map(&mut read).collect())
            }
            toml::Value::Table(table) => {
                let mut read = |(key, one): (&String, &toml::Value)| {
                    (key.clone(), below(path, key, |path| Self::read(one, scope, path, wrongs)))
                };
                Self::Object(table.iter().map(&mut read).collect())
            }
        }
    }

    /// The value for a row; none if it is dropped.
    ///
    /// # Errors
    ///
    /// [`Unfit`] if a value that must be there is missing.
    pub fn render(&self, values: &Values) -> Result<Option<Value>, Unfit> {
        Ok(match self {
            Self::Plain(value) => Some(value.clone()),
            Self::Text(template) => template.render(values)?,
            Self::List(list) => {
                let rendered: Result<Vec<Option<Value>>, Unfit> = list.iter().map(|one| one.render(values)).collect();
                Some(Value::Array(rendered?.into_iter().flatten().collect()))
            }
            Self::Object(fields) => {
                let mut object = Map::new();
                for (key, one) in fields {
                    if let Some(value) = one.render(values)? {
                        object.insert(key.clone(), value);
                    }
                }
                Some(Value::Object(object))
            }
        })
    }

    /// Every template in it.
    pub fn templates(&self) -> Vec<&Template> {
        match self {
            Self::Plain(_) => Vec::new(),
            Self::Text(template) => vec![template],
            Self::List(list) => list.iter().flat_map(Self::templates).collect(),
            Self::Object(fields) => fields.iter().flat_map(|(_, one)| one.templates()).collect(),
        }
    }
}

/// Does something one level deeper.
pub(super) fn below<T>(path: &mut Vec<String>, key: &str, act: impl FnOnce(&mut Vec<String>) -> T) -> T {
    path.push(key.to_owned());
    let result = act(path);
    path.pop();
    result
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(text: &str) -> (Tree, Vec<Wrong>) {
        let table: toml::Table = text.parse().unwrap();
        let mut wrongs = Vec::new();
        let tree = Tree::read(&toml::Value::Table(table), &Scope::row(), &mut Vec::new(), &mut wrongs);
        (tree, wrongs)
    }

    #[test]
    fn values_keep_their_types_and_what_is_missing_leaves_no_trace() {
        let (tree, wrongs) =
            read("a = { id = '{enrollid}', way = '{dir|opt}', list = [1, '{dir|opt}', true] }\nb = []");
        let values = Values::new(jiff::tz::TimeZone::UTC).with("enrollid", 7);

        assert_eq!(wrongs, []);
        assert_eq!(tree.render(&values).unwrap(), Some(json!({ "a": { "id": 7, "list": [1, true] }, "b": [] })));
    }

    #[test]
    fn every_wrong_template_is_said_with_its_place() {
        let (_, wrongs) = read("a = { b = ['{enrollid}', '{enrolid}'] }\nc = '{'");
        let places: Vec<String> = wrongs.iter().map(|wrong| wrong.path.join(".")).collect();
        assert_eq!(places, ["a.b.1", "c"]);
    }
}
