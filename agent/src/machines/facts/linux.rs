//! What a Linux machine is: the files of its system, its firmware's or board's tables, its sessions.

use serde_json::Value;
use vigie_shared::wire::reading::{MachineFacts, MachineSystem};

use super::{boot, disk, memory, power_supply};
use crate::machines::clean;
use crate::machines::script::Answers;

/// What makers of boards leave in their tables when nobody fills them in.
const PLACEHOLDERS: [&str; 8] = [
    "to be filled by o.e.m.",
    "default string",
    "system serial number",
    "system product name",
    "not specified",
    "not applicable",
    "none",
    "0",
];

pub(super) fn read(answers: &Answers) -> MachineFacts {
    let (memory_bytes, memory_used_bytes) = memory::linux(answers.get("memory"));
    let model = |file: &str| in_file(answers.get("model"), file);
    let names: Value = serde_json::from_str(answers.get("names")).unwrap_or_default();
    let session = Session::at_screen(answers.get("sessions"));
    let now_s: Option<u64> = answers.get("now").trim().parse().ok();
    MachineFacts {
        system: MachineSystem::Linux,
        serial: model("product_serial").or_else(|| model("serial-number")),
        computer_name: names.get("PrettyHostname").and_then(Value::as_str).and_then(clean),
        host_name: answers.line("host_name"),
        model_name: model("product_name").or_else(|| model("device-tree/model")),
        model_id: model("sys_vendor"),
        chip: answers.line("cpu").and_then(|line| clean(line.split_once(':')?.1)),
        os_version: pretty_name(answers.get("release")),
        os_build: answers.line("build"),
        memory_bytes,
        memory_used_bytes,
        memory_pressure: None,
        disk: disk::read(answers.get("disk")).or_else(|| disk::read(answers.get("root_disk"))),
        battery: power_supply::read(answers.get("power")),
        booted_ago_s: boot::uptime_s(answers.get("uptime")),
        console_user: session.as_ref().and_then(|session| clean(session.value("Name"))),
        idle_s: session.as_ref().and_then(|session| session.idle_s(now_s)),
        is_locked: session.as_ref().map(|session| session.value("LockedHint") == "yes"),
    }
}

/// `PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"`.
fn pretty_name(release: &str) -> Option<String> {
    let value = release.lines().find_map(|line| line.strip_prefix("PRETTY_NAME="))?;
    clean(value.trim_matches(['"', '\'']))
}

/// The value in a `path:value` line; board tables end theirs with a zero.
fn in_file(lines: &str, file: &str) -> Option<String> {
    let value = lines.lines().find_map(|line| {
        let (path, value) = line.split_once(':')?;
        path.ends_with(file).then_some(value)
    })?;
    clean(value).filter(|value| !PLACEHOLDERS.contains(&value.to_lowercase().as_str()))
}

/// A login session: lines of `Key=value`.
struct Session<'a>(&'a str);

impl<'a> Session<'a> {
    /// The person's session at the machine's own screen.
    fn at_screen(sessions: &'a str) -> Option<Self> {
        let is_at_screen = |session: &Self| {
            let is = |key: &str, value: &str| session.value(key) == value;
            is("Class", "user") && is("Active", "yes") && is("Remote", "no")
        };
        sessions.split("\n\n").map(Session).find(is_at_screen)
    }

    fn value(&self, key: &str) -> &'a str {
        let value = |line: &'a str| line.strip_prefix(key)?.strip_prefix('=');
        self.0.lines().find_map(value).unwrap_or_default().trim()
    }

    /// The hint counts microseconds since 1970; without the hint somebody is at work.
    fn idle_s(&self, now_s: Option<u64>) -> Option<u64> {
        match self.value("IdleHint") {
            "no" => Some(0),
            "yes" => now_s?.checked_sub(self.value("IdleSinceHint").parse::<u64>().ok()? / 1_000_000),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SESSIONS: &str = "Name=root\nUser=0\nRemote=yes\nType=tty\nClass=user\nActive=yes\nIdleHint=no\nLockedHint=no\n\n\
        Name=gdm\nUser=121\nRemote=no\nType=wayland\nClass=greeter\nActive=no\nIdleHint=no\nLockedHint=no\n\n\
        Name=marie\nUser=1000\nRemote=no\nType=wayland\nClass=user\nActive=yes\nIdleHint=yes\n\
        IdleSinceHint=1763450112000000\nLockedHint=yes\n\n";

    #[test]
    fn the_person_at_the_screen_is_found_among_remote_logins_and_greeters() {
        let facts = read(&Answers::of(&[("sessions", SESSIONS), ("now", "1763450412\n")]));
        assert_eq!(
            (facts.console_user.as_deref(), facts.idle_s, facts.is_locked),
            (Some("marie"), Some(300), Some(true))
        );
        let facts = read(&Answers::of(&[("sessions", "")]));
        assert_eq!((facts.console_user, facts.idle_s, facts.is_locked), (None, None, None));
    }

    #[test]
    fn tables_that_nobody_filled_in_say_nothing() {
        let facts = read(&Answers::of(&[(
            "model",
            "/sys/class/dmi/id/product_name:ThinkPad T14\n/sys/class/dmi/id/product_serial:To Be Filled By O.E.M.\n",
        )]));
        assert_eq!((facts.model_name.as_deref(), facts.serial), (Some("ThinkPad T14"), None));
    }

    #[test]
    fn a_board_tells_its_model_and_serial_number() {
        let facts = read(&Answers::of(&[(
            "model",
            "/proc/device-tree/model:Raspberry Pi 4 Model B Rev 1.4\0\n/proc/device-tree/serial-number:10000000abcdef01\0\n",
        )]));
        assert_eq!(facts.model_name.as_deref(), Some("Raspberry Pi 4 Model B Rev 1.4"));
        assert_eq!(facts.serial.as_deref(), Some("10000000abcdef01"));
    }
}
