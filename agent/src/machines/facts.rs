//! Pure: what a machine's answers mean. One file per kind of answer; what an answer does not say is none, never zero.
//!
//! Answers may be cut, missing, in another language or made up: everything is looked for, nothing is relied on.

mod battery;
mod boot;
mod console;
mod disk;
mod hardware;
mod linux;
mod memory;
mod plist;
mod power_supply;

use vigie_shared::wire::reading::{MachineDisk, MachineFacts, MachineSystem};

use super::script::Answers;

/// Reads all answers of one machine.
#[must_use]
pub fn read(answers: &Answers) -> MachineFacts {
    match answers.get("system").trim() {
        "Darwin" => mac(answers),
        "Linux" => linux::read(answers),
        _ => MachineFacts::default(),
    }
}

fn mac(answers: &Answers) -> MachineFacts {
    let sysctl = hardware::Sysctl::read(answers.get("sysctl"));
    let profile = hardware::Profile::read(answers.get("profile"));
    let now_s = answers.get("now").trim().parse().ok();
    let console_user = console::user(answers.get("console"));
    MachineFacts {
        system: MachineSystem::MacOs,
        serial: hardware::serial(answers.get("platform")).or(profile.serial),
        computer_name: answers.line("computer_name"),
        host_name: answers.line("local_name").or_else(|| answers.line("host_name")),
        model_name: hardware::product(answers.get("product")).or(profile.model_name),
        model_id: sysctl.text("hw.model").or(profile.model_id),
        chip: sysctl.text("machdep.cpu.brand_string").or(profile.chip),
        os_version: version(answers),
        os_build: answers.line("build"),
        memory_bytes: sysctl.number("hw.memsize"),
        memory_used_bytes: memory::mac_used(answers.get("memory")),
        memory_pressure: sysctl.number("kern.memorystatus_vm_pressure_level").and_then(memory::pressure),
        disk: mac_disk(answers),
        battery: battery::read(answers.get("power"), answers.get("battery"), answers.get("profile")),
        booted_ago_s: boot::ago_s(sysctl.raw("kern.boottime"), now_s),
        is_locked: console_user.as_ref().and_then(|_| console::is_locked(answers.get("screen"))),
        idle_s: console_user.as_ref().and_then(|_| console::idle_s(answers.get("idle"))),
        console_user,
    }
}

/// The volume of the users' files, or of an older Mac its only one; with what Finder would clear for what matters.
fn mac_disk(answers: &Answers) -> Option<MachineDisk> {
    let disk = disk::read(answers.get("disk")).or_else(|| disk::read(answers.get("root_disk")))?;
    let important: Option<u64> = answers.get("important").trim().parse().ok();
    Some(MachineDisk { available_bytes: important.filter(|bytes| *bytes >= disk.free_bytes), ..disk })
}

/// A rapid security response adds a letter: `26.1 (a)`.
fn version(answers: &Answers) -> Option<String> {
    let version = answers.line("version")?;
    Some(match answers.line("extra") {
        Some(extra) => format!("{version} {extra}"),
        None => version,
    })
}

#[cfg(test)]
mod tests;
