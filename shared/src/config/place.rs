//! Where a setting was written: file and line, or the environment variable.

use serde_json::Value;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::{File, Layer};

/// The files that were read, the layer above them, and the prefix of the environment variables.
pub(super) struct Places<'a> {
    files: &'a [File],
    layer: Option<&'a Layer>,
    env_prefix: &'static str,
}

impl<'a> Places<'a> {
    pub(super) fn new(files: &'a [File], layer: Option<&'a Layer>, env_prefix: &'static str) -> Self {
        Self { files, layer, env_prefix }
    }

    /// The place that said exactly this setting; none if nobody did.
    pub(super) fn said(&self, path: &[String]) -> Option<String> {
        if let Some(variable) = self.variable(path) {
            return Some(variable);
        }
        if let Some(layer) = self.layer.filter(|layer| has(&layer.tree, path)) {
            return Some(layer.name.clone());
        }
        let file = self.files.iter().rev().find(|file| has_said(&file.table, path))?;
        Some(format!("{}:{}", file.path.display(), line_of(&file.text, path).unwrap_or(1)))
    }

    /// The place that had the last word on the setting.
    pub(super) fn of(&self, path: &[String]) -> String {
        if let Some(variable) = self.variable(path) {
            return variable;
        }
        if let Some(layer) = self.layer.filter(|layer| has(&layer.tree, path)) {
            return layer.name.clone();
        }
        for file in self.files.iter().rev() {
            if let Some(line) = line_of(&file.text, path) {
                return format!("{}:{line}", file.path.display());
            }
        }
        self.files.last().map_or_else(|| "configuration".to_owned(), |file| file.path.display().to_string())
    }

    fn variable(&self, path: &[String]) -> Option<String> {
        let variable = format!("{}{}", self.env_prefix, path.join("__").to_uppercase());
        (!variable.contains('\0') && std::env::var_os(&variable).is_some()).then_some(variable)
    }
}

fn has(tree: &Value, path: &[String]) -> bool {
    path.iter().try_fold(tree, |tree, key| tree.get(key)).is_some()
}

fn has_said(table: &toml::Table, path: &[String]) -> bool {
    let Some((key, rest)) = path.split_first() else { return false };
    table.get(key).is_some_and(|value| rest.iter().try_fold(value, |value, key| value.get(key)).is_some())
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
