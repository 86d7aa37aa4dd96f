//! What a token may beyond its role: only some parts of the API, only some sites.
//!
//! A token that is limited to sites may ask what names a site, in the path or as `?site=`, and that one must be among
//! them. Everything that would speak of all sites at once is refused, so that nothing has to be cut out of answers.

use axum::extract::{MatchedPath, Query};
use axum::http::StatusCode;
use axum::http::request::Parts;

use crate::http::operations;
use crate::http::problem::Problem;
use crate::login::Caller;
use crate::store::accounts::Scope;

/// What everybody may ask with any token: who am I.
const WHOAMI: &str = "session_whoami";

/// Refuses what is beyond the token.
///
/// # Errors
///
/// 403 `out_of_scope`.
pub(super) fn judge(caller: &Caller, parts: &Parts) -> Result<(), Problem> {
    let scope = &caller.scope;
    if scope.is_whole() {
        return Ok(());
    }
    let Some(operation) = operations::of(parts) else {
        return Err(out_of_scope("this token is limited to parts of the API, and this is no part of it"));
    };
    if operation.id == WHOAMI {
        return Ok(());
    }
    if !scope.has_area(&operation.area) {
        let areas: Vec<&str> = scope.areas.iter().map(String::as_str).collect();
        return Err(out_of_scope(&format!("this token is for {}, this is {}", areas.join(", "), operation.area)));
    }
    if scope.sites.is_empty() || is_of_sites(scope, parts) {
        return Ok(());
    }
    let sites: Vec<&str> = scope.sites.iter().map(vigie_shared::id::SiteId::as_str).collect();
    Err(out_of_scope(&format!(
        "this token is for {}; ask about one of them, in the path or with `?site=`",
        sites.join(", ")
    )))
}

/// Whether the request names a site, and only sites within the scope.
fn is_of_sites(scope: &Scope, parts: &Parts) -> bool {
    let mut named = in_path(parts);
    let query = Query::<Vec<(String, String)>>::try_from_uri(&parts.uri);
    let Ok(Query(pairs)) = query else { return false };
    named.extend(pairs.into_iter().filter(|(name, _)| name == "site").map(|(_, value)| value));
    !named.is_empty() && named.iter().all(|site| scope.has_site(site))
}

/// The words of the path that stand where a site is named.
fn in_path(parts: &Parts) -> Vec<String> {
    let Some(form) = parts.extensions.get::<MatchedPath>() else { return Vec::new() };
    let is_sites = form.as_str().starts_with("/api/v1/sites/");
    let pairs = form.as_str().split('/').zip(parts.uri.path().split('/'));
    pairs
        .filter(|(form, _)| *form == "{site}" || (is_sites && *form == "{id}"))
        .map(|(_, word)| word.to_owned())
        .collect()
}

/// Why a limited token is refused, in words.
#[must_use]
pub fn out_of_scope(why: &str) -> Problem {
    let detail = format!("{why}; nothing was done; an owner can make another token with `vigie-hub token add`");
    Problem::new(StatusCode::FORBIDDEN, "out_of_scope", "Beyond this token", detail)
}
