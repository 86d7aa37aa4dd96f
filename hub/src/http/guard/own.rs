//! Whose presence somebody may see: the own one whatever the role, everybody's from a role upwards.

use axum::http::StatusCode;

use super::may;
use crate::http::people;
use crate::http::problem::Problem;
use crate::login::Caller;
use crate::store::accounts::Role;

/// Refuses whom this person is none of the business of. To a member, everybody else does not exist.
///
/// # Errors
///
/// 404 `person_unknown` for a member, 403 `forbidden` for others whose role is less than `others`.
pub(in crate::http) fn may_see(caller: &Caller, person: &str, others: Role) -> Result<(), Problem> {
    if caller.person.as_deref() == Some(person) {
        return Ok(());
    }
    match caller.role {
        Role::Member => Err(people::unknown(person)),
        Role::Viewer | Role::Operator | Role::Owner => may(caller, others),
    }
}

/// The person whom a question about many is narrowed to: none if the caller may ask about everybody.
///
/// # Errors
///
/// As [`may_see`]; 403 `forbidden` for an account that belongs to nobody.
pub(in crate::http) fn own_person(
    caller: &Caller,
    asked: Option<String>,
    others: Role,
) -> Result<Option<String>, Problem> {
    if let Some(person) = asked {
        may_see(caller, &person, others)?;
        return Ok(Some(person));
    }
    if caller.role >= others {
        return Ok(None);
    }
    match (&caller.person, caller.role) {
        (Some(person), _) => Ok(Some(person.clone())),
        (None, Role::Member) => {
            let detail = format!("account {} belongs to no person; an owner can say to whom it does", caller.account);
            Err(Problem::new(StatusCode::NOT_FOUND, "person_unknown", "There is no such person", detail))
        }
        (None, _) => Err(may(caller, others).err().unwrap_or_else(Problem::anonymous)),
    }
}
