//! Commands: signed by the hub, so that a broken broker cannot make a box act; and how they end.

use ring::signature::{ED25519, Ed25519KeyPair, UnparsedPublicKey};
use serde::{Deserialize, Serialize};

use crate::id::{CommandId, SiteId};
use crate::wire::delivery::message;
use crate::wire::frame::{self, FrameError};

/// One order to one box.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Command {
    /// The only site that may execute it.
    pub site: SiteId,
    /// Its name, for at-most-once.
    pub id: CommandId,
    /// When it was given, milliseconds since 1970 UTC.
    pub issued_ms: i64,
    /// When it must no longer be started, milliseconds since 1970 UTC.
    pub expires_ms: i64,
    /// What to do.
    pub kind: CommandKind,
}

/// What a box can be asked. New kinds are appended at the end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum CommandKind {
    /// Hardware, model, system, network and current metrics.
    GetSystemInfo,
}

/// A command and the hub's signature over its exact bytes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignedCommand {
    /// The sealed [`Command`].
    #[serde(with = "serde_bytes")]
    pub body: Vec<u8>,
    /// Ed25519 over `body`, 64 bytes.
    #[serde(with = "serde_bytes")]
    pub signature: Vec<u8>,
}

/// Why a signed command is not obeyed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CommandError {
    /// None of the trusted keys made the signature.
    #[error("the signature is not from a trusted key")]
    BadSignature,
    /// It is for somebody else.
    #[error("the command is for site {0}")]
    OtherSite(SiteId),
    /// It came too late.
    #[error("the command expired")]
    Expired,
    /// Its body cannot be read.
    #[error("the command cannot be read: {0}")]
    Unreadable(#[from] FrameError),
}

impl SignedCommand {
    /// Signs a command with the hub's key.
    #[must_use]
    pub fn sign(command: &Command, key: &Ed25519KeyPair) -> Self {
        let body = frame::seal(1, command);
        let signature = key.sign(&body).as_ref().to_vec();
        Self { body, signature }
    }

    /// Returns the command if one of the trusted keys signed it, it is for `site`, and it has not expired.
    ///
    /// # Errors
    ///
    /// Every [`CommandError`]; the box answers it as *refused*.
    pub fn verify(&self, trusted: &[[u8; 32]], site: &SiteId, now_ms: i64) -> Result<Command, CommandError> {
        let is_ours =
            trusted.iter().any(|key| UnparsedPublicKey::new(&ED25519, key).verify(&self.body, &self.signature).is_ok());
        if !is_ours {
            return Err(CommandError::BadSignature);
        }
        let command: Command = frame::open(&self.body)?;
        if command.site != *site {
            return Err(CommandError::OtherSite(command.site));
        }
        if command.expires_ms <= now_ms {
            return Err(CommandError::Expired);
        }
        Ok(command)
    }
}

/// How a command ended: a fact, kept in the ledger.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CommandOutcome {
    /// Which command.
    pub id: CommandId,
    /// How it ended.
    pub state: OutcomeState,
    /// The answer as JSON, or the reason for people.
    pub detail: String,
}

/// The ways a command can end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OutcomeState {
    /// Done.
    Succeeded,
    /// Tried, did not work.
    Failed,
    /// Not tried: not allowed, not ours, expired.
    Refused,
    /// Tried, did not work, everything as before.
    RolledBack,
    /// The box restarted in the middle and could not tell; a later outcome resolves it.
    Unknown,
}

message!(SignedCommand);

#[cfg(test)]
mod tests {
    use ring::signature::KeyPair as _;

    use super::*;

    fn key(seed: u8) -> (Ed25519KeyPair, [u8; 32]) {
        let pair = Ed25519KeyPair::from_seed_unchecked(&[seed; 32]).unwrap();
        let public = pair.public_key().as_ref().try_into().unwrap();
        (pair, public)
    }

    fn command() -> Command {
        Command {
            site: "rennes01".parse().unwrap(),
            id: CommandId([7; 16]),
            issued_ms: 1_000,
            expires_ms: 2_000,
            kind: CommandKind::GetSystemInfo,
        }
    }

    #[test]
    fn a_command_is_obeyed_only_by_its_site_in_time_with_a_trusted_signature() {
        let (ours, public) = key(1);
        let (_, stranger) = key(2);
        let signed = SignedCommand::decode(&SignedCommand::sign(&command(), &ours).encode()).unwrap();
        let site = command().site;
        let other = "lyon02".parse().unwrap();

        assert_eq!(signed.verify(&[stranger, public], &site, 1_999), Ok(command()));
        assert_eq!(signed.verify(&[stranger], &site, 1_999), Err(CommandError::BadSignature));
        assert_eq!(signed.verify(&[public], &site, 2_000), Err(CommandError::Expired));
        assert_eq!(signed.verify(&[public], &other, 1_999), Err(CommandError::OtherSite(site)));
    }

    #[test]
    fn one_changed_byte_spoils_the_signature() {
        let (ours, public) = key(1);
        let mut signed = SignedCommand::sign(&command(), &ours);
        signed.body[1] ^= 1;
        assert_eq!(signed.verify(&[public], &command().site, 0), Err(CommandError::BadSignature));
    }
}
