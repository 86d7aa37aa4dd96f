//! The second factor: how it begins, how a code is checked, and what stands for the password meanwhile.

use std::sync::PoisonError;
use std::time::Duration;

use tokio::time::Instant;
use vigie_shared::id::random_bytes;

use super::{Browser, LoginError, Logins, Opened, secret, totp};
use crate::store::StoreError;
use crate::store::accounts::Account;
use crate::store::factors::SecondFactor;

/// How long the code may be typed after the password.
const HALF_LIFE: Duration = Duration::from_secs(5 * 60);
/// Half logins at once; the oldest goes first.
const HALVES_MAX: usize = 1000;
/// Recovery codes of one account.
const RECOVERY_CODES: usize = 10;
/// Words of a recovery code: 64 bits, so that its hash betrays nothing.
const RECOVERY_WORDS: usize = 4;
/// Others that change a factor at the same time.
const TRIES: usize = 5;

/// Somebody who gave the password and still has to give a code.
pub(super) struct Half {
    account: String,
    born: Instant,
}

impl Logins {
    /// Whether somebody of this account must give a code.
    ///
    /// # Errors
    ///
    /// If the store failed.
    pub async fn has_factor(&self, account: &str) -> Result<bool, StoreError> {
        Ok(self.store.factor(account).await?.is_some_and(|factor| factor.is_confirmed))
    }

    /// Begins a second factor: the secret for the person's application. It is not asked for before it is confirmed.
    ///
    /// # Errors
    ///
    /// [`StoreError::Conflict`] if there is a confirmed one.
    pub async fn begin_factor(&self, account: &str) -> Result<Vec<u8>, StoreError> {
        if self.has_factor(account).await? {
            return Err(StoreError::Conflict("a second factor of this account".to_owned()));
        }
        let secret = random_bytes::<20>().to_vec();
        let factor = SecondFactor {
            account: account.to_owned(),
            secret: secret.clone(),
            is_confirmed: false,
            last_step: 0,
            recovery: Vec::new(),
            revision: 0,
        };
        self.store.put_factor(&factor).await?;
        Ok(secret)
    }

    /// Confirms a second factor by a first code; returns recovery codes, which are kept nowhere in clear. The account's
    /// sessions but this one end, as none of them has shown a code.
    ///
    /// # Errors
    ///
    /// [`LoginError::WrongCode`], [`LoginError::Wait`], [`LoginError::Store`].
    pub async fn confirm_factor(
        &self,
        account: &str,
        code: &str,
        session: Option<[u8; 16]>,
    ) -> Result<Vec<String>, LoginError> {
        let codes: Vec<String> = (0..RECOVERY_CODES).map(|_| secret::readable(RECOVERY_WORDS)).collect();
        let hashes: Vec<[u8; 32]> = codes.iter().map(|code| secret::sha256(code.as_bytes())).collect();
        let begun = self.store.factor(account).await?.filter(|factor| !factor.is_confirmed);
        begun.ok_or(LoginError::WrongCode)?;
        self.spend(account, code, |factor| {
            factor.is_confirmed = true;
            factor.recovery.clone_from(&hashes);
        })
        .await?;
        self.store.remove_sessions(account, session).await?;
        if let Some(session) = session {
            self.mark_proved(session).await?;
        }
        Ok(codes)
    }

    /// Takes a code for what is grave: it counts for five minutes in this session.
    ///
    /// # Errors
    ///
    /// [`LoginError::WrongCode`], [`LoginError::Wait`], [`LoginError::Store`].
    pub async fn prove(&self, account: &str, code: &str, session: [u8; 16]) -> Result<(), LoginError> {
        self.check_code(account, code).await?;
        Ok(self.mark_proved(session).await?)
    }

    /// Checks a code of a confirmed factor, or a recovery code, and spends it.
    ///
    /// # Errors
    ///
    /// [`LoginError::WrongCode`], [`LoginError::Wait`], [`LoginError::Store`].
    pub async fn check_code(&self, account: &str, code: &str) -> Result<(), LoginError> {
        if !self.has_factor(account).await? {
            return Err(LoginError::WrongCode);
        }
        self.spend(account, code, |_| {}).await
    }

    /// Logs in with the ticket of a password that was right, and a code.
    ///
    /// # Errors
    ///
    /// [`LoginError::LinkEnded`] if the ticket is over; as [`Logins::check_code`].
    pub async fn sign_in_with_ticket(
        &self,
        ticket: &str,
        code: &str,
        browser: Browser<'_>,
    ) -> Result<Opened, LoginError> {
        let key = secret::sha256(ticket.as_bytes());
        let name = {
            let mut halves = self.halves.lock().unwrap_or_else(PoisonError::into_inner);
            halves.retain(|_, half| half.born.elapsed() < HALF_LIFE);
            halves.get(&key).map(|half| half.account.clone()).ok_or(LoginError::LinkEnded)?
        };
        self.check_code(&name, code).await?;
        self.halves.lock().unwrap_or_else(PoisonError::into_inner).remove(&key);
        let account = self.store.account(&name).await?.ok_or(LoginError::LinkEnded)?;
        let now_ms = self.clock.wall_ms();
        self.open(account, Some(now_ms), browser).await
    }

    /// The second step of a login: when the code was given, none if the account needs none.
    pub(super) async fn second_step(&self, account: &Account, code: Option<&str>) -> Result<Option<i64>, LoginError> {
        if !self.has_factor(&account.name).await? {
            return Ok(None);
        }
        let Some(code) = code.filter(|code| !code.trim().is_empty()) else {
            return Err(LoginError::NeedsCode { ticket: self.half(&account.name) });
        };
        self.check_code(&account.name, code).await?;
        Ok(Some(self.clock.wall_ms()))
    }

    /// Remembers that a password was right; the ticket stands for it.
    fn half(&self, account: &str) -> String {
        let ticket = secret::draw();
        let mut halves = self.halves.lock().unwrap_or_else(PoisonError::into_inner);
        halves.retain(|_, half| half.born.elapsed() < HALF_LIFE);
        if halves.len() >= HALVES_MAX {
            let oldest = halves.iter().min_by_key(|(_, half)| half.born).map(|(key, _)| *key);
            oldest.map(|key| halves.remove(&key));
        }
        let half = Half { account: account.to_owned(), born: Instant::now() };
        halves.insert(secret::sha256(ticket.as_bytes()), half);
        ticket
    }

    /// Checks a code, spends it, and changes the factor in the same step.
    async fn spend(&self, account: &str, code: &str, change: impl Fn(&mut SecondFactor)) -> Result<(), LoginError> {
        let (now, row) = (Instant::now().into_std(), format!("code of {account}"));
        self.limiter().on_guess(&row, now).map_err(LoginError::Wait)?;
        for _ in 0..TRIES {
            let factor = self.store.factor(account).await?.ok_or(LoginError::WrongCode)?;
            let mut spent = spent(factor, code, self.clock.wall_ms()).ok_or(LoginError::WrongCode)?;
            change(&mut spent);
            if self.store.change_factor(&spent).await? {
                self.limiter().on_right_guess(&row);
                return Ok(());
            }
        }
        Err(LoginError::Busy)
    }

    async fn mark_proved(&self, id: [u8; 16]) -> Result<(), StoreError> {
        for _ in 0..TRIES {
            let Some(session) = self.store.session(id).await? else { return Ok(()) };
            let now_ms = self.clock.wall_ms();
            if self.store.change_session(&session.changed(|new| new.proved_ms = Some(now_ms))).await? {
                break;
            }
        }
        Ok(())
    }
}

/// The factor without this code; none if the code does not count.
fn spent(mut factor: SecondFactor, code: &str, now_ms: i64) -> Option<SecondFactor> {
    if let Some(step) = totp::matching_step(&factor.secret, code, now_ms, factor.last_step) {
        factor.last_step = step;
    } else {
        let hash = secret::sha256(code.trim().to_lowercase().as_bytes());
        let place = factor.recovery.iter().position(|one| *one == hash)?;
        factor.recovery.remove(place);
    }
    factor.revision = factor.revision.saturating_add(1);
    Some(factor)
}
