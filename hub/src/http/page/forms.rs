//! Every field of every form that a page shows is one that its operation takes: nothing is typed for nobody.

use std::collections::BTreeSet;

use serde_json::Value;

use super::act::typed::OWN;
use super::acts;
use crate::http::injection::pages;
use crate::http::testing::Stage;
use crate::http::testing::exchanges::{Operation, parsed};

/// What a form sends: its act, and the names of its fields.
struct Sent {
    act: String,
    names: BTreeSet<String>,
}

/// The forms of a page that lead to an act.
fn forms(page: &str) -> Vec<Sent> {
    let of_form = |rest: &str| {
        let form = rest.split("</form>").next().unwrap_or_default();
        let action = form.split("action=\"").nth(1)?.split('"').next()?;
        let act = action.strip_prefix("/act/").or_else(|| action.strip_prefix("/confirm/"))?.to_owned();
        let names = form.split(" name=\"").skip(1).filter_map(|rest| rest.split('"').next());
        Some(Sent { act, names: names.map(str::to_owned).collect() })
    };
    page.split("<form ").skip(1).filter_map(of_form).collect()
}

/// Whether a schema has a place for these steps of a name.
fn takes(document: &Value, schema: &Value, steps: &[&str]) -> bool {
    if let Some(place) = schema["$ref"].as_str() {
        return takes(document, document.pointer(place.trim_start_matches('#')).unwrap(), steps);
    }
    let Some((first, rest)) = steps.split_first() else { return true };
    if let Some(inner) = schema["properties"].get(first) {
        return takes(document, inner, rest);
    }
    let choices = ["allOf", "oneOf", "anyOf"].iter().filter_map(|key| schema[key].as_array()).flatten();
    if choices.clone().any(|one| takes(document, one, steps)) {
        return true;
    }
    if !schema["items"].is_null() {
        // A row is named by its number; lines of one field are rows, too.
        let within = if first.parse::<usize>().is_ok() { rest } else { steps };
        return takes(document, &schema["items"], within);
    }
    match &schema["additionalProperties"] {
        inner @ Value::Object(_) => takes(document, inner, rest),
        Value::Bool(is_open) => *is_open,
        // A document leaves open what only its reader knows, as the parameters of a command.
        _ => choices.count() == 0 && schema["properties"].is_null() && may_be_object(&schema["type"]),
    }
}

fn may_be_object(kind: &Value) -> bool {
    kind.is_null() || kind == "object" || kind.as_array().is_some_and(|kinds| kinds.iter().any(|one| one == "object"))
}

/// Whether an operation takes a field of that name.
fn is_taken(document: &Value, operation: &Operation, name: &str) -> bool {
    let plain = name.split(':').next().unwrap_or(name);
    if let Some(parameter) = plain.strip_prefix("path.").or_else(|| plain.strip_prefix("query.")) {
        let all = operation.says["parameters"].as_array();
        return all.is_some_and(|all| all.iter().any(|one| one["name"] == parameter));
    }
    let steps: Vec<&str> = plain.strip_prefix("each.").unwrap_or(plain).split('.').collect();
    operation.sent().is_some_and(|(_, content)| takes(document, &content["schema"], &steps))
}

#[tokio::test]
async fn every_field_of_every_form_is_one_that_its_operation_takes() {
    let (document, operations) = parsed();
    let stage = Stage::whole().await;
    let (mut wrong, mut seen) = (BTreeSet::new(), BTreeSet::new());
    for (path, page) in pages(&stage).await {
        for form in forms(&page.text) {
            let act = acts::find(&form.act).unwrap_or_else(|| panic!("{path}: there is no act {}", form.act));
            let operation = &operations[act.operation];
            let fields = form.names.iter().filter(|name| !OWN.contains(&name.as_str()));
            let foreign = fields.filter(|name| !is_taken(&document, operation, name));
            wrong.extend(foreign.map(|name| format!("{path}: {} does not take {name}", act.operation)));
            seen.insert(form.act);
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(seen.len() > 40, "only {} forms were found: {seen:?}", seen.len());
}

#[test]
fn a_field_that_nobody_takes_is_noticed() {
    let (document, operations) = parsed();
    let takes = |operation: &str, name: &str| is_taken(&document, &operations[operation], name);
    assert!(takes("sites_change", "path.id") && takes("sites_change", "about.town:text"));
    assert!(takes("sites_change", "about.tags:list") && takes("commands_create", "data.lines:integer"));
    assert!(!takes("sites_change", "path.name") && !takes("sites_change", "about.colour"));
    assert!(!takes("sites_change", "colour") && !takes("sites_change", "name.first"));
    assert!(!takes("sites_revoke", "reason"));
}
