//! Second factors: what a person's device shows beside the password. Secrets are sealed.

use async_trait::async_trait;

use crate::store::StoreError;

/// The second factor of an account.
#[derive(Clone, PartialEq, Eq)]
pub struct SecondFactor {
    /// Whose.
    pub account: String,
    /// What the person's device and the hub both know.
    pub secret: Vec<u8>,
    /// Whether the person has shown that the device works; before, it is not asked for.
    pub is_confirmed: bool,
    /// The newest step of time whose code was given: none up to it counts again.
    pub last_step: u64,
    /// SHA-256 of the recovery codes that are left.
    pub recovery: Vec<[u8; 32]>,
    /// Counts changes.
    pub revision: u32,
}

/// Shows whose it is, never the secret.
impl std::fmt::Debug for SecondFactor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SecondFactor")
            .field("account", &self.account)
            .field("is_confirmed", &self.is_confirmed)
            .finish_non_exhaustive()
    }
}

/// The second factors' part of the store.
#[async_trait]
pub trait Factors {
    /// Begins anew: what was there is replaced.
    ///
    /// # Errors
    ///
    /// [`StoreError::Failed`].
    async fn put_factor(&self, factor: &SecondFactor) -> Result<(), StoreError>;

    /// An account's factor.
    ///
    /// # Errors
    ///
    /// [`StoreError::Failed`].
    async fn factor(&self, account: &str) -> Result<Option<SecondFactor>, StoreError>;

    /// Puts a factor in the place of the one whose revision is one less; false if it was changed meanwhile. So no code
    /// counts twice, whoever gives it at the same time.
    ///
    /// # Errors
    ///
    /// [`StoreError::Failed`].
    async fn change_factor(&self, factor: &SecondFactor) -> Result<bool, StoreError>;

    /// Removes an account's factor; false if there was none.
    ///
    /// # Errors
    ///
    /// [`StoreError::Failed`].
    async fn remove_factor(&self, account: &str) -> Result<bool, StoreError>;

    /// The accounts with a confirmed factor, by name.
    ///
    /// # Errors
    ///
    /// [`StoreError::Failed`].
    async fn proven_accounts(&self) -> Result<Vec<String>, StoreError>;
}
