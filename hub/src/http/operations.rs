//! Which operation of the API a request is: read once from the document, so that rights, the audit log and the document
//! cannot differ.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;

use axum::extract::MatchedPath;
use axum::http::Method;
use axum::http::request::Parts;
use serde_json::Value;

use super::openapi;

/// What destroys, or gives rights to others: somebody with a second factor shows it anew.
const GRAVE: [&str; 9] = [
    "person_erase",
    "sites_remove",
    "tokens_create",
    "users_put",
    "users_change",
    "users_remove",
    "users_factor_remove",
    "factor_remove",
    "password_change",
];

/// One operation of the API.
#[derive(Debug)]
pub(super) struct Operation {
    /// Its name, for ever.
    pub(super) id: String,
    /// The part of the API that it belongs to: its first tag.
    pub(super) area: String,
}

impl Operation {
    /// Whether somebody with a second factor must have shown it lately.
    pub(super) fn is_grave(&self) -> bool {
        GRAVE.contains(&self.id.as_str())
    }
}

type Table = BTreeMap<(String, String), Operation>;

/// The operation that a request asks for; none if it is a page or nothing.
pub(super) fn of(parts: &Parts) -> Option<&'static Operation> {
    at(&parts.method, parts.extensions.get::<MatchedPath>()?.as_str())
}

/// Forms that people send before they can log in, and the operations that they stand for.
const DOORS: [(&str, &str); 3] =
    [("/setup", "/api/v1/setup"), ("/forgot", "/api/v1/password-reset"), ("/reset", "/api/v1/password-reset/confirm")];

/// What a request is in the audit log: the operation, also of a form that stands for one.
pub(super) fn meant(method: &Method, form: &str) -> Option<&'static Operation> {
    let form = DOORS.iter().find(|(door, _)| *door == form).map_or(form, |(_, operation)| operation);
    at(method, form)
}

/// The operation of a method at a path's form.
pub(super) fn at(method: &Method, form: &str) -> Option<&'static Operation> {
    let method = if method == Method::HEAD { Method::GET } else { method.clone() };
    table().get(&(form.to_owned(), method.as_str().to_lowercase()))
}

/// The parts of the API, to which tokens can be limited.
pub(super) fn areas() -> BTreeSet<&'static str> {
    table().values().map(|operation| operation.area.as_str()).collect()
}

fn table() -> &'static Table {
    static TABLE: OnceLock<Table> = OnceLock::new();
    TABLE.get_or_init(|| read(&serde_json::from_str(&openapi::document()).unwrap_or_default()))
}

fn read(document: &Value) -> Table {
    let mut table = Table::new();
    let paths = document.get("paths").and_then(Value::as_object).into_iter().flatten();
    for (path, item) in paths {
        for (method, operation) in item.as_object().into_iter().flatten() {
            let text = |value: Option<&Value>| value.and_then(Value::as_str).unwrap_or_default().to_owned();
            let tag = operation.get("tags").and_then(|tags| tags.get(0));
            let one = Operation { id: text(operation.get("operationId")), area: text(tag) };
            table.insert((path.clone(), method.clone()), one);
        }
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_operation_is_found_by_its_path_and_belongs_to_a_part() {
        let show = at(&Method::HEAD, "/api/v1/sites/{id}").unwrap();
        assert_eq!((show.id.as_str(), show.area.as_str()), ("site_show", "sites"));
        assert!(table().values().all(|one| !one.id.is_empty() && !one.area.is_empty()));
    }

    #[test]
    fn what_is_grave_exists() {
        let ids: BTreeSet<&str> = table().values().map(|one| one.id.as_str()).collect();
        for id in GRAVE {
            assert!(ids.contains(id), "{id}");
        }
    }
}
