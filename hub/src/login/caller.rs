//! Who is asking, and how it was proved.

use super::first;
use crate::store::accounts::Role;

/// Somebody who proved who they are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// The account.
    pub account: String,
    /// What it may do here.
    pub role: Role,
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
        /// The stored form of the cookie.
        secret_sha256: [u8; 32],
        /// What forms of this session must carry.
        csrf: String,
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

impl Caller {
    /// The owner of the machine, speaking through the unix socket.
    #[must_use]
    pub fn local() -> Self {
        Self { account: first::ACCOUNT.to_owned(), role: Role::Owner, via: Via::Socket }
    }

    /// What this caller's forms must carry; empty if they have no session.
    #[must_use]
    pub fn csrf(&self) -> &str {
        match &self.via {
            Via::Session { csrf, .. } => csrf,
            Via::Socket | Via::Token { .. } => "",
        }
    }
}
