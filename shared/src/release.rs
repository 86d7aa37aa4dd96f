//! Releases: what a release key signs, so that a box takes software from its makers only, whoever hands it over.
//!
//! The signature covers a *statement* of what a package is, with its exact bytes by hash. It is the text
//! `vigie release 1`, then name, version, processor, size in decimal and SHA-256 in lower-case hexadecimal, each on a line
//! of its own that ends with a line feed. Who relabels an old package as a new one changes the statement. The key that
//! makes it is not on the hub.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::signature::{ED25519, Ed25519KeyPair, UnparsedPublicKey};

use crate::id::to_hex;

/// The name under which the agent itself is released.
pub const AGENT: &str = "vigie-agent";

/// The processor of packages that run everywhere.
pub const ANY_PROCESSOR: &str = "any";

/// A public release key: 32 bytes, written as 44 letters of base64.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct ReleaseKey(pub [u8; 32]);

/// What a package is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Statement<'a> {
    /// Which software: [`AGENT`], or the name that the owner's settings give it.
    pub name: &'a str,
    /// Its version.
    pub version: &'a str,
    /// The processor that it is for, as `std::env::consts::ARCH` has it, or [`ANY_PROCESSOR`].
    pub processor: &'a str,
    /// The package's size.
    pub size_bytes: u64,
    /// The package's SHA-256.
    pub sha256: &'a [u8; 32],
}

/// Why a signature or a key is not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ReleaseError {
    /// It is not what it should be: text of another kind or length.
    #[error("a release key is 44 letters of base64, a signature 88")]
    NotReadable,
    /// None of the trusted keys made the signature for exactly this package.
    #[error("the signature is not from a trusted release key, or not for this name, version, processor and content")]
    BadSignature,
}

impl std::str::FromStr for ReleaseKey {
    type Err = ReleaseError;

    fn from_str(text: &str) -> Result<Self, ReleaseError> {
        let bytes = STANDARD.decode(text.trim()).map_err(|_not_base64| ReleaseError::NotReadable)?;
        bytes.try_into().map(Self).map_err(|_other_length| ReleaseError::NotReadable)
    }
}

impl std::fmt::Display for ReleaseKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&STANDARD.encode(self.0))
    }
}

/// The length of every Ed25519 signature.
const SIGNATURE_BYTES: usize = 64;

impl Statement<'_> {
    /// Signs the statement; base64.
    #[must_use]
    pub fn sign(&self, key: &Ed25519KeyPair) -> String {
        STANDARD.encode(key.sign(self.text().as_bytes()))
    }

    /// Checks that one of the trusted keys made this signature, base64, over exactly this statement.
    ///
    /// # Errors
    ///
    /// Every [`ReleaseError`].
    pub fn verify(&self, trusted: &[ReleaseKey], signature: &str) -> Result<(), ReleaseError> {
        let signature = STANDARD.decode(signature.trim()).map_err(|_not_base64| ReleaseError::NotReadable)?;
        if signature.len() != SIGNATURE_BYTES {
            return Err(ReleaseError::NotReadable);
        }
        let text = self.text();
        let is_from =
            |key: &ReleaseKey| UnparsedPublicKey::new(&ED25519, key.0).verify(text.as_bytes(), &signature).is_ok();
        // A line break in a name would let one statement read as another.
        let is_plain = [self.name, self.version, self.processor].iter().all(|field| !field.contains(char::is_control));
        if is_plain && trusted.iter().any(is_from) { Ok(()) } else { Err(ReleaseError::BadSignature) }
    }

    fn text(&self) -> String {
        let Self { name, version, processor, size_bytes, sha256 } = self;
        let hash = to_hex(*sha256);
        format!("vigie release 1\n{name}\n{version}\n{processor}\n{size_bytes}\n{hash}\n")
    }
}

#[cfg(test)]
mod tests {
    use ring::signature::KeyPair as _;

    use super::*;

    fn key(seed: u8) -> (Ed25519KeyPair, ReleaseKey) {
        let pair = Ed25519KeyPair::from_seed_unchecked(&[seed; 32]).unwrap();
        let public = ReleaseKey(pair.public_key().as_ref().try_into().unwrap());
        (pair, public)
    }

    const RELEASE: Statement<'_> =
        Statement { name: AGENT, version: "0.2.0", processor: "aarch64", size_bytes: 4_000_000, sha256: &[0xab; 32] };

    #[test]
    fn what_is_signed_never_changes() {
        let hash = "ab".repeat(32);
        assert_eq!(RELEASE.text(), format!("vigie release 1\nvigie-agent\n0.2.0\naarch64\n4000000\n{hash}\n"));
    }

    #[test]
    fn a_release_is_taken_from_any_trusted_key_and_from_no_other() {
        let ((ours, ours_public), (_, other_public)) = (key(1), key(2));
        let signature = RELEASE.sign(&ours);
        assert_eq!(RELEASE.verify(&[other_public, ours_public], &signature), Ok(()));
        assert_eq!(RELEASE.verify(&[other_public], &signature), Err(ReleaseError::BadSignature));
        assert_eq!(RELEASE.verify(&[], &signature), Err(ReleaseError::BadSignature));
        assert_eq!(RELEASE.verify(&[ours_public], "none"), Err(ReleaseError::NotReadable));
    }

    #[test]
    fn nothing_of_a_release_can_be_relabelled() {
        let (ours, public) = key(1);
        let signature = RELEASE.sign(&ours);
        for changed in [
            Statement { name: "player", ..RELEASE },
            Statement { version: "0.3.0", ..RELEASE },
            Statement { processor: "arm", ..RELEASE },
            Statement { size_bytes: 1, ..RELEASE },
            Statement { sha256: &[0xac; 32], ..RELEASE },
        ] {
            assert_eq!(changed.verify(&[public], &signature), Err(ReleaseError::BadSignature), "{changed:?}");
        }
    }

    #[test]
    fn a_line_break_cannot_move_a_field() {
        let (ours, public) = key(1);
        let moved = Statement { name: "vigie-agent\n0.2.0", version: "aarch64", processor: "x", ..RELEASE };
        assert_eq!(moved.verify(&[public], &moved.sign(&ours)), Err(ReleaseError::BadSignature));
    }

    #[test]
    fn a_key_survives_being_written_down() {
        let (_, public) = key(3);
        assert_eq!(format!("{public}\n").parse(), Ok(public));
        assert_eq!("short".parse::<ReleaseKey>(), Err(ReleaseError::NotReadable));
    }
}
