//! What comes in: bodies, queries, keys. Whatever is wrong becomes a [`Problem`] that names it.

use std::fmt;
use std::marker::PhantomData;

use axum::Json;
use axum::extract::rejection::{JsonRejection, QueryRejection};
use axum::extract::{FromRequest, FromRequestParts, Query, Request};
use axum::http::StatusCode;
use axum::http::request::Parts;
use serde::de::value::MapAccessDeserializer;
use serde::de::{DeserializeOwned, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use utoipa::IntoParams;
use vigie_shared::id::SiteId;

use super::cursor::{ROWS, ROWS_MAX};
use super::problem::Problem;

/// Largest body that any route takes, bytes.
pub const BODY_BYTES_MAX: usize = 64 * 1024;
/// Longest `Idempotency-Key`, characters.
const KEY_LENGTH_MAX: usize = 128;

/// A JSON body: an object.
pub struct Body<T>(pub T);

/// What only an object is read as: without this, a list would be taken for the fields in their order.
struct Named<T>(T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Named<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        named(deserializer).map(Self)
    }
}

/// Reads a part of a body that is an object, too: `#[serde(deserialize_with = "named")]`.
///
/// # Errors
///
/// If it is none, or a field is wrong.
pub fn named<'de, T: Deserialize<'de>, D: Deserializer<'de>>(deserializer: D) -> Result<T, D::Error> {
    deserializer.deserialize_map(Fields(PhantomData))
}

/// Reads the fields of an object.
struct Fields<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for Fields<T> {
    type Value = T;

    fn expecting(&self, text: &mut fmt::Formatter<'_>) -> fmt::Result {
        text.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, fields: A) -> Result<T, A::Error> {
        T::deserialize(MapAccessDeserializer::new(fields))
    }
}

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Body<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let read = Json::from_request(request, state).await;
        read.map(|Json(Named(value))| Self(value)).map_err(|error| body_problem(&error))
    }
}

/// What is wrong with a body.
pub(super) fn body_problem(error: &JsonRejection) -> Problem {
    // The framework says first what it did, then what is wrong.
    let (status, said) = (error.status(), error.body_text());
    let text = said.split_once(": ").map_or(said.as_str(), |(_, wrong)| wrong);
    match status {
        StatusCode::PAYLOAD_TOO_LARGE => {
            let detail = format!("the body is larger than {} KiB; nothing was changed", BODY_BYTES_MAX / 1024);
            Problem::new(status, "too_large", "The body is too large", detail)
        }
        StatusCode::UNSUPPORTED_MEDIA_TYPE => {
            let detail = "send the body as JSON with `Content-Type: application/json`";
            Problem::new(status, "not_json", "The body is not JSON", detail)
        }
        StatusCode::UNPROCESSABLE_ENTITY => Problem::new(status, "invalid", "A value is not accepted", text),
        _ => Problem::new(StatusCode::BAD_REQUEST, "malformed", "The body cannot be read", text),
    }
}

/// The query of a request.
pub struct Params<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Params<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let query = Query::from_request_parts(parts, state).await;
        query.map(|Query(value)| Self(value)).map_err(|error: QueryRejection| {
            Problem::new(StatusCode::BAD_REQUEST, "invalid", "A value is not accepted", error.body_text())
        })
    }
}

/// The `Idempotency-Key` of a request, if it has one.
pub struct Key(pub Option<String>);

impl<S: Send + Sync> FromRequestParts<S> for Key {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Problem> {
        let Some(value) = parts.headers.get("idempotency-key") else { return Ok(Self(None)) };
        match value.to_str() {
            Ok(text) if (1..=KEY_LENGTH_MAX).contains(&text.len()) => Ok(Self(Some(text.to_owned()))),
            Ok(_) | Err(_) => {
                Err(Problem::invalid("Idempotency-Key", format_args!("use 1 to {KEY_LENGTH_MAX} plain characters")))
            }
        }
    }
}

/// Reads a site id from a path: what cannot be one does not exist.
///
/// # Errors
///
/// 404 `site_unknown`.
pub fn site_id(text: &str) -> Result<SiteId, Problem> {
    text.parse().map_err(|_not_an_id| Problem::unknown("site", text))
}

/// A text for people: 1 to `length_max` characters on one line, without blanks around it.
///
/// # Errors
///
/// 422 `invalid`.
pub fn line(field: &str, text: &str, length_max: usize) -> Result<String, Problem> {
    let text = text.trim();
    let length = text.chars().count();
    if (1..=length_max).contains(&length) && !text.chars().any(char::is_control) {
        return Ok(text.to_owned());
    }
    Err(Problem::invalid(field, format_args!("use 1 to {length_max} characters on one line")))
}

/// A number under which a terminal knows somebody.
///
/// # Errors
///
/// 422 `invalid`.
pub fn enrol_number(field: &str, number: u64) -> Result<u64, Problem> {
    match i64::try_from(number) {
        Ok(_) => Ok(number),
        Err(_) => Err(Problem::invalid(field, format_args!("{number} is larger than any terminal's number"))),
    }
}

/// Which rows of a list that has one page, newest first.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Newest {
    /// Only of this site.
    site: Option<String>,
    /// How many, 1 to 1000; 100 if not given.
    #[param(minimum = 1, maximum = 1000)]
    limit: Option<usize>,
}

impl Newest {
    /// The site, if only one is asked for, and how many rows.
    ///
    /// # Errors
    ///
    /// 404 `site_unknown`, 422 `invalid`.
    pub fn checked(&self) -> Result<(Option<SiteId>, usize), Problem> {
        let site = self.site.as_deref().map(site_id).transpose()?;
        Ok((site, limit(self.limit, ROWS, ROWS_MAX)?))
    }
}

/// A number of rows: the given one, or the usual one, within bounds.
///
/// # Errors
///
/// 422 `invalid`.
pub fn limit(given: Option<usize>, usual: usize, max: usize) -> Result<usize, Problem> {
    match given.unwrap_or(usual) {
        rows if (1..=max).contains(&rows) => Ok(rows),
        _ => Err(Problem::invalid("limit", format_args!("use 1 to {max}"))),
    }
}
