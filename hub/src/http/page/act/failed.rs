//! An act that was refused, as the page that asked for it shows it again.

use super::typed::Typed;
use crate::http::page::french::{Told, told};
use crate::http::page::words::{Said, said};
use crate::http::problem::Problem;
use crate::text::Lang;

/// What was asked for, and why not.
#[derive(Debug)]
pub(in crate::http::page) struct Failed {
    /// The name of the form that was sent.
    pub(in crate::http::page) form: String,
    pub(in crate::http::page) problem: Problem,
    pub(in crate::http::page) typed: Typed,
}

impl Failed {
    /// The field that the problem names; none if it is about something else.
    pub(in crate::http::page) fn field(&self) -> Option<&str> {
        split(&self.problem.detail).map(|(field, _)| field)
    }

    /// The name of that field in the form that was sent.
    pub(in crate::http::page) fn anchor(&self) -> Option<String> {
        let field = self.field()?;
        let is_it = |name: &str| {
            let plain = name.split(':').next().unwrap_or(name);
            plain == field || plain.strip_prefix("path.") == Some(field) || plain.strip_prefix("query.") == Some(field)
        };
        let found = self.typed.fields.iter().map(|(name, _)| name.as_str()).find(|name| is_it(name));
        found.map(|name| name.split(':').next().unwrap_or(name).to_owned())
    }

    /// What is wrong, without the field's name.
    pub(in crate::http::page) fn reason(&self) -> &str {
        reason(&self.problem.detail)
    }

    /// The same in the reader's language, as far as it is known there.
    pub(in crate::http::page) fn told(&self, lang: Lang) -> Told {
        told(lang, self.reason())
    }

    /// The kind of the problem in the reader's language.
    pub(in crate::http::page) fn title(&self) -> Said {
        match (self.problem.code.as_str(), self.problem.status) {
            ("invalid" | "malformed", _) => said("Une valeur n’est pas acceptée", "A value is not accepted"),
            ("forbidden", _) => said("Votre rôle ne le permet pas", "Your role does not allow this"),
            ("cross_site", _) => said("La page n’est plus valable", "The page is no longer valid"),
            (_, 404) => said("Cela n’existe plus", "This is not there any more"),
            (_, 409) => said("Cela existe déjà ou a changé", "This exists already or has changed"),
            (_, 413) => said("C’est trop grand", "This is too large"),
            (_, 429) => said("Trop d’essais", "Too many attempts"),
            (_, 500..) => said("Le serveur n’a pas pu le faire", "The hub could not do this"),
            _ => said("Demande refusée", "Request refused"),
        }
    }
}

/// What is wrong, without the name of the field that is in the way.
pub(in crate::http::page) fn reason(detail: &str) -> &str {
    split(detail).map_or(detail, |(_, reason)| reason)
}

/// The field that a sentence begins with, and the rest.
fn split(detail: &str) -> Option<(&str, &str)> {
    let (field, reason) = detail.strip_prefix('`')?.split_once("`: ")?;
    (!field.contains('`')).then_some((field, reason))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_that_names_its_field_leads_there() {
        let of = |problem| Failed { form: String::new(), problem, typed: Typed::default() };
        let named = of(Problem::invalid("about.town", "use 1 to 80 characters"));
        assert_eq!((named.field(), named.reason()), (Some("about.town"), "use 1 to 80 characters"));
        let quoted = of(Problem::invalid("x", ""));
        let quoted =
            Failed { problem: Problem { detail: "`lea` is the only owner".to_owned(), ..quoted.problem }, ..quoted };
        assert_eq!((quoted.field(), quoted.reason()), (None, "`lea` is the only owner"));
        let other = of(Problem::unknown("site", "metz"));
        assert_eq!(other.field(), None);
        assert_eq!(other.reason(), other.problem.detail);
    }
}
