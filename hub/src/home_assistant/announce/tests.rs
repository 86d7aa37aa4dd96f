//! The messages against the keys that Home Assistant documents for its discovery by device.

use std::collections::BTreeSet;

use super::*;
use crate::home_assistant::facts::{Pulse, key_of};

fn facts() -> Facts {
    let site = SiteFacts {
        id: "metz".parse().unwrap(),
        name: "Metz \"Coworking\"".to_owned(),
        version: Some("0.1.0".to_owned()),
        is_reachable: true,
        health: "fine",
        pulse: Some(Pulse { cpu_percent: 7.34, memory_percent: 40.0, disk_percent: 55.0, temperature_c: None }),
        waiting: 3,
        complete_through: Some("2026-11-20T14:00:00Z".to_owned()),
        people: None,
        alerts: 1,
    };
    let person = PersonFacts { key: key_of("ab", "M01"), name: "Camille Robert".to_owned(), is_home: true };
    Facts { sites: vec![site], people: vec![person] }
}

fn list(config: &HomeAssistantConfig) -> BTreeMap<String, Value> {
    let list = announced(&Topics::new("homeassistant", "ab"), config, &facts());
    list.into_iter()
        .map(|(topic, payload)| {
            let text = String::from_utf8(payload).unwrap();
            let value = serde_json::from_str(&text).unwrap_or(Value::String(text));
            (topic, value)
        })
        .collect()
}

fn with_buttons() -> HomeAssistantConfig {
    HomeAssistantConfig { buttons: true, services: vec!["player".to_owned()], ..HomeAssistantConfig::default() }
}

/// The keys that each platform knows beside those of every entity.
fn known(platform: &str) -> &'static [&'static str] {
    match platform {
        "sensor" => &["state_class", "unit_of_measurement", "options", "suggested_display_precision"],
        "binary_sensor" => &["payload_on", "payload_off"],
        "button" => &["command_topic", "payload_press"],
        "device_tracker" => &["payload_home", "payload_not_home", "source_type"],
        other => panic!("{other} is not told"),
    }
}

#[test]
fn every_description_has_only_keys_that_home_assistant_knows_and_all_that_it_needs() {
    let (head, device, entity) = (
        [
            "device",
            "origin",
            "components",
            "availability_topic",
            "payload_available",
            "payload_not_available",
            "state_topic",
        ],
        ["identifiers", "name", "manufacturer", "model", "sw_version", "suggested_area", "configuration_url"],
        ["platform", "name", "unique_id", "value_template", "device_class", "icon", "entity_category", "state_topic"],
    );
    let mut ids = BTreeSet::new();
    let config = HomeAssistantConfig { dashboard: Some("https://vigie.example.org/".to_owned()), ..with_buttons() };
    let configs: Vec<(String, Value)> =
        list(&config).into_iter().filter(|(topic, _)| topic.ends_with("/config")).collect();
    assert_eq!(configs.len(), 3);
    for (topic, config) in configs {
        let keys = |value: &Value| value.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
        assert!(keys(&config).iter().all(|key| head.contains(&key.as_str())), "{topic}: {config}");
        assert!(keys(&config["device"]).iter().all(|key| device.contains(&key.as_str())), "{topic}: {config}");
        assert!(config["origin"]["name"].is_string() && config["device"]["identifiers"][0].is_string());
        for component in config["components"].as_object().unwrap().values() {
            let own = known(component["platform"].as_str().unwrap());
            for key in keys(component) {
                assert!(entity.contains(&key.as_str()) || own.contains(&key.as_str()), "{key}: {component}");
            }
            assert!(ids.insert(component["unique_id"].to_string()), "{component}");
            let has_state = component.get("state_topic").or(config.get("state_topic")).is_some();
            assert!(has_state || component.get("command_topic").is_some(), "{component}");
        }
        let node = topic.split('/').nth(2).unwrap();
        assert!(node.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte)), "{topic}");
    }
}

#[test]
fn every_value_that_a_description_names_is_in_the_state() {
    let all = list(&with_buttons());
    let config = &all["homeassistant/device/vigie_ab_metz/config"];
    let state = &all[config["state_topic"].as_str().unwrap()];
    for component in config["components"].as_object().unwrap().values() {
        let template = component["value_template"].as_str().unwrap();
        let key = template.trim_start_matches("{{ value_json.").trim_end_matches(" }}");
        assert!(state.get(key).is_some(), "{template}");
    }
    assert_eq!((&state["reachable"], &state["cpu"], &state["problem"]), (&json!("on"), &json!(7.3), &json!("on")));
    assert_eq!((&state["people"], &state["temperature"]), (&Value::Null, &Value::Null), "unknown, and not zero");
}

#[test]
fn buttons_are_told_only_if_the_owner_allows_them() {
    let node = "homeassistant/device/vigie_ab_metz_buttons/config";
    assert!(!list(&HomeAssistantConfig::default()).contains_key(node));
    let all = list(&with_buttons());
    assert_eq!(all[node]["components"]["player"]["command_topic"], "vigie/ab/sites/metz/press/player");
    assert_eq!(
        all[node]["device"]["identifiers"],
        all["homeassistant/device/vigie_ab_metz/config"]["device"]["identifiers"]
    );
}

#[test]
fn no_topic_says_who_somebody_is() {
    let all = list(&HomeAssistantConfig::default());
    assert!(all.keys().all(|topic| !topic.contains("M01") && !topic.contains("Camille")), "{:?}", all.keys());
    assert_eq!(all[&format!("vigie/ab/people/{}", key_of("ab", "M01"))], "home");
}
