//! Whole machines: every answer of a Mac and of a Linux laptop put together, and answers that are none.

use proptest::prelude::*;
use vigie_shared::wire::reading::{BatteryState, MachineSystem, MemoryPressure};

use super::battery::tests::{ON_MAINS, list};
use super::memory::tests::VM_STAT;
use super::power_supply::tests::LAPTOP;
use super::*;

const SYSCTL: &str = "hw.model: MacBookPro18,3\nhw.memsize: 17179869184\nmachdep.cpu.brand_string: Apple M1 Pro\n\
    kern.boottime: { sec = 1763450112, usec = 402118 } Tue Nov 18 08:15:12 2025\n\
    kern.memorystatus_vm_pressure_level: 1\n";

const DF: &str = "Filesystem   1024-blocks      Used Available Capacity  Mounted on\n\
    /dev/disk3s5   482797652 401234567  65432100    86%    /System/Volumes/Data\n";

#[test]
fn a_mac_is_read_whole() {
    let platform = list(&[("IOPlatformSerialNumber", "<string>XTEST00417</string>")]);
    let facts = read(&Answers::of(&[
        ("system", "Darwin\n"),
        ("now", "1763450172\n"),
        ("computer_name", "Mac de Marie\n"),
        ("local_name", "mac-de-marie\n"),
        ("version", "26.1\n"),
        ("extra", "(a)\n"),
        ("build", "25B78\n"),
        ("sysctl", SYSCTL),
        ("platform", &platform),
        ("power", ON_MAINS),
        ("memory", VM_STAT),
        ("console", "marie 501\n"),
        ("idle", "\"HIDIdleTime\" = 17000000123\n"),
        ("disk", DF),
        ("important", "81000000000\n"),
    ]));

    assert_eq!((facts.system, facts.serial.as_deref()), (MachineSystem::MacOs, Some("XTEST00417")));
    assert_eq!(
        (facts.computer_name.as_deref(), facts.host_name.as_deref()),
        (Some("Mac de Marie"), Some("mac-de-marie"))
    );
    assert_eq!((facts.os_version.as_deref(), facts.os_build.as_deref()), (Some("26.1 (a)"), Some("25B78")));
    assert_eq!((facts.chip.as_deref(), facts.memory_bytes), (Some("Apple M1 Pro"), Some(17_179_869_184)));
    assert_eq!((facts.memory_pressure, facts.booted_ago_s), (Some(MemoryPressure::Normal), Some(60)));
    let disk = facts.disk.unwrap();
    assert_eq!((disk.free_bytes, disk.available_bytes), (67_002_470_400, Some(81_000_000_000)));
    assert_eq!(facts.battery.unwrap().state, BatteryState::Held);
    assert_eq!((facts.console_user.as_deref(), facts.idle_s, facts.is_locked), (Some("marie"), Some(17), None));
}

#[test]
fn an_older_mac_without_a_volume_of_its_own_for_files_is_read_from_its_root() {
    let root = DF.replace("/System/Volumes/Data", "/");
    let facts = read(&Answers::of(&[("system", "Darwin\n"), ("root_disk", &root)]));
    assert_eq!(facts.disk.unwrap().free_bytes, 67_002_470_400);
}

#[test]
fn at_the_login_window_nobody_is_idle_and_nothing_is_locked() {
    let facts =
        read(&Answers::of(&[("system", "Darwin\n"), ("console", "root 0\n"), ("idle", "\"HIDIdleTime\" = 1\n")]));
    assert_eq!((facts.console_user, facts.idle_s, facts.is_locked), (None, None, None));
}

#[test]
fn a_linux_laptop_is_read_whole() {
    let facts = read(&Answers::of(&[
        ("system", "Linux\n"),
        ("host_name", "atelier\n"),
        ("names", "{\"PrettyHostname\":\"PC de l\u{2019}atelier\"}"),
        ("release", "NAME=\"Debian GNU/Linux\"\nPRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\n"),
        ("build", "6.1.0-18-amd64\n"),
        ("cpu", "model name\t: AMD Ryzen 5 PRO\n"),
        ("power", LAPTOP),
        ("memory", "MemTotal: 16000000 kB\nMemAvailable: 12000000 kB\n"),
        ("uptime", "86400.12 170000.00\n"),
        ("disk", DF),
    ]));
    assert_eq!(facts.computer_name.as_deref(), Some("PC de l\u{2019}atelier"));
    assert_eq!(facts.os_version.as_deref(), Some("Debian GNU/Linux 12 (bookworm)"));
    assert_eq!((facts.chip.as_deref(), facts.booted_ago_s), (Some("AMD Ryzen 5 PRO"), Some(86_400)));
    assert_eq!(facts.battery.unwrap().percent, 80);
}

#[test]
fn a_shell_that_says_nothing_known_is_another_system_without_facts() {
    assert_eq!(read(&Answers::of(&[("system", "FreeBSD\n")])), MachineFacts::default());
    assert_eq!(read(&Answers::default()), MachineFacts::default());
}

proptest! {
    #[test]
    fn no_answer_makes_a_reader_panic(system in "Darwin|Linux", noise in "[\\PC\n\t:;=%]{0,120}") {
        let names = ["now", "sysctl", "platform", "product", "power", "battery", "memory", "console", "idle", "screen",
            "disk", "profile", "important", "names", "release", "model", "uptime", "sessions"];
        let mut answers: Vec<(&str, &str)> = names.iter().map(|name| (*name, noise.as_str())).collect();
        answers.push(("system", &system));
        let facts = read(&Answers::of(&answers));
        prop_assert!(facts.battery.is_none_or(|battery| battery.percent <= 100));
    }
}
