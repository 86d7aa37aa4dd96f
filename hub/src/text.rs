//! Pure: times, ages, sizes and counts as people of each language read them, in pages, on the command line, in mails.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

/// U+00A0, between a number and its unit.
const NBSP: char = '\u{a0}';
/// U+202F, between French thousands.
const NARROW: char = '\u{202f}';

const MONTHS_EN: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// A language that people read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Lang {
    /// Français.
    Fr,
    /// English.
    En,
}

impl Lang {
    /// Both, in the order of the switch.
    pub const ALL: [Self; 2] = [Self::Fr, Self::En];

    /// As in `<html lang>`.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Fr => "fr",
            Self::En => "en",
        }
    }

    /// The language of that code.
    #[must_use]
    pub fn parse(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|lang| lang.code() == code)
    }
}

/// A moment in a table: `20/11/2026 14:05` or `20 Nov 2026 14:05`; today only the time.
#[must_use]
pub fn moment(lang: Lang, at_ms: i64, now_ms: i64, zone: &TimeZone) -> String {
    let (at, now) = (zoned(at_ms, zone), zoned(now_ms, zone));
    if at.date() == now.date() {
        let today = match lang {
            Lang::Fr => "aujourd’hui",
            Lang::En => "today",
        };
        return format!("{today} {:02}:{:02}", at.hour(), at.minute());
    }
    stamp(lang, at_ms, zone)
}

/// A moment where nobody knows when it will be read, as in a file: always with its day.
#[must_use]
pub fn stamp(lang: Lang, at_ms: i64, zone: &TimeZone) -> String {
    let at = zoned(at_ms, zone);
    let time = format!("{:02}:{:02}", at.hour(), at.minute());
    let month = usize::try_from(at.month()).unwrap_or(1).saturating_sub(1);
    match lang {
        Lang::Fr => format!("{:02}/{:02}/{} {time}", at.day(), at.month(), at.year()),
        Lang::En => format!("{} {} {} {time}", at.day(), MONTHS_EN.get(month).copied().unwrap_or(""), at.year()),
    }
}

const MONTHS_FR: [&str; 12] = [
    "janvier",
    "février",
    "mars",
    "avril",
    "mai",
    "juin",
    "juillet",
    "août",
    "septembre",
    "octobre",
    "novembre",
    "décembre",
];
const MONTHS_EN_WHOLE: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
const DAYS_FR: [&str; 7] = ["lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche"];
const DAYS_EN: [&str; 7] = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];

/// A moment in a sentence: `vendredi 20 novembre 2026 à 14 h 05` or `Friday 20 November 2026 at 14:05`.
#[must_use]
pub fn spoken(lang: Lang, at_ms: i64, zone: &TimeZone) -> String {
    let at = zoned(at_ms, zone);
    let time = match lang {
        Lang::Fr if at.minute() == 0 => format!("à {}{NBSP}h", at.hour()),
        Lang::Fr => format!("à {}{NBSP}h{NBSP}{:02}", at.hour(), at.minute()),
        Lang::En => format!("at {:02}:{:02}", at.hour(), at.minute()),
    };
    format!("{} {time}", spoken_day(lang, at.date()))
}

/// A day in a sentence: `vendredi 20 novembre 2026` or `Friday 20 November 2026`.
#[must_use]
pub fn spoken_day(lang: Lang, day: Date) -> String {
    let (days, months) = match lang {
        Lang::Fr => (DAYS_FR, MONTHS_FR),
        Lang::En => (DAYS_EN, MONTHS_EN_WHOLE),
    };
    let nth = |names: &[&'static str], number: i8| {
        usize::try_from(number - 1).ok().and_then(|index| names.get(index)).copied().unwrap_or("")
    };
    let (name, month) = (nth(&days, day.weekday().to_monday_one_offset()), nth(&months, day.month()));
    let number = if lang == Lang::Fr && day.day() == 1 { "1er".to_owned() } else { day.day().to_string() };
    format!("{name} {number} {month} {}", day.year())
}

fn zoned(at_ms: i64, zone: &TimeZone) -> jiff::Zoned {
    Timestamp::from_millisecond(at_ms).unwrap_or(Timestamp::UNIX_EPOCH).to_zoned(zone.clone())
}

/// How long ago: `à l’instant`, `il y a 3 min`, `il y a 2 h`, then the date.
#[must_use]
pub fn age(lang: Lang, at_ms: i64, now_ms: i64, zone: &TimeZone) -> String {
    let seconds = now_ms.saturating_sub(at_ms).max(0) / 1000;
    let number = match seconds {
        0..60 => {
            return match lang {
                Lang::Fr => "à l’instant".to_owned(),
                Lang::En => "just now".to_owned(),
            };
        }
        60..3600 => format!("{}{NBSP}min", seconds / 60),
        3600..86_400 => format!("{}{NBSP}h", seconds / 3600),
        _ => return moment(lang, at_ms, now_ms, zone),
    };
    match lang {
        Lang::Fr => format!("il y a {number}"),
        Lang::En => format!("{number} ago"),
    }
}

/// A duration: `2 h 05`, `1 j 4 h` or `2 h 05 min`, `1 d 4 h`.
#[must_use]
pub fn duration(lang: Lang, seconds: u64) -> String {
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3600 % 24, seconds / 60 % 60);
    let (day, tail) = match lang {
        Lang::Fr => ("j", ""),
        Lang::En => ("d", "\u{a0}min"),
    };
    match (days, hours) {
        (0, 0) => format!("{minutes}{NBSP}min"),
        (0, _) => format!("{hours}{NBSP}h{NBSP}{minutes:02}{tail}"),
        _ => format!("{days}{NBSP}{day}{NBSP}{hours}{NBSP}h"),
    }
}

/// Thousandths as percent: `87 %` or `87%`.
#[must_use]
pub fn percent(lang: Lang, permille: u64) -> String {
    let number = permille.saturating_add(5) / 10;
    match lang {
        Lang::Fr => format!("{number}{NBSP}%"),
        Lang::En => format!("{number}%"),
    }
}

/// Thousandths of a degree Celsius: `52 °C`.
#[must_use]
pub fn degrees(milli_c: i32) -> String {
    format!("{}{NBSP}°C", milli_c.saturating_add(500).div_euclid(1000))
}

/// A size on disk, in powers of ten: `1,3 Go` or `1.3 GB`.
#[must_use]
pub fn size(lang: Lang, bytes: u64) -> String {
    let units = match lang {
        Lang::Fr => ["o", "ko", "Mo", "Go", "To"],
        Lang::En => ["B", "kB", "MB", "GB", "TB"],
    };
    let mut tenths = bytes.saturating_mul(10);
    let mut unit = 0;
    while tenths >= 10_000 && unit + 1 < units.len() {
        tenths /= 1000;
        unit += 1;
    }
    let unit_word = units.get(unit).copied().unwrap_or("");
    let point = match lang {
        Lang::Fr => ',',
        Lang::En => '.',
    };
    let number = if unit == 0 || tenths >= 1000 || tenths.is_multiple_of(10) {
        (tenths / 10).to_string()
    } else {
        format!("{}{point}{}", tenths / 10, tenths % 10)
    };
    format!("{number}{NBSP}{unit_word}")
}

/// A number with its thousands set apart.
#[must_use]
pub fn number(lang: Lang, value: u64) -> String {
    let digits = value.to_string();
    let separator = match lang {
        Lang::Fr => NARROW,
        Lang::En => ',',
    };
    let length = digits.len();
    digits.chars().enumerate().fold(String::new(), |mut text, (place, digit)| {
        if place > 0 && (length - place).is_multiple_of(3) {
            text.push(separator);
        }
        text.push(digit);
        text
    })
}

/// A counted thing: French takes the singular for 0 and 1, English for 1 only.
#[must_use]
pub fn counted(lang: Lang, count: u64, one: &str, many: &str) -> String {
    let is_one = match lang {
        Lang::Fr => count < 2,
        Lang::En => count == 1,
    };
    format!("{}{NBSP}{}", number(lang, count), if is_one { one } else { many })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const NOW: i64 = 1_795_183_500_000;

    fn paris() -> TimeZone {
        TimeZone::get("Europe/Paris").unwrap()
    }

    #[test]
    fn a_moment_is_written_in_the_sites_zone_and_cannot_be_misread() {
        let earlier = NOW - 26 * 3_600_000;
        assert_eq!(moment(Lang::Fr, earlier, NOW, &paris()), "19/11/2026 13:05");
        assert_eq!(moment(Lang::En, earlier, NOW, &paris()), "19 Nov 2026 13:05");
        assert_eq!(moment(Lang::Fr, NOW, NOW, &paris()), "aujourd’hui 15:05");
    }

    #[test]
    fn a_moment_in_a_sentence_names_its_day() {
        let spoken = |lang, ms| spoken(lang, ms, &paris()).replace('\u{a0}', " ");
        assert_eq!(spoken(Lang::Fr, NOW), "vendredi 20 novembre 2026 à 15 h 05");
        assert_eq!(spoken(Lang::En, NOW), "Friday 20 November 2026 at 15:05");
        assert_eq!(spoken(Lang::Fr, NOW + 55 * 60_000), "vendredi 20 novembre 2026 à 16 h");
        assert_eq!(spoken(Lang::Fr, NOW - 19 * 86_400_000), "dimanche 1er novembre 2026 à 15 h 05");
    }

    #[test]
    fn an_age_is_rounded_down_and_ends_as_a_date() {
        let ago = |seconds: i64| age(Lang::En, NOW - seconds * 1000, NOW, &paris()).replace('\u{a0}', " ");
        assert_eq!(ago(-5), "just now");
        assert_eq!(ago(59), "just now");
        assert_eq!(ago(179), "2 min ago");
        assert_eq!(ago(7300), "2 h ago");
        assert_eq!(ago(90_000), "19 Nov 2026 14:05");
    }

    #[test]
    fn durations_sizes_and_numbers_follow_their_language() {
        assert_eq!(duration(Lang::Fr, 7500), "2\u{a0}h\u{a0}05");
        assert_eq!(duration(Lang::En, 7500), "2\u{a0}h\u{a0}05\u{a0}min");
        assert_eq!(duration(Lang::Fr, 100_800), "1\u{a0}j\u{a0}4\u{a0}h");
        assert_eq!(size(Lang::Fr, 1_300_000_000), "1,3\u{a0}Go");
        assert_eq!(size(Lang::En, 999), "999\u{a0}B");
        assert_eq!(number(Lang::Fr, 1_234_567), "1\u{202f}234\u{202f}567");
        assert_eq!(number(Lang::En, 1_234), "1,234");
        assert_eq!(percent(Lang::Fr, 912), "91\u{a0}%");
        assert_eq!(degrees(52_400), "52\u{a0}°C");
    }

    #[test]
    fn zero_is_singular_in_french_and_plural_in_english() {
        assert_eq!(counted(Lang::Fr, 0, "site", "sites"), "0\u{a0}site");
        assert_eq!(counted(Lang::En, 0, "site", "sites"), "0\u{a0}sites");
        assert_eq!(counted(Lang::En, 1, "site", "sites"), "1\u{a0}site");
    }

    proptest! {
        #[test]
        fn nothing_panics(ms: i64, now: i64, seconds: u64, bytes: u64, heat: i32) {
            for lang in Lang::ALL {
                drop((age(lang, ms, now, &paris()), duration(lang, seconds), size(lang, bytes), spoken(lang, ms, &paris())));
                drop((percent(lang, bytes), number(lang, bytes), degrees(heat)));
            }
        }
    }
}
