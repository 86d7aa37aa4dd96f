//! Sessions of browsers: which secrets open them, and until when. Only hashes of secrets are kept.

use async_trait::async_trait;

use crate::store::StoreError;

/// A browser that is logged in.
#[derive(Clone, PartialEq, Eq)]
pub struct Session {
    /// Its name; the cookie carries it beside the secret.
    pub id: [u8; 16],
    /// Whose.
    pub account: String,
    /// What the browser calls itself.
    pub label: String,
    /// When it was opened, milliseconds since 1970 UTC.
    pub created_ms: i64,
    /// When it ends whatever is done with it.
    pub expires_ms: i64,
    /// When it was used last, to the minute.
    pub used_ms: i64,
    /// When a code of the second factor was given last; none if the account has none.
    pub proved_ms: Option<i64>,
    /// SHA-256 of the secret that opens it.
    pub current: [u8; 32],
    /// The one that was given in its place and was not seen yet, and since when.
    pub next: Option<Given>,
    /// The one before, and since when it is replaced.
    pub former: Option<Given>,
    /// Counts changes.
    pub revision: u32,
}

/// A secret, and a moment of its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Given {
    /// SHA-256 of it.
    pub secret_sha256: [u8; 32],
    /// Since when, milliseconds since 1970 UTC.
    pub since_ms: i64,
}

/// Shows whose it is, never what opens it.
impl std::fmt::Debug for Session {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Session")
            .field("account", &self.account)
            .field("revision", &self.revision)
            .finish_non_exhaustive()
    }
}

/// The sessions' part of the store.
#[async_trait]
pub trait Sessions {
    /// Remembers a new session.
    ///
    /// # Errors
    ///
    /// [`StoreError::Failed`].
    async fn add_session(&self, session: &Session) -> Result<(), StoreError>;

    /// One session, ended or not.
    ///
    /// # Errors
    ///
    /// [`StoreError::Failed`].
    async fn session(&self, id: [u8; 16]) -> Result<Option<Session>, StoreError>;

    /// The sessions of one account or of all, newest first.
    ///
    /// # Errors
    ///
    /// [`StoreError::Failed`].
    async fn sessions(&self, account: Option<&str>) -> Result<Vec<Session>, StoreError>;

    /// Puts a session in the place of the one whose revision is one less; false if it was changed or ended meanwhile.
    ///
    /// # Errors
    ///
    /// [`StoreError::Failed`].
    async fn change_session(&self, session: &Session) -> Result<bool, StoreError>;

    /// Ends a session; false if there was none.
    ///
    /// # Errors
    ///
    /// [`StoreError::Failed`].
    async fn remove_session(&self, id: [u8; 16]) -> Result<bool, StoreError>;

    /// Ends the sessions of an account but one.
    ///
    /// # Errors
    ///
    /// [`StoreError::Failed`].
    async fn remove_sessions(&self, account: &str, but: Option<[u8; 16]>) -> Result<(), StoreError>;
}
