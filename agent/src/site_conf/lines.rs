//! The lines of a `KEY=value` file, as shells and dotenv read them.

/// One line that says something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Line {
    /// From 1.
    pub number: usize,
    pub key: String,
    pub value: String,
}

/// The lines, and the numbers of those that are none.
pub(super) fn lines(text: &str) -> (Vec<Line>, Vec<usize>) {
    let (mut found, mut bad) = (Vec::new(), Vec::new());
    for (index, line) in text.trim_start_matches('\u{feff}').lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let line = line.strip_prefix("export ").unwrap_or(line);
        match line.split_once('=') {
            Some((key, value)) if is_key(key.trim()) => {
                found.push(Line { number: index + 1, key: key.trim().to_owned(), value: plain(value.trim()) });
            }
            _ => bad.push(index + 1),
        }
    }
    (found, bad)
}

fn is_key(key: &str) -> bool {
    !key.is_empty() && key.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

/// A value without its quotes, or without the comment behind it.
fn plain(value: &str) -> String {
    for quote in ['"', '\''] {
        if let Some((inner, _)) = value.strip_prefix(quote).and_then(|rest| rest.split_once(quote)) {
            return inner.to_owned();
        }
    }
    value.split(" #").next().unwrap_or_default().trim_end().to_owned()
}
