//! Login: who is asking, and what may they do.
//!
//! Three ways in, one result, a [`Caller`]: a browser's session cookie, a program's bearer token, or the local
//! unix socket, whose file permissions are its proof. What a credential may do is looked up at every request, so
//! that a removed token or a lowered role works at once. No default password exists: see [`first`].

mod browser;
mod caller;
pub mod cookie;
mod factor;
pub mod first;
pub mod limiter;
pub mod links;
pub mod password;
pub mod secret;
pub mod totp;

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use tokio::sync::Semaphore;
use vigie_shared::clock::Clock;

pub use self::browser::{Browser, Opened, Typed};
pub use self::caller::{Caller, Via, short_id};
use self::cookie::TOUCH_MS;
use self::factor::Half;
use self::limiter::Limiter;
use crate::store::accounts::{Account, Credential, CredentialKind, Role};
use crate::store::{Store, StoreError};

/// Passwords hashed at once: each takes 19 MiB and a processor.
const HASHING_MAX: usize = 2;
/// How long a login waits for its turn.
const HASHING_WAIT: Duration = Duration::from_secs(5);

/// Why a login failed.
#[derive(Debug, thiserror::Error)]
pub enum LoginError {
    /// No such account, or not its password: which of the two stays unsaid.
    #[error("account or password is wrong")]
    Wrong,
    /// The password is right and the account has a second factor. The ticket stands for the password while the code
    /// is typed; a program sends both at once.
    #[error("this account has a second factor; send the code that its application shows, or a recovery code")]
    NeedsCode {
        /// What stands for the password, for five minutes.
        ticket: String,
    },
    /// Not a code that counts: wrong, over, or given before.
    #[error("the code is wrong, over, or was given before; wait for the next one")]
    WrongCode,
    /// A link that was used, is over, or never was.
    #[error("the link is over or was used before; ask for a new one")]
    LinkEnded,
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

/// An account as it shall be.
pub struct NewAccount {
    /// Its name.
    pub name: String,
    /// Its password, judged before.
    pub password: String,
    /// What it may do.
    pub role: Role,
    /// The person that it belongs to.
    pub person: Option<String>,
    /// Where a link for a new password is sent.
    pub email: Option<String>,
}

/// Opens, finds and ends sessions and tokens.
pub struct Logins {
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    limiter: Mutex<Limiter>,
    /// Who has given a password and still has to give a code, by the hash of the ticket.
    halves: Mutex<BTreeMap<[u8; 32], Half>>,
    hashing: Semaphore,
    nobody: Arc<OnceLock<String>>,
}

impl Logins {
    /// Works on this store.
    #[must_use]
    pub fn new(store: Arc<dyn Store>, clock: Arc<dyn Clock>) -> Self {
        Self {
            store,
            clock,
            limiter: Mutex::default(),
            halves: Mutex::default(),
            hashing: Semaphore::new(HASHING_MAX),
            nobody: Arc::default(),
        }
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
        let caller = self.by_token(token).await?;
        let caller = caller.filter(|caller| caller.account == name).ok_or(LoginError::Wrong)?;
        self.limiter().on_success(&row, address);
        Ok(caller)
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

    /// Whose API token this is, if it is good.
    ///
    /// # Errors
    ///
    /// If the store failed.
    pub async fn by_token(&self, token: &str) -> Result<Option<Caller>, StoreError> {
        let (secret_sha256, now_ms) = (secret::sha256(token.as_bytes()), self.clock.wall_ms());
        let Some(known) = self.store.credential(secret_sha256).await? else { return Ok(None) };
        let used_ms = known.used_ms;
        let caller = self.holder(known, now_ms).await?;
        if caller.is_some() && used_ms.is_none_or(|used_ms| now_ms.saturating_sub(used_ms) >= TOUCH_MS) {
            let touched = self.store.touch_credential(secret_sha256, now_ms).await;
            touched.unwrap_or_else(|error| forgive(error, "the last use of a token"));
        }
        Ok(caller)
    }

    /// The caller as they are entitled at this moment; none if their credential ended since. This is no use of it.
    ///
    /// # Errors
    ///
    /// If the store failed.
    pub async fn caller_via(&self, via: Via) -> Result<Option<Caller>, StoreError> {
        let now_ms = self.clock.wall_ms();
        match via {
            Via::Socket => Ok(Some(Caller::local())),
            Via::Token { secret_sha256 } => match self.store.credential(secret_sha256).await? {
                Some(token) => self.holder(token, now_ms).await,
                None => Ok(None),
            },
            Via::Session { id, .. } => match self.store.session(id).await? {
                Some(session) if now_ms < session.ends_ms() => self.caller_of(&session).await,
                Some(_) | None => Ok(None),
            },
        }
    }

    /// Who holds a token, if it is one that works.
    async fn holder(&self, token: Credential, now_ms: i64) -> Result<Option<Caller>, StoreError> {
        if token.kind != CredentialKind::Token || token.expires_ms <= now_ms {
            return Ok(None);
        }
        let Some(account) = self.store.account(&token.account).await? else { return Ok(None) };
        Ok(Some(Caller {
            account: account.name,
            role: token.role.min(account.role),
            person: account.person,
            scope: token.scope,
            via: Via::Token { secret_sha256: token.secret_sha256 },
        }))
    }

    /// Makes an account, or gives it a new password and rights; its open sessions end, and so do links that were sent.
    ///
    /// # Errors
    ///
    /// If there is no memory for hashing, or the store failed.
    pub async fn put_account(&self, new: NewAccount) -> Result<(), LoginError> {
        let NewAccount { name, password, role, person, email } = new;
        let password_hash = self.hash(password).await?;
        let created_ms = match self.store.account(&name).await? {
            Some(former) => former.created_ms,
            None => self.clock.wall_ms(),
        };
        self.store.put_account(&Account { name: name.clone(), password_hash, role, created_ms, person, email }).await?;
        self.store.remove_sessions(&name, None).await?;
        Ok(self.end_links(&name, CredentialKind::Reset).await?)
    }

    /// Changes what an account may do; its open sessions end if that is something else than before.
    ///
    /// # Errors
    ///
    /// If the store failed.
    pub async fn change_account(&self, account: &Account) -> Result<(), StoreError> {
        let former = self.store.account(&account.name).await?;
        self.store.put_account(account).await?;
        if former.is_some_and(|former| (former.role, &former.person) != (account.role, &account.person)) {
            self.store.remove_sessions(&account.name, None).await?;
        }
        Ok(())
    }

    /// Gives an account a new password; all its sessions but one end, and so do links that were sent.
    ///
    /// # Errors
    ///
    /// If there is no memory for hashing, or the store failed.
    pub async fn set_password(
        &self,
        account: Account,
        password: String,
        but: Option<[u8; 16]>,
    ) -> Result<(), LoginError> {
        let password_hash = self.hash(password).await?;
        let name = account.name.clone();
        self.store.put_account(&Account { password_hash, ..account }).await?;
        self.store.remove_sessions(&name, but).await?;
        Ok(self.end_links(&name, CredentialKind::Reset).await?)
    }

    async fn hash(&self, password: String) -> Result<String, LoginError> {
        self.hashed(move || password::hash(&password)).await?.map_err(LoginError::Hashing)
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

/// A store that cannot be written to takes nobody's right to read.
fn forgive(error: StoreError, what: &str) {
    tracing::warn!("{what} is not kept: {:#}", anyhow::Error::from(error));
}
