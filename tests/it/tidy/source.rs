//! A Rust file as tokens: what code says, without what comments and texts say.

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};

/// A word or sign of code and the line that it stands on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Token {
    /// An identifier, a single sign, a bracket, or `""` for any literal.
    pub(super) text: String,
    /// From 1.
    pub(super) line: usize,
}

/// All tokens of a file in order. Documentation comments are gone with their attributes.
///
/// # Panics
///
/// If the text is not Rust; the compiler says so more clearly.
pub(super) fn tokens(text: &str) -> Vec<Token> {
    let stream: TokenStream = text.parse().expect("tracked Rust files are Rust");
    let mut tokens = Vec::new();
    collect(stream, &mut tokens);
    tokens
}

fn collect(stream: TokenStream, tokens: &mut Vec<Token>) {
    for tree in stream {
        let line = tree.span().start().line;
        match tree {
            TokenTree::Group(group) => collect_group(&group, tokens),
            TokenTree::Literal(_) => tokens.push(Token { text: String::new(), line }),
            TokenTree::Ident(_) | TokenTree::Punct(_) => tokens.push(Token { text: tree.to_string(), line }),
        }
    }
}

fn collect_group(group: &Group, tokens: &mut Vec<Token>) {
    let (open, close) = match group.delimiter() {
        Delimiter::Parenthesis => ("(", ")"),
        Delimiter::Brace => ("{", "}"),
        Delimiter::Bracket => ("[", "]"),
        Delimiter::None => ("", ""),
    };
    tokens.push(Token { text: open.to_owned(), line: group.span_open().start().line });
    collect(group.stream(), tokens);
    tokens.push(Token { text: close.to_owned(), line: group.span_close().start().line });
}

/// The lines on which `pattern`, words and signs separated by blanks, begins.
pub(super) fn lines_with(tokens: &[Token], pattern: &str) -> Vec<usize> {
    let pattern: Vec<&str> = pattern.split(' ').collect();
    let matches = |window: &&[Token]| window.iter().zip(&pattern).all(|(token, wanted)| token.text == *wanted);
    tokens.windows(pattern.len()).filter(matches).map(|window| window[0].line).collect()
}

/// How a module that is there for tests only begins.
pub(super) const TEST_MODULE: [&str; 4] = [
    "# [ cfg ( test ) ] mod",
    "# [ cfg ( test ) ] pub mod",
    "# [ cfg ( test ) ] pub ( crate ) mod",
    "# [ cfg ( test ) ] pub ( super ) mod",
];

/// First and last line of every module that is there for tests only.
fn tests(tokens: &[Token]) -> Vec<(usize, usize)> {
    let starts = TEST_MODULE.iter().flat_map(|pattern| lines_with(tokens, pattern));
    starts.map(|start| (start, end_of_block(tokens, start))).collect()
}

/// The tokens that are not inside a module for tests.
pub(super) fn without_tests(all: &[Token]) -> Vec<Token> {
    let tests = tests(all);
    let is_test = |token: &&Token| tests.iter().any(|(start, end)| (start..=end).contains(&&token.line));
    all.iter().filter(|token| !is_test(token)).cloned().collect()
}

/// Number of lines that are not inside a module for tests.
pub(super) fn lines_without_tests(text: &str, tokens: &[Token]) -> usize {
    let in_tests: usize = self::tests(tokens).iter().map(|(start, end)| end - start + 1).sum();
    text.lines().count() - in_tests
}

/// The line of the bracket that closes the first block opened from line `start` on.
fn end_of_block(tokens: &[Token], start: usize) -> usize {
    let mut depth = 0;
    for token in tokens.iter().filter(|token| token.line >= start) {
        match token.text.as_str() {
            "{" => depth += 1,
            "}" if depth == 1 => return token.line,
            "}" => depth -= 1,
            ";" if depth == 0 => return token.line,
            _ => {}
        }
    }
    start
}

/// The lines of attributes called `name` whose arguments do not give a reason.
pub(super) fn attributes_without_reason(tokens: &[Token], name: &str) -> Vec<usize> {
    let mut lines = Vec::new();
    for (at, window) in tokens.windows(2).enumerate() {
        let is_attribute = window[0].text == name && window[1].text == "(" && is_inside_attribute(&tokens[..at]);
        if !is_attribute {
            continue;
        }
        let arguments = tokens[at..].iter().take_while(|token| token.text != ")");
        if !arguments.into_iter().any(|token| token.text == "reason") {
            lines.push(window[0].line);
        }
    }
    lines
}

/// Whether the tokens before a word end in an attribute that is still open, `cfg_attr(…,` included.
fn is_inside_attribute(before: &[Token]) -> bool {
    let mut depth = 0;
    for (at, token) in before.iter().enumerate().rev() {
        match token.text.as_str() {
            "]" | ")" | "}" => depth += 1,
            "(" if depth == 0 => {}
            "[" if depth == 0 => return before[..at].last().is_some_and(|sign| sign.text == "#" || sign.text == "!"),
            "{" | ";" if depth == 0 => return false,
            "(" | "[" | "{" => depth -= 1,
            _ => {}
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_and_texts_name_nothing() {
        let tokens = tokens("//! sled\n/// sled\n// sled\nconst A: &str = \"sled\";\nuse sled::Db;\n");
        assert_eq!(lines_with(&tokens, "sled"), [5]);
    }

    #[test]
    fn a_pattern_may_be_several_words() {
        let tokens = tokens("fn a() {\n    std::env::var(\"HOME\");\n    env!(\"HOME\");\n}\n");
        assert_eq!(lines_with(&tokens, "env : : var"), [2]);
    }

    #[test]
    fn tests_do_not_count_as_length() {
        let text = "fn a() {}\n\n#[cfg(test)]\nmod tests {\n    fn b() {}\n}\n\nfn c() {}\n";
        assert_eq!(lines_without_tests(text, &tokens(text)), 4);
        let shared = "fn a() {}\n#[cfg(test)]\npub(super) mod tests {\n}\n";
        assert_eq!(lines_without_tests(shared, &tokens(shared)), 1);
        let elsewhere = "#[cfg(test)]\nmod tests;\nfn a() {\n}\n";
        assert_eq!(lines_without_tests(elsewhere, &tokens(elsewhere)), 2);
    }

    #[test]
    fn an_expectation_without_reason_is_found_and_a_call_is_not() {
        let text =
            "#![expect(a)]\n#[expect(b, reason = \"c\")]\n#[cfg_attr(d, expect(e))]\nfn f() { g.expect(\"h\"); }\n";
        assert_eq!(attributes_without_reason(&tokens(text), "expect"), [1, 3]);
    }
}
