//! Pure: what the API takes, read from its own document; a form's texts become the types that an operation expects.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use axum::http::Method;
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use serde_json::{Map, Value};

use super::tree::Node;
use crate::http::time::Time;
use crate::store::accounts::Role;

/// How many references of a schema are followed, one after the other.
const HOPS_MAX: usize = 8;

/// One operation of the API.
#[derive(Debug, Clone)]
pub(in crate::http::page) struct Operation {
    pub(super) method: Method,
    /// Its path, with `{name}` where a parameter goes.
    pub(super) path: String,
    /// Who may; none if anybody.
    pub(in crate::http::page) least: Option<Role>,
    /// The schema of its JSON body, if it takes one.
    pub(super) body: Option<Value>,
}

/// Every role that an operation may name.
const ROLES: [Role; 4] = [Role::Member, Role::Viewer, Role::Operator, Role::Owner];

struct Api {
    operations: BTreeMap<String, Operation>,
    schemas: Value,
}

fn api() -> &'static Api {
    static API: OnceLock<Api> = OnceLock::new();
    API.get_or_init(|| {
        let mut document: Value = serde_json::from_str(&crate::http::document()).unwrap_or_default();
        let paths = document.get_mut("paths").map(Value::take).unwrap_or_default();
        let of_path = |(path, item): (String, Value)| {
            let verbs = item.as_object().cloned().unwrap_or_default().into_iter();
            verbs.filter_map(move |(verb, described)| named(&verb, &path, &described))
        };
        let paths = paths.as_object().cloned().unwrap_or_default();
        Api {
            operations: paths.into_iter().flat_map(of_path).collect(),
            schemas: document.pointer_mut("/components/schemas").map(Value::take).unwrap_or_default(),
        }
    })
}

fn named(verb: &str, path: &str, described: &Value) -> Option<(String, Operation)> {
    let name = at(described, "operationId").as_str()?.to_owned();
    let body = described.pointer("/requestBody/content/application~1json/schema");
    let operation = Operation {
        method: verb.to_uppercase().parse().ok()?,
        path: path.to_owned(),
        least: ROLES.into_iter().find(|role| Some(crate::http::guard::word(*role)) == at(described, "x-role").as_str()),
        body: body.cloned(),
    };
    Some((name, operation))
}

/// The operation of that name.
pub(in crate::http::page) fn operation(name: &str) -> Option<&'static Operation> {
    api().operations.get(name)
}

/// The body that an operation expects, made of a form's fields.
pub(super) fn body(schema: &Value, fields: &Node) -> Value {
    object(resolved(schema, fields), fields)
}

/// None for what was left empty.
fn value(schema: &Value, node: &Node) -> Option<Value> {
    if let Some(kind) = &node.kind {
        return as_said(kind, node);
    }
    let schema = resolved(schema, node);
    if !node.children.is_empty() {
        if is_of(schema, "array") {
            return Some(Value::Array(parts(schema, node)));
        }
        return (!node.is_blank()).then(|| object(schema, node));
    }
    if is_of(schema, "array") {
        let lines = node.values.iter().flat_map(|value| value.lines()).map(str::trim).filter(|line| !line.is_empty());
        let items: Vec<Value> = lines.map(|line| leaf(resolved(at(schema, "items"), node), line)).collect();
        return (!items.is_empty()).then_some(Value::Array(items));
    }
    let text = node.values.last()?;
    (!text.trim().is_empty()).then(|| leaf(schema, text))
}

/// What the form itself says of the type, where the document leaves it open.
fn as_said(kind: &str, node: &Node) -> Option<Value> {
    let text = node.values.last().map(String::as_str).unwrap_or_default();
    let lines = || node.values.iter().flat_map(|value| value.lines()).map(str::trim).filter(|line| !line.is_empty());
    if let Some((end, zone)) = kind.split_once('@') {
        return (!text.trim().is_empty()).then(|| Value::from(moment(end, zone, text.trim())));
    }
    match kind {
        "text" => Some(Value::from(text)),
        "list" => Some(lines().map(Value::from).collect()),
        _ if text.trim().is_empty() => None,
        "integer" | "number" | "boolean" => Some(leaf(&serde_json::json!({ "type": kind }), text)),
        "json" => Some(serde_json::from_str(text).unwrap_or_else(|_unreadable| Value::from(text))),
        _ => Some(Value::from(text)),
    }
}

/// What a form says of time in a zone, as a moment: `at@Europe/Paris` a local time, `from@…` a day where it begins, `through@…`
/// one where it ends. What is none goes along as it is: the API says in its own words what it misses.
fn moment(kind: &str, zone: &str, text: &str) -> String {
    let read = || {
        let zone = TimeZone::get(zone).unwrap_or(TimeZone::UTC);
        let local = match kind {
            "at" => text.parse::<DateTime>().ok()?,
            "through" => text.parse::<Date>().ok()?.tomorrow().ok()?.into(),
            _ => text.parse::<Date>().ok()?.into(),
        };
        Some(Time(local.to_zoned(zone).ok()?.timestamp().as_millisecond()).to_string())
    };
    read().unwrap_or_else(|| text.to_owned())
}

fn object(schema: &Value, node: &Node) -> Value {
    let required: Vec<&str> =
        at(schema, "required").as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let mut fields = Map::new();
    for (name, child) in &node.children {
        let of_field = at(schema, "properties").get(name).unwrap_or(at(schema, "additionalProperties"));
        let given = value(of_field, child);
        let given = given.or_else(|| required.contains(&name.as_str()).then(|| nothing(resolved(of_field, child))));
        if let Some(given) = given {
            fields.insert(name.clone(), given);
        }
    }
    Value::Object(fields)
}

/// What a required field is when nobody filled it in: the API says in its own words what it misses.
fn nothing(schema: &Value) -> Value {
    match (is_of(schema, "array"), is_of(schema, "object")) {
        (true, _) => Value::Array(Vec::new()),
        (_, true) => Value::Object(Map::new()),
        _ => Value::from(""),
    }
}

/// A list of objects: `numbers.0.terminal`, `numbers.1.terminal`. What was left empty is no part of it.
fn parts(schema: &Value, node: &Node) -> Vec<Value> {
    let mut numbered: Vec<(u32, &Node)> =
        node.children.iter().filter_map(|(name, child)| Some((name.parse().ok()?, child))).collect();
    numbered.sort_by_key(|(number, _)| *number);
    let items = numbered.into_iter().filter(|(_, child)| !child.is_blank());
    items.filter_map(|(_, child)| value(at(schema, "items"), child)).collect()
}

fn leaf(schema: &Value, text: &str) -> Value {
    let trimmed = text.trim();
    let number = trimmed.replace(',', ".");
    if is_of(schema, "integer")
        && let Ok(whole) = trimmed.parse::<i64>()
    {
        return Value::from(whole);
    }
    if is_of(schema, "number")
        && let Ok(number) = number.parse::<f64>()
    {
        return Value::from(number);
    }
    if is_of(schema, "boolean") {
        match trimmed {
            "true" | "on" => return Value::from(true),
            "false" | "off" => return Value::from(false),
            _ => {}
        }
    }
    Value::from(text)
}

/// The schema behind references and alternatives: of several, the one that knows every field that was given.
fn resolved<'a>(schema: &'a Value, node: &Node) -> &'a Value {
    let mut schema = schema;
    for _ in 0..HOPS_MAX {
        let next = match at(schema, "$ref").as_str() {
            Some(place) => api().schemas.get(place.rsplit('/').next().unwrap_or_default()),
            None => ["oneOf", "anyOf", "allOf"]
                .iter()
                .find_map(|of| at(schema, of).as_array())
                .and_then(|of| chosen(of, node)),
        };
        match next {
            Some(next) => schema = next,
            None => break,
        }
    }
    schema
}

fn chosen<'a>(alternatives: &'a [Value], node: &Node) -> Option<&'a Value> {
    let real = || alternatives.iter().filter(|one| at(one, "type") != "null");
    let knows_all = |one: &&Value| {
        let one =
            at(one, "$ref").as_str().and_then(|place| api().schemas.get(place.rsplit('/').next()?)).unwrap_or(one);
        node.children.iter().all(|(name, child)| {
            let field = at(at(one, "properties"), name);
            let only = at(field, "enum").as_array();
            !field.is_null()
                && only.is_none_or(|only| child.values.last().is_some_and(|value| only.iter().any(|one| one == value)))
        })
    };
    real().find(knows_all).or_else(|| real().next())
}

/// A field of a schema; null if it has none of that name.
fn at<'a>(schema: &'a Value, name: &str) -> &'a Value {
    static NOTHING: Value = Value::Null;
    schema.get(name).unwrap_or(&NOTHING)
}

fn is_of(schema: &Value, kind: &str) -> bool {
    match at(schema, "type") {
        Value::String(only) => only == kind,
        Value::Array(several) => several.iter().any(|one| one == kind),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn made(operation_name: &str, fields: &[(&str, &str)]) -> Value {
        let schema = operation(operation_name).unwrap().body.as_ref().unwrap();
        let fields = fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        body(schema, &Node::of(fields).unwrap())
    }

    #[test]
    fn texts_become_the_types_that_the_operation_expects() {
        let decision = made("presence_override_put", &[("value", "0,5"), ("comment", "left early")]);
        assert_eq!(decision, json!({ "value": 0.5, "comment": "left early" }));
        let message = made("machines_say", &[("give_up_s", "30"), ("machines", "a\r\n\r\nb"), ("text", "")]);
        assert_eq!(message, json!({ "give_up_s": 30, "machines": ["a", "b"] }));
    }

    #[test]
    fn nested_fields_are_objects_and_numbered_ones_lists() {
        let site =
            made("sites_create", &[("id", "metz"), ("about.town", "Metz"), ("about.tags", "tennis"), ("name", "")]);
        assert_eq!(site, json!({ "id": "metz", "about": { "town": "Metz", "tags": ["tennis"] } }));
        let person = made(
            "people_put",
            &[
                ("name", "Anne"),
                ("numbers.10.terminal", "B"),
                ("numbers.10.number", "8"),
                ("numbers.2.terminal", "A"),
                ("numbers.2.number", "7"),
                ("numbers.11.terminal", ""),
                ("shows_name", "false"),
                ("shows_name", "true"),
            ],
        );
        assert_eq!(person["numbers"][0]["terminal"], "A");
        assert_eq!((person["numbers"].as_array().unwrap().len(), &person["shows_name"]), (2, &json!(true)));
    }

    #[test]
    fn a_required_field_that_is_empty_is_sent_so_that_the_api_says_what_it_misses() {
        assert_eq!(made("sites_create", &[("id", "")]), json!({ "id": "" }));
        assert_eq!(made("presence_override_put", &[("value", "much")]), json!({ "value": "much" }));
    }

    #[test]
    fn a_form_says_the_type_where_the_document_leaves_it_open() {
        let command =
            made("commands_create", &[("type", "get_logs"), ("data.lines:integer", "100"), ("data.unit", "x")]);
        assert_eq!(command, json!({ "type": "get_logs", "data": { "lines": 100, "unit": "x" } }));
        assert_eq!(made("sites_change", &[("about.town:text", "")]), json!({ "about": { "town": "" } }));
        assert_eq!(made("sites_change", &[("about.tags:list", "")]), json!({ "about": { "tags": [] } }));
    }

    #[test]
    fn a_local_time_is_a_moment_of_the_zone_that_the_form_names() {
        let at = |text: &str| made("punches_review", &[("at:at@Europe/Paris", text), ("comment", "x")])["at"].clone();
        assert_eq!(at("2026-11-20T17:05"), json!("2026-11-20T16:05:00.000Z"));
        assert_eq!((at(""), at("five")), (Value::Null, json!("five")));
    }

    #[test]
    fn a_day_is_the_moment_where_it_begins_in_the_forms_zone_and_the_last_one_the_moment_where_it_ends() {
        let period = |from: &str, to: &str| {
            made("connectors_reconcile", &[("from:from@Europe/Paris", from), ("to:through@Europe/Paris", to)])
        };
        let expected = json!({ "from": "2026-10-31T23:00:00.000Z", "to": "2026-11-20T23:00:00.000Z" });
        assert_eq!(period("2026-11-01", "2026-11-20"), expected);
        assert_eq!(period("soon", ""), json!({ "from": "soon", "to": "" }), "the API says what it misses");
    }

    #[test]
    fn people_are_mapped_one_by_one_and_a_null_undoes_it() {
        assert_eq!(made("connectors_change", &[("numbers.118", "18")]), json!({ "numbers": { "118": 18 } }));
        assert_eq!(made("connectors_change", &[("numbers.118:json", "null")]), json!({ "numbers": { "118": null } }));
    }

    proptest! {
        #[test]
        fn whatever_comes_becomes_a_value_and_nothing_panics(fields in prop::collection::vec(("[a-z.:0-9]{0,20}", ".{0,9}"), 0..9)) {
            if let Ok(node) = Node::of(fields) {
                for operation in api().operations.values().filter_map(|one| one.body.as_ref()) {
                    prop_assert!(body(operation, &node).is_object());
                }
            }
        }
    }
}
