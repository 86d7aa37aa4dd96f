//! `/api/v1/people`: who is who, on which terminal under which number.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Admin;
use super::guard::Operator;
use super::input::{Body, line};
use super::problem::{Problem, Refused};
use super::schedules::NAME_LENGTH_MAX;
use super::views::Page;
use crate::attendance::Person;

/// People of a hub.
const PEOPLE_MAX: usize = 20_000;

/// Numbers of one person: terminals that one person uses.
const NUMBERS_MAX: usize = 200;

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
}

/// Lists everybody, by id.
#[utoipa::path(
    get, path = "/api/v1/people", operation_id = "people_list",
    tag = "attendance", extensions(("x-role" = json!("operator"))),
    responses((status = 200, description = "Everybody", body = Page<PersonView>), Refused)
)]
pub(super) async fn list(_: Operator, State(admin): State<Admin>) -> Result<Json<Page<PersonView>>, Problem> {
    let people = admin.store.people().await?;
    Ok(Json(Page { items: people.into_iter().map(PersonView::from).collect(), next: None }))
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
    admin.store.put_person(&person).await?;
    Ok(Json(PersonView::from(person)))
}

fn number(one: &NumberView) -> Result<(String, u64), Problem> {
    if i64::try_from(one.number).is_err() {
        return Err(Problem::invalid("numbers", format_args!("{} is larger than any terminal's number", one.number)));
    }
    Ok((line("numbers", &one.terminal, NAME_LENGTH_MAX)?, one.number))
}

/// Forgets who somebody is; punches stay, under the terminals' numbers.
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
    if admin.store.remove_person(&id).await? {
        return Ok(StatusCode::NO_CONTENT);
    }
    let shown: String = id.chars().take(64).collect();
    let detail = format!("nobody has the id `{shown}`; `vigie-hub person list` shows everybody");
    Err(Problem::new(StatusCode::NOT_FOUND, "person_unknown", "There is no such person", detail))
}

impl From<Person> for PersonView {
    fn from(Person { id, name, numbers }: Person) -> Self {
        let numbers = numbers.into_iter().map(|(terminal, number)| NumberView { terminal, number });
        Self { id, name, numbers: numbers.collect() }
    }
}
