//! Who may ask the HR server: credentials that rotate, logins that lock, and a budget of requests.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::json;

use super::http::Request;
use super::reply::Reply;

/// Failed logins after which an address is locked out for good.
const FAILED_LOGINS_MAX: u32 = 5;

/// What a request must show.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Access {
    /// Nothing.
    #[default]
    Open,
    /// A header with a fixed value: bearer, basic, `token k:s`, an API key.
    Header {
        /// The header's name in small letters.
        name: String,
        /// Its value.
        value: String,
    },
    /// A token that must be fetched first: `POST /oauth/token` as a form, with `client_credentials` or
    /// `refresh_token`; or `POST /api/auth/login/` in JSON. A refresh token counts once; shown again, it ends them all.
    Tokens {
        /// The client's name.
        client: String,
        /// The client's secret, or the password.
        secret: String,
        /// The refresh token that counts first.
        refresh: String,
    },
}

impl Access {
    /// A fixed bearer token.
    #[must_use]
    pub fn bearer(token: &str) -> Self {
        Self::Header { name: "authorization".to_owned(), value: format!("Bearer {token}") }
    }
}

/// How many requests in which time, people and pushes together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Budget {
    /// Requests.
    pub requests: usize,
    /// In this time.
    pub per: Duration,
}

/// The state of the door.
#[derive(Debug)]
pub(super) struct Door {
    access: Access,
    budget: Option<Budget>,
    passed: Vec<Duration>,
    tokens: BTreeSet<String>,
    refresh: Option<String>,
    given: u64,
    logins: u32,
    failed: u32,
}

impl Door {
    pub(super) fn new(access: Access, budget: Option<Budget>) -> Self {
        let refresh = match &access {
            Access::Tokens { refresh, .. } => Some(refresh.clone()),
            Access::Open | Access::Header { .. } => None,
        };
        let (passed, tokens) = (Vec::new(), BTreeSet::new());
        Self { access, budget, passed, tokens, refresh, given: 0, logins: 0, failed: 0 }
    }

    /// Logins and refreshes that were tried, refused ones included.
    pub(super) fn logins(&self) -> u32 {
        self.logins
    }

    /// Every access token ends; refresh tokens stay.
    pub(super) fn expire(&mut self) {
        self.tokens.clear();
    }

    /// Every token ends and no refresh is granted again.
    pub(super) fn revoke(&mut self) {
        self.tokens.clear();
        self.refresh = None;
    }

    /// The answer to a request that does not pass, or that is about passing.
    pub(super) fn judge(&mut self, request: &Request, now: Duration) -> Option<Reply> {
        if let Some(refused) = self.spend(now) {
            return Some(refused);
        }
        match (&self.access, request.path.as_str()) {
            (Access::Open, _) => None,
            (Access::Header { name, value }, _) => {
                let fits = request.header(name).is_some_and(|shown| is_same(shown, value));
                let is_locked = self.failed >= FAILED_LOGINS_MAX;
                (!fits || is_locked).then(|| self.fail(401, "unauthorized"))
            }
            (Access::Tokens { .. }, "/oauth/token" | "/api/auth/login/") => Some(self.log_in(request)),
            (Access::Tokens { .. }, _) => {
                let shown = request.header("authorization").and_then(|shown| shown.split_once(' '));
                let counts = shown.is_some_and(|(_, token)| self.tokens.contains(token));
                (!counts).then(|| Reply::json(401, &json!({ "error": "token_expired" })))
            }
        }
    }

    fn spend(&mut self, now: Duration) -> Option<Reply> {
        let budget = self.budget?;
        self.passed.retain(|at| *at + budget.per > now);
        let first = self.passed.first().copied();
        if self.passed.len() < budget.requests {
            self.passed.push(now);
            return None;
        }
        let wait = first.map_or(budget.per, |first| (first + budget.per).saturating_sub(now));
        // Whole seconds, rounded up: nobody is asked to come back too early.
        Some(Reply::too_many(Some(&(wait.as_secs() + 1).to_string())))
    }

    fn log_in(&mut self, request: &Request) -> Reply {
        self.logins += 1;
        if self.failed >= FAILED_LOGINS_MAX {
            return Reply::json(403, &json!({ "error": "address_locked" }));
        }
        let Access::Tokens { client, secret, .. } = &self.access else { return Reply::empty(404) };
        let shown = |name: &str| {
            let form = request.form().into_iter().find(|(field, _)| field == name).map(|(_, value)| value);
            form.or_else(|| request.json().get(name)?.as_str().map(str::to_owned))
        };
        let is_known = [("client_id", "client_secret"), ("username", "password")]
            .into_iter()
            .any(|(name, word)| shown(name).as_ref() == Some(client) && shown(word).as_ref() == Some(secret));
        match shown("refresh_token") {
            Some(token) if self.refresh.as_ref() == Some(&token) => self.give(),
            // A token shown twice may have been stolen: the whole family ends.
            Some(_) => {
                self.revoke();
                self.fail(400, "invalid_grant")
            }
            None if is_known => self.give(),
            None => self.fail(401, "invalid_client"),
        }
    }

    fn give(&mut self) -> Reply {
        self.given += 1;
        let (token, refresh) = (format!("access-{}", self.given), format!("refresh-{}", self.given));
        self.tokens.clear();
        self.tokens.insert(token.clone());
        self.refresh = Some(refresh.clone());
        let answer = json!({
            "access_token": token, "access": token, "token_type": "Bearer", "expires_in": 3600, "refresh_token": refresh,
        });
        Reply::json(200, &answer)
    }

    fn fail(&mut self, status: u16, error: &str) -> Reply {
        self.failed = self.failed.saturating_add(1);
        if self.failed > FAILED_LOGINS_MAX {
            return Reply::json(403, &json!({ "error": "address_locked" }));
        }
        Reply::json(status, &json!({ "error": error }))
    }
}

/// Schemes are the same in any case, what follows is not.
fn is_same(shown: &str, value: &str) -> bool {
    match (shown.split_once(' '), value.split_once(' ')) {
        (Some((scheme, rest)), Some((expected, word))) => scheme.eq_ignore_ascii_case(expected) && rest == word,
        _ => shown == value,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn login(form: &str) -> Request {
        Request { path: "/oauth/token".to_owned(), body: form.as_bytes().to_vec(), ..Request::default() }
    }

    fn with(token: &str) -> Request {
        let headers = vec![("authorization".to_owned(), token.to_owned())];
        Request { path: "/rows".to_owned(), headers, ..Request::default() }
    }

    fn tokens() -> Door {
        let (client, secret, refresh) = ("hub".to_owned(), "s".to_owned(), "first".to_owned());
        Door::new(Access::Tokens { client, secret, refresh }, None)
    }

    fn status(door: &mut Door, request: &Request) -> Option<u16> {
        door.judge(request, Duration::ZERO).map(|reply| reply.status)
    }

    #[test]
    fn a_refresh_token_counts_once_and_a_second_use_ends_all() {
        let mut door = tokens();
        assert_eq!(status(&mut door, &login("grant_type=refresh_token&refresh_token=first")), Some(200));
        assert_eq!(status(&mut door, &with("Bearer access-1")), None);

        assert_eq!(status(&mut door, &login("grant_type=refresh_token&refresh_token=first")), Some(400));

        assert_eq!(status(&mut door, &with("Bearer access-1")), Some(401));
        assert_eq!(status(&mut door, &login("refresh_token=refresh-1")), Some(400));
    }

    #[test]
    fn five_failed_logins_lock_even_the_right_one_out() {
        let mut door = tokens();
        for _ in 0..FAILED_LOGINS_MAX {
            assert_eq!(status(&mut door, &login("client_id=hub&client_secret=wrong")), Some(401));
        }
        assert_eq!(status(&mut door, &login("client_id=hub&client_secret=s")), Some(403));
        assert_eq!(door.logins(), 6);
    }

    #[test]
    fn a_budget_says_when_to_come_back() {
        let budget = Budget { requests: 2, per: Duration::from_secs(60) };
        let mut door = Door::new(Access::Open, Some(budget));
        let at = |second| Duration::from_secs(second);
        assert!(door.judge(&with(""), at(0)).is_none());
        assert!(door.judge(&with(""), at(10)).is_none());

        let refused = door.judge(&with(""), at(20)).unwrap();

        assert_eq!(refused.status, 429);
        assert!(refused.headers.contains(&("retry-after".to_owned(), "41".to_owned())));
        assert!(door.judge(&with(""), at(61)).is_none());
    }

    #[test]
    fn a_fixed_header_is_compared_without_the_case_of_its_scheme() {
        let mut door = Door::new(Access::bearer("K"), None);
        assert_eq!(status(&mut door, &with("bearer K")), None);
        assert_eq!(status(&mut door, &with("Bearer k")), Some(401));
    }
}
