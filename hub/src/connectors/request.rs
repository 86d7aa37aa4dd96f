//! A request as a mapping declares it, and as it is for one row; pure.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::template::{Scope, Template, Unfit, Values};
use super::tree::{Tree, Wrong, below};

/// What a request does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Verb {
    /// Reads.
    #[serde(rename = "GET")]
    Get,
    /// Makes.
    #[serde(rename = "POST")]
    Post,
    /// Replaces.
    #[serde(rename = "PUT")]
    Put,
    /// Changes.
    #[serde(rename = "PATCH")]
    Patch,
    /// Removes.
    #[serde(rename = "DELETE")]
    Delete,
}

impl Verb {
    /// As HTTP writes it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
        }
    }
}

/// A request in a mapping file.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RawRequest {
    method: Verb,
    path: String,
    #[serde(default)]
    query: toml::Table,
    #[serde(default)]
    headers: toml::Table,
    body: Option<toml::Value>,
    form: Option<toml::Table>,
    id: Option<String>,
}

impl RawRequest {
    /// A POST of a form, as token requests are.
    pub(super) fn form(path: &str, fields: toml::Table) -> Self {
        let (query, headers) = (toml::Table::new(), toml::Table::new());
        Self { method: Verb::Post, path: path.to_owned(), query, headers, body: None, form: Some(fields), id: None }
    }

    /// Whether it says where the answer has the record's id.
    #[must_use]
    pub fn has_id(&self) -> bool {
        self.id.is_some()
    }
}

/// A request that was checked.
#[derive(Debug, Clone, PartialEq)]
pub struct Request {
    verb: Verb,
    path: Template,
    query: Vec<(String, Template)>,
    headers: Vec<(String, Template)>,
    body: Option<Tree>,
    is_form: bool,
    /// Where the answer has the record's id, a JSON pointer.
    pub id: Option<String>,
}

/// A request for one row: what goes over the wire but for the credentials.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Call {
    /// What it does.
    pub method: Verb,
    /// Path below the base, or a whole address.
    pub path: String,
    /// Query, not yet encoded.
    pub query: Vec<(String, String)>,
    /// Headers beside those that every request has.
    pub headers: Vec<(String, String)>,
    /// Body.
    pub body: Option<Value>,
    /// The body is sent as a form, not as JSON.
    pub is_form: bool,
}

impl Request {
    /// Reads and checks a request; what is wrong goes to `wrongs`.
    #[must_use]
    pub fn read(raw: &RawRequest, scope: &Scope, path: &mut Vec<String>, wrongs: &mut Vec<Wrong>) -> Self {
        let is_absolute = raw.path.starts_with('/') || raw.path.starts_with("https://") || raw.path.starts_with('{');
        if !is_absolute {
            let text = format!("`{}` is no path; begin with `/`, as in `/api/attendance`", raw.path);
            wrongs.push(Wrong { path: [path.as_slice(), &["path".to_owned()]].concat(), text });
        }
        if raw.body.is_some() && raw.form.is_some() {
            wrongs.push(Wrong { path: path.clone(), text: "it has `body` and `form`; keep one".to_owned() });
        }
        let form = raw.form.clone().map(toml::Value::Table);
        let body = raw.body.as_ref().or(form.as_ref());
        let name = if raw.form.is_some() { "form" } else { "body" };
        if let Some(pointer) = &raw.id {
            below(path, "id", |path| check_pointer(pointer, path, wrongs));
        }
        Self {
            verb: raw.method,
            path: below(path, "path", |path| template(&raw.path, scope, path, wrongs)),
            query: below(path, "query", |path| templates(&raw.query, scope, path, wrongs)),
            headers: below(path, "headers", |path| templates(&raw.headers, scope, path, wrongs)),
            body: body.map(|body| below(path, name, |path| Tree::read(body, scope, path, wrongs))),
            is_form: raw.form.is_some(),
            id: raw.id.clone(),
        }
    }

    /// The request for a row.
    ///
    /// # Errors
    ///
    /// [`Unfit`] if a value that must be there is missing.
    pub fn call(&self, values: &Values) -> Result<Call, Unfit> {
        let gone = || Unfit("the path needs a value that is missing".to_owned());
        let is_whole = matches!(self.path.names().next(), Some(name) if name.starts_with("cfg."));
        let escape = |text: &str| if is_whole { text.to_owned() } else { segment(text) };
        Ok(Call {
            method: self.verb,
            path: self.path.text(values, escape)?.ok_or_else(gone)?,
            query: rendered(&self.query, values)?,
            headers: rendered(&self.headers, values)?,
            body: self.body.as_ref().map(|body| body.render(values)).transpose()?.flatten(),
            is_form: self.is_form,
        })
    }

    /// Whether it uses a value of that name, or below it.
    #[must_use]
    pub fn uses(&self, root: &str) -> bool {
        self.names()
            .iter()
            .any(|name| name.strip_prefix(root).is_some_and(|rest| rest.is_empty() || rest.starts_with('.')))
    }

    /// The names of all values that it uses.
    #[must_use]
    pub fn names(&self) -> Vec<&str> {
        self.templates().into_iter().flat_map(Template::names).collect()
    }

    /// Every template in it.
    #[must_use]
    pub fn templates(&self) -> Vec<&Template> {
        let pairs = self.query.iter().chain(&self.headers).map(|(_, template)| template);
        let body = self.body.as_ref().map(Tree::templates).unwrap_or_default();
        std::iter::once(&self.path).chain(pairs).chain(body).collect()
    }
}

/// Reads one template.
pub(super) fn template(text: &str, scope: &Scope, path: &[String], wrongs: &mut Vec<Wrong>) -> Template {
    Template::parse(text, scope).unwrap_or_else(|text| {
        wrongs.push(Wrong { path: path.to_vec(), text });
        Template::default()
    })
}

/// Reads a table of templates; numbers and booleans are written as they are.
pub(super) fn templates(
    table: &toml::Table,
    scope: &Scope,
    path: &mut Vec<String>,
    wrongs: &mut Vec<Wrong>,
) -> Vec<(String, Template)> {
    let mut read = |(key, value): (&String, &toml::Value)| {
        let text = match value {
            toml::Value::String(text) => text.clone(),
            toml::Value::Integer(_) | toml::Value::Float(_) | toml::Value::Boolean(_) => value.to_string(),
            toml::Value::Datetime(_) | toml::Value::Array(_) | toml::Value::Table(_) => {
                let text = "it must be text; write a list or table as JSON in quotes".to_owned();
                wrongs.push(Wrong { path: [path.as_slice(), std::slice::from_ref(key)].concat(), text });
                String::new()
            }
        };
        (key.clone(), below(path, key, |path| template(&text, scope, path, wrongs)))
    };
    table.iter().map(&mut read).collect()
}

/// Checks a JSON pointer.
pub(super) fn check_pointer(pointer: &str, path: &[String], wrongs: &mut Vec<Wrong>) {
    if !pointer.is_empty() && !pointer.starts_with('/') {
        let text = format!("`{pointer}` is no JSON pointer; begin with `/`, as in `/data/0/id`");
        wrongs.push(Wrong { path: path.to_vec(), text });
    }
}

fn rendered(pairs: &[(String, Template)], values: &Values) -> Result<Vec<(String, String)>, Unfit> {
    let mut all = Vec::new();
    for (key, template) in pairs {
        if let Some(text) = template.text(values, str::to_owned)? {
            all.push((key.clone(), text));
        }
    }
    Ok(all)
}

/// A value as one segment of a path: it cannot name another path.
fn segment(text: &str) -> String {
    let mut escaped = String::new();
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'~' => escaped.push(char::from(byte)),
            // A dot alone or doubled would be another folder.
            b'.' if text.bytes().any(|other| other != b'.') => escaped.push('.'),
            _ => escaped.push_str(&format!("%{byte:02X}")),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn request(text: &str) -> (Request, Vec<Wrong>) {
        let raw: RawRequest = toml::from_str(text).unwrap();
        let mut wrongs = Vec::new();
        let request = Request::read(&raw, &Scope::request(), &mut vec!["send".to_owned()], &mut wrongs);
        (request, wrongs)
    }

    #[test]
    fn a_value_in_a_path_stays_one_segment() {
        let (request, wrongs) = request("method = 'DELETE'\npath = '/api/Employee Checkin/{remote.id}'");
        let call = |id: &str| {
            let values = Values::new(jiff::tz::TimeZone::UTC).with_root("remote", json!({ "id": id }));
            request.call(&values).unwrap().path
        };

        assert_eq!(wrongs, []);
        assert_eq!(call("EMP-1.2"), "/api/Employee Checkin/EMP-1.2");
        assert_eq!(call("../User?x"), "/api/Employee Checkin/..%2FUser%3Fx");
        assert_eq!(call(".."), "/api/Employee Checkin/%2E%2E");
    }

    #[test]
    fn what_is_optional_and_missing_is_left_out_everywhere() {
        let (request, _) = request(
            "method = 'POST'\npath = '/x'\nquery = { a = '{cfg.a|opt}', limit = 3 }\n\
             headers = { H = '{cfg.h|opt}' }\nbody = { d = '{dir|opt}', e = '{enrollid}' }",
        );
        let call = request.call(&Values::new(jiff::tz::TimeZone::UTC).with("enrollid", 7)).unwrap();

        assert_eq!((call.query, call.headers), (vec![("limit".to_owned(), "3".to_owned())], vec![]));
        assert_eq!(call.body, Some(json!({ "e": 7 })));
    }

    #[test]
    fn a_request_knows_what_it_needs() {
        let (request, _) = request("method = 'POST'\npath = '/x'\nbody = { ids = ['{open.id|int}'] }");
        assert!(request.uses("open") && !request.uses("person"));
    }

    #[test]
    fn what_is_wrong_is_said_with_its_place() {
        let (_, wrongs) = request("method = 'GET'\npath = 'x'\nquery = { a = [1] }\nid = 'id'\nbody = 1\nform = {}");
        let places: Vec<String> = wrongs.iter().map(|wrong| wrong.path.join(".")).collect();
        assert_eq!(places, ["send.path", "send", "send.id", "send.query.a"]);
    }
}
