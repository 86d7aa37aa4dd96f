//! Where a setting was written: file and line, or the environment variable.

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::File;

/// The files that were read and the prefix of the environment variables.
pub(super) struct Places<'a> {
    files: &'a [File],
    env_prefix: &'static str,
}

impl<'a> Places<'a> {
    pub(super) fn new(files: &'a [File], env_prefix: &'static str) -> Self {
        Self { files, env_prefix }
    }

    /// The place that had the last word on the setting.
    pub(super) fn of(&self, path: &[String]) -> String {
        let variable = format!("{}{}", self.env_prefix, path.join("__").to_uppercase());
        if !variable.contains('\0') && std::env::var_os(&variable).is_some() {
            return variable;
        }
        for file in self.files.iter().rev() {
            if let Some(line) = line_of(&file.text, path) {
                return format!("{}:{line}", file.path.display());
            }
        }
        self.files.last().map_or_else(|| "configuration".to_owned(), |file| file.path.display().to_string())
    }
}

/// The line, from 1, on which byte `offset` stands.
pub(super) fn line_at(text: &str, offset: usize) -> usize {
    text.bytes().take(offset).filter(|byte| *byte == b'\n').count() + 1
}

fn line_of(text: &str, path: &[String]) -> Option<usize> {
    let table = DeTable::parse(text).ok()?;
    let offset = offset_in(table.get_ref(), path)?;
    Some(line_at(text, offset))
}

/// The beginning of the deepest key of `path` that the table has; `None` if it lacks the first.
fn offset_in(table: &DeTable<'_>, path: &[String]) -> Option<usize> {
    let (key, rest) = path.split_first()?;
    let (found, value) = table.iter().find(|(candidate, _)| candidate.get_ref().as_ref() == key.as_str())?;
    let own = found.span().start;
    Some(inner_offset(value, rest).unwrap_or(own))
}

fn inner_offset(value: &Spanned<DeValue<'_>>, rest: &[String]) -> Option<usize> {
    match value.get_ref() {
        DeValue::Table(table) => offset_in(table, rest),
        DeValue::Array(items) => {
            let (index, deeper) = rest.split_first()?;
            let item = items.get(index.parse::<usize>().ok()?)?;
            Some(inner_offset(item, deeper).unwrap_or_else(|| item.span().start))
        }
        DeValue::String(_) | DeValue::Integer(_) | DeValue::Float(_) | DeValue::Boolean(_) | DeValue::Datetime(_) => {
            None
        }
    }
}
