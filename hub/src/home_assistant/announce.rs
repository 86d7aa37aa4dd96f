//! From facts to the list of retained messages: Home Assistant's descriptions of devices, and their states. Pure.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::config::HomeAssistantConfig;
use super::facts::{Facts, HEALTHS, PersonFacts, SiteFacts};
use super::topics::Topics;

/// What the hub's own words are, on its topic of availability.
pub(super) const ONLINE: &str = "online";
pub(super) const OFFLINE: &str = "offline";

/// What Home Assistant sends when a button is pressed.
pub(super) const PRESS: &str = "PRESS";

/// The button that restarts a box.
pub(super) const REBOOT: &str = "reboot";

/// Messages by topic.
pub(super) type List = BTreeMap<String, Vec<u8>>;

/// Everything that the broker shall keep.
pub(super) fn announced(topics: &Topics, config: &HomeAssistantConfig, facts: &Facts) -> List {
    let mut list = List::new();
    let bytes = |value: Value| value.to_string().into_bytes();
    for site in &facts.sites {
        let node = site.id.to_string();
        list.insert(topics.device(&node), bytes(described(topics, config, site)));
        list.insert(topics.site(&site.id), bytes(state(site)));
        if config.buttons {
            list.insert(topics.buttons(&site.id), bytes(buttons(topics, config, site)));
        }
    }
    for person in &facts.people {
        list.insert(topics.device(&format!("p{}", person.key)), bytes(tracker(topics, person)));
        let state = if person.is_home { "home" } else { "not_home" };
        list.insert(topics.person(&person.key), state.as_bytes().to_vec());
    }
    list
}

/// What is common to the description of every device.
fn head(topics: &Topics, device: &Value, components: &Map<String, Value>) -> Value {
    json!({
        "device": device,
        "origin": { "name": "Vigie", "sw_version": env!("CARGO_PKG_VERSION") },
        "availability_topic": topics.status(),
        "payload_available": ONLINE,
        "payload_not_available": OFFLINE,
        "components": components,
    })
}

/// The box of a site as a device.
fn device(topics: &Topics, config: &HomeAssistantConfig, site: &SiteFacts) -> Value {
    let page = |dashboard: &String| format!("{}/sites/{}", dashboard.trim_end_matches('/'), site.id);
    let mut device = json!({
        "identifiers": [topics.node(site.id.as_str())],
        "name": site.name,
        "manufacturer": "Vigie",
        "model": "Box",
        "suggested_area": site.name,
        "sw_version": site.version,
        "configuration_url": config.dashboard.as_ref().map(page),
    });
    if let Some(fields) = device.as_object_mut() {
        fields.retain(|_, value| !value.is_null());
    }
    device
}

fn described(topics: &Topics, config: &HomeAssistantConfig, site: &SiteFacts) -> Value {
    let mut components = Map::new();
    let mut add = |key: &str, platform: &str, name: &str, rest: Value| {
        let mut component = json!({
            "platform": platform,
            "name": name,
            "unique_id": format!("{}_{key}", topics.node(site.id.as_str())),
            "value_template": format!("{{{{ value_json.{key} }}}}"),
        });
        if let (Some(component), Value::Object(rest)) = (component.as_object_mut(), rest) {
            component.extend(rest);
        }
        components.insert(key.to_owned(), component);
    };
    let percent = |icon: &str| {
        json!({ "unit_of_measurement": "%", "state_class": "measurement", "icon": icon, "suggested_display_precision": 0,
                "entity_category": "diagnostic" })
    };
    let on_off = |class: &str| json!({ "device_class": class, "payload_on": "on", "payload_off": "off" });
    add("reachable", "binary_sensor", "Reachable", on_off("connectivity"));
    add("problem", "binary_sensor", "Problem", on_off("problem"));
    add("alerts", "sensor", "Alerts", json!({ "state_class": "measurement", "icon": "mdi:alert" }));
    add("health", "sensor", "Health", json!({ "device_class": "enum", "options": HEALTHS }));
    add("people", "sensor", "People", json!({ "state_class": "measurement", "icon": "mdi:account-group" }));
    add("cpu", "sensor", "Processor", percent("mdi:cpu-64-bit"));
    add("memory", "sensor", "Memory", percent("mdi:memory"));
    add("disk", "sensor", "Disk", percent("mdi:harddisk"));
    let degrees = json!({ "device_class": "temperature", "unit_of_measurement": "°C", "state_class": "measurement",
                          "entity_category": "diagnostic" });
    add("temperature", "sensor", "Temperature", degrees);
    let records = json!({ "state_class": "measurement", "icon": "mdi:tray-full", "entity_category": "diagnostic" });
    add("waiting", "sensor", "Records waiting", records);
    let moment = json!({ "device_class": "timestamp", "entity_category": "diagnostic" });
    add("complete", "sensor", "Complete through", moment);
    let mut described = head(topics, &device(topics, config, site), &components);
    if let Some(fields) = described.as_object_mut() {
        fields.insert("state_topic".to_owned(), json!(topics.site(&site.id)));
    }
    described
}

/// A site's values; what is not known is null, which Home Assistant shows as unknown.
fn state(site: &SiteFacts) -> Value {
    let on = |is_on| if is_on { "on" } else { "off" };
    let tenth = |number: f64| (number * 10.0).round() / 10.0;
    let pulse = site.pulse;
    json!({
        "reachable": on(site.is_reachable),
        "problem": on(site.alerts > 0),
        "alerts": site.alerts,
        "health": site.health,
        "people": site.people,
        "cpu": pulse.map(|pulse| tenth(pulse.cpu_percent)),
        "memory": pulse.map(|pulse| tenth(pulse.memory_percent)),
        "disk": pulse.map(|pulse| tenth(pulse.disk_percent)),
        "temperature": pulse.and_then(|pulse| pulse.temperature_c).map(tenth),
        "waiting": site.waiting,
        "complete": site.complete_through,
    })
}

/// The buttons are described apart, so that they vanish as a whole when the owner takes them back.
fn buttons(topics: &Topics, config: &HomeAssistantConfig, site: &SiteFacts) -> Value {
    let mut components = Map::new();
    let mut add = |button: &str, name: &str, icon: &str| {
        let component = json!({
            "platform": "button",
            "name": name,
            "unique_id": format!("{}_{button}", topics.node(site.id.as_str())),
            "command_topic": topics.press(&site.id, button),
            "payload_press": PRESS,
            "device_class": "restart",
            "entity_category": "config",
            "icon": icon,
        });
        components.insert(button.to_owned(), component);
    };
    add(REBOOT, "Restart the box", "mdi:restart");
    for service in &config.services {
        add(service, &format!("Restart {service}"), "mdi:restart-alert");
    }
    head(topics, &device(topics, config, site), &components)
}

fn tracker(topics: &Topics, person: &PersonFacts) -> Value {
    let node = topics.node(&format!("p{}", person.key));
    let component = json!({
        "platform": "device_tracker",
        "name": null,
        "unique_id": format!("{node}_home"),
        "state_topic": topics.person(&person.key),
        "payload_home": "home",
        "payload_not_home": "not_home",
        "source_type": "router",
    });
    let device = json!({ "identifiers": [node], "name": person.name, "manufacturer": "Vigie" });
    head(topics, &device, &Map::from_iter([("home".to_owned(), component)]))
}

#[cfg(test)]
mod tests;
