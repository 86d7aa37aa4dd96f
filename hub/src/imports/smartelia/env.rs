//! Pure: lines of `NAME=VALUE` as shells and Python's dotenv read them, without running anything.

use super::Problem;

/// Characters of a name that is shown.
const NAME_CHARS_MAX: usize = 64;

/// A variable.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Variable {
    /// Its name.
    pub(super) name: String,
    /// Its value, without quotes.
    pub(super) value: String,
    /// The line on which it stands, from 1.
    pub(super) line: usize,
}

/// Every variable of a file, and what cannot be read.
pub(super) fn variables(text: &str) -> Vec<Result<Variable, Problem>> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    // `lines` takes the carriage return of a line end away, too.
    (1..).zip(text.lines()).filter_map(|(line, text)| variable(line, text).transpose()).collect()
}

fn variable(line: usize, text: &str) -> Result<Option<Variable>, Problem> {
    let problem = |text: &str| Problem { line: Some(line), text: text.to_owned() };
    let text = text.trim();
    if text.is_empty() || text.starts_with('#') {
        return Ok(None);
    }
    let exported = text.strip_prefix("export").filter(|rest| rest.starts_with(char::is_whitespace));
    let (name, value) =
        exported.unwrap_or(text).split_once('=').ok_or_else(|| problem("there is no `=`; write NAME=VALUE"))?;
    let name = name.trim();
    let is_name = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    if !is_name || name.len() > NAME_CHARS_MAX {
        return Err(problem("before the `=` stands no name; use letters, digits and `_`"));
    }
    let value = unquoted(value.trim()).map_err(problem)?;
    if value.contains(char::is_control) {
        return Err(problem("the value holds a control character"));
    }
    Ok(Some(Variable { name: name.to_owned(), value, line }))
}

/// A value without its quotes and without the comment behind it.
fn unquoted(value: &str) -> Result<String, &'static str> {
    let mut chars = value.chars();
    let quote = match chars.next() {
        Some(quote @ ('"' | '\'')) => quote,
        _ => return Ok(before_comment(value).to_owned()),
    };
    let mut text = String::new();
    loop {
        match chars.next() {
            None => return Err("a quote is not closed; values over several lines are not read"),
            Some(c) if c == quote => break,
            // Between double quotes only, a backslash takes the next character as it is.
            Some('\\') if quote == '"' => text.extend(chars.next()),
            Some(c) => text.push(c),
        }
    }
    let rest = chars.as_str().trim();
    if rest.is_empty() || rest.starts_with('#') { Ok(text) } else { Err("something stands behind the closing quote") }
}

/// A `#` begins a comment only behind a blank: passwords hold it.
fn before_comment(value: &str) -> &str {
    let comment = value.match_indices('#').map(|(at, _)| at).find(|at| {
        let before = value.get(..*at).unwrap_or_default();
        before.is_empty() || before.ends_with(char::is_whitespace)
    });
    comment.and_then(|at| value.get(..at)).unwrap_or(value).trim_end()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn value(line: &str) -> Result<String, String> {
        let found = variables(line).remove(0);
        found.map(|variable| variable.value).map_err(|problem| problem.to_string())
    }

    #[test]
    fn values_are_read_as_shells_and_dotenv_read_them() {
        for (line, expected) in [
            ("A=b", "b"),
            ("\u{feff}A = b \r", "b"),
            ("export A='b c' # comment", "b c"),
            ("export\tA=\"b \\\"c\\\" \\\\\"", "b \"c\" \\"),
            ("A=p#ss # comment", "p#ss"),
            ("A=xxxx xxxx xxxx xxxx", "xxxx xxxx xxxx xxxx"),
            ("A=#nothing", ""),
            ("A='$(id) `id` $HOME'", "$(id) `id` $HOME"),
            ("A=b=c", "b=c"),
            ("A=", ""),
            ("exportA=b", "b"),
        ] {
            assert_eq!(value(line).as_deref(), Ok(expected), "{line}");
        }
    }

    #[test]
    fn what_cannot_be_read_is_named_by_its_line_and_not_by_its_value() {
        for (text, words) in [
            ("\n\nSECRET", "line 3: there is no `=`"),
            ("A=\"SECRET", "line 1: a quote is not closed"),
            ("# c\nA='SECRET' x", "line 2: something stands behind"),
            ("A B=SECRET", "line 1: before the `=`"),
            ("A=SEC\u{7}RET", "line 1: the value holds a control"),
        ] {
            let problem = variables(text).into_iter().find_map(Result::err).unwrap().to_string();
            assert!(problem.starts_with(words) && !problem.contains("SEC"), "{problem}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_without_harm_and_no_value_has_lines(text: String) {
            for variable in variables(&text).into_iter().flatten() {
                prop_assert!(!variable.value.contains(['\n', '\r']) && !variable.name.is_empty());
            }
        }

        #[test]
        fn a_quoted_value_comes_back(value in "[^\\p{Cc}']{0,30}") {
            let line = format!("A='{value}'");
            let found = variables(&line).remove(0).map(|variable| variable.value);
            prop_assert_eq!(found.ok(), Some(value));
        }
    }
}
