//! A package: the file that a box installs, and the manifest that lies beside it and says what it is.
//!
//! The manifest of `player-2.1.3.tar.gz` is `player-2.1.3.tar.gz.release`: JSON, a few lines. It is made and signed where
//! the release key lies, away from the hub; the hub passes it on as it is, and the box judges.

use ring::digest::{self, SHA256};
use ring::signature::Ed25519KeyPair;
use serde::{Deserialize, Serialize};

use crate::id::{from_hex, to_hex};
use crate::release::{AGENT, ANY_PROCESSOR, ReleaseError, ReleaseKey, Statement};

/// What a manifest's name has after the package's.
pub const MANIFEST_SUFFIX: &str = ".release";

/// `GET` with the box's certificate, the SHA-256 of the package at the end of the path; ranges are served.
pub const RELEASES_PATH: &str = "/v1/releases/";

/// Longest name, version and processor of a package, letters.
pub const FIELD_LETTERS_MAX: usize = 64;

/// What a package is, and who says so.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// Which software: [`AGENT`], or the name that the boxes' owners give it.
    pub name: String,
    /// Its version, as `2.1.3`.
    pub version: String,
    /// The processor that it is for, as `std::env::consts::ARCH` has it, or [`ANY_PROCESSOR`].
    pub processor: String,
    /// The package's size.
    pub size_bytes: u64,
    /// The package's SHA-256, 64 hexadecimal digits.
    pub sha256: String,
    /// The signature of a release key, base64; none on packages that nobody signed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signature: Option<String>,
}

/// Why a package must not be taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PackageError {
    /// A field that no package can have.
    #[error("the package's {0} is not acceptable")]
    Field(&'static str),
    /// It is for other machines.
    #[error("the package is for {found}, this machine is {expected}")]
    Processor {
        /// The package's processor.
        found: String,
        /// This machine's.
        expected: String,
    },
    /// The box knows release keys, and none of them signed.
    #[error("the package is not signed, and this box takes only what its release keys signed")]
    Unsigned,
    /// The agent itself is never taken without a key.
    #[error("this box trusts no release key, and the agent itself is never taken without; its owner adds one")]
    NoKeys,
    /// The signature is not good.
    #[error(transparent)]
    Release(#[from] ReleaseError),
}

impl Manifest {
    /// Says what these bytes are; not signed.
    #[must_use]
    pub fn unsigned(name: &str, version: &str, processor: &str, content: &[u8]) -> Self {
        let sha256 = digest::digest(&SHA256, content);
        Self {
            name: name.to_owned(),
            version: version.to_owned(),
            processor: processor.to_owned(),
            size_bytes: content.len() as u64,
            sha256: to_hex(sha256.as_ref()),
            signature: None,
        }
    }

    /// The same, signed.
    ///
    /// # Errors
    ///
    /// As [`Manifest::check`].
    pub fn signed(self, key: &Ed25519KeyPair) -> Result<Self, PackageError> {
        self.check()?;
        let sha256 = self.hash()?;
        let signature = Some(self.statement(&sha256).sign(key));
        Ok(Self { signature, ..self })
    }

    /// Checks that every field is one that a package can have.
    ///
    /// # Errors
    ///
    /// [`PackageError::Field`] with the first that is not.
    pub fn check(&self) -> Result<(), PackageError> {
        let may = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.+~".contains(&byte);
        let is_word = |text: &str| {
            (1..=FIELD_LETTERS_MAX).contains(&text.len()) && text.bytes().all(may) && !text.starts_with(['-', '.'])
        };
        let words = [("name", &self.name), ("version", &self.version), ("processor", &self.processor)];
        if let Some((field, _)) = words.into_iter().find(|(_, text)| !is_word(text)) {
            return Err(PackageError::Field(field));
        }
        if self.size_bytes == 0 {
            return Err(PackageError::Field("size"));
        }
        self.hash().map(drop)
    }

    /// Judges whether a machine of this processor that trusts these keys may take the package. With keys, one of them
    /// must have signed; without any, the owner's software is taken by its hash, the agent never.
    ///
    /// # Errors
    ///
    /// Every [`PackageError`].
    pub fn judge(&self, keys: &[ReleaseKey], processor: &str) -> Result<(), PackageError> {
        self.check()?;
        if self.processor != ANY_PROCESSOR && self.processor != processor {
            let (found, expected) = (self.processor.clone(), processor.to_owned());
            return Err(PackageError::Processor { found, expected });
        }
        match &self.signature {
            _ if keys.is_empty() && self.name == AGENT => Err(PackageError::NoKeys),
            _ if keys.is_empty() => Ok(()),
            None => Err(PackageError::Unsigned),
            Some(signature) => Ok(self.statement(&self.hash()?).verify(keys, signature)?),
        }
    }

    fn hash(&self) -> Result<[u8; 32], PackageError> {
        let is_lower = !self.sha256.bytes().any(|byte| byte.is_ascii_uppercase());
        let bytes = from_hex(&self.sha256).filter(|_| is_lower);
        bytes.and_then(|bytes| bytes.try_into().ok()).ok_or(PackageError::Field("SHA-256"))
    }

    fn statement<'a>(&'a self, sha256: &'a [u8; 32]) -> Statement<'a> {
        let Self { name, version, processor, size_bytes, .. } = self;
        Statement { name, version, processor, size_bytes: *size_bytes, sha256 }
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

    fn player() -> Manifest {
        Manifest::unsigned("player", "2.1.3", ANY_PROCESSOR, b"content")
    }

    #[test]
    fn a_manifest_is_written_like_this_for_ever() {
        let (ours, public) = key(1);
        let text = serde_json::to_string(&player().signed(&ours).unwrap()).unwrap();
        let golden = concat!(
            r#"{"name":"player","version":"2.1.3","processor":"any","size_bytes":7,"#,
            r#""sha256":"ed7002b439e9ac845f22357d822bac1444730fbdb6016d3ec9432297b9ec9f73","#,
            r#""signature":"aibuJQkZ3iKClx5Z9b7pCev9zy4VJpZjzAdEWlpSwaNCErC/tUmnHvmtlv93y5cFbg5I8ajfnByb4q2vI5kKAA=="}"#
        );
        assert_eq!(text, golden);
        assert_eq!(serde_json::from_str::<Manifest>(&text).unwrap().judge(&[public], "arm"), Ok(()));
    }

    #[test]
    fn once_a_box_knows_a_key_unsigned_packages_are_refused() {
        let ((ours, old), (theirs, other)) = (key(1), key(2));
        assert_eq!(player().judge(&[], "arm"), Ok(()));
        assert_eq!(player().judge(&[old], "arm"), Err(PackageError::Unsigned));
        let signed = player().signed(&ours).unwrap();
        assert_eq!(signed.judge(&[other, old], "arm"), Ok(()), "both keys of a rotation");
        assert_eq!(signed.judge(&[other], "arm"), Err(ReleaseError::BadSignature.into()));
        assert_eq!(player().signed(&theirs).unwrap().judge(&[old], "arm"), Err(ReleaseError::BadSignature.into()));
    }

    #[test]
    fn the_agent_is_never_taken_without_a_key() {
        let agent = Manifest { name: AGENT.to_owned(), processor: "arm".to_owned(), ..player() };
        let (ours, public) = key(1);
        assert_eq!(agent.judge(&[], "arm"), Err(PackageError::NoKeys));
        assert_eq!(agent.clone().signed(&ours).unwrap().judge(&[], "arm"), Err(PackageError::NoKeys));
        assert_eq!(agent.clone().signed(&ours).unwrap().judge(&[public], "arm"), Ok(()));
        let elsewhere = agent.signed(&ours).unwrap().judge(&[public], "aarch64");
        assert!(matches!(elsewhere, Err(PackageError::Processor { .. })));
    }

    #[test]
    fn nothing_in_a_manifest_can_be_a_path_or_a_line() {
        for bad in ["", "..", "../x", "a/b", "a\nb", "-x", " x"] {
            let odd = Manifest { name: bad.to_owned(), ..player() };
            assert_eq!(odd.check(), Err(PackageError::Field("name")), "{bad:?}");
        }
        let odd = Manifest { sha256: player().sha256.to_uppercase(), ..player() };
        assert_eq!(odd.check(), Err(PackageError::Field("SHA-256")));
    }
}
