//! Login: who is asking, and what may they do.
//!
//! Three ways in, one result, a [`Caller`]: a browser's session cookie, a program's bearer token, or the local
//! unix socket, whose file permissions are its proof. What a credential may do is looked up at every request, so
//! that a removed token or a lowered role works at once. No default password exists: see [`first`].

mod caller;
pub mod first;
pub mod limiter;
pub mod password;
pub mod secret;

use std::net::IpAddr;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use tokio::sync::Semaphore;
use vigie_shared::clock::Clock;

pub use self::caller::{Caller, Via};
use self::limiter::Limiter;
use crate::store::accounts::{Account, Credential, CredentialKind, Role};
use crate::store::{Store, StoreError};

/// How long a browser's session lasts.
pub const SESSION: Duration = Duration::from_secs(12 * 60 * 60);
/// Passwords hashed at once: each takes 19 MiB and a processor.
const HASHING_MAX: usize = 2;
/// How long a login waits for its turn.
const HASHING_WAIT: Duration = Duration::from_secs(5);

/// A session that was just opened.
pub struct Session {
    /// The cookie's value.
    pub secret: String,
    /// Who.
    pub caller: Caller,
    /// When it ends, milliseconds since 1970 UTC.
    pub expires_ms: i64,
}

/// Why a login failed.
#[derive(Debug, thiserror::Error)]
pub enum LoginError {
    /// No such account, or not its password: which of the two stays unsaid.
    #[error("account or password is wrong")]
    Wrong,
    /// Too many attempts; the duration says when the next one counts.
    #[error("too many attempts; try again in {} s", .0.as_secs().max(1))]
    Wait(Duration),
    /// Too many logins at once.
    #[error("too many logins at this moment; try again in a few seconds")]
    Busy,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The machine has no memory left for hashing.
    #[error("the password could not be checked")]
    Hashing(#[source] anyhow::Error),
}

/// Opens, finds and ends sessions and tokens.
pub struct Logins {
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    limiter: Mutex<Limiter>,
    hashing: Semaphore,
    nobody: Arc<OnceLock<String>>,
}

impl Logins {
    /// Works on this store.
    #[must_use]
    pub fn new(store: Arc<dyn Store>, clock: Arc<dyn Clock>) -> Self {
        Self { store, clock, limiter: Mutex::default(), hashing: Semaphore::new(HASHING_MAX), nobody: Arc::default() }
    }

    /// Who logs in with an account's name and one of its API tokens. What is guessed here neither uses up nor gives
    /// back attempts at the account's password.
    ///
    /// # Errors
    ///
    /// [`LoginError::Wrong`], [`LoginError::Wait`] and [`LoginError::Store`].
    pub async fn sign_in_with_token(
        &self,
        name: &str,
        token: &str,
        address: Option<IpAddr>,
    ) -> Result<Caller, LoginError> {
        let (now, row) = (tokio::time::Instant::now().into_std(), format!("token of {name}"));
        self.limiter().on_attempt(&row, address, now).map_err(LoginError::Wait)?;
        let caller = self.caller(token, CredentialKind::Token).await?;
        let caller = caller.filter(|caller| caller.account == name).ok_or(LoginError::Wrong)?;
        self.limiter().on_success(&row, address);
        Ok(caller)
    }

    /// Opens a session, ending the one the browser had before.
    ///
    /// # Errors
    ///
    /// Every [`LoginError`].
    pub async fn sign_in(
        &self,
        name: &str,
        password: &str,
        address: Option<IpAddr>,
        former: Option<&str>,
    ) -> Result<Session, LoginError> {
        let account = self.check(name, password, address).await?;
        self.sign_out(former).await?;
        Ok(self.open_session(account).await?)
    }

    /// The account with this name, if this is its password. Every attempt counts, whatever it is for.
    ///
    /// # Errors
    ///
    /// Every [`LoginError`].
    pub async fn check(&self, name: &str, password: &str, address: Option<IpAddr>) -> Result<Account, LoginError> {
        let now = tokio::time::Instant::now().into_std();
        self.limiter().on_attempt(name, address, now).map_err(LoginError::Wait)?;
        let account = self.store.account(name).await?;
        let known = account.as_ref().map(|account| account.password_hash.clone());
        if !self.is_password(password.to_owned(), known).await? {
            return Err(LoginError::Wrong);
        }
        let account = account.ok_or(LoginError::Wrong)?;
        self.limiter().on_success(name, address);
        Ok(account)
    }

    /// Ends a session, if there is one.
    ///
    /// # Errors
    ///
    /// If the store failed; the session may still work.
    pub async fn sign_out(&self, secret: Option<&str>) -> Result<(), StoreError> {
        if let Some(secret) = secret {
            self.store.remove_credential(secret::sha256(secret.as_bytes())).await?;
        }
        Ok(())
    }

    /// Who presents this secret, if it is good.
    ///
    /// # Errors
    ///
    /// If the store failed.
    pub async fn caller(&self, secret: &str, kind: CredentialKind) -> Result<Option<Caller>, StoreError> {
        let via = match kind {
            CredentialKind::Token => Via::Token { secret_sha256: secret::sha256(secret.as_bytes()) },
            CredentialKind::Session => {
                Via::Session { secret_sha256: secret::sha256(secret.as_bytes()), csrf: csrf_of(secret) }
            }
        };
        self.caller_via(via).await
    }

    /// The caller as they are entitled now; none if their credential ended since.
    ///
    /// # Errors
    ///
    /// If the store failed.
    pub async fn caller_via(&self, via: Via) -> Result<Option<Caller>, StoreError> {
        let (hash, kind) = match &via {
            Via::Socket => return Ok(Some(Caller::local())),
            Via::Token { secret_sha256 } => (*secret_sha256, CredentialKind::Token),
            Via::Session { secret_sha256, .. } => (*secret_sha256, CredentialKind::Session),
        };
        let Some(credential) = self.store.credential(hash).await? else { return Ok(None) };
        if credential.kind != kind || credential.expires_ms <= self.clock.wall_ms() {
            return Ok(None);
        }
        let account = self.store.account(&credential.account).await?;
        Ok(account.map(|account| Caller { account: account.name, role: credential.role.min(account.role), via }))
    }

    /// Makes an account, or gives it a new password and role; its open sessions end.
    ///
    /// # Errors
    ///
    /// If there is no memory for hashing, or the store failed.
    pub async fn put_account(&self, name: &str, password: String, role: Role) -> Result<(), LoginError> {
        let password_hash = self.hashed(move || password::hash(&password)).await?.map_err(LoginError::Hashing)?;
        let created_ms = match self.store.account(name).await? {
            Some(former) => former.created_ms,
            None => self.clock.wall_ms(),
        };
        self.store.put_account(&Account { name: name.to_owned(), password_hash, role, created_ms }).await?;
        for session in self.store.credentials(CredentialKind::Session).await? {
            if session.account == name {
                self.store.remove_credential(session.secret_sha256).await?;
            }
        }
        Ok(())
    }

    async fn open_session(&self, account: Account) -> Result<Session, StoreError> {
        let now_ms = self.clock.wall_ms();
        self.store.remove_expired(now_ms).await?;
        let secret = secret::draw();
        let secret_sha256 = secret::sha256(secret.as_bytes());
        let expires_ms = now_ms.saturating_add(i64::try_from(SESSION.as_millis()).unwrap_or(0));
        let credential = Credential {
            secret_sha256,
            kind: CredentialKind::Session,
            account: account.name.clone(),
            label: "browser".to_owned(),
            role: account.role,
            created_ms: now_ms,
            expires_ms,
        };
        self.store.add_credential(&credential).await?;
        let via = Via::Session { secret_sha256, csrf: csrf_of(&secret) };
        Ok(Session { secret, caller: Caller { account: account.name, role: account.role, via }, expires_ms })
    }

    /// Compares in constant time, also when there is no such account.
    async fn is_password(&self, password: String, known: Option<String>) -> Result<bool, LoginError> {
        let nobody = Arc::clone(&self.nobody);
        self.hashed(move || match known {
            Some(phc) => password::is_match(&password, &phc),
            None => {
                // Only the time counts.
                let _never = password::is_match(&password, nobody.get_or_init(password::nobody));
                false
            }
        })
        .await
    }

    async fn hashed<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, LoginError> {
        let turn = tokio::time::timeout(HASHING_WAIT, self.hashing.acquire()).await;
        let Ok(Ok(_turn)) = turn else { return Err(LoginError::Busy) };
        tokio::task::spawn_blocking(work).await.map_err(|error| LoginError::Hashing(error.into()))
    }

    fn limiter(&self) -> std::sync::MutexGuard<'_, Limiter> {
        self.limiter.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What forms of a session carry: derived from the cookie, so that nothing more needs to be stored.
fn csrf_of(secret: &str) -> String {
    vigie_shared::id::to_hex(&secret::sha256(format!("vigie csrf {secret}").as_bytes()))
}
