//! Reading: one connection, every fact, and shells that do not behave.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;

use vigie_shared::wire::reading::{BatteryState, MachineReach, MachineSystem, MemoryPressure};
use vigie_tests::machines::Shell;

use super::{SHORT, Scene, look};

#[test]
fn a_mac_is_read_whole_by_one_connection() {
    let Some(mut scene) = Scene::new() else { return };
    let mac = scene.machine("XTEST00417", Shell::Mac(""));

    let look = scene.look();

    assert_eq!(look.reach(), &MachineReach::Read);
    assert_eq!((mac.connections(), mac.tried("publickey"), mac.tried("password")), (1, 2, 0), "asked, then signed");
    let row = &look.rows[0];
    let facts = row.facts.as_ref().unwrap();
    assert_eq!((row.ip, row.mac), (mac.ip(), None));
    assert_eq!((facts.system, facts.serial.as_deref()), (MachineSystem::MacOs, Some("XTEST00417")));
    assert_eq!(facts.computer_name.as_deref(), Some("Mac de Marie XTEST00417"));
    assert_eq!(facts.model_name.as_deref(), Some("MacBook Pro (14-inch, 2021)"));
    assert_eq!(facts.os_version.as_deref(), Some("26.1 (a)"));
    assert_eq!(facts.memory_pressure, Some(MemoryPressure::Warning));
    assert_eq!(facts.memory_used_bytes, Some(755_666 * 16_384));
    let disk = facts.disk.unwrap();
    assert_eq!((disk.free_bytes, disk.available_bytes), (67_002_470_400, Some(81_000_000_000)));
    let battery = facts.battery.as_ref().unwrap();
    assert_eq!((battery.percent, battery.state, battery.health_permille), (80, BatteryState::Held, Some(910)));
    assert_eq!((battery.cycles, battery.condition.as_deref()), (Some(312), Some("Good")));
    assert!((86_400..86_500).contains(&facts.booted_ago_s.unwrap()));
    assert_eq!((facts.console_user.as_deref(), facts.idle_s, facts.is_locked), (Some("marie"), Some(17), Some(false)));
}

#[test]
fn this_very_machine_is_read_as_the_linux_it_is() {
    let Some(mut scene) = Scene::new() else { return };
    let _here = scene.machine("here", Shell::Line("exec /bin/sh -s"));

    let look = scene.look();

    let facts = look.rows[0].facts.as_ref().unwrap();
    assert_eq!(facts.system, MachineSystem::Linux);
    assert!(facts.memory_bytes > facts.memory_used_bytes && facts.disk.is_some() && facts.booted_ago_s.is_some());
}

#[test]
fn a_name_filter_keeps_only_one_organisations_machines() {
    let Some(mut scene) = Scene::new() else { return };
    let _mac = scene.machine("SMARTELIA12", Shell::Mac(""));
    scene.config.name_filter = Some("smartelia".to_owned());
    assert_eq!(scene.look().rows.len(), 1);
    scene.config.name_filter = Some("another".to_owned());
    assert_eq!(scene.look().rows.len(), 0);
}

#[test]
fn a_shell_that_hangs_a_flood_and_no_shell_at_all_end_in_words() {
    let Some(mut scene) = Scene::new() else { return };
    let usual = scene.config.read_timeout;
    for (name, line, limit, expected) in [
        ("hangs", "exec sleep 600", SHORT, "within 2 s"),
        ("floods", "exec yes 'a flood of words that never ends'", usual, "says more than 2048 KiB"),
        ("speaks", "echo 'Diese Shell versteht nichts'", usual, "understands `/bin/sh -s`"),
        ("slow", "while :; do echo .; sleep 0.2; done", SHORT, "within 2 s"),
    ] {
        scene.config.read_timeout = limit;
        let _machine = scene.machine(name, Shell::Line(line));
        let look = scene.look();
        assert!(look.why().contains(expected), "{name}: {}", look.why());
        assert!(look.rows[0].facts.is_none());
    }
}

#[test]
fn hostile_names_are_text_and_nothing_runs() {
    let Some(mut scene) = Scene::new() else { return };
    let evil = scene.macs.path("evil");
    let serial = format!("SERIAL='x$(touch {0})`touch {0}`;\u{1b}[31m'", evil.display());
    let _mac = scene.machine("hostile", Shell::Mac(&serial));

    let look = scene.look();

    let name = look.rows[0].facts.as_ref().unwrap().computer_name.clone().unwrap();
    assert!(name.starts_with("Mac de Marie x$(touch ") && !name.contains('\u{1b}'), "{name}");
    assert!(!evil.exists());
}

#[test]
fn s22_a_door_that_shuts_before_the_banner_is_left_in_peace() {
    let Some(mut scene) = Scene::new() else { return };
    let door = TcpListener::bind("127.0.0.1:0").unwrap();
    scene.meets(door.local_addr().unwrap());
    let shutting = std::thread::spawn(move || {
        let (mut visitor, _from) = door.accept().unwrap();
        visitor.write_all(b"Not allowed at this time\r\n").unwrap();
        drop(visitor);
        door
    });
    let mut collector = scene.collector();

    assert_eq!(look(collector.as_mut()).reach(), &MachineReach::Shut);
    let door = shutting.join().unwrap();
    assert_eq!(look(collector.as_mut()).reach(), &MachineReach::Shut);

    door.set_nonblocking(true).unwrap();
    assert!(door.accept().is_err(), "nobody knocked a second time");
}

#[test]
fn who_listens_and_never_speaks_and_who_does_not_listen_are_told_apart() {
    let Some(mut scene) = Scene::new() else { return };
    scene.config.login_timeout = SHORT;
    let mute = TcpListener::bind("127.0.0.1:0").unwrap();
    scene.meets(mute.local_addr().unwrap());
    let listening = std::thread::spawn(move || {
        let (mut visitor, _from) = mute.accept().unwrap();
        // Until the box cuts the line.
        let mut said = Vec::new();
        visitor.read_to_end(&mut said).unwrap();
        said
    });
    assert_eq!(scene.look().reach(), &MachineReach::Silent);
    assert!(listening.join().unwrap().starts_with(b"SSH-2.0-"));
    assert_eq!(scene.look().reach(), &MachineReach::NoSsh);
}
