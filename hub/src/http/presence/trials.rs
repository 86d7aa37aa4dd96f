//! `/api/v1/presence/replay` and `compare`: what another policy would change, and why the old scripts had other numbers.

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use serde_json::Value as Content;
use utoipa::{IntoParams, ToSchema};

use super::dates;
use crate::http::Admin;
use crate::http::attendance::date;
use crate::http::guard::Operator;
use crate::http::input::{Body, Params};
use crate::http::problem::{Problem, Refused};
use crate::presence::driver::{Compared, OldNumber};
use crate::presence::policy::Policy;
use crate::presence::value::Value;

/// Largest list of old numbers, bytes: a year of two hundred members.
pub(in crate::http) const NUMBERS_BYTES_MAX: usize = 8 << 20;

/// What to try on which days.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::http) struct Replay {
    /// A policy by its name; its newest version.
    name: Option<String>,
    /// Or a policy's text, TOML or JSON.
    text: Option<String>,
    /// The first day, `2026-11-20`.
    from: String,
    /// The last day, included; the first if not given. At most 367 days.
    through: Option<String>,
}

/// How the old numbers came to be.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(in crate::http) struct How {
    /// The zone in which the old logs were written; that of each site if not given.
    zone: Option<String>,
}

/// How our days differ from the old numbers.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::http) struct ComparedView {
    /// Days of people that were compared.
    compared: usize,
    /// Those that differ.
    items: Vec<DifferenceView>,
    /// Lines, from 1, whose address nobody here has.
    unknown: Vec<usize>,
}

/// A day that differs.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::http) struct DifferenceView {
    /// Whose: the person's id.
    person: String,
    /// Which day.
    date: String,
    /// What it is worth here.
    #[schema(value_type = f64)]
    ours: Value,
    /// What it was worth there.
    #[schema(value_type = f64)]
    theirs: Value,
    /// Every known cause that explains it, in words, the most certain first.
    causes: Vec<String>,
}

/// Says who would gain or lose what under another policy. Nothing is kept or told.
#[utoipa::path(
    post, path = "/api/v1/presence/replay", operation_id = "presence_replay",
    tag = "presence", request_body = Replay, extensions(("x-role" = json!("operator"))),
    responses((status = 200, description = "The balance, people by id, in half days", body = serde_json::Value), Refused)
)]
pub(in crate::http) async fn replay(
    _: Operator,
    State(admin): State<Admin>,
    Body(replay): Body<Replay>,
) -> Result<Json<Content>, Problem> {
    let dates = dates(&replay.from, replay.through.as_deref())?;
    let policy = match (replay.name, replay.text) {
        (Some(name), None) => admin.presences.newest_policy(&name).await?,
        (None, Some(text)) => Policy::parse(&text).map_err(|wrong| Problem::invalid("text", wrong))?,
        _ => return Err(Problem::invalid("name", "name a policy or give its text, one of both")),
    };
    let balance = admin.presences.replay(&policy, dates).await?;
    Ok(Json(serde_json::to_value(balance).unwrap_or_default()))
}

/// Compares days here with the numbers of the old scripts: the body has a line `e-mail,date,amount` for each.
#[utoipa::path(
    post, path = "/api/v1/presence/compare", operation_id = "presence_compare",
    tag = "presence", params(How), extensions(("x-role" = json!("operator"))),
    request_body(content = inline(String), content_type = "text/csv", description = "The old numbers"),
    responses((status = 200, description = "What differs, and why", body = ComparedView), Refused)
)]
pub(in crate::http) async fn compare(
    _: Operator,
    State(admin): State<Admin>,
    Params(how): Params<How>,
    body: Bytes,
) -> Result<Json<ComparedView>, Problem> {
    let unknown = |_| Problem::invalid("zone", "write a zone of the IANA database, such as `Europe/Paris`");
    let zone = how.zone.as_deref().map(|zone| TimeZone::get(zone).map_err(unknown)).transpose()?;
    let numbers = numbers(&String::from_utf8_lossy(&body))?;
    let Compared { compared, differences, unknown } = admin.presences.compare(&numbers, zone.as_ref()).await?;
    let items = differences.into_iter().map(|one| DifferenceView {
        person: one.person,
        date: one.date.to_string(),
        ours: one.ours,
        theirs: one.theirs,
        causes: one.causes.iter().map(|cause| cause.words().to_owned()).collect(),
    });
    Ok(Json(ComparedView { compared, items: items.collect(), unknown }))
}

/// Reads `e-mail,date,amount`, also with semicolons or tabs; a first line of heads is passed over.
fn numbers(text: &str) -> Result<Vec<OldNumber>, Problem> {
    let mut numbers = Vec::new();
    for (at, row) in text.lines().enumerate().filter(|(_, row)| !row.trim().is_empty()) {
        let fields: Vec<&str> = row.split([',', ';', '\t']).map(|field| field.trim().trim_matches('"')).collect();
        let [email, day, amount, ..] = fields.as_slice() else {
            return Err(Problem::invalid(
                "body",
                format_args!("line {} has no three fields: e-mail,date,amount", at + 1),
            ));
        };
        if at == 0 && !email.contains('@') {
            continue;
        }
        let value = amount.parse().ok().and_then(Value::of_amount);
        let value =
            value.ok_or_else(|| Problem::invalid("body", format_args!("line {}: an amount is 0, 0.5 or 1", at + 1)))?;
        numbers.push(OldNumber { email: email.to_lowercase(), date: date("body", day)?, value });
    }
    Ok(numbers)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn old_numbers_are_read_with_any_usual_separator_and_heads() {
        let found =
            numbers("email;date;amount\nLea@Example.org;2026-11-20;0.5\n\nbob@example.org,2026-11-20,1\n").unwrap();
        let shown: Vec<(&str, String)> = found.iter().map(|one| (one.email.as_str(), one.value.to_string())).collect();
        assert_eq!(shown, [("lea@example.org", "0.5".to_owned()), ("bob@example.org", "1".to_owned())]);
        for wrong in ["a@b.c,2026-11-20", "a@b.c,2026-11-20,0.7", "a@b.c,soon,1"] {
            assert!(numbers(wrong).is_err(), "{wrong}");
        }
    }
}
