//! In which line of a mapping a field stands.

use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// The line of a byte, from 1.
pub(super) fn line_of(text: &str, at: usize) -> usize {
    text.bytes().take(at).filter(|byte| *byte == b'\n').count() + 1
}

/// The line of a field, or of the nearest table around it that is written down.
pub(super) fn find(text: &str, path: &[String]) -> Option<usize> {
    let table = DeTable::parse(text).ok()?;
    let mut value: Option<&Spanned<DeValue<'_>>> = None;
    let mut at = None;
    for key in path {
        let next = match value.map(Spanned::get_ref) {
            None => table.get_ref().get(key.as_str()),
            Some(DeValue::Table(table)) => table.get(key.as_str()),
            Some(DeValue::Array(list)) => key.parse().ok().and_then(|index: usize| list.get(index)),
            Some(_) => None,
        };
        let Some(next) = next else { break };
        at = Some(next.span().start);
        value = Some(next);
    }
    at.map(|at| line_of(text, at))
}
