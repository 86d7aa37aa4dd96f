//! Accounts: who may log in, with which sessions and API tokens. Only hashes of secrets are kept.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::store::StoreError;

/// What a person or program may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Look.
    Viewer,
    /// Look and act on sites.
    Operator,
    /// Everything.
    Owner,
}

/// A person who may log in.
#[derive(Clone, PartialEq, Eq)]
pub struct Account {
    /// Its name.
    pub name: String,
    /// Argon2id in PHC form.
    pub password_hash: String,
    /// What it may do.
    pub role: Role,
    /// When it was made, milliseconds since 1970 UTC.
    pub created_ms: i64,
}

/// A session of a browser, or an API token of a program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Credential {
    /// SHA-256 of the secret.
    pub secret_sha256: [u8; 32],
    /// Session or token.
    pub kind: CredentialKind,
    /// Whose.
    pub account: String,
    /// A name for people; a token's purpose.
    pub label: String,
    /// What it may do: at most what its account may.
    pub role: Role,
    /// When it was made, milliseconds since 1970 UTC.
    pub created_ms: i64,
    /// When it ends.
    pub expires_ms: i64,
}

/// What a credential is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum CredentialKind {
    /// A browser's cookie.
    Session,
    /// A program's bearer token.
    Token,
}

/// The accounts' part of the store.
#[async_trait]
pub trait Accounts {
    /// Adds an account, or replaces its password and role.
    ///
    /// # Errors
    ///
    /// [`StoreError::Failed`].
    async fn put_account(&self, account: &Account) -> Result<(), StoreError>;

    /// One account.
    ///
    /// # Errors
    ///
    /// [`StoreError::Failed`].
    async fn account(&self, name: &str) -> Result<Option<Account>, StoreError>;

    /// Every account, by name.
    ///
    /// # Errors
    ///
    /// [`StoreError::Failed`].
    async fn accounts(&self) -> Result<Vec<Account>, StoreError>;

    /// Remembers a session or token.
    ///
    /// # Errors
    ///
    /// [`StoreError::Failed`].
    async fn add_credential(&self, credential: &Credential) -> Result<(), StoreError>;

    /// The credential with this hash, if it exists (whether it has ended is the caller's question).
    ///
    /// # Errors
    ///
    /// [`StoreError::Failed`].
    async fn credential(&self, secret_sha256: [u8; 32]) -> Result<Option<Credential>, StoreError>;

    /// Every credential of one kind, newest first.
    ///
    /// # Errors
    ///
    /// [`StoreError::Failed`].
    async fn credentials(&self, kind: CredentialKind) -> Result<Vec<Credential>, StoreError>;

    /// Ends a session or token; false if it did not exist.
    ///
    /// # Errors
    ///
    /// [`StoreError::Failed`].
    async fn remove_credential(&self, secret_sha256: [u8; 32]) -> Result<bool, StoreError>;

    /// Removes sessions and tokens that have ended.
    ///
    /// # Errors
    ///
    /// [`StoreError::Failed`].
    async fn remove_expired(&self, now_ms: i64) -> Result<(), StoreError>;
}
