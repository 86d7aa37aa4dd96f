//! The exchanges are made again with the real routes, and everything in the document is held against its own schemas.

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::*;
use crate::http::testing::Stage;
use crate::http::testing::exchanges::parsed;
use crate::http::testing::schema::broken;

#[test]
fn every_operation_says_what_it_is_for_who_may_ask_and_shows_a_request() {
    let (document, operations) = parsed();
    let mut lacks = String::new();
    for (name, operation) in operations {
        let says = &operation.says;
        let mut lack = |what: &str| writeln!(lacks, "{name} lacks {what}").unwrap();
        for (what, text) in [("a summary", &says["summary"]), ("a tag", &says["tags"][0]), ("x-role", &says["x-role"])]
        {
            if text.as_str().is_none_or(str::is_empty) {
                lack(what);
            }
        }
        for parameter in says["parameters"].as_array().into_iter().flatten() {
            if parameter["description"].as_str().is_none_or(str::is_empty) {
                lack(&format!("words on {}", parameter["name"]));
            }
        }
        if says["responses"].as_object().unwrap().values().any(|one| one["description"].as_str().is_none()) {
            lack("words on an answer");
        }
        if operation.sent().is_some_and(|(_, content)| !has_example(&document, content)) {
            lack("an example of its body: make an exchange in hub/src/http/openapi/examples.json");
        }
    }
    assert!(lacks.is_empty(), "{lacks}");
}

/// The names under which the types of a source text stand in the document.
fn names_of_types(text: &str) -> Vec<String> {
    let derived = text
        .split("#[derive(")
        .skip(1)
        .filter(|rest| rest.split(")]").next().is_some_and(|traits| traits.contains("ToSchema")));
    let name = |rest: &str| {
        let head = rest.split('{').next().unwrap_or_default();
        let given = head.split("schema(as = ").nth(1).and_then(|rest| rest.split(')').next());
        let own = head.split(" struct ").nth(1).or_else(|| head.split(" enum ").nth(1));
        let own = own.or_else(|| head.split("\nstruct ").nth(1)).or_else(|| head.split("\nenum ").nth(1));
        given.or(own).map(|name| name.chars().take_while(|one| one.is_alphanumeric()).collect())
    };
    derived.filter_map(name).collect()
}

/// Of two types with one name, the document would show one in place of the other.
#[test]
fn every_type_of_the_document_has_a_name_of_its_own() {
    let (mut folders, mut known) =
        (vec![std::path::PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/src"))], Vec::new());
    while let Some(folder) = folders.pop() {
        for path in std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
            match path.extension() {
                None if path.is_dir() => folders.push(path),
                Some(kind) if kind == "rs" => known.extend(names_of_types(&std::fs::read_to_string(path).unwrap())),
                _ => {}
            }
        }
    }
    known.sort();
    let twice: Vec<_> = known.windows(2).filter(|pair| pair[0] == pair[1]).map(|pair| &pair[0]).collect();
    assert!(known.len() > 150, "only {} types were found", known.len());
    assert!(twice.is_empty(), "say `#[schema(as = …)]` on one of each: {twice:?}");
}

#[test]
fn the_name_of_a_type_is_read_as_it_stands_in_the_document() {
    let plain = "#[derive(Debug, ToSchema)]\n#[serde(default)]\npub(super) struct DayView {";
    let named = "#[derive(utoipa::ToSchema)]\n#[schema(as = Other)]\nenum Way {\n#[derive(Debug)]\nstruct No {";
    assert_eq!((names_of_types(plain), names_of_types(named)), (vec!["DayView".to_owned()], vec!["Other".to_owned()]));
}

/// Whether a body is shown, by the operation or by its type.
fn has_example(document: &Value, content: &Value) -> bool {
    let of_type = content["schema"]["$ref"].as_str().and_then(|place| document.pointer(place.trim_start_matches('#')));
    content.get("example").is_some() || of_type.is_some_and(|of_type| of_type.get("example").is_some())
}

#[test]
fn every_example_is_what_its_schema_promises() {
    let (document, operations) = parsed();
    let mut wrong = String::new();
    for operation in operations.values() {
        let sent = operation.sent().map(|(_, content)| content);
        let answers = operation.says["responses"].as_object().unwrap().values();
        let contents = answers.flat_map(|answer| answer["content"].as_object().into_iter().flatten());
        for content in contents.map(|(_, content)| content).chain(sent) {
            let example = content.get("example");
            if let Some(error) = example.and_then(|example| broken(&document, &content["schema"], example)) {
                writeln!(wrong, "{}: {error}", operation.name()).unwrap();
            }
        }
        for parameter in operation.says["parameters"].as_array().into_iter().flatten() {
            let example = parameter.get("example");
            if let Some(error) = example.and_then(|example| broken(&document, &parameter["schema"], example)) {
                writeln!(wrong, "{}, {}: {error}", operation.name(), parameter["name"]).unwrap();
            }
        }
    }
    for (name, of_type) in document["components"]["schemas"].as_object().unwrap() {
        let example = of_type.get("example");
        if let Some(error) = example.and_then(|example| broken(&document, of_type, example)) {
            writeln!(wrong, "{name}: {error}").unwrap();
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

#[tokio::test]
async fn every_exchange_can_be_made_again_and_is_answered_as_the_document_promises() {
    let (document, operations) = parsed();
    let stage = Stage::whole().await;
    let (mut made, mut answered, mut wrong): (Vec<Exchange>, usize, String) = (Vec::new(), 0, String::new());
    for exchange in exchanges() {
        let operation = &operations[&exchange.operation];
        let answer = stage.make(operation, &exchange, &made).await;
        // What needs a real box or a third party is refused on a stage.
        if answer.status.is_server_error() {
            writeln!(wrong, "{}: {} {}", exchange.operation, answer.status, answer.text).unwrap();
        }
        answered += usize::from(answer.status.is_success());
        let body = serde_json::from_str(&answer.text).ok().filter(|_| answer.status.is_success());
        let schema = operation.answered().map(|content| &content["schema"]);
        let error = schema.zip(body.as_ref()).and_then(|(schema, body)| broken(&document, schema, body));
        if let Some(error) = error {
            writeln!(wrong, "{} does not answer what it promises: {error}", exchange.operation).unwrap();
        }
        made.push(Exchange { answer: body, ..exchange });
    }
    assert!(wrong.is_empty(), "{wrong}");
    assert!(answered * 2 > made.len(), "only {answered} of {} were answered", made.len());
}

#[test]
fn a_value_that_breaks_its_promise_is_found() {
    let (document, _) = parsed();
    let schema = json!({ "$ref": "#/components/schemas/NewSite" });
    assert_eq!(broken(&document, &schema, &json!({ "id": "metz" })), None);
    for wrong in [json!({}), json!({ "id": 7 }), json!({ "id": "metz", "colour": "red" })] {
        assert!(broken(&document, &schema, &wrong).is_some(), "{wrong}");
    }
    let number = json!({ "type": "integer", "minimum": 1, "maximum": 9 });
    let name = json!({ "oneOf": [{ "type": "null" }, { "type": "string", "pattern": "^[a-z]+$" }] });
    for (schema, fine, wrong) in [(&number, json!(9), json!(10)), (&name, Value::Null, json!("A"))] {
        assert_eq!(broken(&document, schema, &fine), None);
        assert!(broken(&document, schema, &wrong).is_some(), "{wrong}");
    }
}
