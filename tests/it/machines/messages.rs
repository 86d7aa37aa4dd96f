//! Messages: byte for byte on the screen, only where somebody sits, and never run.

use vigie_agent::machines::known::Place;
use vigie_agent::machines::pins::Pins;
use vigie_agent::machines::secrets;
use vigie_agent::machines::visit::{Message, Round, Seen};
use vigie_shared::id::from_hex;
use vigie_tests::machines::Shell;

use super::Scene;

const TITLE: &str = "Opération \"Clean Desk\"";

/// Shows a text on the only machine that the box has read.
fn show(scene: &Scene, text: &str) -> Seen {
    let known = Pins::of(scene.data.path()).load();
    let (key, machine) = known.iter().next().unwrap();
    let round = Round {
        login: secrets::load(&scene.config, scene.data.path()).unwrap(),
        config: scene.config.clone(),
        known: Default::default(),
        may_pin: false,
    };
    let place = Place { ip: machine.ip.unwrap(), mac: None };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(round.show(place, key, Message { title: TITLE, text, give_up_s: 60 }))
}

/// The arguments that the dialog was given.
fn shown(scene: &Scene, name: &str) -> Vec<String> {
    let lines = std::fs::read_to_string(scene.macs.path(&format!("{name}.shown"))).unwrap_or_default();
    lines.lines().map(|line| String::from_utf8(from_hex(line).unwrap()).unwrap()).collect()
}

#[test]
fn s20_a_hostile_message_is_shown_byte_for_byte_and_nothing_runs() {
    let Some(mut scene) = Scene::new() else { return };
    let _mac = scene.machine("XTEST1", Shell::Mac(""));
    scene.look();
    let evil = scene.macs.path("evil");
    let text = format!("- 'single' \"double\" $(touch {0}) `touch {0}`; touch {0}\n\\0101 %s 🎉 fin\\", evil.display());

    assert_eq!(show(&scene, &text), Seen::Acknowledged);

    assert_eq!(shown(&scene, "XTEST1"), [TITLE, &text, "60"]);
    assert!(!evil.exists());
}

#[test]
fn s19_only_where_a_person_sits_before_an_open_screen_something_is_shown() {
    let Some(mut scene) = Scene::new() else { return };
    for (settings, expected) in [
        ("CONSOLE='root 0'", "nobody is logged in"),
        ("CONSOLE='_mbsetupuser 248'", "nobody is logged in"),
        ("LOCKED=1", "locked"),
    ] {
        let _mac = scene.machine("XTEST1", Shell::Mac(settings));
        std::fs::remove_dir_all(scene.data.path().join("machines")).unwrap();
        scene.macs.let_in(&scene.public_key()).unwrap();
        scene.look();
        let seen = show(&scene, "Rangez tout.");
        assert!(matches!(&seen, Seen::NotShown(why) if why.contains(expected)), "{settings}: {seen:?}");
        assert!(shown(&scene, "XTEST1").is_empty());
    }
}

#[test]
fn a_message_that_nobody_answers_counts_as_unseen() {
    let Some(mut scene) = Scene::new() else { return };
    let _mac = scene.machine("XTEST1", Shell::Mac("ANSWER=unseen"));
    scene.look();
    assert_eq!(show(&scene, "Rangez tout."), Seen::Unseen);
}

#[test]
fn where_another_machine_took_the_address_nothing_is_shown() {
    let Some(mut scene) = Scene::new() else { return };
    let mac = scene.machine("XTEST1", Shell::Mac(""));
    scene.look();
    let at = mac.at;
    drop(mac);
    let _other = scene.at("OTHER", Shell::Mac(""), at);

    let seen = show(&scene, "Rangez tout.");

    assert!(matches!(&seen, Seen::NotShown(why) if why.contains("another machine")), "{seen:?}");
    assert!(shown(&scene, "OTHER").is_empty());
}
