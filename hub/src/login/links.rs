//! Links that work once: for a new password, and for the first owner's own name and password.

use std::net::IpAddr;

use tokio::time::Instant;

use super::{LoginError, Logins, NewAccount, first, secret};
use crate::store::StoreError;
use crate::store::accounts::{Account, Credential, CredentialKind, Role, Scope};

/// How long a link for a new password works, milliseconds.
pub const RESET_MS: i64 = 30 * 60 * 1000;

impl Logins {
    /// A link's secret for an account that forgot its password, with the account; none if there is no such account or
    /// it has no address. Every question counts, whatever becomes of it.
    ///
    /// # Errors
    ///
    /// [`LoginError::Wait`], [`LoginError::Store`].
    pub async fn ask_reset(
        &self,
        name: &str,
        address: Option<IpAddr>,
    ) -> Result<Option<(Account, String)>, LoginError> {
        let (now, row) = (Instant::now().into_std(), format!("reset of {name}"));
        self.limiter().on_attempt(&row, address, now).map_err(LoginError::Wait)?;
        // From wherever it is asked: nobody's mailbox is filled from many places.
        self.limiter().on_guess(&row, now).map_err(LoginError::Wait)?;
        let account = self.store.account(name).await?.filter(|account| account.email.is_some());
        let Some(account) = account else { return Ok(None) };
        self.end_links(name, CredentialKind::Reset).await?;
        let (secret, now_ms) = (secret::draw(), self.clock.wall_ms());
        let link = link(&secret, CredentialKind::Reset, &account.name, now_ms, RESET_MS);
        self.store.add_credential(&link).await?;
        Ok(Some((account, secret)))
    }

    /// Gives the account of a link a new password; its sessions end, and the link with them. The second factor stays.
    ///
    /// # Errors
    ///
    /// [`LoginError::LinkEnded`], [`LoginError::Hashing`], [`LoginError::Store`].
    pub async fn reset(&self, link: &str, password: String) -> Result<String, LoginError> {
        let name = self.redeem(link, CredentialKind::Reset).await?;
        let account = self.store.account(&name).await?.ok_or(LoginError::LinkEnded)?;
        self.set_password(account, password, None).await?;
        Ok(name)
    }

    /// Makes the first owner's own account by the link of the first start. The account that the start made gets a
    /// password that nobody knows, unless it is the one that was chosen.
    ///
    /// # Errors
    ///
    /// [`LoginError::LinkEnded`], [`LoginError::Hashing`], [`LoginError::Store`]; a conflict if there is such an account.
    pub async fn set_up(&self, link: &str, new: NewAccount) -> Result<(), LoginError> {
        if new.name != first::ACCOUNT && self.store.account(&new.name).await?.is_some() {
            return Err(StoreError::Conflict(format!("an account {}", new.name)).into());
        }
        let made = self.redeem(link, CredentialKind::Setup).await?;
        let is_other = new.name != made;
        self.put_account(NewAccount { role: Role::Owner, ..new }).await?;
        if is_other && let Some(account) = self.store.account(&made).await? {
            self.set_password(account, secret::draw(), None).await?;
        }
        Ok(())
    }

    /// The account of a link, which is used up.
    async fn redeem(&self, link: &str, kind: CredentialKind) -> Result<String, LoginError> {
        let hash = secret::sha256(link.as_bytes());
        let known = self.store.credential(hash).await?;
        let known = known.filter(|one| one.kind == kind && one.expires_ms > self.clock.wall_ms());
        let known = known.ok_or(LoginError::LinkEnded)?;
        // Of two who use it at once, one is told that it was there.
        if self.store.remove_credential(hash).await? { Ok(known.account) } else { Err(LoginError::LinkEnded) }
    }

    pub(super) async fn end_links(&self, account: &str, kind: CredentialKind) -> Result<(), StoreError> {
        for link in self.store.credentials(kind).await? {
            if link.account == account {
                self.store.remove_credential(link.secret_sha256).await?;
            }
        }
        Ok(())
    }
}

/// What is kept of a link.
pub(super) fn link(secret: &str, kind: CredentialKind, account: &str, now_ms: i64, life_ms: i64) -> Credential {
    Credential {
        secret_sha256: secret::sha256(secret.as_bytes()),
        kind,
        account: account.to_owned(),
        label: "link".to_owned(),
        role: Role::Member,
        created_ms: now_ms,
        expires_ms: now_ms.saturating_add(life_ms),
        scope: Scope::default(),
        used_ms: None,
    }
}
