//! Why a verb failed, and the exit code that tells it to programs.

use super::client::HubError;

/// The codes, as `--help` shows them.
pub(super) const EXIT_CODES: &str = "Exit codes:
  0  done
  1  failed; the text says what happened, what is safe, what to do
  2  the command line is wrong
  3  no hub is running with this data folder
  4  the hub refused: unknown name, no right, value not accepted
  5  a command that was waited for ended otherwise than by success";

/// Why a verb failed.
#[derive(Debug, thiserror::Error)]
pub enum VerbError {
    /// The hub did not do it.
    #[error(transparent)]
    Hub(#[from] HubError),
    /// Something on this machine failed.
    #[error("{0:#}")]
    Here(#[from] anyhow::Error),
}

impl VerbError {
    pub(super) fn exit_code(&self) -> u8 {
        match self {
            Self::Hub(HubError::NotRunning { .. }) => 3,
            Self::Hub(HubError::Refused(_)) => 4,
            Self::Hub(HubError::Closed { .. } | HubError::Failed(_)) | Self::Here(_) => 1,
        }
    }
}
