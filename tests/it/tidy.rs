//! The rules of the house. They are mostly absences, so that nothing but a test would notice their end.
//!
//! [`rules`] is the list; [`source`] reads Rust as tokens, so that comments and texts may name what code may not.

mod cases;
mod files;
mod manifests;
mod modules;
mod readme;
mod rules;
mod source;
mod text;
mod tree;

/// One place that breaks a rule, as a line for people.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Violation {
    /// Path from the root of the repository.
    path: String,
    /// Line, from 1.
    line: usize,
    /// The rule, and how to keep it.
    rule: String,
}

impl std::fmt::Display for Violation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}: {}", self.path, self.line, self.rule)
    }
}

/// Fails with every violation at once.
fn assert_none(violations: impl IntoIterator<Item = Violation>) {
    let mut lines: Vec<String> = violations.into_iter().map(|violation| violation.to_string()).collect();
    lines.sort();
    assert!(lines.is_empty(), "{} places break a rule of the house:\n{}", lines.len(), lines.join("\n"));
}
