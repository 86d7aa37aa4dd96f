//! Accounts: who may log in, with which API tokens and links. Only hashes of secrets are kept.

use std::collections::BTreeSet;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use vigie_shared::id::SiteId;

use crate::store::StoreError;

/// What a person or program may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// See the own presence, and nothing else.
    Member,
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
    /// The id of the person that it belongs to: whose presence it may see whatever its role.
    pub person: Option<String>,
    /// Where a link for a new password is sent.
    pub email: Option<String>,
}

/// An API token of a program, or a link that works once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Credential {
    /// SHA-256 of the secret.
    pub secret_sha256: [u8; 32],
    /// What it is for.
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
    /// To what it is limited beyond its role.
    pub scope: Scope,
    /// When it was used last, to the minute.
    pub used_ms: Option<i64>,
}

/// What a credential is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum CredentialKind {
    /// The link by which the first owner chooses name and password.
    Setup,
    /// A program's bearer token.
    Token,
    /// The link by which somebody chooses a new password.
    Reset,
}

/// To what a token is limited. An empty list limits nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Scope {
    /// Parts of the API, as its document tags them.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub areas: BTreeSet<String>,
    /// Sites.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub sites: BTreeSet<SiteId>,
}

impl Scope {
    /// Whether nothing is limited.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.areas.is_empty() && self.sites.is_empty()
    }

    /// Whether a part of the API is within it.
    #[must_use]
    pub fn has_area(&self, area: &str) -> bool {
        self.areas.is_empty() || self.areas.contains(area)
    }

    /// Whether a site is within it, by its id as it is written.
    #[must_use]
    pub fn has_site(&self, site: &str) -> bool {
        self.sites.is_empty() || self.sites.iter().any(|one| one.as_str() == site)
    }
}

/// The accounts' part of the store.
#[async_trait]
pub trait Accounts {
    /// Adds an account, or replaces everything of it but when it was made.
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

    /// Removes an account with its sessions, tokens, links and second factor; false if there was none.
    ///
    /// # Errors
    ///
    /// [`StoreError::Failed`].
    async fn remove_account(&self, name: &str) -> Result<bool, StoreError>;

    /// Remembers a token or a link.
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

    /// Remembers when a credential was used.
    ///
    /// # Errors
    ///
    /// [`StoreError::Failed`].
    async fn touch_credential(&self, secret_sha256: [u8; 32], used_ms: i64) -> Result<(), StoreError>;

    /// Ends a token or link; false if it did not exist. Of many who end it at once, one is told true.
    ///
    /// # Errors
    ///
    /// [`StoreError::Failed`].
    async fn remove_credential(&self, secret_sha256: [u8; 32]) -> Result<bool, StoreError>;

    /// Removes sessions, tokens and links that have ended.
    ///
    /// # Errors
    ///
    /// [`StoreError::Failed`].
    async fn remove_expired(&self, now_ms: i64) -> Result<(), StoreError>;
}
