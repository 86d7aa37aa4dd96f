//! What this machine is, for the hub's list. What the machine does not know of itself is empty, never an error.

use std::fs::read_to_string;

use vigie_shared::enrol::BoxFacts;

/// Longest name that is told, characters.
const CHARS_MAX: usize = 80;

/// What this machine is.
#[must_use]
pub fn box_facts() -> BoxFacts {
    let model = read_to_string("/proc/device-tree/model")
        .or_else(|_no_device_tree| read_to_string("/sys/class/dmi/id/product_name"))
        .unwrap_or_default();
    BoxFacts {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        target: format!("{}-{}", std::env::consts::ARCH, std::env::consts::OS),
        model: plain(&model),
        os: plain(distribution(&read_to_string("/etc/os-release").unwrap_or_default())),
    }
}

/// The name that a distribution gives itself for people.
fn distribution(os_release: &str) -> &str {
    let pretty = os_release.lines().find_map(|line| line.strip_prefix("PRETTY_NAME="));
    pretty.unwrap_or_default().trim_matches('"')
}

fn plain(text: &str) -> String {
    text.trim_matches(['\0', '\n', ' ']).chars().filter(|c| !c.is_control()).take(CHARS_MAX).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_told_as_the_machine_writes_them_and_nothing_else() {
        let os = "NAME=\"Debian\"\nPRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\n";
        assert_eq!((distribution(os), distribution("")), ("Debian GNU/Linux 12 (bookworm)", ""));
        assert_eq!(plain("Raspberry Pi 4 Model B Rev 1.4\0\n"), "Raspberry Pi 4 Model B Rev 1.4");
        assert_eq!(plain(&"x".repeat(500)).len(), CHARS_MAX);
    }
}
