//! What a box writes on a stick when there is no way to the hub: its waiting records, sealed for the hub, signed by
//! the box.
//!
//! ```text
//! file    "vigie-export 2\n"  piece*
//! piece   [length u32, little endian][bytes]
//! first piece    frame 1 of [`SignedCover`]: whose, for which hub key; signed with the key of the box's certificate
//! other pieces   frame 1 of [`Sheet`], sealed by the channel that the cover opens: first the lanes, then their
//!                records as the box would send them, last an end that counts them
//! ```
//!
//! The signature is over the channel's beginning, so whatever opens in it is the box's. Pieces open only in their order;
//! a file that was cut off is whole up to there, and its missing end tells. Version 1 was not sealed.

use serde::{Deserialize, Serialize};
use serde_bytes::{ByteBuf, Bytes};

use crate::id::SiteId;
use crate::seal::{self, Channel, SealError};
use crate::wire::delivery::MESSAGE_BYTES_MAX;
use crate::wire::frame::{self, FrameError};
use crate::wire::{Lane, LaneHello};

/// What every file begins with, version included.
const MAGIC: &[u8] = b"vigie-export 2\n";

/// The same without the version.
const MAGIC_OF_ANY: &[u8] = b"vigie-export ";

/// What the channel is bound to.
const PURPOSE: &[u8] = b"vigie export 2";

/// What a signature is about, before the cover's bytes.
const SIGNED_PURPOSE: &[u8] = b"vigie export cover 2\n";

/// Longest piece, bytes: a message as it is sent, and what goes around it.
const PIECE_BYTES_MAX: usize = MESSAGE_BYTES_MAX + 1024;

const LENGTH_BYTES: usize = 4;

/// Why a file is not an export that can be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ExportError {
    /// It begins with something else.
    #[error("it is not an export of `vigie-agent queue export`")]
    NotAnExport,
    /// An export that was not sealed.
    #[error(
        "it is an export of an earlier agent, whose exports were not sealed and are not taken; update the agent, then \
         run `vigie-agent queue export` again: its queue still holds the records"
    )]
    NotSealed,
    /// An export of a newer agent.
    #[error("it is an export of another version than this program knows; update the hub")]
    OtherVersion,
    /// A piece cannot be what it should be.
    #[error("it is damaged")]
    Damaged,
    /// A piece does not open.
    #[error(transparent)]
    NotOpened(#[from] SealError),
}

impl From<FrameError> for ExportError {
    fn from(error: FrameError) -> Self {
        match error {
            FrameError::UnknownVersion(_) => Self::OtherVersion,
            FrameError::Damaged | FrameError::Malformed => Self::Damaged,
        }
    }
}

/// Whose an export is, and what opens it: no secret. Version 1, frozen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cover {
    /// Whose records.
    pub site: SiteId,
    /// The hub's public key that they are sealed for.
    pub hub_key: [u8; 32],
    /// What the hub needs to join the channel.
    pub encapsulated: [u8; 32],
    /// When it was made by the box's clock, milliseconds since 1970 UTC.
    pub made_ms: i64,
    /// The program version that made it.
    pub version: String,
}

/// A cover with the proof of its author. Version 1, frozen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignedCover {
    /// Frame 1 of a [`Cover`].
    cover: ByteBuf,
    /// The box's certificate, DER.
    certificate: ByteBuf,
    /// ECDSA P-256 with SHA-256, ASN.1, of the certificate's key.
    signature: ByteBuf,
}

/// One sealed piece. Version 1, frozen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Sheet<'a> {
    /// Comes first: what the lanes held.
    Lanes(Vec<LaneHello>),
    /// Consecutive records.
    Records {
        /// Of which lane.
        lane: Lane,
        /// A [`crate::wire::Batch`] as it would be sent.
        #[serde(borrow)]
        batch: &'a Bytes,
    },
    /// Comes last.
    End {
        /// Records in the file.
        records: u64,
    },
}

impl SignedCover {
    /// Reads a file's first piece.
    ///
    /// # Errors
    ///
    /// [`ExportError::Damaged`], [`ExportError::OtherVersion`].
    pub fn decode(piece: &[u8]) -> Result<Self, ExportError> {
        Ok(frame::open(piece)?)
    }

    /// The cover, whoever made it.
    ///
    /// # Errors
    ///
    /// As [`SignedCover::decode`].
    pub fn cover(&self) -> Result<Cover, ExportError> {
        Ok(frame::open(&self.cover)?)
    }

    /// The certificate of whoever says to have made it, DER.
    #[must_use]
    pub fn certificate(&self) -> &[u8] {
        &self.certificate
    }

    /// What was signed, and the signature.
    #[must_use]
    pub fn signed(&self) -> (Vec<u8>, &[u8]) {
        (signed_text(&self.cover), &self.signature)
    }
}

fn signed_text(cover: &[u8]) -> Vec<u8> {
    [SIGNED_PURPOSE, cover].concat()
}

impl Cover {
    /// Joins the channel as the hub; `agreed` is X25519 of its private key with [`Cover::encapsulated`].
    #[must_use]
    pub fn join(&self, agreed: &[u8]) -> Channel {
        Channel::new(agreed, &self.encapsulated, &self.hub_key, PURPOSE)
    }
}

impl<'a> Sheet<'a> {
    /// Opens the next piece.
    ///
    /// # Errors
    ///
    /// Every [`ExportError`] but those of a file's beginning.
    pub fn open(channel: &mut Channel, piece: &'a mut [u8]) -> Result<Self, ExportError> {
        match frame::check(channel.open(&[], piece)?)? {
            (1, body) => Ok(frame::body_of(body)?),
            (_, _) => Err(ExportError::OtherVersion),
        }
    }
}

/// Who makes an export, and for whom.
pub struct Author<'a> {
    /// Whose records.
    pub site: SiteId,
    /// The hub's public key.
    pub hub_key: [u8; 32],
    /// The box's certificate, DER.
    pub certificate: Vec<u8>,
    /// Signs with the certificate's key.
    pub sign: &'a (dyn Fn(&[u8]) -> anyhow::Result<Vec<u8>> + Send + Sync),
}

/// Makes a file's bytes, piece by piece.
pub struct Writer(Channel);

impl Writer {
    /// Begins a file; returns its first bytes.
    ///
    /// # Errors
    ///
    /// If the hub's key is none, or the box's key cannot sign.
    pub fn begin(author: Author<'_>, made_ms: i64, version: &str) -> anyhow::Result<(Vec<u8>, Self)> {
        let Author { site, hub_key, certificate, sign } = author;
        let (encapsulated, channel) = seal::begin(&hub_key, PURPOSE)?;
        let cover = Cover { site, hub_key, encapsulated, made_ms, version: version.to_owned() };
        let cover = frame::seal(1, &cover);
        let signature = sign(&signed_text(&cover))?;
        let [cover, certificate, signature] = [cover, certificate, signature].map(ByteBuf::from);
        let first = frame::seal(1, &SignedCover { cover, certificate, signature });
        Ok(([MAGIC, &framed(&first)].concat(), Self(channel)))
    }

    /// The next piece's bytes.
    ///
    /// # Errors
    ///
    /// [`SealError::Failed`].
    pub fn sheet(&mut self, sheet: &Sheet<'_>) -> Result<Vec<u8>, SealError> {
        let mut piece = frame::seal(1, sheet);
        self.0.seal(&[], &mut piece)?;
        Ok(framed(&piece))
    }
}

fn framed(piece: &[u8]) -> Vec<u8> {
    let length = u32::try_from(piece.len()).expect("a piece is a message and little more");
    [&length.to_le_bytes(), piece].concat()
}

/// Takes a file's bytes as they come and gives its pieces. Holds one piece at most beyond what was handed in.
#[derive(Default)]
pub struct Splitter {
    buffer: Vec<u8>,
    is_begun: bool,
}

impl Splitter {
    /// More of the file.
    pub fn push(&mut self, bytes: &[u8]) {
        self.buffer.extend_from_slice(bytes);
    }

    /// The next whole piece; none if more bytes are needed.
    ///
    /// # Errors
    ///
    /// If this is no export, or a piece cannot be one; then nothing more comes.
    pub fn next_piece(&mut self) -> Result<Option<Vec<u8>>, ExportError> {
        if !self.is_begun {
            let Some(begin) = self.buffer.first_chunk::<{ MAGIC.len() }>() else { return Ok(None) };
            check_magic(begin)?;
            self.buffer.drain(..MAGIC.len());
            self.is_begun = true;
        }
        let Some(length) = self.buffer.first_chunk::<LENGTH_BYTES>() else { return Ok(None) };
        let length = usize::try_from(u32::from_le_bytes(*length)).unwrap_or(usize::MAX);
        if length > PIECE_BYTES_MAX {
            return Err(ExportError::Damaged);
        }
        if self.buffer.len() < LENGTH_BYTES + length {
            return Ok(None);
        }
        let piece = self.buffer.drain(..LENGTH_BYTES + length).skip(LENGTH_BYTES).collect();
        Ok(Some(piece))
    }

    /// Whether every byte handed in belongs to a piece that was given out.
    #[must_use]
    pub fn is_even(&self) -> bool {
        self.is_begun && self.buffer.is_empty()
    }

    /// What a file that ends here lacks, if it ends before its first piece.
    #[must_use]
    pub fn early_end(&self) -> ExportError {
        let looks_right = self.is_begun || (MAGIC.starts_with(&self.buffer) && !self.buffer.is_empty());
        if looks_right { ExportError::Damaged } else { ExportError::NotAnExport }
    }
}

/// A file of version 1 began with the length and the first byte of a frame.
fn check_magic(begin: &[u8; MAGIC.len()]) -> Result<(), ExportError> {
    match begin {
        begin if begin == MAGIC => Ok(()),
        begin if begin.starts_with(MAGIC_OF_ANY) => Err(ExportError::OtherVersion),
        [_, _, 0, 0, 1, 0, ..] => Err(ExportError::NotSealed),
        _ => Err(ExportError::NotAnExport),
    }
}

#[cfg(test)]
mod tests;
