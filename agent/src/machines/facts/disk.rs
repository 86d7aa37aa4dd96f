//! How full a disk is, as `df -Pk` says it.
//!
//! On a Mac the volume of the users' files is asked for, not the sealed one of the system; volumes of one container share
//! their free bytes, so nothing is added up.

use vigie_shared::wire::reading::MachineDisk;

/// Reads the first line that is one of a file system. Device names and mount points may hold blanks: the numbers are
/// found by the percentage behind them.
pub(super) fn read(text: &str) -> Option<MachineDisk> {
    text.lines().skip(1).find_map(line)
}

fn line(line: &str) -> Option<MachineDisk> {
    let words: Vec<&str> = line.split_whitespace().collect();
    let percent = words.iter().position(|word| word.strip_suffix('%').is_some_and(is_number))?;
    let number = |before: usize| words.get(percent.checked_sub(before)?)?.parse::<u64>().ok()?.checked_mul(1024);
    Some(MachineDisk { total_bytes: number(3)?, free_bytes: number(1)?, available_bytes: None })
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const HEAD: &str = "Filesystem   1024-blocks      Used Available Capacity  Mounted on\n";
    /// The thresholds of Smartelia's mails, decimal bytes.
    const CRITICAL: u64 = 15_000_000_000;
    const WARNING: u64 = 30_000_000_000;

    fn free(line: &str) -> u64 {
        read(&format!("{HEAD}{line}\n")).unwrap().free_bytes
    }

    #[test]
    fn s16_kibibytes_of_df_and_decimal_thresholds_meet_exactly() {
        let at =
            |available: u64| free(&format!("/dev/disk3s5 482797652 401234567 {available} 86% /System/Volumes/Data"));
        assert!(at(14_648_437) <= CRITICAL);
        assert!(at(14_648_438) > CRITICAL && at(14_648_438) < WARNING);
        let sample = at(65_432_100);
        assert_eq!(sample, 67_002_470_400);
        assert!(sample > WARNING);
    }

    #[test]
    fn blanks_in_names_and_words_in_other_languages_do_not_matter() {
        assert_eq!(free("/dev/mapper/my disk 1000 600 400 60% /Volumes/Time Machine 2"), 400 * 1024);
        let text = "Dateisystem 1024-Blöcke Benutzt Verfügbar Kapazität Eingehängt auf\n/dev/sda1 1000 600 400 60% /\n";
        assert_eq!(read(text).unwrap().total_bytes, 1000 * 1024);
    }

    #[test]
    fn an_error_text_is_no_disk() {
        for text in
            ["", "df: /System/Volumes/Data: No such file or directory\n", HEAD, "a\nb 60% /\n", "a\n-1 -2 -3 60% /\n"]
        {
            assert_eq!(read(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn reading_never_panics(text in "[\\PC\n%0-9 ]{0,200}") {
            prop_assert!(read(&text).is_none_or(|disk| disk.available_bytes.is_none()));
        }
    }
}
