//! Open sessions and their closing by hand: ghosts of a site that went blind, and whoever forgot to leave an application.
//!
//! Nothing is switched off, as nothing is stored as on: a closing is a moment, and what was seen before it is over. The
//! next arrival opens a session as ever.

use serde::{Deserialize, Serialize};
use vigie_shared::id::SiteId;

use super::online::Standing;

/// A session that nobody has seen the end of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenSession {
    /// Whose.
    pub person: String,
    /// Where; none in an application.
    pub site: Option<SiteId>,
    /// When the person was seen last, milliseconds since 1970 UTC.
    pub seen_ms: i64,
    /// Whether nobody can say if the person is still there, as the site's observers cannot see.
    pub is_ghost: bool,
}

/// The sessions that are open, the longest silent first: of people who are here, and of those who were when a site went
/// blind.
#[must_use]
pub fn open<'a>(people: impl IntoIterator<Item = (&'a str, &'a Standing)>) -> Vec<OpenSession> {
    let session = |(person, standing): (&str, &Standing)| {
        let (site, seen_ms, is_ghost) = match standing {
            Standing::Here { site, seen_ms, .. } => (site.clone(), *seen_ms, false),
            Standing::Unknown { site: Some(site), seen_ms: Some(seen_ms), .. } => (Some(site.clone()), *seen_ms, true),
            Standing::Unknown { .. } | Standing::Gone { .. } | Standing::Never => return None,
        };
        Some(OpenSession { person: person.to_owned(), site, seen_ms, is_ghost })
    };
    let mut open: Vec<OpenSession> = people.into_iter().filter_map(session).collect();
    open.sort_by(|one, other| (one.seen_ms, &one.person).cmp(&(other.seen_ms, &other.person)));
    open
}

/// Those of open sessions that have been silent for longer than a limit.
#[must_use]
pub fn stale(open: &[OpenSession], limit_ms: i64, now_ms: i64) -> Vec<OpenSession> {
    open.iter().filter(|session| now_ms.saturating_sub(session.seen_ms) > limit_ms).cloned().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE_MS: i64 = 60_000;

    fn site() -> SiteId {
        "metz".parse().unwrap()
    }

    #[test]
    fn ghosts_are_open_and_whoever_left_is_not() {
        let here = Standing::Here { site: Some(site()), since_ms: 0, seen_ms: 50 * MINUTE_MS };
        let ghost =
            Standing::Unknown { since_ms: Some(20 * MINUTE_MS), site: Some(site()), seen_ms: Some(19 * MINUTE_MS) };
        let absent = Standing::Unknown { since_ms: Some(20 * MINUTE_MS), site: None, seen_ms: Some(0) };
        let gone = Standing::Gone { left_ms: 30 * MINUTE_MS };

        let open = open([("ada", &here), ("bob", &ghost), ("cleo", &absent), ("dan", &gone)]);

        let names: Vec<_> = open.iter().map(|session| (session.person.as_str(), session.is_ghost)).collect();
        assert_eq!(names, [("bob", true), ("ada", false)]);
        let stale = |limit: i64| stale(&open, limit * MINUTE_MS, 60 * MINUTE_MS).len();
        assert_eq!((stale(9), stale(10), stale(40), stale(41)), (2, 1, 1, 0));
    }
}
