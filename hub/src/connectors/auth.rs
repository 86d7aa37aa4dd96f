//! How to prove who asks: fixed headers, or tokens that are fetched and renewed; pure.
//!
//! A fetched token is a secret like any other, called `access_token`, so that headers are the same templates for all.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::outcome::Answer;
use super::request::{RawRequest, Request, check_pointer, template, templates};
use super::template::{Scope, Template, Unfit, Values};
use super::tree::{Wrong, below};

/// The secret that a fetched token is.
pub const ACCESS: &str = "access_token";

/// The secret that gets the next token; servers that rotate it send another each time.
pub const REFRESH: &str = "refresh_token";

/// A token is renewed so long before it ends.
const EARLY_S: i64 = 60;

/// How long a token lasts if nobody says.
const LASTS_S: i64 = 3600;

/// `[auth]` in a mapping file.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RawAuth {
    #[serde(default)]
    kind: AuthKind,
    header: Option<String>,
    value: Option<String>,
    token: Option<String>,
    user: Option<String>,
    password: Option<String>,
    path: Option<String>,
    client_id: Option<String>,
    client_secret: Option<String>,
    scope: Option<String>,
    request: Option<RawRequest>,
    #[serde(default)]
    headers: toml::Table,
}

/// The ways.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum AuthKind {
    /// Nothing.
    #[default]
    None,
    /// A header of any name.
    Header,
    /// `Authorization: Bearer`.
    Bearer,
    /// `Authorization: Basic`.
    Basic,
    /// A token for id and secret.
    ClientCredentials,
    /// A token for the token before.
    Refresh,
    /// A token for a login.
    Login,
}

/// How to prove who asks.
#[derive(Debug, Clone, Default)]
pub struct AuthMapping {
    headers: Vec<(String, Template)>,
    basic: Option<(Template, Template)>,
    /// Where a token comes from.
    pub fetch: Option<Fetch>,
}

/// Where a token comes from.
#[derive(Debug, Clone)]
pub struct Fetch {
    /// The request.
    pub request: Request,
    token: String,
}

/// A token that was fetched.
#[derive(Clone, PartialEq, Eq)]
pub struct Token {
    /// The token.
    pub access: String,
    /// The next refresh token, if the server rotates it.
    pub refresh: Option<String>,
    /// When to renew it, milliseconds since 1970 UTC.
    pub renew_ms: i64,
}

impl AuthMapping {
    /// Reads and checks the block; what is wrong goes to `wrongs`.
    #[must_use]
    pub fn read(raw: &RawAuth, path: &mut Vec<String>, wrongs: &mut Vec<Wrong>) -> Self {
        raw.check(path, wrongs);
        let scope = Scope::settings();
        let mut read = |text: &Option<String>| template(text.as_deref().unwrap_or_default(), &scope, path, wrongs);
        let mut auth = Self::default();
        match raw.kind {
            AuthKind::None => {}
            AuthKind::Header => auth.headers.push((raw.header.clone().unwrap_or_default(), read(&raw.value))),
            AuthKind::Bearer => {
                let token = raw.token.as_ref().map(|token| format!("Bearer {token}"));
                auth.headers.push(("Authorization".to_owned(), read(&token)));
            }
            AuthKind::Basic => auth.basic = Some((read(&raw.user), read(&raw.password))),
            AuthKind::ClientCredentials | AuthKind::Refresh | AuthKind::Login => {
                let value = raw.value.clone().unwrap_or_else(|| format!("Bearer {{secret.{ACCESS}}}"));
                auth.headers
                    .push((raw.header.clone().unwrap_or_else(|| "Authorization".to_owned()), read(&Some(value))));
                let request = raw.token_request();
                let request = below(path, "request", |path| Request::read(&request, &scope, path, wrongs));
                let pointer = if raw.kind == AuthKind::Login { raw.token.clone() } else { None };
                auth.fetch = Some(Fetch { request, token: pointer.unwrap_or_else(|| format!("/{ACCESS}")) });
            }
        }
        auth.headers.extend(below(path, "headers", |path| templates(&raw.headers, &scope, path, wrongs)));
        auth
    }

    /// The headers that every request gets.
    ///
    /// # Errors
    ///
    /// [`Unfit`] if a secret is missing.
    pub fn headers(&self, values: &Values) -> Result<Vec<(String, String)>, Unfit> {
        let mut headers = Vec::new();
        for (name, template) in &self.headers {
            if let Some(value) = template.text(values, str::to_owned)? {
                headers.push((name.clone(), value));
            }
        }
        if let Some((user, password)) = &self.basic {
            let text = |template: &Template| template.text(values, str::to_owned).map(Option::unwrap_or_default);
            let pair = format!("{}:{}", text(user)?, text(password)?);
            headers.push(("Authorization".to_owned(), format!("Basic {}", STANDARD.encode(pair))));
        }
        Ok(headers)
    }

    /// Every template in it.
    #[must_use]
    pub fn templates(&self) -> Vec<&Template> {
        let headers = self.headers.iter().map(|(_, template)| template);
        let basic = self.basic.iter().flat_map(|(user, password)| [user, password]);
        let fetch = self.fetch.iter().flat_map(|fetch| fetch.request.templates());
        headers.chain(basic).chain(fetch).collect()
    }
}

impl Fetch {
    /// The token that an answer brings.
    ///
    /// # Errors
    ///
    /// Words on an answer without one.
    pub fn token(&self, answer: &Answer, now_ms: i64) -> Result<Token, String> {
        let access = answer.at(&self.token).and_then(Value::as_str).filter(|token| !token.is_empty());
        let Some(access) = access else {
            return Err(format!("the answer has no token at `{}`", self.token));
        };
        let lasts = answer.at("/expires_in").and_then(|lasts| lasts.as_i64().or_else(|| lasts.as_str()?.parse().ok()));
        let lasts_s = lasts.filter(|lasts| *lasts > 0).unwrap_or(LASTS_S);
        let refresh = answer.at(&format!("/{REFRESH}")).and_then(Value::as_str).map(str::to_owned);
        let renew_ms = now_ms.saturating_add((lasts_s - EARLY_S).max(lasts_s / 2).saturating_mul(1000));
        Ok(Token { access: access.to_owned(), refresh, renew_ms })
    }
}

impl RawAuth {
    /// What a connector's own settings choose instead of the mapping's block.
    #[must_use]
    pub fn chosen(kind: AuthKind, header: Option<String>) -> Self {
        let secret = |name: &str| Some(format!("{{secret.{name}}}"));
        let none = Self { kind, ..Self::default() };
        match kind {
            AuthKind::Header => Self { header, value: secret("token"), ..none },
            AuthKind::Bearer => Self { token: secret("token"), ..none },
            AuthKind::Basic => Self { user: secret("username"), password: secret("password"), ..none },
            AuthKind::None | AuthKind::ClientCredentials | AuthKind::Refresh | AuthKind::Login => none,
        }
    }

    fn token_request(&self) -> RawRequest {
        if let Some(request) = &self.request {
            return request.clone();
        }
        let mut form = toml::Table::new();
        let mut put = |key: &str, value: &str| form.insert(key.to_owned(), toml::Value::String(value.to_owned()));
        if self.kind == AuthKind::Refresh {
            put("grant_type", REFRESH);
            put(REFRESH, &format!("{{secret.{REFRESH}}}"));
        } else {
            put("grant_type", "client_credentials");
        }
        for (key, value) in
            [("client_id", &self.client_id), ("client_secret", &self.client_secret), ("scope", &self.scope)]
        {
            if let Some(value) = value {
                put(key, value);
            }
        }
        RawRequest::form(self.path.as_deref().unwrap_or_default(), form)
    }

    fn check(&self, path: &[String], wrongs: &mut Vec<Wrong>) {
        let needed: &[(&str, bool)] = match self.kind {
            AuthKind::None => &[],
            AuthKind::Header => &[("header", self.header.is_some()), ("value", self.value.is_some())],
            AuthKind::Bearer => &[("token", self.token.is_some())],
            AuthKind::Basic => &[("user", self.user.is_some()), ("password", self.password.is_some())],
            AuthKind::ClientCredentials => &[("path", self.path.is_some()), ("client_id", self.client_id.is_some())],
            AuthKind::Refresh => &[("path", self.path.is_some())],
            AuthKind::Login => &[("request", self.request.is_some()), ("token", self.token.is_some())],
        };
        for (key, _) in needed.iter().filter(|(_, is_there)| !is_there) {
            wrongs.push(Wrong { path: path.to_vec(), text: format!("this kind needs `{key}`") });
        }
        if self.kind == AuthKind::Login {
            self.token.iter().for_each(|pointer| check_pointer(pointer, path, wrongs));
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn auth(text: &str) -> AuthMapping {
        let mut wrongs = Vec::new();
        let auth = AuthMapping::read(&toml::from_str(text).unwrap(), &mut vec!["auth".to_owned()], &mut wrongs);
        assert_eq!(wrongs, []);
        auth
    }

    fn values() -> Values {
        let secrets = json!({ "key": "k", "secret": "s", "access_token": "a", "refresh_token": "r" });
        Values::new(jiff::tz::TimeZone::UTC).with_root("secret", secrets)
    }

    #[test]
    fn every_way_gives_its_header() {
        for (text, expected) in [
            ("", None),
            (
                "kind = 'header'\nheader = 'X-Key'\nvalue = 'token {secret.key}:{secret.secret}'",
                Some(("X-Key", "token k:s")),
            ),
            ("kind = 'bearer'\ntoken = '{secret.key}'", Some(("Authorization", "Bearer k"))),
            ("kind = 'basic'\nuser = '{secret.key}'\npassword = 'x'", Some(("Authorization", "Basic azp4"))),
            ("kind = 'refresh'\npath = '/token'", Some(("Authorization", "Bearer a"))),
        ] {
            let headers = auth(text).headers(&values()).unwrap();
            let headers: Vec<_> = headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
            assert_eq!(headers, expected.into_iter().collect::<Vec<_>>(), "{text}");
        }
    }

    #[test]
    fn a_refresh_sends_the_token_before_and_keeps_the_next() {
        let auth = auth("kind = 'refresh'\npath = '/token'\nclient_id = 'me'");
        let fetch = auth.fetch.unwrap();
        let call = fetch.request.call(&values()).unwrap();
        let expected = json!({ "grant_type": "refresh_token", "refresh_token": "r", "client_id": "me" });
        assert_eq!((call.body, call.is_form), (Some(expected), true));

        let body = json!({ "access_token": "b", "refresh_token": "r2", "expires_in": "3600" });
        let token = fetch.token(&Answer { json: Some(body), ..Answer::default() }, 0).unwrap();
        assert_eq!((token.access.as_str(), token.refresh.as_deref(), token.renew_ms), ("b", Some("r2"), 3_540_000));
        assert!(fetch.token(&Answer::default(), 0).is_err());
    }

    #[test]
    fn a_way_without_what_it_needs_is_refused() {
        let mut wrongs = Vec::new();
        let raw: RawAuth = toml::from_str("kind = 'basic'").unwrap();
        let _auth = AuthMapping::read(&raw, &mut Vec::new(), &mut wrongs);
        assert_eq!(wrongs.len(), 2);
    }
}
