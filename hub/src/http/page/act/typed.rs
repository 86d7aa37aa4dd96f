//! What somebody typed into a form of ours: its own fields, and what goes into the path, the query and the body.

use std::collections::BTreeSet;

use axum::Form;
use axum::extract::rejection::FormRejection;
use axum::extract::{FromRequest as _, Request};
use axum::http::StatusCode;

use super::tree::Node;
use crate::http::page::address::{escape, escape_step, own_address};
use crate::http::problem::Problem;

/// Fields of the largest form.
const FIELDS_MAX: usize = 200;
/// Things that one form acts on at once: the sites of a large fleet.
pub(super) const TARGETS_MAX: usize = 1000;

/// What the names of fields begin with that say what is acted on: in the path, or in the body.
const PATH: &str = "path.";
const EACH: &str = "each.";

/// Fields that are about the form itself and go nowhere. None is called as a property of forms is: scripts would find it instead.
pub(in crate::http::page) const OWN: [&str; 6] = ["csrf", "back", "key", "of", "subject", "typed"];

/// The fields of a form, in their order.
#[derive(Debug, Clone, Default)]
pub(in crate::http::page) struct Typed {
    pub(in crate::http::page) fields: Vec<(String, String)>,
}

impl Typed {
    /// Reads the form of a request.
    ///
    /// # Errors
    ///
    /// 413 `too_large`, 400 `malformed`, 422 `invalid` if it has too many fields.
    pub(super) async fn read(request: Request) -> Result<Self, Problem> {
        let Form(fields) =
            Form::<Vec<(String, String)>>::from_request(request, &()).await.map_err(|error| unreadable(&error))?;
        if fields.len() > FIELDS_MAX {
            return Err(Problem::invalid(
                "form",
                format_args!("it has more than {FIELDS_MAX} fields; nothing was changed"),
            ));
        }
        Ok(Self { fields })
    }

    /// A field's last value; empty if it is not there.
    pub(in crate::http::page) fn get(&self, name: &str) -> &str {
        let found = self.fields.iter().rev().find(|(known, _)| known == name);
        found.map_or("", |(_, value)| value.as_str())
    }

    /// The page to come back to.
    pub(super) fn back(&self) -> &str {
        own_address(self.get("back"))
    }

    /// Everything but what is about the form itself: it is shown again when the form is.
    pub(super) fn kept(&self) -> Vec<(String, String)> {
        self.fields
            .iter()
            .filter(|(name, _)| !["csrf", "back", "key", "typed"].contains(&name.as_str()))
            .cloned()
            .collect()
    }

    /// Whether the name of the thing was typed once more.
    pub(super) fn is_meant(&self) -> bool {
        let subject = self.get("subject").trim();
        !subject.is_empty() && self.get("typed").trim() == subject
    }

    /// What to act on: one thing, or one for each line of a parameter of the path (`path.NAME`) or of a field of the body
    /// (`each.NAME`) that names several.
    ///
    /// # Errors
    ///
    /// 422 `invalid` if a parameter is missing, or there are too many.
    pub(super) fn targets(&self, path: &str) -> Result<Vec<Target>, Problem> {
        let mut targets = vec![Target { path: path.to_owned(), ..Target::default() }];
        let of_body: BTreeSet<&str> =
            self.fields.iter().map(|(name, _)| name.as_str()).filter(|name| name.starts_with(EACH)).collect();
        for field in names(path).map(|name| format!("{PATH}{name}")).chain(of_body.into_iter().map(str::to_owned)) {
            let name = field.split_once('.').map_or(field.as_str(), |(_, name)| name);
            let given = self.fields.iter().filter(|(known, _)| *known == field).flat_map(|(_, value)| value.lines());
            let mut values: Vec<&str> = Vec::new();
            for value in given.map(str::trim).filter(|value| !value.is_empty()) {
                if !values.contains(&value) {
                    values.push(value);
                }
            }
            if values.is_empty() {
                return Err(Problem::invalid(name, "nothing was chosen; choose at least one, then try again"));
            }
            if values.len().saturating_mul(targets.len()) > TARGETS_MAX {
                return Err(Problem::invalid(name, format_args!("at most {TARGETS_MAX} at once; choose fewer")));
            }
            targets = targets.iter().flat_map(|target| values.iter().map(|value| target.at(&field, value))).collect();
        }
        Ok(targets)
    }

    /// The query that goes with the request, `?` included; empty if there is none.
    pub(super) fn query(&self) -> String {
        let pairs = self.fields.iter().filter_map(|(name, value)| Some((name.strip_prefix("query.")?, value)));
        let pairs: Vec<String> = pairs
            .filter(|(_, value)| !value.trim().is_empty())
            .map(|(name, value)| format!("{}={}", escape(name), escape(value)))
            .collect();
        if pairs.is_empty() { String::new() } else { format!("?{}", pairs.join("&")) }
    }

    /// The fields of the body of one thing.
    ///
    /// # Errors
    ///
    /// 422 `invalid` if a name is too deep.
    pub(super) fn body(&self, target: &Target) -> Result<Node, Problem> {
        let is_own = |name: &str| OWN.contains(&name) || is_target(name) || name.starts_with("query.");
        let fields = self.fields.iter().filter(|(name, _)| !is_own(name));
        Node::of(fields.chain(&target.fields).cloned())
            .map_err(|name| Problem::invalid(&name, "the field is too deep; load the page again"))
    }
}

/// Whether a field names what is acted on: several values are several things.
pub(super) fn is_target(name: &str) -> bool {
    name.starts_with(PATH) || name.starts_with(EACH)
}

/// One thing to act on.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Target {
    /// The path of its request.
    pub(super) path: String,
    /// What tells it from the others.
    pub(super) name: String,
    /// Fields of its body that others have otherwise.
    fields: Vec<(String, String)>,
}

impl Target {
    fn at(&self, field: &str, value: &str) -> Self {
        let mut at = self.clone();
        at.name = if self.name.is_empty() { value.to_owned() } else { format!("{} {value}", self.name) };
        if let Some(parameter) = field.strip_prefix(PATH) {
            at.path = self.path.replace(&format!("{{{parameter}}}"), &escape_step(value));
        } else if let Some(name) = field.strip_prefix(EACH) {
            at.fields.push((name.to_owned(), value.to_owned()));
        }
        at
    }
}

/// The parameters of a path, in their order.
fn names(path: &str) -> impl Iterator<Item = &str> {
    path.split('{').skip(1).filter_map(|rest| rest.split('}').next())
}

fn unreadable(error: &FormRejection) -> Problem {
    if error.status() == StatusCode::PAYLOAD_TOO_LARGE {
        let detail = "the form is larger than 64 KiB; nothing was changed; send less at once";
        return Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", "The form is too large", detail);
    }
    Problem::new(StatusCode::BAD_REQUEST, "malformed", "The form cannot be read", error.body_text())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(fields: &[(&str, &str)]) -> Typed {
        Typed { fields: fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect() }
    }

    #[test]
    fn a_path_takes_its_parameters_and_nothing_leaves_its_step() {
        let one = typed(&[("path.id", "metz"), ("path.command", "../../users")]);
        let targets = one.targets("/api/v1/sites/{id}/commands/{command}/cancel").unwrap();
        assert_eq!(targets[0].path, "/api/v1/sites/metz/commands/..%2F..%2Fusers/cancel");
        assert!(typed(&[]).targets("/api/v1/sites/{id}").is_err());
    }

    #[test]
    fn lines_and_repeated_names_are_several_targets() {
        let many = typed(&[("path.id", "metz\r\nbrest"), ("path.id", "lyon")]);
        let names: Vec<String> =
            many.targets("/api/v1/sites/{id}/commands").unwrap().into_iter().map(|target| target.name).collect();
        assert_eq!(names, ["metz", "brest", "lyon"]);
        let crowd: Vec<String> = (0..=TARGETS_MAX).map(|number| number.to_string()).collect();
        let crowd = crowd.join("\n");
        assert!(typed(&[("path.id", &crowd)]).targets("/{id}").is_err());
    }

    #[test]
    fn a_field_of_the_body_may_name_several_things_too() {
        let many = typed(&[("each.site", "metz\nbrest"), ("for", "1h")]);
        let targets = many.targets("/api/v1/alerts/silences").unwrap();
        let told: Vec<(&str, &str)> = targets.iter().map(|one| (one.path.as_str(), one.name.as_str())).collect();
        assert_eq!(told, [("/api/v1/alerts/silences", "metz"), ("/api/v1/alerts/silences", "brest")]);
        let body = many.body(&targets[1]).unwrap();
        assert_eq!(body.children.keys().collect::<Vec<_>>(), ["for", "site"]);
    }

    #[test]
    fn the_forms_own_fields_go_nowhere() {
        let form = typed(&[("csrf", "c"), ("back", "/"), ("path.id", "x"), ("query.q", "a b"), ("note", "n")]);
        assert_eq!(form.query(), "?q=a%20b");
        assert_eq!(form.body(&Target::default()).unwrap().children.keys().collect::<Vec<_>>(), ["note"]);
        assert!(!form.is_meant());
        assert!(typed(&[("subject", "Metz"), ("typed", " Metz ")]).is_meant());
    }
}
