//! Who is asking, and how it was proved.

use vigie_shared::id::to_hex;

use super::first;
use crate::store::accounts::{Role, Scope};

/// Somebody who proved who they are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// The account.
    pub account: String,
    /// What it may do here.
    pub role: Role,
    /// The person that the account belongs to, whose presence it may see.
    pub person: Option<String>,
    /// To what the token is limited.
    pub scope: Scope,
    /// How it was proved.
    pub via: Via,
}

/// How a caller proved who they are.
#[derive(Clone, PartialEq, Eq)]
pub enum Via {
    /// The local unix socket, open to the hub's own user and root only.
    Socket,
    /// A bearer token.
    Token {
        /// The stored form of the token.
        secret_sha256: [u8; 32],
    },
    /// A browser's cookie.
    Session {
        /// Which session.
        id: [u8; 16],
        /// What forms of this session must carry; it stays the same while the cookie's secret changes.
        csrf: String,
        /// When it ends if nothing more is asked, milliseconds since 1970 UTC.
        ends_ms: i64,
        /// When a code of the second factor was given last; none if the account has none.
        proved_ms: Option<i64>,
        /// Whether its secret is so old that the answer should bring a new one.
        is_aged: bool,
    },
}

/// Shows the way, never the secret.
impl std::fmt::Debug for Via {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Socket => "Socket",
            Self::Token { .. } => "Token",
            Self::Session { .. } => "Session",
        })
    }
}

/// By what somebody proved who they are, as the audit log has it.
impl std::fmt::Display for Via {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Socket => f.write_str("socket"),
            Self::Token { secret_sha256 } => write!(f, "token {}", short_id(secret_sha256)),
            Self::Session { .. } => f.write_str("session"),
        }
    }
}

/// What a token or session is called: sixteen digits, enough to name one of some thousands.
#[must_use]
pub fn short_id(hash: &[u8; 32]) -> String {
    to_hex(hash.first_chunk::<8>().map_or(&[], |begin| begin.as_slice()))
}

impl Caller {
    /// The owner of the machine, speaking through the unix socket.
    #[must_use]
    pub fn local() -> Self {
        Self {
            account: first::ACCOUNT.to_owned(),
            role: Role::Owner,
            person: None,
            scope: Scope::default(),
            via: Via::Socket,
        }
    }

    /// What this caller's forms must carry; empty if they have no session.
    #[must_use]
    pub fn csrf(&self) -> &str {
        match &self.via {
            Via::Session { csrf, .. } => csrf,
            Via::Socket | Via::Token { .. } => "",
        }
    }

    /// When the session ends if nothing more is asked, milliseconds since 1970 UTC; none without a session.
    #[must_use]
    pub fn ends_ms(&self) -> Option<i64> {
        match &self.via {
            Via::Session { ends_ms, .. } => Some(*ends_ms),
            Via::Socket | Via::Token { .. } => None,
        }
    }
}
