//! `/api/v1/people`: who is who, on which terminal under which number.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Admin;
use super::guard::Operator;
use super::input::{Body, enrol_number, line};
use super::problem::{Problem, Refused};
use super::schedules::NAME_LENGTH_MAX;
use super::views::Page;
use crate::attendance::Person;
use crate::store::presence::{OwnershipFilter, Profile};

/// People of a hub.
const PEOPLE_MAX: usize = 20_000;

/// Numbers of one person: terminals that one person uses.
const NUMBERS_MAX: usize = 200;

/// Longest e-mail address, characters (RFC 5321).
const EMAIL_LENGTH_MAX: usize = 254;

/// Longest name of a person, characters.
const PERSON_LENGTH_MAX: usize = 200;

/// Somebody who is known beyond one terminal.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct PersonView {
    /// The number or name under which an owner knows the person.
    id: String,
    /// The person's name.
    name: String,
    /// Under which number which terminal knows the person.
    numbers: Vec<NumberView>,
    /// The e-mail address by which third parties know the person.
    email: Option<String>,
    /// The person agreed to be named among those who are here.
    shows_name: bool,
}

/// A number on a terminal.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NumberView {
    /// The terminal's serial number.
    terminal: String,
    /// The number.
    number: u64,
}

/// Who somebody is.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewPerson {
    /// The person's name.
    name: String,
    /// Under which number which terminal knows the person. A number belongs to whom it was given last.
    #[serde(default)]
    numbers: Vec<NumberView>,
    /// The e-mail address by which third parties know the person; of one person only.
    #[serde(default)]
    email: Option<String>,
    /// The person agreed to be named among those who are here.
    #[serde(default)]
    shows_name: bool,
}

/// Lists everybody, by id.
#[utoipa::path(
    get, path = "/api/v1/people", operation_id = "people_list",
    tag = "attendance", extensions(("x-role" = json!("operator"))),
    responses((status = 200, description = "Everybody", body = Page<PersonView>), Refused)
)]
pub(super) async fn list(_: Operator, State(admin): State<Admin>) -> Result<Json<Page<PersonView>>, Problem> {
    let people = admin.store.people().await?;
    let mut profiles: BTreeMap<String, Profile> =
        admin.store.profiles().await?.into_iter().map(|one| (one.person.clone(), one)).collect();
    let view = |person: Person| {
        let profile = profiles.remove(&person.id).unwrap_or_default();
        PersonView::new(person, profile)
    };
    Ok(Json(Page { items: people.into_iter().map(view).collect(), next: None }))
}

/// Says who somebody is; what was said before is replaced.
#[utoipa::path(
    put, path = "/api/v1/people/{id}", operation_id = "people_put",
    tag = "attendance", request_body = NewPerson, extensions(("x-role" = json!("operator"))),
    params(("id" = String, Path, description = "The number or name under which the owner knows the person")),
    responses((status = 200, description = "Kept", body = PersonView), Refused)
)]
pub(super) async fn put(
    _: Operator,
    State(admin): State<Admin>,
    Path(id): Path<String>,
    Body(new): Body<NewPerson>,
) -> Result<Json<PersonView>, Problem> {
    if new.numbers.len() > NUMBERS_MAX {
        return Err(Problem::invalid("numbers", format_args!("at most {NUMBERS_MAX}")));
    }
    let known = admin.store.people().await?;
    if known.len() >= PEOPLE_MAX && !known.iter().any(|person| person.id == id) {
        return Err(Problem::invalid("id", format_args!("there are {PEOPLE_MAX} people already; remove some first")));
    }
    let person = Person {
        id: line("id", &id, NAME_LENGTH_MAX)?,
        name: line("name", &new.name, PERSON_LENGTH_MAX)?,
        numbers: new.numbers.iter().map(number).collect::<Result<_, Problem>>()?,
    };
    let profile =
        Profile { person: person.id.clone(), email: email(new.email.as_deref())?, shows_name: new.shows_name };
    admin.store.put_person(&person).await?;
    admin.store.put_profile(&profile).await?;
    Ok(Json(PersonView::new(person, profile)))
}

/// An address as far as it matters here: somebody at some place.
pub(super) fn email(given: Option<&str>) -> Result<Option<String>, Problem> {
    let Some(given) = given else { return Ok(None) };
    let text = line("email", given, EMAIL_LENGTH_MAX)?;
    let is_one = text.split_once('@').is_some_and(|(who, place)| !who.is_empty() && place.contains('.'));
    if is_one && !text.contains(char::is_whitespace) {
        return Ok(Some(text));
    }
    Err(Problem::invalid("email", "write it like `ama@example.org`"))
}

/// Somebody who was named.
///
/// # Errors
///
/// 404 `person_unknown`.
pub(super) async fn find(admin: &Admin, id: &str) -> Result<Person, Problem> {
    let people = admin.store.people().await?;
    people.into_iter().find(|person| person.id == id).ok_or_else(|| unknown(id))
}

/// There is no such person, or none that the caller may know of.
pub(super) fn unknown(id: &str) -> Problem {
    let shown: String = id.chars().take(64).collect();
    let detail = format!("nobody has the id `{shown}`; `vigie-hub person list` shows everybody");
    Problem::new(StatusCode::NOT_FOUND, "person_unknown", "There is no such person", detail)
}

fn number(one: &NumberView) -> Result<(String, u64), Problem> {
    Ok((line("numbers", &one.terminal, NAME_LENGTH_MAX)?, enrol_number("numbers", one.number)?))
}

/// Forgets who somebody is, if no device is the person's; punches stay, under the terminals' numbers.
#[utoipa::path(
    delete, path = "/api/v1/people/{id}", operation_id = "people_delete",
    tag = "attendance", extensions(("x-role" = json!("operator"))),
    params(("id" = String, Path, description = "The person")),
    responses((status = 204, description = "Forgotten"), Refused)
)]
pub(super) async fn remove(
    _: Operator,
    State(admin): State<Admin>,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    let owned = OwnershipFilter { person: Some(id.clone()), ..OwnershipFilter::default() };
    if !admin.store.ownerships(&owned).await?.is_empty() {
        let detail = "the person has devices, so what was seen of them would be nobody's; `vigie-hub person erase` forgets \
                      both, `vigie-hub device forget` a device";
        return Err(Problem::new(StatusCode::CONFLICT, "person_has_devices", "The person has devices", detail));
    }
    if admin.store.remove_person(&id).await? {
        return Ok(StatusCode::NO_CONTENT);
    }
    Err(unknown(&id))
}

impl PersonView {
    fn new(Person { id, name, numbers }: Person, Profile { email, shows_name, .. }: Profile) -> Self {
        let numbers = numbers.into_iter().map(|(terminal, number)| NumberView { terminal, number });
        Self { id, name, numbers: numbers.collect(), email, shows_name }
    }
}
