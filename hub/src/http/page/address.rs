//! Pure: addresses of our own pages, and what a query may hold.

/// Longest address that is led back to, characters.
const LENGTH_MAX: usize = 1024;

/// Writes what a query cannot hold as it is.
pub(super) fn escape(text: &str) -> String {
    text.bytes().fold(String::new(), |escaped, byte| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'/' => escaped + &char::from(byte).to_string(),
        _ => escaped + &format!("%{byte:02X}"),
    })
}

/// The same for one step of a path, where a slash would begin the next one.
pub(super) fn escape_step(text: &str) -> String {
    escape(text).replace('/', "%2F")
}

/// An address of ours: everything else leads to the first page.
pub(super) fn own_address(wanted: &str) -> &str {
    let is_own = wanted.starts_with('/') && !wanted.starts_with("//") && !wanted.contains(['\\', '\r', '\n', '\t']);
    if is_own && wanted.is_ascii() && wanted.len() <= LENGTH_MAX { wanted } else { "/" }
}

/// The address with this value in its query, in place of one that was there before; an empty value takes it away.
pub(super) fn with(address: &str, key: &str, value: &str) -> String {
    let (path, query) = address.split_once('?').unwrap_or((address, ""));
    let (query, place) = query.split_once('#').map_or((query, ""), |(query, place)| (query, place));
    let mut pairs: Vec<String> = query
        .split('&')
        .filter(|pair| !pair.is_empty() && pair.split('=').next() != Some(key))
        .map(str::to_owned)
        .collect();
    if !value.is_empty() {
        pairs.push(format!("{key}={}", escape(value)));
    }
    let mut whole = path.to_owned();
    if !pairs.is_empty() {
        whole = format!("{whole}?{}", pairs.join("&"));
    }
    if place.is_empty() { whole } else { format!("{whole}#{place}") }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn nobody_is_led_to_another_site() {
        for foreign in ["//evil.example", "https://evil.example", "/\\evil.example", "", "javascript:alert(1)", "/\n"] {
            assert_eq!(own_address(foreign), "/", "{foreign:?}");
        }
        assert_eq!(own_address("/sites/metz?from=1"), "/sites/metz?from=1");
    }

    #[test]
    fn a_value_of_a_query_takes_the_place_of_the_one_before() {
        assert_eq!(with("/a?done=x&q=1", "done", "y z"), "/a?q=1&done=y%20z");
        assert_eq!(with("/a?done=x", "done", ""), "/a");
        assert_eq!(with("/a?q=1#part", "q", "2"), "/a?q=2#part");
    }

    proptest! {
        #[test]
        fn an_escaped_text_is_safe_in_a_query(text: String) {
            prop_assert!(escape(&text).bytes().all(|b| b.is_ascii_alphanumeric() || b"-_./%".contains(&b)));
            prop_assert!(!escape_step(&text).contains('/'));
        }
    }
}
