//! Requests with their answers, as the OpenAPI document shows them: they were made with the real routes, one after the
//! other, and a test makes them again.
//!
//! A value in a path may be taken from the answer of an exchange before, as the id of what was made there.

use std::collections::BTreeMap;
use std::mem;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::openapi::path::{Operation, Parameter, ParameterBuilder, PathItem};
use utoipa::openapi::{OpenApi, RefOr, Response};

/// The exchanges in the order in which they can be made.
const EXCHANGES: &str = include_str!("examples.json");

/// One request and its answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::http) struct Exchange {
    /// Which operation was asked for.
    pub(in crate::http) operation: String,
    /// Names in the path.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(in crate::http) path: BTreeMap<String, Given>,
    /// The query.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(in crate::http) query: BTreeMap<String, Value>,
    /// The body: JSON, or the text of a body of another kind.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in crate::http) body: Option<Value>,
    /// It is only shown: it needs a box, a browser or a third party, which the stage of the tests does not have.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(in crate::http) is_only_shown: bool,
    /// The answer's body; none if it has none, or is no JSON.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in crate::http) answer: Option<Value>,
}

/// A value in a path.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub(in crate::http) enum Given {
    /// What an answer before said.
    Taken {
        /// The operation whose answer it was.
        answer_of: String,
        /// Where in that answer, as a JSON pointer.
        at: String,
    },
    /// Itself.
    Plain(String),
}

impl Given {
    /// The value, with the answers of the exchanges before.
    pub(in crate::http) fn value<'a>(&self, answer_of: impl Fn(&str) -> Option<&'a Value>) -> Option<String> {
        let (operation, at) = match self {
            Self::Plain(value) => return Some(value.clone()),
            Self::Taken { answer_of, at } => (answer_of, at),
        };
        match answer_of(operation)?.pointer(at)? {
            Value::String(text) => Some(text.clone()),
            other => Some(other.to_string()),
        }
    }
}

/// Every exchange, in order; none if the file is damaged, which a test would notice.
pub(in crate::http) fn exchanges() -> Vec<Exchange> {
    serde_json::from_str(EXCHANGES).unwrap_or_default()
}

/// Writes each operation's first exchange into the document.
pub(in crate::http) fn show(document: &mut OpenApi) {
    let exchanges = exchanges();
    for operation in document.paths.paths.values_mut().flat_map(operations) {
        let name = operation.operation_id.as_deref();
        if let Some(exchange) = exchanges.iter().find(|one| name == Some(one.operation.as_str())) {
            write(operation, exchange, &exchanges);
        }
    }
}

pub(in crate::http) fn operations(item: &mut PathItem) -> impl Iterator<Item = &mut Operation> {
    let PathItem { get, put, post, delete, patch, .. } = item;
    [get, put, post, delete, patch].into_iter().flatten()
}

fn write(operation: &mut Operation, exchange: &Exchange, all: &[Exchange]) {
    let answer_of = |name: &str| all.iter().find(|one| one.operation == name)?.answer.as_ref();
    for parameter in operation.parameters.iter_mut().flatten() {
        let in_path = exchange.path.get(&parameter.name).and_then(|given| given.value(answer_of));
        let value = in_path.map(Value::String).or_else(|| exchange.query.get(&parameter.name).cloned());
        if let Some(value) = value {
            set_example(parameter, value);
        }
    }
    let bodies = operation.request_body.iter_mut().flat_map(|body| body.content.values_mut());
    for content in bodies {
        content.example.clone_from(&exchange.body);
    }
    let good = operation.responses.responses.iter_mut().find(|(status, _)| status.starts_with('2'));
    if let Some((_, RefOr::T(Response { content, .. }))) = good {
        content.values_mut().for_each(|content| content.example.clone_from(&exchange.answer));
    }
}

fn set_example(parameter: &mut Parameter, value: Value) {
    *parameter = ParameterBuilder::from(mem::take(parameter)).example(Some(value)).build();
}

#[cfg(test)]
mod tests;
