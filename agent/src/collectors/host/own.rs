//! What the agent itself costs: the kernel's accounts of this process, and pure readers for their text.

use std::time::Duration;

use nix::time::{ClockId, clock_gettime};
use vigie_shared::wire::reading::AgentUse;

/// Reads the accounts of this process. What the kernel refuses, as some containers do, is 0.
pub(super) fn agent_use() -> AgentUse {
    let text = |path: &str| std::fs::read_to_string(path).unwrap_or_default();
    let pss = kilobytes(&text("/proc/self/smaps_rollup"), "Pss:");
    let cpu = clock_gettime(ClockId::CLOCK_PROCESS_CPUTIME_ID).map_or(Duration::ZERO, Duration::from);
    AgentUse {
        // An old kernel has no summary of the maps; the resident set is an upper bound of the share.
        pss_bytes: pss.or_else(|| kilobytes(&text("/proc/self/status"), "VmRSS:")).unwrap_or(0),
        written_bytes: number(&text("/proc/self/io"), "write_bytes:").unwrap_or(0),
        cpu_ms: u64::try_from(cpu.as_millis()).unwrap_or(u64::MAX),
    }
}

/// The value of a line `<label> <number> kB`, in bytes.
fn kilobytes(text: &str, label: &str) -> Option<u64> {
    number(text, label)?.checked_mul(1024)
}

/// The first word after the label, as a number. The label is a whole word at the beginning of its line.
fn number(text: &str, label: &str) -> Option<u64> {
    let line = text.lines().find(|line| line.split_whitespace().next() == Some(label))?;
    line.split_whitespace().nth(1)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROLLUP: &str = "56057abf8000-7fffe3727000 ---p 00000000 00:00 0    [rollup]\n\
                          Rss:                1692 kB\nPss:                 347 kB\nPss_Dirty:           116 kB\n";
    const IO: &str = "rchar: 7674\nwchar: 698\nwrite_bytes: 4096\ncancelled_write_bytes: 8192\n";

    #[test]
    fn the_kernels_accounts_are_read_by_their_labels() {
        for (text, label, expected) in [
            (ROLLUP, "Pss:", Some(347 * 1024)),
            (ROLLUP, "Pss_Dirty:", Some(116 * 1024)),
            (ROLLUP, "SwapPss:", None),
            ("Pss: lots kB", "Pss:", None),
            ("Pss:", "Pss:", None),
            ("Pss: 18446744073709551615 kB", "Pss:", None),
            ("", "Pss:", None),
        ] {
            assert_eq!(kilobytes(text, label), expected, "{label} in {text:?}");
        }
        assert_eq!(number(IO, "write_bytes:"), Some(4096));
    }

    #[test]
    fn this_process_uses_memory_and_time() {
        let used = agent_use();
        assert!(used.pss_bytes > 100_000, "{used:?}");
        assert!(used.cpu_ms < 3_600_000, "{used:?}");
    }
}
