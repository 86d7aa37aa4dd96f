//! When a machine started: `kern.boottime` of a Mac, the uptime of a Linux machine; never the text of `uptime`.

/// Seconds since the start, by the machine's own clock; `boottime` reads `{ sec = 1763450112, usec = 402118 } Tue Nov …`.
pub(super) fn ago_s(boottime: &str, now_s: Option<i64>) -> Option<u64> {
    u64::try_from(now_s?.checked_sub(second(boottime)?)?).ok()
}

/// The second of the start, since 1970 UTC; the date behind it is local and for people.
fn second(boottime: &str) -> Option<i64> {
    let (_, after) = boottime.split_once("sec =")?;
    let digits: &str = after.trim_start();
    let end = digits.find(|c: char| !c.is_ascii_digit()).unwrap_or(digits.len());
    digits.get(..end)?.parse().ok()
}

/// Seconds since the start as `/proc/uptime` says it: `86400.12 170000.00`.
pub(super) fn uptime_s(text: &str) -> Option<u64> {
    text.split(['.', ' ']).next()?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SAMPLE: &str = "{ sec = 1763450112, usec = 402118 } Tue Nov 18 08:15:12 2025";

    #[test]
    fn s18_the_start_is_the_number_whatever_zone_the_date_is_printed_in() {
        let start = second(SAMPLE).unwrap();
        assert_eq!(jiff::Timestamp::from_second(start).unwrap().to_string(), "2025-11-18T07:15:12Z");
        assert_eq!(second(&SAMPLE.replace("Tue Nov 18 08:15:12 2025", "mar. 18 nov. 23:15:12 2025")), Some(start));
        assert_eq!(ago_s(SAMPLE, Some(start + 60)), Some(60));
    }

    #[test]
    fn a_clock_before_the_start_and_nonsense_say_nothing() {
        assert_eq!(ago_s(SAMPLE, Some(0)), None);
        assert_eq!(ago_s("{ sec = , usec = 1 }", Some(5)), None);
        assert_eq!(ago_s("", Some(5)), None);
        assert_eq!(uptime_s("gestern"), None);
        assert_eq!(uptime_s("86400.12 170000.00\n"), Some(86_400));
    }
}
