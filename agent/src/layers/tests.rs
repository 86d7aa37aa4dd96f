//! Every power cut settles right, and nothing that is the owner's comes from the hub.

use serde_json::json;

use super::*;
use crate::config::ENV_PREFIX;

fn made(command: &str, level: &str) -> Made {
    Made { command: command.to_owned(), settings: json!({ "log": level }) }
}

struct Box {
    folder: tempfile::TempDir,
    sources: Sources,
}

impl Box {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("agent.toml");
        std::fs::write(&file, format!("data = \"{}\"\nlog = \"warn\"\n", folder.path().display())).unwrap();
        Self { sources: Sources { file, is_required: true, env_prefix: ENV_PREFIX }, folder }
    }

    fn layers(&self) -> Layers {
        Layers::of(self.folder.path())
    }

    fn start(&self) -> (String, bool) {
        let (config, trial) = start(&self.sources).unwrap();
        (config.log, trial.is_some())
    }
}

#[test]
fn what_is_tried_counts_until_it_is_undone_and_for_good_once_it_is_kept() {
    let one = Box::new();
    assert_eq!(one.start(), ("warn".to_owned(), false));
    one.layers().propose(made("a", "debug")).unwrap();
    assert_eq!(one.layers().fate("a"), Fate::OnTrial);
    assert_eq!(one.start(), ("debug".to_owned(), true));
    one.layers().keep(&made("a", "debug")).unwrap();
    assert_eq!((one.start(), one.layers().fate("a")), (("debug".to_owned(), false), Fate::Kept));

    one.layers().propose(made("b", "trace")).unwrap();
    assert_eq!(one.start(), ("trace".to_owned(), true));
    one.layers().undo("b", "no hub");
    assert_eq!((one.start(), one.layers().fate("b")), (("debug".to_owned(), false), Fate::Undone("no hub".to_owned())));
    assert_eq!(load(&one.sources).unwrap().log, "debug");
}

#[test]
fn an_agent_that_dies_with_new_settings_again_and_again_goes_back() {
    let one = Box::new();
    one.layers().propose(made("a", "debug")).unwrap();
    for _ in 0..STARTS_MAX {
        assert_eq!(one.start(), ("debug".to_owned(), true));
    }
    assert_eq!(one.start(), ("warn".to_owned(), false));
    assert!(matches!(one.layers().fate("a"), Fate::Undone(reason) if reason.contains("3 times")));
}

#[test]
fn a_power_cut_between_two_writes_settles_at_the_next_start() {
    let one = Box::new();
    let layers = one.layers();
    let settings = one.folder.path().join("settings");
    layers.propose(made("a", "debug")).unwrap();
    // Cut after the decision to keep, before its end.
    layers.write("layer.json", &made("a", "debug")).unwrap();
    assert_eq!(layers.fate("a"), Fate::Kept);
    assert_eq!(one.start(), ("debug".to_owned(), false));
    assert!(!settings.join("trial.json").exists());

    // Cut after the decision to undo, before its end.
    layers.propose(made("b", "trace")).unwrap();
    layers.write("verdict.json", &Verdict { command: "b".to_owned(), undone: Some("late".to_owned()) }).unwrap();
    assert_eq!(one.start(), ("debug".to_owned(), false));
    assert_eq!(layers.fate("b"), Fate::Undone("late".to_owned()));
    assert!(!settings.join("trial.json").exists());
}

#[test]
fn damaged_layers_never_keep_the_agent_from_starting() {
    let one = Box::new();
    let settings = one.folder.path().join("settings");
    std::fs::create_dir(&settings).unwrap();
    for name in ["trial.json", "layer.json", "verdict.json"] {
        std::fs::write(settings.join(name), "\0\0\0").unwrap();
    }
    assert_eq!(one.start(), ("warn".to_owned(), false));
    // Another version of the agent wrote a key that this one does not know.
    one.layers()
        .write("layer.json", &Made { command: "a".to_owned(), settings: json!({ "collect": { "x": 1 } }) })
        .unwrap();
    assert_eq!(one.start(), ("warn".to_owned(), false));
    assert_eq!(load(&one.sources).unwrap().log, "warn");
}

#[test]
fn the_last_five_settings_are_kept() {
    let one = Box::new();
    for number in 0..8 {
        let made = made(&number.to_string(), "info");
        one.layers().propose(made.clone()).unwrap();
        one.layers().keep(&made).unwrap();
    }
    assert_eq!(Previous::new(one.folder.path().join("settings/previous")).list().unwrap().len(), 5);
}

#[test]
fn what_is_the_owners_is_refused_by_name() {
    let one = Box::new();
    for (settings, name) in [
        (json!({ "data": "/tmp" }), "`data`"),
        (json!({ "socket": "/tmp/s" }), "`socket`"),
        (json!({ "commands": { "allowed": [] } }), "`commands`"),
        (json!({ "app": { "hook_command": ["sh"] } }), "`app`"),
        (json!({ "devices": { "exclude": [] } }), "`devices`"),
        (json!({ "collect": { "leases": { "files": ["/etc/shadow"] } } }), "`collect.leases.files`"),
        (json!({ "collect": { "machines": { "enabled": true } } }), "`collect.machines`"),
        (json!(["log"]), "not an object"),
    ] {
        let error = check(&one.sources, &Made { command: "a".to_owned(), settings }).unwrap_err();
        assert!(error.contains(name), "{error}");
    }
    let wrong = Made { command: "a".to_owned(), settings: json!({ "collect": { "host": { "sample": 5 } } }) };
    assert!(check(&one.sources, &wrong).unwrap_err().contains("`collect.host.sample`"));
}

#[test]
fn every_section_of_the_settings_is_either_open_or_the_owners() {
    let tree = serde_json::to_value(AgentConfig::default()).unwrap();
    let at = |path: &&str| path.split('.').try_fold(&tree, |tree, key| tree.get(key)).is_some();
    assert!(OPEN.iter().chain(&CLOSED).all(at), "a name here is a setting");
}
