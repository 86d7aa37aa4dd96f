//! Memory: how much of it is in use, as the system's own monitor shows it, and how short of it the machine is.
//!
//! Free pages alone always look alarming: a Mac fills its memory with what could be thrown away.

use vigie_shared::wire::reading::MemoryPressure;

/// Bytes in use of a Mac, from `vm_stat`: what programs hold, without what may be thrown away, what is wired, and what
/// holds compressed pages. The size of a page stands in the first line.
pub(super) fn mac_used(text: &str) -> Option<u64> {
    let page: u64 = text.lines().next()?.split_once("page size of ")?.1.split(' ').next()?.parse().ok()?;
    let pages = |name: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))?;
        line.trim().trim_end_matches('.').parse::<u64>().ok()
    };
    let held = pages("Anonymous pages")?.saturating_sub(pages("Pages purgeable").unwrap_or(0));
    let used = held.checked_add(pages("Pages wired down")?)?.checked_add(pages("Pages occupied by compressor")?)?;
    used.checked_mul(page)
}

/// The kernel's level.
pub(super) fn pressure(level: u64) -> Option<MemoryPressure> {
    match level {
        1 => Some(MemoryPressure::Normal),
        2 => Some(MemoryPressure::Warning),
        4 => Some(MemoryPressure::Critical),
        _ => None,
    }
}

/// Bytes of memory and bytes in use of a Linux machine, from `/proc/meminfo`.
pub(super) fn linux(text: &str) -> (Option<u64>, Option<u64>) {
    let bytes = |name: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))?;
        line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()?.checked_mul(1024)
    };
    let total = bytes("MemTotal");
    let used = total.zip(bytes("MemAvailable")).map(|(total, available)| total.saturating_sub(available));
    (total, used)
}

#[cfg(test)]
pub(super) mod tests {
    use proptest::prelude::*;

    use super::*;

    pub(crate) const VM_STAT: &str = "Mach Virtual Memory Statistics: (page size of 16384 bytes)\n\
        Pages free:                               24576.\n\
        Pages speculative:                         5432.\n\
        Pages wired down:                        145678.\n\
        Pages purgeable:                           3210.\n\
        Anonymous pages:                         402211.\n\
        Pages occupied by compressor:            210987.\n";

    #[test]
    fn s17_memory_in_use_is_counted_in_the_page_size_of_the_first_line() {
        let used = mac_used(VM_STAT).unwrap();
        assert_eq!(used, 755_666 * 16_384);
        assert_eq!(used * 100 / (1 << 30), 1_153, "11.53 GiB");
        let intel = VM_STAT.replace("16384", "4096").replace(".\n", "\n");
        assert_eq!(mac_used(&intel), Some(755_666 * 4_096), "also without the dots");
    }

    #[test]
    fn levels_that_nobody_knows_are_none() {
        assert_eq!(
            [1, 2, 4, 0, 3].map(pressure),
            [Some(MemoryPressure::Normal), Some(MemoryPressure::Warning), Some(MemoryPressure::Critical), None, None,]
        );
    }

    #[test]
    fn linux_counts_what_is_not_available_as_used() {
        let text = "MemTotal:       16000000 kB\nMemFree:         1000000 kB\nMemAvailable:   12000000 kB\n";
        assert_eq!(linux(text), (Some(16_000_000 * 1024), Some(4_000_000 * 1024)));
        assert_eq!(linux("MemTotal: viel kB\n"), (None, None));
    }

    proptest! {
        #[test]
        fn reading_never_panics(text in "[\\PC\n]{0,200}", numbers: [u64; 5]) {
            prop_assert!(mac_used(&text).is_none() || text.contains("page size of "));
            prop_assert!(linux(&text).1.is_none() || text.contains("MemTotal"));
            let [page, a, b, c, d] = numbers;
            let used = mac_used(&format!(
                "(page size of {page} bytes)\nAnonymous pages: {a}.\nPages purgeable: {b}.\nPages wired down: {c}.\n\
                 Pages occupied by compressor: {d}.\n"
            ));
            prop_assert!(used.is_none_or(|used| page == 0 || used % page == 0));
        }
    }
}
