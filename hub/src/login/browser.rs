//! Sessions of browsers: opened by a password and a code, kept while they are used, ended by their people.

use std::net::IpAddr;

use vigie_shared::id::to_hex;

use super::cookie::{Cookie, LIFE_MS, Verdict};
use super::{Caller, LoginError, Logins, Via, forgive, secret};
use crate::store::StoreError;
use crate::store::accounts::{Account, Scope};
use crate::store::diary::{Entry, Level};
use crate::store::sessions::Session;

/// Longest name of a browser that is kept, characters.
const LABEL_LENGTH_MAX: usize = 200;
/// Sessions of one account at once; the oldest ends first.
const SESSIONS_MAX: usize = 20;

/// What somebody typed to log in.
#[derive(Clone, Copy)]
pub struct Typed<'a> {
    /// The account's name.
    pub account: &'a str,
    /// Its password.
    pub password: &'a str,
    /// A code of its second factor, if one was given at once.
    pub code: Option<&'a str>,
}

/// A browser that asks.
#[derive(Clone, Copy, Default)]
pub struct Browser<'a> {
    /// From where.
    pub address: Option<IpAddr>,
    /// What it calls itself.
    pub label: &'a str,
    /// The cookie that it had before.
    pub former: Option<&'a str>,
}

/// A session that was just opened.
pub struct Opened {
    /// The cookie's value.
    pub cookie: String,
    /// Who.
    pub caller: Caller,
    /// When it ends at the latest, milliseconds since 1970 UTC.
    pub expires_ms: i64,
}

impl Logins {
    /// Opens a session, ending the one that the browser had before.
    ///
    /// # Errors
    ///
    /// Every [`LoginError`]; [`LoginError::NeedsCode`] if the account has a second factor and no code was given.
    pub async fn sign_in(&self, typed: Typed<'_>, browser: Browser<'_>) -> Result<Opened, LoginError> {
        let account = self.check(typed.account, typed.password, browser.address).await?;
        let proved_ms = self.second_step(&account, typed.code).await?;
        self.open(account, proved_ms, browser).await
    }

    pub(super) async fn open(
        &self,
        account: Account,
        proved_ms: Option<i64>,
        browser: Browser<'_>,
    ) -> Result<Opened, LoginError> {
        self.sign_out(browser.former).await?;
        Ok(self.open_session(account, proved_ms, browser.label).await?)
    }

    async fn open_session(&self, account: Account, proved_ms: Option<i64>, label: &str) -> Result<Opened, StoreError> {
        let now_ms = self.clock.wall_ms();
        self.store.remove_expired(now_ms).await?;
        for oldest in self.store.sessions(Some(&account.name)).await?.iter().skip(SESSIONS_MAX - 1) {
            self.store.remove_session(oldest.id).await?;
        }
        let id = Cookie::new_id();
        let (cookie, current) = Cookie::draw(id);
        let session = Session {
            id,
            account: account.name.clone(),
            label: label.chars().filter(|c| !c.is_control()).take(LABEL_LENGTH_MAX).collect(),
            created_ms: now_ms,
            expires_ms: now_ms.saturating_add(LIFE_MS),
            used_ms: now_ms,
            proved_ms,
            current,
            next: None,
            former: None,
            revision: 0,
        };
        self.store.add_session(&session).await?;
        Ok(Opened { cookie, caller: caller(account, &session, now_ms), expires_ms: session.expires_ms })
    }

    /// Who shows this cookie, if it is good. A copy of an old one ends the session.
    ///
    /// # Errors
    ///
    /// If the store failed.
    pub async fn by_cookie(&self, value: &str) -> Result<Option<Caller>, StoreError> {
        let Some(cookie) = Cookie::read(value) else { return Ok(None) };
        let Some(session) = self.store.session(cookie.id).await? else { return Ok(None) };
        match session.judge(cookie.secret_sha256, self.clock.wall_ms()) {
            Verdict::Good(None) => self.caller_of(&session).await,
            Verdict::Good(Some(changed)) => {
                // If a request beside this one changed it, both were good.
                let kept = self.store.change_session(&changed).await;
                kept.map_or_else(|error| forgive(error, "the last use of a session"), drop);
                self.caller_of(&changed).await
            }
            Verdict::Ended => {
                self.store.remove_session(session.id).await?;
                Ok(None)
            }
            Verdict::Replayed => {
                self.end_copied(&session).await?;
                Ok(None)
            }
        }
    }

    /// A session of which there are two holders is nobody's.
    async fn end_copied(&self, session: &Session) -> Result<(), StoreError> {
        if !self.store.remove_session(session.id).await? {
            return Ok(());
        }
        let text = format!(
            "A session of account {} was ended: a cookie was shown that had been replaced before, so somebody else may \
             have a copy. Log in again; if it happens once more, choose a new password and look at who uses the computer.",
            session.account
        );
        let at_ms = self.clock.wall_ms();
        let entry = Entry { at_ms, site: None, level: Level::Alarm, kind: "session_replayed".to_owned(), text };
        self.store.write(&entry).await
    }

    /// A new secret for a session whose secret is old: the cookie's value.
    ///
    /// # Errors
    ///
    /// If the store failed; the old secret goes on.
    pub async fn renew(&self, id: [u8; 16]) -> Result<Option<String>, StoreError> {
        let Some(session) = self.store.session(id).await? else { return Ok(None) };
        let (cookie, next) = Cookie::draw(id);
        let Some(renewed) = session.renewed(next, self.clock.wall_ms()) else { return Ok(None) };
        Ok(self.store.change_session(&renewed).await?.then_some(cookie))
    }

    /// Ends the session of a cookie, if there is one.
    ///
    /// # Errors
    ///
    /// If the store failed; the session may still work.
    pub async fn sign_out(&self, cookie: Option<&str>) -> Result<(), StoreError> {
        let Some(cookie) = cookie.and_then(Cookie::read) else { return Ok(()) };
        let session = self.store.session(cookie.id).await?;
        let is_own = session.is_some_and(|session| {
            matches!(session.judge(cookie.secret_sha256, self.clock.wall_ms()), Verdict::Good(_))
        });
        if is_own {
            self.store.remove_session(cookie.id).await?;
        }
        Ok(())
    }

    pub(super) async fn caller_of(&self, session: &Session) -> Result<Option<Caller>, StoreError> {
        let account = self.store.account(&session.account).await?;
        let now_ms = self.clock.wall_ms();
        Ok(account.map(|account| caller(account, session, now_ms)))
    }
}

fn caller(account: Account, session: &Session, now_ms: i64) -> Caller {
    let via = Via::Session {
        id: session.id,
        csrf: csrf_of(session.id),
        ends_ms: session.ends_ms(),
        proved_ms: session.proved_ms,
        is_aged: session.is_aged(now_ms),
    };
    Caller { account: account.name, role: account.role, person: account.person, scope: Scope::default(), via }
}

/// What forms of a session carry: derived from its name, which only its cookie carries, so that nothing more needs to
/// be stored and a form outlives a change of the secret.
fn csrf_of(id: [u8; 16]) -> String {
    to_hex(&secret::sha256(&[b"vigie csrf ".as_slice(), &id].concat()))
}
