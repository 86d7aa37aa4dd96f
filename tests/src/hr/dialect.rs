//! The dialects: how each HR system is asked and how it answers when it is well.

mod erpnext;
mod kimai;
mod odoo;
mod plain;

use serde_json::{Value, json};

use super::books::{Books, Employee};
use super::http::Request;
use super::reply::Reply;

/// Which HR system the server is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Dialect {
    /// The format of the server that Vigie replaces: users by GET, rows by POST, whatever the paths.
    #[default]
    Plain,
    /// `ERPNext` with Frappe HR.
    Erpnext,
    /// Odoo 19 by `/json/2`.
    Odoo,
    /// Kimai.
    Kimai,
}

/// What a request is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// The list of people.
    People,
    /// A row to store or to complete.
    Push,
    /// A question whether a row is there.
    Probe,
    /// A row to take out.
    Undo,
    /// Passing the door.
    Login,
}

/// How the server behaves when nothing is wrong with it: what differs between installations of one system.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Manners {
    /// Errors are in French, as on most sites.
    pub speaks_french: bool,
    /// Errors carry the traceback.
    pub tells_tracebacks: bool,
    /// Overlapping rows of one person are refused. Odoo always does, Kimai only if told.
    pub refuses_overlap: bool,
    /// A time with a `Z` is refused, with a bare 400.
    pub refuses_zulu: bool,
    /// What the answer to a batch says of its rows.
    pub results: Results,
    /// Rows whose JSON holds one of these texts are refused; without results, with their whole batch.
    pub poison: Vec<String>,
    /// Rows of people whom the server does not know are refused, in the plain dialect.
    pub knows_its_people: bool,
    /// How many minutes the server's zone is ahead of the one that the rows are in.
    pub ahead_minutes: i64,
    /// What is wrong with lists.
    pub list: Listing,
}

/// What the answer to a batch of the plain dialect says of its rows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Results {
    /// Nothing: 200 and an empty object.
    #[default]
    None,
    /// `results`, one per row in their order, each with `status` and `message`; 200.
    ByRow,
    /// `error.detailed_message`, one per row, each with `success`, `error_msg` and `id`; 400 as soon as one is refused.
    /// The others are stored all the same.
    Mixed400,
    /// A bare list, one per row, each with `success`, `error` and `id`; always 201.
    Mixed201,
    /// As `ByRow`, but the last row's result is missing.
    Short,
}

/// What is wrong with lists of people.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Listing {
    /// Nothing.
    #[default]
    Honest,
    /// At most so many, whatever was asked.
    Capped(usize),
    /// Always the first page.
    Repeated,
    /// A page beyond the last is 404.
    EndsWith404,
    /// Nobody, with 200.
    Empty,
}

impl Listing {
    /// The page of people that begins at `offset`.
    fn page(self, people: &[Employee], offset: usize, limit: usize) -> Option<&[Employee]> {
        let (offset, limit) = match self {
            Self::Honest | Self::EndsWith404 => (offset, limit),
            Self::Capped(most) => (offset, limit.min(most)),
            Self::Repeated => (0, limit),
            Self::Empty => return Some(&[]),
        };
        let rest = people.get(offset..).unwrap_or_default();
        if rest.is_empty() && offset > 0 && self == Self::EndsWith404 {
            return None;
        }
        Some(&rest[..limit.min(rest.len())])
    }
}

impl Dialect {
    /// What a request is about.
    #[must_use]
    pub fn kind(self, request: &Request) -> Kind {
        match (self, request.path.as_str()) {
            (_, "/oauth/token" | "/api/auth/login/") => Kind::Login,
            (Self::Plain, _) => plain::kind(request),
            (Self::Erpnext, _) => erpnext::kind(request),
            (Self::Odoo, _) => odoo::kind(request),
            (Self::Kimai, _) => kimai::kind(request),
        }
    }

    pub(super) fn answer(self, books: &mut Books, manners: &Manners, request: &Request) -> Reply {
        let holds = |poison: &String| request.text().contains(poison.as_str());
        if manners.refuses_zulu && has_zulu(&request.json()) {
            return Reply::empty(400);
        }
        if self != Self::Plain && self.kind(request) == Kind::Push && manners.poison.iter().any(holds) {
            return Reply::json(500, &json!({ "message": "unexpected" }));
        }
        match self {
            Self::Plain => plain::answer(books, manners, request),
            Self::Erpnext => erpnext::answer(books, manners, request),
            Self::Odoo => odoo::answer(books, manners, request),
            Self::Kimai => kimai::answer(books, manners, request),
        }
    }
}

/// Whether a text in there looks like a UTC time with its mark.
fn has_zulu(value: &Value) -> bool {
    match value {
        Value::String(text) => text.len() >= 17 && text.ends_with('Z') && text.as_bytes()[4] == b'-',
        Value::Array(items) => items.iter().any(has_zulu),
        Value::Object(fields) => fields.values().any(has_zulu),
        _ => false,
    }
}

/// A number in JSON or in text, as careless systems take both.
fn number(value: &Value) -> Option<u64> {
    value.as_u64().or_else(|| value.as_str()?.parse().ok())
}

/// A field of a query as a number.
fn number_in(request: &Request, field: &str) -> Option<usize> {
    request.field(field)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_gives_what_it_was_told_to() {
        let people: Vec<Employee> = (1..=5).map(Employee::new).collect();
        let numbers = |listing: Listing, offset, limit| {
            let page = listing.page(&people, offset, limit)?;
            Some(page.iter().map(|person| person.number).collect::<Vec<_>>())
        };
        assert_eq!(numbers(Listing::Honest, 2, 2), Some(vec![3, 4]));
        assert_eq!(numbers(Listing::Honest, 9, 2), Some(vec![]));
        assert_eq!(numbers(Listing::Capped(1), 2, 2), Some(vec![3]));
        assert_eq!(numbers(Listing::Repeated, 2, 2), Some(vec![1, 2]));
        assert_eq!(numbers(Listing::EndsWith404, 5, 2), None);
        assert_eq!(numbers(Listing::Empty, 0, 2), Some(vec![]));
    }

    #[test]
    fn a_marked_time_is_found_wherever_it_stands() {
        assert!(has_zulu(&json!({ "a": [{ "start": "2031-05-06T08:00:00Z" }] })));
        assert!(!has_zulu(&json!({ "start": "2031-05-06T08:00:00", "name": "Zoé-Z" })));
    }
}
