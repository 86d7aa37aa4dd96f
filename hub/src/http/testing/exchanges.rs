//! The exchanges that the OpenAPI document shows, made on the stage.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use axum::http::Method;
use serde_json::Value;

use super::{Answer, Stage, Who};
use crate::cli::client::segment;
use crate::http::document;
use crate::http::openapi::examples::Exchange;

/// An operation of the document with its place.
pub(crate) struct Operation {
    pub(crate) method: Method,
    pub(crate) path: String,
    /// What the document says of it.
    pub(crate) says: Value,
}

impl Operation {
    pub(crate) fn name(&self) -> &str {
        self.says["operationId"].as_str().unwrap()
    }

    /// Body, content type and schema of what is sent.
    pub(crate) fn sent(&self) -> Option<(&'static str, &Value)> {
        let (kind, content) = self.says["requestBody"]["content"].as_object()?.iter().next()?;
        let known = ["application/json", "application/octet-stream", "text/csv"];
        Some((known.into_iter().find(|one| one == kind).unwrap_or(known[1]), content))
    }

    /// The JSON of a good answer.
    pub(crate) fn answered(&self) -> Option<&Value> {
        let responses = self.says["responses"].as_object().unwrap();
        let (_, good) = responses.iter().find(|(status, _)| status.starts_with('2')).unwrap();
        good["content"].get("application/json")
    }
}

/// The document, and its operations by name.
pub(crate) fn parsed() -> (Value, BTreeMap<String, Operation>) {
    let document: Value = serde_json::from_str(&document()).unwrap();
    let mut all = BTreeMap::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (verb, says) in item.as_object().unwrap() {
            let method = verb.to_uppercase().parse().unwrap();
            let operation = Operation { method, path: path.clone(), says: says.clone() };
            all.insert(operation.name().to_owned(), operation);
        }
    }
    (document, all)
}

impl Stage {
    /// Makes an exchange as the machine's owner, with the answers of those before it.
    pub(in crate::http) async fn make(&self, operation: &Operation, exchange: &Exchange, made: &[Exchange]) -> Answer {
        let answer_of = |name: &str| made.iter().find(|one| one.operation == name)?.answer.as_ref();
        let mut path = operation.path.clone();
        for (name, given) in &exchange.path {
            let value = given.value(answer_of).unwrap_or_default();
            path = path.replace(&format!("{{{name}}}"), &segment(&value));
        }
        for (number, (name, value)) in exchange.query.iter().enumerate() {
            let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            write!(path, "{}{name}={}", if number == 0 { '?' } else { '&' }, segment(&text)).unwrap();
        }
        let ask = self.request(operation.method.clone(), &path).by(Who::Socket);
        let ask = match (operation.sent(), &exchange.body) {
            (Some((kind, _)), Some(Value::String(text))) => ask.bytes(kind, text.clone().into_bytes()),
            (Some(_), Some(body)) => ask.json(body),
            _ => ask,
        };
        ask.send().await
    }
}
