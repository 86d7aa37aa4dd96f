//! The example configurations: every setting stands in them, with its default.

use std::collections::BTreeSet;

use serde::Serialize;
use serde::de::DeserializeOwned;
use toml::{Table, Value};
use vigie_agent::config::AgentConfig;
use vigie_hub::config::HubConfig;
use vigie_shared::config;

/// Settings that have no default, so that their example is only an example.
const WITHOUT_DEFAULT: &[&str] = &[
    "collect.host.temperature_sensor",
    "public_address",
    "admin.certificate",
    "admin.key",
    "boxes.mqtt_host",
    "app.hook_url",
    "collect.machines.key_file",
    "collect.machines.password_file",
    "collect.machines.trust_new_until",
    "collect.machines.name_filter",
    "log_file.path",
    "clean_desk.zone",
    "clean_desk.title",
    "clean_desk.text",
    "machines.listen",
    "machines.token_file",
    "machines.installers",
    "alerts.telling.quiet",
    "presence.requests",
    "presence.space.space",
    "presence.space.logo",
    "presence.space.url",
    "mail.server",
    "mail.port",
    "mail.ca_file",
    "mail.user",
    "mail.password_file",
    "mail.from",
    "mail.zone",
    "mail.dashboard",
    "mail.templates",
    "dead_man.url",
    "dead_man.url_file",
    "home_assistant.broker",
    "home_assistant.user",
    "home_assistant.password_file",
    "home_assistant.ca_file",
    "home_assistant.dashboard",
];

#[test]
fn the_agents_example_shows_every_setting_with_its_default() {
    check::<AgentConfig>("packaging/agent.toml", include_str!("../../packaging/agent.toml"));
}

#[test]
fn the_hubs_example_shows_every_setting_with_its_default() {
    check::<HubConfig>("packaging/hub.toml", include_str!("../../packaging/hub.toml"));
}

fn check<T: Default + Serialize + DeserializeOwned>(name: &str, text: &str) {
    let defaults = settings(&toml::to_string(&T::default()).unwrap());
    let parsed = |text: &str| match config::parse::<T>(name, text) {
        Ok(config) => settings(&toml::to_string(&config).unwrap()),
        Err(errors) => panic!("{errors}"),
    };
    // Not the commented settings, so that it means the defaults as it is.
    assert_eq!(parsed(text), defaults, "{name} as it is");

    let uncommented = uncomment(text);
    let shown = settings(&uncommented);
    let in_force = parsed(&uncommented);
    let is_example = |(key, _): &(String, String)| !WITHOUT_DEFAULT.contains(&key.as_str());
    assert_eq!(in_force.into_iter().filter(is_example).collect::<BTreeSet<_>>(), defaults, "{name} uncommented");
    let shown: BTreeSet<String> = shown.into_iter().map(|(key, _)| key).collect();
    let missing: Vec<&String> = defaults.iter().map(|(key, _)| key).filter(|key| !shown.contains(*key)).collect();
    assert!(missing.is_empty(), "{name} does not show {missing:?}");
}

/// `#key = value` becomes `key = value`; `# words` stay words.
fn uncomment(text: &str) -> String {
    let line = |line: &str| match line.strip_prefix('#') {
        Some(setting) if setting.starts_with(|first: char| first.is_ascii_lowercase()) => format!("{setting}\n"),
        _ => format!("{line}\n"),
    };
    text.lines().map(line).collect()
}

/// Every setting of a file as its dotted key and its value.
fn settings(text: &str) -> BTreeSet<(String, String)> {
    fn collect(table: &Table, prefix: &str, settings: &mut BTreeSet<(String, String)>) {
        for (key, value) in table {
            match value {
                Value::Table(table) => collect(table, &format!("{prefix}{key}."), settings),
                value => {
                    settings.insert((format!("{prefix}{key}"), value.to_string()));
                }
            }
        }
    }
    let mut found = BTreeSet::new();
    collect(&text.parse().unwrap(), "", &mut found);
    found
}

#[test]
fn only_settings_are_uncommented() {
    assert_eq!(uncomment("# Words.\n#log = \"info\"\n[queue]\n"), "# Words.\nlog = \"info\"\n[queue]\n");
}
