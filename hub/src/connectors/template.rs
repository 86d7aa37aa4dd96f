//! Templates: strings of a mapping with values in them; pure.
//!
//! `{name}` or `{name|filter|filter}` stands for a value, `{{` and `}}` for braces. A string that is exactly one
//! expression keeps the JSON type of its value, every other one is text. There are no loops, no arithmetic and no
//! code: whatever a mapping can say is checked when it is loaded.

mod filter;
mod scope;
mod values;

use serde_json::Value;

use self::filter::Filter;
pub use self::scope::{Kind, Scope};
pub use self::values::{Datum, Values};

/// Longest template, bytes: a body's text, not a program.
const LENGTH_MAX: usize = 4096;

/// A template that was checked.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Template {
    parts: Vec<Part>,
}

#[derive(Debug, Clone, PartialEq)]
enum Part {
    Text(String),
    Expression(Expression),
}

#[derive(Debug, Clone, PartialEq)]
struct Expression {
    name: String,
    filters: Vec<Filter>,
    /// A value that is not there drops the field.
    is_optional: bool,
}

/// Why a template gives nothing for a row.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Unfit(pub String);

impl Template {
    /// Reads and checks a template.
    ///
    /// # Errors
    ///
    /// What is wrong and what to write instead, for people.
    pub fn parse(text: &str, scope: &Scope) -> Result<Self, String> {
        if text.len() > LENGTH_MAX {
            return Err(format!("it is longer than {LENGTH_MAX} bytes; shorten it"));
        }
        let mut parts: Vec<Part> = Vec::new();
        let mut rest = text;
        while !rest.is_empty() {
            let (part, behind) = next_part(rest, scope)?;
            rest = behind;
            match (part, parts.last_mut()) {
                (Part::Text(more), Some(Part::Text(before))) => before.push_str(&more),
                (part, _) => parts.push(part),
            }
        }
        Ok(Self { parts })
    }

    /// The value for a row; none if an optional value is missing, which drops the field.
    ///
    /// # Errors
    ///
    /// [`Unfit`] if a value that must be there is missing or does not fit its filters.
    pub fn render(&self, values: &Values) -> Result<Option<Value>, Unfit> {
        if let [Part::Expression(only)] = self.parts.as_slice() {
            return only.evaluate(values).map(|datum| datum.map(Datum::into_json));
        }
        Ok(self.text(values, str::to_owned)?.map(Value::String))
    }

    /// The template as text, each value passed through `escape`; none if an optional value is missing.
    ///
    /// # Errors
    ///
    /// As [`Self::render`].
    pub fn text(&self, values: &Values, escape: impl Fn(&str) -> String) -> Result<Option<String>, Unfit> {
        let mut text = String::new();
        for part in &self.parts {
            match part {
                Part::Text(plain) => text.push_str(plain),
                Part::Expression(expression) => match expression.evaluate(values)? {
                    Some(datum) => text.push_str(&escape(&datum.text())),
                    None => return Ok(None),
                },
            }
        }
        Ok(Some(text))
    }

    /// The names without which it gives nothing.
    pub fn needs(&self) -> impl Iterator<Item = &str> {
        let is_needed = |one: &&Expression| {
            !one.is_optional && !one.filters.iter().any(|filter| matches!(filter, Filter::Default(_)))
        };
        self.expressions().filter(is_needed).map(|expression| expression.name.as_str())
    }

    /// The names that it uses.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.expressions().map(|expression| expression.name.as_str())
    }

    fn expressions(&self) -> impl Iterator<Item = &Expression> {
        self.parts.iter().filter_map(|part| match part {
            Part::Text(_) => None,
            Part::Expression(expression) => Some(expression),
        })
    }
}

impl Expression {
    fn evaluate(&self, values: &Values) -> Result<Option<Datum>, Unfit> {
        let mut datum = values.get(&self.name);
        for filter in &self.filters {
            datum = filter.apply(datum, values.zone()).map_err(|wrong| Unfit(format!("`{}`: {wrong}", self.name)))?;
        }
        let is_null_wanted = self.filters.contains(&Filter::Default(Value::Null));
        match (datum.is_null() && !is_null_wanted, self.is_optional) {
            (false, _) => Ok(Some(datum)),
            (true, true) => Ok(None),
            (true, false) => Err(Unfit(format!(
                "there is no `{}` for it; write `{{{}|opt}}` in the mapping if it may be missing",
                self.name, self.name
            ))),
        }
    }
}

/// The first part of a text, and what is behind it.
fn next_part<'a>(text: &'a str, scope: &Scope) -> Result<(Part, &'a str), String> {
    if let Some(behind) = text.strip_prefix("{{") {
        return Ok((Part::Text("{".to_owned()), behind));
    }
    if let Some(behind) = text.strip_prefix("}}") {
        return Ok((Part::Text("}".to_owned()), behind));
    }
    if let Some(behind) = text.strip_prefix('{') {
        let Some((inside, behind)) = behind.split_once('}') else {
            return Err(format!(
                "`{{{}` has no closing brace; write `}}`, or `{{{{` for a brace itself",
                short(behind)
            ));
        };
        return Ok((Part::Expression(expression(inside, scope)?), behind));
    }
    if text.starts_with('}') {
        return Err("a `}` closes nothing; write `}}` for a brace itself".to_owned());
    }
    let end = text.find(['{', '}']).unwrap_or(text.len());
    let (plain, behind) = text.split_at(end);
    Ok((Part::Text(plain.to_owned()), behind))
}

fn expression(inside: &str, scope: &Scope) -> Result<Expression, String> {
    let mut pieces = inside.split('|');
    let name = pieces.next().unwrap_or_default().trim().to_owned();
    let mut kind = scope.kind(&name)?;
    let (mut filters, mut is_optional) = (Vec::new(), false);
    for piece in pieces {
        if is_optional {
            return Err(format!("`opt` must be the last filter of `{{{inside}}}`"));
        }
        match piece.trim() {
            "opt" => is_optional = true,
            piece => {
                let filter = Filter::parse(piece)?;
                kind = filter.check(kind).map_err(|wrong| format!("`{name}|{piece}`: {wrong}"))?;
                filters.push(filter);
            }
        }
    }
    Ok(Expression { name, filters, is_optional })
}

fn short(text: &str) -> String {
    text.chars().take(40).collect()
}

#[cfg(test)]
mod tests;
