//! Mends JSON that a terminal wrote wrongly: commas before a closing bracket, and characters that no text may have.
//!
//! Pure. Only the outside of texts is mended for commas, so that a name with `,]` in it stays what it is.

/// The text as JSON allows it, and whether characters were replaced.
#[must_use]
pub fn repaired(text: &str) -> (String, bool) {
    let mut out = String::with_capacity(text.len());
    let (mut rest, mut is_lossy) = (text, false);
    while let Some(first) = rest.chars().next() {
        let step = match first {
            '"' => within_text(rest, &mut out, &mut is_lossy),
            ',' if closes(rest.get(1..).unwrap_or_default()) => 1,
            other => {
                out.push(other);
                other.len_utf8()
            }
        };
        rest = rest.get(step..).unwrap_or_default();
    }
    (out, is_lossy)
}

/// Whether the next sign is a closing bracket.
fn closes(rest: &str) -> bool {
    rest.trim_start().starts_with([']', '}'])
}

/// Copies a text from its opening to its closing quote; returns its length in bytes.
fn within_text(text: &str, out: &mut String, is_lossy: &mut bool) -> usize {
    out.push('"');
    let mut at = 1;
    while let Some(next) = text.get(at..).and_then(|rest| rest.chars().next()) {
        at += next.len_utf8();
        match next {
            '"' => {
                out.push('"');
                return at;
            }
            '\\' => at += escape(text.get(at..).unwrap_or_default(), out, is_lossy),
            control if control < ' ' => {
                out.push('\u{fffd}');
                *is_lossy = true;
            }
            other => out.push(other),
        }
    }
    at
}

/// Copies what follows a backslash; returns its length in bytes.
fn escape(rest: &str, out: &mut String, is_lossy: &mut bool) -> usize {
    let Some(kind) = rest.chars().next() else { return 0 };
    match kind {
        '"' | '\\' | '/' | 'b' | 'f' | 'n' | 'r' | 't' => {
            out.push('\\');
            out.push(kind);
            1
        }
        'u' => {
            let unit = |at: usize| u16::from_str_radix(rest.get(at..at + 4)?, 16).ok();
            let low = || (rest.get(5..7) == Some("\\u")).then(|| unit(7)).flatten();
            let (units, length): (Vec<u16>, usize) = match (unit(1), low()) {
                (Some(high @ 0xd800..=0xdbff), Some(low @ 0xdc00..=0xdfff)) => (vec![high, low], 11),
                (Some(unit), _) => (vec![unit], 5),
                (None, _) => (vec![0xfffd], 1),
            };
            let character = char::decode_utf16(units).next().and_then(Result::ok);
            match character {
                // Quotes, backslashes and controls stay escaped.
                Some(character) if character < ' ' || matches!(character, '"' | '\\') => {
                    out.push('\\');
                    out.push_str(rest.get(..length).unwrap_or_default());
                }
                Some(character) => out.push(character),
                None => out.push('\u{fffd}'),
            }
            *is_lossy |= character.is_none_or(|character| character == '\u{fffd}');
            length
        }
        other => {
            out.push(other);
            other.len_utf8()
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_is_wrong_is_mended_and_nothing_else_changes() {
        for (text, expected, is_lossy) in [
            (r#"{"a":[1,],}"#, r#"{"a":[1]}"#, false),
            (r#"{"a":",]"}"#, r#"{"a":",]"}"#, false),
            (r#"["\ud83d\ude00","é"]"#, r#"["😀","é"]"#, false),
            (r#"["\ud800","\udc00a"]"#, "[\"\u{fffd}\",\"\u{fffd}a\"]", true),
            (r#"["\u0000\u0022\'"]"#, r#"["\u0000\u0022'"]"#, false),
            ("[\"a\nb\"]", "[\"a\u{fffd}b\"]", true),
            (r#"["\u12"]"#, "[\"\u{fffd}12\"]", true),
        ] {
            assert_eq!(repaired(text), (expected.to_owned(), is_lossy), "{text}");
        }
    }

    proptest! {
        #[test]
        fn right_json_means_the_same_afterwards(texts in proptest::collection::vec(".{0,20}", 0..5)) {
            let json = serde_json::to_string(&texts).unwrap();
            prop_assert_eq!(serde_json::from_str::<Vec<String>>(&repaired(&json).0).unwrap(), texts);
        }

        #[test]
        fn any_text_can_be_mended(text in ".{0,200}") {
            drop(repaired(&text));
        }
    }
}
