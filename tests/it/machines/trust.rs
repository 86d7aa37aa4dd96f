//! Trust: which host keys are let pass, and who is told what.

use vigie_agent::machines::pins::Pins;
use vigie_shared::wire::reading::MachineReach;
use vigie_tests::machines::Shell;

use super::{Scene, look};

#[test]
fn a_stranger_is_told_of_and_told_nothing() {
    let Some(mut scene) = Scene::new() else { return };
    let mac = scene.machine("XTEST1", Shell::Mac(""));
    scene.config.trust_new_until = None;

    let look = scene.look();

    let MachineReach::Unpinned(key) = look.reach() else { panic!("{:?}", look.reach()) };
    assert!(key.starts_with("SHA256:"));
    assert!(!mac.log().contains("userauth-request"), "{}", mac.log());
    Pins::of(scene.data.path()).change(|known| known.pin(key, 1)).unwrap();
    assert_eq!(scene.look().reach(), &MachineReach::Read, "its owner trusts it by name");
}

#[test]
fn s22_another_host_key_than_the_pinned_one_is_refused_with_one_alarm() {
    let Some(mut scene) = Scene::new() else { return };
    let mac = scene.machine("XTEST1", Shell::Mac(""));
    let mut collector = scene.collector();
    assert_eq!(look(collector.as_mut()).reach(), &MachineReach::Read);
    let at = mac.at;
    drop(mac);
    let twin = scene.at("TWIN", Shell::Mac(""), at);

    let first = look(collector.as_mut());
    let second = look(collector.as_mut());

    assert!(matches!(first.reach(), MachineReach::OtherKey(key) if key.starts_with("SHA256:")), "{:?}", first.reach());
    assert_eq!((first.alarms.len(), second.alarms.len()), (1, 0));
    assert!(first.alarms[0].contains("vigie-agent machine trust SHA256:"), "{}", first.alarms[0]);
    assert!(!twin.log().contains("userauth-request"), "{}", twin.log());
    assert_eq!(second.rows.len(), 1);
}

#[test]
fn s22_a_password_goes_only_to_a_pinned_host_and_a_refusal_is_no_storm() {
    let Some(mut scene) = Scene::new() else { return };
    let mac = scene.machine("XTEST1", Shell::Mac(""));
    scene.macs.let_in("").unwrap();
    let password = scene.data.path().join("password");
    vigie_shared::file::replace_private(&password, b"not-the-password\n").unwrap();
    scene.config.password_file = Some(password);

    assert_eq!(scene.look().reach(), &MachineReach::Refused);
    assert_eq!((mac.tried("password"), mac.connections()), (0, 1), "its key was seen for the first time");

    let mut collector = scene.collector();
    assert_eq!(look(collector.as_mut()).reach(), &MachineReach::Refused);
    assert_eq!((mac.tried("password"), mac.connections()), (1, 2), "now it is known");
    assert!(!mac.log().contains("not-the-password"));

    assert_eq!(look(collector.as_mut()).reach(), &MachineReach::Refused);
    assert_eq!(mac.connections(), 2, "it is left in peace");
}
