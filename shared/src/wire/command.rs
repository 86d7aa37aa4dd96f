//! Commands: signed by the hub, so that a broken broker cannot make a box act; and how they end.
//!
//! The sealed bytes of a command begin with its [`CommandHeader`], in this and in every later version. So a box
//! can refuse by name what it does not understand, and nobody waits for an answer that never comes.

mod fields;
pub mod json;
mod kind;

use ring::signature::{ED25519, Ed25519KeyPair, UnparsedPublicKey};
use serde::{Deserialize, Serialize};

use crate::id::{CommandId, SiteId};
use crate::wire::delivery::message;
use crate::wire::frame::{self, FrameError};

pub use kind::{
    AdmitTerminal, CommandKind, ConfigTarget, DeleteTerminalUsers, DeleteVideo, DeployVideo, EraseTerminal, Erased,
    GetLogs, GetSystemInfo, GetTerminalInfo, GetTerminalLog, GetTerminalUsers, OpenDoor, Reboot, RebootTerminal,
    RestartService, SetTerminalSchedule, SetTerminalTime, SetTerminalUsers, SetTerminalZone, ShowMessage, UpdateConfig,
    UpdateSoftware, WantedUser, When,
};

/// Largest sealed command, bytes: it travels as one message, with its signature.
pub const COMMAND_BYTES_MAX: usize = crate::wire::delivery::MESSAGE_BYTES_MAX - 256;

/// Largest answer of an outcome, bytes of JSON; what is larger travels by HTTPS and is referred to by hash.
pub const ANSWER_BYTES_MAX: usize = 24 * 1024;

/// Whose command, which, and until when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CommandHeader {
    /// The only site that may execute it.
    pub site: SiteId,
    /// Its name, for at-most-once.
    pub id: CommandId,
    /// When it was given, milliseconds since 1970 UTC.
    pub issued_ms: i64,
    /// When it must no longer be started, milliseconds since 1970 UTC.
    pub expires_ms: i64,
}

/// One order to one box.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Command {
    /// Whose, which, until when.
    pub header: CommandHeader,
    /// Only say what would happen.
    pub is_dry_run: bool,
    /// What to do.
    pub kind: CommandKind,
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
    /// Not even its header can be read: there is nobody to answer.
    #[error("the command cannot be read: {0}")]
    Unreadable(#[from] FrameError),
    /// None of the trusted keys made the signature.
    #[error("the signature is not from a key that this box trusts")]
    BadSignature(CommandHeader),
    /// It is for somebody else.
    #[error("the command is for site {}", .0.site)]
    OtherSite(CommandHeader),
    /// It came too late.
    #[error("the command expired before it could be started")]
    Expired(CommandHeader),
    /// It asks for something that this program has not learnt.
    #[error("this version of the agent does not know what the command asks for; update the agent")]
    UnknownKind(CommandHeader),
}

impl CommandError {
    /// The header of the command, as far as it could be read. Behind a bad signature, anybody may have written it.
    #[must_use]
    pub fn header(&self) -> Option<&CommandHeader> {
        match self {
            Self::Unreadable(_) => None,
            Self::BadSignature(header)
            | Self::OtherSite(header)
            | Self::Expired(header)
            | Self::UnknownKind(header) => Some(header),
        }
    }
}

impl Command {
    /// The sealed bytes: what is signed, sent and kept.
    #[must_use]
    pub fn seal(&self) -> Vec<u8> {
        frame::seal(1, self)
    }

    /// Reads sealed bytes that need no proof of their origin: the box's and the hub's own books.
    ///
    /// # Errors
    ///
    /// [`CommandError::Unreadable`] and [`CommandError::UnknownKind`].
    pub fn open(body: &[u8]) -> Result<Self, CommandError> {
        let (version, body) = frame::check(body)?;
        let (header, rest) =
            postcard::take_from_bytes::<CommandHeader>(body).map_err(|_not_a_header| FrameError::Malformed)?;
        if version != 1 {
            return Err(CommandError::UnknownKind(header));
        }
        match frame::body_of::<(bool, CommandKind)>(rest) {
            Ok((is_dry_run, kind)) => Ok(Self { header, is_dry_run, kind }),
            Err(_) => Err(CommandError::UnknownKind(header)),
        }
    }
}

impl SignedCommand {
    /// Signs a command with the hub's key.
    #[must_use]
    pub fn sign(command: &Command, key: &Ed25519KeyPair) -> Self {
        Self::sign_sealed(command.seal(), key)
    }

    /// Signs the sealed bytes of a command with the hub's key.
    #[must_use]
    pub fn sign_sealed(body: Vec<u8>, key: &Ed25519KeyPair) -> Self {
        let signature = key.sign(&body).as_ref().to_vec();
        Self { body, signature }
    }

    /// Returns the command if one of the trusted keys signed it, it is for `site`, and it has not expired.
    ///
    /// # Errors
    ///
    /// Every [`CommandError`]; the box answers those with a header as *refused*.
    pub fn verify(&self, trusted: &[[u8; 32]], site: &SiteId, now_ms: i64) -> Result<Command, CommandError> {
        let is_ours =
            trusted.iter().any(|key| UnparsedPublicKey::new(&ED25519, key).verify(&self.body, &self.signature).is_ok());
        let opened = Command::open(&self.body);
        let header = match &opened {
            Ok(command) => command.header.clone(),
            Err(error) => error.header().cloned().ok_or_else(|| error.clone())?,
        };
        if !is_ours {
            return Err(CommandError::BadSignature(header));
        }
        if header.site != *site {
            return Err(CommandError::OtherSite(header));
        }
        if header.expires_ms <= now_ms {
            return Err(CommandError::Expired(header));
        }
        opened
    }
}

/// How a command ended: a fact, kept in the ledger.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CommandOutcome {
    /// Which command.
    pub id: CommandId,
    /// How it ended.
    pub state: OutcomeState,
    /// What was done, or why not: a sentence for people.
    pub detail: String,
    /// The answer as JSON, at most [`ANSWER_BYTES_MAX`] bytes; none if the sentence says it all.
    pub answer: Option<String>,
}

/// The ways a command can end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
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

impl OutcomeState {
    /// Every state.
    pub const ALL: [Self; 5] = [Self::Succeeded, Self::Failed, Self::Refused, Self::RolledBack, Self::Unknown];

    /// The state as one word, as in JSON.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::Refused => "refused",
            Self::RolledBack => "rolled_back",
            Self::Unknown => "unknown",
        }
    }
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

    fn header() -> CommandHeader {
        CommandHeader { site: "rennes01".parse().unwrap(), id: CommandId([7; 16]), issued_ms: 1_000, expires_ms: 2_000 }
    }

    fn command() -> Command {
        Command { header: header(), is_dry_run: false, kind: CommandKind::Reboot(Reboot {}) }
    }

    #[test]
    fn a_command_is_obeyed_only_by_its_site_in_time_with_a_trusted_signature() {
        let (ours, public) = key(1);
        let (_, stranger) = key(2);
        let signed = SignedCommand::decode(&SignedCommand::sign(&command(), &ours).encode()).unwrap();
        let site = header().site;
        let other = "lyon02".parse().unwrap();

        assert_eq!(signed.verify(&[stranger, public], &site, 1_999), Ok(command()));
        assert_eq!(signed.verify(&[stranger], &site, 1_999), Err(CommandError::BadSignature(header())));
        assert_eq!(signed.verify(&[public], &site, 2_000), Err(CommandError::Expired(header())));
        assert_eq!(signed.verify(&[public], &other, 1_999), Err(CommandError::OtherSite(header())));
    }

    #[test]
    fn one_changed_byte_spoils_the_command() {
        let (ours, public) = key(1);
        let mut signed = SignedCommand::sign(&command(), &ours);
        signed.body[1] ^= 1;
        let error = signed.verify(&[public], &header().site, 0).unwrap_err();
        assert_eq!(error, CommandError::Unreadable(FrameError::Damaged));

        let mut signed = SignedCommand::sign(&command(), &ours);
        signed.signature[0] ^= 1;
        assert_eq!(signed.verify(&[public], &header().site, 0), Err(CommandError::BadSignature(header())));
    }

    #[test]
    fn a_kind_from_the_future_is_refused_by_its_name() {
        let (ours, public) = key(1);
        let strange = [frame::seal(1, &(header(), false, 250u8)), frame::seal(2, &(header(), "anything"))];
        for body in strange {
            let signature = ours.sign(&body).as_ref().to_vec();
            let signed = SignedCommand { body, signature };
            assert_eq!(signed.verify(&[public], &header().site, 0), Err(CommandError::UnknownKind(header())));
        }
    }
}
