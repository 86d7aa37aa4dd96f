//! Pure: which lines, and what remains of their bytes.

/// Longest line, bytes; the rest of it is cut off.
const LINE_BYTES_MAX: usize = 8 * 1024;

/// What is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Wanted {
    pub(super) lines_max: usize,
    pub(super) bytes_max: usize,
    /// Only lines with this text, in lower case.
    pub(super) contains: Option<String>,
}

/// Lines of a log, oldest first.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Excerpt {
    pub(super) lines: usize,
    pub(super) text: String,
    /// Whether older lines were left out.
    pub(super) has_more: bool,
}

/// Takes lines, the newest first, until there are enough.
#[derive(Debug)]
pub(super) struct Taking {
    wanted: Wanted,
    lines: Vec<String>,
    bytes: usize,
    has_more: bool,
}

impl Taking {
    pub(super) fn new(wanted: Wanted) -> Self {
        Self { wanted, lines: Vec::new(), bytes: 0, has_more: false }
    }

    /// Offers the next older line; false if no more are wanted.
    pub(super) fn offer(&mut self, line: &[u8]) -> bool {
        let line = harmless(line);
        if self.wanted.contains.as_ref().is_some_and(|text| !line.to_lowercase().contains(text)) {
            return true;
        }
        let bytes = line.len() + 1;
        if self.lines.len() == self.wanted.lines_max || self.bytes + bytes > self.wanted.bytes_max {
            self.has_more = true;
            return false;
        }
        self.bytes += bytes;
        self.lines.push(line);
        true
    }

    /// Notes that there are older lines that were not looked at.
    pub(super) fn give_up(&mut self) {
        self.has_more = true;
    }

    pub(super) fn excerpt(self) -> Excerpt {
        let text = self.lines.iter().rev().fold(String::with_capacity(self.bytes), |mut text, line| {
            text.push_str(line);
            text.push('\n');
            text
        });
        Excerpt { lines: self.lines.len(), text, has_more: self.has_more }
    }
}

/// A line as text, without what is no text or would move a cursor.
fn harmless(line: &[u8]) -> String {
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    let line = line.get(..LINE_BYTES_MAX).unwrap_or(line);
    let plain = |c: char| if c.is_control() && c != '\t' { char::REPLACEMENT_CHARACTER } else { c };
    String::from_utf8_lossy(line).chars().map(plain).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn take(wanted: Wanted, newest_first: &[&[u8]]) -> Excerpt {
        let mut taking = Taking::new(wanted);
        for line in newest_first {
            if !taking.offer(line) {
                break;
            }
        }
        taking.excerpt()
    }

    const ALL: Wanted = Wanted { lines_max: 100, bytes_max: 10_000, contains: None };

    #[test]
    fn the_newest_lines_are_taken_and_told_oldest_first() {
        let excerpt = take(Wanted { lines_max: 2, ..ALL }, &[b"three", b"two", b"one"]);
        assert_eq!(excerpt, Excerpt { lines: 2, text: "two\nthree\n".to_owned(), has_more: true });
        assert_eq!(take(ALL, &[b"only"]).text, "only\n");
        assert!(take(Wanted { bytes_max: 8, ..ALL }, &[b"1234", b"5678"]).has_more);
    }

    #[test]
    fn the_filter_counts_before_the_limit() {
        let wanted = Wanted { lines_max: 1, contains: Some("error".to_owned()), ..ALL };
        assert_eq!(take(wanted, &[b"fine", b"ERROR here", b"fine"]).text, "ERROR here\n");
    }

    #[test]
    fn what_is_no_text_is_replaced() {
        let text = take(ALL, &[b"\x1b[31mred\x07 \xff\xfe\ttab\r"]).text;
        assert_eq!(text, "\u{fffd}[31mred\u{fffd} \u{fffd}\u{fffd}\ttab\n");
        assert!(take(Wanted { bytes_max: 100_000, ..ALL }, &[&[b'x'; 20_000]]).text.len() <= LINE_BYTES_MAX + 1);
    }

    proptest! {
        #[test]
        fn the_limits_hold_whatever_the_bytes(
            lines in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..60), 0..40),
            lines_max in 0..20usize,
            bytes_max in 0..400usize,
        ) {
            let slices: Vec<&[u8]> = lines.iter().map(Vec::as_slice).collect();
            let excerpt = take(Wanted { lines_max, bytes_max, contains: None }, &slices);
            prop_assert!(excerpt.lines <= lines_max && excerpt.text.len() <= bytes_max);
            prop_assert_eq!(excerpt.text.matches('\n').count(), excerpt.lines);
            prop_assert!(excerpt.text.chars().all(|c| !c.is_control() || c == '\t' || c == '\n'));
        }
    }
}
