//! Pure: the life of a session's secret. It changes every half an hour; whoever shows an old one ends the session.
//!
//! The cookie is `id.secret`. A new secret is given with an answer and counts from the moment at which it is seen:
//! until then the one before goes on, because answers get lost. After that, the one before counts for requests that
//! were under way, and then it is a copy in wrong hands.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use vigie_shared::id::random_bytes;

use super::secret;
use crate::store::sessions::{Given, Session};

/// How long a session lasts at most, milliseconds.
pub const LIFE_MS: i64 = 12 * 60 * 60 * 1000;
/// After this time without a request it ends.
pub const IDLE_MS: i64 = 2 * 60 * 60 * 1000;
/// After this time its secret is changed.
pub const RENEW_MS: i64 = 30 * 60 * 1000;
/// How long a replaced secret counts for requests under way; and how long is waited before a secret that nobody has
/// shown is given anew.
const GRACE_MS: i64 = 60 * 1000;
/// Uses within this time are one.
pub const TOUCH_MS: i64 = 60 * 1000;

/// What a cookie holds.
pub struct Cookie {
    /// Which session.
    pub id: [u8; 16],
    /// SHA-256 of its secret.
    pub secret_sha256: [u8; 32],
}

impl Cookie {
    /// Reads a cookie's value; none if it is of another form.
    #[must_use]
    pub fn read(value: &str) -> Option<Self> {
        let (id, secret) = value.split_once('.')?;
        let id = URL_SAFE_NO_PAD.decode(id).ok()?.try_into().ok()?;
        Some(Self { id, secret_sha256: secret::sha256(secret.as_bytes()) })
    }

    /// Draws a secret for a session: the cookie's value, and what is kept of it.
    #[must_use]
    pub fn draw(id: [u8; 16]) -> (String, [u8; 32]) {
        let secret = secret::draw();
        let kept = secret::sha256(secret.as_bytes());
        (format!("{}.{secret}", URL_SAFE_NO_PAD.encode(id)), kept)
    }

    /// The name of a new session.
    #[must_use]
    pub fn new_id() -> [u8; 16] {
        random_bytes()
    }
}

/// What a secret is worth to a session.
#[derive(Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It opens the session, which is to be kept so if it changed.
    Good(Option<Box<Session>>),
    /// The session is over.
    Ended,
    /// It opened the session before: somebody has a copy.
    Replayed,
}

impl Session {
    /// When it ends if nothing more is asked, milliseconds since 1970 UTC.
    #[must_use]
    pub fn ends_ms(&self) -> i64 {
        self.expires_ms.min(self.used_ms.saturating_add(IDLE_MS))
    }

    /// Judges a secret.
    #[must_use]
    pub fn judge(&self, secret_sha256: [u8; 32], now_ms: i64) -> Verdict {
        if now_ms >= self.ends_ms() {
            return Verdict::Ended;
        }
        if secret_sha256 == self.current {
            let is_due = now_ms.saturating_sub(self.used_ms) >= TOUCH_MS;
            return Verdict::Good(is_due.then(|| Box::new(self.changed(|new| new.used_ms = now_ms))));
        }
        if self.next.is_some_and(|next| next.secret_sha256 == secret_sha256) {
            return Verdict::Good(Some(Box::new(self.changed(|new| {
                new.former = Some(Given { secret_sha256: new.current, since_ms: now_ms });
                (new.current, new.next, new.used_ms) = (secret_sha256, None, now_ms);
            }))));
        }
        match self.former {
            Some(former) if former.secret_sha256 == secret_sha256 && now_ms < former.since_ms + GRACE_MS => {
                Verdict::Good(None)
            }
            _ => Verdict::Replayed,
        }
    }

    /// The session with a new secret on its way, if the present one is old enough.
    #[must_use]
    pub fn renewed(&self, next_sha256: [u8; 32], now_ms: i64) -> Option<Self> {
        self.is_aged(now_ms)
            .then(|| self.changed(|new| new.next = Some(Given { secret_sha256: next_sha256, since_ms: now_ms })))
    }

    /// Whether its secret has served long enough and no new one is on its way.
    #[must_use]
    pub fn is_aged(&self, now_ms: i64) -> bool {
        let born_ms = self.former.map_or(self.created_ms, |former| former.since_ms);
        let is_waited_for = self.next.is_some_and(|next| now_ms < next.since_ms + GRACE_MS);
        now_ms.saturating_sub(born_ms) >= RENEW_MS && !is_waited_for
    }

    /// The session after a change.
    #[must_use]
    pub fn changed(&self, change: impl FnOnce(&mut Self)) -> Self {
        let mut new = self.clone();
        change(&mut new);
        new.revision = new.revision.saturating_add(1);
        new
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const START: i64 = 1_795_183_500_000;

    fn session() -> Session {
        Session {
            id: [1; 16],
            account: "lea".to_owned(),
            label: "a browser".to_owned(),
            created_ms: START,
            expires_ms: START + LIFE_MS,
            used_ms: START,
            proved_ms: None,
            current: [1; 32],
            next: None,
            former: None,
            revision: 0,
        }
    }

    /// The session after a good secret.
    fn shown(session: &Session, secret: [u8; 32], now_ms: i64) -> Session {
        match session.judge(secret, now_ms) {
            Verdict::Good(changed) => changed.map_or_else(|| session.clone(), |changed| *changed),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_session_ends_when_nobody_uses_it_and_at_the_latest_after_its_life() {
        let mut session = session();
        assert_eq!(session.judge([1; 32], START + IDLE_MS), Verdict::Ended);
        let mut now_ms = START;
        while now_ms + IDLE_MS < START + LIFE_MS {
            now_ms += IDLE_MS - 1;
            session = shown(&session, [1; 32], now_ms);
        }
        assert_eq!(session.judge([1; 32], START + LIFE_MS), Verdict::Ended);
    }

    #[test]
    fn a_new_secret_is_given_every_half_an_hour_and_counts_once_it_is_seen() {
        let session = session();
        assert_eq!(session.renewed([2; 32], START + RENEW_MS - 1), None);
        let now_ms = START + RENEW_MS;
        let given = session.renewed([2; 32], now_ms).unwrap();
        assert_eq!(given.renewed([3; 32], now_ms), None, "one is on its way");
        let given = shown(&given, [1; 32], now_ms + 10 * GRACE_MS);
        let again = given.renewed([3; 32], now_ms + 10 * GRACE_MS).expect("the first answer was lost");
        let seen = shown(&again, [3; 32], now_ms + 10 * GRACE_MS);
        assert_eq!((seen.current, seen.next), ([3; 32], None));
    }

    #[test]
    fn a_replaced_secret_serves_requests_under_way_and_then_betrays_a_copy() {
        let now_ms = START + RENEW_MS;
        let seen = shown(&session().renewed([2; 32], now_ms).unwrap(), [2; 32], now_ms);
        assert_eq!(seen.judge([1; 32], now_ms + GRACE_MS - 1), Verdict::Good(None));
        assert_eq!(seen.judge([1; 32], now_ms + GRACE_MS), Verdict::Replayed);
        assert_eq!(seen.judge([9; 32], now_ms), Verdict::Replayed);
    }

    #[test]
    fn a_cookie_reads_back() {
        let (value, kept) = Cookie::draw([7; 16]);
        let cookie = Cookie::read(&value).unwrap();
        assert_eq!((cookie.id, cookie.secret_sha256), ([7; 16], kept));
    }

    proptest! {
        #[test]
        fn a_foreign_cookie_is_nobodys(value: String) {
            prop_assert!(Cookie::read(&value).is_none_or(|cookie| cookie.secret_sha256 != [1; 32]));
        }

        /// Whatever is lost: a browser that takes what it is given is never thrown out.
        #[test]
        fn an_honest_browser_stays_in(steps in prop::collection::vec((1_i64..IDLE_MS / 4, any::<bool>()), 1..20)) {
            let (mut session, mut held, mut now_ms) = (session(), [1; 32], START);
            for (number, (gap_ms, arrives)) in steps.into_iter().enumerate() {
                now_ms += gap_ms;
                if now_ms >= START + LIFE_MS {
                    break;
                }
                session = shown(&session, held, now_ms);
                let next = [u8::try_from(number).unwrap() + 10; 32];
                if let Some(renewed) = session.renewed(next, now_ms) {
                    session = renewed;
                    held = if arrives { next } else { held };
                }
            }
        }
    }
}
