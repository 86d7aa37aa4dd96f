//! Pure: whether a version is older than another, as far as anybody can tell.

use semver::Version;

/// Reads a version: `2.1.3`, also `v2.1.3` and `2.1`.
#[must_use]
pub fn parse(text: &str) -> Option<Version> {
    let text = text.strip_prefix('v').unwrap_or(text);
    let numbers_end = text.find(['-', '+']).unwrap_or(text.len());
    let (numbers, rest) = text.split_at(numbers_end);
    let missing = 2_usize.saturating_sub(numbers.matches('.').count());
    Version::parse(&format!("{numbers}{}{rest}", ".0".repeat(missing))).ok()
}

/// Whether `wanted` is older than `present`. What is no version is older than nothing.
#[must_use]
pub fn is_older(wanted: &str, present: &str) -> bool {
    match (parse(wanted), parse(present)) {
        (Some(wanted), Some(present)) => wanted < present,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_compared_as_numbers() {
        for (wanted, present, expected) in [
            ("2.1.3", "2.1.10", true),
            ("v2.1.10", "2.1.3", false),
            ("2.1", "2.1.1", true),
            ("2.1.3", "2.1.3", false),
            ("2.1.3-rc1", "2.1.3", true),
            ("summer", "2.1.3", false),
        ] {
            assert_eq!(is_older(wanted, present), expected, "{wanted} {present}");
        }
    }
}
